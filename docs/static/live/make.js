// Elements of the page, in one line each.
"use strict";

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

export function button(text, label, press) {
  const element = make("button", { type: "button", "aria-label": label }, text);
  element.addEventListener("click", press);
  return element;
}

// The arrow keys belong to this element while it has the focus; elsewhere they turn the site's pages.
export function keepArrows(element) {
  element.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
  return element;
}
