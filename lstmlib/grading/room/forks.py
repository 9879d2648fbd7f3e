"""Forks without what Python's libraries do at each of them, which takes longer than the fork itself.

They renew locks that another thread may have held, and draw a new seed. Here, random numbers are to go on as they were,
and mostly there is no other thread. Forks that a student's code makes are as always.
"""

import os
import sys

OFTEN = 20  # times that something runs to be as fast as it can be: Python begins to care after eight
_register, _plain = os.register_at_fork, False


def watch():
    """Let all that is registered from now on be left out of plain forks; to be called before anything is loaded."""
    os.register_at_fork = lambda **hooks: _register(**{when: _unless_plain(hook) for when, hook in hooks.items()})


def unwatch():
    """Leave what is registered from now on alone."""
    os.register_at_fork = _register


def _unless_plain(hook):
    def run():
        if not _plain:
            hook()

    return run


def fork():
    """``os.fork()``, and a plain one if no other thread runs; random numbers go on in either case."""
    global _plain
    import random  # registers something, so not before `watch`

    _plain, drawn = len(sys._current_frames()) == 1, random.getstate()
    try:
        process = os.fork()
    finally:
        _plain = False
    if process == 0:
        random.setstate(drawn)
    return process
