"""One run over the submissions of an assignment.

For each submission: read it (`submission`), judge it (`judge`), enter its marks (`bookkeeper`), put the graded
notebooks into their folder (`placing`), and last of all write the evidence (`records`). A submission is done when its
evidence fits what was handed in, what was released, the code that judges and the scores in the gradebook. So a run may
end at any moment, and the next one goes on.
"""

import contextlib
import datetime
import os
from dataclasses import dataclass, field

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from tqdm import tqdm

from lstmlib.grading.assignment import Assignment
from lstmlib.grading.bookkeeper import Bookkeeper
from lstmlib.grading.judge.crowd import judge_all, make_crowd
from lstmlib.grading.judge.sandbox import SandboxError
from lstmlib.grading.judge.station import JudgingError
from lstmlib.grading.messages import above_the_bar, counted, in_a_line, quietly, some
from lstmlib.grading.placing import place
from lstmlib.grading.submission import Submission, digest_of, read_submission, read_timestamp


class RunError(RuntimeError):
    """A submission can't be graded, or some were left ungraded; the message says what to do."""


@dataclass
class Work:
    """A submission on its way through a run."""

    submission: Submission
    key: str
    files: dict
    timestamp: datetime.datetime | None
    tasks: dict = field(default_factory=dict)  # notebook to Task
    results: dict = field(default_factory=dict)  # notebook to what came of it


