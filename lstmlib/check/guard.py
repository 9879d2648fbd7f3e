"""Calling a student's function so that nothing it does gets in the way of the report."""

import contextlib
import copy
import inspect
import io
import linecache
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
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
    value : object
        What `call`'s ``read`` made of the returned value; None if there is none.
    raised : BaseException or None
    where : str
        The line of the student's code that raised, if known.
    printed : str
        What it wrote to standard output and standard error.
    changed : list of str
        Names of the arguments that it modified.
    """

    value: Any = None
    raised: BaseException | None = None
    where: str = ""
    printed: str = ""
    changed: list[str] = field(default_factory=list)


def call(function: Callable, arguments: dict[str, Any], read: Callable, seconds: float = TIME_LIMIT) -> Call:
    """Call `function` with copies of the `arguments`, in their order.

    Warnings and output are caught, errors of every kind (``SystemExit`` too) are recorded, and a call that
    takes longer than `seconds` is ended. Only ``KeyboardInterrupt`` passes through: stopping a cell by hand
    must stop it. ``read(returned)`` runs under the same protection: what a student returns may be any object,
    and looking at it may run the student's code.
    """
    passed = _copies(list(arguments.values()))
    kept = [dict(value) if isinstance(value, dict) else value for value in passed]  # the arrays, whatever a dict gets
    result = Call()
    with silence() as stream:
        try:
            with _time_limit(seconds):
                returned = function(*passed)
                if inspect.iscoroutine(returned):
                    returned.close()  # or Python warns on standard error that nobody waited for it
                result.value = read(returned)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a student's code may raise anything at all
            result.raised, result.where = error, _last_line_of(function, error)
    result.printed = "" if stream.closed else stream.getvalue()
    result.changed = [name for name, now in zip(arguments, kept, strict=True) if not _same(now, arguments[name])]
    return result


def _copies(values):
    arrays = [value for value in values if type(value) is np.ndarray]
    alone = len(set(map(id, arrays))) == len(arrays) and not any(array.dtype.hasobject for array in arrays)
    if alone and all(type(value) in (np.ndarray, float, int) for value in values):  # which takes a tenth of the time
        return [value.copy(order="K") if type(value) is np.ndarray else value for value in values]
    return copy.deepcopy(values)  # all at once: what belongs together still does


@contextlib.contextmanager
def silence():
    """Keep output, warnings and floating point messages from the screen; gives the stream that gets the output.

    nbgrader takes anything on standard error for a failure, so nothing may get there by accident.
    """
    stream = io.StringIO()
    with (
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield stream


def _same(value, original):
    if isinstance(original, dict):
        return all(_same(value[name], array) for name, array in original.items())
    if not isinstance(original, np.ndarray):
        return True  # a number can't be changed; what an object does inside is its own affair
    return value.dtype == original.dtype and value.shape == original.shape and value.tobytes() == original.tobytes()


def _last_line_of(function, error):
    """The source line in the file or cell of `function` on which `error` arose."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    name: str = getattr(code, "co_filename", "")
    numbers = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == name]
    if not numbers or numbers[-1] is None:  # the way back to the top of a loop has no line
        return ""
    linecache.checkcache(name)
    return linecache.getline(name, numbers[-1]).strip()


@contextlib.contextmanager
def _time_limit(seconds):
    """Raise `OutOfTime` after `seconds`, where the system has interval timers (not on Windows).

    A bare ``except:`` inside a loop would swallow it. So the alarm comes again and again, and each time it also
    sets a trace function that raises at the next line of the student's code, which is one of the ``except`` block.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    running, previous_trace = [True], sys.gettrace()

    def raise_at_next_line(frame, event, argument):
        if running and event == "line":
            raise OutOfTime(f"no result after {seconds:g} seconds")
        return raise_at_next_line

    def ring(signum, frame):
        while running and frame is not None and frame.f_code is not call.__code__:
            frame.f_trace = raise_at_next_line  # only the student's frames, none of ours
            frame = frame.f_back
        sys.settrace(lambda *unused: None)
        raise_at_next_line(None, "line", None)

    previous_handler = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
    try:
        yield
    finally:
        while True:  # the alarm may still ring in here
            try:
                running.clear()
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, previous_handler)
                sys.settrace(previous_trace)
                break
            except OutOfTime:
                continue
