"""No answer, no solution line, no graded seed and no quiz key leaves the instructor's side."""

import html
import json
import re
from pathlib import Path

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from lstmlib.grading.authoring import FOR_INSTRUCTORS, read_notebook
from tests.conftest import ROOT

SOLUTIONS = sorted((ROOT / "solutions").rglob("*.md"))
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
SOLVED = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
MARKS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "END HIDDEN")
# The released notebooks import these by themselves.
SHOWN = {f"from lstmlib.check import {name}" for name in ("check", "check_choice", "check_number")}
TEXT = {".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt", ".inv", ".xml", ".rst", ""}


def secrets(path):
    """What an instructor's notebook holds that a student must not see."""
    found = set()
    for cell in read_notebook(path).cells:
        found |= {cell.metadata[name] for name in FOR_INSTRUCTORS if name in cell.metadata}
        if cell.cell_type != "code":
            if cell.metadata.get("nbgrader", {}).get("solution"):  # a model answer and its rubric
                found |= {line.strip() for line in cell.source.splitlines() if line.strip()}
            continue
        regions = [*HIDDEN.findall(cell.source), *SOLVED.findall(cell.source)]
        if "stub" in cell.metadata:
            regions.append(cell.source)
        found |= {line.strip() for region in regions for line in region.splitlines() if len(line.strip()) > 3}
        found |= set(re.findall(r"seed=(\d+)", cell.source))
        found |= set(re.findall(r'key="\w"', cell.source))
    return found - SHOWN


def normal(text):
    """One kind of quotation mark, and no blanks: neither hides a secret."""
    return re.sub(r"\s+", "", text.replace("'", '"'))


def text_of(path):
    """What someone can read in a file: a notebook's strings, a page without its markup."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".ipynb":
        return "\n".join(_strings(json.loads(text)))
    if path.suffix == ".html":
        return text + html.unescape(re.sub(r"<[^>]*>", "", text))
    return text


def _strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        if all(isinstance(item, str) for item in node):
            yield "".join(node)
        else:
            for item in node:
                yield from _strings(item)
    elif isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)


def leaks(files):
    everything = set().union(*map(secrets, SOLUTIONS))
    assert len(everything) > 40, "the search for secrets finds too few to be believed"
    return [f"{file}: {secret}" for file in files for secret in [*everything, *MARKS] if _is_in(secret, file)]


def _is_in(secret, file, texts={}):  # noqa: B006 - the texts of the files, read once
    if file not in texts:
        text = text_of(file)
        texts[file] = text, normal(text)
    text, packed = texts[file]
    return re.search(rf"(?<!\w){secret}(?!\w)", text) if secret.isdigit() else normal(secret) in packed


def files_below(folder):
    """All files with text that are not part of MathJax or the theme."""
    found = [
        path
        for path in Path(folder).rglob("*")
        if path.is_file() and path.suffix in TEXT and not {"mathjax", "vendor", "scripts"} & set(path.parts)
    ]
    assert found, f"nothing below {folder}"
    return found


def test_no_secret_is_in_the_exercises():
    assert leaks(files_below(ROOT / "exercises")) == []


def test_no_secret_is_in_the_built_book_nor_in_its_downloads():
    files = files_below(ROOT / "_build" / "html")
    assert {"_sources", "book"} <= {path.relative_to(ROOT / "_build" / "html").parts[0] for path in files}
    assert leaks(files) == []


@pytest.mark.parametrize("form", ["text", "sentence", "single quotes", "notebook", "page"])
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_search_finds_a_secret_that_got_out(path, form, tmp_path):
    """Each secret, put into an innocent file in one of the ways in which it could get there, is found."""
    for number, secret in enumerate(sorted(secrets(path))):
        name, content = {
            "text": ("file.md", f"innocent text\n    {secret}\nmore of it\n"),
            "sentence": ("file.txt", f"by the way, it is {secret}, as you know"),
            "single quotes": ("file.py", secret.replace('"', "'")),
            "notebook": ("file.ipynb", json.dumps({"cells": [{"source": ["x = 1\n", f"{secret}\n"]}]})),
            "page": ("file.html", f"<p>Look:</p>{highlight(secret, PythonLexer(), HtmlFormatter())}"),
        }[form]
        file = tmp_path / f"{number}-{name}"
        file.write_text(content)
        assert _is_in(secret, file), content
    files = files_below(tmp_path)
    assert {leak.split(": ")[0] for leak in leaks(files)} == set(map(str, files))


def test_every_graded_cell_draws_data_of_its_own():
    text = "".join(path.read_text() for path in SOLUTIONS)
    seeds = re.findall(r"seed=(\d+)", text)
    assert len(set(seeds)) == len(seeds) == text.count("check(globals()")
    assert min(map(int, seeds)) > 1000  # not among those that a student would try first


def test_exercises_hold_nothing_but_notebooks_of_assignments():
    expected = {path.relative_to(ROOT / "solutions").with_suffix(".ipynb") for path in SOLUTIONS}
    found = {path.relative_to(ROOT / "exercises") for path in files_below(ROOT / "exercises")}
    assert {path for path in found if ".ipynb_checkpoints" not in path.parts} == expected
