"""What the grader keeps beside the gradebook: why each mark is what it is, what was repaired, and results by content.

All is in one folder: ``evidence/<assignment>/<student>.json``, ``environments/<hash>.json``, which evidence names,
``repairs/<assignment>.txt``, ``seed``, and ``cache/``, which can be deleted at any time. Files are replaced as a whole,
never changed in place.
"""

import contextlib
import fcntl
import gzip
import json
import os
import secrets
import tempfile
import zlib
from pathlib import Path


class Records:
    """A folder of records.

    Parameters
    ----------
    folder : path
        Made if it is not there.

    Raises
    ------
    OSError
        If it can't be made or written to.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "lock").touch()

    @contextlib.contextmanager
    def one_writer(self, waiting):
        """Hold the right to write; call `waiting` once if somebody else has it. The system takes it back at the end."""
        with open(self.folder / "lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def seed(self):
        """The secret from which all random numbers come, drawn when it is first asked for."""
        path = self.folder / "seed"
        if not path.exists():
            _replace(path, secrets.token_hex(16).encode())
        return path.read_text().strip()

    # Evidence

    def evidence(self, assignment, student):
        """What is recorded of a submission, or an empty dict."""
        try:
            found = json.loads(self._evidence_path(assignment, student).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def notebooks(self, assignment, student, names):
        """What is recorded of some notebooks of a submission, each with when that was and what was handed in then."""
        evidence = self.evidence(assignment, student)
        then = {key: evidence.get(key) for key in ("graded", "submission")}
        return {name: then | about for name, about in evidence.get("notebooks", {}).items() if name in names}

    def write_evidence(self, assignment, student, evidence):
        """Record what is known of a submission."""
        _replace(self._evidence_path(assignment, student), _text(evidence))

    def forget_evidence(self, assignment, student):
        """Say that a submission is not done."""
        self._evidence_path(assignment, student).unlink(missing_ok=True)

    def _evidence_path(self, assignment, student):
        return self.folder / "evidence" / assignment / f"{student}.json"

    def write_environment(self, digest, environment):
        """Record the environment that evidence names by its hash."""
        path = self.folder / "environments" / f"{digest}.json"
        if not path.exists():
            _replace(path, _text(environment))

    def summarize(self, assignment):
        """Write the repair report of an assignment, from the evidence of all its submissions.

        Returns
        -------
        report : pathlib.Path
        repairs : list of str
            The lines of the report.
        hit : list of str
            The students in whose submissions a limit was hit or a process ended.
        """
        repairs, hit = [], []
        for path in sorted((self.folder / "evidence" / assignment).glob("*.json")):
            evidence = self.evidence(assignment, path.stem)
            repairs += [f"{path.stem}: {repair}" for repair in evidence.get("repairs", [])]
            cells = [cell for notebook in evidence.get("notebooks", {}).values() for cell in notebook["cells"]]
            if any(cell["mishaps"] for cell in cells):
                hit.append(path.stem)
        report = self.folder / "repairs" / f"{assignment}.txt"
        _replace(report, "".join(f"{line}\n" for line in repairs).encode(errors="replace"))
        return report, repairs, hit

    # Results by what they come from

    def cached(self, key):
        """The result that is kept under a key, or None."""
        try:
            return json.loads(gzip.decompress(self._cache_path(key).read_bytes()))
        except (OSError, ValueError, EOFError, zlib.error):
            return None

    def cache(self, key, result):
        """Keep a result."""
        _replace(self._cache_path(key), gzip.compress(json.dumps(result).encode(), compresslevel=1))

    def _cache_path(self, key):
        return self.folder / "cache" / key[:2] / f"{key[2:]}.json.gz"


def _text(value):
    return json.dumps(value, indent=1, ensure_ascii=False).encode(errors="replace") + b"\n"


def _replace(path, content):
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
