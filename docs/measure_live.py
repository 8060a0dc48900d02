"""What pages that run cost, in a browser: python docs/measure_live.py docs/_build/html [--first]

The site must have been built with PYODIDE_DIR. Beside the clock it says the processor time of the browser
(on Linux), which a busy machine does not change. With --first the browser goes before all other programs
(Linux, as root): so the clock shows what it would on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.browser import NoBrowser, Site  # noqa: E402

LESSON, PLAY = "lessons/04_backward.html", "docs/play.html"
RESTS = "document.querySelector('.live-all button').textContent === 'Run all'"
MIB = 2**20


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python docs/measure_live.py", allow_abbrev=False)
    parser.add_argument("site", type=Path)
    parser.add_argument("--first", action="store_true")
    options = parser.parse_args(argv)
    with Site(options.site) as site:
        try:
            with site.browser() as browser:
                lesson(site, browser, options.first)
                line(site, browser)
                digits(site, browser)
        except NoBrowser as reason:
            print(f"error: {reason}", file=sys.stderr)
            return 2
    return 0


def lesson(site: Site, browser: Any, first: bool) -> None:
    tab = site.open(browser, LESSON)
    tab.wait_for_timeout(500)
    if first:
        prefer()
    before = dict(site.sent)
    print(f"before a press: {len(before)} files, {sum(before.values()) / 1e6:.2f} MB: the page itself")
    with clock("the first result"):
        tab.get_by_role("button", name="Run cell 1").click()
        tab.wait_for_function(RESTS)
    at_it = {path: size for path, size in site.sent.items() if path not in before}
    print(f"the press loads {len(at_it)} files, {sum(at_it.values()) / 1e6:.2f} MB")
    with clock("all cells of chapter 04"):
        tab.get_by_role("button", name="Run all cells").click()
        tab.wait_for_function(RESTS)
    print(f"heap after them: {tab.evaluate('window.live.heap') / MIB:.0f} MiB")
    tab.get_by_role("button", name="Edit cell 1").click()
    tab.locator("textarea").fill("print('on')\nwhile True: pass")
    tab.get_by_role("button", name="Run cell 1").click()
    tab.wait_for_function("document.querySelector('.live-out').textContent === 'on\\n'")
    milliseconds = tab.evaluate(
        "() => { const from = performance.now();"
        " document.querySelector('.live-bar:not(.live-all) button').click();"
        " return performance.now() - from; }"
    )
    print(f"Stop, in an endless loop: {milliseconds:.1f} ms; at rest: {tab.evaluate(RESTS)}")
    tab.context.close()


def line(site: Site, browser: Any) -> None:
    tab = site.open(browser, PLAY)
    words = "document.querySelector('#live-line .status').textContent"
    update = f"Number(/update (\\d+)/.exec({words})[1])"
    tab.get_by_role("button", name="Play or pause: Figure 1").click()
    tab.wait_for_function(f"{words}.includes('a second')")
    tab.evaluate(
        "() => { window.gaps = []; let last = performance.now();"
        " const on = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(on); };"
        " requestAnimationFrame(on); }"
    )
    first = tab.evaluate(update)
    with clock("Figure 1's game, 20 s") as used:
        tab.wait_for_timeout(20_000)
        updates = tab.evaluate(update) - first
    print(
        f"    {updates / used['clock']:.0f} updates a second, {updates / used['processor']:.0f} of processor"
    )
    gaps = sorted(tab.evaluate("window.gaps"))
    print(f"    page: {len(gaps) / used['clock']:.0f} frames a second, the longest wait {gaps[-1]:.0f} ms")
    tab.context.close()


def digits(site: Site, browser: Any) -> None:
    tab = site.open(browser, PLAY)
    words = "document.querySelector('#live-digits .status').textContent"
    tab.get_by_role("button", name="Play or pause: Digits").click()
    tab.wait_for_function(f"/update [0-9]/.test({words})")
    with clock("the digits game, from its first frame to its end"):
        tab.wait_for_function(f"{words}.includes('over')")
    print(f"    heap: {tab.evaluate('window.live.heap') / MIB:.0f} MiB")
    tab.context.close()


@contextmanager
def clock(what: str) -> Iterator[dict[str, float]]:
    used: dict[str, float] = {}
    began, processor = time.perf_counter(), browser_seconds()
    try:
        yield used
    finally:
        used["clock"] = time.perf_counter() - began
        used["processor"] = max(browser_seconds() - processor, 1e-3)
        print(f"{what}: {used['clock']:.1f} s on the clock, {used['processor']:.1f} s of processor")


def browser_seconds() -> float:
    """Processor time of all that this process started; 0 where there is no /proc."""
    return sum(started().values())


def prefer() -> None:
    """What this process started goes before other programs: see autogroups in sched(7)."""
    for process in started():
        Path(f"/proc/{process}/autogroup").write_text("-18")


def started() -> dict[int, float]:
    """The processes that this one started, and theirs: their numbers, and the processor time of each."""
    seconds, children = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            process, rest = file.read_text().split(" (", 1)
        except OSError:
            continue
        fields = rest.rsplit(")", 1)[1].split()
        seconds[int(process)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        children.setdefault(int(fields[1]), []).append(int(process))
    left, found = list(children.get(os.getpid(), [])), {}
    while left:
        process = left.pop()
        found[process] = seconds[process]
        left += children.get(process, [])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
