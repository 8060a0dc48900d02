// Chapter 08: the two losses of G and their pulls, at one logit.
"use strict";
import { Plot, controls, figure, fixed, legend, logistic, power, range, slider } from "./figure.js";

const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
const LOSS = { D: (a) => -softplus(a), p: (a) => softplus(-a) }; // minimax, non-saturating
const PULL = { D: (a) => logistic(a), p: (a) => logistic(-a) };

const x = [-20, 10, [[-20, "−20"], [-10, "−10"], [0, "0"], [10, "10"]]];
const losses = new Plot("The two losses of G against the logit", x, [-11, 21, [[-10, "−10"], [0, "0"], [10, "10"], [20, "20"]]], 260, ["logit", "loss of G"]);
const pulls = new Plot("Their pulls on the logit, on a logarithmic axis", x, [-9, 0.3, [[-8, "1e−8"], [-4, "1e−4"], [0, "1"]]], 260, ["logit", "pull"]);
const dots = [];
for (const [plot, functions, height] of [[losses, LOSS, (y) => y], [pulls, PULL, Math.log10]]) {
  for (const name of ["D", "p"]) {
    const y = (a) => height(functions[name](a));
    plot.curve(name, range(...x.slice(0, 2), 300).map((a) => [a, y(a)]));
    const dot = plot.dot(name);
    dots.push((a) => dot(a, y(a)));
  }
}
const knob = controls(slider("Logit of a sample", { min: -20, max: 10, step: 0.5, at: -5, show: (a) => fixed(a, 1) }, show));
const shape = figure('img[src*="08_pull"]', "Two losses and their pulls",
  "On one sample both losses pull the same way. How strongly is D under the one, and 1 − D under the other.",
  losses.svg, pulls.svg, legend(["D", "minimax, log(1 − D)"], ["p", "non-saturating, −log D"]), knob);

function show(a) {
  for (const dot of dots) dot(a);
  shape.say(`D = ${power(logistic(a))}. Minimax: loss ${fixed(LOSS.D(a))}, pull ${power(PULL.D(a))}. Non-saturating: loss ${fixed(LOSS.p(a))}, pull ${power(PULL.p(a))}.`);
}
if (shape) show(-5);
