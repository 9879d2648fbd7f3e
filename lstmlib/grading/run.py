"""One run over the submissions of an assignment.

For each submission: read it (`submission`), judge it (`judge`), enter its marks (`bookkeeper`), put the graded
notebooks into their folder (`placing`), and last of all write the evidence (`records`). A submission is done when its
evidence fits what was handed in and what was released. So a run may end at any moment, and the next one goes on.
"""

import contextlib
import datetime
import fnmatch
import functools
import hashlib
import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_notebook
from nbgrader import utils
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from lstmlib.grading.bookkeeper import Bookkeeper
from lstmlib.grading.judge.crowd import judge_all, open_crowd
from lstmlib.grading.judge.environment import code_of, describe
from lstmlib.grading.judge.sandbox import SandboxError
from lstmlib.grading.judge.source import imports
from lstmlib.grading.judge.station import JudgingError
from lstmlib.grading.placing import place, read_files
from lstmlib.grading.released import read_released
from lstmlib.grading.submission import Submission, digest_of, read_submission


class RunError(RuntimeError):
    """A run can't begin, or has left submissions ungraded; the message says what to do."""


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
    RunError
        If the assignment is not in the gradebook.
    """

    def __init__(self, converter, judge, records, gradebook):
        self.converter, self.judge, self.records, self.log = converter, judge, records, converter.log
        self.course = converter.coursedir
        self.assignment = self.course.assignment_id
        try:
            self.released = read_released(gradebook.find_assignment(self.assignment))
        except MissingEntry:
            raise RunError(
                f"The gradebook has no assignment {self.assignment!r}: nbgrader generate_assignment enters it."
            ) from None
        self.wanted = {
            name: found for name, found in self.released.items() if fnmatch.fnmatch(name, self.course.notebook_id)
        }
        if not self.wanted:
            raise RunError(
                f"Expected notebooks {self.course.notebook_id!r} of {self.assignment}; "
                f"it has {', '.join(self.released)}."
            )
        self.bookkeeper = Bookkeeper(gradebook, self.assignment, self.log)
        self.late_penalties = AssignLatePenalties(parent=converter)
        self.before, self.after = (
            [step(parent=converter) for step in steps]
            for steps in (converter.sanitize_preprocessors, converter.autograde_preprocessors)
        )
        self.seed = records.seed()
        self.sources = {name: self._released_sources(name) for name in self.wanted}
        self.preload = imports([
            *(source for sources in self.sources.values() for source in sources),
            *(cell["source"] for found in self.wanted.values() for cell in found.cells.values()),
        ])  # fmt: skip
        self.course_files = self._course_files()
        self._conditions = _digest({
            "code": code_of(judge.packages),
            "released": {name: found.digest for name, found in self.wanted.items()},
            "task": {name: self._task(name, new_notebook(), {}).digest() for name in self.wanted},
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in self.course_files.items()},
        })  # fmt: skip

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
        recorded = set() if self.converter.force else self.bookkeeper.recorded()
        to_do = [(student, folder) for student, folder in found if not self._is_done(student, folder, recorded)]
        if len(to_do) < len(found):
            self.log.info("%d submissions have not changed since they were graded: skipped", len(found) - len(to_do))
        failed: dict[str, str] = {}
        with (
            _above_the_bar(self.log),
            tqdm(total=len(to_do), desc=self.assignment, unit="submission", disable=None) as bar,
            open_crowd(min(self.judge.how_many(), max(1, len(to_do))), self.judge.scheduler) as crowd,
        ):
            if to_do:
                crowd.start(self._task(next(iter(self.wanted)), new_notebook(), {}))
            batches = (self._prepare(student, folder, failed) for student, folder in to_do)
            for work, results in judge_all((batch for batch in batches if batch), crowd):
                self._finish(work, results, failed)
                bar.update()
                if bar.disable:  # it is for terminals
                    self.log.info("Done: %s", work.submission.student)
        report, repairs = self.records.write_repairs(self.assignment)
        self.log.info("Graded %d submissions of %s", len(to_do) - len(failed), self.assignment)
        if repairs:
            self.log.warning("Repairs in submissions of %s: %d, listed in %s", self.assignment, len(repairs), report)
        if failed:
            listed = "\n".join(f"  {student}: {why}" for student, why in failed.items())
            raise RunError(f"{len(failed)} submissions could not be graded and wait for you:\n{listed}")

    # One submission

    def _is_done(self, student, folder, recorded):
        if student not in recorded or not os.path.exists(self._destination(student)):
            return False
        evidence = self.records.evidence(self.assignment, student)
        try:
            return "key" in evidence and evidence["key"] == self._key(digest_of(folder))
        except OSError:  # reading it will say so
            return False

    def _key(self, digest):
        return _digest([digest, self._conditions])

    def _prepare(self, student, folder, failed):
        """Read a submission; return it with the tasks that no earlier run has done."""
        try:
            if not _is_id(student):
                raise RunError("expected a student id of at most 200 bytes of UTF-8 in one line; rename the folder")
            self.converter.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in self.wanted]
            self.converter.run_pre_convert_hook()
            submission = read_submission(student, folder, self.wanted)
            work = Work(submission, self._key(submission.digest), self._files(submission), _timestamp(submission))
            for name, notebook in submission.notebooks.items():
                submission.notebooks[name] = self._through(self.before, notebook, name, student)
                work.tasks[name] = self._task(name, submission.notebooks[name], work.files)
                work.results[name] = self.records.cached(self._cache_key(work.tasks[name]))
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
                        self.records.cache(self._cache_key(work.tasks[name]), result)
            graded = {
                name: self._through(self.after, _show(notebook, work.results[name]["outputs"]), name, student)
                for name, notebook in work.submission.notebooks.items()
            }
            self.records.forget_evidence(self.assignment, student)  # it is done again when all of it is
            scores, late = self.bookkeeper.enter(student, work.timestamp, graded, self.converter.create_student)
            if late > 0:
                for name, notebook in graded.items():
                    self._through([self.late_penalties], notebook, name, student)
            kept = set(self.released) - set(graded)
            place(self._destination(student), work.files, graded, kept)
            self._drop_feedback(student)
            with _quietly(self.log):
                self.converter.set_permissions(self.assignment, student)
            self.converter.run_post_convert_hook()
            self.records.write_evidence(self.assignment, student, self._evidence(work, scores, cached))
        except SandboxError:
            raise
        except Exception as error:
            self._fail(student, work.timestamp, error, failed)
            return
        for repair in work.submission.repairs:
            self.log.warning("Repaired %s: %s", student, repair)

    def _fail(self, student, timestamp, error, failed):
        """A submission could not be graded: no earlier score may look as if it were the present one's."""
        failed[student] = f"{type(error).__name__}: {error}"
        expected = isinstance(error, (RunError, JudgingError, MissingEntry))
        self.log.error("Could not grade %s: %s", student, failed[student], exc_info=not expected)
        if isinstance(error, (RunError, MissingEntry)):
            return  # no student
        try:
            self.records.forget_evidence(self.assignment, student)
            self.bookkeeper.withdraw(student, timestamp, self.converter.create_student)
            place(self._destination(student), None, {}, set())
            self._drop_feedback(student)
            evidence = {"student": student, "assignment": self.assignment, "graded": _now(), "failed": failed[student]}
            self.records.write_evidence(self.assignment, student, evidence)
        except Exception as second:
            failed[student] += f"; earlier marks could not be taken back ({type(second).__name__}: {second})"
            self.log.exception("Could not take back the marks of %s", student)

    def _drop_feedback(self, student):
        """Feedback from before says what is no longer so, and nbgrader would not write it again."""
        folder = self.course.format_path(self.course.feedback_directory, student, self.assignment)
        if os.path.exists(folder):
            self.log.warning("Removed feedback of %s that is older than the marks: generate it again", student)
            place(os.path.normpath(folder), None, {}, set())

    def _evidence(self, work, scores, cached):
        return {
            "student": work.submission.student,
            "assignment": self.assignment,
            "graded": _now(),
            "key": work.key,
            "submission": work.submission.digest,
            "timestamp": str(work.timestamp) if work.timestamp else None,
            "repairs": work.submission.repairs,
            "notebooks": {
                name: {
                    "released": self.wanted[name].digest,
                    "task": task.digest(),
                    "seed": task.seed,
                    "from the cache": cached[name],
                    "scores": scores.get(name),
                    "cells": work.results[name]["evidence"],
                }
                for name, task in work.tasks.items()
            },
            "settings": self.judge.trait_values(config=True) | {"records": self.judge.records},
            "environment": self.environment,
        }

    # What the steps need

    @functools.cached_property
    def environment(self):
        """What, besides a task, decides its outcome."""
        return describe(self.judge.packages)

    @functools.cached_property
    def _environment_digest(self):
        return _digest(self.environment)

    def _through(self, steps, notebook, name, student):
        """Put a notebook through nbgrader's steps."""
        place = {"student": student, "assignment": self.assignment, "notebook": name, "db_url": self.course.db_url}
        resources = {"nbgrader": place, "unique_key": name, "metadata": {"path": self._destination(student)}}
        for step in steps:
            notebook, resources = step(notebook, resources)
        return notebook

    def _task(self, name, notebook, files):
        seed = f"{self.seed}/{self.assignment}/{name}"
        own = sorted(self.course_files)
        return self.judge.task(notebook, self.assignment, self.sources[name], files, own, self.preload, seed)

    def _cache_key(self, task):
        return _digest([task.digest(), self._environment_digest])

    def _destination(self, student):
        return os.path.normpath(self.converter._format_dest(self.assignment, student))

    def _released_sources(self, name):
        """The code of a released notebook, as students got it."""
        folder = self.course.format_path(self.course.release_directory, ".", self.assignment)
        path = os.path.join(folder, f"{name}.ipynb")
        if not os.path.exists(path):
            return list(self.wanted[name].texts.values())
        return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]

    def _course_files(self):
        """What the instructor put beside the notebooks: it takes the place of students' files of the same names."""
        folder = self.course.format_path(self.course.source_directory, ".", self.assignment)
        found = read_files(folder, self.course.ignore)
        for name in self.converter.exclude_overwriting.get(self.assignment, []):
            found.pop(os.path.normpath(name), None)
        return found

    def _files(self, submission):
        """What lies beside the graded notebook."""
        ours = {*self.course_files, *(f"{name}.ipynb" for name in self.released)}
        above = {str(folder) for name in ours for folder in Path(name).parents}
        kept = {}
        for name, content in submission.files.items():
            if name in self.course_files:
                continue
            if {name, *map(str, Path(name).parents)} & ours or name in above:
                submission.repairs.append(f"{name!r}: the course has a file of that name, left out")
            elif not any(fnmatch.fnmatch(part, ignored) for part in Path(name).parts for ignored in self.course.ignore):
                kept[name] = content
        return kept | self.course_files


