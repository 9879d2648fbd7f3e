"""A student's exception, made again on the trusted side from its description."""

import builtins
import contextlib
import functools
import linecache
from typing import Any

from lstmlib.grading.judge.proxies import Place, RemoteFunction
from lstmlib.grading.room.frames import WireError

LONGEST_LINE = 10_000  # line numbers
MOST_FRAMES = 20  # of a traceback
MOST_FILES = 50  # of which lines are remembered; a cell is one
MOST_ANCESTORS = 20  # of a class, below the nearest that is known here
_remembered: list[str] = []


class RoomLostError(RuntimeError):
    """The student's process has ended or does not answer any more."""


def rebuild(description, at_end=False, course=()):
    """Make an exception of a described one; its traceback leads through the lines of the student's cells.

    Its class is the builtin of that name, or the one that stands for the student's (see `error_class`): no code of the
    student's runs. What is no error means something to the judge itself and becomes RuntimeError. So does StopIteration
    but `at_end` of an iteration: it would end a loop of the test, such as ``all(map(…))``, before anything is compared.
    """
    error = _make(description, at_end, course)
    try:
        _pass_through(_frames(description), error)
    except type(error) as raised:
        return raised
    return error


def _make(description, at_end, course):
    message = _text(description.get("message"), "")
    kind = error_class(_list(description.get("ancestors")), course)
    barred = (KeyboardInterrupt, GeneratorExit) if at_end else (KeyboardInterrupt, GeneratorExit, StopIteration)
    if issubclass(kind, (*barred, StopAsyncIteration)) or not issubclass(kind, Exception):
        kind = error_class([f"__main__.{kind.__name__}Error", "RuntimeError"])
    return _object(kind, message)


def _object(kind, message):
    """An error with no more than a message: no constructor of the student's or the course's has run."""
    builtin: Any = next(each for each in kind.__mro__ if getattr(builtins, each.__name__, None) is each)
    with contextlib.suppress(Exception):
        error = builtin.__new__(kind, _Plain(message))
        builtin.__init__(error, _Plain(message))
        if str(error) == message:
            return error
    above = Exception if issubclass(kind, BaseExceptionGroup) else kind  # those that want more than a message
    own = {"__init__": Exception.__init__, "__str__": lambda error: message}
    return type.__call__(type(kind)(kind.__name__, (above,), own), message)


class RemoteError(RemoteFunction, type):
    """An exception class of the student's: a class over here as well, so that a test can wait for it.

    Calling it calls the student's. What the student's code raises is rebuilt as an object of it; see `rebuild`.
    """

    _remote = None  # until a test looks it up

    def __init__(cls, name, bases, names):
        type.__init__(cls, name, bases, names)

    def __getattr__(cls, name):
        if cls._remote is None:
            raise AttributeError(name)
        return super().__getattr__(name)

    def __instancecheck__(cls, instance):
        if cls._remote is None or type.__instancecheck__(cls, instance):
            return type.__instancecheck__(cls, instance)
        return super().__instancecheck__(instance)

    def __bool__(cls):
        return True

    def __call__(cls, *arguments, **named):
        if cls._remote is None:
            return _object(cls, " ".join(map(str, arguments)))
        return super().__call__(*arguments, **named)

    __name__ = type.__dict__["__name__"]  # type: ignore[assignment]
    __repr__ = __str__ = type.__repr__  # type: ignore[assignment]
    __eq__, __ne__ = type.__eq__, type.__ne__
    __hash__ = type.__hash__  # type: ignore[assignment]


def error_class(ancestors, course=()):
    """The class over here that stands for an exception class of the student's.

    Parameters
    ----------
    ancestors : list of str
        The class itself and those above it: builtins by their names, others with their modules.
    course : dict
        Where the name of one of ``__main__`` may stand for one that a locked cell has defined.

    Returns
    -------
    type
        The nearest builtin or class of the course, or a `RemoteError` below it, the same for the same ancestors.
    """
    below: list[str] = []
    for ancestor in ancestors:
        module, _, name = str(ancestor).rpartition(".")
        known: Any = getattr(builtins, str(ancestor), None)
        if module == "__main__" and course:
            known = dict.get(course, name)
        if isinstance(known, type) and issubclass(known, BaseException) and not isinstance(known, RemoteError):
            break
        below.append(name if name.isidentifier() else "Error")
    else:
        known = Exception
    for name in reversed(below[:MOST_ANCESTORS]):
        known = _error(name, known)
    return known


@functools.lru_cache(1000)
def _error(name, above):
    return RemoteError(name, (above,), {})


def error_proxy(student, key, about, generation):
    """The class over here that stands for an exception class that a test has found at the student's."""
    found = error_class(about["ancestors"])
    if not isinstance(found, RemoteError):
        raise WireError("a builtin class goes by its name")
    type.__setattr__(found, "_remote", Place(student, key, about, generation, None))
    return found


class _Plain(str):
    """A text that looks the same when KeyError shows its repr."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


def _text(value, default):
    return value if isinstance(value, str) else default


def _list(value):
    return value if isinstance(value, list) else []


def _frames(description):
    listed = _list(description.get("frames"))[:MOST_FRAMES]
    return [frame for frame in listed if isinstance(frame, list) and len(frame) == 4]


def _remember(filename, line, text):
    """Let tracebacks show a line of a student's cell; what the trusted side has in such a file stays."""
    if filename in linecache.cache and filename not in _remembered:
        return
    lines = list(linecache.getlines(filename))
    if filename not in _remembered:
        _remembered.append(filename)
        if len(_remembered) > MOST_FILES:
            linecache.cache.pop(_remembered.pop(0), None)
    lines += ["\n"] * (line - len(lines))
    lines[line - 1] = f"{text}\n"
    linecache.cache[filename] = (len(lines), None, lines, filename)


def _pass_through(frames, error):
    def leave():
        raise error

    for frame in reversed(frames):
        filename, line, name, text = frame
        if not (isinstance(filename, str) and filename.startswith("<") and filename.isprintable()):
            continue
        if not (isinstance(line, int) and 0 < line < LONGEST_LINE and isinstance(text, str) and len(text) < 1000):
            continue
        _remember(filename, line, text)
        code = compile("\n" * (line - 1) + "leave()", filename, "exec").replace(co_name=_text(name, "?")[:200])
        leave = _caller(code, leave)
    leave()


def _caller(code, leave):
    return lambda: exec(code, {"leave": leave})
