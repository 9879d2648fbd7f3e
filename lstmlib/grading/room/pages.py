"""Memory pages of a process that forks for each piece of work: what a fork costs goes with their number."""

import contextlib
import ctypes
import gc
import typing

_COLLAPSE = 25  # MADV_COLLAPSE, from Linux 6.1 on
_HUGE = 2 * 2**20
_READ, _WRITE, _RUN = 1, 2, 4


def settle():
    """Make forks of this process cheap; to be called when all is loaded.

    A collection of garbage in a fork would touch, and so copy, every page: what is there now is left out of it. Then
    pages are joined to huge ones, and areas of memory to larger ones, where the system can do that: a fork copies a
    list of both, and its end takes them apart.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # where it does not work, all stays as it was
        _join_pages(ctypes.CDLL(None))
    _join_areas(("r--p", "r-xp"), _READ | _RUN)


def _join_pages(library):
    for area in _areas():
        if area.rights.startswith("rw") and area.file in ("", "[heap]"):
            first = -(-area.first // _HUGE) * _HUGE
            if area.last - first >= _HUGE:
                length = (area.last - first) // _HUGE * _HUGE
                library.madvise(ctypes.c_void_p(first), ctypes.c_size_t(length), _COLLAPSE)


def join_written():
    """Let what the loader has written and closed be open again: with what may be written it makes one area.

    For a process whose forks trust nobody, and before it is a fork itself: Linux keeps the areas of forks apart.
    """
    _join_areas(("r--p", "r-xp"), _READ | _RUN)
    _join_areas(("r--p", "rw-p"), _READ | _WRITE)


def _join_areas(kinds, rights):
    """Give neighbouring areas of a library the same rights, which makes one of them."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for first, last in _neighbours(kinds):
            library.mprotect(ctypes.c_void_p(first), ctypes.c_size_t(last - first), rights)


def _neighbours(kinds):
    """Begin and end of each piece of memory that is several areas of a library with rights of these kinds."""
    run: list = []
    for area in [*_areas(), None]:
        fits = area is not None and area.rights in kinds and area.file.startswith("/")
        if fits and run and area.follows(run[-1]):
            run.append(area)
            continue
        if len(run) > 1:
            yield run[0].first, run[-1].last
        run = [area] if fits else []


class _Area(typing.NamedTuple):
    """A line of /proc/self/maps."""

    first: int
    last: int
    rights: str
    offset: int
    file: str

    def follows(self, other):
        return (self.file, self.first, self.offset) == (
            other.file, other.last, other.offset + other.last - other.first,
        )  # fmt: skip


def _areas():
    with open("/proc/self/maps") as file:
        lines = [line.split(maxsplit=5) for line in file]
    for place, rights, offset, _, _, *name in lines:
        first, last = (int(number, 16) for number in place.split("-"))
        yield _Area(first, last, rights, int(offset, 16), name[0].strip() if name else "")
