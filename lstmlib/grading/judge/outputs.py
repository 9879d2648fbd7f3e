"""Outputs made fit for a notebook. A room is the student's own and may report anything at all."""

import re

LONGEST_TEXT = 2_000_000  # characters of one output; a room that is not tampered with stays below
MOST_OUTPUTS = 1_002
LONGEST_IN_ALL = 10_000_000  # characters of what all cells of a program show: 200 figures
LONGEST_BRIEF = 1_000  # of an error's name, and of its message, where there is no space for more
EVIDENCE = "application/vnd.grading-evidence+json"  # what a test displays as this is kept with the marks, and not shown
_RICH = {"text/plain", "text/html", "text/latex", "text/markdown", "image/svg+xml"}
_PICTURES = {"image/png", "image/jpeg"}
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
# All control characters but newline, tab, carriage return, backspace and what begins a colour.
_CONTROL = re.compile(r"\x1b(?!\[[\d;]*m)|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def clean(outputs):
    """The outputs of a cell with nothing in them that a notebook cannot hold; what is none is left out."""
    listed = outputs if isinstance(outputs, list) else []
    return [fit for fit in map(_fit, listed[:MOST_OUTPUTS]) if fit is not None]


class Space:
    """What the outputs of a program's cells may take up in all. A test's are none of these: they are its marks."""

    def __init__(self):
        self._left = LONGEST_IN_ALL

    def fit(self, outputs):
        """The clean outputs of a cell; for all that do not fit stand one line, and the first error among them."""
        kept, cut = [], set()
        for output in outputs:
            size = _size(output)
            if size <= self._left:
                self._left -= size
                kept.append(output)
            elif (short := _in_short(output))["output_type"] not in cut:
                cut.add(short["output_type"])
                kept.append(short)
        return kept


def evidence_in(outputs):
    """What a test left as evidence."""
    return [output["data"][EVIDENCE] for output in outputs if EVIDENCE in output.get("data", {})]


def plain(text):
    """A text that can be written to a file and shown on a terminal."""
    text = text[:LONGEST_TEXT].encode("utf-8", "replace").decode()  # half a surrogate pair is no character
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _fit(output):
    kind = output.get("output_type") if isinstance(output, dict) else None
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": _text(output.get("ename")),
            "evalue": _text(output.get("evalue")),
            "traceback": [_text(line) for line in lines[:100]] if isinstance(lines, list) else [],
        }
    if kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
        fit = {"output_type": kind, "data": _data(output["data"]), "metadata": {}}
        if EVIDENCE in output["data"] and not fit["data"]:
            return None
        return fit | ({"execution_count": None} if kind == "execute_result" else {})
    return None


def _size(output):
    texts = [*output.get("data", {}).values(), *output.get("traceback", [])]
    return sum(map(len, texts)) + sum(len(output.get(name, "")) for name in ("text", "ename", "evalue")) + 100


def _in_short(output):
    if output["output_type"] != "error":
        return {"output_type": "display_data", "data": {"text/plain": "(too large to be shown)"}, "metadata": {}}
    name, message = (output[part][:LONGEST_BRIEF] for part in ("ename", "evalue"))
    return output | {"ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _data(data):
    texts = {name: value for name, value in data.items() if isinstance(value, str)}
    rich = {name: plain(texts[name]) for name in sorted(_RICH & texts.keys())}
    pictures = {name: texts[name] for name in sorted(_PICTURES & texts.keys()) if _BASE64.fullmatch(texts[name])}
    return rich | pictures


def _text(value):
    return plain(value) if isinstance(value, str) else ""
