"""Processes that judge one notebook after another.

A station is a process that forks for each notebook: nothing that one leaves behind meets the next, and what ends or
hangs costs one notebook. It ends when its line to whoever started it is cut, however that one ended.
"""

import contextlib
import functools
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from lstmlib.grading.judge.sandbox import ENVIRONMENT, SandboxError

MARGIN = 60.0  # seconds that a notebook gets beyond the time of the student's program
THREADS = {name: ENVIRONMENT[name] for name in ENVIRONMENT if name.endswith("_THREADS")}
_START = "import sys; sys.path[:0] = {path!r}; from lstmlib.grading.judge.station import serve; serve()"


class JudgingError(RuntimeError):
    """A notebook could not be judged, for no fault of its own that is known; the message says what happened."""


# In the process that wants notebooks judged


class Station:
    """A station and the line to it. One thread may use it at a time."""

    def __init__(self):
        self._process, self._closed = None, False

    def judge(self, task):
        """Have a task judged.

        Parameters
        ----------
        task : Task

        Returns
        -------
        dict
            The ``outputs`` and the ``evidence``.

        Raises
        ------
        SandboxError
            If there is no sandbox; no other notebook would fare better.
        JudgingError
            If it failed twice.
        """
        line = json.dumps(asdict(task)).encode() + b"\n"
        for last in (False, True):
            try:
                reply = self._exchange(line)
            except (OSError, ValueError):
                reply, last = {"failed": "The process that judges it has ended."}, last or self._closed
                self._end()
            if "refused" in reply:
                raise SandboxError(reply["refused"])
            if "failed" not in reply:
                return reply
            if last:
                raise JudgingError(reply["failed"])
        raise AssertionError("unreachable")

    def _exchange(self, line):
        if self._closed:
            raise ValueError("closed")
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START.format(path=[str(Path(__file__).parents[3])])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | THREADS,
                start_new_session=True,  # Ctrl-C is for who started it
            )
        self._process.stdin.write(line)
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        if not isinstance(reply, dict):
            raise ValueError("expected a reply")
        return reply

    def _end(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def close(self):
        """End the station, in whatever it is doing: who waits for it gets a `JudgingError`."""
        self._closed = True
        if self._process is not None:
            self._process.kill()


def judge_in_station(task):
    """Have a task judged by the station of this thread; see `Station.judge`."""
    if getattr(_own, "station", None) not in _stations:
        _own.station = Station()
        _stations.add(_own.station)
    return _own.station.judge(task)


def close_stations():
    """End the stations of all threads."""
    while _stations:
        _stations.pop().close()


_own = threading.local()
_stations: set[Station] = set()


# In the station


def serve():
    """Judge the tasks that come on standard input, a line each, and answer on standard output."""
    from lstmlib.grading.judge.referee import make_shell
    from lstmlib.grading.judge.task import Sandboxes, Task

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a test prints past IPython
    sandboxes, shell, loaded = Sandboxes(), make_shell(), set()
    for line in sys.stdin.buffer:
        task = Task(**json.loads(line))
        for name in set(task.preload) - loaded:
            loaded.add(name)
            with contextlib.suppress(Exception):  # a test that needs it will say so
                importlib.import_module(name)
        try:
            judged, shown = sandboxes.of(task)
        except SandboxError as error:
            reply = json.dumps({"refused": str(error)}).encode()
        else:
            work = functools.partial(task.judge, judged, shown, shell)
            reply = _apart(work, task.seconds_in_all * 2 + MARGIN)
        if b'{"failed"' == reply[:9]:
            sandboxes.close()
        answers.write(reply + b"\n")
        answers.flush()
    sandboxes.close()


def _apart(work, seconds):
    """Do something in a fork of this process; return the JSON text of its result, or of how it failed."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            reply = json.dumps(work()).encode()
        except BaseException as error:
            reply = json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode()
        with contextlib.suppress(BaseException), os.fdopen(theirs, "wb") as file:
            file.write(reply)
        os._exit(0)
    os.close(theirs)
    reply, deadline, late = bytearray(), time.monotonic() + seconds, False
    with os.fdopen(ours, "rb", buffering=0) as file:
        while not late:
            readable = select.select([file, sys.stdin], [], [], max(0, deadline - time.monotonic()))[0]
            if sys.stdin in readable:  # no task comes before the answer to the last: the line is cut
                os.kill(child, signal.SIGKILL)
                os._exit(0)
            part = file.read(1 << 20) if readable else b""
            if readable and not part:
                break
            reply, late = reply + part, not readable
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if late or status or not reply:
        why = f"took more than {seconds:g} seconds" if late else f"ended with status {status}"
        return json.dumps({"failed": f"The process that judged it {why}."}).encode()
    return bytes(reply)
