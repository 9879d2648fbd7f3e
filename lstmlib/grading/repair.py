"""Bring a submitted notebook back to the shape that was released, so that its cells can be graded.

Students duplicate cells, delete and move them, or change their metadata, most often by accident. What nbgrader
recorded when it made the release says how the notebook should look.
"""

import copy

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

from lstmlib.grading.messages import counted, some


def repair(nb, released):
    """Repair a notebook in place; return what was repaired, a sentence each.

    - Of several cells with the same grade id the last one keeps it (as in nbgrader), but for a stub below an answer,
      and the others become ordinary cells; nbgrader would leave metadata that stop the whole batch.
    - The kind of every known cell and its nbgrader metadata are those of the release, and so is the text of locked
      cells, hidden tests included.
    - Locked and graded cells that are missing are put back, after the cell that they followed. A solution cell
      is not: its stub could hide what the student wrote elsewhere, so what tests it comes last.
    - A locked test that stands before the solution that it tests, or a locked cell before another that defines what
      it uses, is moved behind it: a student could define that as well.
    - The kernel is that of the release.

    Nothing that a student wrote is deleted.

    Parameters
    ----------
    nb : nbformat.NotebookNode
        Valid; see `lstmlib.grading.salvage`.
    released : Released

    Returns
    -------
    list of str
        With names as the student wrote them.
    """
    repairs: list[str] = []
    intact = _settle_identities(nb, released.cells, repairs)
    _restore_kinds_and_locked_text(nb, released, intact, repairs)
    _put_back(nb, released.cells, repairs)
    _move_behind(nb, released, repairs)
    _restore_kernel(nb, released.kernelspec, repairs)
    return repairs


def _settle_identities(nb, released, repairs):
    """Give each known cell its metadata; return the grade ids of those that are as some release had them."""
    kept: dict = {}
    intact = set()
    for cell in reversed(nb.cells):
        name = grade_id(cell)
        if name in released and (name not in kept or is_written(cell, released) > is_written(kept[name], released)):
            kept[name] = cell
    for cell in reversed(nb.cells):
        name = grade_id(cell)
        if name in kept and kept[name] is cell:
            if _is_intact(cell):
                intact.add(name)
            cell.metadata["nbgrader"] = dict(released[name]["metadata"])
        elif "nbgrader" in cell.metadata:
            del cell.metadata["nbgrader"]
            what = f"{name}: a second copy" if name in kept else f"{name!r}: an unknown id"
            repairs.append(f"cell {what}, now an ordinary cell")
    return intact


def _is_intact(cell):
    """Whether a cell agrees with the checksum that nbgrader wrote into it when it made the release, whichever it was.

    The checksum is of text, kind, grade id and points, and of whether it is graded, a solution and locked.
    """
    try:
        return cell.metadata["nbgrader"].get("checksum") == compute_checksum(cell)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # points may be missing, or anything
        return False


def _restore_kinds_and_locked_text(nb, released, intact, repairs):
    for position, cell in enumerate(nb.cells):
        name = grade_id(cell)
        if name is None:
            continue
        original = released.cells[name]
        if cell.cell_type != original["cell_type"]:
            repairs.append(f"cell {name}: was of kind {cell.cell_type}, now {original['cell_type']} again")
            nb.cells[position] = cell = _new(original, cell.source, cell.id)
        if original["metadata"]["locked"]:
            if cell.source not in (original["source"], released.texts[name]):
                why = "of another release, its text is now that of the present one"
                repairs.append(f"cell {name}: {why if name in intact else 'its text had been changed, restored'}")
            cell.source = original["source"]


def _new(original, source, name):
    make = new_code_cell if original["cell_type"] == "code" else new_markdown_cell
    return make(source, id=name, metadata={"nbgrader": dict(original["metadata"])})


def _put_back(nb, released, repairs):
    position, taken, lost = 0, {cell.id for cell in nb.cells}, False
    places = _places(nb)
    for name, original in released.items():
        found, metadata = places.get(name), original["metadata"]
        if metadata["solution"]:
            lost = found is None
        if found is not None:
            position = found + 1
        elif metadata["locked"] or metadata["grade"] or metadata["task"]:
            if lost and metadata["grade"]:
                position = len(nb.cells)  # what it tests may be in any cell
            nb.cells.insert(position, _new(original, original["source"], _free(name, taken)))
            places = _places(nb)
            position += 1
            repairs.append(f"cell {name}: was missing, put back")


def _free(name, taken):
    """An id for a cell that is put back: as much of its grade id as can be one."""
    stem = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:50]
    count = 1
    while f"{stem}-back-{count}" in taken:
        count += 1
    taken.add(f"{stem}-back-{count}")
    return f"{stem}-back-{count}"


def _move_behind(nb, released, repairs):
    solution = None
    last: dict = {}  # cell to the last that was moved behind it
    places = _places(nb)
    for name, original in released.cells.items():
        if name not in places:
            continue
        before = list(released.needs.get(name, ()))
        if original["metadata"]["solution"]:
            solution = name
        elif original["metadata"]["grade"] and solution:
            before.append(solution)
        nearest = max(before, key=places.__getitem__, default=name)
        if places[name] < places[nearest]:
            cell = nb.cells.pop(places[name])
            nb.cells.insert(_places(nb)[last.get(nearest, nearest)] + 1, cell)
            places, last[nearest] = _places(nb), name
            repairs.append(f"cell {name}: stood before {nearest}, moved behind it")


def _restore_kernel(nb, kernelspec, repairs):
    if not kernelspec:  # nbgrader records an empty one where the source has none
        return
    name = nb.metadata.get("kernelspec", {}).get("name")
    if name is not None and name != kernelspec.get("name"):
        repairs.append(f"the kernel: was {name!r}, now {kernelspec.get('name')!r} again")
    nb.metadata["kernelspec"] = copy.deepcopy(kernelspec)


def is_written(cell, released):
    """Whether a cell is one for students to write in, and differs from the release."""
    original = released.get(grade_id(cell))
    return (
        original is not None
        and not original["metadata"]["locked"]
        and cell.source.strip() != original["source"].strip()
    )


def overlooked(nb, released, texts):
    """Say where answers in words are blank and new text stands elsewhere: nbgrader gives 0 for these and asks nobody.

    Parameters
    ----------
    nb : nbformat.NotebookNode
        A submission, repaired.
    released : dict
        Grade id to cell, of `Released`.
    texts : list of str
        Of all cells of the release that are no code.

    Returns
    -------
    list of str
        No sentence, or one.
    """
    written = {grade_id(cell) for cell in nb.cells if is_written(cell, released)}
    blank = [name for name, cell in released.items() if _is_in_words(cell) and name not in written]
    known = {"", *map(str.strip, texts)}
    new = [cell for cell in nb.cells if cell.cell_type == "markdown" and not grade_id(cell)]
    count = sum(cell.source.strip() not in known for cell in new)
    if not (blank and count):
        return []
    return [f"cell {some(blank)}: blank, but {counted(count, 'text')} elsewhere may be its answer: see to it"]


def _is_in_words(cell):
    return cell["cell_type"] == "markdown" and cell["metadata"]["grade"] and cell["metadata"]["solution"]


def grade_id(cell):
    """The grade id of a cell, or None."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def _places(nb):
    """Grade id to the position of the cell that has it."""
    return {grade_id(cell): position for position, cell in enumerate(nb.cells)}
