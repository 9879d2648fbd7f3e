"""What a notebook earns: run in this process, in a second and without a kernel; or by the judge, as students' are."""

import ast
import contextlib
import copy
import io
import logging
import os
from dataclasses import dataclass

from nbformat import from_dict
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade, get_partial_grade, is_grade, is_solution

from lstmlib.grading.authoring import ClearSolutions
from lstmlib.grading.judge.settings import Judge
from lstmlib.grading.judge.source import imports


def score(notebook, released=False):
    """Run a notebook in this process and grade it as nbgrader does.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The instructor's version.
    released : bool
        Put the stubs of the release in the place of the solutions.

    Returns
    -------
    list of (grade id, points earned, points to be had, what went wrong)
        For each cell that is graded automatically.
    """
    namespace = {"__name__": "__main__"}
    scores = []
    with as_in_grading():
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            outcome = run(stub(cell) if released and is_solution(cell) else cell.source, namespace)
            if is_grade(cell) and not is_solution(cell):
                settings = cell.metadata["nbgrader"]
                most = settings["points"]
                earned, odd = _earned(grade, outcome, most)
                scores.append((settings["grade_id"], earned, most, outcome.why or odd))
    return scores


def score_judged(notebook, released=False, packages=()):
    """Have the judge grade a notebook, in an ordinary process; see `score` for what comes back.

    What a test sees of a student's program is less than all: objects do not outlive a test, for example. `packages` are
    those of the course, as in ``c.Judge.packages``.
    """
    notebook = copy.deepcopy(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sources = [stub(cell) if is_solution(cell) else cell.source for cell in cells]
    if released:
        for cell, source in zip(cells, sources, strict=True):
            cell.source = source
    task = Judge(sandbox="process", packages=list(packages)).task(notebook, "", sources, {}, [], imports(sources), "0")
    backend, furniture, limits = task.sandboxes()[0]
    with as_in_grading(), contextlib.closing(backend(furniture, limits)) as box:
        result = task.judge(box, box)
    scores = []
    for cell, outputs in zip(cells, result["outputs"], strict=True):
        cell.outputs = [from_dict(output) for output in outputs]
        if is_grade(cell) and not is_solution(cell):
            earned, odd = _earned(_grade_of, cell)
            most = float(cell.metadata["nbgrader"]["points"])
            errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
            scores.append((cell.metadata["nbgrader"]["grade_id"], earned, most, " ".join(errors) or odd))
    return scores


def _grade_of(cell):
    earned, _ = determine_grade(cell, logging.getLogger(__name__))
    return earned


def _earned(grading, *arguments):
    """Points, and what is odd about them: nbgrader stops at a test that gives more than it has."""
    try:
        return grading(*arguments), ""
    except ValueError as error:
        return 0.0, str(error)


def stub(cell):
    """The source of a cell as students get it."""
    released, _ = ClearSolutions().preprocess_cell(copy.deepcopy(cell), {"language": "python"}, 0)
    return released.source


@dataclass(frozen=True)
class Outcome:
    """What running a cell gave: the value of its last line, and an error, both None if there is none."""

    value: object = None
    error: BaseException | None = None
    complaints: str = ""

    @property
    def why(self):
        if self.error is not None:
            return f"{type(self.error).__name__}: {self.error}".strip()
        return f"On standard error: {self.complaints}" if self.complaints else ""


def run(source, namespace):
    """Run the text of a cell; keep what it prints, its error, and the value of its last line."""
    errors = io.StringIO()
    value = None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        try:
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<cell>", "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stub raises NotImplementedError, a wrong solution anything
            return Outcome(None, error, errors.getvalue())
    return Outcome(value, None, errors.getvalue())


def grade(outcome, most):
    """Points as nbgrader gives them: none for an error or complaints, a number for itself, all for anything else."""
    if outcome.error is not None or outcome.complaints:
        return 0.0
    if outcome.value is None:
        return float(most)
    return get_partial_grade(new_output("execute_result", {"text/plain": repr(outcome.value)}), float(most))


@contextlib.contextmanager
def as_in_grading():
    """What a notebook can ask to know that it is graded."""
    before = os.environ.get("NBGRADER_EXECUTION")
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    try:
        yield
    finally:
        os.environ.pop("NBGRADER_EXECUTION")
        if before is not None:
            os.environ["NBGRADER_EXECUTION"] = before
