// Python in a worker of its own. Nothing is loaded before the first `ask`; `stop` ends it, and the next `ask` begins anew.
"use strict";

export class Stopped extends Error {}

export class Python {
  #worker = null;
  #begun = null; // fulfilled when Python is there
  #jobs = new Map(); // id: what waits for its end
  #last = 0;

  // hear(kind, value) is told what happens meanwhile: "status", "printed", "steps", ...
  constructor(hear) {
    this.hear = hear;
  }

  get awake() {
    return this.#worker !== null;
  }

  // The job's result. Fails with Stopped after stop(), with another Error if Python could not be had.
  async ask(job, more = {}) {
    await (this.#begun ??= this.#begin()); // jobs asked for meanwhile keep their order
    return this.#send(job, more);
  }

  stop() {
    if (this.#worker) this.#worker.onmessage = null; // what it had said already is not heard
    this.#worker?.terminate();
    this.#worker = this.#begun = null;
    for (const { reject } of this.#jobs.values()) reject(new Stopped());
    this.#jobs.clear();
  }

  async #begin() {
    if (location.protocol === "file:") {
      this.#begun = null;
      throw new Error("a page opened as a file cannot start Python; serve its folder, as with python -m http.server");
    }
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.#worker.onerror = (event) => this.#fail(event.message || "its worker did not start");
    const { pyodide, wheel, serving } = window.live;
    const absolute = (address) => new URL(address, location).href;
    try {
      await this.#send("begin", { pyodide: absolute(pyodide), wheel: absolute(wheel), serving: absolute(serving) });
    } catch (error) {
      if (error instanceof Stopped) throw error;
      this.stop();
      throw new Error(`Python could not be loaded from ${new URL(absolute(pyodide)).host}: ${error.message}`);
    }
  }

  #send(job, more) {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#jobs.set(id, { resolve, reject });
      this.#worker.postMessage({ id, job, ...more });
    });
  }

  #heard({ kind, value }) {
    if (kind !== "done" && kind !== "failed") return this.hear(kind, value);
    const waiting = this.#jobs.get(value.id);
    this.#jobs.delete(value.id);
    if (kind === "done") waiting?.resolve(value.result);
    else waiting?.reject(new Error(value.reason));
  }

  #fail(reason) {
    for (const { reject } of this.#jobs.values()) reject(new Error(reason));
    this.#jobs.clear();
  }
}
