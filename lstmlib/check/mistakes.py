"""The search for the mistake: which variant of the right formula explains what the student's function returns?

A formula has slots (the input term, the bias, the activation …), and each slot has its right filling and the
wrong ones that students write. The search tries one wrong filling at a time, then two, and the first variant
that gives the student's numbers on every case names the mistake.

Of the pairs, which are many, most are ruled out without computing them: where only one of two mistakes changes
an entry, the student's entry must be the one that this mistake gives by itself.
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
    last : tuple of str
        Slots that act on finished results (say, their order), so that what they change depends on all others.
    most_pairs : int
        How many pairs are tried, the likely ones first: a check shall take less than a tenth of a second.
    """

    formula: Callable[..., Any]
    slots: dict[str, list[Filling]]
    last: tuple[str, ...] = ()
    most_pairs: int = 1000

    @property
    def right(self) -> dict[str, Any]:
        """The slots as the reference fills them."""
        return {name: fillings[0].value for name, fillings in self.slots.items()}

    def mistakes(self) -> Iterator[tuple[str, Filling, int]]:
        """Yield each wrong filling with the name of its slot and its place there, the likely ones first."""
        for name, fillings in self.slots.items():
            for place, filling in enumerate(fillings[1:]):
                yield name, filling, place


def explain(family, outputs, agree, failed=()):
    """Find the simplest variant that explains what a function returned.

    Parameters
    ----------
    family : Family
    outputs : list of (arguments, tuple of ndarray)
        What went in and what came out, for each case in which the function returned arrays.
    agree : callable
        ``agree(got, expected)`` says whether two tuples of arrays are equal up to rounding.
    failed : iterable of dict
        Arguments with which the function raised an error. A variant that has a value there is not what was written.

    Returns
    -------
    list of Filling
        The mistakes, or an empty list if no variant explains all of the outputs.
    """
    if not outputs:
        return []

    def explains(slots):
        return all(agree(got, evaluate(family, slots, arguments)) for arguments, got in outputs) and all(
            evaluate(family, slots, arguments) is None for arguments in failed
        )

    right, mistakes = family.right, list(family.mistakes())
    arguments, got = outputs[0]
    with np.errstate(all="ignore"):
        values = []
        for name, filling, _ in mistakes:
            slots = right | {name: filling.value}
            values.append(evaluate(family, slots, arguments))
            if agree(got, values[-1]) and explains(slots):
                return [filling]
        possible = _possible_pairs(got, evaluate(family, right, arguments), values)
        pairs = [
            (mistakes[j], mistakes[k])
            for j, k in itertools.combinations(range(len(mistakes)), 2)
            if mistakes[j][0] != mistakes[k][0]
            and (possible[j, k] or mistakes[j][0] in family.last or mistakes[k][0] in family.last)
        ]
        pairs.sort(key=lambda pair: pair[0][2] + pair[1][2])
        for (one, first, _), (other, second, _) in pairs[: family.most_pairs]:
            if explains(right | {one: first.value, other: second.value}):
                return [first, second]
    return []


def evaluate(family, slots, arguments):
    """What a variant returns, as a tuple of arrays; None if it has no value for arguments of these shapes."""
    try:
        value = family.formula(slots, **arguments)
    except ValueError:
        return None
    return tuple(map(np.asarray, value if isinstance(value, tuple) else (value,)))


def _possible_pairs(got, right, values):
    """Which pairs of mistakes can explain `got`, judged by what each gives by itself (`values`), as a matrix.

    Entry by entry: where neither mistake changes anything, `got` must be right; where one does, `got` must be what
    that one gives. Where both do, anything is possible.
    """
    wrong = _differs(got, got, right)
    # Also where a mistake changes too little for a check to see: the other of the pair may make more of it.
    changed = np.array([_differs(got, value, right, tolerance=1e-12) for value in values])
    missed = np.array([_differs(got, got, value) for value in values])
    same = (~changed).astype(float).T
    contradicted = (changed & missed).astype(float) @ same
    return (contradicted == 0) & (contradicted.T == 0) & ((wrong & ~changed).astype(float) @ same == 0)


def _differs(got, one, other, tolerance=1e-5):
    """Where `one` differs from `other`, flat, with an entry for each of `got`."""
    masks = []
    for k, value in enumerate(got):
        shapes = [np.shape(side[k]) if side is not None and k < len(side) else None for side in (one, other)]
        if shapes == [value.shape] * 2:
            mask = ~(np.abs(one[k] - other[k]) <= tolerance * (1 + np.abs(other[k])))
        else:
            mask = np.full(value.shape, value.shape in shapes or None in shapes)
        masks.append(mask.ravel())
    return np.concatenate(masks)
