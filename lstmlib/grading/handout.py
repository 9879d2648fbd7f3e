"""One zip for each assignment, with all that a student needs to do it and nothing else.

``python -m lstmlib.grading.handout _build/release _build/student-zips --package lstmlib --without lstmlib/grading``
puts the released notebook, its figures, a wheel of the course's library and a short README into each. The wheel is
built from a copy of the package alone, without a network. The same content always gives the same zip.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat

EPOCH = (1980, 1, 1, 0, 0, 0)  # the only time that a zip ever needs
LEADS_OUT = re.compile(r"\[([^\]]*)\]\((\.\./[^)\s]*)\)")
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}
README = """\
1. Install:  python -m pip install "{wheel}[notebooks]"      (Python 3.11 or newer, in this folder)
2. Open:     jupyter lab {notebook}      (or in Jupyter Notebook or VS Code, with that Python as the kernel)
3. Do:       write your code or answer where the notebook asks for it; leave locked cells as they are
4. Check:    run the cell below each; it says what is wrong, if something is
5. Hand in:  save {notebook} under this name and hand it in as your course asks you to
"""


def hand_out(released, target, package, without=(), book=None):
    """Write the zips.

    Parameters
    ----------
    released : pathlib.Path
        nbgrader's release directory, a folder for each assignment.
    target : pathlib.Path
        Where the zips go.
    package : pathlib.Path
        The library's folder; pyproject.toml, README.md and LICENSE are taken from beside it.
    without : iterable of pathlib.Path
        Parts of the package that students do not get.
    book : str, optional
        Address of the published book. Links out of the assignment's folder, ``../../book/page.md#section``, lead
        there, to ``book/page.html#section``; without an address, only their words are left.

    Returns
    -------
    list of pathlib.Path
        The zips.

    Raises
    ------
    FileNotFoundError
        If nothing has been released.
    """
    folders = sorted(path for path in released.glob("*") if path.is_dir()) if released.exists() else []
    if not folders:
        raise FileNotFoundError(f"{released}: expected a folder for each released assignment, found none.")
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.zip"):
        old.unlink()
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(package, without, Path(scratch))
        for folder in folders:
            written.append(target / f"{folder.name}.zip")
            _write_zip(written[-1], folder, wheel, book)
    return written


def build_wheel(package, without, scratch):
    """Build a wheel from a copy of the package, and return its path."""
    stage = scratch / "stage"
    left_out = {path.resolve() for path in without}

    def ignore(folder, names):
        return {name for name in names if name in LEFT_OUT or (Path(folder) / name).resolve() in left_out}

    shutil.copytree(package, stage / package.name, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(package.resolve().parent / name, stage / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run = subprocess.run(
        [*command, "--wheel-dir", str(scratch), str(stage)], capture_output=True, text=True, env=environment
    )
    if run.returncode:
        raise RuntimeError(f"{package}: no wheel could be built:\n{run.stderr or run.stdout}")
    (wheel,) = scratch.glob("*.whl")
    return wheel


def _write_zip(path, folder, wheel, book):
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not LEFT_OUT & set(file.parts))
    notebooks = [file.name for file in files if file.suffix == ".ipynb"]
    readme = README.format(wheel=wheel.name, notebook=" ".join(notebooks))
    content = {"README.txt": readme.encode(), wheel.name: wheel.read_bytes()}
    for file in files:
        text = _redirect(file, book) if file.suffix == ".ipynb" else file.read_bytes()
        content[str(file.relative_to(folder))] = text
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def _redirect(path, book):
    """A notebook whose links leave its folder only for the published book."""

    def redirect(link):
        words, goal = link[1], link[2]
        if book is None:
            return words
        page, mark, section = re.sub(r"^(\.\./)+", "", goal).partition("#")
        return f"[{words}]({book.rstrip('/')}/{page.removesuffix('.md')}.html{mark}{section})"

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata:
            cell.source = LEADS_OUT.sub(redirect, cell.source)
    return nbformat.writes(notebook).encode() + b"\n"


def _address(text):
    """What `--book` takes: without a scheme, browsers would look for the book beside the notebook."""
    if not re.match(r"https?://[^/\s]", text):
        wanted = "an address beginning with https:// or http://, such as https://example.org/lstm"
        raise argparse.ArgumentTypeError(f"Expected {wanted}; this is {text!r}.")
    return text


def main(arguments=None):
    """Write a zip for each released assignment."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("released", type=Path, help="nbgrader's release directory")
    parser.add_argument("target", type=Path)
    parser.add_argument("--package", type=Path, required=True, help="folder of the course's library")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="parts of it that students do not get")
    parser.add_argument("--book", type=_address, help="address of the published book, to which links lead")
    options = parser.parse_args(arguments)
    for path in hand_out(**vars(options)):
        print(path)


if __name__ == "__main__":
    main()
