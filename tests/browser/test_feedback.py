"""Feedback as a student sees it, on a telephone and on a desk: nothing falls out of its place."""

import base64
import io

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from PIL import Image

from lstmlib.grading.page import FeedbackPage
from tests.small_course import cell

OUTSIDE = """heading => [...heading.querySelectorAll("*")].filter(
    element => element.getBoundingClientRect().bottom > heading.getBoundingClientRect().bottom).length"""


@pytest.fixture
def feedback(tmp_path):
    """The address of a page with a long name, a long line, a wide figure, a table and a hint."""
    config = GenerateFeedback(coursedir=CourseDirectory()).config
    graded = cell("# Graded", "the-output-gate-with-a-name-test", grade=True, locked=True, points=3)
    graded.metadata["nbgrader"]["score"] = 0
    graded.outputs = [new_output("stream", text="a line that is long\t" * 20)]
    png = io.BytesIO()
    Image.new("L", (900, 300)).save(png, "png")
    figure = {"image/png": base64.b64encode(png.getvalue()).decode()}
    table = "<table><tr><th>1</th><th>2</th></tr></table>"
    shown = [new_output("display_data", data) for data in (figure, {"text/html": table})]
    hint = new_markdown_cell("<details><summary>Hint</summary>the idea</details>\n\n[chapter](../../book/lstm.md)")
    name = {"notebook": "sums", "score": 0, "max_score": 3, "late_penalty": 0}
    notebook = new_notebook(cells=[graded, hint, new_code_cell("x", outputs=shown)])
    page, _ = FeedbackPage(config=config).from_notebook_node(notebook, {"nbgrader": name})
    (tmp_path / "sums.html").write_text(page)
    return f"file://{tmp_path / 'sums.html'}"


@pytest.mark.parametrize("width", [390, 1280])
def test_on_any_screen_headings_hold_their_scores_and_outputs_their_lines(browser, feedback, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, is_mobile=width < 800)
    page = context.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto(feedback)
    assert page.evaluate("innerWidth") == width
    heading = page.locator(".nbgrader_cell .panel-heading")
    assert heading.get_by_text("Score: 0.0 / 3.0").count() == 1 and heading.evaluate(OUTSIDE) == 0
    assert page.locator(".output pre").evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.locator("summary").evaluate("element => getComputedStyle(element).display") == "list-item"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".output img").bounding_box()["width"] <= min(width, 900)
    gap = "([one, other]) => [one, other].map(element => parseFloat(getComputedStyle(element).paddingLeft))"
    assert min(page.locator("th").evaluate_all(gap)) > 4  # or 1 and 2 would be 12
    colour = "element => getComputedStyle(element).color"
    chapter = page.locator("p a")
    assert chapter.evaluate(colour) == chapter.locator("..").evaluate(colour)  # it is not there to lead to
    context.close()
