// Figure 1 as a film. film-frames.js holds what minigan computed (docs/ext/film.py); this draws it.
"use strict";
(() => {
  const film = window.film;
  const picture = document.querySelector('img[src*="01_figure1"]');
  if (!film || !picture) return;

  // Places in the drawing: 640 wide; D and the densities share one scale, below them the lines of x and of z.
  const WIDTH = 640, HEIGHT = 430, TOP = 16, ZERO = 300, X_LINE = 326, Z_LINE = 404, LEFT = 36, RIGHT = 12;
  const across = (x) => LEFT + ((x + 4) / 8) * (WIDTH - LEFT - RIGHT);
  const HIGHEST = Math.max(1.05, ...film.frames.flatMap((f) => f.p || []).map((p) => p / 1000));
  const up = (y) => ZERO - (Math.max(y, 0) * (ZERO - TOP)) / HIGHEST;

  const LINES = [ // whose step, how deep, what
    ["", 0, "for each round:"],
    ["D", 1, `for ${film.k} steps:`],
    ["D", 2, `draw ${film.m} noise samples z and ${film.m} examples x`],
    ["D", 2, "D climbs: move θ_d up the slope of mean log D(x) + mean log(1 − D(G(z)))"],
    ["G", 1, `draw ${film.m} noise samples z`],
    ["G", 1, "G follows: move θ_g up the slope of mean log D(G(z))"],
  ];

  // Frames hold only what moved: fill in the rest from the frame before.
  const frames = [];
  for (const frame of film.frames) frames.push({ ...frames.at(-1), ...frame, i: frame.i || 0 });
  for (const f of frames) f.best = f.p.map((p, j) => (film.data[j] + p > 4 ? (1000 * film.data[j]) / (film.data[j] + p) : null));

  // The page
  const make = (tag, attributes = {}, text = "") => {
    const svg = ["svg", "g", "path", "line", "text", "marker"].includes(tag);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const figure = make("figure", { class: "film", "aria-label": "Figure 1 as a film" });
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.alt });
  const marker = make("marker", { id: "film-head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
  marker.append(make("path", { d: "M0 0 8 4 0 8z", class: "head" }));
  svg.append(marker);
  for (const [y, name] of [[0, "0"], [0.5, "½"], [1, "1"]]) {
    svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: up(y), y2: up(y), class: y ? "grid" : "axis" }));
    svg.append(make("text", { x: LEFT - 8, y: up(y) + 5, "text-anchor": "end" }, name));
  }
  for (const [y, name] of [[X_LINE, "x"], [Z_LINE, "z"]]) {
    svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: "axis" }));
    svg.append(make("text", { x: LEFT - 12, y: y + 5, "text-anchor": "end", class: "name" }, name));
  }
  const arrows = film.z.map(() => make("line", { class: "arrow", "marker-end": "url(#film-head)" }));
  const curves = Object.fromEntries(["data", "best", "p", "D"].map((name) => [name, make("path", { class: `curve ${name}` })]));
  svg.append(...arrows, ...Object.values(curves));

  const legend = make("p", { class: "legend" });
  for (const [name, words] of [["data", "p_data"], ["p", "p_g"], ["D", "D"], ["best", "D*, the best D"]]) {
    const entry = make("span");
    const line = make("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" });
    line.append(make("path", { d: "M1 4H29", class: `curve ${name}` }));
    entry.append(line, words.replace("p_data", "p").replace("p_g", "p"));
    if (words.startsWith("p_")) entry.append(make("sub", {}, words.slice(2)));
    legend.append(entry);
  }
  const controls = make("div", { class: "controls" });
  const button = make("button", { type: "button" });
  const slider = make("input", { type: "range", min: 0, max: frames.length - 1, step: 1, "aria-label": "Frame of the film" });
  controls.append(button, slider);
  const status = make("p", { class: "status" });
  const box = make("ol", { class: "algorithm", "aria-label": "Algorithm 1" });
  const lines = LINES.map(([, depth, text]) => {
    const line = make("li");
    line.style.paddingLeft = `${0.6 + 1.2 * depth}rem`;
    text.split(/(θ_[dg])/).forEach((part) => {
      if (!part.startsWith("θ_")) return line.append(part);
      line.append("θ", make("sub", {}, part.slice(2)));
    });
    return line;
  });
  box.append(...lines);
  const caption = make("figcaption", {}, "Figure 1 as a film, computed by minigan: G and D are small networks, z is uniform, and each line lights up as its step runs. The nearer V comes to −log 4 = −1.386, the less anybody can tell samples from data; here it ends at "
    + `${film.frames.at(-1).V.toFixed(3).replace("-", "−")}.`);
  figure.append(svg, legend, controls, status, box, caption);
  const place = picture.closest("p, figure") || picture;
  place.after(figure);
  place.hidden = picture.closest("#minigan") !== null; // on the first page the film stands in its place

  // One frame
  const path = (values) => {
    let d = "", pen = "M";
    values.forEach((y, j) => {
      if (y === null) return (pen = "M");
      d += `${pen}${across(film.x[j]).toFixed(1)} ${up(y / 1000).toFixed(1)}`;
      pen = "L";
    });
    return d;
  };
  let now = 0;
  const show = (n) => {
    now = n;
    const f = frames[n];
    curves.data.setAttribute("d", path(film.data));
    for (const name of ["best", "p", "D"]) curves[name].setAttribute("d", path(f[name]));
    arrows.forEach((arrow, j) => {
      const x = Math.max(-4, Math.min(4, f.arrows[j] / 1000));
      const ends = { x1: across((3.8 * film.z[j]) / 1000), y1: Z_LINE, x2: across(x), y2: X_LINE };
      for (const [name, value] of Object.entries(ends)) arrow.setAttribute(name, value.toFixed(1));
    });
    lines.forEach((line, j) => line.classList.toggle("lit", f.step !== "" && LINES[j][0] === f.step));
    const step = { "": "before the game", D: `D moves, step ${f.i} of ${film.k}`, G: "G moves" }[f.step];
    status.textContent = `round ${f.t}, ${step}; V = ${f.V.toFixed(3).replace("-", "−")}`;
    slider.value = n;
    slider.setAttribute("aria-valuetext", status.textContent);
  };

  // Playing: slowly while every step is shown, faster when rounds are left out
  let timer = null;
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = "Play";
  };
  const next = () => {
    if (now + 1 >= frames.length) return stop();
    show(now + 1);
    timer = setTimeout(next, frames[now].t <= 6 ? 450 : 140);
  };
  const play = () => {
    if (now + 1 >= frames.length) show(0);
    button.textContent = "Pause";
    timer = setTimeout(next, 600);
  };
  button.addEventListener("click", () => (timer === null ? play() : stop()));
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });

  stop();
  show(frames.length - 1); // what one sees where nothing moves: the end of the game
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still && "IntersectionObserver" in window) {
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      show(0);
      play();
    }, { threshold: 0.4 });
    watcher.observe(svg);
  }
})();
