"""Make the students' versions of assignments, without ever writing over a notebook that somebody has worked in.

``python -m lstmlib.grading.release solutions exercises`` converts the text notebooks, lets nbgrader make its release
in a folder of its own, and copies that to where students find it.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from lstmlib.grading.authoring import convert


def release(solutions, exercises, source, released, record):
    """Release every assignment of a folder.

    Parameters
    ----------
    solutions : pathlib.Path
        One folder per assignment, with notebooks as text.
    exercises : pathlib.Path
        Where students find them; a notebook that was changed since its release stays as it is.
    source, released : pathlib.Path
        nbgrader's source and release directories.
    record : pathlib.Path
        A file that remembers what was released, to know later whether a notebook was changed.

    Returns
    -------
    list of pathlib.Path
        Notebooks that were left alone because somebody has worked in them.

    Raises
    ------
    RuntimeError
        If nbgrader refuses to make a release; nothing in `exercises` is changed then.
    """
    for folder in sorted(path for path in solutions.iterdir() if path.is_dir()):
        convert(folder, source / folder.name)
        _generate(folder.name)
    known = json.loads(record.read_text()) if record.exists() else {}
    edited = []
    for new in sorted(path for path in released.rglob("*") if path.is_file()):
        goal = exercises / new.relative_to(released)
        ours = {known.get(str(goal)), _digest(new.read_bytes()), _digest(_committed(goal))}
        if goal.exists() and _digest(goal.read_bytes()) not in ours:
            edited.append(goal)
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, goal)
        known[str(goal)] = _digest(new.read_bytes())
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(known, indent=1) + "\n")
    return edited


def _generate(name):
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", name, "--create", "--force"]
    run = subprocess.run(command, capture_output=True, text=True)
    if "Cannot add or remove cells" in run.stderr + run.stdout:
        raise RuntimeError(
            f"{name}: cells were added or removed, but submissions to this assignment have been graded already, and "
            f"nbgrader keeps the cells of a graded assignment fixed. Change only the text of its cells, or give the "
            f"new version a name of its own. Nothing was released."
        )
    if run.returncode:
        raise RuntimeError(f"{name}: nbgrader could not make the release:\n{run.stderr or run.stdout}")


def _committed(path):
    """The content of a file in the last commit; empty where there is none."""
    run = subprocess.run(["git", "show", f"HEAD:./{path}"], capture_output=True)
    return run.stdout


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def main(arguments=None):
    """Release all assignments of a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("solutions", type=Path)
    parser.add_argument("exercises", type=Path)
    parser.add_argument("--source", type=Path, default=Path("_build/source"), help="nbgrader's source directory")
    parser.add_argument("--released", type=Path, default=Path("_build/release"), help="nbgrader's release directory")
    parser.add_argument("--record", type=Path, default=Path("class/released.json"))
    options = parser.parse_args(arguments)
    try:
        edited = release(**vars(options))
    except RuntimeError as error:
        sys.exit(str(error))
    for path in edited:
        print(
            f"{path} was changed since it was released, so it stays as it is: somebody may have worked in it. "
            f"To release it anew, move it somewhere else first."
        )


if __name__ == "__main__":
    main()
