"""Builtin classes as nodes, and back: by name, and each side finds its own.

``range`` is not among them, or a student's function could be it, and ``sum(f(10**12))`` in a test would never end. Nor
are the exceptions that are no errors: they mean something to the judge itself.
"""

import builtins
from collections.abc import Callable
from typing import Any

_BY_NAME = {
    kind.__name__: kind
    for kind in (
        int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset, object, type(None),
        *(kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    )
}  # fmt: skip


def is_builtin(kind):
    """Whether a class is what its name stands for in Python itself."""
    return getattr(builtins, kind.__name__, None) is kind


def builtin_of(error):
    """The builtin nearest to an exception class, which may be one itself."""
    return next(filter(is_builtin, error.__mro__))


def _kind(writer, value, depth):
    name = value.__name__
    return ["builtin", name] if _BY_NAME.get(name) is value else writer.export(value, writer)


WRITERS = {type: _kind}
READERS: dict[str, Callable[..., Any]] = {"builtin": lambda reader, name: _BY_NAME[name]}
