// Chapter 02: b = a + a, c = b + b, and four walks that hand the slopes back, a step at a time.
"use strict";
import { button, choice, controls, figure, make, svg } from "./figure.js";

const PARENT = { c: "b", b: "a" }, PLACE = { a: 90, b: 320, c: 550 };

// Each walk yields, for each step: the node and which of its two edges it went along, and what was handed on.
// grad is changed by the walk itself, as in the chapter.
const WALKS = {
  youngest: ["the youngest first", 1, function* (grad) {
    for (const node of ["c", "b"]) yield* hand(grad, node);
  }],
  all: ["tell all you have", 1, function* all(grad, node = "c") {
    for (const edge of PARENT[node] ? [0, 1] : []) {
      yield* hand(grad, node, edge);
      yield* all(grad, PARENT[node]);
    }
  }],
  once: ["tell once", 1, function* once(grad, node = "c", told = new Set()) {
    told.add(node);
    for (const edge of PARENT[node] ? [0, 1] : []) {
      yield* hand(grad, node, edge);
      if (!told.has(PARENT[node])) yield* once(grad, PARENT[node], told);
    }
  }],
  path: ["tell every path", 0, function* path(grad, node = "c", g = 1, edge = null, from = null) {
    grad[node] += g;
    yield { from, edge, to: node, g };
    for (const next of PARENT[node] ? [0, 1] : []) yield* path(grad, PARENT[node], g, next, node);
  }],
};
const ENDS = {
  youngest: "Right, with each edge used once.",
  all: "Wrong: b handed out what it had twice, and the second time the first half of it was there already.",
  once: "Wrong: b handed out before its second delivery had come.",
  path: "Right, but it went every path; their number doubles with each diamond.",
};

function* hand(grad, from, only = null) {
  for (const edge of only === null ? [0, 1] : [only]) {
    grad[PARENT[from]] += grad[from];
    yield { from, edge, to: PARENT[from], g: grad[from] };
  }
}

const drawing = svg("svg", { viewBox: "0 0 640 190", role: "img", "aria-label": "c, with two edges back to b, which has two edges back to a" });
const edges = {}, slopes = {}, circles = {};
for (const [from, to] of Object.entries(PARENT)) {
  edges[from] = [-1, 1].map((bend) => {
    const [x1, x2] = [PLACE[from] - 26, PLACE[to] + 26];
    return drawing.appendChild(svg("path", { d: `M${x1} ${72 + 12 * bend}Q${(x1 + x2) / 2} ${72 + 70 * bend} ${x2} ${72 + 12 * bend}`, class: "edge" }));
  });
}
for (const [name, x] of Object.entries(PLACE)) {
  circles[name] = drawing.appendChild(svg("circle", { cx: x, cy: 72, r: 26, class: "node" }));
  drawing.append(svg("text", { x, y: 78, "text-anchor": "middle", class: "name" }, name));
  slopes[name] = drawing.appendChild(svg("text", { x, y: 172, "text-anchor": "middle" }));
}

let chosen = "youngest", grad, walk, count;
const stepper = button("Step", "Step: hand on along the next edge", step);
const pick = choice("The walk", Object.entries(WALKS).map(([key, [name]]) => [key, name]), chosen, (key) => {
  chosen = key;
  begin();
});
const shape = figure('img[src*="02_diamond"]', "Four walks over two diamonds",
  "b = a + a and c = b + b, so dc/da is 4. Each edge hands on what it is given, times 1. Three of these walks are those that do not work.",
  drawing, controls(pick), make("div", { class: "controls" }, stepper, button("From the start", "From the start", begin)));

function draw(step, words) {
  for (const name of Object.keys(PLACE)) slopes[name].textContent = `slope ${grad[name]}`;
  for (const [from, pair] of Object.entries(edges)) pair.forEach((edge, i) => edge.classList.toggle("lit", step?.from === from && step.edge === i));
  for (const [name, circle] of Object.entries(circles)) circle.classList.toggle("lit", step?.to === name);
  shape.say(words);
}

function begin() {
  const start = WALKS[chosen][1];
  [grad, count] = [{ a: 0, b: 0, c: start }, 0];
  walk = WALKS[chosen][2](grad);
  draw(null, `Before the first step: c has ${start}, b and a have 0.`);
}

function step() {
  const { value, done } = walk.next();
  if (done) {
    draw(null, `Done: dc/da = ${grad.a}. ${ENDS[chosen]}`);
    return;
  }
  const what = value.from ? `${value.from} hands ${value.g} to ${value.to}` : `c gets ${value.g}`;
  draw(value, `Step ${++count}: ${what}, which now has ${grad[value.to]}.`);
}
if (shape) begin();
