"""The first process in the sandbox: it loads the libraries once, and forks a room for each submission.

Tree of processes: zygote → room → forks of the room. No student's code runs in the zygote, which keeps its rooms.
"""

import contextlib
import json
import os
import signal
import socket
import tempfile
import traceback

from . import calls, forks, isolation
from .cores import stay
from .frames import Channel
from .keeper import Keeper, Tenant
from .pages import settle
from .room import live
from .shell import Shell

HOME = "/student"


def serve(control):
    """Make a room for each request that comes over the socket `control`, until it is closed."""
    settings = json.loads(control.recv(1_000_000))
    separate = settings["separate"]
    here = isolation.found() if separate else None
    shell = Shell.instance()
    for statement in settings["preload"]:
        with contextlib.suppress(Exception):  # what cannot be imported will say so where a student imports it
            exec(statement, {})
    shell.warm_up()
    settle()
    forks.unwatch()
    keeper = Keeper(2 * settings["memory"] if separate else None)
    control.send(json.dumps({"ready": True}).encode())
    try:
        while True:
            keeper.wait(control)
            text, ends, _, _ = socket.recv_fds(control, 100_000, 3)
            if not text:
                return
            channel, doors, line = ends
            home = HOME if separate else tempfile.mkdtemp()
            room = isolation.fork_apart(here) if separate else forks.fork()
            if room == 0:
                keeper.forget()
                control.detach()
                _enter(settings, shell, json.loads(text)["cores"], channel, doors, line, home)
            os.close(channel)
            os.close(doors)
            keeper.take(Tenant(room, socket.socket(fileno=line), "" if separate else home))
    finally:
        keeper.close()


def _enter(settings, shell, cores, channel, doors, line, home):
    """Become a room; never returns."""
    try:
        try:
            _close_all_but(channel, doors, line)
            stay(cores)
            os.setsid()
            if settings["separate"]:
                isolation.separate()
                for path in settings["emptied"]:
                    isolation.mount_empty(path, size=str(settings["disk"]), mode="1777")
                isolation.mount_empty("/proc")
                isolation.give_up_capabilities()
                calls.refuse()
                isolation.limit(settings["memory"], settings["processes"], settings["disk"], settings["seconds"])
                os.makedirs(home, exist_ok=True)
                os.environ["HOME"] = home
            os.chdir(home)
        except BaseException:
            with contextlib.suppress(OSError):
                os.write(line, json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())
            raise
        os.close(line)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        live(Channel(socket.socket(fileno=channel)), socket.socket(fileno=doors), shell)
    finally:
        os._exit(1)


def _close_all_but(*kept):
    """Keep nothing of the zygote's open: with what it has, more rooms could be ordered, and others be ended.

    Standard error leads to a pipe of the judge's that all rooms share: one could fill it, and block the others.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    last = 2
    for number in [*sorted(kept), os.sysconf("SC_OPEN_MAX")]:
        os.closerange(last + 1, number)
        last = number
