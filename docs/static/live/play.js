// The games of docs/play.md: one Python for both, one of them playing at a time. Nothing is loaded before a press.
"use strict";
import { DigitsGame } from "./digits.js";
import { LineGame } from "./line.js";
import { button, make } from "./make.js";
import { Python } from "./python.js";

const games = {};
let playing = null;
const python = new Python((kind, value) => {
  if (kind === "status" && playing) playing.say.textContent = value;
  if (kind !== "frame") return;
  const game = games[value.name];
  if (game.frame === undefined) requestAnimationFrame(() => { // of several frames the last is drawn
    game.draw(game.frame);
    game.frame = undefined;
  });
  game.frame = value;
  if (game === playing) game.say.textContent = "";
  window.live.frames = (window.live.frames ?? 0) + 1;
});

async function play(game) {
  if (playing) await pause();
  playing = game;
  label();
  const settings = game.known ? {} : game.settings;
  game.known = true;
  try {
    const { heap } = await python.ask("play", { name: game.name, seconds: game.seconds, settings });
    window.live.heap = heap;
  } catch (error) {
    game.say.textContent = error.message;
    for (const other of Object.values(games)) other.known = false;
  }
  if (playing === game) playing = null;
  label();
}

async function pause() {
  playing = null;
  label();
  await python.ask("pause");
}

// New settings reach a game that Python knows; one that it does not know yet begins with them.
function change(game, settings) {
  if (game.known && python.awake) python.ask("change", { name: game.name, settings });
}

function anew(game) {
  change(game, { seed: game.settings.seed });
  if (playing !== game) play(game);
}

function label() {
  for (const game of Object.values(games)) game.toggle.textContent = game === playing ? "Pause" : "Play";
}

for (const [id, Game] of [["live-line", LineGame], ["live-digits", DigitsGame]]) {
  const place = document.getElementById(id);
  const game = (games[id.slice("live-".length)] = new Game(change));
  game.toggle = button("Play", `Play or pause: ${place.dataset.title}`, () => (game === playing ? pause() : play(game)));
  game.say = make("span", { class: "live-status", role: "status" }, "The first press loads Python, about 16 MB.");
  const bar = make("div", { class: "live-bar" }, game.toggle, button("Begin anew", `Begin anew: ${place.dataset.title}`, () => anew(game)), ...(game.buttons ?? []), game.say);
  place.replaceChildren(...game.view, bar, make("div", { class: "live-controls" }, ...game.controls));
  place.classList.add("film", "live-game");
}
