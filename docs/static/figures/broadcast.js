// Chapter 03: what is copied on the way out is summed on the way back.
"use strict";
import { choice, controls, figure, make } from "./figure.js";

const SHAPES = [[], [3], [1, 3], [2, 1], [1, 1], [2, 3], [2]];
const written = (shape) => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`);
const now = { x: [3], other: [2, 3] };
const board = make("div", { class: "arrays" });

const options = SHAPES.map((shape, i) => [i, written(shape)]);
const picks = controls(
  choice("Shape of x", options, 1, (i) => show({ x: SHAPES[i] })),
  choice("Shape of the other array", options, 5, (i) => show({ other: SHAPES[i] })),
);
const shape = figure('#broadcasting > div[class*="highlight-"]', "Copies and sums",
  "x is added to another array. Its entries are copied to the shape of the result; from there a gradient g comes back, and entries of g that belong to the same entry of x are summed.",
  picks, board);

// The common shape, from the right; null where NumPy refuses.
function common(a, b) {
  const n = Math.max(a.length, b.length), at = (s, i) => s[s.length - n + i] ?? 1;
  const result = Array.from({ length: n }, (_, i) => (at(a, i) === 1 ? at(b, i) : at(a, i)));
  return result.every((_, i) => at(b, i) === 1 || at(b, i) === result[i]) ? result : null;
}

function table(name, shape, entries) {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const cells = Array.from({ length: rows }, (_, i) =>
    make("tr", {}, ...Array.from({ length: columns }, (_, j) => make("td", {}, String(entries(i, j))))));
  return make("table", {}, make("caption", {}, `${name} ${written(shape)}`), make("tbody", {}, ...cells));
}

function show(change) {
  const { x, other } = Object.assign(now, change);
  const result = common(x, other);
  board.replaceChildren();
  if (!result) return shape.say(`${written(x)} and ${written(other)} do not fit: NumPy refuses.`);
  // Where entry (i, j) of the result comes from; 2-D at most, so a missing axis counts as one of length 1.
  const [rows, columns] = [x.at(-2) ?? 1, x.at(-1) ?? 1];
  const source = (i, j) => [rows === 1 ? 0 : i, columns === 1 ? 0 : j];
  const value = (i, j) => i * columns + j + 1;
  const g = (i, j) => (j + 1) * 10 ** i;
  const sums = Array.from({ length: rows }, () => Array(columns).fill(0));
  for (let i = 0; i < (result.at(-2) ?? 1); i++) {
    for (let j = 0; j < (result.at(-1) ?? 1); j++) {
      const [k, l] = source(i, j);
      sums[k][l] += g(i, j);
    }
  }
  board.append(
    table("x", x, value),
    table("copied to", result, (i, j) => value(...source(i, j))),
    table("g", result, g),
    table("summed to", x, (i, j) => sums[i][j]),
  );
  const added = result.length - x.length;
  const axes = result.flatMap((n, i) => (i < added || x[i - added] < n ? [i] : []));
  shape.say(axes.length ? `Summed over the axes ${written(axes)}: ${sums.flat().join(" ")}` : "Nothing was copied, so nothing is summed.");
}
if (shape) show({});
