"""A student's exception, made again on the trusted side from its description."""

import linecache

from lstmlib.grading.judge.error_classes import error_class, error_object

LONGEST_LINE = 10_000  # line numbers
MOST_FRAMES = 20  # of a traceback
MOST_FILES = 50  # of which lines are remembered; a cell is one
_remembered: list[str] = []


class RoomLostError(RuntimeError):
    """The student's process has ended or does not answer any more."""


def rebuild(description, at_end=False, course=None):
    """Make an exception of a described one; its traceback leads through the lines of the student's cells.

    Its class is the builtin of that name, or the one that stands for the student's (see `error_class`): no code of the
    student's runs. What is no error means something to the judge itself and becomes RuntimeError. So does StopIteration
    but `at_end` of an iteration: it would end a loop of the test, such as ``all(map(…))``, before anything is compared.
    """
    error = _make(description, at_end, course)
    try:
        _pass_through(_frames(description), error)
    except type(error) as raised:
        return raised
    return error


def _make(description, at_end, course):
    message = _text(description.get("message"), "")
    kind = error_class(_list(description.get("ancestors")), course)
    barred = (KeyboardInterrupt, GeneratorExit) if at_end else (KeyboardInterrupt, GeneratorExit, StopIteration)
    if issubclass(kind, (*barred, StopAsyncIteration)) or not issubclass(kind, Exception):
        kind = error_class([f"__main__.{kind.__name__}Error", "RuntimeError"])
    return error_object(kind, message)


def _text(value, default):
    return value if isinstance(value, str) else default


def _list(value):
    return value if isinstance(value, list) else []


def _frames(description):
    listed = _list(description.get("frames"))[:MOST_FRAMES]
    return [frame for frame in listed if isinstance(frame, list) and len(frame) == 4]


def _remember(filename, line, text):
    """Let tracebacks show a line of a student's cell; what the trusted side has in such a file stays."""
    if filename in linecache.cache and filename not in _remembered:
        return
    lines = list(linecache.getlines(filename))
    if filename not in _remembered:
        _remembered.append(filename)
        if len(_remembered) > MOST_FILES:
            linecache.cache.pop(_remembered.pop(0), None)
    lines += ["\n"] * (line - len(lines))
    lines[line - 1] = f"{text}\n"
    linecache.cache[filename] = (len(lines), None, lines, filename)


def _pass_through(frames, error):
    def leave():
        raise error

    for frame in reversed(frames):
        filename, line, name, text = frame
        if not (isinstance(filename, str) and filename.startswith("<") and filename.isprintable()):
            continue
        if not (isinstance(line, int) and 0 < line < LONGEST_LINE and isinstance(text, str) and len(text) < 1000):
            continue
        _remember(filename, line, text)
        code = compile("\n" * (line - 1) + "leave()", filename, "exec").replace(co_name=_text(name, "?")[:200])
        leave = _caller(code, leave)
    leave()


def _caller(code, leave):
    return lambda: exec(code, {"leave": leave})
