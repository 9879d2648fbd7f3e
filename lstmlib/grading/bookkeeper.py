"""Entering the marks of a submission into nbgrader's gradebook: all of them in one transaction, by one writer."""

import contextlib

from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_task

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
        self._known = [found, *found.notebooks, *cells]  # what is held here is not read again
        self._names = {cell.id: cell.name for cell in cells}

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
        submission = self._submission(student, timestamp, create_student)
        scores = {}
        for entry in submission.notebooks:
            if entry.name not in notebooks:
                continue
            entry.late_submission_penalty = None
            cells = {grade_id(cell): cell for cell in notebooks[entry.name].cells if grade_id(cell)}
            scores[entry.name] = {
                self._names[grade.cell_id]: self._score(grade, cells[self._names[grade.cell_id]])
                for grade in entry.grades
            }
            for comment in entry.comments:
                answer = cells.get(self._names[comment.cell_id])  # None if the student deleted it
                comment.auto_comment = "No response." if answer is None else _no_response(answer)
        return scores, submission.total_seconds_late

    def withdraw(self, student, timestamp, create_student=True):
        """Take back all automatic scores of a submission that could not be graded: each cell waits for a person."""
        with self._one_transaction():
            submission = self._submission(student, timestamp, create_student)
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
        given = {"timestamp": timestamp} if timestamp else {}
        return self.gradebook.update_or_create_submission(self.assignment, student, **given)

    def _score(self, grade, cell):
        if not is_grade(cell):
            return grade.auto_score  # a task, which only a person grades
        grade.auto_score, _ = determine_grade(cell, self.log)
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        return grade.auto_score


def _no_response(cell):
    unchanged = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    return "No response." if unchanged and not is_task(cell) else None
