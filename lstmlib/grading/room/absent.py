"""Stands in the place of a module that answers what students are to write; the judge mounts it over that module."""

import os


class NotWhileGradingError(Exception):
    """Something of the library was used that answers the exercise."""


class Silent:
    """What students call to look at their own work: it does nothing, so that what stands below it is run.

    What a call returns is true, and can be compared, added and shown: little that is done with it stops a cell.
    """

    def __call__(self, *unused, **named):
        return self

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __float__(self):
        return 1.0

    def __index__(self):
        return 1

    def __exit__(self, *unused):
        return False

    def __format__(self, *unused):
        return repr(self)

    __hash__ = object.__hash__

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __repr__(self):
        return "(not run while it is graded)"


_OPERATORS = """
    add sub mul truediv floordiv mod pow matmul radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul and or xor rand
    ror rxor lshift rshift rlshift rrshift divmod rdivmod neg pos abs invert round eq ne lt le gt ge getitem setitem
    delitem enter contains
"""
for _name in _OPERATORS.split():
    setattr(Silent, f"__{_name}__", Silent.__call__)


class Absent:
    """A name of an absent module: it can be imported, and says why it can't be used."""

    def __init__(self, name):
        self.__name__ = self.__qualname__ = name

    def __call__(self, *unused, **named):
        raise NotWhileGradingError(
            f"{self.__name__} is in a part of the library that answers what the exercise asks you to write yourself; "
            f"while it is graded it is not there."
        )

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__}.{name}")

    def __mro_entries__(self, bases):
        return ()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    full = f"{__name__}.{name}"
    return Silent() if full in os.environ.get("JUDGING_SILENT", "").split(",") else Absent(full)
