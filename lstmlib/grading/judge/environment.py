"""What, besides a task, decides its outcome: the interpreter, the installed packages and the course's own code."""

import hashlib
import platform
import site
import sys
from pathlib import Path

from lstmlib import grading
from lstmlib.grading.judge.sandbox import folder_of


def describe(packages=()):
    """The environment of the judge.

    Parameters
    ----------
    packages : iterable of str
        See `code_of`.

    Returns
    -------
    dict
        Python, the system, name to version of what is installed, and a hash of the files of the packages.
    """
    return {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "installed": dict(sorted(dict(_installed()).items())),
        "code": code_of(packages),
    }


def _installed():
    """Names and versions of what is installed, as its folders are named: to read all metadata takes half a second.

    `sys.path` would not do: it also has the folder that a process works in, and what libraries put there when they are
    imported, so that two processes of one environment would differ.
    """
    places = [*([site.getusersitepackages()] if site.ENABLE_USER_SITE else []), *site.getsitepackages()]
    for place in reversed(places):  # a version that is found first hides others
        for folder in [*Path(place).glob("*.dist-info"), *Path(place).glob("*.egg-info")]:
            name, _, version = folder.stem.partition("-")
            yield name.replace("_", "-").lower(), version


def code_of(packages=()):
    """SHA-256 of the files of the judge and of packages: those that an instructor edits, whose version says little."""
    digest = hashlib.sha256()
    for folder in sorted({Path(grading.__file__).parent, *map(folder_of, packages)}):
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            for part in (str(path.relative_to(folder)).encode(), path.read_bytes()):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
