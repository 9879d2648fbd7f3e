"""No wrong answer passes, no right answer fails, and the mistake is named: proved on banks of solutions."""

import pytest

from lstmlib.check import check
from lstmlib.check.checker import EXERCISES, OWN_CHECKS
from tests.banks import RIGHT, WRONG, make

SEEDS = (0, 1, 2)
EXPECTED_SHARE = 0.95
SMALL = ("rnn.sigmoid_slope", "rnn.tanh_slope")  # a line each, with fewer ways to miss it


def test_every_exercise_has_banks():
    assert WRONG.keys() == RIGHT.keys() == {*EXERCISES, *OWN_CHECKS}
    for name, bank in WRONG.items():
        assert len({code for _, code in bank}) == len(bank), f"{name}: the same twice"
        assert len(bank) >= (13 if name in SMALL else 15)
        assert len(RIGHT[name]) >= 5


@pytest.mark.parametrize("exercise", WRONG)
def test_no_wrong_solution_keeps_all_its_points_and_none_gets_a_false_name(exercise):
    for accepted, code in WRONG[exercise]:
        for seed in SEEDS:
            report = check(make(exercise, code), exercise, seed=seed)
            assert not report.passed, code
            assert report.points(100) < 100, code
            assert report.diagnosis is None or report.diagnosis in accepted.split("|"), f"{code}\n{report}"


def test_of_a_hundred_wrong_solutions_at_least_95_are_named():
    unnamed = [
        f"{exercise}: {code}"
        for exercise, bank in WRONG.items()
        for accepted, code in bank
        if check(make(exercise, code), exercise).diagnosis not in accepted.split("|")
    ]
    total = sum(map(len, WRONG.values()))
    named = 1 - len(unnamed) / total
    print(f"{named:.1%} of {total} wrong solutions are named; not named:", *unnamed, sep="\n")
    assert named >= EXPECTED_SHARE


@pytest.mark.parametrize("exercise", RIGHT)
def test_right_solutions_get_full_marks_however_they_are_written(exercise):
    for code in RIGHT[exercise]:
        for seed in range(10):
            report = check(make(exercise, code), exercise, seed=seed)
            assert report.passed, f"{code}\n{report}"
            assert report.diagnosis is None
            assert report.points(3) == 3
