"""Run chapters in a browser, as a reader does: python docs/run_live.py docs/_build/html 01 04 [--firefox]

Without a chapter: all of them. Says how many cells give the lesson's output, which ones differ, and what that
took. The site must have been built with PYODIDE_DIR.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.browser import NoBrowser, Site  # noqa: E402
from docs.measure_live import MIB, RESTS, browser_seconds  # noqa: E402
from lessons.form import lessons_in  # noqa: E402

CELLS = """() => [...document.querySelectorAll('.live-bar:not(.live-all)')].map((bar) => ({
    state: bar.querySelector('.live-status').dataset.state,
    text: bar.querySelector('.live-status').textContent,
    printed: bar.nextElementSibling.textContent}))"""


def main(argv: list[str]) -> int:
    """0 if every cell gives what its lesson shows, 1 if not, 2 where there is no browser or chapter."""
    parser = argparse.ArgumentParser(prog="python docs/run_live.py", allow_abbrev=False)
    parser.add_argument("site", type=Path)
    parser.add_argument("chapters", nargs="*", metavar="NN")
    parser.add_argument("--firefox", action="store_true")
    options = parser.parse_intermixed_args(argv)
    names = [path.stem for path in lessons_in(ROOT / "lessons")]
    unknown = set(options.chapters) - {name[:2] for name in names}
    if unknown:
        print(f"error: expected chapters such as 04, got {min(unknown)}", file=sys.stderr)
        return 2
    wanted = [name for name in names if not options.chapters or name[:2] in options.chapters]
    try:
        with (
            Site(options.site) as site,
            site.browser("firefox" if options.firefox else "chromium") as browser,
        ):
            return max([run(site, browser, chapter) for chapter in wanted])
    except NoBrowser as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2


def run(site: Site, browser: Any, chapter: str) -> int:
    """Run all cells of one chapter, and say what came of it; 1 if a cell differs."""
    tab = site.open(browser, f"lessons/{chapter}.html")
    began, processor = time.perf_counter(), browser_seconds()
    tab.get_by_role("button", name="Run all cells of this page", exact=True).click()
    tab.wait_for_function(RESTS, polling=500)
    cells = tab.evaluate(CELLS)
    differ = [(i, cell) for i, cell in enumerate(cells, 1) if cell["state"] != "agrees"]
    undrawn = sum("not drawn" in cell["text"] for cell in cells)
    print(
        f"{chapter:28}{len(cells) - len(differ):3} of {len(cells)} cells agree, {undrawn} without a picture; "
        f"{time.perf_counter() - began:.0f} s, {browser_seconds() - processor:.0f} s of processor, "
        f"heap {(tab.evaluate('window.live.heap') or 0) / MIB:.0f} MiB",
        flush=True,
    )
    for i, cell in differ:
        print(f"    cell {i}: {cell['text']}\n{cell['printed']}", flush=True)
    tab.context.close()
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
