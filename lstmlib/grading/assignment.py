"""What a run knows of an assignment before it looks at a submission."""

import fnmatch
import functools
import hashlib
import json
import os
import re
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry

from lstmlib.grading.judge.environment import code_of, describe
from lstmlib.grading.judge.source import imports
from lstmlib.grading.messages import some
from lstmlib.grading.placing import read_files
from lstmlib.grading.released import read_released
from lstmlib.grading.repair import overlooked
from lstmlib.grading.submission import LARGEST_FILES, LONGEST_PATH, MOST_FILES, too_much_of

_EMPTY = nbformat.from_dict({"cells": [], "metadata": {}})


class AssignmentError(RuntimeError):
    """An assignment cannot be graded as it is; the message says what was expected."""


class Assignment:
    """An assignment, its release and its conditions.

    Parameters
    ----------
    converter : lstmlib.grading.autograde.Autograde
        For nbgrader's settings and paths.
    judge : Judge
    seed : str
    gradebook : nbgrader.api.Gradebook

    Attributes
    ----------
    name : str
    released : dict
        Name of a notebook to `Released`.
    wanted : dict
        Those that are to be graded.
    files : dict
        Name to content of what the instructor put beside the notebooks.

    Raises
    ------
    AssignmentError
    """

    def __init__(self, converter, judge, seed, gradebook):
        self._course, self._judge, self._seed = converter.coursedir, judge, seed
        self.name = self._course.assignment_id
        try:
            entered = gradebook.find_assignment(self.name)
        except MissingEntry:
            names = ", ".join(sorted(other.name for other in gradebook.assignments)) or "none yet"
            raise AssignmentError(
                f"The gradebook has no assignment {self.name!r}: nbgrader generate_assignment enters it. "
                f"It has {names}."
            ) from None
        self.released = read_released(entered)
        chosen = self._course.notebook_id
        self.wanted = {name: found for name, found in self.released.items() if fnmatch.fnmatch(name, chosen)}
        if not self.wanted:
            raise AssignmentError(f"Expected notebooks {chosen!r} of {self.name}; it has {', '.join(self.released)}.")
        for name, found in self.wanted.items():
            if not re.search(r"python|\bpy$", found.language):
                raise AssignmentError(
                    f"Expected a kernel of Python for {name}.ipynb of {self.name}; its release has {found.language!r}. "
                    "Grade it with nbgrader's own autograde, which is there without install() in nbgrader_config.py. "
                    "If it is Python, write language: python into the kernelspec of its source and release it again."
                )
        self.files = self._own_files(converter.exclude_overwriting.get(self.name, []))
        self._texts = {name: self._released_texts(name) for name in self.wanted}
        self._sources = {name: texts["code"] for name, texts in self._texts.items()}
        self._preload = imports([
            *(source for sources in self._sources.values() for source in sources),
            *(cell["source"] for found in self.wanted.values() for cell in found.cells.values()),
        ])  # fmt: skip
        self._conditions = _digest({
            "due": str(entered.duedate),
            "code": code_of(judge.packages),
            "released": {name: found.digest for name, found in self.wanted.items()},
            "task": {name: self.task(name, _EMPTY, {}).digest for name in self.wanted},
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()},
        })  # fmt: skip

    def key(self, submission, extension="None"):
        """What evidence must name: the hash of what was handed in, of the extension, and of what else decides marks."""
        return _digest([submission, self._conditions, extension])

    def task(self, name, notebook, files):
        """What it takes to judge a notebook with what lies beside it."""
        seed = f"{self._seed}/{self.name}/{name}"
        return self._judge.task(
            notebook, self.name, self._sources[name], files, sorted(self.files), self._preload, seed
        )

    def any_task(self):
        """A task such as all of them are, with nothing in it."""
        return self.task(next(iter(self.wanted)), _EMPTY, {})

    def cache_key(self, task):
        """What the result of a task is kept under."""
        return _digest([task.digest, self.environment_digest])

    @functools.cached_property
    def environment(self):
        """What, besides a task, decides its outcome."""
        return describe(self._judge.packages)

    @functools.cached_property
    def environment_digest(self):
        """SHA-256 of the environment."""
        return _digest(self.environment)

    def files_beside(self, submission):
        """Name to content of what lies beside the graded notebooks: the student's files and the course's.

        Of the student's there are as many as one message can hold beside the course's, those that are no notebooks
        first. What is left out is added to the repairs of the submission.
        """
        ours = {*self.files, *(f"{name}.ipynb" for name in self.released)}
        above = {str(folder) for name in ours for folder in Path(name).parents}
        left_out: list[str] = []
        kept: dict[str, bytes] = {}
        free = LARGEST_FILES - sum(map(len, self.files.values()))
        for name in sorted(submission.files, key=lambda name: name.endswith(".ipynb")):
            content = submission.files[name]
            if name in self.files:
                continue
            if {name, *map(str, Path(name).parents)} & ours or name in above:
                submission.repairs.append(f"{name!r}: the course has a file of that name, left out")
            elif any(fnmatch.fnmatch(part, other) for part in Path(name).parts for other in self._course.ignore):
                continue
            elif len(content) > free or len(kept) >= MOST_FILES or len(os.fsencode(name)) > LONGEST_PATH:
                left_out.append(name)
            else:
                kept[name] = content
                free -= len(content)
        if left_out:
            submission.repairs.append(too_much_of(left_out))
        return kept | self.files

    def look_beside(self, submission):
        """Add to the repairs of a submission what may be answers that are not where they belong."""
        for name, notebook in submission.notebooks.items():
            if texts := self._texts[name]["markdown"]:
                submission.repairs += overlooked(notebook, self.wanted[name].cells, texts)

    def _released_texts(self, name):
        """Kind to the texts of the cells of a released notebook, as students got them; without it, what is known."""
        folder = self._course.format_path(self._course.release_directory, ".", self.name)
        path = os.path.join(folder, f"{name}.ipynb")
        if not os.path.exists(path):
            return {"code": list(self.wanted[name].texts.values()), "markdown": []}
        text = Path(path).read_text(encoding="utf-8")  # nbgrader wrote it: looking through it takes a tenth of a second
        cells = nbformat.v4.reads(text).cells
        return {kind: [cell.source for cell in cells if cell.cell_type == kind] for kind in ("code", "markdown")}

    def _own_files(self, excluded):
        """What the instructor put beside the notebooks: it takes the place of students' files of the same names."""
        found = read_files(self._course.format_path(self._course.source_directory, ".", self.name), self._course.ignore)
        for name in excluded:
            found.pop(os.path.normpath(name), None)
        if (size := sum(map(len, found.values()))) > LARGEST_FILES:
            largest = some(sorted(found, key=lambda name: -len(found[name])))
            raise AssignmentError(
                f"Expected at most {LARGEST_FILES >> 20} MiB beside the notebooks of {self.name}, for each submission "
                f"gets a copy; there are {size / 2**20:.0f} ({largest}). Take a sample of the data, or put them into a "
                f"package of c.Judge.packages."
            )
        return found


def _digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
