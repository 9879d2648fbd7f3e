"""Read a notebook that may be damaged: what can be read of it becomes a valid notebook, and each repair is told."""

import copy
import json
import re
import secrets
import warnings

import nbformat
from nbformat.v4 import new_notebook

LARGEST = 100 * 2**20  # bytes of one notebook
MOST_CELLS = 5_000
MOST_FAILURES = 1_000  # places of a broken file where no cell begins
AGAIN = 2**25  # characters of a broken file that are parsed again, and three times those of a large one
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_METADATA = {  # of a notebook: names that each part must have, and those that it may have
    "kernelspec": (("name", "display_name"), ("language",)),
    "language_info": (("name",), ("version", "mimetype", "file_extension", "pygments_lexer")),
}
_CELLS = re.compile(r'"cells"\s*:\s*\[')


def read_notebook(data):
    """Read a notebook of any format version, whole or damaged.

    Parameters
    ----------
    data : bytes
        The content of the file.

    Returns
    -------
    notebook : nbformat.NotebookNode
        A valid one of format 4.5, without outputs; with no cell if nothing can be read.
    repairs : list of str
        What was wrong and what became of it, in words that may be the file's.
    """
    repairs: list[str] = []
    if len(data) > LARGEST:
        return new_notebook(), [f"the notebook has more than {LARGEST} bytes: it was not read"]
    try:
        notebook = _read(data, repairs)
    except Exception as error:  # damage has no bounds, and nobody else may suffer from it
        notebook = new_notebook()
        repairs.append(f"it cannot be read ({type(error).__name__}): graded as if nothing was handed in")
    return notebook, repairs


def _read(data, repairs):
    content = _parse(_decode(data, repairs), repairs)
    if isinstance(content, dict) and "cells" not in content and "worksheets" in content:
        content = _convert(content, repairs)
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        repairs.append("no cell could be read: graded as if nothing was handed in")
        return new_notebook()
    version = content.get("nbformat")
    if version != 4:
        repairs.append(f"format version {version!r}: read as version 4")
    if tagged := sum("tags" in _object(_object(cell).get("metadata")) for cell in content["cells"]):
        repairs.append(f"tags of {tagged} cells, which could steer execution: removed")
    notebook = new_notebook(metadata=_metadata(content.get("metadata")))
    if len(content["cells"]) > MOST_CELLS:
        repairs.append(f"{len(content['cells'])} cells: only the first {MOST_CELLS} are read")
    for number, cell in enumerate(content["cells"][:MOST_CELLS], 1):
        mended = _cell(cell, f"cell {number}", repairs)
        if mended is not None:
            notebook.cells.append(mended)
    if not notebook.cells:
        repairs.append("there is no cell in it: graded as if nothing was handed in")
    _give_ids(notebook)
    return notebook


def _decode(data, repairs):
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            repairs.append(f"the file is encoded in {encoding.upper()}: read as such")
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        repairs.append("the file is not encoded in UTF-8: read as Windows-1252")
        return data.decode("cp1252", "replace")


