"""The outcome of a check: a text for a person, and what a program needs."""

from dataclasses import dataclass


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
        ends the cell as partial credit.
        """
        print(self)
        print()
        for part in self.parts:
            share = maximum * part.weight / sum(other.weight for other in self.parts)
            print(f"  {share if part.passed else 0:.3g} of {share:.3g}  {part.name}")
        print(f"Points: {self.points(maximum):g} of {maximum:g}")
        return self.points(maximum)

    def __str__(self):
        verdict = "passed" if self.passed else "not yet" + (f" ({self.diagnosis})" if self.diagnosis else "")
        return f"{self.subject}: {verdict}\n{self.message}"

    __repr__ = __str__
