"""Multiple-choice questions: one letter as the answer."""

from lstmlib.check.report import Part, Report


def check_choice(answer, options="abcd", key=None, feedback=None):
    """Check an answer to a multiple-choice question.

    Without a key it only says whether the answer can be read, and as what; this is the check that students
    see. The graded cell adds the key and the feedback.

    Parameters
    ----------
    answer : str
        One letter; case, blanks, brackets and full stops around it do not matter.
    options : str
        The letters to choose from.
    key : str, optional
        The right one.
    feedback : dict, optional
        Option to a sentence for whoever chose it.

    Returns
    -------
    Report
    """
    letter = str.lower(str.strip(answer, " \t\n().:")) if isinstance(answer, str) else ""
    choice = f"one of the letters {', '.join(options)}, in quotation marks"
    if len(letter) != 1 or letter not in options:
        came = f"a value of type {type(answer).__name__}"
        if answer is None or isinstance(answer, str):
            came = repr(str.strip(answer)[:40]) if answer and str.strip(answer) else "nothing yet"
        return _report(False, "unreadable-answer", f"Expected {choice}; got {came}.")
    if key is None:
        return _report(True, None, f"Your answer is recorded as {letter}.")
    verdict = f"Your answer {letter} is {'right' if letter == key else 'not right'}."
    return _report(letter == key, None if letter == key else "wrong-choice", verdict, (feedback or {}).get(letter, ""))


def _report(passed, diagnosis, *sentences):
    return Report("quiz", (Part("answer", 1, passed),), diagnosis, "\n".join(filter(None, sentences)))
