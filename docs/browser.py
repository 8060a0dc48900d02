"""The built site in a real browser: a file server that counts, and a browser that reaches nothing else.

    with Site(Path("docs/_build/html")) as site, site.browser() as browser:
        page = site.open(browser, "lessons/04_backward.html")

It needs playwright and a browser: an installed chromium, or with LIVE_BROWSER=firefox an installed Firefox.
Where there is none playwright's own is tried.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # a machine with its network off
NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "chrome"),
    "firefox": ("firefox", "firefox-esr"),
}


class NoBrowser(Exception):
    """What is missing here, and how to have it."""


class Site:
    """The site in `folder`, served on a port of this machine; `sent`: how many bytes, by path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: dict[str, int] = {}
        self.elsewhere: list[str] = []  # addresses of other hosts that a page asked for

    def __enter__(self) -> Site:
        handler = partial(_Counting, self.sent, directory=str(self.folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def browser(self, name: str = os.environ.get("LIVE_BROWSER", "chromium")) -> Iterator[Any]:
        """The browser of that name.  NoBrowser where there is none."""
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise NoBrowser('no playwright here: pip install "minigan[browser]"') from None
        with sync_playwright() as playwright:
            path = next(filter(None, map(shutil.which, NAMES[name])), None)
            try:
                if name == "chromium":
                    browser = playwright.chromium.launch(executable_path=path, args=[ALONE])
                elif path:
                    browser = playwright.firefox.launch(executable_path=path, channel="moz-firefox")
                    browser.new_context().close()  # fails where this playwright asks for a newer Firefox
                else:
                    browser = playwright.firefox.launch()
            except Error as error:
                raise NoBrowser(f"no browser here: {error.message.splitlines()[0]}") from None
            try:
                yield browser
            finally:
                browser.close()

    def open(self, browser: Any, page: str, **settings: Any) -> Any:
        """A page with nothing in its cache; settings: as of playwright's new_context."""
        tab = browser.new_context(**settings).new_page()
        tab.context.on("request", lambda request: self._asked(request.url))
        tab.set_default_timeout(3_600_000)
        tab.goto(self.address + page, wait_until="load")
        return tab

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https") and not url.startswith(self.address):
            self.elsewhere.append(url)


class _Counting(SimpleHTTPRequestHandler):
    def __init__(self, sent: dict[str, int], *arguments: Any, **settings: Any) -> None:
        self._sent = sent
        super().__init__(*arguments, **settings)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        size = os.fstat(source.fileno()).st_size if hasattr(source, "fileno") else 0
        path = urlsplit(self.path).path
        self._sent[path] = self._sent.get(path, 0) + size
        with suppress(ConnectionError):  # a page that was closed
            super().copyfile(source, outputfile)

    def log_message(self, *arguments: Any) -> None:
        pass
