// Figure 1's game: draws what docs/live/line.py played, and hands it the reader's settings.
"use strict";
import { choice, number, slider } from "./controls.js";
import { keepArrows, make } from "./make.js";

const WIDTH = 640, HEIGHT = 350, TOP = 16, ZERO = 300, LEFT = 36, RIGHT = 12, EDGE = 4;
const across = (x) => LEFT + ((x + EDGE) / (2 * EDGE)) * (WIDTH - LEFT - RIGHT);
const back = (place) => ((place - LEFT) / (WIDTH - LEFT - RIGHT)) * 2 * EDGE - EDGE;
const up = (y) => ZERO - (Math.min(Math.max(y, 0), 1.05) * (ZERO - TOP)) / 1.05;
const CURVES = [["data", "p", "data"], ["p", "p", "g"], ["D", "D", ""], ["best", "D*, the best D", ""]];
const MODES = { 1: [0], 2: [-1.4, 1.4], 3: [-2.2, 0, 2.2] };

const svgElement = (tag, attributes, text = "") => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
};

export class LineGame {
  name = "line";
  seconds = 0.012; // a frame plays so long
  settings = { lr: 0.1, k: 2, momentum: 0.5, loss: "non-saturating", seed: 1, modes: MODES[2] };

  // change(settings): what the worker is to play with from now on.
  constructor(change) {
    this.change = (settings) => change(this, Object.assign(this.settings, settings) && settings);
    this.svg = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "The line: p_data, p_g, D and D*" });
    for (const [y, name] of [[0, "0"], [0.5, "½"], [1, "1"]]) {
      this.svg.append(svgElement("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: up(y), y2: up(y), class: y ? "grid" : "axis" }));
      this.svg.append(svgElement("text", { x: LEFT - 8, y: up(y) + 5, "text-anchor": "end" }, name));
    }
    this.paths = Object.fromEntries(CURVES.map(([name]) => [name, svgElement("path", { class: `curve ${name}` })]));
    this.handles = svgElement("g", {});
    this.svg.append(...Object.values(this.paths), this.handles);
    this.words = make("p", { class: "status" }, "Drag the round handles, or move them with the arrow keys: they are the modes of the data.");
    this.view = [this.svg, legend(), this.words];
    this.controls = [
      slider("Learning rate of D (G's is a tenth)", { min: -2.5, max: 0.5, step: 0.05, at: -1, value: (place) => 10 ** place, show: (lr) => lr.toPrecision(2) }, (lr) => this.change({ lr })),
      slider("Momentum", { min: 0, max: 0.95, step: 0.05, at: 0.5, show: (mu) => mu.toFixed(2) }, (momentum) => this.change({ momentum })),
      slider("k, steps of D for one of G", { min: 1, max: 10, step: 1, at: 2 }, (k) => this.change({ k })),
      choice("G's loss", [["non-saturating", "−log D(G(z))"], ["minimax", "log(1 − D(G(z)))"]], "non-saturating", (loss) => this.change({ loss })),
      choice("Modes of the data", [[1, "one"], [2, "two"], [3, "three"]], 2, (count) => this.#place(MODES[count])),
      number("Seed (begins anew)", { min: 0, max: 999, at: 1 }, (seed) => this.change({ seed })),
    ];
    this.#place(this.settings.modes, false);
  }

  // One frame of the worker's.
  draw(frame) {
    const { x, data, p, D, best, t, V, jsd } = frame;
    const seen = best.map((y, j) => (data[j] + p[j] > 0.004 ? y : null));
    for (const [name, values] of Object.entries({ data, p, D, best: seen })) this.paths[name].setAttribute("d", path(x, values));
    const now = performance.now();
    if (now - (this.told ?? 0) < 250) return;
    if (this.told && t > this.before) this.rate = ((t - this.before) / (now - this.told)) * 1000;
    this.told = now;
    this.before = t;
    this.words.textContent = `update ${t}${this.rate ? `, ${this.rate.toFixed(0)} a second` : ""}; V = ${V.toFixed(3).replace("-", "−")} (rests at −1.386); Jensen-Shannon divergence ${jsd.toFixed(3)}`;
  }

  #place(modes, told = true) {
    this.settings.modes = [...modes];
    this.handles.replaceChildren(...modes.map((mode, i) => this.#handle(mode, i)));
    if (told) this.change({ modes: this.settings.modes });
  }

  #handle(mode, i) {
    const handle = keepArrows(svgElement("circle", { cy: ZERO, r: 11, class: "handle", tabindex: 0, role: "slider", "aria-label": `Mode ${i + 1} of the data`, "aria-valuemin": -3, "aria-valuemax": 3 }));
    const put = (x) => {
      const at = Math.round(20 * Math.min(3, Math.max(-3, x))) / 20;
      handle.setAttribute("cx", across(at));
      handle.setAttribute("aria-valuenow", at);
      return at;
    };
    const move = (x) => {
      const modes = [...this.settings.modes];
      modes[i] = put(x);
      this.change({ modes });
    };
    put(mode);
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.svg.getBoundingClientRect();
      move(back(((event.clientX - box.left) / box.width) * WIDTH));
    });
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1 }[event.key];
      if (!step) return;
      event.preventDefault();
      move(this.settings.modes[i] + step);
    });
    return handle;
  }
}

function path(x, values) {
  let d = "", pen = "M";
  values.forEach((y, j) => {
    if (y === null) return (pen = "M");
    d += `${pen}${across(x[j]).toFixed(1)} ${up(y).toFixed(1)}`;
    pen = "L";
  });
  return d;
}

function legend() {
  const all = make("p", { class: "legend" });
  for (const [name, text, below] of CURVES) {
    const line = svgElement("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" });
    line.append(svgElement("path", { d: "M1 4H29", class: `curve ${name}` }));
    all.append(make("span", {}, line, text, make("sub", {}, below)));
  }
  return all;
}
