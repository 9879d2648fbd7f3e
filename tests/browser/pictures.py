"""Take the pictures of the README: ``python -m tests.browser.pictures FOLDER``.

They show the built book and the released notebook as they are, in a browser; none is drawn by hand.
"""

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from tests.browser.conftest import QUIET, find_chromium, serve
from tests.conftest import ROOT

PORT = 8897
WRONG = "    return sigmoid(x @ W_x + h_prev @ W_h)"


def picture_of_a_chapter(browser, folder):
    """The section on the forget gate, as on a desk."""
    server = serve(ROOT / "_build" / "html")
    page = browser.new_page(viewport={"width": 1280, "height": 1080}, color_scheme="light")
    page.goto(f"http://127.0.0.1:{server.server_port}/book/lstm.html#forget-gate", wait_until="networkidle")
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / "chapter.png")
    page.close()
    server.shutdown()


def picture_of_a_check(browser, folder):
    """The check's answer to a forget gate without its bias, in JupyterLab."""
    with tempfile.TemporaryDirectory() as home:
        notebook = nbformat.read(ROOT / "exercises" / "lstm" / "lstm.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.id == "forget-gate":
                cell.source = cell.source.split("    # YOUR CODE HERE")[0] + WRONG
        nbformat.write(notebook, Path(home) / "lstm.ipynb")
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={PORT}"]
        options = ["--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1", f"--notebook-dir={home}"]
        with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as jupyter:
            try:
                _wait_for(f"http://127.0.0.1:{PORT}/api")
                page = browser.new_page(viewport={"width": 1000, "height": 940})
                page.goto(f"http://127.0.0.1:{PORT}/lab/tree/lstm.ipynb?reset")
                page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
                page.wait_for_timeout(3000)
                page.get_by_role("button", name="No", exact=True).click()  # no news, thank you
                page.keyboard.press("Control+b")  # the file browser takes too much room
                page.get_by_text("Run", exact=True).first.click()
                page.get_by_text("Run All Cells", exact=True).first.click()
                answer = page.get_by_text("lstm.forget_gate: not yet", exact=False).first
                answer.wait_for(timeout=60_000)
                answer.evaluate("element => element.scrollIntoView({block: 'end'})")
                page.wait_for_timeout(1000)
                page.screenshot(path=folder / "check.png")
                page.close()
            finally:
                jupyter.terminate()


def _wait_for(url, seconds=60):
    for _ in range(seconds * 4):
        try:
            return urllib.request.urlopen(url)
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"nothing answers at {url}")


def main(folder):
    """Take all pictures."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = find_chromium()
    if path is None:
        sys.exit("expected a Chromium, found none; on Debian or Ubuntu: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", *QUIET])
        picture_of_a_chapter(browser, folder)
        picture_of_a_check(browser, folder)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
