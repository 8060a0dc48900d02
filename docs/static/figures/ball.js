// Chapter 09: a heavy ball in a narrow valley, 40 steps of it.
"use strict";
import { Plot, controls, figure, fixed, power, range, slider } from "./figure.js";

const CURVATURE = [1, 25], START = [-10, 1], STEPS = 40;
const plot = new Plot("A long valley, and the path of a ball in it",
  [-11, 5, [[-10, "−10"], [-5, "−5"], [0, "0"], [5, "5"]]], [-1.5, 1.5, [[-1, "−1"], [0, "0"], [1, "1"]]], 300, ["x", "y"]);
for (const level of [1, 5, 15, 40, 80]) {
  const ring = range(0, 2 * Math.PI, 90).map((w) => [Math.sqrt(level) * Math.cos(w), Math.sqrt(level / 25) * Math.sin(w)]);
  plot.curve("contour", ring);
}
const draw = plot.curve("p"), end = plot.dot("p");
const now = { lr: 0.04, mu: 0.7 };

const knobs = controls(
  slider("lr, the learning rate", { min: 0.005, max: 0.15, step: 0.005, at: now.lr, show: (lr) => fixed(lr, 3) }, (lr) => show({ lr })),
  slider("μ, the momentum", { min: 0, max: 0.95, step: 0.05, at: now.mu, show: fixed }, (mu) => show({ mu })),
);
const shape = figure('img[src*="09_valley"]', "A ball in a narrow valley",
  `${STEPS} steps from the left end; the dot is where they lead. With μ = 0 it is plain descent, which breaks out above lr = 0.08.`,
  plot.svg, knobs);

function roll(lr, mu) {
  let p = START, v = [0, 0];
  return [p, ...range(1, STEPS, STEPS - 1).map(() => {
    v = v.map((v, i) => mu * v - lr * CURVATURE[i] * p[i]);
    return (p = p.map((p, i) => p + v[i]));
  })];
}

function show(change) {
  const { lr, mu } = Object.assign(now, change);
  const path = roll(lr, mu), [x, y] = path.at(-1);
  draw(path);
  end(Math.max(-11, Math.min(5, x)), y);
  const far = Math.hypot(x, y);
  const words = far > Math.hypot(...START) ? "It has broken out" : far < 0.1 ? "It has come to rest near the bottom" : "It is on its way";
  shape.say(`lr = ${fixed(lr, 3)}, μ = ${fixed(mu)}: after ${STEPS} steps ${power(far)} from the bottom. ${words}.`);
}
if (shape) show({});
