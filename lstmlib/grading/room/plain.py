"""Running cells as a kernel does, without IPython: a room without it takes two thirds of the memory, and forks faster.

It is for cells of which `Shell.is_plain` says that they are plain, and whose outputs nobody will look at.
"""

import ast
import builtins
import hashlib
import linecache
import types

from .forks import OFTEN
from .outputs import NOBODY, Outputs, captured


class StdinNotImplementedError(NotImplementedError):
    """Somebody was asked for input; IPython's has the same name."""


class Plain:
    """Stands for `lstmlib.grading.room.shell.Shell`.

    Attributes
    ----------
    stopped : BaseException or None
        What the last cell stopped with.
    """

    def __init__(self):
        self.user_module = types.ModuleType("__main__")
        self.user_ns = self.user_module.__dict__
        self.user_ns |= {"__builtins__": builtins, "__builtin__": builtins, "open": open}  # as IPython has it
        self._count, self.stopped = 0, None

    def warm_up(self):
        """Do once what is slow the first time, for all forks that come."""
        for _ in range(OFTEN):
            self.show("def f(x):\n    return x\n\nf(1) / 0")
        del self.user_ns["f"]
        linecache.clearcache()
        self._count = 0

    def transform_cell(self, source):
        """Plain cells are Python as they are."""
        return source

    def captured(self, outputs):
        """Send what is printed to `outputs`; nobody answers."""
        return captured(outputs, self._refuse)

    def _refuse(self, prompt=""):
        raise StdinNotImplementedError(NOBODY)

    def show(self, source, silent=False, brief=True):
        """Run a cell; return what it printed, with its error if there was one, and whether it ran to its end.

        Statement by statement, as IPython does: what stands before an error has been done. Nothing is shown of the
        value of the last line.
        """
        outputs, success, self.stopped = Outputs(), False, None
        self._count += 1
        text = source if source.endswith("\n") else f"{source}\n"
        name = f"<ipython-input-{self._count}-{hashlib.sha1(text.encode(errors='replace')).hexdigest()[:12]}>"
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        with self.captured(outputs):
            try:
                for statement in ast.parse(text, name).body:
                    exec(compile(ast.Module([statement], []), name, "exec", dont_inherit=True), self.user_ns)
                success = True
            except BaseException as error:  # SystemExit and the interrupt of a time limit, too: a kernel goes on
                outputs.error(type(error).__name__, "", [])
                self.stopped = error
        return outputs.listed, success
