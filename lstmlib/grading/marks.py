"""The marks of a class, read from nbgrader's gradebook."""

from nbgrader.api import Gradebook


def read_marks(db_url, assignment):
    """Read the marks of one assignment.

    Parameters
    ----------
    db_url : str
        Such as ``sqlite:///class/gradebook.db``.
    assignment : str

    Returns
    -------
    marks : dict
        Student id to a dict of grade id to score; None where there is no score yet.
    maximum : dict
        Grade id to the points that can be had, in the order of the notebooks.

    Raises
    ------
    nbgrader.api.MissingEntry
        If the gradebook has no such assignment.
    """
    with Gradebook(db_url) as gradebook:
        notebooks = gradebook.find_assignment(assignment).notebooks
        points = {cell.name: cell.max_score for notebook in notebooks for cell in notebook.grade_cells}
        maximum = {cell.name: points[cell.name] for nb in notebooks for cell in nb.source_cells if cell.name in points}
        marks = {}
        for submission in gradebook.assignment_submissions(assignment):
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            marks[submission.student.id] = {
                grade.name: grade.manual_score if grade.manual_score is not None else grade.auto_score
                for grade in grades
            }
        return marks, maximum

