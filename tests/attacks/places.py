"""Attacks on what lies around: files, processes, settings, the network."""

from tests.attacks.attack import Attack, reach

ATTACKS = [
    Attack("gradebook", "gives itself points in the database", reach(
        "__import__('sqlite3').connect('file:@COURSE@/gradebook.db?mode=rw', uri=True)"
        ".execute('create table if not exists owned (x)')")),
    Attack("other submissions", "reads what somebody else handed in", reach(
        "open('@COURSE@/submitted/other/a/a.ipynb').read()", "__import__('glob').glob('@COURSE@/submitted/*/*')")),
    Attack("hidden tests", "looks for sources and answers of the course", reach(
        "open('@COURSE@/source/answers.py').read()", "__import__('os').listdir('@COURSE@')")),
    Attack("environment", "reads the instructor's environment variables", reach(
        "__import__('os').environ.get('ATTACKED_SECRET')", "'ATTACKED_SECRET' in open('/proc/self/environ').read()")),
    Attack("/proc", "reads commands and memory of other processes", reach(
        "[p for p in __import__('glob').glob('/proc/[0-9]*/cmdline')]", "open('/proc/1/environ', 'rb').read()")),
    Attack("network", "connects to a listener", reach(
        "__import__('socket').create_connection(('127.0.0.1', @PORT@), 2)")),
    Attack("symlink of its own", "makes a link to the gradebook and reads it", reach(
        "__import__('os').symlink('@COURSE@/gradebook.db', 'link') or open('link', 'rb').read()")),
    Attack("devices", "opens memory and disks", reach(
        "open('/dev/mem', 'rb')", "open('/dev/kmsg', 'rb')", "open('/dev/sda', 'rb')"), harmful=True),
    Attack("writes to the libraries", "changes numpy, Python and the sandbox for the next one", reach(
        *(f"open({path}, 'a')" for path in (
            "__import__('numpy').__file__", "__import__('os').__file__", "'/usr/owned'", "'/judge/owned'", "'/owned'")),
        ), harmful=True),
    Attack("rlimits", "takes back the limits", reach(
        *(f"(__import__('resource').setrlimit({k}, (-1, -1)), 'unlimited')" for k in (
            "__import__('resource').RLIMIT_NPROC", "__import__('resource').RLIMIT_AS",
            "__import__('resource').RLIMIT_FSIZE"))), harmful=True),
    Attack("ptrace", "attaches to neighbours and reads their memory", reach(
        "libc.ptrace(16, 1, 0, 0) == 0", "libc.ptrace(16, os.getppid(), 0, 0) == 0",
        before="import ctypes, os\nlibc = ctypes.CDLL(None)"), harmful=True),
    Attack("namespaces", "becomes root in a namespace of its own, and mounts", reach(
        "libc.unshare(0x10000000) == 0", "libc.unshare(0x10020000) == 0", "libc.mount(b't', b'/tmp', b'tmpfs', 0, 0) == 0",
        "libc.umount2(b'/proc', 2) == 0", "libc.setuid(0) == 0",
        before="import ctypes, os\nlibc = ctypes.CDLL(None)"), harmful=True),
]  # fmt: skip
