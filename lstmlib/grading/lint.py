"""Refuse assignments that would grade wrongly or leave students without help.

``python -m lstmlib.grading.lint solutions --banks tests.banks --labels book`` reads every assignment of a folder and
says what is wrong with it, one line each: the file, the cell, what was expected, and what came. It works for notebooks
in Python of any nbgrader course. What is looked at: `faults`.

A **bank** is a module with a dict ``WRONG``: exercise, named ``<assignment>.<function>``, to a list of wrong solutions.
A solution is a function, or what the module's ``make(exercise, solution)`` makes one of; of a pair it is the last.
"""

import argparse
import functools
import hashlib
import importlib
import json
import re
import sys
from pathlib import Path

from lstmlib.grading.faults import HINTS, Finding, find_faults

LABEL_IN_BOOK = re.compile(r"^:label: (\S+)$", re.MULTILINE)


def lint_all(solutions, labels=None, banks=None, depends=(), cache=None, hints=HINTS, packages=()):
    """Find what is wrong with all assignments of a folder; `Finding` each.

    Parameters
    ----------
    solutions : pathlib.Path
        One folder per assignment.
    labels : pathlib.Path, optional
        A folder with pages in which ``:label:`` lines name equations.
    banks : str, optional
        Name of a module with wrong solutions. Name its file in `depends`, too.
    depends : iterable of pathlib.Path
        What else an outcome hangs on, such as the library that notebooks import.
    cache : pathlib.Path, optional
        A file that remembers the outcome for each notebook; it is found by the content of all files named here.
    hints : int
    packages : iterable of str
        Those of the course, as in ``c.Judge.packages``.
    """
    known_labels = None
    if labels is not None:
        pages = [page.read_text() for page in sorted(labels.rglob("*.md"))]
        known_labels = {label for page in pages for label in LABEL_IN_BOOK.findall(page)}
    remembered = json.loads(cache.read_text()) if cache and cache.exists() else {}
    outcome, found = {}, []
    for path in sorted(solutions.rglob("*.md")):
        shared = sorted(file for file in solutions.iterdir() if file.is_file())
        key = _digest([path, *shared, *depends], sorted(known_labels or ()), hints, banks, list(packages))
        if key not in remembered:
            wrong = load_banks(banks) if banks else {}
            faults = find_faults(path, known_labels, wrong, hints, packages)
            remembered[key] = [[fault.file, fault.cell, fault.message] for fault in faults]
        outcome[key] = remembered[key]
        found += [Finding(*parts) for parts in remembered[key]]
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(outcome, indent=1) + "\n")
    return found


def load_banks(name):
    """Exercise to a list of wrong functions, from the module of that name."""
    module = importlib.import_module(name)
    make = getattr(module, "make", lambda exercise, solution: solution)
    return {
        exercise: [make(exercise, entry[-1] if isinstance(entry, tuple) else entry) for entry in bank]
        for exercise, bank in module.WRONG.items()
    }


def _digest(paths, *also):
    digest = hashlib.sha256(repr(also).encode())
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{file}\0{_file_digest(file)}\0".encode())
    return digest.hexdigest()


@functools.cache
def _file_digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments=None):
    """Lint all assignments of a folder; the exit code is 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("solutions", type=Path)
    parser.add_argument("--labels", type=Path, help="folder of pages that label equations")
    parser.add_argument("--banks", help="module of wrong solutions")
    parser.add_argument("--depends", type=Path, nargs="*", default=[], help="what else an outcome hangs on")
    parser.add_argument("--cache", type=Path, help="file that remembers outcomes")
    parser.add_argument("--hints", type=int, default=HINTS, help="how many each exercise must have")
    parser.add_argument("--packages", nargs="*", default=[], help="those of the course, as in c.Judge.packages")
    options = parser.parse_args(arguments)
    if not any(options.solutions.rglob("*.md")):
        parser.error(
            f"expected notebooks in MyST Markdown, *.md, in {options.solutions}; found "
            f"{len(list(options.solutions.rglob('*.ipynb')))} .ipynb. Convert them: jupytext --to md:myst name.ipynb"
        )
    found = lint_all(**vars(options))
    for finding in found:
        print(finding)
    print(f"{len(found)} finding{'s' * (len(found) != 1)} in {options.solutions}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