def _parse(text, repairs):
    """The JSON value in a text, or what can be read of its cells."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        wrong = f"broken JSON ({str(error)[:100]})"
    ours = _first_of_conflicts(text)
    if ours != text:
        try:
            content = json.loads(ours, strict=False)
        except (ValueError, RecursionError):
            text = ours
        else:
            repairs.append(f"{wrong}: git left both versions of a conflict in it, the first is taken")
            return content
    cells = list(_whole_cells(text))
    repairs.append(f"{wrong}: {len(cells)} whole cells could be read")
    return {"nbformat": 4, "cells": cells} if cells else None


def _first_of_conflicts(text):
    """The text with the first version of what git could not merge."""
    kept, inside, wanted = [], False, True
    for line in text.split("\n"):
        if line.startswith("<<<<<<<"):
            inside, wanted = True, True
        elif inside and line.startswith(("|||||||", "=======")):
            wanted = False
        elif inside and line.startswith(">>>>>>>"):
            inside, wanted = False, True
        elif wanted:
            kept.append(line)
    return "\n".join(kept)


def _whole_cells(text):
    """Each cell of a broken text that can be read from its first brace to its last.

    Where no cell begins, the next brace may begin one, though all up to the damage is then parsed once more. When that
    has been too much, the search goes on behind the damage.
    """
    decoder, text = json.JSONDecoder(strict=False), _Text(text)
    start = _CELLS.search(text)
    position = start.end() if start else 0
    failures, again = 0, AGAIN + 3 * len(text)
    while failures < MOST_FAILURES and (position := text.find("{", position)) >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            parsed = _end_of_parsed(error, text) - position
            position += 1 if again > 0 else max(1, parsed)
            failures, again = failures + 1, again - parsed
            continue
        if isinstance(value, dict) and "cell_type" in value and "source" in value:
            yield value
        position = end


class _Text(str):
    """A text of one line, as it were: an error of the decoder would look for all of them."""

    def count(self, *unused):
        return 0

    def rfind(self, *unused):
        return -1


def _end_of_parsed(error, text):
    """How far the decoder came before an error; the end of the text where it does not tell."""
    tells = isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated string")
    return error.pos if tells else len(text)


def _convert(content, repairs):
    """A notebook of an old format as one of format 4."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = int(content.get("nbformat", 3))
            node = nbformat.from_dict(copy.deepcopy(content) | {"nbformat": version})
            converted = nbformat.convert(node, 4)
    except Exception as error:  # the old converters raise whatever the damage leads to
        repairs.append(f"an old format that cannot be converted ({type(error).__name__})")
        return None
    repairs.append(f"format version {version}: converted to version 4")
    return dict(converted)


def _metadata(metadata):
    """What nbgrader and readers of the notebook look at, where it is sound."""
    kept = {}
    for part, (needed, others) in _METADATA.items():
        found = _object(_object(metadata).get(part))
        sound = {name: found[name] for name in (*needed, *others) if _is_line(found.get(name))}
        if sound.keys() >= set(needed):
            kept[part] = sound
    return nbformat.from_dict(kept)


def _is_line(value):
    return isinstance(value, str) and value.isprintable()


def _cell(cell, where, repairs):
    """A valid cell made of a possibly damaged one; None if there is nothing of a cell in it."""
    if not isinstance(cell, dict):
        repairs.append(f"{where}: is no cell, left out")
        return None
    source, kind = cell.get("source", cell.get("input", "")), cell.get("cell_type")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        repairs.append(f"{where}: its text is no text, kept as {type(source).__name__}")
        source = json.dumps(source)
    source = source.encode("utf-8", "replace").decode()  # half a surrogate pair can't be written to a file
    if kind not in ("code", "markdown", "raw"):
        repairs.append(f"{where}: an unknown kind of cell, {str(kind)[:20]!r}: taken as Markdown")
        kind = "markdown"
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        repairs.append(f"{where}: its metadata were no object, dropped")
        metadata = {}
    made = {"cell_type": kind, "id": cell.get("id"), "metadata": _sound(metadata), "source": source}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    elif isinstance(cell.get("attachments"), dict):
        with_pictures = made | {"id": "x", "attachments": cell["attachments"]}
        if nbformat.validator.isvalid(new_notebook(cells=[nbformat.from_dict(with_pictures)])):
            made["attachments"] = cell["attachments"]
    return nbformat.from_dict(made)


def _object(value):
    return value if isinstance(value, dict) else {}


def _sound(metadata):
    """The metadata that grading knows; others only steer execution or editors."""
    return {"nbgrader": metadata["nbgrader"]} if isinstance(metadata.get("nbgrader"), dict) else {}


def _give_ids(notebook):
    taken = set()
    for cell in notebook.cells:
        name = cell["id"]
        if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) or name in taken:
            cell["id"] = secrets.token_hex(4)
        taken.add(cell["id"])