class Run:
    """One run.

    Parameters
    ----------
    converter : lstmlib.grading.autograde.Autograde
        For nbgrader's settings, paths and hooks.
    judge : Judge
    records : Records
    gradebook : nbgrader.api.Gradebook

    Raises
    ------
    AssignmentError
        If the assignment is not in the gradebook.
    """

    def __init__(self, converter, judge, records, gradebook):
        self.converter, self.judge, self.records, self.log = converter, judge, records, converter.log
        self.course = converter.coursedir
        self.assignment = Assignment(converter, judge, records.seed(), gradebook)
        self.bookkeeper = Bookkeeper(gradebook, self.assignment.name, self.log)
        self._recorded: dict[str, str] = {}
        self._entered: dict[str, dict] = {}
        self.late_penalties = AssignLatePenalties(parent=converter)
        self.before, self.after = (
            [step(parent=converter) for step in steps]
            for steps in (converter.sanitize_preprocessors, converter.autograde_preprocessors)
        )

    def grade(self, found):
        """Grade submissions.

        Parameters
        ----------
        found : list of (student id, folder)

        Raises
        ------
        SandboxError
            If students' code can't be locked up.
        RunError
            If submissions could not be graded. All others are.
        """
        name = self.assignment.name
        self._recorded, self._entered = self.bookkeeper.recorded(), self.bookkeeper.entered()
        to_do = [(student, folder) for student, folder in found if not self._is_done(student, folder)]
        if len(to_do) < len(found):
            self.log.info("%d submissions have not changed since they were graded: skipped", len(found) - len(to_do))
        failed: dict[str, str] = {}
        with (
            above_the_bar(self.log),
            tqdm(total=len(to_do), desc=name, unit="submission", disable=None) as bar,
            contextlib.closing(
                make_crowd(min(self.judge.how_many(), max(1, len(to_do))), self.judge.scheduler)
            ) as crowd,
        ):
            if to_do:
                crowd.start(self.assignment.any_task())
                self.records.write_environment(self.assignment.environment_digest, self.assignment.environment)
            for work, results in judge_all(self._batches(to_do, failed, bar), crowd):
                self._finish(work, results, failed)
                bar.update()
                if bar.disable:  # it is for terminals
                    self.log.info("Done: %s", work.submission.student)
        report, repairs, hit = self.records.summarize(name)
        self.log.info("Graded %s of %s", counted(len(to_do) - len(failed), "submission"), name)
        if repairs:
            self.log.warning("Repairs in submissions of %s: %d, listed in %s", name, len(repairs), report)
        if hit:
            what = "Submissions of %s that hit a limit or lost their program: %d (%s), see mishaps in %s/<student>.json"
            self.log.warning(what, name, len(hit), some(hit), self.records.folder / "evidence" / name)
        if failed:
            listed = "\n".join(f"  {in_a_line(student)}: {why}" for student, why in failed.items())
            raise RunError(f"{counted(len(failed), 'submission')} could not be graded and must be seen to:\n{listed}")

    # One submission

    def _is_done(self, student, folder):
        if self.converter.force or student not in self._recorded or not os.path.exists(self._destination(student)):
            return False
        evidence = self.records.evidence(self.assignment.name, student)
        entered = self._entered.get(student, {})
        if any(entered.get(name) != about["scores"] for name, about in evidence.get("notebooks", {}).items()):
            return False  # another gradebook has come in the place of the one in which they were entered
        try:
            digest = digest_of(folder, self.assignment.released)
            return evidence.get("key") == self.assignment.key(digest, self._recorded[student])
        except OSError:  # reading it will say so
            return False

    def _batches(self, to_do, failed, bar):
        for student, folder in to_do:
            batch = self._prepare(student, folder, failed)
            if batch is None:
                bar.update()
            else:
                yield batch

    def _prepare(self, student, folder, failed):
        """Read a submission; return it with the tasks that no earlier run has done."""
        try:
            if not _is_id(student):
                raise RunError("expected a student id of at most 200 bytes of UTF-8 in one line; rename the folder")
            self.converter.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in self.assignment.wanted]
            self.converter.run_pre_convert_hook()
            submission = read_submission(student, folder, self.assignment.released, self.assignment.wanted)
            self.assignment.look_beside(submission)
            work = Work(
                submission,
                self.assignment.key(submission.digest, self._recorded.get(student, "None")),
                self.assignment.files_beside(submission),
                read_timestamp(submission),
            )
            for name, notebook in submission.notebooks.items():
                submission.notebooks[name] = self._through(self.before, notebook, name, student)
                work.tasks[name] = self.assignment.task(name, submission.notebooks[name], work.files)
                work.results[name] = self.records.cached(self.assignment.cache_key(work.tasks[name]))
        except Exception as error:
            self._fail(student, None, error, failed)
            return None
        return work, [task for name, task in work.tasks.items() if work.results[name] is None]

    def _finish(self, work, results, failed):
        """Take the results of a submission's tasks; enter them, or take back what was entered before."""
        student, results = work.submission.student, iter(results)
        cached = {name: result is not None for name, result in work.results.items()}
        try:
            for name, result in work.results.items():
                if result is None:
                    work.results[name] = result = next(results)
                    if isinstance(result, Exception):
                        raise result
                    if not any(cell["mishaps"] for cell in result["evidence"]):  # a limit may be hit by chance
                        self.records.cache(self.assignment.cache_key(work.tasks[name]), result)
            graded = {
                name: self._through(self.after, _show(notebook, work.results[name]["outputs"]), name, student)
                for name, notebook in work.submission.notebooks.items()
            }
            kept = set(self.assignment.released) - set(graded)
            earlier = self.records.notebooks(self.assignment.name, student, kept)
            self.records.forget_evidence(self.assignment.name, student)  # it is done again when all of it is
            scores, late = self.bookkeeper.enter(student, work.timestamp, graded, self.converter.create_student)
            if late > 0:
                for name, notebook in graded.items():
                    self._through([self.late_penalties], notebook, name, student)
            place(self._destination(student), work.files, graded, kept)
            self._drop_feedback(student)
            with quietly(self.log):
                self.converter.set_permissions(self.assignment.name, student)
            self.converter.run_post_convert_hook()
            self.records.write_evidence(self.assignment.name, student, self._evidence(work, scores, cached, earlier))
        except SandboxError:
            raise
        except Exception as error:
            self._fail(student, work.timestamp, error, failed)
            return
        for repair in work.submission.report():
            self.log.warning("Repaired %s: %s", student, repair)

    def _fail(self, student, timestamp, error, failed):
        """A submission could not be graded: no earlier score may look as if it were the present one's."""
        failed[student] = in_a_line(f"{type(error).__name__}: {error}")
        expected = isinstance(error, (RunError, JudgingError, MissingEntry))
        self.log.error("Could not grade %s: %s", in_a_line(student), failed[student], exc_info=not expected)
        if isinstance(error, (RunError, MissingEntry)):
            return  # no student
        try:
            self.records.forget_evidence(self.assignment.name, student)
            self.bookkeeper.withdraw(student, timestamp, self.converter.create_student)
            place(self._destination(student), None, {}, set())
            self._drop_feedback(student)
            about = {"student": student, "assignment": self.assignment.name, "graded": _now()}
            self.records.write_evidence(self.assignment.name, student, about | {"failed": failed[student]})
        except Exception as second:
            failed[student] += f"; earlier marks could not be taken back ({type(second).__name__}: {second})"
            self.log.exception("Could not take back the marks of %s", student)

    def _drop_feedback(self, student):
        """Feedback from before says what is no longer so, and nbgrader would not write it again."""
        folder = self.course.format_path(self.course.feedback_directory, student, self.assignment.name)
        if os.path.exists(folder):
            self.log.warning("Removed feedback of %s that is older than the marks: generate it again", student)
            place(os.path.normpath(folder), None, {}, set())

    def _evidence(self, work, scores, cached, earlier):
        return {
            "student": work.submission.student,
            "assignment": self.assignment.name,
            "graded": _now(),
            "key": work.key,
            "submission": work.submission.digest,
            "timestamp": str(work.timestamp) if work.timestamp else None,
            "repairs": work.submission.report(),
            "notebooks": earlier
            | {
                name: {
                    "released": self.assignment.wanted[name].digest,
                    "task": task.digest,
                    "seed": task.seed,
                    "from the cache": cached[name],
                    "scores": scores.get(name),
                    "cells": work.results[name]["evidence"],
                }
                for name, task in work.tasks.items()
            },
            "settings": self.judge.trait_values(config=True) | {"records": self.judge.records},
            "environment": self.assignment.environment_digest,
        }

    def _through(self, steps, notebook, name, student):
        """Put a notebook through nbgrader's steps."""
        place = {"student": student, "assignment": self.assignment.name, "notebook": name, "db_url": self.course.db_url}
        resources = {"nbgrader": place, "unique_key": name, "metadata": {"path": self._destination(student)}}
        for step in steps:
            notebook, resources = step(notebook, resources)
        return notebook

    def _destination(self, student):
        return os.path.normpath(self.converter._format_dest(self.assignment.name, student))


def _show(notebook, outputs):
    """Put outputs under the cells of a notebook."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, (cell, shown) in enumerate(zip(cells, outputs, strict=True), 1):
        cell.execution_count = count
        cell.outputs = [nbformat.from_dict(_counted(output, count)) for output in shown]
    return notebook


def _counted(output, count):
    return output | {"execution_count": count} if "execution_count" in output else output


def _is_id(student):
    try:
        return len(student.encode()) <= 200 and student.isprintable()
    except UnicodeEncodeError:
        return False


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
