"""Running one cell with IPython and collecting what a notebook would show under it."""

import ast
import atexit
import functools
import os
import re
import sys
import traceback
import warnings
from typing import Any, cast

from IPython.core.autocall import IPyAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.macro import Macro
from IPython.core.prefilter import PrefilterManager
from traitlets.config import Config

from .forks import OFTEN
from .outputs import NOBODY, Outputs, captured

# What a kernel has and Python has not, or not the same; `Shell.is_plain` looks for it. The second kind is also common.
_OF_A_KERNEL = re.compile(
    r"\b(IPython|\w*IPYTHON\w*|get_ipython|ipywidgets|display|matplotlib|pyplot|plt|pylab|await|async|breakpoint|pdb"
    r"|globals|locals|vars|dir|__main__|__builtin__|__future__|displayhook|excepthook|last_(type|value|traceback))\b"
    r"|\b(input|help) *\("
)
_PERHAPS_OF_A_KERNEL = re.compile(r"\b(In|Out|exit|quit|_+\d*|_i+\d*|_[iod]h)\b")
LONGEST_PLAIN = 100_000  # characters of a cell
# Without any of it, IPython makes Python of nothing that is none: orders, prompts, space before all else, and what ends
# a line for str.splitlines alone.
_ESCAPE = re.compile(
    r"[%?\r\v\f\x1c-\x1e\x85\u2028\u2029]|!(?!=)|^[^\S\n]*([,;/]|>>>|\.\.\.|(\[(ins|nav)\] )?In \[)|\A\n*[^\S\n]",
    re.MULTILINE,
)
_PROMPT = re.compile(r"^(\[(ins|nav)\] )?In \[\d+\]: ", re.MULTILINE)  # of a cell that was copied from a terminal


class _Publisher(DisplayPublisher):
    shell: Any

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **unused):
        self.shell.outputs.data("display_data", data, metadata)

    def clear_output(self, wait=False):
        self.shell.outputs.clear()


class _Hook(DisplayHook):
    shell: Any

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.outputs.data("execute_result", format_dict, md_dict, execution_count=self.prompt_count)

    def finish_displayhook(self):
        pass

    def quiet(self):
        """Whether a semicolon ends the cell; IPython takes it apart for that."""
        cells = self.shell.history_manager.input_hist_parsed
        return (not cells or ";" in cells[-1]) and super().quiet()


def _is_failure(output):
    """Whether nbgrader gives no points to a test with such an output."""
    return output["output_type"] == "error" or output.get("name") == "stderr"


def _whole(source):
    return source if source.endswith("\n") else f"{source}\n"


class _Compiler(CachingCompiler):
    """IPython's, but what was read to find out whether it is Python is not read again."""

    def __init__(self):
        super().__init__()
        self._read: tuple[Any, Any] = None, None
        self._wrong = None
        self._kept: dict[str, tuple] = {}

    def read_ahead(self, source):
        """Read a cell for all forks of this process."""
        source = _whole(source)
        if source not in self._kept and self.is_python(source):
            self._kept[source] = self._read

    def is_python(self, source):
        """Whether there is a syntax tree of a text; the next to ask for that gets it."""
        if source in self._kept:
            self._read = self._kept.pop(source)
            return True
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                tree = super().ast_parse(source)
            except SyntaxError:
                self._wrong = source
                return False
            except (ValueError, RecursionError, MemoryError):
                return False
        self._read = (source, self.flags), None if warned else tree  # warnings name the cell, which nobody knows here
        return True

    def is_wrong(self, source):
        """Whether what was just found to be no Python has an error of syntax; others depend on who reads it."""
        return source == self._wrong

    def ast_parse(self, source, filename="<unknown>", symbol="exec"):
        (key, tree), self._read = self._read, (None, None)  # given away once: whoever runs it may change it
        if tree is not None and key == (source, self.flags) and symbol == "exec":
            return tree
        return super().ast_parse(source, filename, symbol)


