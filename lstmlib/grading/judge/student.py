"""The judge's contact with one student's processes: the room, and a fork of it for each test cell."""

import contextlib
import math
import socket
import sys
import time
import types
from typing import Any

from lstmlib.grading.judge.errors import RoomLostError, rebuild
from lstmlib.grading.judge.outputs import clean, plain
from lstmlib.grading.judge.proxies import ForeignModule, Remote, RemoteNames, proxy
from lstmlib.grading.judge.sandbox import FORBIDDEN, SandboxError
from lstmlib.grading.room import changes
from lstmlib.grading.room.frames import Channel, ClosedError, LateError, WireError
from lstmlib.grading.room.values import Reader, Writer

MOST_CALLBACKS = 100_000  # that one call may make
START = 30.0  # seconds until a new room is ready
GRACE = 2.0  # seconds that a cell gets to stop when it was interrupted
MOST_MISHAPS = 50


class Student:
    """One student's state.

    Parameters
    ----------
    sandbox : object
        With ``open_room(channel, doors, keeper, also, plain)``, which takes three sockets.
    seconds : float
        For one cell of the student's, or for all calls of one test.
    files : dict, optional
        Name to content of what lies beside the notebook.
    seconds_in_all : float
        For everything, being brought back to a state after a crash included.
    seed : int, optional
        Of ``random`` and ``numpy.random`` in the room.
    also : list of str
        Import statements that the room should find done.
    brief : bool
        Nobody will look at the errors of cells.

    Attributes
    ----------
    plain : bool
        Whether all cells do without IPython; to be set before the first.
    """

    def __init__(self, sandbox, seconds, files=None, seconds_in_all=math.inf, seed=None, also=(), brief=False):
        self.sandbox, self.seconds, self.files, self.seed = sandbox, seconds, files or {}, seed
        self.also, self.brief, self.plain = list(also), brief, False
        self.left, self.left_in_all = seconds, seconds_in_all
        self._since: Any = None  # when it began what it is doing
        self.mishaps: list[str] = []  # limits that were hit, processes that were lost
        self.without_room: SandboxError | None = None  # no fault of the student's
        self.generation = 0
        self.names = RemoteNames(self)
        self.calls = 0
        self.classes: set[str] = set()  # names of those that the release asks students to write
        self._room: Any = None
        self._fork: Any = None
        self._lent: list = []
        self._found: dict = {}
        self._run: list[str] = []  # cells that the room has gone through, to bring a new one to the same state

    # The room, in which the student's cells run

    def open(self):
        """Start a room; bring it to the state that the last one had, if there was one."""
        mine, theirs = zip(*(socket.socketpair() for _ in range(3)), strict=True)
        self._room, self._doors, self._keeper = Channel(mine[0]), mine[1], mine[2]
        try:
            self.sandbox.open_room(*theirs, self.also, self.plain)
            for end in theirs:
                end.close()
            self._room.receive(time.monotonic() + START)
        except (ClosedError, LateError, WireError, OSError) as error:
            self.without_room = SandboxError(
                f"Expected a room in the sandbox for a submission; there is none ({_name(error)}).\n"
                f"{_said(self._keeper, 1.0)}\n{FORBIDDEN}"
            )
            raise self.without_room from None
        if self.files:
            self._room.send({"do": "files", "names": list(self.files)}, list(self.files.values()))
            head, _ = self._room.receive(time.monotonic() + self.seconds)
            if "error" in head:
                self._note("files that were handed in could not be put into the room")
        if self.seed is not None:
            self._room.send({"do": "seed", "seed": self.seed})
            self._room.receive(time.monotonic() + self.seconds)
        again, self._run = self._run, []
        for source in again:
            self.run(source)
        if self._room is None:
            raise ClosedError("it could not be brought back to where it was")

    def run(self, source):
        """Run a cell; return its outputs.

        A cell that ends the process, or that cannot be interrupted, is left out of the state from then on.
        """
        try:
            with self._timed(self.seconds) as seconds:
                if self._room is None:
                    self.open()
                outputs = self._run_once(source, seconds)
        except TimeoutError as error:
            self.close()
            return [_error("CellSkipped", f"{error} This cell was left out.")]
        except (ClosedError, WireError, LateError) as error:
            why = self._why(error)
            self._note(f"a cell ended the program or hung ({why})")
            self.close()
            return [_error("CellEnded", f"This cell ended the program or hung ({why}); it was left out.")]
        self._run.append(source)
        return outputs

    def begin_test(self):
        """Give the test that comes now its time."""
        self.left = self.seconds

    @contextlib.contextmanager
    def _timed(self, seconds):
        """Take what is spent inside from what is left; gives the seconds that it may take.

        Raises
        ------
        TimeoutError
            If the time for the whole submission is used up.
        """
        outermost, now = self._since is None, time.monotonic()
        left = self.left_in_all - (0 if outermost else now - self._since)
        if left <= 0:
            self._note("the time for the whole submission is used up")
            raise TimeoutError("The time for the whole submission is used up.")
        if outermost:
            self._since = now
        try:
            yield min(seconds, left)
        finally:
            if outermost:
                spent, self._since = time.monotonic() - now, None
                self.left_in_all -= spent
                self.left -= spent

    def _limit(self, seconds):
        """Which limit it is that leaves this many seconds."""
        if seconds < self.left:
            return "the time for the whole submission"
        return f"the {self.seconds:g} seconds of this test"

    def _note(self, mishap):
        if len(self.mishaps) < MOST_MISHAPS:
            self.mishaps.append(mishap)

    def _why(self, error):
        """What ended it: the keeper of the room knows of memory."""
        if isinstance(error, ClosedError) and "memory" in _said(self._keeper, 0.2):
            return "it took too much memory"
        return _name(error)

    def _run_once(self, source, seconds):
        deadline = time.monotonic() + seconds
        self._room.send({"do": "run", "source": source, "brief": self.brief}, deadline=deadline)
        try:
            head, _ = self._room.receive(deadline)
        except LateError:
            self._note(f"a cell took more than {seconds:g} seconds")
            self._keeper.send(b"i")
            head, _ = self._room.receive(time.monotonic() + GRACE)
        outputs = head.get("outputs")
        if not isinstance(outputs, list):
            raise WireError("expected outputs")
        return clean(outputs)

    def close(self):
        """End the room and all that it started."""
        self.leave()
        if self._room is not None:
            for end in (self._room, self._doors, self._keeper):
                end.close()  # the keeper kills the room when its line is cut
            self._room = None

    # A fork of the room, for one test cell

    def leave(self):
        """End the present fork; the next request makes another."""
        if self._fork is not None:
            self._fork.close()
            self._fork = None
            with contextlib.suppress(ClosedError, LateError, WireError):
                self._ask_room({"do": "reap", "name": self.generation})
        self.generation += 1
        self._found.clear()
        self._lent.clear()

    def _ask_room(self, head):
        deadline = time.monotonic() + GRACE
        self._room.send(head, deadline=deadline)
        return self._room.receive(deadline)

    def _enter(self):
        mine, theirs = socket.socketpair()
        try:
            if self._room is None:
                self.open()
            socket.send_fds(self._doors, [b"d"], [theirs.fileno()])
            head, _ = self._ask_room({"do": "fork", "name": self.generation})
            if "error" in head:
                raise ClosedError("it cannot be copied")
        except (ClosedError, LateError, WireError, OSError) as error:
            mine.close()
            why = self._why(error)
            self._note(f"the program does not answer any more ({why})")
            self.close()
            raise RoomLostError(f"The student's program does not answer any more ({why}).") from None
        finally:
            theirs.close()  # or nobody would notice when the fork ends
        self._fork = Channel(mine)

    def lookup(self, name):
        """The value of a name: data, or a proxy.

        Raises
        ------
        KeyError
            If the student has not defined it.
        """
        if name not in self._found:
            head, value = self._ask("lookup", name=name)
            if head.get("missing"):
                raise KeyError(name)
            if isinstance(value, Remote):
                value._remote.name = name
            self._found[name] = value
        return self._found[name]

    def bind(self, name, value):
        """Set one of the student's names in the present fork."""
        self._found.pop(name, None)
        self._ask("bind", name=name, value=value)

    def ask(self, do, arguments=None, named=None, **head):
        """Ask the fork to do something; return what came of it, or raise what the student's code raised."""
        self.calls += do in ("call", "special")
        return self._ask(do, arguments, named, **head)[1]

    def _ask(self, do, arguments=None, named=None, **head):
        if self.left <= 0:
            raise TimeoutError(f"The student's program has used up {self._limit(self.left)}.")
        with self._timed(self.left) as seconds:
            return self._exchange(do, arguments, named, head, seconds)

    def _exchange(self, do, arguments, named, head, seconds):
        if self._fork is None:
            self._enter()
        writer = Writer(self._export)
        message = {"do": do, **head}
        if "value" in head:
            message["value"] = writer.node(head["value"])
        if arguments is not None:
            message["arguments"] = writer.nodes(arguments, 0)
            message["named"] = {key: writer.node(value) for key, value in (named or {}).items()}
        deadline = time.monotonic() + seconds
        finished = False
        try:
            self._fork.send(message, writer.blobs, deadline)
            answer, blobs = self._receive(deadline)
            reader = Reader(blobs, self._resolve, writer.table, bounded=True)
            changes.apply(answer.get("changed", []), reader)
            finished = True
        except (ClosedError, WireError) as error:
            why = self._why(error)
            self._note(f"the program ended during a call ({why})")
            raise RoomLostError(f"The student's program has ended during a call ({why}).") from None
        except LateError:
            limit = self._limit(seconds)
            self._note(f"no answer within {limit}")
            raise TimeoutError(f"The student's program gave no answer within {limit}.") from None
        finally:
            if not finished:  # also where a check's own time limit rings
                self.leave()
        if isinstance(answer.get("printed"), str):
            sys.stdout.write(plain(answer["printed"]))
        if isinstance(answer.get("error"), dict):
            raise rebuild(answer["error"], at_end=do == "special" and head.get("name") == "next")
        return answer, reader.value(answer.get("value"))

    def _receive(self, deadline):
        for _ in range(MOST_CALLBACKS):
            answer, blobs = self._fork.receive(deadline)
            if "callback" not in answer:
                return answer, blobs
            self._call_back(answer, blobs, deadline)
        raise WireError(f"more than {MOST_CALLBACKS} calls back")

    # Objects of the judge's that were handed to the student

    def _call_back(self, question, blobs, deadline):
        reader = Reader(blobs, self._resolve, bounded=True)
        writer = Writer(self._export)
        try:
            target = self._lent[question["key"]]
            arguments = reader.values(question["arguments"])
            named = {str(name): reader.value(node) for name, node in question["named"].items()}
            before = changes.snapshot(reader.table)
            if question["callback"] == "call":
                value = target(*arguments, **named)
            else:
                name = question["name"]
                if not isinstance(name, str) or name.startswith("_"):
                    raise AttributeError("only public attributes can be read")
                value = getattr(target, name)
            writer = Writer(self._export, reader.table)
            reply = {"value": writer.node(value), "changed": changes.changed(before, writer)}
        except Exception as error:
            reply = {"error": {"name": type(error).__name__, "message": str(error)}}
        self._fork.send(reply, writer.blobs, deadline)

    def _export(self, value, writer):
        if isinstance(value, Remote):
            return ["mine", value._remote.current()]
        if isinstance(value, (type, types.ModuleType, types.CodeType, types.FrameType, types.TracebackType)):
            raise WireError(f"a {type(value).__name__} cannot be handed to a student's function")
        for key, known in enumerate(self._lent):
            if known is value:
                return ["borrowed", key, getattr(value, "__name__", type(value).__name__)]
        self._lent.append(value)
        return ["borrowed", len(self._lent) - 1, getattr(value, "__name__", type(value).__name__)]

    def _resolve(self, node, reader):
        if node[0] == "yours":
            return self._lent[node[1]]
        if node[0] == "module":
            return ForeignModule(str(node[1])[:200])
        if node[0] == "remote":
            _, key, about = node
            if not isinstance(key, int) or not all(isinstance(about[k], str) for k in ("kind", "type", "name")):
                raise WireError("a description of an object is malformed")
            return proxy(self, key, about, self.generation)
        raise WireError(f"there is no value with the tag {str(node[0])[:20]!r}")


def _error(name, message):
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [message]}


def _name(error):
    return str(error) or type(error).__name__


def _said(keeper, seconds):
    """What the keeper of a room reports, if anything."""
    try:
        keeper.settimeout(seconds)
        return keeper.recv(10_000).decode(errors="replace")
    except OSError:
        return ""
