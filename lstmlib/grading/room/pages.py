"""Memory pages of a process that forks for each piece of work: what a fork costs goes with their number."""

import contextlib
import ctypes
import gc
import typing

_COLLAPSE = 25  # MADV_COLLAPSE, from Linux 6.1 on
_HUGE = 2 * 2**20
_READ, _RUN = 1, 4


def settle():
    """Make forks of this process cheap; to be called when all is loaded.

    A collection of garbage in a fork would touch, and so copy, every page: what is there now is left out of it. Then
    pages are joined to huge ones, and areas of memory to larger ones, where the system can do that: a fork copies a
    list of both, and its end takes them apart.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # where it does not work, all stays as it was
        library = ctypes.CDLL(None)
        _join_pages(library)
        _join_areas(library)


def _join_pages(library):
    for area in _areas():
        if area.rights.startswith("rw") and area.file in ("", "[heap]"):
            first = -(-area.first // _HUGE) * _HUGE
            if area.last - first >= _HUGE:
                length = (area.last - first) // _HUGE * _HUGE
                library.madvise(ctypes.c_void_p(first), ctypes.c_size_t(length), _COLLAPSE)


def _join_areas(library):
    """Of what was loaded from a library, let all that only is read have the same rights: then it is one area."""
    run: list = []
    for area in [*_areas(), None]:
        if run and area is not None and area.follows(run[-1]):
            run.append(area)
            continue
        if len(run) > 1:
            first, last = run[0].first, run[-1].last
            library.mprotect(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _READ | _RUN)
        run = [area] if area is not None and area.rights in ("r--p", "r-xp") and area.file.startswith("/") else []


class _Area(typing.NamedTuple):
    """A line of /proc/self/maps."""

    first: int
    last: int
    rights: str
    offset: int
    file: str

    def follows(self, other):
        return (
            (self.file, self.first) == (other.file, other.last)
            and self.offset == other.offset + other.last - other.first
            and self.rights in ("r--p", "r-xp")
        )


def _areas():
    with open("/proc/self/maps") as file:
        lines = [line.split(maxsplit=5) for line in file]
    for place, rights, offset, _, _, *name in lines:
        first, last = (int(number, 16) for number in place.split("-"))
        yield _Area(first, last, rights, int(offset, 16), name[0].strip() if name else "")
