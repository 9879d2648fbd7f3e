"""JSON nodes and blobs as values again; see `writing` for what they look like. An attacker may have written them."""

import collections
import decimal
import fractions
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dates, kinds
from .frames import WireError
from .writing import KINDS, LONGEST_INTEGER

LONGEST_NAME = 100  # of a named tuple or of its fields
MOST_PARTS = 10_000_000  # that a message may stand for, arrays that come once not counted


class Reader:
    """Decodes the values of one message.

    Parameters
    ----------
    blobs : list of bytes-like
    resolve : callable
        ``resolve(node, reader)`` gives the value of a node whose tag is not that of data.
    table : dict, optional
        Id to value, of what the other side may refer to; it grows with what is read.
    bounded : bool
        Refuse small messages that stand for a lot, such as a list of the same list twice, of the same list twice, and
        so on: whoever shows or compares it, or makes an array of it, goes through all of it.
    masks : bool
        Let arrays hide some of their entries. NumPy takes these for equal to whatever they are compared with.
    """

    def __init__(self, blobs, resolve, table=None, bounded=False, masks=True):
        self.blobs, self.resolve = blobs, resolve
        self.table = {} if table is None else table
        self._bounded, self.masks = bounded, masks
        self._parts = 0  # of what was read until now, if all of it were written out
        self._sizes: dict = {}  # id to the parts of a container; None while it is being read

    def value(self, node):
        """The value of a node.

        Raises
        ------
        WireError
            If the node is malformed.
        """
        if not isinstance(node, list):
            if isinstance(node, dict):
                raise WireError("expected a node, got a JSON object")
            return node
        if not node or not isinstance(node[0], str):
            raise WireError("expected a node that begins with a tag")
        read = _READERS.get(node[0])
        start = self._parts
        self.count(1)
        try:
            if len(node) > 1 and node[0] in _CONTAINERS:
                self._sizes[node[1]] = None
            value = self.resolve(node, self) if read is None else read(self, *node[1:])
            if len(node) > 1 and node[0] in _CONTAINERS:
                self._sizes[node[1]] = self._parts - start
            return value
        except WireError:
            raise
        except (RecursionError, TypeError, ValueError, KeyError, IndexError, OverflowError, ArithmeticError) as error:
            raise WireError(f"a node {node[0][:20]!r} is malformed: {type(error).__name__}") from None

    def values(self, nodes):
        return [self.value(node) for node in nodes]

    def count(self, parts):
        self._parts += parts
        if self._bounded and self._parts > MOST_PARTS:
            raise WireError(f"a value stands for more than {MOST_PARTS} parts")

    def again(self, number):
        """What the message, or the one that it answers, has named before."""
        value = self.table[number]
        size = self._sizes.get(number, _extent(value) if isinstance(value, np.ndarray) else 1)
        if size is None and self._bounded:
            raise WireError("a value contains itself")
        if isinstance(value, (list, dict, set)) and number not in self._sizes:
            size = len(value)
        self.count(size or 0)
        return value

    def keep(self, number, value):
        if not isinstance(number, int):
            raise WireError("expected an id")
        self.table[number] = value
        return value

    def array(self, dtype, shape, blob):
        kind = np.dtype(dtype)
        if not isinstance(dtype, str) or kind.kind not in KINDS or kind.hasobject:
            raise WireError("expected the dtype of plain data")
        return self.shaped(np.frombuffer(self.blobs[blob], dtype=kind), shape)

    def shaped(self, flat, shape):
        """An array of this shape, which a message can make as large as it likes where there is nothing in it."""
        value = flat.reshape([int(size) for size in shape])
        if not value.size:
            self.count(_extent(value))
        return value


def _extent(array):
    """How often a loop over an array and what is in it goes round: also rows can be empty."""
    return math.prod(size for size in array.shape if size)


def _read_list(reader, number, nodes):
    value = reader.keep(number, [])
    value.extend(reader.values(nodes))
    return value


