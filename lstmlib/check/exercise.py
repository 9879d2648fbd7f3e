"""What a check knows about one exercise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstmlib.check.mistakes import Family


def as_it_is(function):
    """The adapter for a function that returns all its outputs."""
    return function


@dataclass(frozen=True, eq=False)  # a case is itself: arrays have no single answer to ==
class Case:
    """Arguments for one call.

    Attributes
    ----------
    kind : str
        "ordinary"; "extreme", on which a right formula may still fail; or one of the `properties` of the exercise.
    label : str
        What is special about it, for the report.
    arguments : dict
        Name to array (or dict of arrays, number, or object), in the order of the signature.
    examples : int
        Size of the batch.
    """

    kind: str
    label: str
    arguments: dict[str, Any]
    examples: int = 1


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes.

    Attributes
    ----------
    id : str
        Such as ``"lstm.forget_gate"``.
    outputs : tuple of str
        Names of what the function returns, one or more.
    reference : callable
        Takes the arguments by name, returns an array, or a tuple of them if there are several outputs.
    draw : callable
        Takes a generator, returns the list of `Case`.
    family : Family
        The right answer and the known ways to miss it.
    see : str
        Where the book explains it.
    ranges : dict
        Name of an output to the lowest and the highest value that it can have, for those that have one.
    builds_on : tuple of str
        Names of earlier functions of the assignment that this one may call; it is judged with right versions of them.
    properties : dict
        Kind of case to what it takes to be right there; each earns a share of the points.
    adapt : callable
        Makes of a student's function one that returns all outputs: for functions that work in place.
    in_place : tuple of str
        Arguments that the function is meant to change.
    """

    id: str
    outputs: tuple[str, ...]
    reference: Callable
    draw: Callable[[np.random.Generator], list[Case]]
    family: Family
    see: str
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    builds_on: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    adapt: Callable[[Callable], Callable] = as_it_is
    in_place: tuple[str, ...] = ()

    @property
    def function_name(self):
        return self.id.split(".")[1]

    @property
    def arguments(self):
        """The names of the arguments, in order."""
        return tuple(self.draw(np.random.default_rng(0))[0].arguments)

    def expected(self, arguments):
        """What the reference returns, as a tuple."""
        formula = getattr(self.reference, "__wrapped__", self.reference)  # the course's own arguments have their shapes
        value = formula(**arguments)
        return value if isinstance(value, tuple) else (value,)
