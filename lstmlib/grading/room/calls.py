"""System calls that no exercise needs, refused to a room: they would take what nobody counts, or privileges.

What is in a memory file, a System V segment or a shared area without a file belongs to no process, so the keeper does
not see it. A new user namespace would give its maker the right to mount file systems of any size. And over a socket,
rooms that run at the same time could talk to each other; pairs of sockets and pipes stay, and asyncio with them. Each
room stays on its core: from another, a crowd of processes would take the time of whoever is graded there.
"""

import ctypes
import errno
import platform
import struct

_NEW_USER = 0x10000000
_SAME = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
         "pidfd_getfd": 438, "mount_setattr": 442, "memfd_secret": 447, "io_uring_setup": 425}  # fmt: skip
_SHARED, _WITHOUT_FILE = 0x1, 0x20
# Machine to the kernel's number for it, those of clone, clone3, mmap and socket, and those of the calls that are always
# refused: unshare, setns, mount, umount2, pivot_root, ptrace, process_vm_readv, process_vm_writev, memfd_create,
# shmget, msgget, semget, userfaultfd, perf_event_open, bpf, add_key, request_key, keyctl, sched_setaffinity.
_MACHINES = {
    "x86_64": (0xC000003E, 56, 435, 9, 41, [
        272, 308, 165, 166, 155, 101, 310, 311, 319, 29, 68, 64, 323, 298, 321, 248, 249, 250, 203]),
    "aarch64": (0xC00000B7, 220, 435, 222, 198, [
        97, 268, 40, 39, 41, 117, 270, 271, 279, 194, 186, 190, 282, 241, 280, 217, 218, 219, 122]),
}  # fmt: skip
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_OF_X32 = 0x40000000
_SET_SECCOMP, _FILTER = 22, 2


def refuse(sockets=False):
    """Refuse the calls to this process and its children, for good, sockets too unless told so.

    Needs "no new privileges". On another machine than those above, nothing is refused.
    """
    program = _PROGRAMS.get(bool(sockets))
    if program is None:
        return
    steps = _Program(len(program) // 8, program)
    if _libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(steps), 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def _steps(machine, clone, clone3, mmap, refused):
    no = (_RETURN, 0, 0, _REFUSE | errno.EPERM)
    yield from ((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), no, (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _OF_X32), no)
    for number in [*refused, *_SAME.values()]:
        yield from ((_EQUAL, 0, 1, number), no)
    # The C library does without clone3, whose flags are in memory and cannot be looked at.
    yield from ((_EQUAL, 0, 1, clone3), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS))
    yield from ((_EQUAL, 0, 5, mmap), (_LOAD, 0, 0, 40), (_ANY_BIT, 0, 2, _WITHOUT_FILE), (_ANY_BIT, 0, 1, _SHARED), no)
    yield (_RETURN, 0, 0, _ALLOW)
    yield from ((_EQUAL, 0, 3, clone), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _NEW_USER), no)
    yield (_RETURN, 0, 0, _ALLOW)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


_libc = ctypes.CDLL(None, use_errno=True)
_PROGRAMS: dict[bool, bytes] = {}  # made once, for all rooms: without and with sockets
if platform.machine() in _MACHINES:
    _machine, _clone, _clone3, _mmap, _socket, _refused = _MACHINES[platform.machine()]
    for _sockets in (False, True):
        _listed = _steps(_machine, _clone, _clone3, _mmap, _refused if _sockets else [*_refused, _socket])
        _PROGRAMS[_sockets] = b"".join(struct.pack("HBBI", *step) for step in _listed)
