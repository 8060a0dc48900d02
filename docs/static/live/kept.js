// What the reader wrote, kept for this tab: it is there again after a reload and on the way back from another page.
"use strict";

const name = (cell) => `${location.pathname} ${cell}`;

// Where a browser keeps nothing, as in some private windows, it is lost with the page.
function store(use) {
  try { return use(sessionStorage); } catch { return null; }
}

export const kept = (cell) => store((texts) => texts.getItem(name(cell)));
export const keep = (cell, text) => store((texts) => texts.setItem(name(cell), text));
export const drop = (cell) => store((texts) => texts.removeItem(name(cell)));
