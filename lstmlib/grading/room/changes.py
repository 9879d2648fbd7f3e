"""Which of the values that a function got has it changed in place, and how to do the same to the originals."""

import numpy as np

from .frames import WireError


def snapshot(table):
    """What each value of a table (id to value) holds now, shallowly."""
    return {number: (value, _content(value)) for number, value in table.items()}


def changed(before, writer):
    """The nodes of what has changed since the snapshot: ``[[id, kind, content], …]``."""
    found = []
    for number, (value, content) in before.items():
        now = _content(value)
        if now is not None and not _same(content, now):
            kind, write = next((kind, write) for kinds, kind, _, write, _ in _KINDS if isinstance(value, kinds))
            found.append([number, kind, write(writer, value)])
    return found


def apply(changes, reader):
    """Change the originals in the reader's table as the other side says that it has changed its copies.

    Raises
    ------
    WireError
        If a change does not fit the original.
    """
    for change in changes:
        number, kind, node = change
        original = reader.table.get(number)
        for kinds, name, _, _, restore in _KINDS:
            if name == kind and isinstance(original, kinds):
                restore(original, reader.value(node))
                break
        else:
            raise WireError(f"a change of kind {str(kind)[:20]!r} does not fit its original")


def _content(value):
    for kinds, _, content, _, _ in _KINDS:
        if isinstance(value, kinds):
            return content(value)
    return None


def _same(before, now):
    if isinstance(before, list):  # of values, which are the same only if they are the very same
        return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))
    return before == now


def _put_array(original, new):
    if not isinstance(new, np.ndarray) or new.dtype != original.dtype or new.size != original.size:
        raise WireError("an array that was changed in place has another type or size now")
    if new.shape != original.shape:
        original.shape = new.shape
    original[...] = new


def _put_list(original, new):
    original[:] = new


def _put_dict(original, new):
    original.clear()
    original.update(new)


def _put_set(original, new):
    original.clear()
    original.update(new)


def _put_generator(original, new):
    original.bit_generator.state = new.bit_generator.state


# Kind of value, its name, its content for comparison, its node, how it is put into the original.
_KINDS = [
    (
        np.ndarray,
        "array",
        lambda value: (value.shape, value.tobytes()) if value.dtype.kind != "O" else value.ravel().tolist(),
        lambda writer, value: writer.detached(np.array(value)),
        _put_array,
    ),
    (list, "list", list, lambda writer, value: ["tuple", writer.nodes(value, 1)], _put_list),
    (
        dict,
        "dict",
        lambda value: [part for pair in value.items() for part in pair],
        lambda writer, value: ["tuple", [["tuple", pair] for pair in writer.pairs(value, 1)]],
        lambda original, new: _put_dict(original, dict(new)),
    ),
    (set, "set", lambda value: list(value), lambda writer, value: ["tuple", writer.nodes(value, 1)], _put_set),
    (bytearray, "bytearray", bytes, lambda writer, value: ["bytes", writer.blob(bytes(value))], _put_list),
    (
        np.random.Generator,
        "rng",
        lambda value: repr(value.bit_generator.state),
        lambda writer, value: writer.detached(value),
        _put_generator,
    ),
]
