"""One call of a student's function, compared with the reference."""

from dataclasses import dataclass

import numpy as np

from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.guard import Call, OutOfTime

# Wide enough for a solution in float32, far narrower than the effect of any mistake on the data of a check.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Result:
    """What one case showed.

    Attributes
    ----------
    case : Case
    call : Call
    expected : tuple of ndarray
    got : tuple of ndarray or None
        The outputs; None if the call gave nothing that could be compared.
    diagnosis, complaint : str
        Why nothing could be compared, as an id and in words; empty if values can be compared.
    """

    case: Case
    call: Call
    expected: tuple[np.ndarray, ...]
    got: tuple[np.ndarray, ...] | None = None
    diagnosis: str = ""
    complaint: str = ""

    @property
    def ordinary(self):
        return self.case.kind == "ordinary"

    @property
    def batch_size(self):
        return len(next(iter(self.case.arguments.values())))  # every exercise's first argument has a row per example

    @property
    def right(self):
        """One bool per output."""
        if self.got is None:
            return (False,) * len(self.expected)
        return tuple(map(close, self.got, self.expected))

    @property
    def timed_out(self):
        return isinstance(self.call.raised, OutOfTime)

    @property
    def finite(self):
        return self.got is not None and all(np.isfinite(value).all() for value in self.got)


def compare(exercise: Exercise, case: Case, call: Call) -> Result:
    """Turn what a call returned into arrays and set the reference beside them."""
    expected = exercise.reference(**case.arguments)

    def nothing(diagnosis, complaint, got=None):
        return Result(case, call, expected, got, diagnosis, complaint)

    if call.raised is not None:
        return nothing("raises", _raised(call))
    if call.returned is None:
        return nothing("returns-none", "The function returns None. It should end with: return, then the result.")
    returned = call.returned if len(expected) > 1 else (call.returned,)
    if not isinstance(returned, (tuple, list)) or len(returned) != len(expected):
        names = ", ".join(exercise.outputs)
        return nothing("wrong-shape", f"Expected {len(expected)} results ({names}), got {_kind(call.returned)}.")
    try:
        got = tuple(np.asarray(value, dtype=float) for value in returned)
    except (TypeError, ValueError):
        return nothing("wrong-shape", f"Expected an array of numbers, got {_kind(call.returned)}.")
    for name, value, right in zip(exercise.outputs, got, expected, strict=True):
        if value.shape != right.shape:
            return nothing("wrong-shape", f"{name} should have shape {right.shape}, yours has {value.shape}.", got)
    return Result(case, call, expected, got)


def close(got, expected):
    """Whether two arrays have the same shape and, up to `TOLERANCE`, the same values."""
    return got.shape == expected.shape and np.allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


def first_difference(exercise, result):
    """The first differing element in words: which, how many, expected, received."""
    for name, got, right in zip(exercise.outputs, result.got, result.expected, strict=True):
        wrong = ~np.isclose(got, right, rtol=TOLERANCE, atol=TOLERANCE)
        if wrong.any():
            index = tuple(int(k) for k in np.argwhere(wrong)[0])
            return (
                f"{_outside(name, got, right)}{wrong.sum()} of {wrong.size} entries of {name} differ. "
                f"First: {name}{list(index)} should be {right[index]:.6g}, yours is {got[index]:.6g}."
            )
    return ""


def _outside(name, got, right):
    """A sentence if `got` leaves the interval in which every right answer lies."""
    low, high = (0, 1) if right.min() >= 0 else (-1, 1)
    if np.abs(right).max() > 1 or not np.isfinite(got).all() or (got.min() >= low and got.max() <= high):
        return ""
    return f"{name} lies between {low} and {high}; yours reaches from {got.min():.4g} to {got.max():.4g}. "


def _raised(call):
    if isinstance(call.raised, OutOfTime):
        return f"The function gave {call.raised}. Is there a loop that never ends?"
    if isinstance(call.raised, SystemExit):
        return "The function ends the program (sys.exit or exit). It should return its result instead."
    where = f"\nin the line: {call.where}" if call.where else ""
    return f"The function raised {type(call.raised).__name__}: {call.raised}{where}"


def _kind(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
