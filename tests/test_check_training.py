"""The exercises on training: every wrong function of the bank loses marks, and its mistake is named."""

import time

import numpy as np
import pytest

from lstmlib import LSTM, tasks
from lstmlib.check import check
from lstmlib.optim import SGD, clip_by_global_norm
from lstmlib.train import Model
from tests.banks.training import WRONG, train_in_loop

CASES = [(exercise, k) for exercise, bank in WRONG.items() for k in range(len(bank))]


@pytest.mark.parametrize(("exercise", "number"), CASES, ids=lambda value: str(value).removeprefix("training."))
def test_a_wrong_function_loses_marks_and_its_mistake_is_named(exercise, number):
    diagnosis, function = WRONG[exercise][number]
    for seed in (0, 1, 2):
        report = check(function, exercise, seed=seed)
        assert not report.passed
        assert report.points(6) < 6
        assert (report.diagnosis or "") == diagnosis, report


def test_a_check_is_quick():
    for exercise, bank in WRONG.items():
        for _, function in bank:
            start = time.perf_counter()
            check(function, exercise)
            assert time.perf_counter() - start < 2, exercise


@pytest.mark.parametrize(
    ("exercise", "function", "passed"),
    [
        ("training.sequence_loss", 6, ["values of loss"]),
        ("training.clip", 3, ["values of the norm that is returned", "values of the gradients afterwards"]),
        (
            "training.clip",
            19,
            ["values of the norm that is returned", "gradients that are short already stay as they are"],
        ),
        ("training.adam_step", 5, ["values of the running means", "values of the running means of squares"]),
    ],
)
def test_each_property_earns_its_part(exercise, function, passed):
    report = check(WRONG[exercise][function][1], exercise)
    assert [part.name for part in report.parts if part.passed] == passed
    assert 0 < report.points(5) < 5


def test_the_loop_of_the_exercise_trains_a_network():
    """What the check calls right is also what makes the loss fall."""
    model = Model(LSTM(6, 12, rng=0), 4, rng=1)
    losses = train_in_loop()(
        model,
        lambda rng: tasks.temporal_order(rng, 10, 32),
        SGD(model.params, 1.0, momentum=0.9),
        lambda grads: clip_by_global_norm(grads, 1.0),
        150,
        np.random.default_rng(0),
    )
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])


def test_a_model_that_is_passed_to_the_loop_is_the_caller_s_own():
    """The optimiser holds the arrays of the model, also in the copies that the check hands out."""

    def train(model, draw, optimiser, clip, iterations, rng):
        assert all(value is optimiser.params[name] for name, value in model.params.items())
        return train_in_loop()(model, draw, optimiser, clip, iterations, rng)

    assert check(train, "training.train").passed


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda losses: losses[-1], "got a value of type float. Are all of them appended"),
        (lambda losses: dict(enumerate(losses)), "got a value of type dict. Are all of them appended"),
        (lambda losses: set(losses), "got a value of type set. Are all of them appended"),
        (lambda losses: losses[:1], "got 1. Is the return behind the loop?"),
        (lambda losses: losses + losses, "got 8. Is each loss appended once?"),
    ],
)
def test_of_too_many_or_too_few_losses_the_question_fits(result, said):
    assert said in check(train_in_loop(result=result), "training.train").message
