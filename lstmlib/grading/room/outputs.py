"""What comes out of a cell, up to a limit."""

import base64
import builtins
import contextlib
import io
import json
import sys

LONGEST_OUTPUT = 1_000_000  # characters of text under one cell
LARGEST_RICH = 5_000_000  # characters of all else: a figure takes 50,000
MOST_OUTPUTS = 1_000
LEAST_ERROR = 1_000  # characters of standard error, whatever came before: a test with any has failed
NOBODY = "There is nobody to answer input() while a notebook is graded."


class Outputs:
    """The outputs of one cell, as nbformat has them, up to a limit."""

    def __init__(self):
        self.listed, self.cut = [], False
        self._text = self._rich = 0

    def stream(self, name, text):
        first = name == "stderr" and not any(each.get("name") == name for each in self.listed)
        text = text[: max(LEAST_ERROR if first else 0, LONGEST_OUTPUT - self._text)]
        self.cut |= self._text + len(text) >= LONGEST_OUTPUT
        self._text += len(text)
        if not text:
            return
        if self.listed and self.listed[-1].get("name") == name:
            self.listed[-1]["text"] += text
        else:
            self._add({"output_type": "stream", "name": name, "text": text}, always=first)

    def data(self, kind, data, metadata, **more):
        data = {key: _storable(value) for key, value in data.items() if "widget" not in key}
        self._rich += sum(len(value) if isinstance(value, str) else len(repr(value)) for value in data.values())
        if self._rich > LARGEST_RICH:
            self.cut, data = True, {"text/plain": "(too large to be shown)"}
        self._add({"output_type": kind, "data": data, "metadata": metadata or {}, **more})

    def error(self, name, message, traceback):
        self.listed.append({  # however much came before it: a test without an error has passed
            "output_type": "error",
            "ename": str(name)[:200],
            "evalue": str(message)[:10_000],
            "traceback": [str(line)[:20_000] for line in traceback[:100]],
        })  # fmt: skip

    def clear(self):
        self.listed.clear()

    def _add(self, output, always=False):
        if always or len(self.listed) < MOST_OUTPUTS:
            self.listed.append(output)
        else:
            self.cut = True


class Stream(io.TextIOBase):
    """Stands for standard output or error while a cell runs."""

    encoding = "utf-8"

    def __init__(self, outputs, name):
        self._outputs, self._name = outputs, name

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.stream(self._name, text)
        return len(text)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return 1 if self._name == "stdout" else 2  # they lead nowhere in a sandbox, but programs want one


def _storable(value):
    """What a notebook file holds of a value: pictures come as bytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return "(it cannot be shown)"
    return value


@contextlib.contextmanager
def captured(outputs, answer):
    """Send what is printed to `outputs`, and have `answer` called for ``input``."""
    before = sys.stdout, sys.stderr, builtins.input
    sys.stdout, sys.stderr, builtins.input = Stream(outputs, "stdout"), Stream(outputs, "stderr"), answer
    try:
        yield
    finally:
        sys.stdout, sys.stderr, builtins.input = before
