"""What a check knows about one exercise."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lstmlib.check.mistakes import Family


@dataclass(frozen=True)
class Case:
    """Arguments for one call.

    Attributes
    ----------
    kind : {"ordinary", "extreme"}
    label : str
        What is special about it, for the report.
    arguments : dict
        Name to array, in the order of the signature.
    examples : int
        Size of the batch.
    """

    kind: str
    label: str
    arguments: dict[str, np.ndarray]
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
    """

    id: str
    outputs: tuple[str, ...]
    reference: Callable
    draw: Callable[[np.random.Generator], list[Case]]
    family: Family
    see: str
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    builds_on: tuple[str, ...] = ()

    @property
    def function_name(self):
        return self.id.split(".")[1]

    @property
    def arguments(self):
        """The names of the arguments, in order."""
        return tuple(self.draw(np.random.default_rng(0))[0].arguments)

    def expected(self, arguments):
        """What the reference returns, as a tuple."""
        value = self.reference(**arguments)
        return value if isinstance(value, tuple) else (value,)
