"""A student's program: a room, in which the cells of a notebook run one after the other."""

import math
import socket
import time
from typing import Any

from lstmlib.grading.judge.allowance import Allowance
from lstmlib.grading.judge.outputs import clean
from lstmlib.grading.judge.sandbox import FORBIDDEN, SandboxError
from lstmlib.grading.room.frames import Channel, ClosedError, LateError, WireError

START = 30.0  # seconds until a new room is ready
GRACE = 2.0  # seconds that a cell gets to stop when it was interrupted


class Program:
    """One student's program.

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
    calls : int
        That tests have made into it.
    without_room : SandboxError or None
        Why there is no room, which is no fault of the student's.
    """

    def __init__(self, sandbox, seconds, files=None, seconds_in_all=math.inf, seed=None, also=(), brief=False):
        self.sandbox, self.seconds, self.files, self.seed = sandbox, seconds, files or {}, seed
        self.also, self.brief, self.plain = list(also), brief, False
        self.allowance = Allowance(seconds, seconds_in_all)
        self.without_room: SandboxError | None = None
        self.calls = 0
        self._room: Any = None
        self._run: list[str] = []  # cells that the room has gone through, to bring a new one to the same state

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
            why = self.why(error)
            self.allowance.note(f"a cell ended the program or hung ({why})")
            self.close()
            return [_error("CellEnded", f"This cell ended the program or hung ({why}); it was left out.")]
        self._run.append(source)
        return outputs

    def why(self, error):
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

    def ask_room(self, head):
        """Have the room itself do something, in good time; return its answer."""
        deadline = time.monotonic() + GRACE
        self._room.send(head, deadline=deadline)
        return self._room.receive(deadline)

    def close(self):
        """End the room and all that it started."""
        if self._room is not None:
            for end in (self._room, self._doors, self._keeper):
                end.close()  # the keeper kills the room when its line is cut
            self._room = None


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
