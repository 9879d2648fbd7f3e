"""Values as JSON nodes and blobs.

Plain scalars stand for themselves. Everything else is a list that begins with a tag: ``["list", id, items]``,
``["array", id, dtype, shape, blob, writeable]``. What can be changed has an id, by which it can be named again in the
message (``["ref", id]``) and in the answer: so a cycle, a value that comes twice and a change in place keep their
identity. Objects that are not data go through ``export`` here and ``resolve`` where they are read, which differ on the
two sides: the judge makes proxies of them and never runs their code.
"""

import decimal
import fractions
import sys
from typing import Any

import numpy as np

from . import dates, kinds
from .frames import WireError

DEEPEST = 60  # nested containers
MOST_ITEMS = 1_000_000  # in a message
KINDS = "?bBiufcSUmM"  # of NumPy's dtypes: numbers, texts and times, and never objects
LONGEST_INTEGER = 100_000  # hexadecimal digits


class Writer:
    """Encodes the values of one message.

    Parameters
    ----------
    export : callable
        ``export(value, writer)`` gives the node of a value that is not data.
    table : dict, optional
        Id to value, of what the other side knows already from the message that this one answers.
    """

    def __init__(self, export, table=None):
        self.export = export
        self.blobs = []
        self.table = dict(table or {})
        self._ids = {id(value): number for number, value in self.table.items()}
        self._items = 0

    def node(self, value, depth=0):
        """The node of a value.

        Raises
        ------
        WireError
            If it is nested too deeply or too large.
        """
        self._items += 1
        if depth > DEEPEST:
            raise WireError(f"a value is nested more than {DEEPEST} levels deep")
        if self._items > MOST_ITEMS:
            raise WireError(f"a value has more than {MOST_ITEMS} parts")
        if value is None or value is True or value is False:
            return value
        if id(value) in self._ids:
            return ["ref", self._ids[id(value)]]
        write = _EXACTLY.get(type(value)) or next((each for kinds, each in _WRITERS if isinstance(value, kinds)), None)
        return self.export(value, self) if write is None else write(self, value, depth + 1)

    def blob(self, data):
        self.blobs.append(data)
        return len(self.blobs) - 1

    def number(self, value):
        """An id for something that can be changed."""
        number = len(self.table) + 1
        self.table[number] = value  # which keeps it alive: Python gives the id of what is gone to something new
        self._ids[id(value)] = number
        return number

    def detached(self, value):
        """The node of a value as if it were new, also if the other side knows it."""
        number = self._ids.pop(id(value), None)
        node = self.node(value)
        if number is not None:
            self._ids[id(value)] = number
        return node

    def nodes(self, values, depth):
        return [self.node(value, depth) for value in values]

    def pairs(self, value, depth):
        return [[self.node(key, depth), self.node(item, depth)] for key, item in dict.items(value)]


def _int(writer, value, depth):
    value = int.__int__(value)
    if abs(value) < 2**53:
        return value
    text = f"{value:x}"
    if len(text) > LONGEST_INTEGER:
        raise WireError(f"an integer has more than {LONGEST_INTEGER} hexadecimal digits")
    return ["int", text]


def _array(writer, value, depth):
    base = np.asarray(value)  # a plain array, of a matrix too
    masked = sys.modules.get("numpy.ma")  # which takes a twelfth of a room's memory, and mostly nobody wants it
    if masked is not None and isinstance(value, masked.MaskedArray):
        number = writer.number(value)
        return ["masked", number, writer.node(base, depth), writer.node(masked.getmaskarray(value), depth)]
    number = writer.number(value)
    if base.dtype.kind == "O":
        return ["objects", number, list(base.shape), writer.nodes(base.ravel().tolist(), depth)]
    if base.dtype.kind not in KINDS:
        raise WireError(f"an array of dtype {base.dtype} cannot be handed over")
    data = np.ascontiguousarray(base)
    return ["array", number, data.dtype.str, list(base.shape), writer.blob(data.tobytes()), bool(base.flags.writeable)]


def _scalar(writer, value, depth):
    data = np.asarray(value)
    if data.dtype.kind not in KINDS:
        raise WireError(f"a scalar of dtype {data.dtype} cannot be handed over")
    return ["scalar", data.dtype.str, writer.blob(data.tobytes())]


def _tuple(writer, value, depth):
    items = writer.nodes(tuple.__iter__(value), depth)
    fields = getattr(type(value), "_fields", None)
    if isinstance(fields, tuple) and len(fields) == len(items):
        return ["named", type(value).__name__, list(map(str, fields)), items]
    return ["tuple", items]


def _list(writer, value, depth):
    number = writer.number(value)
    return ["list", number, writer.nodes(list.__iter__(value), depth)]


def _dict(writer, value, depth):
    number = writer.number(value)
    return ["dict", number, writer.pairs(value, depth)]


def _set(writer, value, depth):
    number = writer.number(value)
    return ["set", number, writer.nodes(set.__iter__(value), depth)]


def _generator(writer, value, depth):
    number = writer.number(value)
    return ["rng", number, type(value.bit_generator).__name__, writer.node(value.bit_generator.state, depth)]


_WRITERS = [
    (np.generic, _scalar),
    (str, lambda writer, value, depth: str.__str__(value)),
    (float, lambda writer, value, depth: float.__float__(value)),
    (int, _int),
    (np.ndarray, _array),
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (complex, lambda writer, value, depth: ["complex", value.real, value.imag]),
    (bytes, lambda writer, value, depth: ["bytes", writer.blob(bytes(value))]),
    (bytearray, lambda writer, value, depth: ["bytearray", writer.number(value), writer.blob(bytes(value))]),
    (set, _set),
    (frozenset, lambda writer, value, depth: ["frozenset", writer.nodes(frozenset.__iter__(value), depth)]),
    (range, lambda writer, value, depth: ["range", value.start, value.stop, value.step]),
    (slice, lambda writer, value, depth: ["slice", *writer.nodes((value.start, value.stop, value.step), depth)]),
    (type(...), lambda writer, value, depth: ["ellipsis"]),
    (type(NotImplemented), lambda writer, value, depth: ["not-implemented"]),
    (fractions.Fraction, lambda w, v, depth: ["fraction", w.node(v.numerator), w.node(v.denominator)]),
    (decimal.Decimal, lambda writer, value, depth: ["decimal", decimal.Decimal.__str__(value)]),
    (np.random.Generator, _generator),
]
_EXACTLY: dict[type, Any] = dict(_WRITERS) | dates.WRITERS | kinds.WRITERS
