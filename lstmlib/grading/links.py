"""Links in what a student handed in lead anywhere: to the gradebook, to the answers, to what somebody else wrote.

nbgrader follows them: it would copy what they lead to beside the graded notebook, and from there into the feedback.
"""

from pathlib import Path

from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor


class DropLinks(NbGraderPreprocessor):
    """The second step of grading: what came of links is removed, each with a warning.

    A notebook that is a link is emptied; later steps put the tests back, so it is graded as if nothing was handed in.
    """

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        course = self.parent.parent.coursedir
        submitted, graded = (
            Path(course.format_path(folder, place["student"], place["assignment"]))
            for folder in (course.submitted_directory, course.autograded_directory)
        )
        where = f"{place['student']}/{place['assignment']}"
        for path in [path for path in graded.rglob("*") if path.is_file()]:
            if path.suffix != ".ipynb" and _through_link(submitted, path.relative_to(graded)):
                self.log.warning("Dropped from %s: %r is a link", where, str(path.relative_to(graded)))
                path.unlink()
        if _through_link(submitted, Path(f"{place['notebook']}.ipynb")):
            self.log.warning("Dropped from %s: the notebook is a link", where)
            nb.cells = [new_markdown_cell("What was handed in was a link, not a notebook.")]
        return nb, resources


def _through_link(folder, name):
    return any((folder / part).is_symlink() for part in [name, *name.parents][:-1])
