"""Banks of wrong and of right solutions, written as students write them.

An entry of a wrong bank is a pair: the diagnoses that are true of it, separated by ``|``, and the code, which is an
expression, the body of the function, or a function. A right bank holds code alone.

``python -m tests.banks`` prints how many of the wrong ones are named, and how long a check takes.
"""

import ast
import textwrap

import numpy as np
import scipy.special

from lstmlib.activations import sigmoid
from lstmlib.check.checker import EXERCISES, OWN_CHECKS

NAMES = {"np": np, "sigmoid": sigmoid, "tanh": np.tanh, "expit": scipy.special.expit}


def make(exercise_id, code):
    """Make the function that a student has written."""
    if callable(code):
        return code
    arguments = () if exercise_id in OWN_CHECKS else EXERCISES[exercise_id].arguments
    name = exercise_id.split(".")[1]
    code = textwrap.dedent(code).strip()
    try:
        ast.parse(code, mode="eval")
        code = f"return ({code})"
    except SyntaxError:
        pass
    scope = dict(NAMES)
    exec(f"def {name}({', '.join(arguments)}):\n{textwrap.indent(code, '    ')}", scope)
    return scope[name]


def vary(code):
    """Return a function that gives `code` with changes: pairs of old and new text."""

    def varied(*changes):
        changed = code
        for old, new in changes:
            assert old in changed, old
            changed = changed.replace(old, new)
        return changed

    return varied


from tests.banks import gru, lstm, rnn, training  # noqa: E402 - they are made with the functions above

WRONG = rnn.WRONG | lstm.WRONG | gru.WRONG | training.WRONG
RIGHT = rnn.RIGHT | lstm.RIGHT | gru.RIGHT | training.RIGHT
