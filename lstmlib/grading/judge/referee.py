"""Judging one notebook: its student cells run in the room, its locked cells here."""

import sys
import time

from lstmlib.grading.judge.namespace import Namespace
from lstmlib.grading.judge.outputs import clean
from lstmlib.grading.judge.student import Student
from lstmlib.grading.room.shell import Shell


class Referee:
    """Runs the cells of one submission.

    Parameters
    ----------
    judged, shown : object
        Backends of `lstmlib.grading.judge.sandbox`. What is judged comes out of the first, in which what students are
        asked to write is absent; what the feedback shows under a student's cell comes out of the second, which has
        the whole library. They may be the same.
    files : dict
        Name to content of what was handed in beside the notebook.
    released : list of str
        The code of the cells of the release.
    seconds : float
        For one cell of the student's, or one call of a test.
    """

    def __init__(self, judged, shown, files=None, released=(), seconds=30.0):
        self.student = Student(judged, seconds, files)
        self.shown = self.student if shown is judged else Student(shown, seconds, files)
        self.namespace = namespace = Namespace(self.student, released)
        self.student.classes = namespace.classes
        self.before = sys.modules["__main__"], Shell._instance  # IPython takes their places
        module = _Module()
        module.__dict__ = namespace
        self.shell = Shell(user_module=module, user_ns=namespace)
        Shell._instance = self.shell  # type: ignore[assignment]  # of traitlets; get_ipython() gives it

    def judge(self, cells):
        """Run cells; return for each the outputs, and for each test what it asked for.

        Parameters
        ----------
        cells : list of dict
            With ``source``, and ``role``: "student", "locked" or "test".

        Returns
        -------
        outputs : list of list of dict
        evidence : list of dict
        """
        outputs, evidence = [], []
        try:
            for cell in cells:
                started, calls = time.monotonic(), self.student.calls
                outputs.append(getattr(self, f"_{cell['role']}")(cell["source"]))
                evidence.append({
                    "role": cell["role"],
                    "seconds": round(time.monotonic() - started, 4),
                    "calls": self.student.calls - calls,
                })  # fmt: skip
        finally:
            self.student.close()
            self.shown.close()
            sys.modules["__main__"], Shell._instance = self.before
        return outputs, evidence

    def _student(self, source):
        outputs = self.student.run(source)
        return outputs if self.shown is self.student else self.shown.run(source)

    def _locked(self, source):
        self._trusted(source, silent=True)
        return self._student(source)

    def _test(self, source):
        return clean(self._trusted(source))

    def _trusted(self, source, silent=False):
        try:
            outputs, success = self.shell.show(source, silent)
        finally:
            self.student.leave()
        if not success:  # a student's function may have stopped it on the way to names that other tests rely on
            self.namespace.reserve(source)
        return outputs


class _Module:
    """Stands for __main__; its names may be any dict."""

    __name__ = "__main__"
    __spec__ = None
