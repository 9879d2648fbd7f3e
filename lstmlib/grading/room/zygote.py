"""The first process in the sandbox: it loads the libraries once, and forks a room for each submission.

Tree of processes: zygote → room → forks of the room. No student's code runs in a zygote, which keeps its rooms. Where
rooms should find more loaded than others need, or IPython where that is not, a fork of the zygote loads it, and is
their zygote.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import traceback

from . import calls, forks, isolation
from .cores import stay
from .frames import Channel
from .keeper import Keeper, Tenant
from .pages import join_written, settle
from .plain import Plain
from .rehearsal import rehearse
from .room import live


def serve(control):
    """Make a room for each request that comes over the socket `control`, until it is closed."""
    settings = json.loads(control.recv(1_000_000))
    join_written()
    here = isolation.found() if settings["separate"] else None
    shell = _load(settings["preload"], Plain() if settings["plain"] else None)
    control.send(json.dumps({"ready": True}).encode())
    Zygote(control, settings, here, shell).serve()


def _load(statements, shell=None):
    """Load what rooms are to find; an IPython too, unless there is another shell."""
    forks.watch()
    for statement in statements:
        with contextlib.suppress(Exception):  # what cannot be imported will say so where a student imports it
            exec(statement, {})
    if shell is None:
        from .shell import Shell  # a third of the memory, which plain rooms do without

        shell = Shell.instance()
    shell.warm_up()
    rehearse(shell)
    settle()
    forks.unwatch()
    return shell


class Zygote:
    """One that has loaded all that it should.

    Parameters
    ----------
    control : socket.socket
    settings : dict
        Those of `lstmlib.grading.judge.sandbox`.
    here : int or None
        From `isolation.found`.
    shell : Shell or Plain
    """

    def __init__(self, control, settings, here, shell):
        self.control, self.settings, self.here, self.shell = control, settings, here, shell
        self._keeper = Keeper(2 * settings["memory"] if settings["separate"] else None)
        self._branches: dict[tuple, tuple] = {}  # what they have loaded besides to their processes and how to ask them

    def serve(self):
        """Do what is asked for until nobody is there to ask."""
        try:
            while True:
                self._keeper.wait(self.control)
                text, ends, _, _ = socket.recv_fds(self.control, 100_000, 3)
                if not text:
                    return
                self._answer(json.loads(text), ends)
        finally:
            self._keeper.close()

    def _answer(self, request, ends):
        """Make a room, or say over its line why there is none: the others stay as they are."""
        try:
            plain = request["plain"] or not isinstance(self.shell, Plain)
            if request["also"] or not plain:
                self._hand_on((plain, *request["also"]), request, ends)
            else:
                self._open(request["cores"], *ends)
        except Exception:
            for line in ends[-1:]:
                _report(line)
        for end in ends:
            os.close(end)

    def _hand_on(self, wanted, request, ends):
        for last in (False, True):
            if wanted not in self._branches:
                self._branch(wanted)
            process, control = self._branches[wanted]
            try:
                socket.send_fds(control, [json.dumps(request | {"also": []}).encode()], ends)
                return
            except OSError:  # it has ended
                self._branches.pop(wanted)
                control.close()
                os.waitpid(process, 0)
                if last:
                    raise

    def _branch(self, wanted):
        plain, *also = wanted
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = forks.fork()
        if process == 0:
            try:
                self._forget(theirs.fileno(), *([] if self.here is None else [self.here]))
                mine.detach()
                try:
                    shell = _load(also, self.shell if plain else None)
                except Exception:
                    _report(socket.recv_fds(theirs, 100_000, 3)[1][-1])
                else:
                    Zygote(theirs, self.settings, self.here, shell).serve()
            finally:
                os._exit(0)
        theirs.close()
        self._branches[wanted] = process, mine

    def _open(self, cores, channel, doors, line):
        home = self.settings["home"] if self.here is not None else _new_folder()
        room = forks.fork() if self.here is None else isolation.fork_apart(self.here)
        if room == 0:
            try:
                self._enter(cores, channel, doors, line, home)
            finally:
                os._exit(1)
        self._keeper.take(Tenant(room, socket.socket(fileno=os.dup(line)), home if self.here is None else ""))

    def _forget(self, *kept):
        """In a fork, keep nothing else open: with that, rooms could be ordered, and others be ended."""
        self._keeper.forget()
        for end in (self.control, *(control for _, control in self._branches.values())):
            end.detach()
        for low, high in itertools.pairwise([2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
            os.closerange(low + 1, high)

    def _enter(self, cores, channel, doors, line, home):
        """Become a room; never returns."""
        try:
            self._forget(channel, doors, line)
            stay(cores)
            os.setsid()
            _close_standard_streams()
            if self.here is not None:
                self._lock_up(home)
            isolation.end_with_parent()
            os.chdir(home)
        except BaseException:
            _report(line)
            return
        os.close(line)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        live(Channel(socket.socket(fileno=channel)), socket.socket(fileno=doors), self.shell)

    def _lock_up(self, home):
        settings = self.settings
        isolation.separate()
        for path in settings["emptied"]:
            isolation.mount_empty(path, size=str(settings["disk"]), mode="1777")
        isolation.mount_terminals()
        isolation.mount_empty("/proc")
        isolation.give_up_capabilities()
        calls.refuse(settings["sockets"])
        isolation.limit(settings["memory"], settings["processes"], settings["disk"], settings["seconds"])
        os.makedirs(home, exist_ok=True)
        os.environ["HOME"] = home


def _new_folder():
    import tempfile  # and with it a megabyte of libraries, which no room in a sandbox wants

    return tempfile.mkdtemp()


def _report(line):
    """Say what is just going wrong."""
    with contextlib.suppress(OSError):
        os.write(line, json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())


def _close_standard_streams():
    """Standard error leads to a pipe of the judge's that all rooms share: one could fill it, and block the others."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
