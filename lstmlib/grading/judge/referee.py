"""Judging one notebook: its student cells run in the room, its locked cells here."""

import hashlib
import math
import random
import re
import sys
import time

from IPython.core.interactiveshell import InteractiveShell

from lstmlib.grading.judge.namespace import Namespace
from lstmlib.grading.judge.outputs import Space, clean, evidence_in
from lstmlib.grading.judge.program import Program
from lstmlib.grading.judge.student import Student
from lstmlib.grading.room.shell import Shell

_MASKS = re.compile(r"\b(np|numpy)\.ma\b|import ma\b|MaskedArray|is_masked|getmask")


def make_shell():
    """An IPython for the trusted cells; making one takes longer than most of them."""
    module = _Module()
    module.__dict__ = namespace = Namespace()
    main = sys.modules["__main__"]
    try:
        return Shell(user_module=module, user_ns=namespace)
    finally:
        sys.modules["__main__"] = main  # IPython put the module in its place


class Referee:
    """Runs the cells of one submission.

    Parameters
    ----------
    judged, shown : object
        Backends of `lstmlib.grading.judge.sandbox`. What is judged comes out of the first, in which what students are
        asked to write is absent; what the feedback shows under a student's cell comes out of the second, which has
        the whole library. They may be the same.
    files : dict
        Name to content of what lies beside the notebook.
    released : list of str
        The code of the cells of the release.
    seconds, seconds_in_all : float
        For a cell of the student's, or for all that a test asks of the student's program; and for all cells.
    seed : str, optional
        Of the random numbers of the cells; each test has its own.
    also : list of str
        Import statements that the rooms should find done.
    shell : Shell, optional
        From `make_shell`, and not used before.
    own : iterable of str
        The course's modules, of whose classes objects may be lent to students' functions.
    """

    def __init__(
        self,
        judged,
        shown,
        files=None,
        released=(),
        seconds=30.0,
        seconds_in_all=math.inf,
        seed=None,
        also=(),
        shell=None,
        own=(),
    ):
        self.seed, self._left, self._space = seed, [], Space()
        conditions = {
            "seconds": seconds,
            "files": files,
            "seconds_in_all": seconds_in_all,
            "seed": _number(seed, "room"),
            "also": also,
        }
        self.student = Student(judged, own=own, brief=shown is not judged, **conditions)
        self.shown = self.student if shown is judged else Program(shown, **conditions)
        self.shell = make_shell() if shell is None else shell
        self.namespace = self.shell.user_ns
        self.namespace.attach(self.student, released)
        self.student.classes, self.student.course = self.namespace.classes, self.namespace

    def judge(self, cells):
        """Run cells; those behind the last test only to be shown, where that is done elsewhere.

        Parameters
        ----------
        cells : list of dict
            With ``source``, and ``role``: "student", "locked" or "test"; and perhaps a ``name``.

        Returns
        -------
        outputs : list of list of dict
            For each cell, as nbformat has them.
        evidence : list of dict
            For each cell: seconds, calls into the student's program, mishaps, and what a test left as evidence.
        """
        tests = [count for count, cell in enumerate(cells) if cell["role"] == "test"]
        self.student.masks = any(_MASKS.search(cell["source"]) for cell in cells if cell["role"] != "student")
        judged = cells[: max(tests, default=-1) + 1] if self.shown is not self.student else cells
        self.student.plain = (
            self.student.brief
            and not any(name.endswith(".py") for name in self.student.files)  # it may use a kernel as well
            and all(self.shell.is_plain(cell["source"]) for cell in judged if cell["role"] != "test")
        )
        before = sys.modules["__main__"], InteractiveShell._instance
        sys.modules["__main__"], InteractiveShell._instance = self.shell.user_module, self.shell  # for get_ipython()
        try:
            outputs, evidence = [], []
            for count, cell in enumerate(judged):
                shown, about = self._do(cell, count, self.student)
                outputs.append(shown)
                evidence.append(about)
            self.student.close()
            if self.shown is not self.student:  # at last, and in one go: a room that takes turns is slower
                self._space = Space()
                for count, cell in enumerate(cells):
                    if cell["role"] != "test":
                        shown, about = self._do(cell, count, self.shown)
                        outputs[count : count + 1] = [shown]  # in its place, or behind all
                        evidence += [about] if count >= len(judged) else []
        finally:
            self.student.close()
            self.shown.close()
            sys.modules["__main__"], InteractiveShell._instance = before
        return outputs, evidence

    def _do(self, cell, count, student):
        """Run a cell; return its outputs, and the evidence."""
        started, calls, student.allowance.mishaps, self._left = time.monotonic(), student.calls, [], []
        name = cell.get("name") or f"cell {count}"
        if cell["role"] == "student" or student is not self.student:
            outputs = student.run(cell["source"])
        else:
            self._sow(name)
            outputs = self._test(cell["source"]) if cell["role"] == "test" else self._locked(cell["source"])
        if cell["role"] != "test":
            outputs = self._space.fit(outputs)
        if student.without_room is not None:
            raise student.without_room  # a test may have taken it for an error of the student's
        return outputs, {
            "cell": name,
            "role": cell["role"],
            "seconds": round(time.monotonic() - started, 3),
            "calls": student.calls - calls,
            "mishaps": student.allowance.mishaps,
            "left": self._left,
        }

    def _sow(self, name):
        number = _number(self.seed, name)
        if number is not None:
            random.seed(number)
            if "numpy" in sys.modules:
                sys.modules["numpy"].random.seed(number)

    def _locked(self, source):
        self._trusted(source, silent=True)
        return self.student.run(source)

    def _test(self, source):
        outputs = self._trusted(source)
        self._left = evidence_in(outputs)
        return clean(outputs)

    def _trusted(self, source, silent=False):
        self.student.allowance.begin_test()
        self.namespace.begin()
        try:
            outputs, success = self.shell.show(source, silent)
        finally:
            self.student.leave()
        if not success:  # a student's function may have stopped it on the way to names that other tests rely on
            self.namespace.reserve(source)
        return outputs


def _number(seed, what):
    """32 bits for one of the places where random numbers are drawn."""
    if seed is None:
        return None
    return int.from_bytes(hashlib.sha256(f"{seed}\0{what}".encode(errors="replace")).digest()[:4], "big")


class _Module:
    """Stands for __main__; its names may be any dict."""

    __name__ = "__main__"
    __spec__ = None
