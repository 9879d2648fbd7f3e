"""Processes that judge one notebook after another.

A station is a process that forks for each notebook: nothing that one leaves behind meets the next, and what ends or
hangs costs one notebook. It ends when its line to whoever started it is cut, however that one ended. The sandboxes are
those of the process that starts stations: all its stations share them.
"""

import concurrent.futures
import contextlib
import functools
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lstmlib.grading.judge.sandbox import ENVIRONMENT, Door, Limits

MARGIN = 60.0  # seconds that a notebook gets beyond the time of the student's program
THREADS = {name: ENVIRONMENT[name] for name in ENVIRONMENT if name.endswith("_THREADS")}
_START = "import sys; sys.path[:0] = {path!r}; from lstmlib.grading.judge.station import serve; serve{doors!r}"


class JudgingError(RuntimeError):
    """A notebook could not be judged, for no fault of its own that is known; the message says what happened."""


# In the process that wants notebooks judged


class Sandboxes:
    """The sandboxes that this process has started, each kept for the next notebook.

    A thread of their own starts them: the kernel ends a sandbox when the thread ends that started it.
    """

    def __init__(self):
        self._running, self._lock = {}, threading.Lock()
        self._starter = concurrent.futures.ThreadPoolExecutor(1)

    def of(self, task):
        """The two sandboxes for a task; they may not be ready yet.

        Raises
        ------
        SandboxError
            If one can't be started.
        """
        with self._lock:
            return [self._open(*wanted) for wanted in task.sandboxes()]

    def _open(self, backend, furniture, limits):
        key = backend, furniture, limits
        if key in self._running and not self._running[key].runs:
            self._running[key].wait()  # says why, if it never did
            self._running.pop(key).close()
        if key not in self._running:
            self._running[key] = self._starter.submit(backend, furniture, limits).result()
        return self._running[key]

    def close(self):
        """End all."""
        with self._lock:
            while self._running:
                self._running.popitem()[1].close()
            self._starter.shutdown()


class Station:
    """A station and the line to it. One thread may use it at a time.

    Parameters
    ----------
    sandboxes : Sandboxes
    cores : list of int, optional
        On which it runs, and all that it starts.
    """

    def __init__(self, sandboxes, cores=()):
        self._sandboxes, self._doors, self._cores = sandboxes, [], list(cores)
        self._process: Any = None
        self._closed = False

    def start(self, task):
        """Start the process for tasks such as this one, unless it runs."""
        doors = self._sandboxes.of(task)
        if self._process is not None and self._process.poll() is None and doors == self._doors:
            return
        self.end()
        numbers = tuple(door.fileno() for door in doors)  # twice the same, if nothing is absent
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START.format(path=[str(Path(__file__).parents[3])], doors=numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=set(numbers),
            env=os.environ | THREADS,
            start_new_session=True,  # Ctrl-C is for who started it
        )
        self._doors = doors
        self._send(json.dumps({"preload": task.preload, "cores": self._cores}))

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
        for last in (False, True):
            if self._closed:
                raise JudgingError("The run was stopped.")
            try:
                self.start(task)
                for door in self._doors:
                    door.wait()
                self._send(task.text())
                reply = json.loads(self._process.stdout.readline())
                if not all(door.runs for door in self._doors):
                    reply = {"failed": "The sandbox has ended."}  # and what came of it is no fault of the student's
            except (OSError, ValueError):
                reply = {"failed": "The process that judges it has ended."}
                self.end()
            if "failed" not in reply:
                return reply
            if last or reply.get("late"):  # which would take as long again
                raise JudgingError(reply["failed"])
        raise AssertionError("unreachable")

    def _send(self, message):
        self._process.stdin.write(message.encode() + b"\n")
        self._process.stdin.flush()

    def end(self):
        """End the process; the next task starts another."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.stdout.close()
            process.wait()

    def close(self):
        """End it for good, in whatever it is doing: who waits for it gets a `JudgingError`."""
        self._closed = True
        if self._process is not None:
            _kill(self._process)


def _kill(process):
    """Kill a station and the fork that it may be waiting for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


# In the station


def serve(judged, shown):
    """Judge the tasks that come on standard input, a line each, and answer on standard output.

    Parameters
    ----------
    judged, shown : int
        The sockets of the doors to two sandboxes, or twice to one.
    """
    from lstmlib.grading.judge.referee import make_shell
    from lstmlib.grading.judge.source import parse
    from lstmlib.grading.judge.task import Task
    from lstmlib.grading.room.cores import stay
    from lstmlib.grading.room.pages import settle

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a test prints past IPython
    doors = {number: Door(socket.socket(fileno=number)) for number in {judged, shown}}
    shell, wanted = make_shell(), json.loads(sys.stdin.buffer.readline())
    stay(wanted["cores"])
    for statement in wanted["preload"]:
        with contextlib.suppress(Exception):  # a test that needs it will say so
            exec(statement, {})
    shell.warm_up()
    settle()
    for line in sys.stdin.buffer:
        task = Task(**json.loads(line))
        for source in task.released:  # once, for all forks
            parse(source)
            shell.is_plain(source)
        for cell in task.cells:
            if cell["role"] != "student":
                shell.compile.read_ahead(cell["source"])
        work = functools.partial(task.judge, doors[judged], doors[shown], shell)
        answers.write(_apart(work, task.seconds_in_all * 2 + MARGIN, 2 * Limits(**task.limits).memory) + b"\n")
        answers.flush()


def _apart(work, seconds, memory):
    """Do something in a fork of this process; return the JSON text of its result, or of how it failed.

    It may take as much memory on top of what there is now as the student's processes may together: a student's function
    can ask a test's for more.
    """
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            _bound(memory)
            reply = json.dumps(work()).encode()
        except BaseException as error:
            reply = json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode()
        with contextlib.suppress(BaseException), os.fdopen(theirs, "wb") as file:
            file.write(reply)
        os._exit(0)
    os.close(theirs)
    answer, deadline, late = bytearray(), time.monotonic() + seconds, False
    with os.fdopen(ours, "rb", buffering=0) as file:
        while not late:
            readable = select.select([file, sys.stdin], [], [], max(0, deadline - time.monotonic()))[0]
            if sys.stdin in readable:  # no task comes before the answer to the last: the line is cut
                os.kill(child, signal.SIGKILL)
                os._exit(0)
            part = file.read(1 << 20) if readable else b""
            if readable and not part:
                break
            answer.extend(part)
            late = not readable
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if late or status or not answer:
        why = f"took more than {seconds:g} seconds" if late else _end(status)
        return json.dumps({"failed": f"The process that judged it {why}.", "late": late}).encode()
    return bytes(answer)


def _end(status):
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "came to no end of what the student's program had asked for"
    return f"ended with status {status}"


def _bound(memory):
    """Let this process have no more than some bytes on top of its own, where the system says how many those are."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory,) * 2)
