"""The book says what the library does, and lets no answer out."""

import re
from textwrap import dedent

import pytest

from tests.conftest import ROOT

PAGES = sorted((ROOT / "book").glob("*.md"))
CELLS = ("rnn", "lstm", "gru")
LABEL = re.compile(r"^:label: (\S+)$", re.MULTILINE)
LABELS = {label for page in PAGES for label in LABEL.findall(page.read_text())}
MATH = {name: (ROOT / "lstmlib" / f"{name}.py").read_text() for name in ("activations", *CELLS)}
CITED_IN_COMMENT = re.compile(r"#.*?\b((?:rnn|lstm|gru)-[a-z-]+)")
CITED_IN_DOCSTRING = re.compile(r"equations? ([a-z-]+[a-z])(?: to ([a-z-]+[a-z]))?")


def cited(source):
    comments = CITED_IN_COMMENT.findall(source)
    return {*comments, *(label for pair in CITED_IN_DOCSTRING.findall(source) for label in pair if label)}


@pytest.mark.parametrize("module", MATH)
def test_every_equation_that_the_code_cites_stands_in_the_book(module):
    labels = cited(MATH[module])
    assert labels, "a cell that cites no equation cannot be read beside the book"
    assert labels <= LABELS


def test_every_equation_of_a_cell_is_cited_by_the_line_that_computes_it():
    of_cells = {label for label in LABELS if label.split("-")[0] in CELLS}
    assert len(of_cells) >= 14
    for label in of_cells:
        comments = CITED_IN_COMMENT.findall(MATH[label.split("-")[0]])
        assert label in comments, f"no line of {label.split('-')[0]}.py ends with # {label}"


SOLUTIONS = sorted((ROOT / "solutions").rglob("*.md"))
each_assignment = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
TO_A_SECTION = re.compile(r"\]\(((?:\.\./)*[\w/]+\.md)(?:#([\w?-]+))?\)")


@each_assignment
def test_exercises_cite_equations_of_the_book(path):
    text = TO_A_SECTION.sub("", re.sub(r"^nbgrader: .*$", "", path.read_text(), flags=re.MULTILINE))
    for label in re.findall(r"\b((?:rnn|lstm|gru|bptt|vanish)-[a-z-]+[a-z])\b", text):
        assert label in LABELS


@each_assignment
def test_links_of_exercises_lead_to_sections_of_the_book(path):
    """They work beside the book's text: in the folder of the course, wherever students copy the exercises in it."""
    for page, section in TO_A_SECTION.findall(path.read_text()):
        target = (path.parent / page).resolve()
        assert target.parent == ROOT / "book"
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not section or section in slugs, f"{page} has no section {section}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_code_on_a_page_fits_its_width(page):
    code = re.findall(r"^```(?:\{code-cell\}|python|shell).*?^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    for block in code:
        shown = re.sub(r"^---\n.*?^---\n", "", block, flags=re.DOTALL | re.MULTILINE)
        if "remove-input" in block or "remove-cell" in block:
            continue
        assert max(map(len, shown.splitlines())) <= 78, block


INCLUDED = re.compile(
    r"^```\{literalinclude\} (\S+)\n.*?^:start-at: \"(.+?)\"\n:end-at: \"(.+?)\"", re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_code_of_the_library_on_a_page_fits_its_width(page):
    for file, start, end in INCLUDED.findall(page.read_text()):
        source = (page.parent / file).read_text()
        begin = source.rindex("\n", 0, source.index(start)) + 1
        stop = source.index("\n", source.index(end, begin))
        assert max(map(len, dedent(source[begin:stop]).splitlines())) <= 78, source[begin:stop]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_figure_has_a_text_in_its_place(page):
    cells = re.findall(r"^```\{code-cell\}.*?^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    for cell in cells:
        if ("draw_" in cell or "plt.subplots" in cell) and "remove-cell" not in cell:
            assert "alt:" in cell, cell


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.stem)
def test_commands_of_nbgrader_that_a_page_names_exist(path):
    from nbgrader.apps.nbgraderapp import NbGraderApp  # takes seconds

    text = path.read_text()
    blocks = re.findall(r"^```shell\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    named = re.findall(r"`nbgrader\s+(\w+)", text) + re.findall(r"^nbgrader (\w+)", "".join(blocks), re.MULTILINE)
    assert set(named) <= set(NbGraderApp.subcommands)
