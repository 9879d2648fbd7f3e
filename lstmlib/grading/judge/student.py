"""The judge's contact with one student's processes: the room, and a fork of it for each test cell."""

import math
import socket
import sys
import time
import warnings
from typing import Any

import numpy as np

from lstmlib.grading.judge.alarms import at_most, undisturbed
from lstmlib.grading.judge.allowance import Allowance
from lstmlib.grading.judge.errors import RoomLostError, rebuild
from lstmlib.grading.judge.lending import Lending
from lstmlib.grading.judge.outputs import clean, plain
from lstmlib.grading.judge.proxies import Remote, RemoteNames
from lstmlib.grading.judge.sandbox import FORBIDDEN, SandboxError
from lstmlib.grading.room import changes
from lstmlib.grading.room.frames import Channel, ClosedError, LateError, WireError
from lstmlib.grading.room.reading import Reader
from lstmlib.grading.room.writing import Writer

MOST_CALLBACKS = 100_000  # that one call may make
DEEPEST = 20  # calls of the test's and of the student's in one another
START = 30.0  # seconds until a new room is ready
GRACE = 2.0  # seconds that a cell gets to stop when it was interrupted


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
    own : iterable of str
        The course's modules; see `Lending`.

    Attributes
    ----------
    plain : bool
        Whether all cells do without IPython; to be set before the first.
    """

    def __init__(self, sandbox, seconds, files=None, seconds_in_all=math.inf, seed=None, also=(), brief=False, own=()):
        self.sandbox, self.seconds, self.files, self.seed = sandbox, seconds, files or {}, seed
        self.also, self.brief, self.plain = list(also), brief, False
        self.allowance = Allowance(seconds, seconds_in_all)
        self.without_room: SandboxError | None = None  # no fault of the student's
        self.generation = 0
        self.names = RemoteNames(self)
        self.calls = 0
        self.classes: set[str] = set()  # names of those that the release asks students to write
        self.course: dict = {}  # the names of the course, its exceptions among them
        self.masks = False  # whether tests know of masked arrays
        self._room: Any = None
        self._fork: Any = None
        self._lending = Lending(self, own)
        self._waiting = self._answering = 0  # requests that wait for an answer; those for which a test's code runs
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
                self.allowance.note("files that were handed in could not be put into the room")
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
            with self.allowance.timed(self.seconds) as seconds:
                if self._room is None:
                    self.open()
                outputs = self._run_once(source, seconds)
        except TimeoutError as error:
            self.close()
            return [_error("CellSkipped", f"{error} This cell was left out.")]
        except (ClosedError, WireError, LateError) as error:
            why = self._why(error)
            self.allowance.note(f"a cell ended the program or hung ({why})")
            self.close()
            return [_error("CellEnded", f"This cell ended the program or hung ({why}); it was left out.")]
        self._run.append(source)
        return outputs

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
            self.allowance.note(f"a cell took more than {seconds:g} seconds")
            self._keeper.send(b"i")
            head, _ = self._room.receive(time.monotonic() + GRACE)
        outputs = head.get("outputs")
        if not isinstance(outputs, list):
            raise WireError("expected outputs")
        return clean(outputs)

    def close(self):
        """End the room and all that it started."""
        self.leave()
        self._close_room()

    def _close_room(self):
        if self._room is not None:
            for end in (self._room, self._doors, self._keeper):
                end.close()  # the keeper kills the room when its line is cut
            self._room = None

    # A fork of the room, for one test cell

    def leave(self):
        """End the present fork; the next request makes another."""
        with undisturbed():
            if self._fork is not None:
                self._fork.close()
                self._fork = None
                try:
                    self._ask_room({"do": "reap", "name": self.generation})
                except (ClosedError, LateError, WireError):
                    self._close_room()  # its answer would be taken for the next one
            if self._waiting != self._answering:
                self.allowance.note("a call was ended by the test before there was an answer")
            self._waiting = self._answering = 0
            self.generation += 1
            self._found.clear()
            self._lending.clear()

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
            self.allowance.note(f"the program does not answer any more ({why})")
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

    def unbind(self, name):
        """Take away one of the student's names in the present fork."""
        self._found.pop(name, None)
        self._ask("unbind", name=name)

    def ask(self, do, arguments=None, named=None, **head):
        """Ask the fork to do something; return what came of it, or raise what the student's code raised."""
        if do in ("call", "special"):
            self.calls += 1
            head["quiet"] = _is_quiet()
        return self._ask(do, arguments, named, **head)[1]

    def _ask(self, do, arguments=None, named=None, **head):
        if self.allowance.left <= 0:
            raise TimeoutError(f"The student's program has used up {self.allowance.limit(self.allowance.left)}.")
        with self.allowance.timed(self.allowance.left) as seconds:
            return self._exchange(do, arguments, named, head, seconds)

    def _exchange(self, do, arguments, named, head, seconds):
        if self._answering >= DEEPEST:
            raise RecursionError(f"more than {DEEPEST} calls of the test's and of the student's in one another")
        if self._waiting != self._answering:  # an alarm has rung: what comes now would be the answer to something else
            self.leave()
        if self._fork is None:
            with undisturbed():
                self._enter()
        writer = Writer(self._lending.export)
        message = {"do": do, **head}
        if "value" in head:
            message["value"] = writer.node(head["value"])
        if arguments is not None:
            message["arguments"] = writer.nodes(arguments, 0)
            message["named"] = {key: writer.node(value) for key, value in (named or {}).items()}
        deadline = time.monotonic() + seconds
        finished = False
        self._waiting += 1
        try:
            self._fork.send(message, writer.blobs, deadline)
            answer, blobs = self._receive(deadline)
            reader = Reader(blobs, self._lending.resolve, writer.table, bounded=True, masks=self.masks)
            with at_most(deadline - time.monotonic()):  # a set of numbers that collide takes longer than it is long
                changes.apply(answer.get("changed", []), reader)
            self._waiting, finished = self._waiting - 1, True
        except (ClosedError, WireError) as error:
            why = self._why(error)
            self._give_up(f"the program ended during a call ({why})")
            raise RoomLostError(f"The student's program has ended during a call ({why}).") from None
        except LateError:
            limit = self.allowance.limit(seconds)
            self._give_up(f"no answer within {limit}")
            raise TimeoutError(f"The student's program gave no answer within {limit}.") from None
        finally:
            if not finished:  # also where a check's own time limit rings
                self.leave()
        if isinstance(answer.get("printed"), str):
            sys.stdout.write(plain(answer["printed"]))
        if isinstance(answer.get("error"), dict):
            raise rebuild(answer["error"], do == "special" and head.get("name") == "next", self.course)
        try:
            with at_most(deadline - time.monotonic()):
                return answer, reader.value(answer.get("value"))
        except LateError:
            self.allowance.note(f"an answer could not be read within {self.allowance.limit(seconds)}")
            raise TimeoutError(f"The answer could not be read within {self.allowance.limit(seconds)}.") from None

    def _give_up(self, why):
        """Record why a request stays without an answer; where nobody has, an alarm has ended it."""
        self.allowance.note(why)
        self._waiting = self._answering

    def _receive(self, deadline):
        fork = self._fork
        for _ in range(MOST_CALLBACKS):
            answer, blobs = fork.receive(deadline)
            if "callback" not in answer:
                return answer, blobs
            self._answering += 1
            with at_most(deadline - time.monotonic()):
                reply = self._lending.answer(answer, blobs)  # it may ask the fork for something itself
            if self._fork is not fork:
                raise ClosedError("it was ended on the way")
            self._answering -= 1
            fork.send(*reply, deadline)
        raise WireError(f"more than {MOST_CALLBACKS} calls back")


def _is_quiet():
    """Whether warnings are ignored here, of Python and of NumPy: then they are in what is called, too."""
    everything = bool(warnings.filters) and warnings.filters[0][:3] == ("ignore", None, Warning)
    return everything and set(np.geterr().values()) == {"ignore"}


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
