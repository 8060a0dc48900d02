// A lesson that runs in the page: which cells run, and in which order. Nothing is loaded before the first press.
"use strict";
import { Cell } from "./cell.js";
import { button, keepArrows, make } from "./make.js";
import { Python, Stopped } from "./python.js";

let queue = []; // the first of them runs
const python = new Python((kind, value) => queue[0]?.hears(kind, value));
const cells = [...document.querySelectorAll(".live-cell")].map((block, i) => new Cell(block, i + 1, window.live.cells[i], press));

// A cell stands on those above it: from the first of them that has not run as it stands now, all run before it.
function press(cell) {
  if (queue.includes(cell)) return stop();
  const above = cells.slice(0, cells.indexOf(cell));
  const first = above.findIndex((other) => other.ran !== other.code);
  go([...(first < 0 ? [] : above.slice(first)), cell]);
}

// What they had made was made with another version of a cell above.
const below = (cell) => cells.slice(cells.indexOf(cell) + 1);
const forget = (cells) => cells.forEach((cell) => (cell.ran = null));

async function go(wanted) {
  const waits = queue.length > 0;
  for (const cell of wanted.filter((cell) => !queue.includes(cell))) {
    cell.waits();
    queue.push(cell);
  }
  label();
  if (waits) return;
  while (queue.length) {
    const cell = queue[0];
    cell.begins();
    const code = cell.code;
    try {
      const result = await python.ask("run", { number: cell.number, info: cell.info, code, shown: cell.shown });
      queue.shift();
      cell.ends(result, code);
      window.live.heap = result.heap;
      if (cell.ran !== code) forget(below(cell));
      cell.ran = result.trace ? null : code;
      if (result.trace) for (const other of queue.splice(0)) other.halts("not run: a cell above it ended with an error");
    } catch (error) {
      if (error instanceof Stopped) return;
      const ended = python.awake; // by what the cell did
      python.stop();
      forget(cells);
      const [first, ...others] = queue.splice(0);
      first?.halts(ended ? `Python came to an end here: ${error.message}. The next Run begins with the first cell` : error.message);
      for (const other of others) other.halts("not run");
    }
    label();
  }
}

function stop() {
  python.stop();
  for (const cell of queue.splice(0)) cell.halts("stopped");
  forget(cells);
  say.textContent = "Stopped. What the cells had made is gone: the next Run begins with the first cell.";
  label();
}

async function runAll() {
  if (queue.length) return stop();
  say.textContent = "";
  forget(cells);
  if (python.awake) await python.ask("forget");
  go(cells);
}

function label() {
  all.textContent = queue.length ? "Stop" : "Run all";
  all.setAttribute("aria-label", queue.length ? "Stop" : "Run all cells of this page");
}

// What scrolls sideways can be reached, and so scrolled, with the keyboard.
for (const block of document.querySelectorAll("article pre, article .table-wrapper")) {
  if (block.scrollWidth > block.clientWidth) keepArrows(block).tabIndex = 0;
}

const all = button("Run all", "Run all cells of this page", runAll);
const say = make("span", { class: "live-status", role: "status" });
if (cells.length) {
  const bar = make("div", { class: "live-bar live-all", role: "group", "aria-label": "All cells" }, all, say);
  say.textContent = "The code below runs in this page and can be changed. The first press loads Python, about 16 MB; nothing leaves your machine.";
  document.querySelector("article h1").after(bar);
}
