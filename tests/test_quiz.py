"""The quiz: right keys, a reason for each answer, one misconception each, and nothing that the book asks already."""

import ast
import difflib
import re
from fractions import Fraction

import numpy as np
import pytest

from lstmlib import GRU, LSTM, RNN
from lstmlib.activations import softmax
from lstmlib.check import check_choice, check_number
from lstmlib.gradients import half_life
from lstmlib.grading.authoring import read_notebook
from lstmlib.optim import Adam, clip_by_global_norm
from tests.conftest import ROOT

CELLS = read_notebook(ROOT / "solutions" / "quiz" / "quiz.md").cells
GRADED = {cell.id: cell for cell in CELLS if cell.metadata.get("nbgrader", {}).get("grade")}
PRACTICE = [
    question
    for page in sorted((ROOT / "book" / "questions").glob("*.md"))
    for question in re.findall(r"^\*\*(.*?)\*\*$", page.read_text(), re.MULTILINE | re.DOTALL)
] + re.findall(r"^\*\*\d\.\*\* (.*?)\n\n", (ROOT / "book" / "ledger.md").read_text(), re.MULTILINE | re.DOTALL)


def settings(cell):
    """What the graded cell passes to its check: key, feedback, explanation, tolerance."""
    values = {"tolerance": 0.01, "explanation": ""}
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Assign):
            values[node.targets[0].id] = eval(compile(ast.Expression(node.value), "quiz", "eval"), {})
        elif isinstance(node, ast.keyword) and node.arg in ("key", "tolerance"):
            values[node.arg] = eval(compile(ast.Expression(node.value), "quiz", "eval"), {})
    return values


CHOICES = {name: settings(cell) for name, cell in GRADED.items() if "check_choice" in cell.source}
NUMBERS = {name: settings(cell) for name, cell in GRADED.items() if "check_number" in cell.source}


def test_the_quiz_is_as_large_as_it_says():
    assert len(CHOICES) + len(NUMBERS) == len(GRADED) >= 25
    assert len(NUMBERS) >= 10
    assert sum("Runs as soon as there is a prediction" in cell.source for cell in CELLS) >= 3


def test_every_question_is_tagged_with_a_misconception_of_its_own():
    tags = [cell.metadata.get("misconception", "") for cell in GRADED.values()]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", tag) for tag in tags)
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("name", CHOICES)
def test_each_option_has_a_reason(name):
    found = CHOICES[name]
    assert set(found["feedback"]) == set("abcd")
    assert len(set(found["feedback"].values())) == 4
    for letter, sentence in found["feedback"].items():
        report = check_choice(letter, key=found["key"], feedback=found["feedback"])
        assert report.passed == (letter == found["key"])
        assert sentence in report.message
        assert found["feedback"][found["key"]] in report.message


def test_no_letter_is_a_good_guess():
    keys = [found["key"] for found in CHOICES.values()]
    assert max(map(keys.count, "abcd")) <= 0.4 * len(keys)
    assert min(map(keys.count, "abcd")) >= 0.1 * len(keys)


@pytest.mark.parametrize("name", NUMBERS)
def test_wrong_numbers_with_a_reason_are_wrong_and_told_apart(name):
    found = NUMBERS[name]
    numbers = [found["key"], *found["feedback"]]
    for number in numbers:
        report = check_number(number, **found)
        assert report.passed == (number == found["key"])
        assert found["explanation"] in report.message
        if number != found["key"]:
            assert found["feedback"][number] in report.message
    assert len(found["explanation"]) > 10


def adam_step():
    params = {"p": np.zeros(1)}
    Adam(params, learning_rate=0.01).step({"p": np.array([50.0])})
    return -params["p"].item()


def clipped():
    grads = {"W_h": np.full(4, 3.0), "b": np.full(4, 4.0)}
    clip_by_global_norm(grads, 5.0)
    return np.linalg.norm(grads["W_h"])


def halved():
    layer = LSTM(1, 1)
    for value in layer.params.values():
        value[:] = 0
    return layer.forward(np.zeros((3, 1, 1)), (np.zeros((1, 1)), np.full((1, 1), 8.0)))[1][1].item()