def _read_dict(reader, number, pairs):
    value = reader.keep(number, {})
    value.update((reader.value(key), reader.value(item)) for key, item in pairs)
    return value


def _read_set(reader, number, nodes):
    return _fill(reader.keep(number, set()), reader.values(nodes))


def _fill(value, items):
    for item in items:  # one by one: where they collide it takes long, and no alarm is heard in the middle of a step
        value.add(item)
    return value


def _read_array(reader, number, dtype, shape, blob, writeable):
    value = reader.keep(number, reader.array(dtype, shape, blob).copy())
    value.flags.writeable = bool(writeable)
    return value


def _read_objects(reader, number, shape, nodes):
    value = reader.keep(number, np.empty(len(nodes), dtype=object))
    for k, node in enumerate(nodes):
        value[k] = reader.value(node)
    return reader.keep(number, reader.shaped(value, shape))


def _read_masked(reader, number, data, mask):
    value = np.ma.MaskedArray(reader.value(data), mask=reader.value(mask))
    if not reader.masks and np.ma.is_masked(value):
        raise WireError("an array has entries that are masked, which cannot be compared")
    return reader.keep(number, value)


def _read_named(reader, name, fields, nodes):
    items = reader.values(nodes)
    kind = _named(str(name), tuple(map(str, fields)))
    return kind(*items) if kind is not None and len(kind._fields) == len(items) else tuple(items)


@functools.lru_cache(1000)
def _named(name, fields):
    if any(len(text) > LONGEST_NAME for text in (name, *fields)):
        return None
    try:
        return collections.namedtuple(name, fields)
    except (ValueError, SyntaxError):  # names that are none, or that are the same to Python
        return None


def _read_generator(reader, number, name, state):
    if name not in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"):
        raise WireError("expected one of NumPy's bit generators")
    bits = getattr(np.random, name)(0)
    bits.state = state = reader.value(state)
    position = state.get("buffer_pos", state["state"].get("pos", 0))  # NumPy believes it and reads there
    if not 0 <= int(position) <= (624 if name == "MT19937" else 4):
        raise WireError("a generator has no such state")
    return reader.keep(number, np.random.Generator(bits))


def _read_decimal(text):
    value = decimal.Decimal(text[:1000])
    if value.is_finite() and abs(value.adjusted()) > LONGEST_INTEGER:  # as an integer it would fill the memory
        raise WireError("a decimal number is too large or too small")
    return value


def _read_int(reader, text):
    if len(text) > LONGEST_INTEGER + 1:
        raise WireError("an integer is too long")
    return int(text, 16)


def _read_range(reader, *parts):
    value = range(*parts)
    reader.count(len(value))
    return value


_CONTAINERS = {"list", "dict", "set", "objects", "masked"}


_READERS: dict[str, Callable[..., Any]] = {
    "ref": Reader.again,
    "int": _read_int,
    "complex": lambda reader, real, imag: complex(real, imag),
    "bytes": lambda reader, blob: bytes(reader.blobs[blob]),
    "bytearray": lambda reader, number, blob: reader.keep(number, bytearray(reader.blobs[blob])),
    "tuple": lambda reader, nodes: tuple(reader.values(nodes)),
    "named": _read_named,
    "list": _read_list,
    "dict": _read_dict,
    "set": _read_set,
    "frozenset": lambda reader, nodes: frozenset(_fill(set(), reader.values(nodes))),
    "range": _read_range,
    "slice": lambda reader, start, stop, step: slice(*reader.values((start, stop, step))),
    "ellipsis": lambda reader: ...,
    "not-implemented": lambda reader: NotImplemented,
    "fraction": lambda reader, above, below: fractions.Fraction(reader.value(above), reader.value(below)),
    "decimal": lambda reader, text: _read_decimal(text),
    "array": _read_array,
    "objects": _read_objects,
    "masked": _read_masked,
    "scalar": lambda reader, dtype, blob: reader.array(dtype, (), blob)[()],
    "rng": _read_generator,
    **dates.READERS,
    **kinds.READERS,
}
