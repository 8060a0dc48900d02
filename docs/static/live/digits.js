// The small digits game: draws what docs/live/digits.py played, and breaks its recipe.
"use strict";
import { choice, number } from "./controls.js";
import { button, make } from "./make.js";

const SIDE = 8, COLUMNS = 15, ROWS = 4; // of a picture; of the montage
const WAYS = [
  ["collapse", "D stands still, G goes on"],
  ["oscillation", "momentum 0.95, and steps twice as large"],
  ["saturation", "G has the loss log(1 − D) against a D ten times as fast"],
];

export class DigitsGame {
  name = "digits";
  seconds = 0.08;
  settings = { seed: 1 };
  way = WAYS[0][0];
  broken = false;

  constructor(change) {
    this.change = (settings) => change(this, settings);
    this.canvas = make("canvas", { class: "live-digits", width: COLUMNS * (SIDE + 1) + 1, height: ROWS * (SIDE + 1) + 1, role: "img", "aria-label": "Sixty samples, always of the same noise" });
    this.pen = this.canvas.getContext("2d");
    this.words = make("p", { class: "status" }, "Sixty samples will appear here as G learns.");
    this.view = [this.canvas, this.words];
    this.button = button("Break it", "Break it", () => this.#break(!this.broken));
    this.controls = [
      choice("How to break it", WAYS, this.way, (way) => {
        this.way = way;
        if (this.broken) this.#break(true);
      }),
      number("Seed (begins anew)", { min: 0, max: 999, at: 1 }, (seed) => this.change(Object.assign(this.settings, { seed }))),
    ];
    this.buttons = [this.button];
  }

  draw({ t, pictures, real, fake, over }) {
    const image = this.pen.createImageData(this.canvas.width, this.canvas.height);
    for (let pixel = 0; pixel < image.data.length; pixel += 4) image.data.set([64, 64, 64, 255], pixel);
    pictures.forEach((grey, i) => {
      const picture = Math.floor(i / SIDE ** 2), y = Math.floor(i / SIDE) % SIDE, x = i % SIDE;
      const row = Math.floor(picture / COLUMNS) * (SIDE + 1) + 1 + y, column = (picture % COLUMNS) * (SIDE + 1) + 1 + x;
      image.data.set([grey, grey, grey, 255], 4 * (row * this.canvas.width + column));
    });
    this.pen.putImageData(image, 0, 0);
    this.words.textContent = `update ${t}; D gives real digits ${real.toFixed(2)} and generated ones ${fake.toFixed(2)}${over ? "; the game is over: Begin anew plays another" : ""}`;
  }

  #break(broken) {
    this.broken = broken;
    this.button.textContent = broken ? "Mend it" : "Break it";
    this.button.setAttribute("aria-label", this.button.textContent);
    this.settings.way = broken ? this.way : "well";
    this.change({ way: this.settings.way });
  }
}
