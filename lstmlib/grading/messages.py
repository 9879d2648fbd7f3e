"""What is said to who runs nbgrader's commands, and on a terminal that shows a progress bar."""

import contextlib
import logging

from tqdm.contrib.logging import logging_redirect_tqdm


def some(names):
    """The first three of several names, and whether there are more."""
    return ", ".join([*names[:3], *(["…"] if len(names) > 3 else [])])


def counted(number, what):
    """A number of things: one submission, two submissions."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@contextlib.contextmanager
def above_the_bar(log):
    """Let messages be written above a progress bar."""
    before = list(log.handlers)
    with logging_redirect_tqdm([log]):
        gone = [handler.level for handler in before if handler not in log.handlers]
        for handler in log.handlers:
            if handler not in before and gone:
                handler.setLevel(max(gone))  # which tqdm forgets
        yield


@contextlib.contextmanager
def quietly(log):
    """Let nbgrader say what is worth a warning, and not one line a submission."""
    level = log.level
    log.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        log.setLevel(level)
