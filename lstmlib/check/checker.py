"""``check``: run a student's function on every case, compare, and find words for what went wrong."""

import numpy as np

from lstmlib.check import gru, keep, lstm, rnn, training
from lstmlib.check.guard import silence
from lstmlib.check.helpers import right_helpers
from lstmlib.check.mistakes import explain
from lstmlib.check.report import Part, Report
from lstmlib.check.result import NOT_WRITTEN, Result, close, first_difference, not_callable, shorten, try_case

EXERCISES = {exercise.id: exercise for module in (rnn, lstm, gru, training) for exercise in module.EXERCISES}
# Exercises with many right answers, which no reference can be compared with, have checks of their own.
OWN_CHECKS = {"lstm.keep_a_number": keep.check}


def check(function, exercise_id, seed=0):
    """Check a function against the reference of an exercise.

    Parameters
    ----------
    function : callable
        With the signature of the exercise.
    exercise_id : str
        Such as ``"lstm.forget_gate"``.
    seed : int
        Determines the data. The same seed gives the same data, so that a failing check can be repeated.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists those that there are.
    """
    if exercise_id in OWN_CHECKS:
        return OWN_CHECKS[exercise_id](function, seed)
    if exercise_id not in EXERCISES:
        known = ", ".join(sorted([*EXERCISES, *OWN_CHECKS]))
        raise ValueError(f"exercise_id: expected one of {known}; got {exercise_id!r}.")
    exercise = EXERCISES[exercise_id]
    if not callable(function):
        return Report(exercise_id, _parts(exercise, []), "not-defined", not_callable(exercise.function_name, function))
    report = _check(function, exercise, seed)
    if report.passed:
        return report
    with right_helpers(function, _lent(exercise)) as replaced:
        second = _check(function, exercise, seed) if replaced else report
    if second.points(1) <= report.points(1):
        return report
    blame = (
        f"Among what it calls ({', '.join(replaced)}) something is not right yet. "
        f"That has cost its points already, so this function is judged with right versions of them."
    )
    return Report(exercise_id, second.parts, second.diagnosis, f"{blame}\n{second.message}")


def _lent(exercise):
    """The exercises of which this one gets right versions; none like itself, or two stubs could call each other."""
    assignment = exercise.id.split(".")[0]
    return [EXERCISES[f"{assignment}.{name}"] for name in exercise.builds_on]


def _check(function, exercise, seed):
    results: list[Result] = []
    for case in exercise.draw(np.random.default_rng(seed)):
        results.append(try_case(exercise, case, function))
        if results[-1].timed_out:
            break  # the next call would only wait as long
    with silence():
        diagnosis, *sentences = _judge(exercise, function, results)
    sentences += [_changes(results) if diagnosis != "mutates-input" else "", _printed(results)]
    return Report(exercise.id, _parts(exercise, results), diagnosis, "\n".join(filter(None, sentences)))


def _parts(exercise, results):
    """Each output earns two shares for its values on ordinary data, each property one; the last is for all the rest."""

    def good(kind, outputs):
        mine = [result for result in results if result.case.kind == kind and not any(r.timed_out for r in results)]
        return bool(mine) and all(result.right[k] for result in mine for k in outputs)

    everything = range(len(exercise.outputs))
    values = [good("ordinary", [k]) for k in everything]
    properties = [good(kind, everything) and any(values) for kind in exercise.properties]
    robust = all(values) and all(all(result.right) and not result.call.changed for result in results)
    extreme = dict.fromkeys(result.case.label for result in results if result.case.kind == "extreme")
    also = f"also with {' and '.join(extreme)}, and " if extreme else ""
    rest = "leaving its other arguments as they were" if exercise.in_place else "leaving its arguments as they were"
    return (
        *(Part(f"values of {name}", 2, right) for name, right in zip(exercise.outputs, values, strict=True)),
        *(Part(what, 1, right) for what, right in zip(exercise.properties.values(), properties, strict=True)),
        Part(also + rest, 1, robust),
    )


