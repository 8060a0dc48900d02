// Check yourself: a field for the guess above each answer; once that is open, the guess stands as it was.
"use strict";
import { make } from "./figure.js";

document.querySelectorAll("#check-yourself details").forEach((answer, i) => {
  const field = make("input", { type: "text", id: `guess-${i + 1}`, autocomplete: "off" });
  answer.before(make("p", { class: "guess" }, make("label", { for: field.id }, "Your guess"), field));
  field.addEventListener("keydown", (event) => event.key === "Enter" && (answer.open = true));
  answer.addEventListener("toggle", () => (field.readOnly = field.readOnly || answer.open));
});
