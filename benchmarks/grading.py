"""The speed of ``nbgrader autograde``, stock and ours, on the same submissions.

``python -m benchmarks.grading`` grades 100 submissions of ``lstm`` with ours, with stock and with ours again, then once
more with nothing changed; ``--many`` grades 1,000 with ours and reports the memory.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from tabulate import tabulate

from lstmlib.grading.marks import read_marks
from tests.sample_class.run import forget, nbgrader, release
from tests.sample_class.submissions import CLASSES, hand_in

# Stories without endless loops and dying kernels: what those take is a matter of time limits.
STORIES = ("perfect", "untouched", "some functions and some answers wrong", "right in another way",
           "parts of some exercises right", "unfinished exercises")  # fmt: skip


def make_class(folder, count):
    """Release ``lstm`` in a folder and hand in `count` submissions, no two of them alike."""
    path = release(folder, "lstm")
    released = nbformat.read(path, as_version=4)
    solved = nbformat.read(folder / "source" / "lstm" / "lstm.ipynb", as_version=4)
    students = [student for student in CLASSES["lstm"] if student.story in STORIES]
    for number in range(count):
        notebook = hand_in(students[number % len(students)], released, solved)
        notebook.cells.append(nbformat.v4.new_code_cell(f"# handed in by student {number}", id=f"student-{number}"))
        path = folder / "submitted" / f"s{number:04}" / "lstm" / "lstm.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def autograde(folder, stock=False, *more):
    """Run the command; return its seconds and the most memory, in MiB, that one of its processes took."""
    started = time.monotonic()
    nbgrader(folder, "autograde", "lstm", *more, stock=stock)
    seconds = time.monotonic() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def compare(folder, count):
    """Print a table of ours, stock, ours, and ours with nothing changed."""
    make_class(folder, count)
    rows, marks = [], {}
    for label, stock, fresh, more in (
        ("ours", False, True, ()),
        ("nbgrader's own", True, True, ()),
        ("ours again", False, True, ()),
        ("ours, nothing changed", False, False, ()),
        ("ours, nothing changed, --force", False, False, ("--force",)),
    ):
        if fresh:
            forget(folder, "lstm")
        seconds, _ = autograde(folder, stock, *more)
        marks[label] = read_marks(f"sqlite:///{folder / 'gradebook.db'}", "lstm")[0]
        rows.append([label, count, seconds, count / seconds])
    stock = rows[1][2]
    headers = ["autograde", "submissions", "s", "submissions / s", "stock's time / this"]
    print(tabulate([[*row, stock / row[2]] for row in rows], headers, floatfmt=".3g"))
    alike = all(found == marks["ours"] for found in marks.values())
    print("The marks are", "the same in all runs." if alike else "NOT THE SAME.")
    return 0 if alike else 1


def many(folder, count):
    """Print what a large class takes."""
    rows = []
    for number in (count // 10, count):
        part = folder / str(number)
        part.mkdir()
        make_class(part, number)
        seconds, memory = autograde(part)
        rows.append([number, seconds, seconds / number, memory])
    print(tabulate(rows, ["submissions", "s", "s each", "largest process, MiB"], floatfmt=".3g"))
    return 0


def main(arguments=None):
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--many", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return (many if chosen.many else compare)(Path(folder), chosen.count * (10 if chosen.many else 1))


if __name__ == "__main__":
    sys.exit(main())
