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
