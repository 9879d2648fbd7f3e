"""What a student handed in for an assignment: read once and whole, links aside, and told apart where it is unclear."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.utils import parse_utc

from lstmlib.grading.messages import counted, some, told
from lstmlib.grading.repair import grade_id, is_written, repair
from lstmlib.grading.salvage import LARGEST, read_notebook

LARGEST_FILES = 50 * 2**20  # bytes of all that lies beside the graded notebooks: they go to a room in one message
MOST_FILES = 2_000
LONGEST_PATH = 1_000  # bytes, of any of these files
MOST_NOTEBOOKS = 200
LARGEST_NOTEBOOKS = 2 * LARGEST  # bytes of all of them, for they are in memory at the same time


@dataclass
class Submission:
    """One student's submission.

    Attributes
    ----------
    student : str
    folder : pathlib.Path
    notebooks : dict
        Name of a notebook of the assignment to a valid one with all cells of the release.
    files : dict
        Path below the folder to content of what lies beside the notebooks.
    repairs : list of str
        What was damaged and what became of it, as it was found; `report` is for people.
    digest : str
        SHA-256 of all that was read.
    """

    student: str
    folder: Path
    notebooks: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    repairs: list = field(default_factory=list)
    digest: str = ""

    def report(self):
        """The repairs as they can be shown and kept."""
        return told(self.repairs)


def digest_of(folder, names):
    """SHA-256 of what `read_submission` reads in a folder, if the assignment has notebooks of these names."""
    return _hash(_walk(Path(folder), names, [])[0])


def read_submission(student, folder, released, chosen=None):
    """Read what a student handed in.

    Parameters
    ----------
    student : str
    folder : path
    released : dict
        Name to `lstmlib.grading.released.Released`, of all notebooks of the assignment.
    chosen : iterable of str, optional
        Names of those that are wanted: all, unless told otherwise.

    Returns
    -------
    Submission
    """
    submission = Submission(student, Path(folder))
    found, links = _walk(submission.folder, released, submission.repairs)
    submission.digest = _hash(found)
    submission.repairs += [f"{link!r} is a link: not followed" for link in links]
    drafts = {}
    for path in [path for path in found if path.endswith(".ipynb")]:
        drafts[path] = read_notebook(found[path])
        if Path(path).stem in released or any(_known(drafts[path][0], wanted) for wanted in released.values()):
            del found[path]  # any other is the student's own, like a module: %run can run it
    for name in released if chosen is None else chosen:
        wanted = released[name]
        notebook, repairs = _choose(wanted, drafts, set(released) - {name}, found)
        bare = not notebook.cells
        mended = repair(notebook, wanted)
        repairs += [] if bare else mended  # which would be a line for each cell
        submission.notebooks[name] = notebook
        submission.repairs += [f"{name}: {sentence}" if len(released) > 1 else sentence for sentence in repairs]
    submission.files = found
    return submission


def read_timestamp(submission):
    """When it was handed in, if a file says so, as ``nbgrader collect`` writes it."""
    text = submission.files.get("timestamp.txt", b"")[:100].decode(errors="replace").strip()
    if not text:
        return None
    try:
        return parse_utc(text)
    except (ValueError, OverflowError):
        submission.repairs.append(f"timestamp.txt holds no time ({text[:40]!r}): taken as not there")
        return None


def _choose(wanted, drafts, others, files):
    """The notebook that is meant by a name, and what is to be said about it."""
    proper = f"{wanted.name}.ipynb"
    rivals = {
        path: draft
        for path, draft in drafts.items()
        if path != proper and Path(path).stem not in others and _known(draft[0], wanted)
    }
    best = max(sorted(rivals), key=lambda path: (_written(rivals[path][0], wanted), _known(rivals[path][0], wanted)),
               default=None)  # fmt: skip
    if proper in drafts:
        if best is None:
            return drafts[proper]
        if _written(drafts[proper][0], wanted) or not _written(rivals[best][0], wanted):
            notebook, repairs = drafts[proper]
            return notebook, [*repairs, f"{len(rivals) + 1} notebooks ({_named(rivals)} too): {proper} is graded"]
        notebook, repairs = drafts[best]
        return notebook, [*repairs, f"nothing is written in {proper}: {best!r} is graded instead"]
    if best is None:
        notebook, _ = read_notebook(b'{"nbformat": 4, "cells": []}')
        known = {"timestamp.txt", *(path for path in drafts if Path(path).stem in others)}
        instead = [path for path in drafts | files if path not in known]
        there = f"; there is {_named(instead)}" if instead else ""
        return notebook, [f"{proper} is missing: graded as if nothing was handed in{there}"]
    notebook, repairs = drafts[best]
    among = f" (of {len(rivals)}: {_named(rivals)})" if len(rivals) > 1 else ""
    return notebook, [*repairs, f"{proper} is missing: {best!r} is graded instead{among}"]


def _named(paths):
    return some([repr(path) for path in paths])


def _known(notebook, wanted):
    """How many cells of the release are there."""
    return len({grade_id(cell) for cell in notebook.cells} & set(wanted.cells))


def _written(notebook, wanted):
    """How many cells differ from the release where students are to write."""
    return sum(is_written(cell, wanted.cells) for cell in notebook.cells)


def _walk(folder, names, repairs):
    """The files in a folder by their paths, and the links."""
    sizes, links = {}, []
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(top, name)
            if os.path.islink(path):
                links.append(os.path.relpath(path, folder))
        folders[:] = sorted(name for name in folders if name != ".ipynb_checkpoints")
        for name in sorted(files):
            path = os.path.join(top, name)
            about = os.lstat(path)
            if stat.S_ISREG(about.st_mode):
                sizes[os.path.relpath(path, folder)] = about.st_size
    found: dict[str, bytes] = {}
    left_out = []
    free = {True: (MOST_NOTEBOOKS, LARGEST_NOTEBOOKS), False: (MOST_FILES, LARGEST_FILES)}
    first = {"timestamp.txt", *(f"{name}.ipynb" for name in names)}  # which none can crowd out
    for path in sorted(sizes, key=lambda path: os.path.basename(path) not in first):
        is_notebook = path.endswith(".ipynb")
        size = min(sizes[path], LARGEST + 1) if is_notebook else sizes[path]
        count, room = free[is_notebook]
        if not count or size > room:
            left_out.append(path)
            continue
        free[is_notebook] = count - 1, room - size
        with open(os.path.join(folder, path), "rb") as file:
            found[path] = file.read(LARGEST + 1)
    if left_out:
        repairs.append(too_much_of(left_out))
    return found, links


def too_much_of(paths):
    """The repair that leaves files out."""
    return f"too many files or bytes, or too long a path: {counted(len(paths), 'file')} left out ({_named(paths)})"


def _hash(found):
    digest = hashlib.sha256()
    for name in sorted(found):
        for part in (os.fsencode(name), found[name]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
