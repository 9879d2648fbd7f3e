"""The marks of a class, read from nbgrader's gradebook."""

from nbgrader.api import Gradebook


def read_marks(db_url, assignment):
    """Read the marks of one assignment, late penalties and extra credit aside.

    Parameters
    ----------
    db_url : str
        Such as ``sqlite:///class/gradebook.db``.
    assignment : str

    Returns
    -------
    marks : dict
        Student id to a dict of cell to score; None where a cell waits to be graded by hand.
    maximum : dict
        Cell to the points that can be had, in the order of the notebooks.

        A cell is named by its grade id, with the notebook in front (``essay/q1``) where an assignment has several.

    Raises
    ------
    nbgrader.api.MissingEntry
        If the gradebook has no such assignment.
    """
    with Gradebook(db_url) as gradebook:
        notebooks = gradebook.find_assignment(assignment).notebooks

        def name(notebook, cell):
            return cell.name if len(notebooks) == 1 else f"{notebook.name}/{cell.name}"

        maximum: dict[str, float] = {}
        for notebook in notebooks:
            points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
            in_order = [cell for cell in notebook.source_cells if cell.name in points]
            maximum |= {name(notebook, cell): points[cell.name] for cell in in_order}
        marks = {}
        for submission in gradebook.assignment_submissions(assignment):
            marks[submission.student.id] = {
                name(notebook, grade): None if grade.needs_manual_grade else grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
        return marks, maximum
