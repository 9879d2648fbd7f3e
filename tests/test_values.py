"""Values that cross between judge and room, and messages that carry them."""

import datetime
import decimal
import fractions
import math
import socket
import time
import zoneinfo
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmlib.grading.room import changes
from lstmlib.grading.room.frames import LARGEST_TEXT, Channel, ClosedError, LateError, WireError
from lstmlib.grading.room.reading import Reader
from lstmlib.grading.room.writing import DEEPEST, Writer


def no_objects(value, *unused):
    raise WireError("not data")


def there_and_back(value):
    writer = Writer(no_objects)
    left, right = (Channel(end) for end in socket.socketpair())
    try:
        left.send({"value": writer.node(value)}, writer.blobs, time.monotonic() + 5)
        head, blobs = right.receive(time.monotonic() + 5)
    finally:
        left.close()
        right.close()
    return Reader(blobs, no_objects).value(head["value"])


def alike(a, b):
    """Whether two values have the same type and content, NaN equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM")
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(alike, a.items(), b.items()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    return a == b or (a != a and b != b)


ZONES = st.none() | st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3.5), "a name")])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=20)
    | st.binary(max_size=20) | st.fractions() | st.decimals(allow_nan=False)
    | st.dates() | st.datetimes(timezones=ZONES, allow_imaginary=True) | st.times(timezones=ZONES) | st.timedeltas()
)  # fmt: skip
ARRAYS = hnp.arrays(
    st.sampled_from(["f8", "f4", "f2", "i8", "u1", "?", "c16", ">f8", "U3", "S2", "M8[s]"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    | st.tuples(inner, inner),
    max_leaves=12,
)


@given(VALUES)
def test_data_come_back_as_they_were(value):
    assert alike(there_and_back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(0.1), np.int8(-3), np.bool_(True), np.float64(math.nan), {1, 2}, frozenset({"a"}), range(1, 9, 2),
        slice(1, None, 2), ..., fractions.Fraction(1, 3), decimal.Decimal("0.10"), 2**200, -(2**70), bytearray(b"ab"),
        datetime.datetime(2024, 10, 27, 2, fold=1, tzinfo=datetime.UTC), datetime.time(2, fold=1),
        datetime.timezone(datetime.timedelta(minutes=90), "a name"),
    ],
)  # fmt: skip
def test_other_builtin_values_come_back_as_they_were(value):
    back = there_and_back(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_dates_that_are_more_than_their_numbers_stay_objects():
    class Holiday(datetime.date):
        pass

    for value in (Holiday(2024, 1, 1), datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Vienna"))):
        with pytest.raises(WireError, match="not data"):
            there_and_back(value)


@pytest.mark.parametrize("kind", [int, bool, object, type(None), ValueError, StopIteration, OSError])
def test_builtin_classes_are_found_by_name(kind):
    assert there_and_back(kind) is kind


@pytest.mark.parametrize("kind", [range, type, KeyboardInterrupt, BaseException, type("int", (int,), {}), np.float64])
def test_other_classes_stay_objects(kind):
    with pytest.raises(WireError, match="not data"):
        there_and_back(kind)


def test_subclasses_arrive_as_what_they_are_made_of():
    class Liar(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert there_and_back(Liar("no")) != "yes"
    assert type(there_and_back(OrderedDict(a=1))) is dict
    point = there_and_back(namedtuple("Point", "x y")(1, 2))
    assert (point.x, point.y) == (1, 2) and isinstance(point, tuple)


def test_a_generator_of_random_numbers_goes_on_where_it_was():
    rng = np.random.default_rng(3)
    rng.normal(size=5)
    assert there_and_back(rng).normal() == rng.normal()


def test_masked_arrays_keep_their_masks():
    value = np.ma.MaskedArray([1.0, 2.0], mask=[False, True])
    assert there_and_back(value).mask.tolist() == [False, True]


def test_cycles_and_shared_values_keep_their_identity():
    inner = [1]
    value = {"a": inner, "b": inner}
    inner.append(value)
    back = there_and_back(value)
    assert back["a"] is back["b"]
    assert back["a"][1] is back


def test_too_deep_and_too_large_values_are_refused():
    value: list = []
    for _ in range(DEEPEST + 2):
        value = [value]
    with pytest.raises(WireError, match="deep"):
        there_and_back(value)
    with pytest.raises(WireError, match="bytes"):
        there_and_back("x" * (LARGEST_TEXT + 1))


@pytest.mark.parametrize(
    "node",
    [
        ["array", 1, "O", [1], 0, True], ["array", 1, "f8", [-1, -1], 0, True], ["array", 1, "f8", [10**9], 0, True],
        ["ref", 7], ["list", 1], ["array", 1, "f8", [1], 9, True], ["int", "zz"], ["nothing"], [], {}, [["list"]],
        ["decimal", 3], ["fraction", 1, 0], ["rng", 1, "Random", None], ["slice", 1], ["named", "a", ["b"], 3],
        ["date", 2024, 2, 30], ["date", "\x07\xe8\x01\x01"], ["datetime", 2024, 1, 1, 0, 0, 0, 0, 0, 3],
        ["span", 1e300, 0, 0], ["time", 1, 2, 3, 4, 0, ["list", 1, []]], ["zone", ["span", 2, 0, 0], "far"],
        ["zone", ["span", 0, 0, 0], None], ["scalar", "V8", 0], ["array", 1, "|V8", [1], 0, True],
        ["dict", 1, [[["list", 2, []], 1]]], ["builtin", "range"], ["builtin", "eval"], ["builtin", ["int"]],
    ],
)  # fmt: skip
def test_malformed_nodes_are_refused(node):
    with pytest.raises(WireError):
        Reader([b"12345678"], no_objects).value(node)


@pytest.mark.parametrize(
    "value",
    [
        np.empty((2**40, 0)), np.empty((0, 2**40), dtype=object), [np.empty((10**6, 0))] * 20,
        np.ma.MaskedArray(np.empty((2**40, 0))), range(10**10),
    ],
)  # fmt: skip
def test_nothing_that_stands_for_a_lot_is_read_where_that_is_bounded(value):
    writer = Writer(no_objects)
    node = writer.node(value)
    assert len(Reader(writer.blobs, no_objects).value(node)) == len(value)
    with pytest.raises(WireError, match="stands for more than"):
        Reader(writer.blobs, no_objects, bounded=True).value(node)


def test_an_empty_array_of_a_few_rows_is_read():
    writer = Writer(no_objects)
    node = writer.node([np.empty((3, 0)), np.empty((0, 5), dtype=object)])
    rows, objects = Reader(writer.blobs, no_objects, bounded=True).value(node)
    assert rows.shape == (3, 0) and objects.shape == (0, 5)


@pytest.mark.parametrize("text", [b"\xff\xff\xff\xff\x00\x00\x00\x00", b"\x00\x00\x00\x01\x00\x00\x00\x00[", b"\x00"])
def test_malformed_messages_are_refused(text):
    left, right = socket.socketpair()
    left.sendall(text)
    left.close()
    with pytest.raises((WireError, ClosedError)):
        Channel(right).receive(time.monotonic() + 1)
    right.close()


def test_whoever_does_not_answer_is_late():
    left, right = socket.socketpair()
    with pytest.raises(LateError):
        Channel(right).receive(time.monotonic() + 0.05)
    left.close()
    right.close()


def test_changes_in_place_reach_the_originals_and_nothing_else():
    a, untouched = np.zeros(3), np.ones(2)
    originals = {"list": [1, {"k": a}], "array": a, "untouched": untouched, "set": {1}, "rng": np.random.default_rng(0)}
    writer = Writer(no_objects)
    node = writer.node(originals)
    reader = Reader(writer.blobs, no_objects)
    copy = reader.value(node)
    before = changes.snapshot(reader.table)
    copy["array"][1] = 5.0
    copy["list"].append(copy["array"])
    copy["set"].add(2)
    copy["rng"].normal()
    answer = Writer(no_objects, reader.table)
    found = changes.changed(before, answer)
    changes.apply(found, Reader(answer.blobs, no_objects, writer.table))
    assert a.tolist() == [0, 5, 0]
    assert originals["list"][2] is a
    assert originals["set"] == {1, 2}
    assert originals["rng"].normal() == copy["rng"].normal()
    assert len(found) == 4 and untouched.tolist() == [1, 1]


def test_a_change_that_does_not_fit_is_refused():
    original = np.zeros(3)
    node = ["array", 9, "<f8", [1], 0, True]
    with pytest.raises(WireError, match="another type or size"):
        changes.apply([[1, "array", node]], Reader([bytes(8)], no_objects, {1: original}))
    with pytest.raises(WireError, match="does not fit"):
        changes.apply([[1, "list", ["tuple", []]]], Reader([], no_objects, {1: original}))


def test_an_answer_that_comes_before_its_question_is_found_out():
    mine, theirs = map(Channel, socket.socketpair())
    theirs.send({"answer": 1})
    theirs.send({"answer": 2})
    assert mine.receive()[0] == {"answer": 1}
    with pytest.raises(WireError, match="nobody had asked"):
        mine.send({"do": "anything"})
