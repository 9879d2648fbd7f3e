"""What a grader sees of a submission in Formgrader: all of it, and none of it runs."""

import html
import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.server_extensions.formgrader import handlers
from tornado.web import Application
from traitlets.config import Config

from lstmlib.grading.formgrader import show_safely
from lstmlib.grading.safe_html import clean
from tests.small_course import cell

show_safely()

RESOURCES = {
    "assignment_id": "sums", "notebook_id": "sums", "submission_id": "1", "index": 0, "total": 1, "base_url": "",
    "student": "ada", "last_name": None, "first_name": None, "notebook_path": "sums.ipynb",
}  # fmt: skip
RUN = "document.title='mine'"
SCRIPTS = [
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"><script>{RUN}</script></svg>',
    f'<iframe srcdoc="<script>{RUN}</script>"></iframe>',
    f'<a href="javascript:{RUN}">x</a> [x](javascript:{RUN})',
    f'[x](files/javascript:{RUN}) <a href="files/javascript:x()">x</a>',
    '<a href="data:text/html,<script>1</script>">x</a> ![x](attachment:x.png) ![y](attachment:y.png)',
    "<style>body {display: none}</style><p style='position: fixed'>x</p>",
    f'<details open ontoggle="{RUN}">x</details><form action=/><input autofocus onfocus="{RUN}"></form>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={RUN}&gt;">',
    f'$x$ </textarea><script>{RUN}</script> $$<img src=x onerror="{RUN}">$$',
    f'```html\n<script>{RUN}</script>\n```\n\n```"><script>{RUN}</script>\nx\n```',
]
KINDS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "text/plain", "application/javascript",
         "text/vnd.mermaid"]  # fmt: skip


class Page:
    """What of a handler's request its exporter asks for."""

    def __init__(self):
        self.settings = {"nbgrader_exporter": Stock()}


class Stock:
    """What of the exporter that Formgrader makes is asked for."""

    config = Config(HTMLExporter={"template_name": "formgrade", "extra_template_basedirs": [handlers.template_path]})


def render(*cells, **metadata):
    """The page of a submission, as Formgrader's handler makes it."""
    notebook = new_notebook(metadata=metadata)
    notebook.cells = list(cells)  # valid or not
    page, _ = handlers.SubmissionHandler.exporter.fget(Page()).from_notebook_node(notebook, dict(RESOURCES))
    return page


def written(source, name="why"):
    """A cell with an answer that a person grades."""
    return cell(source, name, make=new_markdown_cell, grade=True, solution=True, points=2)


def running(page):
    """What in a page could run, or reach beyond its place."""
    found = BeautifulSoup(page, "html.parser")
    elements = found.select("script, style, iframe, svg, math, object, embed, form, link, meta, base, input, textarea")
    attributes = [
        (name, value)
        for element in found.find_all(True)
        for name, value in element.attrs.items()
        if name.startswith(("on", "data-"))
        or name in ("style", "srcdoc")
        or re.match(r"\s*(java|vb)script:", str(value))
        or (name == "href" and str(value).startswith("data:"))
    ]
    return [*map(str, elements), *map(str, attributes)]


