// One cell in the page: its code, which can be changed, its buttons, and what it printed here.
"use strict";
import { drop, keep, kept } from "./kept.js";
import { button, keepArrows, make } from "./make.js";

const TURNS = {
  "not written": "not written yet: press Edit, write the function, press Run",
  "not yet": "not yet; no marks are lost",
  right: "right; this gives no marks",
};

export class Cell {
  ran = null; // the code that ran last, with what the cells above had made
  drawn = []; // the images of the page that show a picture of its own

  // block: the cell's code in the page; info: the words that open its fence; press(cell) runs or stops it.
  constructor(block, number, info, press) {
    this.block = block;
    this.number = number;
    this.info = info;
    this.written = block.querySelector("pre").textContent.replace(/\n*$/, "\n");
    this.shownBlock = this.#shownBlock();
    this.shown = this.shownBlock?.querySelector("pre").textContent ?? "";
    this.press = () => press(this);

    this.run = button("Run", `Run cell ${number}`, this.press);
    this.edit = button("Edit", `Edit cell ${number}`, () => this.#edit());
    this.reset = button("Reset", `Reset cell ${number} to the lesson's`, () => this.#reset());
    this.reset.hidden = true;
    this.turn = info.split(" ").includes("turn");
    this.hint = this.turn ? "Your turn: press Edit, write the function, press Run. It is checked here, without marks." : "";
    this.status = make("span", { class: "live-status", role: "status" }, this.hint);
    this.progress = make("span", { class: "live-progress", "aria-hidden": "true" });
    this.out = keepArrows(make("pre", { class: "live-out", tabindex: "0", role: "region", "aria-label": `What cell ${number} printed here` }));
    this.out.hidden = true;
    this.pictures = make("div", { class: "live-pictures" });
    const bar = make("div", { class: "live-bar", role: "group", "aria-label": `Cell ${number}` });
    bar.append(this.run, this.edit, this.reset, this.status, this.progress);
    block.after(bar, this.out, this.pictures);
    if (kept(number) !== null) this.#open(kept(number));
  }

  get code() {
    return this.editor ? this.editor.value.replace(/\n*$/, "\n") : this.written;
  }

  waits() {
    this.#label("Stop");
    this.status.textContent = "waiting";
  }

  begins() {
    this.#label("Stop");
    this.began = performance.now();
    this.steps = 0;
    this.status.textContent = "running";
    this.out.replaceChildren();
    this.out.hidden = true;
    this.pictures.replaceChildren();
    this.#showLessons(true);
    this.timer = setInterval(() => this.#tick(), 500);
  }

  hears(kind, value) {
    if (kind === "status") this.status.textContent = value || "running";
    if (kind === "steps") this.steps = value;
    if (kind === "printed") {
      this.out.hidden = false;
      this.out.append(value);
    }
  }

  // `code` has run: its output with what differs marked, its pictures, and a word on both.
  ends({ printed, agrees, lines, warned, trace, turn, pictures, missing, seconds }, code) {
    this.#rests();
    this.out.replaceChildren(...(turn ? [printed] : marked(printed, lines)));
    if (trace) this.out.replaceChildren(make("span", { class: "live-error" }, trace));
    if (warned) this.out.append(make("span", { class: "live-warned" }, warned));
    this.out.hidden = !this.out.textContent;
    const state = trace ? "error" : turn === "not yet" ? turn : agrees || turn ? "agrees" : "differs";
    this.out.dataset.state = state;
    this.out.classList.toggle("live-words", Boolean(turn));
    this.#showLessons(state === "differs" || state === "error");
    for (const [name, content] of pictures) this.#show(name, content);
    const words = [trace ? "stopped by an error" : turn ? TURNS[turn] : agrees ? (this.shown ? "as in the lesson" : "done") : "differs from the lesson's output"];
    if (missing.includes("matplotlib")) words.push("the picture is not drawn: matplotlib could not be loaded");
    else if (missing.length) words.push(`could not be loaded: ${missing.join(", ")}`);
    this.status.textContent = `${words.join("; ")} (${seconds.toFixed(seconds < 10 ? 2 : 0)} s)`;
    this.status.dataset.state = state;
    if (this.code !== code) this.#changed(this.editor ? "changed while it ran: press Run" : "");
  }

  halts(reason) {
    this.#rests();
    this.ran = null;
    this.status.textContent = reason;
  }

  #shownBlock() {
    const next = this.block.nextElementSibling;
    return next?.classList.contains("live-shown") ? next : null;
  }

  #label(word) {
    this.run.textContent = word;
    this.run.setAttribute("aria-label", word === "Stop" ? "Stop" : `${word} cell ${this.number}`);
    delete this.status.dataset.state;
  }

  #rests() {
    clearInterval(this.timer);
    this.progress.textContent = "";
    this.#label("Run");
  }

