"""The course as one PDF, printed by a browser: python docs/pdf.py docs/_build/html course.pdf"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.browser import NoBrowser, Site  # noqa: E402

NUMBER = '<div style="font-size: 8px; text-align: center; width: 100%"><span class="pageNumber"></span></div>'


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("pdf", type=Path, metavar="FILE.pdf")
    told = parser.parse_args(argv)
    folder, path = told.site, told.pdf
    half = path.with_name(f".{path.name}.half")
    try:
        with Site(folder) as site, site.browser() as browser:
            page = site.open(browser, "lessons/course.html")
            page.evaluate("document.fonts.ready")
            settings = {"display_header_footer": True, "header_template": "<div></div>", "outline": True}
            page.pdf(
                path=half,
                format="A4",
                footer_template=NUMBER,
                prefer_css_page_size=True,
                tagged=True,
                **settings,
            )
        os.replace(half, path)
    except NoBrowser as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    finally:
        half.unlink(missing_ok=True)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
