"""What rooms will do, done before there is one.

Python makes code faster that runs often, and writes into it for that: each fork would do so again, in copied pages.
"""

import linecache
import socket

import numpy as np

from .forks import OFTEN
from .frames import Channel
from .reading import Reader
from .room import Room
from .writing import Writer

_NAME = "_rehearsed"


def rehearse(shell):
    """Let a room answer what a test asks, again and again; no name and no output stays behind.

    Parameters
    ----------
    shell : Shell or Plain
    """
    ours, theirs = socket.socketpair()
    judge, room = Channel(ours), Room(Channel(theirs), None, shell)
    arguments = [np.ones((2, 3)), np.ones((3, 4)), np.ones(4)]

    def ask(do, values=(), **head):
        writer = Writer(None)
        judge.send({"do": do, "arguments": writer.nodes(values, 0), **head}, writer.blobs)
        room._answer(*room.channel.receive())
        answer, blobs = judge.receive()
        return Reader(blobs, lambda node, reader: node, writer.table).value(answer.get("value"))

    try:
        for _ in range(OFTEN):
            ask("lookup", name=_NAME)
            for function in (_layer, _unfinished):
                shell.user_ns[_NAME] = function
                _, key, _ = ask("lookup", name=_NAME)
                ask("call", arguments, key=key)
            del shell.user_ns[_NAME]
    finally:
        shell.user_ns.pop(_NAME, None)
        for end in (judge, room.channel):
            end.close()
        linecache.clearcache()  # of the lines that errors have passed


def _layer(x, weights, bias):
    """Stands for a student's function."""
    a = x @ weights + bias
    return 1 / (1 + np.exp(-a)), np.tanh(a)


def _unfinished(x, weights, bias):
    raise NotImplementedError
