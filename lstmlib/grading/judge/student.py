"""A student's program as tests meet it: each asks a fork of its own, for names, calls and attributes."""

import socket
import sys
import time
import warnings
from typing import Any

import numpy as np

from lstmlib.grading.judge.alarms import at_most, undisturbed
from lstmlib.grading.judge.errors import RoomLostError, rebuild
from lstmlib.grading.judge.lending import Lending
from lstmlib.grading.judge.outputs import plain
from lstmlib.grading.judge.program import Program
from lstmlib.grading.judge.proxies import Remote, RemoteNames
from lstmlib.grading.room import changes
from lstmlib.grading.room.frames import Channel, ClosedError, LateError, WireError
from lstmlib.grading.room.reading import Reader
from lstmlib.grading.room.writing import Writer

MOST_CALLBACKS = 100_000  # that one call may make
DEEPEST = 20  # calls of the test's and of the student's in one another


class Student(Program):
    """A student's program, of which forks are asked.

    Parameters
    ----------
    sandbox, seconds, **conditions
        See `Program`.
    own : iterable of str
        The course's modules; see `Lending`.
    """

    def __init__(self, sandbox, seconds, own=(), **conditions):
        super().__init__(sandbox, seconds, **conditions)
        self.generation = 0
        self.names = RemoteNames(self)
        self.classes: set[str] = set()  # names of those that the release asks students to write
        self.course: dict = {}  # the names of the course, its exceptions among them
        self.masks = False  # whether tests know of masked arrays
        self._fork: Any = None
        self._lending = Lending(self, own)
        self._waiting = self._answering = 0  # requests that wait for an answer; those for which a test's code runs
        self._found: dict = {}

    def close(self):
        """End the room, its fork, and all that they started."""
        self.leave()
        super().close()

    def leave(self):
        """End the present fork; the next request makes another."""
        with undisturbed():
            if self._fork is not None:
                self._fork.close()
                self._fork = None
                try:
                    self.ask_room({"do": "reap", "name": self.generation})
                except (ClosedError, LateError, WireError):
                    super().close()  # its answer would be taken for the next one
            if self._waiting != self._answering:
                self.allowance.note("a call was ended by the test before there was an answer")
            self._waiting = self._answering = 0
            self.generation += 1
            self._found.clear()
            self._lending.clear()

    def _enter(self):
        mine, theirs = socket.socketpair()
        try:
            if self._room is None:
                self.open()
            socket.send_fds(self._doors, [b"d"], [theirs.fileno()])
            head, _ = self.ask_room({"do": "fork", "name": self.generation})
            if "error" in head:
                raise ClosedError("it cannot be copied")
        except (ClosedError, LateError, WireError, OSError) as error:
            mine.close()
            why = self.why(error)
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
            why = self.why(error)
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
