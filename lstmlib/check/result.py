"""One call of a student's function, compared with the reference."""

from dataclasses import dataclass

import numpy as np

from lstmlib.check.exercise import Case, Exercise
from lstmlib.check.guard import Call, OutOfTime, call

# Wide enough for a solution in float32, far narrower than the effect of any mistake on the data of a check.
TOLERANCE = 1e-5
LONGEST = 500  # characters of a student's own text in a report
NOT_WRITTEN = (
    "Not written yet: the function still raises NotImplementedError. "
    "If you have written it, see that yours is the last definition that runs before this cell."
)


class UnreadableError(Exception):
    """What was returned cannot be compared; the message says what was expected and what came."""

    def __init__(self, diagnosis, message):
        super().__init__(message)
        self.diagnosis = diagnosis


@dataclass(frozen=True, eq=False)
class Result:
    """What one case showed.

    Attributes
    ----------
    case : Case
    call : Call
    expected : tuple of ndarray
    got : tuple of (ndarray or None), or None
        The outputs, in whatever shapes they came; None in the place of what are no numbers, and of the whole if
        the call gave nothing that could be compared.
    right : tuple of bool
        One per output.
    diagnosis, complaint : str
        Why something could not be compared, as an id and in words; empty if all values can be.
    """

    case: Case
    call: Call
    expected: tuple[np.ndarray, ...]
    got: tuple[np.ndarray | None, ...] | None
    right: tuple[bool, ...]
    diagnosis: str = ""
    complaint: str = ""

    @property
    def ordinary(self):
        return self.case.kind != "extreme"

    @property
    def readable(self):
        """Whether all outputs are arrays of numbers, of any shape."""
        return self.got is not None and all(value is not None for value in self.got)

    @property
    def timed_out(self):
        return isinstance(self.call.raised, OutOfTime)

    @property
    def finite(self):
        return self.got is not None and all(value is None or np.isfinite(value).all() for value in self.got)


def try_case(exercise: Exercise, case: Case, function) -> Result:
    """Call a student's function on one case and set the reference beside what it returns."""
    expected = exercise.expected(case.arguments)
    function = exercise.adapt(function)
    made = call(function, case.arguments, lambda returned: _read(returned, exercise.outputs, expected))
    made.changed = [name for name in made.changed if name not in exercise.in_place]
    if made.raised is not None:
        diagnosis = made.raised.diagnosis if isinstance(made.raised, UnreadableError) else "raises"
        return Result(case, made, expected, None, (False,) * len(expected), diagnosis, raised_words(made))
    got, complaint = made.value
    right = tuple(value is not None and close(value, other) for value, other in zip(got, expected, strict=True))
    return Result(case, made, expected, got, right, "wrong-shape" if complaint else "", complaint)


def close(got, expected, equal_nan=False):
    """Whether two arrays have the same shape and, up to `TOLERANCE`, the same values."""
    if got.shape != expected.shape:
        return False
    alike = (np.abs(got - expected) <= TOLERANCE * (1 + np.abs(expected))) | (got == expected)
    return bool((alike | (equal_nan & np.isnan(got) & np.isnan(expected))).all())


def first_difference(exercise, result):
    """The first differing element in words: which, how many, expected, received."""
    for name, got, right in zip(exercise.outputs, result.got, result.expected, strict=True):
        if got is None or got.shape != right.shape:
            continue
        wrong = ~(np.abs(got - right) <= TOLERANCE * (1 + np.abs(right)))
        if wrong.any():
            index = tuple(int(k) for k in np.argwhere(wrong)[0])
            numbers = f"should be {right[index] + 0:.6g}, yours is {got[index] + 0:.6g}."  # no -0
            if not index:
                return f"{name} {numbers}"
            return (
                f"{_outside(name, got, exercise.ranges)}{wrong.sum()} of {wrong.size} entries of {name} differ. "
                f"First: {name}{list(index)} {numbers}"
            )
    return ""


def _outside(name, got, ranges):
    """A sentence if `got` leaves the range of what it should be, where there is one."""
    low, high = ranges.get(name, (-np.inf, np.inf))
    if not np.isfinite(got).all() or (got.min() >= low and got.max() <= high):
        return ""
    return f"{name} lies between {low:g} and {high:g}; yours reaches from {got.min() + 0:.4g} to {got.max() + 0:.4g}. "


def _read(returned, names, expected):
    """The outputs as arrays of their own, and a complaint about the first that is none or has a wrong shape.

    Raises
    ------
    UnreadableError
        If what was returned is not one thing for each name.
    """
    if returned is None:
        raise UnreadableError("returns-none", "The function returns None. It should end with: return, then the result.")
    if len(names) == 1:
        if isinstance(returned, tuple):
            raise UnreadableError("wrong-shape", f"Expected one array, got {_kind(returned)}. Is a comma too many?")
        returned = (returned,)
    elif not isinstance(returned, (tuple, list, np.ndarray)) or len(returned) != len(names):
        expectation = f"{len(names)} results ({', '.join(names)})"
        raise UnreadableError("wrong-shape", f"Expected {expectation}, got {_kind(returned)}.")
    read = list(map(_numbers, names, returned, expected))
    return tuple(array for array, _ in read), next((complaint for _, complaint in read if complaint), "")


def _numbers(name, value, expected):
    """An array with what is the matter with it, if anything is; None in its place if it holds no real numbers."""
    try:
        array = np.asarray(value)
        if array.dtype == object:
            array = array.astype(float)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        array = None
    if array is None or array.dtype.kind not in "biuf":
        came = _kind(value) if array is None or array.ndim == 0 else f"an array of dtype {array.dtype}"
        wanted = "an array of real numbers" if expected.ndim else "a single real number"
        return None, f"{name} should be {wanted}, yours is {came}."
    if np.ma.is_masked(value):
        return None, f"{name} has entries that are masked."
    complaint = ""
    if array.shape != expected.shape:
        complaint = f"{name} should have shape {expected.shape}, yours has {array.shape}."
        if expected.ndim == 0:
            complaint = f"{name} should be a single number, yours is {_kind(array)}."
        if array.size > 1000:  # nothing that a known mistake gives
            return None, complaint
    return np.array(array, dtype=float), complaint


def shorten(text):
    """At most `LONGEST` characters of a text that the course did not write."""
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def not_callable(name, value):
    """Words for whoever has not defined the function."""
    came = "there is nothing by that name" if value is None else f"found {type(value).__name__}"
    return (
        f"Expected a function called {name}, but {came}. "
        f"Run the cell that defines it, see that it gives no error, then run the check again."
    )


def raised_words(made):
    if isinstance(made.raised, UnreadableError):
        return str(made.raised)
    if isinstance(made.raised, OutOfTime):
        return f"The function gave {made.raised}. Is there a loop that never ends?"
    if isinstance(made.raised, SystemExit):
        return "The function ends the program (sys.exit or exit). It should return its result instead."
    try:
        message = shorten(str(made.raised))
    except Exception:  # its __str__ is the student's code as well
        message = "(its message cannot be shown)"
    where = f"\nin the line: {shorten(made.where)}" if made.where else ""
    return f"The function raised {type(made.raised).__name__}: {message}{where}"


def _kind(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if type(value) in (tuple, list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a value of type {type(value).__name__}"
