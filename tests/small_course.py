"""A course of one small assignment, to try the grader's own work with many submissions."""

import os
import signal
import sys
import tempfile
import traceback

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps.nbgraderapp import NbGraderApp

from tests.sample_class.run import ROOT, directories

RIGHT = {"add": "def add(a, b):\n    return a + b", "twice": "def twice(a):\n    return 2 * a"}
POINTS = {"add-test": 1, "twice-test": 2}


def cell(source, name, make=new_code_cell, **settings):
    """A cell that nbgrader knows."""
    base = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return make(source, id=name, metadata={"nbgrader": base | settings})


def make_release(folder, extra=()):
    """Release the assignment ``sums``; return its notebook."""
    cells = [new_markdown_cell("# Sums", id="title")]
    for name, test in (("add", "assert add(20, 22) == 42"), ("twice", "assert twice(21) == 42")):
        head = RIGHT[name].split("\n")
        stub = "\n".join([head[0], "    ### BEGIN SOLUTION", *head[1:], "    ### END SOLUTION"])
        hidden = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
        cells += [
            cell(stub, name, solution=True),
            cell(hidden, f"{name}-test", grade=True, locked=True, points=POINTS[f"{name}-test"]),
        ]
    source = new_notebook(cells=[*cells, *extra])
    source.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "source" / "sums" / "sums.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source, path)
    run(folder, "generate_assignment", "sums", "--create", "--force")
    return nbformat.read(folder / "release" / "sums" / "sums.ipynb", as_version=4)


def solve(released, **sources):
    """A copy of the release with what a student wrote; ``add`` and ``twice`` are right unless told otherwise."""
    notebook = nbformat.reads(nbformat.writes(released), as_version=4)
    for found in notebook.cells:
        found.source = (RIGHT | sources).get(found.id, found.source)
    return notebook


def hand_in(folder, student, notebook):
    """Write a submission; return its folder."""
    path = folder / "submitted" / student / "sums" / "sums.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path.parent


class Command:
    """One of nbgrader's commands, in a fork of this process: nbgrader is loaded already, which takes it two seconds.

    It runs at the root of the course, its directories moved into `folder`; or `cwd` has the settings.
    """

    def __init__(self, folder, *arguments, cwd=ROOT):
        settings = {"Judge.timeout": 12} | directories(folder)
        given = {argument.partition("=")[0] for argument in arguments}
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - kill and wait close it
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores Ctrl-C
                os.chdir(cwd)
                for number in (1, 2):
                    os.dup2(self._said.fileno(), number)
                sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
                sys.argv = ["nbgrader", *arguments]
                sys.argv += [f"--{name}={value}" for name, value in settings.items() if f"--{name}" not in given]
                NbGraderApp.launch_instance()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)

    def kill(self):
        """Kill it as ``kill -9`` does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._said.close()

    def wait(self):
        """Wait for its end; return its exit code and what it printed."""
        _, status = os.waitpid(self.pid, 0)
        self._said.seek(0)
        with self._said:
            return os.waitstatus_to_exitcode(status), self._said.read()


def run(folder, *arguments):
    """Run a command to its end; return what it printed.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    code, said = Command(folder, *arguments).wait()
    if code:
        raise RuntimeError(f"nbgrader {' '.join(arguments)} ended with {code}:\n{said[-6000:]}")
    return said
