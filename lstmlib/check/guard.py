"""Calling a student's function so that nothing it does gets in the way of the report."""

import contextlib
import io
import signal
import threading
import traceback
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TIME_LIMIT = 5.0  # seconds for one call, on data for which the reference takes well under a millisecond


class OutOfTime(BaseException):
    """Raised inside the student's function; not an ``Exception``, so that ``except Exception`` lets it pass."""


@dataclass
class Call:
    """What happened when a function was called.

    Attributes
    ----------
    returned : object
        What came back; None if it raised.
    raised : BaseException or None
    where : str
        The line of the student's code that raised, if known.
    printed : str
        What it wrote to standard output and standard error.
    changed : list of str
        Names of the arguments that it modified.
    """

    returned: Any = None
    raised: BaseException | None = None
    where: str = ""
    printed: str = ""
    changed: list[str] = field(default_factory=list)


def call(function, arguments, seconds=TIME_LIMIT):
    """Call `function` with copies of the `arguments`, in their order.

    Warnings and output are caught, errors of every kind (``SystemExit`` too) are recorded, and a call that
    takes longer than `seconds` is ended. Only ``KeyboardInterrupt`` passes through: stopping a cell by hand
    must stop it.

    Returns
    -------
    Call
    """
    copies = {name: np.array(value) for name, value in arguments.items()}
    result = Call()
    stream = io.StringIO()
    with (
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        try:
            with _time_limit(seconds):
                result.returned = function(*copies.values())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a student's code may raise anything at all
            result.raised, result.where = error, _last_line_of(function, error)
    result.printed = stream.getvalue()
    result.changed = [name for name, value in arguments.items() if not _same(copies[name], value)]
    return result


def _same(array, original):
    return array.shape == original.shape and np.array_equal(array, original, equal_nan=True)


def _last_line_of(function, error):
    """The source line in the file or cell of `function` on which `error` arose."""
    code = getattr(function, "__code__", None)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename
    ]
    return (frames[-1].line or "").strip() if frames else ""


@contextlib.contextmanager
def _time_limit(seconds):
    """Raise `OutOfTime` after `seconds`, where the system has interval timers (not on Windows)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum, frame):
        raise OutOfTime(f"no result after {seconds:g} seconds")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
