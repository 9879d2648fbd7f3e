"""What is said to who runs nbgrader's commands, and on a terminal that shows a progress bar."""

import contextlib
import logging

from tqdm.contrib.logging import logging_redirect_tqdm

MOST_LINES = 200  # about one submission
LONGEST_LINE = 400  # characters


def some(names):
    """The first three of several names, and whether there are more."""
    return ", ".join([*names[:3], *(["…"] if len(names) > 3 else [])])


def told(sentences):
    """Sentences with words that a student may have chosen, to be shown and kept: a line each, and not too many.

    Parameters
    ----------
    sentences : list of str

    Returns
    -------
    list of str
        At most `MOST_LINES`, and one that says how many there are more.
    """
    lines = [in_a_line(sentence) for sentence in sentences[:MOST_LINES]]
    if len(sentences) > MOST_LINES:
        lines.append(f"and {len(sentences) - MOST_LINES} more")
    return lines


def in_a_line(sentence):
    """A sentence in one line without control characters, and cut in its middle if it is long."""
    if len(sentence) > LONGEST_LINE:
        half = LONGEST_LINE // 2
        sentence = f"{sentence[:half]}…{sentence[-half:]}"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in sentence)


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
