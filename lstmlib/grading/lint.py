"""Refuse assignments that would grade wrongly or leave students without help.

``python -m lstmlib.grading.lint solutions --banks tests.banks --labels book`` reads every assignment of a folder and
says what is wrong with it, one line each: the file, the cell, what was expected, and what came. It works for notebooks
in Python of any nbgrader course.

What is looked at
-----------------
- The solved notebook gets all points and the untouched release none, in one process and from the judge; no wrong
  solution of a bank gets all.
- No two cells share a grade id, and no graded check shares its seed with one that students see.
- Each exercise has a label of an equation, a link, a docstring in its stub, and hints that unfold.

A **bank** is a module with a dict ``WRONG``: exercise, named ``<assignment>.<function>``, to a list of wrong solutions.
A solution is a function, or what the module's ``make(exercise, solution)`` makes one of; of a pair it is the last.
"""

import argparse
import ast
import functools
import hashlib
import importlib
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import is_grade, is_solution

from lstmlib.grading.authoring import read_notebook
from lstmlib.grading.score import as_in_grading, grade, run, score, score_judged, stub

HINTS = 3
LINK = re.compile(r"\]\([^)\s]+\)")
HINT = re.compile(r"<details\b")
LABEL_IN_BOOK = re.compile(r"^:label: (\S+)$", re.MULTILINE)
LABEL_IN_BRACKETS = re.compile(r"\(([a-z]+(?:-[a-z]+)*)\)")
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    file : str
    cell : str
        Its grade id; empty where the whole file is meant.
    message : str
        What was expected, and what came.
    """

    file: str
    cell: str
    message: str

    def __str__(self):
        return f"{self.file}{f', cell {self.cell}' if self.cell else ''}: {self.message}"


@dataclass(frozen=True)
class Exercise:
    """A function that students write.

    Attributes
    ----------
    function : str
        Its name.
    cell, graded : NotebookNode
        The cell with the stub, and the one that grades it.
    statement : str
        All text since the exercise before.
    """

    function: str
    cell: object
    graded: object
    statement: str


def lint(path, labels=None, banks=None, hints=HINTS, packages=()):
    """Find what is wrong with a notebook.

    Parameters
    ----------
    path : pathlib.Path
        The instructor's version, as MyST text.
    labels : set of str, optional
        Labels of equations that exist; without them, a word in brackets counts as one.
    banks : dict, optional
        Exercise to a list of wrong functions, as `load_banks` gives it.
    hints : int
        How many each exercise must have.
    packages : iterable of str
        Those of the course, as in ``c.Judge.packages``.

    Returns
    -------
    list of Finding
    """
    file = str(path)
    try:
        notebook = read_notebook(path)
    except Exception as error:  # whatever is wrong with the file, the other files are looked at, too
        return [Finding(file, "", str(error))]
    exercises = find_exercises(notebook)
    found = [*_seeds(notebook), *(finding for e in exercises for finding in _help(e, labels, hints))]
    found += _points(notebook, packages)
    found += [finding for exercise in exercises for finding in _bank(notebook, exercise, path.stem, banks or {})]
    return [Finding(file, cell, message) for cell, message in found]


def find_exercises(notebook):
    """The exercises of a notebook, in which students write a function: `Exercise` each."""
    exercises, texts, open_cell = [], [], None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts.append(cell.source)
        elif is_solution(cell) and not is_grade(cell) and _functions(cell.source):
            open_cell = cell
        elif open_cell is not None and is_grade(cell):
            (*_, function) = _functions(open_cell.source)
            exercises.append(Exercise(function.name, open_cell, cell, "\n".join(texts)))
            open_cell, texts = None, []
        elif is_grade(cell):
            texts = []
    return exercises


# What students read ---------------------------------------------------------------------------------------


def _help(exercise, labels, hints):
    name, text = exercise.cell.metadata["nbgrader"]["grade_id"], exercise.statement
    if labels is None:
        cited = LABEL_IN_BRACKETS.findall(text)
    else:
        cited = [label for label in labels if re.search(rf"(?<![\w-]){re.escape(label)}(?![\w-])", text)]
    if not cited:
        yield name, "expected the label of an equation in the text before it, such as (lstm-forget); found none."
    if not LINK.search(text):
        yield name, "expected a link to the chapter in the text before it; found none."
    count = len(HINT.findall(text))
    if count < hints:
        yield name, f"expected {hints} hints, each in a <details>, in the text before it; found {count}."
    functions = _functions(stub(exercise.cell))
    if not functions:
        yield name, f"expected a stub that defines {exercise.function}; the released cell defines no function."
    for function in functions:
        if not ast.get_docstring(function):
            yield name, f"expected a docstring in the stub of {function.name}; found none."


def _functions(source):
    try:
        return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError:
        return []


# Seeds ----------------------------------------------------------------------------------------------------


def _seeds(notebook):
    shown, hidden = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown += _calls(HIDDEN.sub("", cell.source))
            hidden += [(cell.metadata["nbgrader"]["grade_id"], call) for text in HIDDEN.findall(cell.source)
                       for call in _calls(text) if is_grade(cell)]  # fmt: skip
    seeded = {name for _, (name, seed) in hidden if seed is not None}
    visible_names = {name for name, _ in shown}
    visible = {seed for _, seed in shown if seed is not None}
    for cell, (name, seed) in hidden:
        if seed is not None and seed in visible:
            yield cell, f"expected a seed that students do not see; seed={seed} stands in a cell of theirs."
        if seed is None and name in seeded & visible_names:
            yield cell, f"expected a seed of its own for {name}; without one it draws the data that students see."
    twice = [seed for seed, count in Counter(seed for _, (_, seed) in hidden if seed is not None).items() if count > 1]
    for seed in twice:
        cells = [cell for cell, (_, other) in hidden if other == seed]
        yield cells[-1], f"expected a seed of its own; {seed} is that of cell {cells[0]}, too."


def _calls(source):
    """Name and seed (or None) of each call of a plain name; a text that is not Python has none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [
        (node.func.id, next((ast.unparse(word.value) for word in node.keywords if word.arg == "seed"), None))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


# Points ---------------------------------------------------------------------------------------------------


def _points(notebook, packages):
    """What the solution and the untouched release earn by mistake, run as they are, and then by the judge."""
    judged = functools.partial(score_judged, packages=packages)
    for way, whose in ((score, ""), (judged, " from the judge")):
        wrong = [
            (cell, f"expected {most:g} points{whose} for the instructor's own solution; it gets {earned:g}. {why}")
            for cell, earned, most, why in way(notebook)
            if earned != most
        ]
        wrong += [
            (cell, f"expected 0 points{whose} for the untouched release; it gets {earned:g}.")
            for cell, earned, _, _ in way(notebook, released=True)
            if earned
        ]
        if wrong:
            return wrong
    return []


def _bank(notebook, exercise, assignment, banks):
    wrong = banks.get(f"{assignment}.{exercise.function}", [])
    if not wrong:
        return
    grade_id, most = (exercise.graded.metadata["nbgrader"][key] for key in ("grade_id", "points"))
    namespace = {"__name__": "__main__"}
    with as_in_grading():
        for cell in notebook.cells:
            if cell is exercise.cell:
                break
            if cell.cell_type == "code" and not is_grade(cell):
                run(stub(cell) if is_solution(cell) else cell.source, namespace)
        for number, function in enumerate(wrong):
            outcome = run(exercise.graded.source, {**namespace, exercise.function: function})
            if grade(outcome, most) >= most:
                name = getattr(function, "__name__", repr(function))
                yield grade_id, f"expected less than {most:g} points for wrong solution {number}, {name}; it gets all."


# All assignments of a folder ------------------------------------------------------------------------------


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
            remembered[key] = [[f.file, f.cell, f.message] for f in lint(path, known_labels, wrong, hints, packages)]
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
