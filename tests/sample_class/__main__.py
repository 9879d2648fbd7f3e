"""Grade the sample class and print the table of marks."""

import sys
from pathlib import Path

from tests.sample_class.run import grade, table


def main(folder):
    """Return 0 if every mark is the expected one, otherwise 1."""
    outcomes = grade(Path(folder))
    text = table(outcomes)
    (Path(folder) / "marks.txt").write_text(text + "\n")
    print(text)
    surprises = [outcome for outcome in outcomes if not outcome.as_expected]
    for outcome in surprises:
        for name, expected in outcome.expected.items():
            if outcome.marks.get(name) != expected:
                print(f"{outcome.student}, {name}: expected {expected:g}, got {outcome.marks.get(name)}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