def _judge(exercise, function, results):
    """Return the diagnosis (or None) and sentences for the person."""
    wrong = [result for result in results if not all(result.right)]
    if not wrong:
        return _judge_arguments(results)
    first = wrong[0]
    case = _describe(first.case)
    see = f"See {exercise.see}."
    if isinstance(first.call.raised, NotImplementedError):
        return "not-implemented", NOT_WRITTEN
    if first.timed_out or first.diagnosis == "returns-none":
        return first.diagnosis, first.complaint
    evidence = first.complaint or first_difference(exercise, first)
    if not first.ordinary:
        start = f"Your function is right on ordinary numbers, but not on {first.case.label}."
        return _without_explanation(first), start, _hint_not_finite(first), evidence, case

    readable = [result for result in results if result.ordinary and result.readable]
    failed = [result for result in results if result.ordinary and result.diagnosis == "raises"]
    mistakes = _explain(exercise, readable, failed)
    if not mistakes and any(result.complaint for result in readable):
        readable = [result for result in readable if not result.complaint]
        mistakes = _explain(exercise, readable, failed)
    if len(mistakes) != 1 and _is_constant(readable):
        what = "Your function returns the same number whatever it is given."
        return "constant-output", what, evidence, case, see
    if mistakes:
        words = ", and ".join(mistake.sentence for mistake in mistakes)
        what = f"Your result is what comes out when {words}."
        if first not in readable:
            what = f"It looks as if {words}: where the shapes allow it, that gives your numbers."
        hints = dict.fromkeys(mistake.hint for mistake in mistakes)  # each once
        return mistakes[0].diagnosis, what, *hints, evidence, case, see
    if _is_right_for_one_example(exercise, function, results):
        what = "Your function is right for a batch of one example, but not for more."
        return "not-batched", what, "Each row is one example: x @ W_x treats all rows alike.", evidence, case
    return _without_explanation(first), _hint_not_finite(first), evidence, case, see


def _judge_arguments(results):
    if not _changes(results):
        return None, f"All {len(results)} cases agree with the reference."
    return (
        "mutates-input",
        "The numbers are right.",
        _changes(results),
        "Whoever called your function may still need the old values. Operators such as += and the option out= write "
        "into the array that was passed; make a new array instead.",
    )


def _changes(results):
    names = sorted({name for result in results for name in result.call.changed})
    return f"Your function changes its argument {' and '.join(names)}." if names else ""


def _printed(results):
    text = next((result.call.printed for result in results if result.call.printed.strip()), "")
    return f"On the first case your function printed:\n{shorten(text)}" if text else ""


def _without_explanation(result):
    if result.diagnosis:
        return result.diagnosis
    return None if result.finite else "not-finite"


def _hint_not_finite(result):
    if result.complaint or result.finite:
        return ""
    return "Your result has entries that are NaN or infinite. Often that is exp of a large number, or 0 / 0."


def _explain(exercise, results, failed):
    if all(all(result.right) for result in results):  # what is right there, a wrong variant may be there, too
        return []
    outputs = [(result.case.arguments, result.got) for result in results]
    return explain(exercise.family, outputs, _agree, [result.case.arguments for result in failed])


def _agree(got, expected):
    """Whether outputs are those of a variant, which may have gaps where a logarithm or a root has no value."""
    if expected is None or len(got) != len(expected):
        return False
    return all(
        close(mine, theirs) or (np.isfinite(mine).any() and close(mine, theirs, equal_nan=True))
        for mine, theirs in zip(got, expected, strict=True)
    )


def _is_right_for_one_example(exercise, function, results):
    """Whether only batches go wrong; asked of many single examples, as one may come out right by chance."""
    batches = [all(result.right) for result in results if result.ordinary and result.case.examples > 1]
    if not batches or sum(batches) > 1:  # zeros may come out right
        return False
    drawn = (case for seed in range(10) for case in exercise.draw(np.random.default_rng(seed)))
    single = [case for case in drawn if case.kind == "ordinary" and case.examples == 1]
    return bool(single) and all(all(try_case(exercise, case, function).right) for case in single)


def _is_constant(results):
    values = np.concatenate([np.ravel(value) for result in results for value in result.got]) if results else np.empty(0)
    return values.size > 1 and (values == values[0]).all()


def _describe(case):
    return f"Case: {case.label}; " + ", ".join(f"{name} {_size(v)}" for name, v in case.arguments.items()) + "."


def _size(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} {_size(array)}" for name, array in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return str(value.shape)
    return repr(value) if isinstance(value, (int, float, tuple)) else f"({type(value).__name__})"
