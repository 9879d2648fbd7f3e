"""What a check knows about one exercise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstmlib.check.mistakes import Family


@dataclass(frozen=True)
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
    """

    kind: str
    label: str
    arguments: dict[str, Any]


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
        Takes the arguments by name, returns one array per output, as a tuple.
    draw : callable
        Takes a generator, returns the list of `Case`.
    family : Family
        The right answer and the known ways to miss it.
    see : str
        Where the book explains it.
    properties : dict
        Kind of case to what it takes to be right there; each earns a share of the points.
    adapt : callable, optional
        Makes of a student's function one that returns all outputs: for functions that work in place.
    in_place : tuple of str
        Arguments that the function is meant to change.
    batched : bool
        Whether the first argument has a row for each example.
    bounded : bool
        Whether outputs that are right within (0, 1) or (-1, 1) must always be.
    """

    id: str
    outputs: tuple[str, ...]
    reference: Callable[..., tuple]
    draw: Callable[[np.random.Generator], list[Case]]
    family: Family
    see: str
    properties: Mapping[str, str] = field(default_factory=dict)
    adapt: Callable[[Callable], Callable] = lambda function: function
    in_place: tuple[str, ...] = ()
    batched: bool = True
    bounded: bool = True

    @property
    def function_name(self):
        return self.id.split(".")[1]

