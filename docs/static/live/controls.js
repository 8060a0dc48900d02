// Labelled controls of a game.
"use strict";
import { make } from "./make.js";

let last = 0;

function labelled(text, control, ...after) {
  control.id = `live-control-${++last}`;
  return make("p", { class: "live-control" }, make("label", { for: control.id }, text), control, ...after);
}

// A slider whose place is turned into a value, as for a logarithmic scale, and shown.
export function slider(text, { min, max, step, at, value = Number, show = String }, changed) {
  const input = make("input", { type: "range", min, max, step, value: at });
  const output = make("output");
  const tell = () => {
    output.textContent = show(value(Number(input.value)));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    changed(value(Number(input.value)));
  });
  tell();
  return labelled(text, input, output);
}

// options: [value, text]; numbers stay numbers.
export function choice(text, options, chosen, changed) {
  const select = make("select", {}, ...options.map(([value, words]) => make("option", { value }, words)));
  select.value = chosen;
  select.addEventListener("change", () => changed(options[select.selectedIndex][0]));
  return labelled(text, select);
}

export function number(text, { min, max, at }, changed) {
  const input = make("input", { type: "number", min, max, step: 1, value: at });
  input.addEventListener("change", () => input.checkValidity() && input.value && changed(Number(input.value)));
  return labelled(text, input);
}
