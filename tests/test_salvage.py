"""Whatever a file holds becomes a valid notebook with all cells that can be read, and what was wrong is told."""

import json
import time

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lstmlib.grading import salvage
from lstmlib.grading.messages import told
from lstmlib.grading.salvage import LARGEST, read_notebook

CELLS = [
    new_markdown_cell("# Über", id="title"),
    new_code_cell("x = '{'", id="work", metadata={"nbgrader": {"grade_id": "work"}}),
    new_code_cell("x", id="test"),
]
TEXT = json.dumps(new_notebook(cells=CELLS), indent=1, ensure_ascii=False)
SOURCES = [cell.source for cell in CELLS]


def read(data):
    notebook, repairs = read_notebook(data if isinstance(data, bytes) else data.encode())
    nbformat.validate(notebook)
    assert notebook.nbformat == 4
    return [cell.source for cell in notebook.cells], repairs


def changed(**changes):
    return json.dumps(json.loads(TEXT) | changes)


def with_cell(**changes):
    notebook = json.loads(TEXT)
    notebook["cells"][1] |= changes
    return json.dumps(notebook)


def test_a_sound_notebook_is_read_without_a_word():
    assert read(TEXT) == (SOURCES, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings(encoding):
    sources, repairs = read(TEXT.encode(encoding))
    assert sources == SOURCES
    assert len(repairs) == 1 and "encoded in" in repairs[0]


@pytest.mark.parametrize("version", [3, 5, 99, "4", None])
def test_any_version_that_has_cells_is_read_as_the_present_one(version):
    sources, repairs = read(changed(nbformat=version))
    assert sources == SOURCES
    assert repairs == [f"format version {version!r}: read as version 4"]


def test_a_later_minor_version_is_nothing_to_speak_of():
    assert read(changed(nbformat_minor=99)) == (SOURCES, [])


def test_worksheets_of_version_3_are_converted():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"metadata": {}, "cells": [
            {"cell_type": "code", "collapsed": False, "input": "x = 1", "language": "python", "metadata": {},
             "outputs": [], "prompt_number": 1},
            {"cell_type": "heading", "level": 2, "source": "Here", "metadata": {}},
        ]}],
    }  # fmt: skip
    assert read(json.dumps(old)) == (["x = 1", "## Here"], ["format version 3: converted to version 4"])


def test_of_a_file_that_was_cut_all_whole_cells_are_kept():
    for end in range(0, len(TEXT), 3):
        sources, repairs = read(TEXT.encode()[:end])
        assert sources == SOURCES[: len(sources)]
        assert repairs or end == len(TEXT)
    assert read(TEXT[: TEXT.rindex("]")])[0] == SOURCES


def test_one_lost_comma_costs_no_cell():
    sources, repairs = read(TEXT.replace("},\n  {", "}\n  {", 1))
    assert sources == SOURCES
    assert len(repairs) == 1 and "broken JSON" in repairs[0] and "3 whole cells" in repairs[0]


def test_of_a_conflict_of_git_the_first_version_is_taken():
    line = '   "source": "x = \'{\'",'
    assert line in TEXT
    both = f"<<<<<<< HEAD\n{line}\n=======\n{line.replace('x', 'y')}\n>>>>>>> other"
    sources, repairs = read(TEXT.replace(line, both))
    assert sources == SOURCES
    assert len(repairs) == 1 and "conflict" in repairs[0]


def test_thousands_of_conflict_marks_take_no_time():
    started = time.monotonic()
    read("<<<<<<<\n|||||||\n=======\n" * 50_000)
    assert time.monotonic() - started < 5  # a backtracking search would take years


DEEP = '{"cells": [' + '{"k":' * 900
LONG = "1," * 2**16


@pytest.mark.parametrize("text", [
    DEEP + "[" + LONG, DEEP + '"' + LONG, DEEP + "[" + LONG + "[" * 100_000, DEEP + "1" * 2**16,
    '{"cells": [' + "\n" * 2**16 + "{" * 900,
], ids=["a list", "a text", "too deep", "a number", "lines"])  # fmt: skip
def test_a_broken_file_is_parsed_a_few_times_at_most(text, monkeypatch):
    parsed, lines = [], []

    class Counting(json.JSONDecoder):
        def raw_decode(self, text, idx=0):
            try:
                return super().raw_decode(text, idx)
            except (ValueError, RecursionError) as error:
                lines.append(getattr(error, "lineno", 1))
                parsed.append(1 if text.startswith("{{", idx) else len(text) - idx)
                raise

    monkeypatch.setattr(json, "JSONDecoder", Counting)
    monkeypatch.setattr(salvage, "AGAIN", 0, raising=False)
    assert read(text)[0] == []
    assert len(text) < sum(parsed) < 8 * len(text)
    assert sum(lines[1:]) == len(lines) - 1  # each would be counted at each failure