  #tick() {
    const seconds = Math.round((performance.now() - this.began) / 1000);
    if (seconds >= 2) this.progress.textContent = `${seconds} s${this.steps ? `, ${this.steps.toLocaleString("en")} steps of an optimiser` : ""}`;
  }

  #show(name, content) {
    const url = URL.createObjectURL(new Blob([content], { type: name.endsWith(".svg") ? "image/svg+xml" : "image/png" }));
    const inPage = [...document.querySelectorAll("article img")].find((image) => (image.dataset.lesson ?? image.src).endsWith(`/${name}`));
    if (!inPage) return this.pictures.append(make("img", { src: url, alt: `The picture ${name} that cell ${this.number} drew` }));
    if (inPage.dataset.lesson) URL.revokeObjectURL(inPage.src);
    inPage.dataset.lesson ??= inPage.src;
    inPage.src = url;
    inPage.classList.add("live-picture");
    this.drawn.push(inPage);
  }

  // What the page says of the cell is no longer about its code. Without an editor it is the lesson's again.
  #changed(words) {
    delete this.status.dataset.state;
    this.status.textContent = words || this.hint;
    if (this.editor) return;
    this.out.hidden = true;
    this.pictures.replaceChildren();
    for (const image of this.drawn.splice(0)) {
      image.src = image.dataset.lesson;
      image.classList.remove("live-picture");
    }
    this.#showLessons(true);
    this.shownBlock?.classList.remove("live-the-lessons");
  }

  // The lesson's output, named so beside what was printed here.
  #showLessons(shown) {
    if (!this.shownBlock) return;
    this.shownBlock.hidden = !shown;
    this.shownBlock.classList.toggle("live-the-lessons", shown);
  }

  #edit() {
    this.#open(this.written.trimEnd());
    this.editor.focus();
    const stub = this.editor.value.lastIndexOf("...");
    if (this.turn && stub >= 0) this.editor.setSelectionRange(stub, stub + 3); // what is typed takes its place
  }

  #open(code) {
    this.editor = make("textarea", { class: "live-editor", "aria-label": `Code of cell ${this.number}; Control and Enter runs it, Escape leaves it`, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off" });
    this.editor.value = code;
    const fit = () => (this.editor.rows = this.editor.value.split("\n").length);
    fit();
    this.editor.addEventListener("input", () => {
      fit();
      keep(this.number, this.editor.value);
      if (this.status.dataset.state) this.#changed("changed: press Run");
    });
    this.editor.addEventListener("keydown", (event) => this.#key(event));
    this.block.hidden = true;
    this.block.after(this.editor);
    this.edit.hidden = true;
    this.reset.hidden = false;
  }

  #key(event) {
    if (event.key === "Escape") this.run.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey) return this.press();
    const before = this.editor.value.slice(0, this.editor.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const indent = /^ */.exec(line)[0] + (/:\s*$/.test(line) ? "    " : "");
    this.editor.setRangeText(`\n${indent}`, this.editor.selectionStart, this.editor.selectionEnd, "end");
    this.editor.dispatchEvent(new Event("input"));
  }

  #reset() {
    drop(this.number);
    this.editor.remove();
    this.editor = null;
    this.block.hidden = false;
    this.edit.hidden = false;
    this.reset.hidden = true;
    if (this.run.textContent !== "Stop") this.#changed(""); // else at its end
    this.edit.focus();
  }
}

// The lines of the output, those that differ from the lesson's in a <mark>.
function marked(printed, lines) {
  return printed.split(/(?<=\n)/).map((line, i) => (lines[i] === false ? make("mark", {}, line) : line));
}
