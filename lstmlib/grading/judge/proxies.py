"""What trusted code sees in the place of a student's objects: proxies that run nothing of the student's over here.

Data arrive as copies of builtin types and arrays, so ``==`` and ``np.allclose`` on them are Python's and NumPy's own.
All other objects become a `Remote`. It is equal to nothing but itself and what the student's own ``__eq__`` says of
another object of the student's: no object can claim to be equal to the expected value.
"""

import functools
import inspect
import types

from lstmlib.grading.room.frames import LateError
from lstmlib.grading.room.kinds import builtin_of


class Remote:
    """An object in the student's process.

    Attributes are read and methods called over there; what comes back is data or another proxy.
    """

    def __init__(self, student, key, about, generation, name=None):
        object.__setattr__(self, "_remote", Place(student, key, about, generation, name))

    def __getattr__(self, name):
        if name.startswith(("__", "_repr_", "_ipython_")):  # how it is shown is not the student's affair
            raise AttributeError(name)
        place = object.__getattribute__(self, "_remote")
        return place.student.ask("get", key=place.current(), name=name)

    def __setattr__(self, name, value):
        self._remote.student.ask("set", key=self._remote.current(), name=name, value=value)

    def __repr__(self):
        return _text(self, "repr")

    def __str__(self):
        return _text(self, "str")

    def __eq__(self, other):
        return self is other or (isinstance(other, Remote) and bool(_special("eq", self, other)))

    def __ne__(self, other):
        return not self == other

    __hash__ = object.__hash__

    def __array__(self, dtype=None, copy=None):
        array = self._remote.student.ask("array", key=self._remote.current())
        return array if dtype is None else array.astype(dtype)

    def __iter__(self):
        return iter(_special("list", self))

    def __contains__(self, item):
        if _may_meet(self, item):
            return bool(_special("contains", self, item))
        return any(mine is item or mine == item for mine in self)

    def __enter__(self):
        entered = _special("enter", self)
        same = isinstance(entered, Remote) and entered._remote.key == self._remote.key
        return self if same else entered

    def __exit__(self, kind, error, traceback):
        """Leave the block. The object hears of an error's class, and not what was expected; and it can't swallow it."""
        gone = self._remote.generation != self._remote.student.generation  # with the student's program
        if error is None:
            _special("exit", self, None)
        elif isinstance(error, Exception) and not isinstance(error, (LateError, TimeoutError)) and not gone:
            _special("exit", self, builtin_of(kind))


class ForeignModule:
    """A module that a student imported. A test that needs a module imports it, or the release does."""

    def __init__(self, name):
        self.__name__ = name

    def __repr__(self):
        return f"<the student's module {self.__name__}>"


class RemoteFunction(Remote):
    """A function, method or class of the student's."""

    def __call__(self, *arguments, **named):
        place = self._remote
        value = place.student.ask("call", arguments, named, key=place.current())
        if isinstance(value, Remote) and place.about["kind"] == "class":
            value._remote.asked = place.name in place.student.classes
        return value

    @property
    def __name__(self):
        return self._remote.about["name"]

    @property
    def __doc__(self):  # type: ignore[override]
        return self._remote.about["doc"]

    @property
    def __code__(self):
        about = self._remote.about
        if "names" not in about:
            raise AttributeError("__code__")
        return types.SimpleNamespace(
            co_filename=about["file"],
            co_firstlineno=about["line"],
            co_names=tuple(about["names"]),
            co_varnames=tuple(about["arguments"]),
            co_argcount=len(about["arguments"]),
            co_consts=(),
        )

    @property
    def __globals__(self):
        if not self._remote.about.get("here"):
            raise AttributeError("__globals__")
        return self._remote.student.names

    @property
    def __signature__(self):
        listed, defaults = self._remote.student.ask("signature", key=self._remote.current())
        parameters = [
            inspect.Parameter(name, inspect._ParameterKind(kind), default=default if has else inspect.Parameter.empty)
            for (name, kind, has), default in zip(listed, defaults, strict=True)
        ]
        return inspect.Signature(parameters)

    def __instancecheck__(self, instance):
        return isinstance(instance, Remote) and bool(_special("isinstance", instance, self))


