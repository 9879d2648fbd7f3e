"""The first process in the sandbox: it loads the libraries once, and forks a room for each submission.

Tree of processes: zygote → keeper → room → forks of the room. No student's code runs in the zygote and the keeper.
The room is the first process of namespaces of its own: it sees no other process, and when the keeper kills it, the
kernel kills all that it started.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import tempfile
import traceback

from . import calls, isolation
from .cores import stay
from .frames import Channel
from .pages import settle
from .room import live
from .shell import Shell

HOME = "/student"
PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK = 0.1  # seconds between two looks at the memory that a room takes


def serve(control):
    """Make a room for each request that comes over the socket `control`, until it is closed."""
    settings = json.loads(control.recv(1_000_000))
    if settings["separate"]:
        isolation.no_core()
    shell = Shell.instance()
    for statement in settings["preload"]:
        with contextlib.suppress(Exception):  # what cannot be imported will say so where a student imports it
            exec(statement, {})
    shell.warm_up()
    settle()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(json.dumps({"ready": True}).encode())
    while True:
        text, ends, _, _ = socket.recv_fds(control, 100_000, 3)
        if not text:
            return
        if os.fork() == 0:
            stay(json.loads(text)["cores"])
            control.close()
            _keep(settings, shell, *ends)
        for end in ends:
            os.close(end)


def _keep(settings, shell, channel, doors, keeper):
    """Be the keeper of one room; never returns."""
    keeper = socket.socket(fileno=keeper)
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        processes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY) if settings["separate"] else None
        mine = {int(name) for name in os.listdir(processes) if name.isdigit()} if processes is not None else set()
        if settings["separate"]:
            isolation.become_nobody()
            isolation.separate()
            for path in settings["emptied"]:
                isolation.mount_empty(path, size=str(settings["disk"]), mode="1777")
            isolation.mount_empty("/proc")
        home = HOME if settings["separate"] else tempfile.mkdtemp()
        room = os.fork()
        if room == 0:
            keeper.close()
            _enter(settings, shell, channel, doors, processes, home)
        os.close(channel)
        os.close(doors)
        _watch(keeper, room, processes, mine | {os.getpid()}, settings["memory"])
        if not settings["separate"]:
            shutil.rmtree(home, ignore_errors=True)
    except BaseException:
        with contextlib.suppress(OSError):
            keeper.send(json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())
    os._exit(0)


def _enter(settings, shell, channel, doors, processes, home):
    """Become the room; never returns."""
    try:
        os.setsid()
        _close_standard_streams()
        if settings["separate"]:
            os.close(processes)
            isolation.give_up_capabilities()
            calls.refuse()
            isolation.limit(settings["memory"], settings["processes"], settings["disk"], settings["seconds"])
            os.makedirs(home, exist_ok=True)
            os.environ["HOME"] = home
        os.chdir(home)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        live(Channel(socket.socket(fileno=channel)), socket.socket(fileno=doors), shell)
    finally:
        os._exit(1)


def _close_standard_streams():
    """Standard error leads to a pipe of the judge's that all rooms share: one could fill it, and block the others."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def _watch(keeper, room, processes, others, memory):
    """Kill the room when the judge says so, is gone, or the room takes too much memory."""
    why = ""
    floor = _resident(processes, os.getpid()) if processes is not None else 0
    while not why:
        readable, _, _ = select.select([keeper], [], [], LOOK if processes is not None else None)
        if readable:
            order = keeper.recv(1)
            if order == b"i":
                os.kill(room, signal.SIGINT)
            else:
                why = "ordered"
        elif sum(max(0, _resident(processes, n) - floor) for n in _numbers(processes) - others) > memory:
            why = "memory"
    os.kill(room, signal.SIGKILL)
    if why == "memory":
        with contextlib.suppress(OSError):
            keeper.send(json.dumps({"killed": "memory"}).encode())
    os.waitpid(room, 0)


def _numbers(processes):
    return {int(name) for name in os.listdir(processes) if name.isdigit()}


def _resident(processes, number):
    """Bytes of memory of a process."""
    try:
        file = os.open(f"{number}/statm", os.O_RDONLY, dir_fd=processes)
    except OSError:
        return 0
    try:
        return int(os.read(file, 200).split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
    finally:
        os.close(file)