class Shell(InteractiveShell):
    """An IPython without terminal, history file and kernel.

    Attributes
    ----------
    stopped : BaseException or None
        What the last cell stopped with.
    """

    compiler_class = _Compiler
    compile: _Compiler

    def __init__(self, **settings):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.outputs, self.brief, self.stopped = Outputs(), False, None
        super().__init__(config=config, displayhook_class=_Hook, display_pub_class=_Publisher, **settings)
        atexit.unregister(self.atexit_operations)  # it would keep each shell, and collect garbage for each at the end
        self._usual_steps = self._steps()
        self.is_plain = functools.lru_cache(1000)(self._is_plain)
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

    def enable_gui(self, gui=None):
        pass

    def raw_input(self, prompt=""):
        raise StdinNotImplementedError(NOBODY)

    def transform_cell(self, raw_cell):
        """Python for the code of a cell. What is Python already stays as it is: that takes less to find out.

        A single line may begin with the name of a magic, and whoever has steps of their own gets them.
        """
        cell = _whole(raw_cell)
        if self._steps() == self._usual_steps and not self._is_order(cell.strip()) and self.compile.is_python(cell):
            return cell
        return super().transform_cell(raw_cell)

    def should_run_async(self, raw_cell, *, transformed_cell=None, preprocessing_exc_tuple=None):
        """Whether a cell waits for something; IPython compiles all of it to find out."""
        return any(word in (transformed_cell or "") for word in ("await", "async")) and super().should_run_async(
            raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple
        )

    def _is_plain(self, source):
        """Whether a cell is Python that does in no kernel anything else than in `lstmlib.grading.room.plain`."""
        if len(source) > LONGEST_PLAIN:  # it would be read where the time of the student's program is not counted
            return False
        if _OF_A_KERNEL.search(source) or _PROMPT.search(source):  # which IPython takes out of texts, too
            return False
        text = _whole(source)
        if not self.compile.is_python(text):
            return self.compile.is_wrong(text) and "\n" in source.strip() and not _ESCAPE.search(source)
        lines = source.strip().splitlines()
        if len(lines) == 1 and self._is_magic(lines[0]):
            return False
        if not _PERHAPS_OF_A_KERNEL.search(source):
            return True
        for node in ast.walk(self.compile.ast_parse(text)):
            name = node.target if isinstance(node, ast.AugAssign) else node
            bound = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            if isinstance(name, ast.Name) and not bound and _PERHAPS_OF_A_KERNEL.fullmatch(name.id):
                return False
        return True

    def _is_magic(self, line):
        first = re.match(r"\w+", line)
        return first is not None and self.find_magic(first[0]) is not None

    def _steps(self):
        manager, filters = self.input_transformer_manager, cast("PrefilterManager", self.prefilter_manager)
        usual = manager.cleanup_transforms, manager.line_transforms, manager.token_transformers
        return [list(steps) for steps in (*usual, self.input_transformers_post, filters.transformers, filters.checkers)]

    def _is_order(self, cell):
        """Whether IPython may take a cell for something else than the Python that it could be."""
        if _PROMPT.search(cell):
            return True
        first = re.match(r"\w+", cell)
        if "\n" in cell or first is None:
            return False
        meant = isinstance(self.user_ns.get(first[0]), (Macro, IPyAutocall))
        return bool(self.autocall) or meant or self._is_magic(cell)

    def warm_up(self):
        """Do once what is slow the first time, for all forks that come."""
        if "matplotlib" in sys.modules:
            self.show("%matplotlib inline", silent=True)
        for _ in range(OFTEN):
            self.show("1", silent=True)
        self.show("1 / 0", silent=True)
        self.displayhook.flush()  # forgets the last results
        self.user_ns.pop("_0", None)
        self.outputs = Outputs()

    def init_traceback_handlers(self, custom_exceptions):
        super().init_traceback_handlers(custom_exceptions)
        usual = self.InteractiveTB.structured_traceback

        def structured_traceback(kind, error, trace, *arguments, **named):
            """Python's, where IPython's fails: half a statement is enough, and it would show no error but print one."""
            try:
                return usual(kind, error, trace, *arguments, **named)
            except Exception:
                return "".join(traceback.format_exception(kind, error, trace)).splitlines()

        cast("Any", self.InteractiveTB).structured_traceback = structured_traceback

    def showtraceback(self, *arguments, **named):
        """Show an error; where nobody looks at the outputs, only that there was one."""
        if self.brief:
            self.outputs.error(getattr(sys.exc_info()[0], "__name__", "Exception"), "", [])
        else:
            super().showtraceback(*arguments, **named)

    def _format_exception_for_storage(self, *unused, **named):
        """For a history that is not kept; IPython would format each error a second time."""
        return []

    def _showtraceback(self, etype, evalue, stb):
        self.outputs.error(getattr(etype, "__name__", etype), evalue, stb)

    def show(self, source, silent=False, brief=False):
        """Run a cell; return its outputs and whether it ran to its end.

        Parameters
        ----------
        source : str
        silent : bool
            Keep it out of In and Out.
        brief : bool
            Nobody will look at its errors: most of the time of an error goes into its traceback.
        """
        outputs, self.brief = Outputs(), brief
        self.outputs = outputs
        with self.captured(outputs):
            result = self.run_cell(source, store_history=not silent)
        self.stopped = result.error_before_exec or result.error_in_exec
        if outputs.cut:
            outputs.listed.append({"output_type": "stream", "name": "stdout", "text": "\n(output cut: too much)\n"})
        if not result.success and not any(map(_is_failure, outputs.listed)):
            outputs.error(type(self.stopped).__name__, "it could not be shown", [])
        return outputs.listed, result.success

    def captured(self, outputs):
        """Send what is printed to `outputs`; nobody answers."""
        return captured(outputs, self.raw_input)
