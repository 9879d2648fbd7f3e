"""What several tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

settings.register_profile("course", deadline=None, print_blob=True)
settings.load_profile("course")


def skip_or_fail(reason):
    """Skip on a user's machine; fail in CI, where everything must run."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI this may not be skipped: {reason}")
    pytest.skip(reason)
