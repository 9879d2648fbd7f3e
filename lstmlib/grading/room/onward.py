"""A cell that stops at what is absent goes on below: a student may have tried something out with it.

Students check a first try in the cell in which they write the second, or make a layer of the library to compare with.
What is absent while they are graded is not there for that either; what they wrote below is theirs.
"""

import ast
import sys
import traceback
import types


def go_on(shell, source):
    """Run the statements below the one at which a cell stopped, if it stopped for want of what is absent.

    They go on from error to error: most want what the statements above could not make.

    Parameters
    ----------
    shell : Shell or Plain
        Which has just run the cell.
    source : str
        The cell.
    """
    source = shell.transform_cell(source)
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    where, names = _at(statements, _line_of(shell.stopped)), shell.user_ns
    if not _is_want(shell.stopped, names) and not _meets_absent(where, names):
        return
    lines, success = source.splitlines(keepends=True), False
    while not success and isinstance(shell.stopped, Exception):  # and not an interrupt
        reached = _line_of(shell.stopped)
        starts = [_start(statement) for statement in statements]
        below = [start for start in starts if start > reached > 0]
        if not below:
            return
        _, success = shell.show("\n" * (below[0] - 1) + "".join(lines[below[0] - 1 :]), brief=True)


def _is_want(error, names):
    """Whether an error comes of an absent module: one of a name in it, or of a module below it."""
    if isinstance(error, ModuleNotFoundError):
        parts = (error.name or "").split(".")
        return any(map(_is_absent, (sys.modules.get(".".join(parts[:count])) for count in range(1, len(parts)))))
    if isinstance(error, NameError):  # of something that an import of everything should have brought
        return "NotWhileGradingError" in names
    return type(error).__name__ == "NotWhileGradingError"


def _is_absent(value):
    """Whether it is an absent module, or something of one."""
    module = value if isinstance(value, types.ModuleType) else sys.modules.get(str(type(value).__module__))
    return hasattr(module, "NotWhileGradingError")


def _meets_absent(statement, names):
    """Whether a statement has to do with what is absent, though it came to another error, as with its type."""
    mentioned = (names.get(node.id) for node in ast.walk(statement) if isinstance(node, ast.Name))
    return any(map(_is_absent, mentioned))


def _at(statements, line):
    """The statement on a line."""
    above = [statement for statement in statements if _start(statement) <= line]
    return above[-1] if above else ast.Pass()


def _line_of(error):
    """The line of the cell on which it stopped; 0 if that is not known."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith("<ipython-input-"):
            return line or 0
    return 0


def _start(statement):
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
