// What the figures that one can move have in common: their place, their drawing, and how numbers are written.
// Each stands below a picture, or a cell, that says the same without it; without JavaScript there is none.
"use strict";
import { make } from "../live/make.js";

export { button, make } from "../live/make.js";
export { choice, slider } from "../live/controls.js";

// A figure after the element that `after` selects (the last one of them), or null where the page has none.
// status: a line that says in words and numbers what is drawn.
export function figure(after, label, caption, ...inside) {
  const place = [...document.querySelectorAll(after)].at(-1);
  if (!place) return null;
  const status = make("p", { class: "status", role: "status" });
  const node = make("figure", { class: "film moves", "aria-label": label }, ...inside, status, make("figcaption", {}, caption));
  (place.closest("p, figure") || place).after(node);
  return { node, say: (words) => (status.textContent = words) };
}

export function controls(...inside) {
  return make("div", { class: "live-controls" }, ...inside);
}

export function svg(tag, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

let plots = 0;

// Two axes.  x, y: [from, to, [[value, what stands there], ...]].
export class Plot {
  constructor(label, x, y, height = 260, [xName, yName] = ["", ""]) {
    [this.x, this.y] = [x, y];
    [this.width, this.height] = [640, height];
    this.box = { left: 84, right: 34, top: yName ? 34 : 14, bottom: 58 };
    this.svg = svg("svg", { viewBox: `0 0 ${this.width} ${height}`, role: "img", "aria-label": label });
    const [bottom, left] = [this.up(y[0]), this.across(x[0])];
    const clip = svg("clipPath", { id: `inside-${++plots}` });
    clip.append(svg("rect", { x: left, y: this.box.top, width: this.width - left - this.box.right, height: bottom - this.box.top }));
    this.svg.append(clip);
    this.inside = `url(#${clip.id})`;
    for (const [value, name] of y[2]) {
      this.svg.append(svg("line", { x1: left, x2: this.width - this.box.right, y1: this.up(value), y2: this.up(value), class: "grid" }));
      this.svg.append(svg("text", { x: left - 8, y: this.up(value) + 6, "text-anchor": "end" }, name));
    }
    this.svg.append(svg("line", { x1: left, x2: this.width - this.box.right, y1: bottom, y2: bottom, class: "axis" }));
    for (const [value, name] of x[2]) {
      this.svg.append(svg("text", { x: this.across(value), y: bottom + 25, "text-anchor": "middle" }, name));
    }
    this.svg.append(svg("text", { x: this.width - this.box.right, y: height - 6, "text-anchor": "end", class: "name" }, xName));
    this.svg.append(svg("text", { x: left, y: 18, class: "name" }, yName));
  }
  across(x) {
    return this.box.left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * (this.width - this.box.left - this.box.right);
  }
  up(y) {
    return this.height - this.box.bottom - ((y - this.y[0]) / (this.y[1] - this.y[0])) * (this.height - this.box.top - this.box.bottom);
  }
  add(tag, attributes) {
    return this.svg.appendChild(svg(tag, attributes));
  }
  // A curve through points [x, y], cut off at the edge of the drawing.
  curve(name, points = []) {
    const path = this.add("path", { class: `curve ${name}`, "clip-path": this.inside });
    const draw = (points) => path.setAttribute("d", this.path(points));
    draw(points);
    return draw;
  }
  path(points) {
    const near = (v, [from, to]) => Math.max(from - (to - from), Math.min(to + (to - from), v));
    return points.map(([x, y], i) => `${i ? "L" : "M"}${this.across(near(x, this.x)).toFixed(1)} ${this.up(near(y, this.y)).toFixed(1)}`).join("");
  }
  dot(name) {
    const dot = this.add("circle", { r: 6, class: `dot ${name}` });
    return (x, y) => {
      dot.setAttribute("cx", this.across(x).toFixed(1));
      dot.setAttribute("cy", this.up(Math.max(this.y[0], Math.min(this.y[1], y))).toFixed(1));
    };
  }
}

// entries: [class of a curve, words]
export function legend(...entries) {
  return make("p", { class: "legend" }, ...entries.map(([name, words]) => {
    const line = svg("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" });
    line.append(svg("path", { d: "M1 4H29", class: `curve ${name}` }));
    return make("span", {}, line, words);
  }));
}

export const range = (from, to, parts) => Array.from({ length: parts + 1 }, (_, i) => from + ((to - from) * i) / parts);
export const normal = (x, mu, sigma) => Math.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI));
export const logistic = (a) => 1 / (1 + Math.exp(-a));
export const signed = (text) => String(text).replaceAll("-", "−");
export const fixed = (x, digits = 2) => signed(x.toFixed(digits));
export const power = (x) => signed(x.toExponential(1));
