"""Running cells as a kernel does, without IPython: a room without it takes two thirds of the memory, and forks faster.

It is for cells of which `Shell.is_plain` says that they are plain, and whose outputs nobody will look at.
"""

import ast
import hashlib
import itertools
import linecache
import types

from .outputs import Outputs, captured


class Plain:
    """Stands for `lstmlib.grading.room.shell.Shell`."""

    def __init__(self):
        self.user_module = types.ModuleType("__main__")
        self.user_ns = self.user_module.__dict__
        self.user_ns_hidden = set(self.user_ns)
        self.captured = captured
        self._counts = itertools.count(1)

    def warm_up(self):
        """Do once what is slow the first time, for all forks that come."""
        self.show("1 / 0")

    def show(self, source, silent=False, brief=True):
        """Run a cell; return what it printed, with its error if there was one, and whether it ran to its end.

        Statement by statement, as IPython does: what stands before an error has been done. Nothing is shown of the
        value of the last line.
        """
        outputs, success = Outputs(), False
        name = f"<ipython-input-{next(self._counts)}-{hashlib.sha1(source.encode(errors='replace')).hexdigest()[:12]}>"
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        with captured(outputs):
            try:
                for statement in ast.parse(source, name).body:
                    exec(compile(ast.Module([statement], []), name, "exec", dont_inherit=True), self.user_ns)
                success = True
            except BaseException as error:  # SystemExit and the interrupt of a time limit, too: a kernel goes on
                outputs.error(type(error).__name__, "", [])
        return outputs.listed, success
