"""Entering the marks of a submission into nbgrader's gradebook: all of them in one transaction, by one writer."""

import contextlib

from nbgrader import api
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_task
from sqlalchemy import insert, select

from lstmlib.grading.repair import grade_id


class Bookkeeper:
    """The one writer of a run.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment : str
    log : logging.Logger
    """

    def __init__(self, gradebook, assignment, log):
        self.gradebook, self.assignment, self.log = gradebook, assignment, log
        session = gradebook.db()
        session.expire_on_commit = False  # one writer: nothing changes behind its back
        found = gradebook.find_assignment(assignment)
        cells = [
            cell
            for notebook in found.notebooks
            for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]
        ]
        self._assignment = found  # as the gradebook has it
        self._known = [found, *found.notebooks, *cells]  # what is held here is not read again
        self._names = {cell.id: cell.name for cell in cells}
        self._notebooks = {notebook.id: notebook.name for notebook in found.notebooks}

    def entered(self):
        """The automatic scores that are entered.

        Returns
        -------
        dict
            Student to a dict of notebook to a dict of grade id to score or None.
        """
        wanted = (
            select(
                api.SubmittedAssignment.student_id,
                api.SubmittedNotebook.notebook_id,
                api.Grade.cell_id,
                api.Grade.auto_score,
            )
            .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
            .where(api.SubmittedAssignment.assignment_id == self._assignment.id)
        )
        scores: dict[str, dict] = {}
        for student, notebook, cell, score in self.gradebook.db.execute(wanted):
            scores.setdefault(student, {}).setdefault(self._notebooks[notebook], {})[self._names[cell]] = score
        return scores

    def recorded(self):
        """The students whose submission is entered, each with the extension that was granted, as a text."""
        entered = self.gradebook.assignment_submissions(self.assignment)
        return {submission.student_id: str(submission.extension) for submission in entered}

    def enter(self, student, timestamp, notebooks, create_student=True):
        """Enter the scores of graded notebooks, as nbgrader's ``SaveAutoGrades`` does.

        A score that a person gave stays and waits to be looked at again; extra points and comments that a person
        gave stay as they are.

        Parameters
        ----------
        student : str
        timestamp : datetime or None
        notebooks : dict
            Name to the graded notebook.
        create_student : bool

        Returns
        -------
        scores : dict
            Notebook to a dict of grade id to score.
        late : float
            Seconds after the due date. Penalties that were there are taken back; new ones are the caller's to enter.

        Raises
        ------
        nbgrader.api.MissingEntry
            If the student is unknown and may not be created.
        """
        with self._one_transaction():
            return self._enter(student, timestamp, notebooks, create_student)

    def _enter(self, student, timestamp, notebooks, create_student):
        cells = {
            name: {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
            for name, notebook in notebooks.items()
        }
        submission = self._submission(student, timestamp, create_student)
        if submission is None:
            return self._enter_first(student, timestamp, cells)
        scores: dict[str, dict] = {}
        for entry in submission.notebooks:
            if entry.name not in cells:
                continue
            entry.late_submission_penalty = None
            found, given = cells[entry.name], scores.setdefault(entry.name, {})
            for grade in entry.grades:
                name = self._names[grade.cell_id]
                if is_grade(found[name]):
                    score, waits = self._score(entry.name, found[name], grade.manual_score)
                    grade.auto_score, grade.needs_manual_grade = score, waits
                given[name] = grade.auto_score  # of a task, which only a person grades, None
            for comment in entry.comments:
                comment.auto_comment = _no_response(found.get(self._names[comment.cell_id]))
        return scores, submission.total_seconds_late

    def _enter_first(self, student, timestamp, cells):
        """Enter a submission of which the gradebook knows nothing.

        The rows are those of nbgrader's ``add_submission``, and all of a table go in at once: most of what it takes
        to enter a submission is SQLAlchemy's bookkeeping for each of its objects.
        """
        session = self.gradebook.db
        submission = api.SubmittedAssignment(assignment=self._assignment, student_id=student, timestamp=timestamp)
        session.add(submission)
        session.flush()
        scores: dict[str, dict] = {}
        notebooks, grades, comments = [], [], []
        for notebook in submission.assignment.notebooks:
            row = {"notebook_id": api.new_uuid()}
            notebooks.append({"id": row["notebook_id"], "notebook_id": notebook.id, "assignment_id": submission.id})
            found = cells.get(notebook.name)
            given: dict = {} if found is None else scores.setdefault(notebook.name, {})
            for cell in [*notebook.grade_cells, *notebook.task_cells]:
                score, waits = None, True
                if found is not None and is_grade(found[cell.name]):
                    score, waits = self._score(notebook.name, found[cell.name])
                given[cell.name] = score
                grades.append(row | {"cell_id": cell.id, "auto_score": score, "needs_manual_grade": waits})
            for cell in [*notebook.solution_cells, *notebook.task_cells]:
                remark = None if found is None else _no_response(found.get(cell.name))
                comments.append(row | {"cell_id": cell.id, "auto_comment": remark})
        for table, rows in ((api.SubmittedNotebook, notebooks), (api.Grade, grades), (api.Comment, comments)):
            if rows:
                session.execute(insert(table.__table__), rows)
        return scores, submission.total_seconds_late

    def withdraw(self, student, timestamp, create_student=True):
        """Take back all automatic scores of a submission that could not be graded: each cell waits for a person."""
        with self._one_transaction():
            submission = self._submission(student, timestamp, create_student)
            if submission is None:
                given = {"timestamp": timestamp} if timestamp else {}
                submission = self.gradebook.add_submission(self.assignment, student, **given)
            for entry in submission.notebooks:
                for grade in entry.grades:
                    grade.auto_score, grade.needs_manual_grade = None, True

    @contextlib.contextmanager
    def _one_transaction(self):
        """All or nothing, though nbgrader's own methods commit on the way; and each row is written once."""
        session = self.gradebook.db
        commit, session.commit = session.commit, lambda: None
        try:
            yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.commit = commit

    def _submission(self, student, timestamp, create_student):
        if create_student:
            self.gradebook.update_or_create_student(student)
        else:
            self.gradebook.find_student(student)
        try:
            submission = self.gradebook.find_submission(self.assignment, student)
        except api.MissingEntry:
            return None
        if timestamp:
            submission.timestamp = timestamp
        return submission

    def _score(self, notebook, cell, by_a_person=None):
        """The score of a cell, and whether it waits for a person."""
        try:
            score, _ = determine_grade(cell, self.log)
        except ValueError as error:
            most = cell.metadata["nbgrader"]["points"]
            raise ValueError(f"notebook {notebook}, cell {grade_id(cell)} of {most:g} points: {error}") from error
        return score, by_a_person is not None or score is None


def _no_response(cell):
    if cell is None:
        return "No response."  # the student deleted it
    unchanged = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    return "No response." if unchanged and not is_task(cell) else None
