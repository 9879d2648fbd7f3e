"""A Chromium to look at the built book with, and a server on this machine that serves it."""

import functools
import http.server
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import ROOT, skip_or_fail

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def find_chromium():
    return next(filter(None, map(shutil.which, NAMES)), None)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *arguments):
        """Say nothing."""


def serve(folder):
    """Serve a folder on a free port of this machine; returns the server, whose thread ends with the process."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        skip_or_fail("no Chromium found; on Debian or Ubuntu: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    built = ROOT / "_build" / "html"
    if not (built / "index.html").exists():
        skip_or_fail("the book is not built; run: make book")
    server = serve(built)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
