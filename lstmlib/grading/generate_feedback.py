"""``nbgrader generate_feedback``, which also writes again what no longer agrees with the gradebook."""

import glob
import hashlib
import os
import shutil
from pathlib import Path

from nbgrader import converters
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import find_all_files

from lstmlib.grading.folders import folders

PICTURES = {".png", ".jpg", ".jpeg", ".gif"}


class GenerateFeedback(converters.GenerateFeedback):
    """Takes the place of nbgrader's converter of the same name, and is set as that is: ``c.GenerateFeedback…``.

    Each page ends with a hash of the marks and comments that it was made from. So a page is known to be old when a
    person has graded since. Of what lies beside a notebook only pictures come with it, which an answer may show: a
    student's own page is none of the course's.
    """

    def init_notebooks(self):
        """Find the notebooks, also those of students whose names have brackets in them, which mean something else."""
        listed = {
            folder: sorted(glob.glob(os.path.join(glob.escape(folder), f"{self.coursedir.notebook_id}.ipynb")))
            for folder in folders(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))
        }
        self.notebooks, self.assignments = [], {folder: found for folder, found in listed.items() if found}
        if not self.assignments:
            super().init_notebooks()  # it says what it looked for

    def init_destination(self, assignment_id, student_id):
        """Whether a student's feedback is to be written."""
        excluded = student_id in self.coursedir.student_id_exclude.split(",")
        folder = Path(self._format_dest(assignment_id, student_id))
        if excluded or self.force or not folder.exists():
            return super().init_destination(assignment_id, student_id)
        if all(self._is_current(path, folder) for path in self.notebooks):
            self.log.info("Skipping feedback of %s: it is there", student_id)
            return False
        self.log.info("Writing feedback of %s again: marks or comments have changed", student_id)
        return True

    def init_assignment(self, assignment_id, student_id):
        """Copy the pictures, but no folder that could be in the way of a page."""
        source = self._format_source(assignment_id, student_id)
        for found in find_all_files(source, self.coursedir.ignore):
            name = Path(found).relative_to(source)
            if name.suffix.lower() in PICTURES and not any("." in folder for folder in name.parts[:-1]):
                path = Path(self._format_dest(assignment_id, student_id), name)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, path)

    def convert_single_notebook(self, notebook_filename):
        """Write a page, and the hash at its end."""
        stamp = self._stamp(notebook_filename)  # before the page: what changes from now on makes it an old one
        super().convert_single_notebook(notebook_filename)
        with open(os.path.join(self.writer.build_directory, _page(notebook_filename)), "ab") as page:
            page.write(stamp)

    def _is_current(self, notebook_filename, folder):
        try:
            return (folder / _page(notebook_filename)).read_bytes().endswith(self._stamp(notebook_filename))
        except FileNotFoundError:
            return False

    def _stamp(self, notebook_filename):
        names = self.init_single_notebook_resources(notebook_filename)["nbgrader"]
        with Gradebook(names["db_url"], self.coursedir.course_id) as gradebook:
            try:
                found = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            except MissingEntry:
                return b""  # nbgrader will say so
            marks = sorted((grade.name, grade.score, grade.max_score) for grade in found.grades)
            comments = sorted((comment.name, comment.comment) for comment in found.comments)
            digest = hashlib.sha256(repr((marks, comments, found.late_submission_penalty)).encode()).hexdigest()
        return f"\n<!-- {digest} -->\n".encode()


def _page(notebook_filename):
    return f"{Path(notebook_filename).stem}.html"
