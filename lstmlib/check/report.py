"""The outcome of a check: a text for a person, and what a program needs."""

import sys
from dataclasses import dataclass

EVIDENCE = "application/vnd.grading-evidence+json"  # the judge's name for what it keeps and does not show


@dataclass(frozen=True)
class Part:
    """One thing that earns a share of the points of an exercise.

    Attributes
    ----------
    name : str
        What was looked at, in a few words.
    weight : int
        Its share of the points.
    passed : bool
    """

    name: str
    weight: int
    passed: bool


@dataclass(frozen=True, repr=False)
class Report:
    """What a check found.

    Attributes
    ----------
    subject : str
        What was checked: the id of an exercise, or a question.
    parts : tuple of Part
    diagnosis : str or None
        The id of the mistake, or None if nothing is wrong or the mistake is not known.
    message : str
        A few sentences for a person.
    """

    subject: str
    parts: tuple[Part, ...]
    diagnosis: str | None
    message: str

    @property
    def passed(self):
        """Whether every part passed."""
        return all(part.passed for part in self.parts)

    def points(self, maximum):
        """The share of `maximum` that the passed parts earn, as a float rounded to hundredths."""
        earned = sum(part.weight for part in self.parts if part.passed)
        return round(float(maximum) * earned / sum(part.weight for part in self.parts), 2)

    def award(self, maximum):
        """Print the report with the points part by part, and return the points earned.

        Made to be the last line of a graded cell: nbgrader shows what is printed and takes a number that
        ends the cell as partial credit. What each part earned is displayed as data, too, for the record that the
        judge keeps; nothing else shows it.
        """
        shares = [maximum * part.weight / sum(other.weight for other in self.parts) for part in self.parts]
        earned = [share if part.passed else 0 for part, share in zip(self.parts, shares, strict=True)]
        print(self)
        print()
        for part, share, points in zip(self.parts, shares, earned, strict=True):
            print(f"  {points:.3g} of {share:.3g}  {part.name}")
        print(f"Points: {self.points(maximum):g} of {maximum:g}")
        self._display_evidence(shares, earned)
        return self.points(maximum)

    def _display_evidence(self, shares, earned):
        if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
            return
        parts = [
            {"property": part.name, "points": round(points, 4), "of": round(share, 4)}
            for part, share, points in zip(self.parts, shares, earned, strict=True)
        ]
        found = {"subject": self.subject, "diagnosis": self.diagnosis, "parts": parts}
        sys.modules["IPython"].display.display({EVIDENCE: found}, raw=True)

    def __str__(self):
        verdict = "passed" if self.passed else "not yet" + (f" ({self.diagnosis})" if self.diagnosis else "")
        return f"{self.subject}: {verdict}\n{self.message}"

    __repr__ = __str__
