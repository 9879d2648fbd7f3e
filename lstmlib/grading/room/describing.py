"""What the judge hears of objects and errors that stay in the room: names, texts and lines, and no code."""

import functools
import inspect
import traceback
import types
from typing import Any

from .kinds import is_builtin

MOST_FRAMES = 20  # of a traceback
MOST_NAMES = 1000  # that a function's code mentions


def describe(value, namespace):
    """What the judge shows of an object: names and the like, no code."""
    kind = "function" if inspect.isroutine(value) or isinstance(value, functools.partial) else "object"
    if isinstance(value, type):
        kind = "class"
    about: dict[str, Any] = {
        "kind": kind,
        "type": type(value).__name__,
        "name": str(getattr(value, "__name__", type(value).__name__)),
        "doc": (lambda doc: doc[:10_000] if isinstance(doc, str) else None)(getattr(value, "__doc__", None)),
        "callable": callable(value),
    }
    if kind == "class" and issubclass(value, Exception):
        about["ancestors"] = ancestors(value)
    code = getattr(getattr(value, "__wrapped__", value), "__code__", None)
    if isinstance(code, types.CodeType):
        about["file"] = code.co_filename
        about["line"] = code.co_firstlineno
        about["names"] = list(dict.fromkeys(names_in(code)))[:MOST_NAMES]
        about["here"] = getattr(value, "__globals__", None) is namespace
        about["arguments"] = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])[:100]
    return about


def names_in(code):
    """All names that code mentions, that of functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def describe_error(error):
    """An exception as data: its class and those above it, its message, and the lines that it passed."""
    try:
        message = str(error)
    except Exception:  # its __str__ is the student's code as well
        message = "(its message cannot be shown)"
    frames = []
    for frame in traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]:
        if frame.filename.startswith("<"):  # a cell
            frames.append([frame.filename, frame.lineno, frame.name, frame.line or ""])
    return {
        "ancestors": ancestors(type(error)),
        "message": message[:10_000],
        "frames": frames,
    }


def ancestors(kind):
    """An exception class and those above it by their names, builtins without a module."""
    return [each.__name__ if is_builtin(each) else f"{each.__module__}.{each.__name__}" for each in kind.__mro__]
