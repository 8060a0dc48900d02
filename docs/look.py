"""Look at every page in a browser: python docs/look.py docs/_build/html [PAGE ...]

At 390, 1280 and 1920 px, light and dark, with every answer unfolded: the page does not scroll sideways,
nothing is cut off or stands out of its column, no line of code is wider than a column of 1280 px,
what scrolls in a box of its own shows that it does, and every picture is there and says what it shows.

--axe FILE         also contrast, names and labels, by axe.min.js of the package axe-core
--pictures FOLDER  keep a picture of each page at 390 px, light
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.browser import NoBrowser, Site  # noqa: E402

WIDTHS = 390, 1280, 1920
SCHEMES = "light", "dark"
LEADS_ON = '<meta http-equiv="refresh"'  # in a page that is another's address; that one is looked at
CONTRAST = {"runOnly": ["color-contrast"]}
WITH_AXE = {(390, "light"): {}, (1280, "light"): {}, (1280, "dark"): CONTRAST}  # more shows nothing more

FAULTS = """() => {
  const width = document.documentElement.clientWidth, found = new Set();
  const source = location.pathname.includes('/_modules/'); // a listing has lines of 110 columns
  const name = (e) => {
    const text = (e.getAttribute('aria-label') || e.textContent).trim().replace(/\\s+/g, ' ').slice(0, 50);
    return e.tagName.toLowerCase() + (e.classList[0] ? '.' + e.classList[0] : '') + ' "' + text + '"';
  };
  const style = (e) => getComputedStyle(e);
  const scrolls = (e) => ['auto', 'scroll'].includes(style(e).overflowX);
  const boxed = (e) => e && e !== document.body && (scrolls(e) || boxed(e.parentElement));
  if (document.documentElement.scrollWidth > width)
    found.add('the page is ' + document.documentElement.scrollWidth + ' px wide');
  for (const e of document.querySelectorAll('.page *, .one-page main *')) {
    if (e.closest('.katex, .sidebar-drawer, .toc-drawer, svg')) continue;
    if (e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1) {
      if (['hidden', 'clip'].includes(style(e).overflowX)) found.add('cut off: ' + name(e));
      else if (scrolls(e) && e.tagName === 'PRE' && width >= 1280 && !source)
        found.add('wider than its column: ' + name(e));
      else if (scrolls(e) && !style(e).backgroundImage.includes('gradient'))
        found.add('scrolls without a sign: ' + name(e));
    }
    const box = e.getBoundingClientRect();
    if (box.width > 1 && box.right > width + 1 && !boxed(e)) found.add('stands out of the page: ' + name(e));
  }
  for (const e of document.images) {
    if (!e.alt.trim() && !e.closest('[aria-hidden=true]')) found.add('no alternative text: ' + e.src);
    if (e.complete && !e.naturalWidth) found.add('no picture: ' + e.src);
  }
  return [...found];
}"""
UNFOLD = """() => {
  for (const e of document.querySelectorAll('details')) e.open = true;
  for (const e of document.images) e.loading = 'eager';
  document.documentElement.classList.add('show-back-to-top'); // as after scrolling up
}"""
SETTLED = """async () => {
  await document.fonts.ready;
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  await new Promise(setTimeout);
}"""
# Left to where they are looked at anyway: formulas have the colours of text, listings those of other code,
# and the course on one page is made of other pages.
AXE = """(rules) => {
  if (document.body.matches('.one-page')) return [];
  const left = location.pathname.includes('/_modules/') ? ['.highlight'] : ['.katex-html'];
  const run = axe.run({exclude: left.filter((part) => document.querySelector(part))}, rules);
  return run.then(({violations}) =>
    violations.flatMap(({id, nodes}) => nodes.map(({html}) => id + ': ' + html.slice(0, 150))));
}"""


def main(argv: list[str]) -> int:
    """0 if nothing is wrong with the pages, 1 if something is, 2 if there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as lessons/04_backward.html; all")
    parser.add_argument("--axe", type=Path)
    parser.add_argument("--pictures", type=Path)
    told = parser.parse_args(argv)
    pages = told.pages or sorted(page.relative_to(told.site).as_posix() for page in told.site.rglob("*.html"))
    missing = [page for page in pages if not (told.site / page).is_file()]
    if missing:
        print(f"error: {told.site} has no {missing[0]}; `make docs` builds the site", file=sys.stderr)
        return 2
    try:
        with Site(told.site) as site, site.browser() as browser:
            found = look(site, browser, pages, told.axe, told.pictures)
    except NoBrowser as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    print(f"{len(pages)} pages, {len(found)} faults")
    return 1 if found or not pages else 0


def look(
    site: Site, browser: Any, pages: list[str], axe: Path | None = None, pictures: Path | None = None
) -> list[str]:
    """What is wrong with the pages, in one tab, printed as it is found.

    A page that the browser cannot look at to the end is a fault too, and the next page gets a new tab.
    """
    from playwright.sync_api import Error

    found: list[str] = []
    tab: Any = None
    for page in pages:
        if LEADS_ON in (site.folder / page).read_text(encoding="utf-8"):
            continue
        tab = tab or browser.new_context(reduced_motion="reduce").new_page()
        tab.set_default_timeout(120_000)
        try:
            tab.goto(site.address + page, wait_until="load")
            here = _faults(tab, axe, pictures and pictures / page.replace("/", "-").replace(".html", ".png"))
        except Error as reason:
            here = [f"not looked at: {reason.message.splitlines()[0]}"]
            tab.context.close()
            tab = None
        here = [f"{page}: {fault}" for fault in here]
        print(*here, sep="\n", end="\n" if here else "", flush=True)
        found += here
    return found


def _faults(tab: Any, axe: Path | None, picture: Path | None) -> list[str]:
    """What is wrong with the page in the tab, each fault once, with the widths and schemes that show it."""
    where: dict[str, list[str]] = {}
    tab.evaluate(UNFOLD)
    if axe:
        tab.add_script_tag(path=axe)
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            tab.evaluate(SETTLED)
            seen = tab.evaluate(FAULTS)
            if axe and (width, scheme) in WITH_AXE:
                seen += tab.evaluate(AXE, WITH_AXE[width, scheme])
            for fault in dict.fromkeys(seen):
                where.setdefault(fault, []).append(f"{width} {scheme}")
            if picture and (width, scheme) == (WIDTHS[0], SCHEMES[0]):
                tab.screenshot(path=picture, full_page=True)
    return [f"{fault} ({', '.join(places)})" for fault, places in where.items()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
