// Chapter 05: the error of a difference quotient against h, for the sigmoid at one place.
"use strict";
import { Plot, controls, figure, legend, logistic, power, range, signed, slider } from "./figure.js";

const AT = 0.7, TRUTH = logistic(AT) * (1 - logistic(AT));
const error = {
  one: (h) => Math.abs((logistic(AT + h) - logistic(AT)) / h / TRUTH - 1),
  central: (h) => Math.abs((logistic(AT + h) - logistic(AT - h)) / (2 * h) / TRUTH - 1),
};
const exponent = (x) => Math.log10(Math.max(x, 1e-13));

const name = (k) => `1e${signed(k)}`;
const ticks = (values) => values.map((k) => [k, name(k)]);
const plot = new Plot("Relative error against h, both on logarithmic axes, and the h that is set",
  [-13, 0, ticks([-12, -8, -4, 0])], [-13, 0.5, ticks([-12, -8, -4, 0])], 320, ["h", "relative error"]);
const hs = range(-13, 0, 130);
plot.curve("p", hs.map((k) => [k, exponent(error.one(10 ** k))]));
plot.curve("D", hs.map((k) => [k, exponent(error.central(10 ** k))]));
const [oneDot, centralDot] = [plot.dot("p"), plot.dot("D")];

const knob = controls(slider("h", { min: -13, max: 0, step: 0.5, at: -6, value: Number, show: (k) => power(10 ** k) }, show));
const shape = figure('img[src*="05_step"]', "How small is h?",
  "The slope of the sigmoid at 0.7, measured with one step h or with one to either side, in your browser's float64. On the right h itself is to blame, on the left the rounding.",
  plot.svg, legend(["p", "one-sided"], ["D", "central"]), knob);

function show(k) {
  const h = 10 ** k;
  oneDot(k, exponent(error.one(h)));
  centralDot(k, exponent(error.central(h)));
  shape.say(`h = ${power(h)}: relative error one-sided ${power(error.one(h))}, central ${power(error.central(h))}`);
}
if (shape) show(-6);
