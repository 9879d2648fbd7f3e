"""What a process may do that is to run a student's code: Linux namespaces and limits, without any privilege."""

import ctypes
import os
import resource

_NAMESPACES = {
    "mount": 0x00020000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
}
_NOT_SUID, _NO_DEVICES = 2, 4
_SET_DUMPABLE, _CAPABILITY_DROP, _NO_NEW_PRIVILEGES, _AMBIENT, _AMBIENT_CLEAR = 4, 24, 38, 47, 4
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


def separate():
    """Leave all that this process shares with others but its files; its next child is alone in its world.

    Raises
    ------
    OSError
        Where the system does not let an ordinary process make namespaces.
    """
    user, group = os.getuid(), os.getgid()
    _must(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0), "PR_SET_DUMPABLE")  # or the files below belong to root
    _must(_libc.unshare(sum(_NAMESPACES.values())), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    no_core()


def mount_empty(path, size="1m", mode="0755"):
    """Cover a folder with an empty one in memory."""
    options = f"size={size},mode={mode},nr_inodes=20000".encode()
    _must(_libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", _NOT_SUID | _NO_DEVICES, options), f"mount {path}")


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
