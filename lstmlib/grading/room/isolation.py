"""What a process may do that is to run a student's code: Linux namespaces and limits, without any privilege."""

import ctypes
import os
import resource
import signal

from .forks import fork

_MOUNT, _UTS, _IPC, _USER, _PID = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000  # namespaces
_NOT_SUID, _NO_DEVICES, _NO_PROGRAMS = 2, 4, 8
_PARENT_DEATH, _SET_DUMPABLE, _CAPABILITY_DROP, _NO_NEW_PRIVILEGES, _AMBIENT, _AMBIENT_CLEAR = 1, 4, 24, 38, 47, 4
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


def _must(result, what):
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def become_nobody():
    """Give up root for good, where this is root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def no_core():
    """Let no process of the same user look into this one, and leave no core file."""
    _must(_libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def found():
    """Found a world of processes, and go on as the first of them; returns a descriptor of it.

    It takes a right over that world to make others below it, for `fork_apart`. The process that calls this stays
    behind, and ends when the one that goes on does.

    Raises
    ------
    OSError
        Where the system does not let an ordinary process make namespaces.
    """
    become_nobody()
    _leave(_USER | _PID)
    first = os.fork()
    if first:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) % 256)
    here = os.open("/proc/self/ns/pid", os.O_RDONLY)
    no_core()
    return here


def fork_apart(here):
    """Fork a process that sees no other: the first of a world of its own, all of which ends with it.

    Parameters
    ----------
    here : int
        From `found`.
    """
    _must(_libc.unshare(_PID), "unshare")
    process = -1
    try:
        process = fork()
    finally:
        if process != 0:
            _must(_libc.setns(here, _PID), "setns")
    return process


def separate():
    """Leave all that this process shares with others but its files and its world of processes.

    Raises
    ------
    OSError
        Where the system does not let an ordinary process make namespaces.
    """
    _leave(_USER | _MOUNT | _UTS | _IPC)
    no_core()


def _leave(namespaces):
    user, group = os.getuid(), os.getgid()
    _must(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0), "PR_SET_DUMPABLE")  # or the files below belong to root
    _must(_libc.unshare(namespaces), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def end_with_parent():
    """Let the system kill this process when the one that forked it ends, where it can do that."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)


def mount_empty(path, size="1m", mode="0755"):
    """Cover a folder with an empty one in memory."""
    options = f"size={size},mode={mode},nr_inodes=20000".encode()
    _must(_libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", _NOT_SUID | _NO_DEVICES, options), f"mount {path}")


def mount_terminals():
    """Have terminals of one's own: what one process writes into another's, both can read."""
    options = b"newinstance,ptmxmode=0666,mode=0600"
    _must(_libc.mount(b"devpts", b"/dev/pts", b"devpts", _NOT_SUID | _NO_PROGRAMS, options), "mount /dev/pts")


def give_up_capabilities():
    """Drop all capabilities, those in the namespaces of this process included."""
    _must(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    _libc.prctl(_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    capability = 0
    while not _libc.prctl(_CAPABILITY_DROP, capability, 0, 0, 0):  # until there is none of that number
        capability += 1
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    none = (ctypes.c_uint32 * 6)()
    _must(_libc.capset(header, none), "capset")


def limit(memory, processes, file_size, seconds):
    """Bound what one process can take.

    Parameters
    ----------
    memory, file_size : int
        Bytes.
    processes : int
        In the namespace of this process, threads included.
    seconds : int
        Of processor time.
    """
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(what, (value, value))
