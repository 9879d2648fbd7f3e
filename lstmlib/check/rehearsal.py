"""Checking as a grader does, before it forks for the first notebook: what has run often, Python has made fast."""

import contextlib
import io

from lstmlib.check.checker import EXERCISES, check

_IDS = "lstm.forget_gate", "lstm.lstm_step_backward"
_ROUNDS = 3  # of six cases each; looking for words for a wrong result makes hundreds of rounds by itself


def rehearse():
    """Check functions that are right, wrong or unfinished. Nothing of it stays but the speed."""
    for exercise in (EXERCISES[each] for each in _IDS):
        right = _in_order(exercise.reference, exercise.arguments)
        for function in [right, _unfinished] * _ROUNDS + [_doubled(right)]:
            with contextlib.redirect_stdout(io.StringIO()):
                check(function, exercise.id).award(1)


def _in_order(reference, names):
    def function(*arguments):
        return reference(**dict(zip(names, arguments, strict=True)))

    return function


def _doubled(right):
    def function(*arguments):
        value = right(*arguments)
        return tuple(2 * part for part in value) if isinstance(value, tuple) else 2 * value

    return function


def _unfinished(*arguments):
    raise NotImplementedError
