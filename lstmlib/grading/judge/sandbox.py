"""Where students' code runs: in a process that a backend starts, a zygote (`lstmlib.grading.room.zygote`).

Here are what all backends have in common, and the one without protection. Another needs the methods of `Backend` that
are not private.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from lstmlib.grading import room
from lstmlib.grading.room.cores import present

GRACE = 5.0  # seconds that a sandbox gets to end by itself
HOME = "/student"
ROOM = Path(room.__file__).parent
START = "import sys; sys.path[:0] = {paths!r}; from {package}.forks import watch; watch(); " \
         "from {package}.zygote import serve; import socket; serve(socket.socket(fileno={number}))"  # fmt: skip
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "USER": "student",
    "NBGRADER_EXECUTION": "autograde",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


FORBIDDEN = (
    "Some containers and systems forbid ordinary users to make namespaces; allow it (Ubuntu: sysctl "
    "kernel.apparmor_restrict_unprivileged_userns=0), or run students' code without protection: "
    'c.Judge.sandbox = "process" in nbgrader_config.py.'
)


@dataclass(frozen=True)
class Limits:
    """What one room may take.

    Attributes
    ----------
    memory : int
        Bytes of address space of each process. All together may take twice as much memory: a test calls a copy of
        the process that ran the cells, and what the two share counts for both.
    processes : int
        Threads included.
    disk : int
        Bytes of files, which are in memory.
    seconds : int
        Of processor time of each process.
    sockets : bool
        Whether it may open some: there is no network, but rooms that run at the same time could talk to each other.
    """

    memory: int = 2 * 2**30
    processes: int = 48
    disk: int = 64 * 2**20
    seconds: int = 600
    sockets: bool = False


@dataclass(frozen=True)
class Furniture:
    """What of the course is in the room.

    Attributes
    ----------
    packages : tuple of str
        Packages of the course that students' cells may import. All that is installed is there as well.
    absent : tuple of str
        Modules that answer what students are asked to write.
    preload : tuple of str
        Statements that are run once, before there is a room; one that fails is passed over.
    plain : bool
        Whether most rooms do without IPython; the first that needs it takes longer then.
    silent : tuple of str
        Functions of absent modules, of which a call does nothing.
    """

    packages: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    preload: tuple[str, ...] = ("import numpy",)
    plain: bool = False
    silent: tuple[str, ...] = ()


class SandboxError(RuntimeError):
    """A sandbox cannot be started; the message says what to do."""


class Door:
    """The way into a sandbox, also for a process that has not started it. Several may use it at the same time."""

    def __init__(self, control):
        self._control = control

    def open_room(self, channel, doors, keeper, also=(), plain=False):
        """Make a room that serves over three sockets: requests, forks, and orders to its keeper.

        It runs on the cores of the process that asks for it. What `also` imports is imported once for all rooms that
        ask for the same. A `plain` one can do without IPython.
        """
        request = json.dumps({"cores": present(), "also": list(also), "plain": plain}).encode()
        socket.send_fds(self._control, [request], [channel.fileno(), doors.fileno(), keeper.fileno()])


class Backend:
    """A zygote and the socket over which it is asked for rooms; how it is started is the backend's affair."""

    separate: bool
    _command: Callable[[int], list[str]]
    _environment: Callable[[], dict[str, str]]
    _refusal: Callable[[str], str]

    def __init__(self, furniture, limits=None):
        self.furniture, self.limits = furniture, limits or Limits()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                self._command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self._environment(),
            )
        settings = asdict(self.limits) | {
            "separate": self.separate,
            "home": HOME,
            "preload": list(furniture.preload),
            "plain": furniture.plain,
            "emptied": [path for path in (HOME, "/tmp", "/dev/shm", "/judge/scratch") if path not in self._kept()],
        }
        self._control.settimeout(60)
        self._reason, self._waits, self._lock = "", True, threading.Lock()
        try:
            self._control.send(json.dumps(settings).encode())
        except OSError as error:
            self._reason = str(error)

    def wait(self):
        """Wait until it is ready.

        Raises
        ------
        SandboxError
            If it can't be started.
        """
        with self._lock:
            if self._waits:
                try:
                    ready = b"" if self._reason else self._control.recv(1000)
                except OSError as error:
                    ready, self._reason = b"", str(error)
                if ready:
                    self._control.settimeout(None)
                else:
                    self._process.kill()
                    _, said = self._process.communicate()
                    self._reason = self._refusal(said.decode(errors="replace")[-2000:] or self._reason)
                self._waits = False
        if self._reason:
            raise SandboxError(self._reason)

    def _kept(self):
        """Of the folders that each room finds empty, those in which the libraries are: they can only be read."""
        places = [sys.prefix, sys.base_prefix, *parents(self.furniture.packages)]
        return [path for path in ("/tmp",) if any(Path(place).is_relative_to(path) for place in places)]

    @property
    def runs(self):
        """Whether it has not ended."""
        return self._process.poll() is None

    def fileno(self):
        """Of the socket over which it is asked for rooms: a `Door` for another process."""
        return self._control.fileno()

    def open_room(self, channel, doors, keeper, also=(), plain=False):
        """Make a room; see `Door.open_room`."""
        self.wait()
        Door(self._control).open_room(channel, doors, keeper, also, plain)

    def close(self):
        """End it, and all rooms in it."""
        self._control.close()  # it ends its rooms, and then itself
        try:
            self._process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class Process(Backend):
    """No sandbox: an ordinary process, which can do all that the instructor can."""

    separate = False

    def _command(self, number):
        start = START.format(paths=[str(ROOM.parents[2])], package=room.__name__, number=number)
        return [sys.executable, "-c", start]

    def _environment(self):
        return os.environ | {name: ENVIRONMENT[name] for name in ENVIRONMENT if name != "PATH"}

    def _refusal(self, said):
        return f"Expected the process for students' cells to start; it printed:\n{said}"


def folder_of(package):
    """Where a package is."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SandboxError(f"Expected a package that can be imported; there is no {package!r}.")
    return Path(next(iter(spec.submodule_search_locations)))


def parents(packages):
    """The folders from which packages are imported."""
    return [str(folder_of(name).parent) for name in packages]
