"""One notebook to be judged, as data: it can be sent to another process or machine, and its hash names the result."""

import base64
import contextlib
import functools
import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path

from lstmlib.grading.judge.bubblewrap import Bubblewrap
from lstmlib.grading.judge.sandbox import Furniture, Limits, Process

BACKENDS = {"bubblewrap": Bubblewrap, "process": Process}


@dataclass(frozen=True)
class Task:
    """What decides the outcome of judging a notebook, but for the environment.

    Attributes
    ----------
    cells : list of dict
        With ``name``, ``role`` ("student", "locked" or "test") and ``source``.
    released : list of str
        The code of the cells of the release.
    files : dict
        Name to content, in base64, of what lies beside the notebook.
    course_files : list of str
        Names of those that the course brings. Trusted cells see them alone.
    sandbox : str
        A key of `BACKENDS`.
    packages, absent : list of str
        Of `Furniture`.
    silent : list of str
        Of `Furniture`.
    preload, also : list of str
        Statements: what everybody needs, the imports of the release among them; and imports that this notebook seems
        to need.
    limits : dict
        Of `Limits`.
    seconds, seconds_in_all : float
    seed : str
    """

    cells: list
    released: list
    files: dict
    course_files: list = field(default_factory=list)
    sandbox: str = "bubblewrap"
    packages: list = field(default_factory=list)
    absent: list = field(default_factory=list)
    silent: list = field(default_factory=list)
    preload: list = field(default_factory=lambda: ["import numpy"])
    also: list = field(default_factory=list)
    limits: dict = field(default_factory=dict)
    seconds: float = 30.0
    seconds_in_all: float = 600.0
    seed: str = ""

    def text(self):
        """The task as JSON: what `Task` takes."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)}, sort_keys=True)

    @functools.cached_property
    def digest(self):
        """SHA-256 of the task, in hexadecimal digits."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def sandboxes(self):
        """What makes the sandboxes for what is judged and for what is shown: backend, furniture and limits."""
        backend, limits = BACKENDS[self.sandbox], Limits(**self.limits)
        absent = tuple(self.absent) if backend.separate else ()  # nothing can be hidden from an ordinary process
        packages, preload, silent = tuple(self.packages), tuple(self.preload), tuple(self.silent)
        judged = Furniture(packages, absent, preload, bool(absent), silent if absent else ())
        return [(backend, furniture, limits) for furniture in (judged, Furniture(packages, (), preload))]

    def judge(self, judged, shown, shell=None):
        """Judge it in this process.

        Parameters
        ----------
        judged, shown : object
            Sandboxes such as `sandboxes` describes, or doors to them.
        shell : Shell, optional
            From `make_shell`, and not used before.

        Returns
        -------
        dict
            The ``outputs`` of each cell, and its ``evidence``.
        """
        from lstmlib.grading.judge.referee import Referee  # and IPython, without which it can be sent elsewhere

        files = {name: base64.b64decode(content) for name, content in self.files.items()}
        referee = Referee(
            judged,
            shown,
            files=files,
            released=self.released,
            seconds=self.seconds,
            seconds_in_all=self.seconds_in_all,
            seed=self.seed or None,
            also=self.also,
            shell=shell,
            own=[*self.packages, *(Path(name).parts[0].removesuffix(".py") for name in self.course_files)],
        )
        with _workplace({name: files[name] for name in self.course_files}):
            outputs, evidence = referee.judge(self.cells)
        return {"outputs": outputs, "evidence": evidence}


@contextlib.contextmanager
def _workplace(files):
    """Be in a folder with these files, from which modules can be imported."""
    if not files:
        yield
        return
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