@pytest.mark.parametrize("text", SCRIPTS)
def test_nothing_that_is_written_adds_anything_that_runs(text):
    picture = {"x.png": {"image/png": '" onerror="x'}, "y.png": {"image/svg+xml": "x"}}
    shown = [new_output("display_data", {kind: text}) for kind in KINDS]
    shown.append(new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": text}}))
    shown += [new_output("stream", text=text), new_output("error", ename=text, evalue=text, traceback=[text])]
    empty = render(written("x"), new_markdown_cell("x"), new_code_cell("x"), new_raw_cell("x"))
    answer, note = written(text), new_markdown_cell(text)
    answer.attachments = note.attachments = picture
    full = render(answer, note, new_code_cell(text, outputs=shown), new_raw_cell(text))
    assert sorted(running(full)) == sorted(running(empty))


def test_what_the_templates_trust_to_be_harmless_is_looked_at():
    evil = "1 onerror=alert(1)><script>alert(1)</script>"
    shown = new_output("display_data", {"image/png": "x"}, metadata={"image/png": {"width": evil, "height": 7}})
    isolated = new_output("display_data", {"text/html": "x"}, metadata={"text/html": {"isolated": True}})
    code = new_code_cell("x", outputs=[shown, isolated], metadata={"tags": [evil], "magics_language": evil})
    code["execution_count"] = evil
    odd = new_markdown_cell("x")
    odd["cell_type"] = odd["type"] = evil
    titled = {"title": evil, "language_info": {"name": evil, "pygments_lexer": evil}, "widgets": {}}
    answer = written("x")
    answer.metadata["nbgrader"]["grade_id"] = f'"{evil}'
    page = render(answer, code, odd, **titled)
    empty = render(new_markdown_cell("x"), new_code_cell("x"))
    assert sorted(running(page)) == sorted(running(empty))
    assert "height=7" in page.replace('"', "")


def test_an_answer_whose_picture_is_missing_is_shown_as_it_was_written():
    assert "![my plot](attachment:plot.png) &lt;b&gt;" in render(written("![my plot](attachment:plot.png) <b>"))


def test_links_lead_somewhere_or_are_none():
    page = render(written("[chapter](../../book/lstm.md#forget-gate) [paper](https://example.org/a)"))
    links = [(link.text, link.get("href")) for link in BeautifulSoup(page, "html.parser").select("p a")]
    assert links == [("chapter", None), ("paper", "https://example.org/a")]


def test_the_boxes_for_scores_and_comments_are_there_once_and_only_where_they_belong():
    fake = "<p id='why'>a</p><p id='why-comment'>b</p><a class='full-credit' href='#'>c</a><p class='score'>d</p>"
    output = new_code_cell("x", outputs=[new_output("display_data", {"text/html": fake, "text/plain": "x"})])
    page = BeautifulSoup(render(written(fake), output, written("y", name="how")), "html.parser")
    for name in ("why", "how"):
        assert [found.name for found in page.find_all(id=name)] == ["input"]
        assert [found.name for found in page.find_all(id=f"{name}-comment")] == ["textarea"]
    assert [found.name for found in page.select(".full-credit")] == ["button", "button"]
    assert [found.name for found in page.select(".score")] == ["input", "input"]


def test_mathematics_code_and_tables_look_as_they_did():
    page = render(written("$a_1 < b$ and\n\n```python\nx = 1\n```\n\n| a |\n|---|\n| 1 |"), new_code_cell("y = 2"))
    assert "$a_1 &lt; b$" in page
    assert '<span class="n">x</span> <span class="o">=</span>' in page and '<span class="n">y</span>' in page
    assert "<td>1</td>" in page
    assert clean('<table class="dataframe"><tr><td>1</td></tr></table>').startswith('<table class="dataframe">')


def test_files_beside_a_submission_are_served_without_their_scripts(monkeypatch):
    monkeypatch.setattr(handlers.SubmissionFilesHandler, "base_url", "/", raising=False)
    page = handlers.SubmissionFilesHandler.__new__(handlers.SubmissionFilesHandler)
    page.application = Application()
    assert page.content_security_policy.endswith("; sandbox")


@pytest.mark.parametrize("text", [
    "<ul><li>" * 500,
    "<div>" * 1_000,
    "<p>" + "".join(f"<b title={count}>" for count in range(40)) + "<p>x" * 40,
    f"<p><b title='{'x ' * 5_000}'>" + "<p>x" * 500,
    f"<p><b title='{'x' * 5_000}'>" + "<p>x" * 5,
    "<b " + " ".join(f"x{count}" for count in range(1_000)) + ">x</b>",
    "x<br>" * 12_000,
    r"\begin{a}" * 4_000,
    "x " * 150_000,
])  # fmt: skip
def test_what_would_take_long_to_render_is_shown_as_it_was_written(text):
    code = new_code_cell("x", outputs=[new_output("display_data", {"text/html": text})])
    markdown = new_code_cell("x", outputs=[new_output("display_data", {"text/markdown": text})])
    for page in (render(written(text)), render(code), render(markdown)):
        found = BeautifulSoup(page, "html.parser").select("pre, .output_html")
        assert any(text.strip() in shown.text for shown in found)


def test_of_many_texts_those_beyond_a_page_are_shown_as_they_were_written():
    text = f"<p>{'x ' * 20_000}</p>"
    code = new_code_cell("x", outputs=[new_output("display_data", {"text/html": text})] * 30)
    outputs = BeautifulSoup(render(code), "html.parser").select(".output_html")
    shown = [output.decode_contents().strip() for output in outputs]
    rendered = shown.count(text)
    assert 0 < rendered < 20
    assert shown == [text] * rendered + [f"<pre>{html.escape(text)}</pre>"] * (30 - rendered)


def test_long_answers_data_frames_and_pictures_are_shown():
    rows = "<tr>\n  <th>0</th>\n" + "  <td>0.123456</td>\n" * 10 + "</tr>\n"
    table = f'<div><table class="dataframe"><tbody>{rows * 300}</tbody></table></div>'
    picture = f"data:image/png;base64,{'iVBORw0KGgo' * 200_000}"
    answer = "- **It** follows from\n\n\\begin{align}c &= f\\end{align}\n\nthat $c$ stays in `c`.\n\n" * 300
    shown = [new_output("display_data", {"text/html": text}) for text in (table, f'<img src="{picture}">')]
    found = BeautifulSoup(render(written(answer), new_code_cell("x", outputs=shown)), "html.parser")
    assert [image["src"] == picture for image in found.select(".output_html img")] == [True]
    assert (len(found.select("td")), len(found.select("p code")), len(found.select("li strong"))) == (3_000, 300, 300)


def test_in_the_place_of_a_table_that_is_too_large_stands_its_text():
    data = {"text/html": "<table>" + "<tr><td>1</td></tr>" * 20_000 + "</table>", "text/plain": "a large table"}
    page = render(new_code_cell("x", outputs=[new_output("execute_result", data)]))
    assert "a large table" in page and "&lt;table&gt;" not in page


def test_of_an_output_that_changes_its_colour_all_the_time_the_text_is_shown():
    few, many = ("\x1b[31mred\x1b[m" * count for count in (10, 20_000))
    page = render(*(new_code_cell("x", outputs=[new_output("stream", text=text)]) for text in (few, many)))
    assert page.count(">red<") == 10 and "red" * 20_000 in page
