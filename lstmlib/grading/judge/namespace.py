"""The names that test cells see: the course's own first, then the student's.

What a locked cell binds is the course's, and no student can rebind it for a test. So are the builtins, but for those
that the release asks students to write, and the modules that the release imports, unless it asks for that name below.

A test may take away or replace a name that it has found at the student's, to see whether a function uses another: the
student's functions see that until the test ends.
"""

import ast
import builtins
import contextlib
from typing import Any

from lstmlib.grading.judge.proxies import Remote
from lstmlib.grading.judge.source import bound, deleted, parse
from lstmlib.grading.room.frames import WireError

_IPYTHON = {"_", "__", "___", "_i", "_ii", "_iii", "_dh", "_ih", "_oh", "In", "Out", "get_ipython", "exit", "quit"}


def _imports(node):
    """The import statements in a statement, also inside of ``if``, ``try`` and ``with``."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
    elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ExceptHandler)):
        for part in ast.iter_child_nodes(node):
            yield from _imports(part)


def _bound(target):
    """The names that an assignment to a target binds."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


class Namespace(dict):
    """Global names of the trusted process."""

    def __init__(self):
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.student: Any = None
        self._imports, self._asked, self.classes = {}, set(), set()
        self._reserved: set[str] = set()
        self._theirs: set[str] = set()  # what the present test has found at the student's

    def attach(self, student, released=()):
        """Look names up at a student from now on.

        Parameters
        ----------
        student : Student
        released : list of str
            The code of all cells of the release, as students got it.
        """
        self.student = student
        for source in released:
            self._learn(source)

    def _learn(self, source):
        for node in parse(source).body:
            for statement in _imports(node):
                for alias in statement.names:
                    self._imports[alias.asname or alias.name.split(".")[0]] = statement
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._ask_for({node.name})
                self.classes |= {node.name} if isinstance(node, ast.ClassDef) else set()
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._ask_for({name for target in targets for name in _bound(target)})

    def _ask_for(self, names):
        """Expect names from the student, also those of modules that were imported above."""
        self._asked |= names
        for name in names & set(self._imports):
            del self._imports[name]

    def reserve(self, source):
        """Keep the names that a failed cell of the course's binds for it, also if it did not come to binding them.

        Those that it has found at the student's, or takes away, it only replaces for a while.
        """
        self._reserved |= bound(source) - self._theirs - deleted(source)
        for statement in parse(source).body:
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                for name, value in _brought(statement).items():
                    dict.setdefault(self, name, value)  # what the cell has bound stays

    def begin(self):
        """Begin a cell, which has found nothing yet."""
        self._theirs.clear()

    def __missing__(self, name):
        if name in self._reserved:
            raise KeyError(name)
        if self.student is None or not isinstance(name, str) or name in _IPYTHON or name.startswith("__"):
            raise KeyError(name)
        if hasattr(builtins, name) and name not in self._asked:
            raise KeyError(name)
        if name in self._imports:
            exec(_compiled(self._imports[name]), self)
            return dict.__getitem__(self, name)
        found = self.student.lookup(name)
        self._theirs.add(name)
        return found

    def __setitem__(self, name, value):
        if name in self._theirs:
            with contextlib.suppress(WireError):  # it may be nothing that can be handed over
                self.student.bind(name, value)
            if isinstance(value, Remote) and value._remote.name == name:
                self.pop(name, None)  # it is back in its place
                return
        super().__setitem__(name, value)

    def __delitem__(self, name):
        self[name]  # or else there is none
        self.pop(name, None)
        if name in self._theirs:
            self.student.unbind(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name):
        if dict.__contains__(self, name):
            return True
        try:
            self[name]
        except KeyError:
            return False
        return True


def _brought(statement):
    """The names that an import brings: none if it is what the cell has failed for."""
    found: dict[str, Any] = {}
    with contextlib.suppress(Exception):
        exec(_compiled(statement), found)
    return found


def _compiled(statement):
    return compile(ast.Module([statement], []), "<release>", "exec")
