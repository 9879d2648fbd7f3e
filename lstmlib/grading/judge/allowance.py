"""What time a student's program has left, and which limits it has hit."""

import contextlib
import time
from typing import Any

MOST_MISHAPS = 50


class Allowance:
    """The time for a notebook, and for each of its cells and tests.

    Parameters
    ----------
    seconds : float
        For one cell of the student's, or for all calls of one test.
    seconds_in_all : float
        For everything, being brought back to a state after a crash included.

    Attributes
    ----------
    left : float
        Seconds for the present test.
    mishaps : list of str
        Limits that were hit, and processes that were lost.
    """

    def __init__(self, seconds, seconds_in_all):
        self.seconds, self.left, self._left_in_all = seconds, seconds, seconds_in_all
        self._since: Any = None  # when the program began what it is doing
        self.mishaps: list[str] = []

    def begin_test(self):
        """Give the test that comes now its time."""
        self.left = self.seconds

    @contextlib.contextmanager
    def timed(self, seconds):
        """Take what is spent inside from what is left; gives the seconds that it may take.

        Raises
        ------
        TimeoutError
            If the time for the whole submission is used up.
        """
        outermost, now = self._since is None, time.monotonic()
        left = self._left_in_all - (0 if outermost else now - self._since)
        if left <= 0:
            self.note("the time for the whole submission is used up")
            raise TimeoutError("The time for the whole submission is used up.")
        if outermost:
            self._since = now
        try:
            yield min(seconds, left)
        finally:
            if outermost:
                spent, self._since = time.monotonic() - now, None
                self._left_in_all -= spent
                self.left -= spent

    def limit(self, seconds):
        """Which limit it is that leaves this many seconds."""
        if seconds < self.left:
            return "the time for the whole submission"
        return f"the {self.seconds:g} seconds of this test"

    def note(self, mishap):
        """Record what went wrong."""
        if len(self.mishaps) < MOST_MISHAPS:
            self.mishaps.append(mishap)
