"""Dates, times of day and spans of time as nodes, and back: their numbers, and the offset of a time zone.

Subclasses stay objects, and so does a time whose zone is more than an offset from UTC: their numbers do not hold all.
"""

import datetime
from collections.abc import Callable
from typing import Any


def _date(writer, value, depth):
    return ["date", value.year, value.month, value.day]


def _datetime(writer, value, depth):
    return _zoned(writer, value, ["datetime", value.year, value.month, value.day, *_clock(value)])


def _time(writer, value, depth):
    return _zoned(writer, value, ["time", *_clock(value)])


def _clock(value):
    return value.hour, value.minute, value.second, value.microsecond, value.fold


def _zoned(writer, value, node):
    if value.tzinfo is not None and type(value.tzinfo) is not datetime.timezone:
        return writer.export(value, writer)
    return [*node, writer.node(value.tzinfo)]


def _span(writer, value, depth):
    return ["span", value.days, value.seconds, value.microseconds]


def _zone(writer, value, depth):
    return ["zone", *writer.nodes(value.__getinitargs__(), depth)]  # without a name UTC stays the one that it is


def _read_datetime(reader, year, month, day, hour, minute, second, microsecond, fold, zone):
    return datetime.datetime(year, month, day, hour, minute, second, microsecond, reader.value(zone), fold=fold)


def _read_time(reader, hour, minute, second, microsecond, fold, zone):
    return datetime.time(hour, minute, second, microsecond, reader.value(zone), fold=fold)


WRITERS = {
    datetime.date: _date,
    datetime.datetime: _datetime,
    datetime.time: _time,
    datetime.timedelta: _span,
    datetime.timezone: _zone,
}
READERS: dict[str, Callable[..., Any]] = {
    "date": lambda reader, year, month, day: datetime.date(year, month, day),
    "datetime": _read_datetime,
    "time": _read_time,
    "span": lambda reader, days, seconds, microseconds: datetime.timedelta(days, seconds, microseconds),
    "zone": lambda reader, *offset_and_name: datetime.timezone(*reader.values(offset_and_name)),
}
