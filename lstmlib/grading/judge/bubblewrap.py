"""The sandbox for students' code: bubblewrap, without network and without any file that a student has no use for."""

import importlib.util
import itertools
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from lstmlib.grading.judge.sandbox import (
    ENVIRONMENT,
    FORBIDDEN,
    HOME,
    ROOM,
    START,
    Backend,
    SandboxError,
    folder_of,
    parents,
)

_INSIDE = "/judge"


class Bubblewrap(Backend):
    """A sandbox without network and without any file but Python, the libraries and what students may import."""

    separate = True

    def _command(self, number):
        if shutil.which("bwrap") is None:
            raise SandboxError(
                "Expected bubblewrap, in which students' code is locked up, but there is no program bwrap. Install it "
                "(Debian, Ubuntu: apt install bubblewrap), or run students' code without protection: c.Judge.sandbox = "
                '"process" in nbgrader_config.py.'
            )
        start = START.format(
            paths=[_INSIDE, *parents(self.furniture.packages)], package="judging_room", number=number
        )
        files = list(self._files())
        covers = [path for kind, path in itertools.pairwise(files) if kind == "--tmpfs"]
        return [
            "bwrap",
            *("--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *(("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID") if os.getuid() == 0 else ("--unshare-user",)),
            *("--die-with-parent", "--new-session", "--clearenv"),
            *(part for name, value in ENVIRONMENT.items() for part in ("--setenv", name, value)),
            *("--setenv", "MPLCONFIGDIR", "/judge/scratch", "--setenv", "TMPDIR", "/judge/scratch"),
            *("--setenv", "JUDGING_SILENT", ",".join(self.furniture.silent)),
            *("--setenv", "HOME", HOME),  # some libraries look for it when they are loaded, and fail
            *(part for path in ("/judge/scratch", "/tmp") for part in ("--perms", "1777", "--tmpfs", path)),
            *("--perms", "0755", "--dir", HOME),
            *_readable(files),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--dev-bind", "/dev/null", "/dev/zero"),  # or processes could share it as memory that nobody counts
            *(part for path in ("/", "/dev", *covers, *self._kept()) for part in ("--remount-ro", path)),
            *("--chdir", "/"),
            *(sys.executable, "-c", start),
        ]

    def _environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}

    def _files(self):
        for path in ("/usr", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime"):
            if os.path.exists(path):
                yield from ("--ro-bind", path, path)
        for path in ("/lib", "/lib64", "/bin", "/sbin"):
            if os.path.islink(path):
                yield from ("--symlink", os.readlink(path), path)
            elif os.path.exists(path):
                yield from ("--ro-bind", path, path)
        for path in dict.fromkeys((sys.base_prefix, sys.prefix, sysconfig.get_path("purelib"))):
            if not Path(path).is_relative_to("/usr"):
                yield from ("--ro-bind", path, path)
        for name in self.furniture.packages:
            place = folder_of(name)
            yield from ("--ro-bind", str(place), str(place))
        yield from ("--tmpfs", str(ROOM.parent))  # the judge, if it is part of what was mounted
        yield from ("--ro-bind", str(ROOM), f"{_INSIDE}/judging_room")
        for name in self.furniture.absent:
            yield from _replace(name, ROOM / "absent.py")

    def _refusal(self, said):
        return (
            f"Expected bubblewrap to start a sandbox for students' code; it printed:\n{said}\n"
            f"{FORBIDDEN}"
        )


def _readable(arguments):
    """Let the folders in which bubblewrap mounts things be open to all: it makes them for their owner alone."""
    made = [to for kind, to in zip(arguments, arguments[2:], strict=False) if kind == "--ro-bind"]
    folders = (folder for path in made for folder in reversed(Path(path).parents))
    above = dict.fromkeys(str(folder) for folder in folders if folder != Path("/"))
    return [*(part for folder in above for part in ("--perms", "0755", "--dir", folder)), *arguments]


def _replace(name, path):
    """Mount a file over a module, and hide its compiled form."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SandboxError(f"Expected a module that can be imported; there is no {name!r}.")
    origin = Path(spec.origin)
    if spec.submodule_search_locations:
        yield from ("--tmpfs", str(origin.parent))
    elif (origin.parent / "__pycache__").exists():
        yield from ("--tmpfs", str(origin.parent / "__pycache__"))
    yield from ("--ro-bind", str(path), str(origin))
