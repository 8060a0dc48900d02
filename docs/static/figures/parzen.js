// Chapter 12: a window on each sample, on a line, and what the width does to held-out points.
"use strict";
import { Plot, controls, figure, fixed, legend, normal, range, slider } from "./figure.js";

const SAMPLES = [-2.1, -1.7, -1.5, -1.4, -1.1, -0.8, 0.4, 0.7, 1, 1.2, 1.6, 2.3];
const HELD_OUT = [-1.9, -1.6, -1.2, -1, -0.6, 0.6, 0.9, 1.1, 1.5, 1.9];
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const density = (x, sigma) => mean(SAMPLES.map((s) => normal(x, s, sigma)));

// log of the mean of the windows, the largest taken out: no width is too small.
function logDensity(x, sigma) {
  const a = SAMPLES.map((s) => -(((x - s) / sigma) ** 2) / 2), top = Math.max(...a);
  return top + Math.log(mean(a.map((a) => Math.exp(a - top)))) - Math.log(sigma * Math.sqrt(2 * Math.PI));
}
const likelihood = (sigma) => mean(HELD_OUT.map((x) => logDensity(x, sigma)));

const line = range(-4, 4, 400), widths = range(-2, 0.5, 100);
const mixture = new Plot("The mean of the windows, with the samples and the held-out points below it",
  [-4, 4, [[-4, "−4"], [-2, "−2"], [0, "0"], [2, "2"], [4, "4"]]], [0, 1, [[0, "0"], [0.5, "½"], [1, "1"]]], 280, ["x", "density"]);
const curve = new Plot("Log-likelihood of the held-out points against the width, and the width that is set",
  [-2, 0.5, [[-2, "0.01"], [-1, "0.1"], [0, "1"]]], [-6, 0, [[-6, "−6"], [-4, "−4"], [-2, "−2"], [0, "0"]]], 240, ["σ", "nats, held-out points"]);
const draw = mixture.curve("p");
for (const [points, name, y] of [[SAMPLES, "p", 0.03], [HELD_OUT, "D", 0.09]]) for (const x of points) mixture.dot(`small ${name}`)(x, y);
curve.curve("p", widths.map((k) => [k, likelihood(10 ** k)]));
const dot = curve.dot("p");

const knob = controls(slider("σ, the width of a window", { min: -2, max: 0.5, step: 0.05, at: -0.6, value: Number, show: (k) => fixed(10 ** k, 3) }, show));
const shape = figure('img[src*="12_curves"]', "Windows on a line",
  "A normal distribution on each of twelve samples, and the mean of them all. Ten points that were held out say which width is best: too narrow misses them, too wide is sure of nothing.",
  mixture.svg, legend(["p", "samples, and the mean of their windows"], ["D", "held-out points"]), curve.svg, knob);

function show(k) {
  const sigma = 10 ** k;
  draw(line.map((x) => [x, density(x, sigma)]));
  dot(k, likelihood(sigma));
  shape.say(`σ = ${fixed(sigma, 3)}: log-likelihood ${fixed(likelihood(sigma), 3)} nats`);
}
if (shape) show(-0.6);
