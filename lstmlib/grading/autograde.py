"""``nbgrader autograde`` with students' code locked up, many submissions at a time, and each graded once."""

import contextlib
import glob
import re

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.apps import api, autogradeapp, generatefeedbackapp
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import IgnorePattern, LimitOutput
from traitlets import List, TraitError

from lstmlib.grading.assignment import AssignmentError
from lstmlib.grading.formgrader import show_safely
from lstmlib.grading.generate_feedback import GenerateFeedback
from lstmlib.grading.judge.crowd import CrowdError
from lstmlib.grading.judge.sandbox import SandboxError
from lstmlib.grading.judge.settings import Judge
from lstmlib.grading.records import Records
from lstmlib.grading.run import Run, RunError


def install():
    """Have nbgrader's commands and its formgrader use `Autograde` and `GenerateFeedback`.

    Formgrader shows submissions without anything that could run. This is for use in nbgrader_config.py.
    """
    autogradeapp.Autograde = api.Autograde = Autograde
    generatefeedbackapp.GenerateFeedback = api.GenerateFeedback = GenerateFeedback
    show_safely()


class Autograde(converters.Autograde):
    """Takes the place of nbgrader's converter of the same name, and is set as that is: ``c.Autograde…``.

    Reading a submission does what nbgrader's steps ``ClearOutput``, ``DeduplicateIds``, ``OverwriteKernelspec``,
    ``OverwriteCells`` and ``CheckCellMetadata`` do. `Judge` stands for ``Execute``, `Bookkeeper` for
    ``SaveAutoGrades``. Steps that are set in the configuration come on top.
    """

    sanitize_preprocessors: List = List().tag(config=True)
    autograde_preprocessors = List([IgnorePattern, ClearMetadataPreprocessor, LimitOutput]).tag(config=True)

    def start(self):
        """Grade what is to be graded.

        Raises
        ------
        NbGraderException
            If there is nothing to grade, no sandbox, a setting that cannot be, or a submission that could not be
            graded: all others are.
        """
        if self.config.Execute.get("enabled") is False:
            self.stop("--no-execute would trust the outputs that students handed in. Leave it out.")
        try:
            judge = Judge(parent=self)
        except TraitError as error:
            self.stop(f"Correct a setting of c.Judge, in nbgrader_config.py or on the command line: {error}")
        with contextlib.chdir(self.coursedir.root):
            try:
                records = Records(judge.records)
            except OSError as error:
                self.stop(f"Expected c.Judge.records to name a folder that can be written to: {error}")
            with (
                records.one_writer(lambda: self.log.warning("Waiting for another run of autograde to end.")),
                Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook,
            ):
                try:
                    Run(self, judge, records, gradebook).grade(self.find())
                except (SandboxError, CrowdError, AssignmentError, RunError) as error:
                    self.stop(str(error))

    def find(self):
        """The students who handed in, each with the folder, in alphabetical order."""
        course = self.coursedir
        excluded = set(filter(None, course.student_id_exclude.split(",")))
        wanted = self._format_source(course.assignment_id, course.student_id)
        pattern = re.compile(self._format_source(course.assignment_id, "(?P<student>.*)", escape=True), re.DOTALL)
        found = []
        for folder in sorted(glob.glob(wanted)):
            named = pattern.fullmatch(folder)
            if named and named["student"] not in excluded:
                found.append((named["student"], folder))
        if not found:
            elsewhere = sorted(glob.glob(self._format_source("*", course.student_id)))
            hint = f" There is, for example: {elsewhere[0]}" if elsewhere else ""
            self.stop(f"Expected submissions in {wanted}; there is none.{hint}")
        return found

    def stop(self, message):
        """End with an error.

        Raises
        ------
        NbGraderException
        """
        self.log.error(message)
        raise NbGraderException(message)
