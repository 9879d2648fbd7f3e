"""The search for the mistake: which variant of the right formula explains what the student's function returns?

A formula has slots (the input term, the bias, the activation …), and each slot has its right filling and the
wrong ones that students write. The search tries one wrong filling at a time, then two, and the first variant
that gives the student's numbers on every case names the mistake.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Filling:
    """One way to fill a slot.

    Attributes
    ----------
    value : object
        What the family's formula receives for the slot.
    diagnosis : str
        The id of the mistake; empty for the right filling.
    sentence : str
        The mistake in words, a clause that can follow "Your numbers are what comes out when".
    hint : str
        What to look at.
    """

    value: Any
    diagnosis: str = ""
    sentence: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Family:
    """A formula with slots.

    Attributes
    ----------
    formula : callable
        ``formula(slots, **arguments)`` returns what the function would, with ``slots`` a dict of values.
    slots : dict
        Slot name to its fillings, the right one first.
    """

    formula: Callable[..., Any]
    slots: dict[str, list[Filling]]

    def variants(self, most: int = 2) -> Iterator[tuple[list[Filling], dict[str, Any]]]:
        """Yield the wrong fillings and the slots of each variant, those with a single mistake first."""
        right = {name: fillings[0].value for name, fillings in self.slots.items()}
        for count in range(1, most + 1):
            for names in itertools.combinations(self.slots, count):
                for wrong in itertools.product(*(self.slots[name][1:] for name in names)):
                    yield list(wrong), right | dict(zip(names, (w.value for w in wrong), strict=True))


def explain(family, outputs, agree):
    """Find the simplest variant that explains what a function returned.

    Parameters
    ----------
    family : Family
    outputs : list of (arguments, tuple of ndarray)
        What went in and what came out, for each case in which the function returned arrays.
    agree : callable
        ``agree(got, expected)`` says whether two tuples of arrays are equal up to rounding.

    Returns
    -------
    list of Filling
        The mistakes, or an empty list if no variant explains all of the outputs.
    """
    if not outputs:
        return []
    with np.errstate(all="ignore"):
        for mistakes, slots in family.variants():
            if all(agree(got, _evaluate(family, slots, arguments)) for arguments, got in outputs):
                return mistakes
    return []


def _evaluate(family, slots, arguments):
    try:
        value = family.formula(slots, **arguments)
    except ValueError:  # this variant has no value for these shapes, so it explains nothing here
        return None
    return tuple(map(np.asarray, value if isinstance(value, tuple) else (value,)))