@contextlib.contextmanager
def _above_the_bar(log):
    """Let messages be written above a progress bar."""
    before = list(log.handlers)
    with logging_redirect_tqdm([log]):
        gone = [handler.level for handler in before if handler not in log.handlers]
        for handler in log.handlers:
            if handler not in before and gone:
                handler.setLevel(max(gone))  # which tqdm forgets
        yield


@contextlib.contextmanager
def _quietly(log):
    """Let nbgrader say what is worth a warning, and not one line a submission."""
    level = log.level
    log.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        log.setLevel(level)


def _show(notebook, outputs):
    """Put outputs under the cells of a notebook."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, (cell, shown) in enumerate(zip(cells, outputs, strict=True), 1):
        cell.execution_count = count
        cell.outputs = [nbformat.from_dict(_counted(output, count)) for output in shown]
    return notebook


def _counted(output, count):
    return output | {"execution_count": count} if "execution_count" in output else output


def _timestamp(submission):
    """When it was handed in, if a file says so, as ``nbgrader collect`` writes it."""
    text = submission.files.get("timestamp.txt", b"")[:100].decode(errors="replace").strip()
    if not text:
        return None
    try:
        return utils.parse_utc(text)
    except (ValueError, OverflowError):
        submission.repairs.append(f"timestamp.txt holds no time ({text[:40]!r}): taken as not there")
        return None


def _is_id(student):
    try:
        return len(student.encode()) <= 200 and student.isprintable()
    except UnicodeEncodeError:
        return False


def _digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
