// Python for one page, away from the page's own thread. python.js begins it, asks it, and to stop it ends it.
let python = null; // Pyodide, once it is there
let cells = null; // of the lesson
const games = {}; // by name
let playing = null; // the name of the game that goes on

const say = (kind, value) => postMessage({ kind, value });

// The first message says where everything is.
async function begin({ pyodide, wheel, serving }) {
  say("status", "loading Python and NumPy …");
  const ours = Promise.all([wheel, serving].map(read)); // meanwhile
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  python = await loadPyodide({ indexURL: pyodide, packages: ["numpy"] });
  if (!loaded("numpy")) throw new Error("NumPy is not there");
  say("status", "loading minigan …");
  const extractDir = python.runPython("import site; site.getsitepackages()[0]");
  const [minigan, pages] = await ours;
  python.unpackArchive(minigan, "wheel", { extractDir });
  python.unpackArchive(pages, "zip", { extractDir });
  python.runPython("import importlib; importlib.invalidate_caches()");
}

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.arrayBuffer();
}

const loaded = (name) => Object.keys(python.loadedPackages).some((other) => other.toLowerCase() === name);

// Whether the package is there, after loading it if it was not.
async function load(name) {
  if (!loaded(name)) {
    const quiet = { messageCallback() {}, errorCallback() {} };
    try { await python.loadPackage(name, quiet); } catch { /* told by the answer */ }
  }
  return loaded(name);
}

// Messages are heard in between; setTimeout would wait longer.
const turn = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resolve(); };
  port2.postMessage(null);
});

const plain = (proxy) => {
  const value = proxy.toJs({ dict_converter: Object.fromEntries });
  proxy.destroy();
  return value;
};

// What a page may ask for

const jobs = {
  async run({ number, info, code, shown }) {
    const module = python.pyimport("docs.live.cells");
    cells ??= module.Cells((kind, value) => say(kind, value));
    const missing = [];
    for (const name of plain(module.needs(code))) {
      if (!loaded(name)) say("status", `loading ${name} …`);
      if (await load(name)) continue;
      missing.push(name);
      if (name === "matplotlib") module.without_matplotlib();
    }
    say("status", "");
    const result = plain(cells.run(number, info, code, shown));
    return { ...result, missing, heap: python._module.HEAP8.length };
  },
  forget: () => cells?.forget(),

  // The game goes on until "pause", a frame at a time, so that what is asked meanwhile is heard between two frames.
  async play({ name, seconds, settings }) {
    jobs.change({ name, settings });
    playing = name;
    while (playing === name) {
      const frame = plain(games[name].frame(seconds));
      say("frame", { name, ...frame });
      if (frame.over) playing = null;
      await turn();
    }
    return { heap: python._module.HEAP8.length };
  },
  pause: () => { playing = null; },
  change({ name, settings }) {
    games[name] ??= python.pyimport(`docs.live.${name}`)[name === "line" ? "Line" : "Digits"]();
    const own = Object.entries(settings).map(([key, value]) => [key, Array.isArray(value) ? python.toPy(value) : value]);
    games[name].change.callKwargs(Object.fromEntries(own));
  },
  frame: ({ name, seconds }) => say("frame", { name, ...plain(games[name].frame(seconds)) }),
};

// Pyodide waits for ever for a file that could not be had.
const broken = new Promise((_, reject) => { onunhandledrejection = (event) => reject(event.reason); });

onmessage = async ({ data: { id, job, ...more } }) => {
  try {
    if (job === "begin") await Promise.race([begin(more), broken]);
    else say("done", { id, result: await jobs[job](more) });
    if (job === "begin") say("done", { id });
  } catch (error) {
    say("failed", { id, reason: String(error.message || error).trim().split("\n").pop() });
  }
};
