"""A test may have an alarm set, to end what takes too long. Not everything may be ended halfway."""

import contextlib
import signal
import threading

_ALARM = getattr(signal, "SIGALRM", None)


@contextlib.contextmanager
def undisturbed():
    """Let an alarm that rings in here ring when all is done."""
    if _ALARM is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    rung = []
    handler = signal.signal(_ALARM, lambda *unused: rung.append(True))
    try:
        yield
    finally:
        signal.signal(_ALARM, signal.SIG_DFL if handler is None else handler)
        if rung:
            signal.raise_signal(_ALARM)
