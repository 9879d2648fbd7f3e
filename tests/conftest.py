"""What several tests share."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

settings.register_profile("course", deadline=None, print_blob=True)
settings.load_profile("course")


_SETTINGS = """
import json
from traitlets.config import PyFileConfigLoader

print(json.dumps(PyFileConfigLoader("nbgrader_config.py", ".").load_config().Judge))
"""


@functools.cache
def judge_settings():
    """What the settings of the course have as ``c.Judge``."""
    return json.loads(subprocess.check_output([sys.executable, "-c", _SETTINGS], cwd=ROOT, text=True))


def skip_or_fail(reason):
    """Skip on a user's machine; fail in CI, where everything must run."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI this may not be skipped: {reason}")
    pytest.skip(reason)


# What takes minutes and waits most of the time runs beside the other tests; who needs it comes last.


def pytest_collection_modifyitems(items):
    """Put the tests that need `attacks_on_stock` at the end."""
    items.sort(key=_waits)


@pytest.fixture(scope="session", autouse=True)
def _beside(request, tmp_path_factory):
    """Run the attacks against nbgrader as it comes, in a process of their own, if a test needs them."""
    if not any(map(_waits, request.session.items)) or not shutil.which("bwrap"):
        yield None
        return
    folder = tmp_path_factory.mktemp("attacks")
    command = [sys.executable, "-m", "tests.attacks.table", str(folder)]
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
    yield process, folder
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def attacks_on_stock(_beside):
    """The folder with results.json, when it is there."""
    process, folder = _beside
    assert process.wait(600) == 0, (folder / "said.txt").read_text()
    return folder


def _waits(item):
    return "attacks_on_stock" in getattr(item, "fixturenames", ())
