"""``nbgrader autograde`` with students' code locked up, many submissions at a time, and each graded once."""

import contextlib
import difflib
import gc
import glob
import os
import re
import signal
import sys

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.apps import api, autogradeapp, generatefeedbackapp
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import IgnorePattern, LimitOutput
from traitlets import List, TraitError

from lstmlib.grading.assignment import AssignmentError
from lstmlib.grading.folders import folders
from lstmlib.grading.formgrader import show_safely
from lstmlib.grading.generate_feedback import GenerateFeedback
from lstmlib.grading.judge.crowd import CrowdError
from lstmlib.grading.judge.sandbox import SandboxError
from lstmlib.grading.judge.settings import Judge
from lstmlib.grading.messages import in_a_line, some
from lstmlib.grading.records import Records
from lstmlib.grading.run import Run, RunError


def install():
    """Have nbgrader's commands and its formgrader use `Autograde` and `GenerateFeedback`.

    Formgrader shows submissions without anything that could run. This is for use in nbgrader_config.py, after its
    imports: garbage collection leaves alone what is loaded by then. It stays until the command ends, and walking all of
    it once more on the way out takes an eighth of a second.
    """
    autogradeapp.Autograde = api.Autograde = Autograde
    generatefeedbackapp.GenerateFeedback = api.GenerateFeedback = GenerateFeedback
    show_safely()
    gc.freeze()


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
        SystemExit
            If it is stopped by Ctrl-C.
        """
        try:
            self._grade()
        except KeyboardInterrupt:
            self.log.error("Stopped. What was graded is kept; run the same command again to go on.")
            sys.exit(128 + signal.SIGINT)  # as shells have it

    def _grade(self):
        if self.config.Execute.get("enabled") is False:
            self.stop("--no-execute would trust the outputs that students handed in. Leave it out.")
        try:
            judge = Judge(parent=self)
            judge.trait_values()  # what is not set may come from other settings, which may be wrong
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
                    run = Run(self, judge, records, gradebook)
                    self.warn_of_strays(run.assignment.released)
                    run.grade(self.find())
                except (SandboxError, CrowdError, AssignmentError, RunError) as error:
                    self.stop(str(error))

    def warn_of_strays(self, names):
        """Name the notebooks that lie beside the folders of submissions instead of in them, for nobody grades them."""
        wanted = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        ours = re.compile(f"({'|'.join(map(re.escape, names))})(?![^\\W_])")  # gru (1).ipynb, too, but not gru2.ipynb
        for path in sorted(glob.glob(os.path.join(os.path.dirname(wanted), "*.ipynb"))):
            if ours.match(os.path.basename(path)):
                what = "Not graded: %s lies a folder too high. Move it into one like %s"
                self.log.warning(what, in_a_line(path), wanted)

    def find(self):
        """The students who handed in, each with the folder, in alphabetical order."""
        course = self.coursedir
        excluded = set(filter(None, course.student_id_exclude.split(",")))
        found = [pair for pair in self._handed_in(course.student_id) if pair[0] not in excluded]
        if not found:
            wanted = self._format_source(course.assignment_id, course.student_id)
            self.stop(f"Expected submissions in {wanted}; there is none.{self._hint()}")
        return found

    def _handed_in(self, student):
        """Student and folder of each submission of the students whose names are meant by one, in alphabetical order."""
        assignment = self.coursedir.assignment_id
        pattern = re.compile(self._format_source(assignment, "(?P<student>.*)", escape=True), re.DOTALL)
        for folder in folders(self._format_source(assignment, student)):
            if named := pattern.fullmatch(folder):
                yield named["student"], folder

    def _hint(self):
        """Where there are submissions, if not where they are wanted."""
        student = self.coursedir.student_id
        if elsewhere := sorted(glob.glob(self._format_source("*", student))):
            return f" There is, for example: {elsewhere[0]}"
        others = [other for other, _ in self._handed_in("*")]
        close = difflib.get_close_matches(student, others)
        if others := close + [other for other in others if other not in close]:
            return f" There are some of {some(others)}"
        return ""

    def stop(self, message):
        """End with an error.

        Raises
        ------
        NbGraderException
        """
        self.log.error(message)
        raise NbGraderException(message)
