"""A test may have an alarm set, to end what takes too long. Not everything may be ended halfway."""

import contextlib
import math
import resource
import signal
import threading

from lstmlib.grading.room.frames import LateError

DEAF = 10  # seconds of computing for which an alarm may go unheard: nothing honest takes as long in one step


@contextlib.contextmanager
def undisturbed():
    """Let an alarm that rings in here ring when all is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    rung = []
    handler = signal.signal(signal.SIGALRM, lambda *unused: rung.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if rung:
            signal.raise_signal(signal.SIGALRM)


@contextlib.contextmanager
def at_most(seconds):
    """Raise `LateError` in here after some seconds, unless an alarm is set already.

    No alarm is heard in one long computation in C, such as ``sum(range(10**12))``: when that has taken `DEAF` seconds
    more, it ends this process with SIGXCPU.
    """
    before, most = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    enough = math.ceil(used.ru_utime + used.ru_stime + seconds + DEAF)
    bounds = [bound for bound in (enough, before, most) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_CPU, (min(bounds), most))
    try:
        with _ringing(seconds):
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (before, most))


@contextlib.contextmanager
def _ringing(seconds):
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def ring(*unused):
        raise LateError(f"no end after {seconds:.3g} seconds")

    handler = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
