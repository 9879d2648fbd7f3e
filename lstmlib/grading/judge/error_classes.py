"""The classes that stand for a student's exception classes: tests name them, wait for them, and see what was raised."""

import builtins
import contextlib
import functools
from typing import Any

from lstmlib.grading.judge.proxies import Place, RemoteFunction
from lstmlib.grading.room.frames import WireError
from lstmlib.grading.room.kinds import builtin_of

MOST_ANCESTORS = 20  # of a class, below the nearest that is known here


class RemoteError(RemoteFunction, type):
    """An exception class of the student's: a class over here as well, so that a test can wait for it.

    Calling it calls the student's. What the student's code raises is rebuilt as an object of it; see `errors.rebuild`.
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
            return error_object(cls, " ".join(map(str, arguments)))
        return super().__call__(*arguments, **named)

    __name__ = type.__dict__["__name__"]  # type: ignore[assignment]
    __repr__ = __str__ = type.__repr__  # type: ignore[assignment]
    __eq__, __ne__ = type.__eq__, type.__ne__
    __hash__ = type.__hash__  # type: ignore[assignment]


def error_class(ancestors, course=None):
    """The class over here that stands for an exception class of the student's.

    Parameters
    ----------
    ancestors : list of str
        The class itself and those above it: builtins by their names, others with their modules.
    course : dict, optional
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


def error_object(kind, message):
    """An error with no more than a message: no constructor of the student's or the course's has run."""
    builtin: Any = builtin_of(kind)
    with contextlib.suppress(Exception):
        error = builtin.__new__(kind, _Plain(message))
        builtin.__init__(error, _Plain(message))
        if str(error) == message:
            return error
    above = Exception if issubclass(kind, BaseExceptionGroup) else kind  # those that want more than a message
    own = {"__init__": Exception.__init__, "__str__": lambda error: message}
    return type.__call__(type(kind)(kind.__name__, (above,), own), message)


class _Plain(str):
    """A text that looks the same when KeyError shows its repr."""

    __slots__ = ()

    def __repr__(self):
        return str(self)
