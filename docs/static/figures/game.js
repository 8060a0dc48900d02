// Chapter 01: p_g with two knobs, the best D against it, and what the game is then worth.
"use strict";
import { Plot, controls, figure, fixed, legend, normal, range, slider } from "./figure.js";

const line = range(-12, 12, 2400), shown = range(-4, 4, 240);
const plot = new Plot("The data, p_g and the best D, for the mean and the width that are set",
  [-4, 4, [[-4, "−4"], [-2, "−2"], [0, "0"], [2, "2"], [4, "4"]]], [0, 1.4, [[0, "0"], [0.5, "½"], [1, "1"]]], 300, ["x", ""]);
const data = (x) => normal(x, 0, 1);
plot.curve("data", shown.map((x) => [x, data(x)]));
const [drawBest, drawG] = [plot.curve("D"), plot.curve("p")];
const now = { mu: 1.5, sigma: 0.8 };

const knobs = controls(
  slider("μ, the mean of p_g", { min: -3, max: 3, step: 0.1, at: now.mu, show: fixed }, (mu) => show({ mu })),
  slider("σ, its standard deviation", { min: 0.3, max: 2, step: 0.05, at: now.sigma, show: fixed }, (sigma) => show({ sigma })),
);
const shape = figure('img[src*="01_figure1"]', "Two knobs against the best opponent",
  "Move G by hand, against the best D there is. V is lowest, −log 4 = −1.386, where p_g is the data's density: μ = 0, σ = 1.",
  plot.svg, legend(["data", "data"], ["p", "p_g"], ["D", "D*, the best D"]), knobs);

function show(change) {
  const { mu, sigma } = Object.assign(now, change);
  const q = (x) => normal(x, mu, sigma);
  // The logit of D*, log p_data - log p_g; log D* = -softplus(-a), which no density underflows.
  const logit = (x) => Math.log(sigma) + ((x - mu) / sigma) ** 2 / 2 - x ** 2 / 2;
  const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
  drawG(shown.map((x) => [x, q(x)]));
  drawBest(shown.map((x) => [x, 1 / (1 + Math.exp(-logit(x)))]));
  const h = line[1] - line[0];
  const V = -h * line.reduce((sum, x) => sum + data(x) * softplus(-logit(x)) + q(x) * softplus(logit(x)), 0);
  shape.say(`V(D*, G) = ${fixed(V, 3)}; −log 4 = −1.386`);
}
if (shape) show({});