def test_when_too_much_is_parsed_again_whole_cells_behind_the_damage_are_still_read(monkeypatch):
    monkeypatch.setattr(salvage, "AGAIN", 0, raising=False)
    nested = '{"k":' * 500 + "[" + "1," * 500 + "wrong" + "}" * 500
    assert read(TEXT.replace('"cells": [', '"cells": [' + nested + ","))[0] == SOURCES


def test_thousands_of_broken_cells_are_told_in_a_few_lines():
    sources, repairs = read(json.dumps({"nbformat": 4, "cells": [{}] * 20_000}))
    assert len(sources) == 5_000
    assert len(told(repairs)) == 201 and told(repairs)[-1] == f"and {len(repairs) - 200} more"


@pytest.mark.parametrize("metadata", [
    {"language_info": {}}, {"language_info": {"name": 3}}, {"kernelspec": {}}, {"kernelspec": {"name": "x"}}, [], None,
])  # fmt: skip
def test_damaged_metadata_of_a_notebook_cost_nothing(metadata):
    assert read(changed(metadata=metadata)) == (SOURCES, [])


@pytest.mark.parametrize("wrong", [None, 3, [], {}, "\ud800", "two\nlines"])
@pytest.mark.parametrize("name", ["mimetype", "file_extension", "pygments_lexer", "codemirror_mode", "version"])
def test_of_the_language_only_what_is_wrong_is_dropped(name, wrong):
    data = changed(metadata={"language_info": {"name": "python", "version": "3.12", name: wrong}})
    assert read(data) == (SOURCES, [])
    kept = {"name": "python", "version": "3.12"}
    kept.pop(name, None)
    notebook, _ = read_notebook(data.encode())
    assert notebook.metadata == {"language_info": kept}
    nbformat.writes(notebook).encode()


def test_metadata_that_are_deeper_than_python_can_go_are_no_end():
    deep = json.loads('{"a":' * 400 + "1" + "}" * 400)
    read(with_cell(metadata={"nbgrader": deep}))


NO_NOTEBOOKS = ["", "<html>Log in</html>", "[1, 2]", "[" * 100_000, '{"a":' * 100_000, "null", '{"cells": 3}', "\0" * 9]


@pytest.mark.parametrize("data", NO_NOTEBOOKS)
def test_where_there_is_no_cell_the_notebook_is_empty(data):
    sources, repairs = read(data)
    assert sources == []
    assert repairs[-1] == "no cell could be read: graded as if nothing was handed in"


def test_a_huge_file_is_not_read():
    sources, repairs = read(b" " * (LARGEST + 1))
    assert sources == [] and "more than" in repairs[0]


@pytest.mark.parametrize("changes", [
    {"metadata": None}, {"metadata": []}, {"cell_type": "coda"}, {"cell_type": None}, {"cell_type": ["code"]},
    {"source": ["x = ", "'{'"]}, {"source": 3}, {"source": None}, {"source": [1]}, {"id": "two words"}, {"id": 3},
    {"id": "title"}, {"outputs": None}, {"outputs": [{}]}, {"execution_count": "one"}, {"attachments": 3},
    {"metadata": {"nbgrader": "nonsense"}}, {"metadata": {"tags": "all"}}, {"metadata": {"collapsed": "yes"}},
])  # fmt: skip
def test_each_damaged_cell_becomes_a_valid_one(changes):
    sources, _ = read(with_cell(**changes))
    assert len(sources) == 3
    assert sources[::2] == SOURCES[::2]
    if "source" not in changes or changes["source"] == ["x = ", "'{'"]:
        assert sources == SOURCES


def test_what_is_no_cell_is_left_out():
    notebook = json.loads(TEXT)
    notebook["cells"].insert(1, "not a cell")
    assert read(json.dumps(notebook)) == (SOURCES, ["cell 2: is no cell, left out"])


def test_tags_are_removed_for_they_steer_execution():
    tagged = with_cell(metadata={"tags": ["skip-execution"], "nbgrader": {"grade_id": "work"}})
    sources, repairs = read(tagged)
    assert sources == SOURCES
    assert repairs == ["tags of 1 cells, which could steer execution: removed"]
    notebook, _ = read_notebook(tagged.encode())
    assert [dict(cell.metadata) for cell in notebook.cells] == [{}, {"nbgrader": {"grade_id": "work"}}, {}]


NAMES = ["cells", "metadata", "source", "cell_type", "nbformat", "worksheets", "id", "outputs", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_gives_a_valid_notebook(value):
    read(json.dumps(value))


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_any_bytes_give_a_valid_notebook(data):
    read(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TEXT)), st.text(max_size=5))
def test_a_scratch_in_a_notebook_gives_a_valid_notebook(position, scratch):
    read(TEXT[:position] + scratch + TEXT[position + 1 :])
