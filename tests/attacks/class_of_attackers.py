"""A class in which each submission attacks nbgrader's own steps: files, names, metadata, feedback."""

import os

import nbformat
from nbformat.v4 import new_markdown_cell, new_output

SCRIPTS = "<script>alert(1)</script> <img src=x onerror=alert(1)> <a href='javascript:alert(1)'>a</a>"
WRONG = "def add(a, b):\n    return 0"
READ = """import glob
for name in glob.glob('**', recursive=True):
    try:
        if 'TOP SECRET' in open(name).read(): print('REACHED', name)
    except (OSError, UnicodeDecodeError): pass
""" + WRONG


def _with(released, source, *more):
    notebook = nbformat.from_dict(released)
    notebook.cells[1].source = source
    notebook.cells.extend(more)
    return notebook


def hand_in(folder, released):
    """Write all submissions; the honest one is student z."""

    def write(student, notebook):
        path = folder / "submitted" / student / "sums" / "sums.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        return path.parent

    def again():
        return nbformat.from_dict(nbformat.reads(nbformat.writes(released), as_version=4))

    (folder / "secret.txt").write_text("TOP SECRET")
    links = write("links", _with(again(), READ))
    (links / "notes.txt").symlink_to(folder / "secret.txt")
    (links / "data").symlink_to(folder)
    stolen = folder / "submitted" / "thief" / "sums"
    stolen.mkdir(parents=True)
    (stolen / "sums.ipynb").symlink_to(folder / "submitted" / "z" / "sums" / "sums.ipynb")
    names = write("a b", _with(again(), READ))
    for name in (b"two\nlines.txt", b"not-\xff-utf8.txt", b"..dots", b"-rf", b"$(touch owned)"):
        (names / os.fsdecode(name)).write_text("harmless")
    tagged = _with(again(), WRONG)
    for cell in tagged.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception"]
    write("tags", tagged)
    shown = "from IPython.display import HTML, Markdown, display\ndisplay(HTML(s), Markdown(s))\nprint(s, '\\ud800')\n"
    write("scripts", _with(
        again(), f"s = {SCRIPTS!r}\n{shown}{WRONG}", new_markdown_cell(SCRIPTS), nbformat.v4.new_raw_cell(SCRIPTS),
    ))  # fmt: skip
    done = _with(again(), WRONG)
    done.cells[2].outputs = [new_output("execute_result", {"text/plain": "1.0"}, execution_count=1)]
    done.cells[2].source, done.cells[2].metadata.nbgrader.points = "1.0", 100
    write("outputs", done)
    write("z", _with(again(), "def add(a, b):\n    return a + b"))