def by_difference(w, step=1e-6):
    def last(w):
        h = 0.0
        for _ in range(3):
            h = w * h + 1
        return h

    return (last(w + step) - last(w - step)) / (2 * step)


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("As many parameters as steps?", RNN(3, 5).size),
        ("Three steps by hand", by_difference(2.0)),
        ("One factor", (1 - 0.8**2) * 2.5),
        ("A bound for the sigmoid", 0.25**5),
        ("Clipping two arrays", clipped()),
        ("One entry by hand", 0.75 * 2 + 0.25 * -0.8),
        ("Predict, then run: all weights zero", halved()),
        ("Two streams into one cell", 0.1 + 0.5 * 0.8 * (1 - 0.6**2)),
        ("A bias for a share", np.log(0.9 / 0.1)),
        ("One entry of a GRU", (1 - 0.9) * -1 + 0.9 * 0.5),
        ("Parameters of a GRU", GRU(10, 20).size),
        ("Large logits", softmax(np.full(4, 1000.0))[0]),
        ("Predict, then run: the first step of Adam", adam_step()),
    ],
)
def test_keys_are_what_comes_out(title, value):
    text = "\n".join(cell.source for cell in CELLS)
    (number,) = re.findall(rf"^### (\d+)\. {re.escape(title)}$", text, re.MULTILINE)
    assert NUMBERS[f"answer-{number}-test"]["key"] == pytest.approx(value, rel=1e-4)


def test_a_bias_for_a_share_is_the_one_that_the_library_would_take():
    assert np.log(0.5) / np.log(0.9) == pytest.approx(half_life(np.log(9.0)))


def test_no_question_is_one_of_the_book():
    assert len(PRACTICE) > 25
    for cell in CELLS:
        if cell.cell_type == "markdown" and re.match(r"#+ .*", cell.source):
            text = cell.source.split("- **a**")[0]
            for question in PRACTICE:
                assert difflib.SequenceMatcher(None, text, question, autojunk=False).ratio() < 0.6, (text, question)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        *((0.25, 0.25), ("1/4", 0.25), (" 1 / 4 ", 0.25), ("2.5e-1", 0.25), ("\N{MINUS SIGN}0.5", -0.5), (-3, -3)),
        *((np.float32(0.5), 0.5), (np.int64(7), 7), (Fraction(1, 4), 0.25), (".5", 0.5), ("+2.", 2)),
        (np.array(0.5), 0.5),
    ],
)
def test_numbers_are_read_in_many_forms(answer, number):
    assert check_number(answer, key=number).passed
    assert f"recorded as {number:g}." in check_number(answer).message


def test_nobody_reads_of_a_negative_zero():
    for answer in (-0.0, "-0", np.float64(-0.0)):
        assert "recorded as 0." in check_number(answer).message
        assert "Your answer 0 is not right." in check_number(answer, key=1).message


class Odd(float):
    """A number that can't be looked at."""

    def __float__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("key", [None, 0.5])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        *(("", "nothing yet"), (None, "nothing yet"), ("   ", "nothing yet"), ("0,5", "decimal point")),
        *(("50 %", "0.5 for 50 %"), ("1/0", "finite"), (float("nan"), "finite"), ("1e999", "finite")),
        *(("a half", "'a half'"), ("2**3", "'2**3'"), (True, "type bool"), (1j, "type complex"), ([0.5], "type list")),
        *((10**400, "type int"), (Odd(0.5), "type Odd"), (np.array([0.5]), "type ndarray"), ("1/2/3", "'1/2/3'")),
        *(("1,880", "thousands or for decimals"), ("-1,880,000.5", "thousands or for decimals")),
        *(("0,125", "point in the place of the comma"), ("1,3e2", "'1,3e2'"), ("12,3456", "in the place of the comma")),
        *(((1, 3), "in the place of the comma"), ((1, 880), "thousands or for decimals"), ((1, 3, 5), "type tuple")),
        *(((1.0, 3), "type tuple"), ((True, 3), "type tuple"), ((10**5000, 3), "type tuple")),
        *((print, "type builtin_function"), ("9" * 10**5, "999")),
    ],
)
def test_what_is_no_number_is_refused_in_words_and_gets_nothing(answer, said, key):
    report = check_number(answer, key=key)
    assert report.points(1) == 0
    assert report.diagnosis == "unreadable-answer"
    assert said in report.message
    assert len(report.message) < 300


@pytest.mark.parametrize(
    "answer",
    [
        *("b\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}B", "\r\nb)\N{EM SPACE}", "\N{FULLWIDTH LATIN SMALL LETTER B}"),
        *("b,", "b;", "[b]", "'b'", '"b"', "**b**", "`b`", "“b”"),
    ],
)
def test_a_letter_is_read_whatever_stands_around_it_and_however_wide_it_is(answer):
    assert check_choice(answer, key="b").passed
    assert "recorded as b." in check_choice(answer).message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("\N{CYRILLIC SMALL LETTER ES}", r"'\u0441', Cyrillic small letter es:"),
        ("(\N{CYRILLIC CAPITAL LETTER A})", r"'\u0430', Cyrillic small letter a:"),
        ("\x9f", r"'\x9f', No letter:"),
    ],
)
def test_a_letter_that_only_looks_right_is_called_what_it_is(answer, said):
    report = check_choice(answer, key="c")
    assert report.diagnosis == "unreadable-answer"
    assert said in report.message
    assert "Latin" not in check_choice("e", key="c").message
