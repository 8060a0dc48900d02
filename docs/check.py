"""Look through the built site: python docs/check.py docs/_build/html

Every internal link leads somewhere, nothing is loaded from another host, headings go down one level at a
time, every picture has an alternative text, no formula stands as it was typed, the film is in its page, and
every lesson has what runs it. A press loads Python from PUBLIC, the one address elsewhere, or from the site.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ext.pyodide_files import PUBLIC

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "modulepreload", "dns-prefetch"}
FILMS = "lessons/01_the_game.html", "docs/index.html"
LIVE = re.compile(r"window\.live = (\{.*?\});</script>")
RUNS = re.compile(r"lessons/\d\d_\w+\.html|docs/play\.html")


class Page(HTMLParser):
    """What matters here of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.headings: list[int] = []
        self.faults: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        self.ids |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag in LOADS and LOADS[tag] in attributes:
            self.loaded.append(attributes[LOADS[tag]])
        if tag == "link" and LOADED_LINKS & set(attributes.get("rel", "").split()):
            self.loaded.append(attributes.get("href", ""))
        if (
            tag == "img"
            and not attributes.get("alt", "").strip()
            and "logo" not in attributes.get("class", "")
        ):
            self.faults.append(f"{attributes.get('src')} has no alternative text")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def main(argv: list[str]) -> int:
    """0 if nothing is wrong with the site, 1 if something is, 2 if there is none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("site", type=Path)
    root = parser.parse_args(argv).site
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.html"))}
    if not pages:
        print(f"error: {root} has no pages; `make docs` builds the site", file=sys.stderr)
        return 2
    found = [f"{path.relative_to(root)}: {fault}" for path in pages for fault in faults(path, pages, root)]
    for style in sorted(root.rglob("*.css")):
        for url in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", style.read_text("utf-8")):
            if re.match(r"(https?:)?//", url[0] or url[1]):
                found.append(f"{style.relative_to(root)}: loads {url[0] or url[1]}")
    for script in sorted((root / "_static" / "live").glob("*.js")):
        if re.search(r"https?://(?!www\.w3\.org/2000/svg)", script.read_text("utf-8")):
            found.append(f"{script.relative_to(root)}: names another host")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(pages)} pages, {len(found)} faults")
    return 1 if found else 0


def faults(path: Path, pages: dict[Path, Page], root: Path) -> list[str]:
    page = pages[path]
    found = list(page.faults)
    found += [f"loads {url}" for url in page.loaded if re.match(r"(https?:)?//", url)]
    found += [
        f"{url} does not exist" for url in page.loaded + page.links if not _leads_somewhere(url, path, pages)
    ]
    if page.headings.count(1) != 1 and page.headings:
        found.append(f"has {page.headings.count(1)} headings of the first level")
    for above, level in zip(page.headings, page.headings[1:], strict=False):
        if level > above + 1:
            found.append(f"a heading of level {level} follows one of level {above}")
    text = path.read_text(encoding="utf-8")
    if re.search(
        r"\$\$|\\\(|\\\[", re.sub(r"<(script|pre|annotation|code)\b.*?</\1>", "", text, flags=re.DOTALL)
    ):
        found.append("shows a formula as it was typed")
    film = "film.js" in text and "film-frames.js" in text and "01_figure1" in text
    if path.relative_to(root).as_posix() in FILMS and not film:
        found.append("has no film")
    return found + _live_faults(path, text, root)


def _live_faults(path: Path, text: str, root: Path) -> list[str]:
    """What is wrong with what a press loads."""
    told = LIVE.search(text)
    if told is None:
        runs = RUNS.fullmatch(path.relative_to(root).as_posix())
        return ["does not say what a press loads"] if runs else []
    live = json.loads(told[1])
    loaded = [live["wheel"], live["serving"]]
    if live["pyodide"] != PUBLIC:
        loaded.append(live["pyodide"] + "pyodide.mjs")
    return [f"a press loads {url}" for url in loaded if re.match(r"(https?:)?//", url)] + [
        f"{url} does not exist" for url in loaded if not (path.parent / url).is_file()
    ]


def _leads_somewhere(url: str, path: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    page = next((page for other, page in pages.items() if other.resolve() == target), None)
    return page is None or not parts.fragment or unquote(parts.fragment) in page.ids


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
