"""Objects that are not data, on their way between the judge and a student's process: neither gets the other's."""

import functools
import types

import numpy as np

from lstmlib.grading.judge.error_classes import error_proxy
from lstmlib.grading.judge.proxies import ForeignModule, Remote, proxy
from lstmlib.grading.room import changes
from lstmlib.grading.room.frames import WireError
from lstmlib.grading.room.reading import Reader
from lstmlib.grading.room.writing import Writer

_FUNCTIONS = (
    types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, type(functools.lru_cache(len)),
    np.ufunc, type(np.dot),
)  # fmt: skip

# Whose functions do with their arguments what they are for, and nothing else, but for those with these names.
_MODULES = {
    "builtins", "math", "cmath", "_operator", "_functools", "itertools", "_bisect", "_heapq", "collections", "re",
    "random", "statistics", "fractions", "decimal", "datetime", "time", "copy", "json", "string", "textwrap",
    "numpy", "numpy.linalg", "numpy.fft", "numpy.random", "numpy.ma", "numpy.polynomial", "numpy.strings",
    "numpy.char", "scipy.special", "scipy.linalg", "scipy.stats", "scipy.integrate", "scipy.optimize",
    "scipy.signal", "scipy.interpolate",
}  # fmt: skip
_REACHING = {
    "eval", "exec", "compile", "open", "input", "breakpoint", "globals", "locals", "vars", "dir", "getattr", "hasattr",
    "setattr", "delattr", "__import__", "__build_class__", "load", "loadtxt", "genfromtxt", "fromfile", "fromregex",
    "memmap", "save", "savetxt", "savez", "savez_compressed", "tofile", "dump", "DataSource", "info", "get_include",
    "show_config", "show_runtime",
}  # fmt: skip


class Lending:
    """What of the judge's a fork of a student's process has been handed, and what of the student's the judge has.

    Parameters
    ----------
    student : Student
    own : iterable of str
        Modules of the course. Objects of their classes may be lent, as those of a test's own classes may.
    """

    def __init__(self, student, own=()):
        self._student, self._own = student, {"__main__", "datetime", *own}  # those with a time zone that moves
        self._lent: list = []

    def clear(self):
        """Forget what was lent: the fork has ended."""
        self._lent.clear()

    def answer(self, question, blobs):
        """Do what the student's code asks of an object of the judge's; return the reply and its blobs."""
        reader = Reader(blobs, self.resolve, bounded=True, masks=self._student.masks)
        writer = Writer(self.export)
        try:
            target = self._lent[question["key"]]
            arguments = reader.values(question["arguments"])
            named = {str(name): reader.value(node) for name, node in question["named"].items()}
            before = changes.snapshot(reader.table)
            if question["callback"] == "call":
                value = target(*arguments, **named)
            else:
                name = question["name"]
                if not isinstance(name, str) or name.startswith("_") or isinstance(target, functools.partial):
                    raise AttributeError("only public attributes can be read")  # what a partial holds is its own
                value = getattr(target, name)
            writer = Writer(self.export, reader.table)
            reply = {"value": writer.node(value), "changed": changes.changed(before, writer)}
        except Exception as error:
            reply = {"error": {"name": type(error).__name__, "message": str(error)}}
        return reply, writer.blobs

    def export(self, value, writer):
        """The node of a value that is not data, for a `Writer`."""
        if isinstance(value, Remote):
            if value._remote is None:
                raise WireError("expected a class that the test has found by its name, not one of an error")
            return ["mine", value._remote.current()]
        if isinstance(value, _FUNCTIONS):
            if not self._keeps_to_its_arguments(value):
                what = f"{_module(value)}.{getattr(value, '__name__', type(value).__name__)}"
                raise WireError(f"expected a function of the test's own, which may call this one, not {what}")
        elif not (isinstance(value, types.SimpleNamespace) or self._is_own(value)):
            what = f"a {type(value).__module__}.{type(value).__name__}"
            raise WireError(f"expected data, a function or an object of a class of the test's own, not {what}")
        for key, known in enumerate(self._lent):
            if known is value:
                return ["borrowed", key, getattr(value, "__name__", type(value).__name__)]
        self._lent.append(value)
        return ["borrowed", len(self._lent) - 1, getattr(value, "__name__", type(value).__name__)]

    def _is_own(self, value):
        """Objects of the course's own classes: a path or a file would open all that the judge may."""
        return not isinstance(value, type) and _module(type(value)).split(".")[0] in self._own

    def _keeps_to_its_arguments(self, function):
        """Whether a function can be lent: ``open`` would open all that the judge may, ``getattr`` what is private."""
        if isinstance(function, (np.ufunc, Remote)):
            return True
        if isinstance(function, functools.partial):
            return self._keeps_to_its_arguments(function.func)
        module = _module(function)
        if module.split(".")[0] in self._own:
            return True
        return ".".join(module.split(".")[:2]) in _MODULES and getattr(function, "__name__", None) not in _REACHING

    def resolve(self, node, reader):
        """The value of a node that is not data, for a `Reader`."""
        if node[0] == "yours":
            return self._lent[node[1]]
        if node[0] == "module":
            return ForeignModule(str(node[1])[:200])
        if node[0] == "remote":
            _, key, about = node
            if not isinstance(key, int) or not all(isinstance(about[k], str) for k in ("kind", "type", "name")):
                raise WireError("a description of an object is malformed")
            make = error_proxy if isinstance(about.get("ancestors"), list) else proxy
            return make(self._student, key, about, self._student.generation)
        raise WireError(f"there is no value with the tag {str(node[0])[:20]!r}")


def _module(value):
    """Where a class, a function, or the class of whose object it is a method, was written."""
    owner = getattr(value, "__self__", None)  # of a builtin function its module
    if owner is None or isinstance(owner, types.ModuleType):
        owner = value
    return str(getattr(owner, "__module__", type(owner).__module__))
