"""Grading a written answer in JupyterLab's Formgrader: its boxes work, and nothing that the student wrote does."""

import os
import shutil

import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook

from tests.browser.conftest import jupyter
from tests.conftest import ROOT
from tests.small_course import cell, directories, hand_in, make_release, run, solve
from tests.test_formgrader import RUN, SCRIPTS

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)
CONFIG = """
exec(open({config!r}).read())
for name, value in {moved!r}.items():
    section, key = name.split(".")
    c[section][key] = value
"""


@pytest.fixture
def course(tmp_path):
    """A course with a submission that would like to run, graded as far as it is without a person."""
    why = cell("Why?", "why", make=new_markdown_cell, grade=True, solution=True, points=2)
    how = cell("How?", "how", make=new_markdown_cell, grade=True, solution=True, points=2)
    released = make_release(tmp_path, [why, how])
    scripts = "\n\n".join(text for text in SCRIPTS if "attachment" not in text)
    fake = "<p id='how'>x</p><a class='full-credit' href='#'>my plot</a> [page](page.html)\n\n"
    place = hand_in(tmp_path, "ada", solve(released, why=fake + scripts, how="Like this: $a < b$"))
    (place / "page.html").write_text(f"<p>a page</p><script>{RUN}</script>")
    run(tmp_path, "autograde", "sums")
    moved = {name: str(value) for name, value in directories(tmp_path).items()}
    config = CONFIG.format(config=str(ROOT / "nbgrader_config.py"), moved=moved)
    (tmp_path / "nbgrader_config.py").write_text(config)
    return tmp_path


def test_a_written_answer_is_graded_and_does_not_run(course, browser):
    database = f"sqlite:///{course / 'gradebook.db'}"
    with Gradebook(database) as gradebook:
        [submission] = gradebook.notebook_submissions("sums", "sums")
        name = submission.id
    with jupyter(course) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/formgrader/submissions/{name}/", wait_until="load")
        page.wait_for_timeout(1500)
        assert page.title() == "sums"
        assert page.get_by_text("$a < b$").count() == 1
        page.get_by_text("my plot").click()
        why, how = page.locator("input#why"), page.locator("input#how")
        why.fill("1.5")
        why.blur()
        page.locator("textarea#why-comment").fill("See me.")
        page.locator("textarea#why-comment").blur()
        page.wait_for_timeout(1500)
        assert how.input_value() == ""
        page.get_by_role("button", name="Full credit").last.click()
        page.wait_for_timeout(1500)
        assert page.title() == "sums"
        page.goto(f"{address}/formgrader/submissions/{name}/page.html")
        page.wait_for_timeout(500)
        assert page.get_by_text("a page").count() == 1 and page.title() != "mine"
        page.close()
    with Gradebook(database) as gradebook:
        given = [gradebook.find_grade(cell, "sums", "sums", "ada").manual_score for cell in ("why", "how")]
        assert given == [1.5, 2]
        assert gradebook.find_comment("why", "sums", "sums", "ada").manual_comment == "See me."
