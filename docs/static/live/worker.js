// Python for one page, away from the page's own thread. python.js begins it, asks it, and to stop it ends it.
let python = null; // Pyodide, once it is there
let cells = null, game = null;

const say = (kind, value) => postMessage({ kind, value });

// The first message: where everything is. `make` says whom the page needs.
async function begin({ pyodide, wheel, serving }) {
  say("status", "loading Python …");
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  python = await loadPyodide({ indexURL: pyodide });
  say("status", "loading NumPy …");
  if (!(await load("numpy"))) throw new Error("NumPy is not there");
  say("status", "loading minigan …");
  const site = python.runPython("import site; site.getsitepackages()[0]");
  for (const [address, format] of [[wheel, "wheel"], [serving, "zip"]]) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    python.unpackArchive(await answer.arrayBuffer(), format, { extractDir: site });
  }
  python.runPython("import importlib; importlib.invalidate_caches()");
}

// Whether the package is there, after loading it if it was not.
async function load(name) {
  if (!(name in python.loadedPackages)) {
    const quiet = { messageCallback() {}, errorCallback() {} };
    try { await python.loadPackage(name, quiet); } catch { /* told by the answer */ }
  }
  return name in python.loadedPackages;
}

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
      if (!(name in python.loadedPackages)) say("status", `loading ${name} …`);
      if (await load(name)) continue;
      missing.push(name);
      if (name === "matplotlib") module.without_matplotlib();
    }
    say("status", "");
    const result = plain(cells.run(number, info, code, shown));
    return { ...result, missing, heap: python._module.HEAP8.length };
  },
  forget: () => cells?.forget(),
};

onmessage = async ({ data: { id, job, ...more } }) => {
  try {
    if (job === "begin") await begin(more);
    else say("done", { id, result: await jobs[job](more) });
    if (job === "begin") say("done", { id });
  } catch (error) {
    say("failed", { id, reason: String(error.message || error) });
  }
};
