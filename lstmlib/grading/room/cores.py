"""Staying on one core.

Judge and room take turns. Where the system lets each wake the other on another core, that core has slept, and what the
two share is not in its cache: of two cores an eighth of the time was idle, and a notebook took a fifth longer.
"""

import contextlib
import os


def present():
    """The cores on which this process may run; none, where the system can't say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def stay(cores):
    """Run on these cores from now on, and all processes that come from this one; on any, if none is named."""
    if cores:
        with contextlib.suppress(OSError):  # they were taken away in the meantime
            os.sched_setaffinity(0, cores)
