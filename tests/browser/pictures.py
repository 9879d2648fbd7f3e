"""Take the pictures of the README: ``python -m tests.browser.pictures FOLDER``.

They show the built book and the released notebook as they are, in a browser; none is drawn by hand.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from tests.browser.conftest import QUIET, find_chromium, jupyter, open_notebook, serve
from tests.conftest import ROOT

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
        with jupyter(home) as address:
            page = browser.new_page(viewport={"width": 1000, "height": 940})
            open_notebook(page, address, "lstm.ipynb")
            page.get_by_text("Run", exact=True).first.click()
            page.get_by_text("Run All Cells", exact=True).first.click()
            answer = page.get_by_text("lstm.forget_gate: not yet", exact=False).first
            answer.wait_for(timeout=60_000)
            answer.evaluate("element => element.scrollIntoView({block: 'end'})")
            page.wait_for_timeout(1000)
            page.screenshot(path=folder / "check.png")
            page.close()


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