class RemoteNames(dict):
    """The student's names, as the ``__globals__`` of the student's functions: setting one sets it over there."""

    def __init__(self, student):
        super().__init__()
        self._student = student

    def __missing__(self, name):
        return self._student.lookup(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name):
        return self.get(name, self) is not self

    def __setitem__(self, name, value):
        self._student.bind(name, value)

    def update(self, *others, **named):
        for name, value in dict(*others, **named).items():
            self[name] = value


class Place:
    """Where an object is: a key in one fork of the student's process, and the name by which to find it in another."""

    def __init__(self, student, key, about, generation, name):
        self.student, self.key, self.about, self.generation, self.name = student, key, about, generation, name
        self.asked = False  # whether the test itself made it, of a class that the release asks for

    def current(self):
        """The key in the present fork."""
        if self.generation != self.student.generation:
            if self.name is None:
                raise RuntimeError(f"the student's {self.about['kind']} {self.about['name']} is gone")
            found = self.student.lookup(self.name)
            if not isinstance(found, Remote):
                raise RuntimeError(f"{self.name} is no longer a function")
            self.key, self.generation = found._remote.key, found._remote.generation
        return self.key


def proxy(student, key, about, generation, name=None):
    """A proxy of the right kind, its class named as the student's."""
    base = RemoteFunction if about["callable"] else Remote
    label = about["type"] if about["type"].isidentifier() else "object"
    return _kind(label, base)(student, key, about, generation, name)


@functools.lru_cache(1000)
def _kind(label, base):
    return type(label, (base,), {"__slots__": (), "__doc__": base.__dict__["__doc__"]})  # or it would have None


def _text(mine, name):
    """What an object of a class that the release asks for says of itself; of others, what they are."""
    place = mine._remote
    if place.asked:
        text = _special(name, mine)
        return text if isinstance(text, str) else f"<{type(text).__name__}>"
    return f"<the student's {place.about['kind']} {place.about['name']}>"


def _special(name, first, *others):
    place = first._remote
    return place.student.ask("special", (first, *others), name=name)


def _may_meet(mine, other):
    """Whether an operator may hand the other operand to the student's object.

    In ``abs(result - expected) < 1e-9`` that would tell it the expected value and believe what it makes of it. So only
    objects of the student's meet each other, and data meet only objects that the test itself made of a class that the
    release asks for, or got from operators on such. One that a function returns may be of such a class by intent.
    """
    return isinstance(other, Remote) or mine._remote.asked


def _operate(name, mine, *operands):
    value = mine._remote.student.ask("special", operands, name=name)
    if isinstance(value, Remote):
        value._remote.asked = mine._remote.asked
    return value


def _operator(name):
    def method(self, other):
        return _operate(name, self, self, other) if _may_meet(self, other) else NotImplemented

    return method


def _reflected(name):
    def method(self, other):
        return _operate(name, self, other, self) if _may_meet(self, other) else NotImplemented

    return method


def _comparison(name):
    def method(self, other):
        if not isinstance(other, Remote):
            return NotImplemented  # an object's own word on how it compares with the expected value counts nothing
        return bool(_special(name, self, other))

    return method


def _unary(name):
    def method(self, *arguments):
        return _special(name, self, *arguments)

    return method


for _name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow", "and_", "or_", "xor", "lshift", "rshift",
):  # fmt: skip
    setattr(Remote, f"__{_name.rstrip('_')}__", _operator(_name))
    setattr(Remote, f"__r{_name.rstrip('_')}__", _reflected(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _comparison(_name))
for _name in (
    "neg", "pos", "abs", "invert", "getitem", "setitem", "delitem", "len", "bool", "float", "int",
    "complex", "next", "round",
):  # fmt: skip
    setattr(Remote, f"__{_name}__", _unary(_name))
