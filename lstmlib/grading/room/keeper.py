"""Keeping rooms: each ends when the judge says so, when its line to the judge is cut, or when it takes too much memory.

In a sandbox, a room is the first process of a namespace of its own. Whatever it starts stays below it in the tree of
processes, so its memory is that of the tree, and when it is killed, the kernel kills all of the tree. Without one, its
forks are killed with it, and what a student's code has started besides is left alone.
"""

import collections
import contextlib
import json
import os
import select
import signal
import socket
import threading
import time
from dataclasses import dataclass

LOOK = 0.1  # seconds between two looks at the memory that rooms take


@dataclass
class Tenant:
    """A room from outside.

    Attributes
    ----------
    process : int
        Its number where the keeper is.
    line : socket.socket
        Orders come over it: ``b"i"`` interrupts what runs in the room, the end of the line ends the room. What it
        died of goes back over it.
    home : str
        A folder to be removed when it has ended; empty, if none is.
    """

    process: int
    line: socket.socket
    home: str = ""


class Keeper:
    """Keeps the rooms that the present process has forked.

    Parameters
    ----------
    memory : int, optional
        Bytes that all processes of a room may take together, each beyond what this one takes. Without it, nobody looks.
    """

    def __init__(self, memory=None):
        self._memory, self._rooms, self._dying, self._looked = memory, [], [], 0.0
        if memory is not None:
            self._processes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
            self._number = int(os.readlink("/proc/self"))  # which is not os.getpid(), if /proc is of another namespace
            self._floor = self._all()[self._number].resident

    def take(self, tenant):
        """Keep a room from now on."""
        self._rooms.append(tenant)

    def forget(self):
        """In a fork that is to be a room itself: leave the lines of the others alone."""
        for room in self._rooms:
            room.line.detach()

    def wait(self, control):
        """Do what is ordered until a socket has something to be read."""
        while True:
            looking = self._dying or (self._rooms and self._memory is not None)
            lines = [control, *(room.line for room in self._rooms)]
            readable, _, _ = select.select(lines, [], [], LOOK if looking else None)
            for room in [room for room in self._rooms if room.line in readable]:
                self._obey(room)
            if self._rooms and self._memory is not None and time.monotonic() > self._looked + LOOK:
                self._look()
                self._looked = time.monotonic()
            self._reap(os.WNOHANG)
            if control in readable:
                return

    def close(self):
        """End all."""
        for room in list(self._rooms):
            self._end(room)
        self._reap()

    def _obey(self, room):
        try:
            order = room.line.recv(1)
        except OSError:
            order = b""
        if order == b"i":
            os.kill(room.process, signal.SIGINT)
        else:
            self._end(room)

    def _end(self, room, **why):
        os.kill(room.process, signal.SIGKILL)  # it is there, dead perhaps, until it is waited for
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has not got that far, or is dead
            os.killpg(room.process, signal.SIGKILL)
        if why:
            with contextlib.suppress(OSError):
                room.line.send(json.dumps(why).encode())
        room.line.close()
        self._rooms.remove(room)
        self._dying.append(room)

    def _reap(self, how=0):
        """Wait for those that were killed: with ``WNOHANG``, only if they have ended."""
        for room in list(self._dying):
            if os.waitpid(room.process, how)[0]:
                self._dying.remove(room)
                if room.home:  # in no sandbox: it may be large, and others wait
                    threading.Thread(target=_remove, args=(room.home,)).start()

    # Memory

    def _look(self):
        processes = self._all()
        below = collections.defaultdict(list)
        for number, process in processes.items():
            below[process.parent].append(number)
        for number in below[self._number]:
            taken, tree = 0, [number]
            while tree:
                each = tree.pop()
                tree += below[each]
                taken += max(0, processes[each].resident - self._floor)
            if taken > self._memory:
                for room in [room for room in self._rooms if room.process == processes[number].inner]:
                    self._end(room, killed="memory")

    def _all(self):
        numbers = (name for name in os.listdir(self._processes) if name.isdigit())
        found = {int(name): self._read(name) for name in numbers}
        return {number: process for number, process in found.items() if process is not None}

    def _read(self, name):
        with contextlib.suppress(OSError, ValueError, KeyError):  # it has ended
            file = os.open(f"{name}/status", os.O_RDONLY, dir_fd=self._processes)
            try:
                lines = os.read(file, 10_000).splitlines()
            finally:
                os.close(file)
            about = {key: value.split() for key, _, value in (line.partition(b":") for line in lines)}
            # In all namespaces from that of /proc down: a room has a number there, one here, and one of its own.
            inner = about[b"NSpid"][:-1][-1:] or about[b"Pid"]
            resident = about.get(b"VmRSS", [b"0"])  # in units of 1,024 bytes; a dead process has none
            return _Process(int(about[b"PPid"][0]), int(inner[0]), int(resident[0]) * 1024)
        return None


_Process = collections.namedtuple("_Process", "parent inner resident")


def _remove(folder):
    import shutil  # which rooms in a sandbox do without

    shutil.rmtree(folder, ignore_errors=True)
