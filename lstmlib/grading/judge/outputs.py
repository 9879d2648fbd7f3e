"""Outputs made fit for a notebook. A room is the student's own and may report anything at all."""

import re

LONGEST_TEXT = 2_000_000  # characters of one output; a room that is not tampered with stays below
MOST_OUTPUTS = 1_002
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


def _data(data):
    texts = {name: value for name, value in data.items() if isinstance(value, str)}
    rich = {name: plain(texts[name]) for name in sorted(_RICH & texts.keys())}
    pictures = {name: texts[name] for name in sorted(_PICTURES & texts.keys()) if _BASE64.fullmatch(texts[name])}
    return rich | pictures


def _text(value):
    return plain(value) if isinstance(value, str) else ""
