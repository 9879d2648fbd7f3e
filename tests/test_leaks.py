"""No answer, no solution line, no graded seed and no quiz key leaves the instructor's side."""

import json
import re
from pathlib import Path

import pytest

from lstmlib.grading.authoring import read_notebook
from tests.conftest import ROOT

SOLUTIONS = sorted((ROOT / "solutions").rglob("*.md"))
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
SOLVED = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
MARKS = ("BEGIN SOLUTION", "BEGIN HIDDEN", "END HIDDEN")


def lines(text):
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 3}


def secrets(path):
    """What the text of an instructor's notebook holds that a student must not see."""
    found = set()
    for cell in read_notebook(path).cells:
        if cell.cell_type != "code":
            continue
        for region in [*HIDDEN.findall(cell.source), *SOLVED.findall(cell.source)]:
            found |= lines(region)
        if "stub" in cell.metadata:
            found |= lines(cell.source)
        found |= set(re.findall(r"seed=(\d+)", cell.source))
        found |= set(re.findall(r'key="\w"', cell.source))
    return found - shown(path)


def shown(path):
    """Lines that the released notebook shows on purpose, such as an import that the hidden tests repeat."""
    return {"from lstmlib.check import check", "from lstmlib.check import check_choice", "}"}


def text_of(path):
    """What someone can read in a file: of a notebook, the sources and outputs as they are displayed."""
    if path.suffix == ".ipynb":
        return "\n".join(_strings(json.loads(path.read_text())))
    return path.read_bytes().decode("utf-8", "replace")


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
    return [
        f"{file}: {secret}"
        for file in files
        for text in [text_of(file)]
        for secret in [*everything, *MARKS]
        if re.search(rf"(?<![\w=] ){re.escape(secret)}" if secret.isdigit() else re.escape(secret), text)
    ]


def files_below(folder, *suffixes):
    found = [path for path in Path(folder).rglob("*") if path.is_file() and (not suffixes or path.suffix in suffixes)]
    assert found, f"nothing below {folder}"
    return found


def test_no_secret_is_in_the_exercises():
    assert leaks(files_below(ROOT / "exercises")) == []


def test_no_secret_is_in_the_downloads_of_the_built_book():
    built = ROOT / "_build" / "html"
    assert leaks([*files_below(built / "_sources"), *built.rglob("*.ipynb")]) == []


def test_no_secret_is_on_a_page_of_the_built_book():
    assert leaks(files_below(ROOT / "_build" / "html", ".html", ".json")) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_search_finds_a_secret_that_got_out(path, tmp_path):
    """One secret of each kind, put into an innocent file, is found."""
    for number, secret in enumerate(secrets(path)):
        (tmp_path / f"{number}.md").write_text(f"innocent text\n    {secret}\nmore of it\n")
    files = files_below(tmp_path)
    assert {leak.split(": ")[0] for leak in leaks(files)} == set(map(str, files))


def test_every_graded_cell_draws_data_of_its_own():
    text = "".join(path.read_text() for path in SOLUTIONS)
    seeds = re.findall(r"seed=(\d+)", text)
    assert len(set(seeds)) == len(seeds) == text.count("check(globals()")
    assert min(map(int, seeds)) > 1000  # not among those that a student would try first


def test_exercises_hold_nothing_but_notebooks_of_assignments():
    expected = {path.relative_to(ROOT / "solutions").with_suffix(".ipynb") for path in SOLUTIONS}
    assert {path.relative_to(ROOT / "exercises") for path in files_below(ROOT / "exercises")} == expected
