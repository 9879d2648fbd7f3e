"""An exercise as a student does it, in JupyterLab and in Notebook 7: a wrong gate, its diagnosis, mended, passed."""

import shutil

import pytest

from tests.browser.conftest import jupyter, open_notebook
from tests.conftest import ROOT

GATE = '''def forget_gate(x, h_prev, W_x, W_h, b):
    """Share of each cell entry that is kept, equation lstm-forget."""
    return {}
'''
WRONG = GATE.format("np.tanh(x @ W_x + h_prev @ W_h + b)")
RIGHT = GATE.format("sigmoid(x @ W_x + h_prev @ W_h + b)")


@pytest.fixture(params=["jupyterlab", "notebook"])  # both are there: nbgrader brings the second
def program(request):
    return request.param


@pytest.fixture
def page(browser, tmp_path, program):
    """The released notebook on the LSTM, open in one of the programs."""
    shutil.copy(ROOT / "exercises" / "lstm" / "lstm.ipynb", tmp_path)
    with jupyter(tmp_path, program) as address:
        page = browser.new_page(viewport={"width": 1000, "height": 940})
        open_notebook(page, address, "lstm.ipynb", program)
        yield page
        page.close()


def cell_with(page, text):
    """The code cell with some text, scrolled to: only those that are near the screen are drawn."""
    cell = page.locator(".jp-Notebook .jp-CodeCell", has_text=text).first
    for _ in range(40):
        if cell.count():
            break
        page.locator(".jp-Notebook").first.hover()
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(150)
    cell.scroll_into_view_if_needed()
    return cell


def run(page, cell):
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def write(page, cell, text):
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)  # as pasted: nothing is indented or closed by the editor
    page.keyboard.press("Control+Enter")


def test_a_wrong_gate_is_diagnosed_and_the_mended_one_passes(page, program):
    pictures = ROOT / "_build" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    run(page, cell_with(page, "Run this cell first"))
    gate, check = cell_with(page, "def forget_gate("), None
    for code, answer, words, picture in (
        (WRONG, "lstm.forget_gate: not yet", "the activation is tanh", "not-yet.png"),
        (RIGHT, "lstm.forget_gate: passed", "agree with the reference", "passed.png"),
    ):
        write(page, gate, code)
        check = cell_with(page, "check(forget_gate")
        run(page, check)
        check.get_by_text(answer).wait_for(timeout=60_000)
        assert words in check.inner_text()
        check.evaluate("element => element.scrollIntoView({block: 'end'})")
        page.wait_for_timeout(500)
        page.screenshot(path=pictures / f"{program}-{picture}")
        gate = cell_with(page, "def forget_gate(")


def test_locked_cells_cannot_be_edited(page):
    setup = cell_with(page, "Run this cell first")
    before = setup.locator(".cm-content").inner_text()
    setup.locator(".cm-content").click()
    page.keyboard.type("x")
    assert setup.locator(".cm-content").inner_text() == before
