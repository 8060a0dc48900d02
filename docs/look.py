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
WITH_AXE = 390, 1280  # what axe looks at does not change beyond
SCHEMES = "light", "dark"

FAULTS = """() => {
  const width = document.documentElement.clientWidth, found = new Set();
  const source = location.pathname.includes('/_modules/');  // has lines of 110 columns
  const name = (e) => {
    const text = (e.getAttribute('aria-label') || e.textContent).trim().replace(/\\s+/g, ' ').slice(0, 50);
    return e.tagName.toLowerCase() + (e.classList[0] ? '.' + e.classList[0] : '') + ' "' + text + '"';
  };
  const style = (e) => getComputedStyle(e);
  const scrolls = (e) => ['auto', 'scroll'].includes(style(e).overflowX);
  const boxed = (e) => e && e !== document.body && (scrolls(e) || boxed(e.parentElement));
  if (document.documentElement.scrollWidth > width)
    found.add('the page is ' + document.documentElement.scrollWidth + ' px wide');
  for (const e of document.querySelectorAll('.page *')) {
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
}"""
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
AXE = (
    "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes.map((node) => node.html)]))"
)


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
            found = [
                fault for page in pages for fault in faults(site, browser, page, told.axe, told.pictures)
            ]
    except NoBrowser as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    print(f"{len(pages)} pages, {len(found)} faults")
    return 1 if found or not pages else 0


def faults(site: Site, browser: Any, page: str, axe: Path | None, pictures: Path | None = None) -> list[str]:
    """What is wrong with a page, each fault printed once, with the widths and schemes that show it."""
    where: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        tab = site.open(browser, page, color_scheme=scheme, reduced_motion="reduce")
        tab.evaluate(UNFOLD)
        if axe:
            tab.add_script_tag(path=axe)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate(SETTLED)
            seen = tab.evaluate(FAULTS)
            if axe and width in WITH_AXE:
                seen += [f"{rule}: {html[:150]}" for rule, nodes in tab.evaluate(AXE) for html in nodes]
            for fault in seen:
                where.setdefault(fault, []).append(f"{width} {scheme}")
            if pictures and (width, scheme) == (WIDTHS[0], SCHEMES[0]):
                file = pictures / page.replace("/", "-").replace(".html", ".png")
                tab.screenshot(path=file, full_page=True)
        tab.context.close()
    found = [f"{page}: {fault} ({', '.join(places)})" for fault, places in where.items()]
    print(*found, sep="\n", end="\n" if found else "", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
