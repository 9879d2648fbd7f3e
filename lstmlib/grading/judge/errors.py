"""A student's exception, made again on the trusted side from its description."""

import builtins
import linecache

LONGEST_LINE = 10_000  # line numbers
MOST_FRAMES = 20  # of a traceback
MOST_FILES = 50  # of which lines are remembered; a cell is one
_remembered: list[str] = []


class RoomLostError(RuntimeError):
    """The student's process has ended or does not answer any more."""


def rebuild(description, at_end=False, course=()):
    """Make an exception of a described one; its traceback leads through the lines of the student's cells.

    Its class is the builtin of that name, or a new one below the nearest ancestor that is a builtin, or has its name in
    `course`, where locked cells have defined it: no code of the student's runs. KeyboardInterrupt and GeneratorExit,
    which mean something to the judge itself, become RuntimeError. So does StopIteration but `at_end` of an iteration:
    it would end a loop of the test, such as ``all(map(…))``, before anything was compared.
    """
    error = _make(description, at_end, course)
    try:
        _pass_through(_frames(description), error)
    except type(error) as raised:
        return raised
    return error


def _make(description, at_end, course):
    name, message = _text(description.get("name"), "Exception"), _text(description.get("message"), "")
    ancestors = [
        kind
        for kind in (_class(str(ancestor), course) for ancestor in _list(description.get("ancestors")))
        if isinstance(kind, type) and issubclass(kind, BaseException)
    ]
    nearest = ancestors[0] if ancestors else Exception
    barred = (KeyboardInterrupt, GeneratorExit) if at_end else (KeyboardInterrupt, GeneratorExit, StopIteration)
    if issubclass(nearest, (*barred, StopAsyncIteration)) or nearest is BaseException:
        name, nearest = f"{name}Error", RuntimeError
    kind = nearest if nearest.__name__ == name else type(name if name.isidentifier() else "Error", (nearest,), {})
    try:
        return kind(_Plain(message))
    except Exception:  # one that wants more than a message
        own = {"__init__": Exception.__init__, "__str__": lambda error: message}
        return type(kind.__name__, (kind,), own)(message)


def _class(name, course):
    own = name.removeprefix("__main__.")
    return getattr(builtins, name, None) if own == name else dict.get(course, own)


class _Plain(str):
    """A text that looks the same when KeyError shows its repr."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


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
