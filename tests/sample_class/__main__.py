"""Grade the sample class; the table of marks is left in the file marks.txt of the folder."""

import sys
from pathlib import Path

from tests.sample_class.run import grade, table


def main(folder):
    """Return 0 if every mark is the expected one, otherwise 1."""
    outcomes = grade(Path(folder))
    (Path(folder) / "marks.txt").write_text(table(outcomes) + "\n")
    surprises = [outcome for outcome in outcomes if not outcome.as_expected]
    if surprises:
        print(table(outcomes))
    for outcome in surprises:
        for name, expected in outcome.expected.items():
            if outcome.marks.get(name) != expected:
                print(f"{outcome.student}, {name}: expected {expected:g}, got {outcome.marks.get(name)}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
