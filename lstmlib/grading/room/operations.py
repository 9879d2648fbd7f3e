"""What trusted code may do with an object of the student's, apart from reading attributes and calling it."""

import operator


def _enter(manager):
    return _method(manager, "__enter__")(manager)


def _leave(manager, kind):
    """Have a block left, in which there was an error of this builtin class; None where there was none."""
    leave = _method(manager, "__exit__")
    if kind is None:
        leave(manager, None, None, None)
        return
    try:
        error = kind()
    except TypeError:  # one of the few that want a message
        kind, error = Exception, Exception()
    leave(manager, kind, error, None)


def _method(manager, name):
    try:
        return getattr(type(manager), name)
    except AttributeError:
        what = type(manager).__name__
        raise TypeError(f"{what!r} object does not support the context manager protocol") from None


SPECIAL = {
    name: getattr(operator, name)
    for name in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow", "neg", "pos", "abs", "invert", "and_",
        "or_", "xor", "lshift", "rshift", "getitem", "setitem", "delitem", "contains", "eq", "ne", "lt", "le", "gt",
        "ge",
    )
} | {
    "len": len, "bool": bool, "float": float, "int": int, "complex": complex, "str": str, "repr": repr,
    "list": list, "round": round, "next": next, "isinstance": isinstance,
    "enter": _enter, "exit": _leave,
}  # fmt: skip
