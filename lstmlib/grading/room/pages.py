"""Memory pages of a process that forks for each piece of work: what a fork costs goes with their number."""

import ctypes
import gc

_COLLAPSE = 25  # MADV_COLLAPSE, from Linux 6.1 on
_HUGE = 2 * 2**20


def settle():
    """Make forks of this process cheap; to be called when all is loaded.

    A collection of garbage in a fork would touch, and so copy, every page: what is there now is left out of it. Then
    pages are joined to huge ones where the system can do that: a fork copies a list of its pages.
    """
    gc.collect()
    gc.freeze()
    try:
        advise = ctypes.CDLL(None).madvise
        with open("/proc/self/maps") as file:
            areas = [line.split() for line in file]
    except (OSError, AttributeError):
        return
    for area in areas:
        if area[1].startswith("rw") and (len(area) == 5 or area[5] == "[heap]"):
            first, last = (int(number, 16) for number in area[0].split("-"))
            first = -(-first // _HUGE) * _HUGE
            if last - first >= _HUGE:  # where it does not work, all stays as it was
                advise(ctypes.c_void_p(first), ctypes.c_size_t((last - first) // _HUGE * _HUGE), _COLLAPSE)
