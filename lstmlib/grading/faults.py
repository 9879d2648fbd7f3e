"""What is wrong with a notebook: that it would grade wrongly, or leave students without help.

What is looked at
-----------------
- The solved notebook gets all points and the untouched release none, in one process and from the judge; no wrong
  solution of a bank gets all.
- No two cells share a grade id, and no graded check shares its seed with one that students see.
- Each exercise has a label of an equation, a link, a docstring in its stub, and hints that unfold.
"""

import ast
import functools
import re
from collections import Counter
from dataclasses import dataclass

from nbgrader.utils import is_grade, is_solution

from lstmlib.grading.authoring import read_notebook
from lstmlib.grading.score import as_in_grading, grade, run, score, score_judged, stub

HINTS = 3
LINK = re.compile(r"\]\([^)\s]+\)")
HINT = re.compile(r"<details\b")
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


def find_faults(path, labels=None, banks=None, hints=HINTS, packages=()):
    """Find what is wrong with a notebook.

    Parameters
    ----------
    path : pathlib.Path
        The instructor's version, as MyST text.
    labels : set of str, optional
        Labels of equations that exist; without them, a word in brackets counts as one.
    banks : dict, optional
        Exercise to a list of wrong functions, as `lint.load_banks` gives it.
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
