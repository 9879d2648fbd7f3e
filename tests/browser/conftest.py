"""A Chromium to look with, and servers on this machine: for the built book, and Jupyter for notebooks."""

import contextlib
import functools
import http.server
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

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


@contextlib.contextmanager
def jupyter(folder, program="jupyterlab"):
    """Run JupyterLab or Notebook 7 (``notebook``) in a folder as long as the context lasts; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", program, "--no-browser", "--allow-root", f"--port={port}"]
    options = ["--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    with subprocess.Popen(
        [*command, *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api")
            yield address
        finally:
            server.terminate()


def _wait_for(url, seconds=60):
    for _ in range(seconds * 4):
        try:
            return urllib.request.urlopen(url)
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"nothing answers at {url}")


def open_notebook(page, address, name, program="jupyterlab"):
    """Open a notebook in JupyterLab or Notebook 7 and wait until it can be worked in."""
    page.goto(f"{address}/notebooks/{name}" if program == "notebook" else f"{address}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    if program == "notebook":
        page.wait_for_selector(".jp-NotebookKernelStatus, .jp-Notebook-ExecutionIndicator", state="attached")
        page.wait_for_timeout(2000)
        return
    page.wait_for_timeout(3000)
    question = page.get_by_role("button", name="No", exact=True)  # no news, thank you
    if question.count():
        question.click()
    page.keyboard.press("Control+b")  # the file browser takes too much room


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
