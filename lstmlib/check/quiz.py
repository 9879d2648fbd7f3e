"""Quiz questions: one letter or one number as the answer. No answers in here: they stand in the graded cells."""

import decimal
import numbers
import re
import unicodedata

import numpy as np

from lstmlib.check.report import Part, Report

_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
LONGEST = 50  # characters of a number
_AROUND = " \t\r\n\u200b\ufeff().:,;[]'\"`*‘’“”„"  # of a letter; other blanks become plain ones by NFKC
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")


def check_choice(answer, options="abcd", key=None, feedback=None):
    """Check an answer to a multiple-choice question.

    Without a key it only says whether the answer can be read, and as what; this is the check that students
    see. The graded cell adds the key and the feedback.

    Parameters
    ----------
    answer : str
        One letter; case, width, and the blanks, brackets, quotation marks and stops around it do not matter.
    options : str
        The letters to choose from.
    key : str, optional
        The right one.
    feedback : dict, optional
        Option to a sentence for whoever chose it. Who chose another option than the right one reads both.

    Returns
    -------
    Report
    """
    plain = unicodedata.normalize("NFKC", str.__str__(answer)) if isinstance(answer, str) else ""
    letter = plain.strip(_AROUND).lower()
    if len(letter) != 1 or letter not in options:
        hint = ""
        if len(letter) == 1 and not letter.isascii():
            name = unicodedata.name(letter, "no letter").capitalize()
            hint = f"Yours is {letter!a}, {name}: none of these Latin letters, however alike they look."
        return _unreadable(f"one of the letters {', '.join(options)}, in quotation marks", answer, hint)
    if key is None:
        return _report(True, None, f"Your answer is recorded as {letter}.")
    sentences = feedback or {}
    if letter == key:
        return _report(True, None, f"Your answer {letter} is right.", sentences.get(key, ""))
    why = f"Right is {key}. {sentences[key]}" if key in sentences else ""
    return _report(False, "wrong-choice", f"Your answer {letter} is not right.", sentences.get(letter, ""), why)


def check_number(answer, key=None, tolerance=0.01, feedback=None, explanation=""):
    """Check an answer to a question that asks for a number.

    Without a key it only says whether the answer can be read, and as what; this is the check that students
    see. The graded cell adds the key, the feedback and the explanation.

    Parameters
    ----------
    answer : number or str
        A string may hold a number or a quotient of two: ``"0.25"``, ``"1/4"``, ``"2.5e-1"``.
    key : float, optional
        The right one.
    tolerance : float
        Largest difference that still counts as right, relative to the key (absolute where the key is 0).
    feedback : dict, optional
        Wrong number to a sentence for whoever found it.
    explanation : str
        How the right one is found.

    Returns
    -------
    Report
    """
    number = _read_number(answer)
    if isinstance(number, Report):
        return number
    if key is None:
        return _report(True, None, f"Your answer is recorded as {number:.6g}.")
    if _near(number, key, tolerance):
        return _report(True, None, f"Your answer {number:.6g} is right.", explanation)
    known = [sentence for wrong, sentence in (feedback or {}).items() if _near(number, wrong, tolerance)]
    right = f"Right is {key:.6g}. {explanation}".strip()
    return _report(False, "wrong-number", f"Your answer {number:.6g} is not right.", *known[:1], right)


def _near(number, key, tolerance):
    return abs(number - key) <= tolerance * (abs(key) or 1)


def _read_number(answer):
    """The number, or the report that says why there is none."""
    wanted = 'one number, such as 0.25 or "1/4"'
    if type(answer) is np.ndarray and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, str):
        text = re.sub(r"\s", "", str.__str__(answer)).replace("\N{MINUS SIGN}", "-")
        found = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
        if found is None:
            hint = "Write a share as a number, 0.5 for 50 %." if text.endswith("%") else _about_commas(text)
            return _unreadable(wanted, answer, hint)
        above, below = float(found[1]), float(found[2] or 1)
        number = above / below if below else np.nan
    elif isinstance(answer, (numbers.Real, decimal.Decimal)) and not isinstance(answer, (bool, np.bool_)):
        try:
            number = float(answer)
        except Exception:  # a number too large for a float, or an object of the student's own
            return _unreadable(wanted, answer)
    else:
        parts = answer if type(answer) is tuple and len(answer) == 2 else ()  # 1,3 without quotation marks
        short = all(type(part) is int and abs(part) < 1e9 for part in parts)
        return _unreadable(wanted, answer, _about_commas(",".join(map(str, parts))) if short else "")
    return number + 0 if np.isfinite(number) else _unreadable(wanted, answer, "It should be finite.")  # no -0


def _about_commas(text):
    """What to write in the place of a comma, in a text without blanks; empty if that is not what is the matter."""
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", text):
        return "The comma may stand for thousands or for decimals: leave it out, or write a decimal point for it."
    return "Write a decimal point in the place of the comma." if re.fullmatch(r"[+-]?\d+,\d+", text) else ""


def _unreadable(wanted, answer, hint=""):
    came = f"a value of type {type(answer).__name__}"
    if answer is None or isinstance(answer, str):
        came = repr(str.strip(answer)[:40]) if answer is not None and str.strip(answer) else "nothing yet"
    return _report(False, "unreadable-answer", f"Expected {wanted}; got {came}.", hint)


def _report(passed, diagnosis, *sentences):
    return Report("quiz", (Part("answer", 1, passed),), diagnosis, "\n".join(filter(None, sentences)))
