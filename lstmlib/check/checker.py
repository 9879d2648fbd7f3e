"""``check``: run a student's function on every case, compare, and find words for what went wrong."""

import numpy as np

from lstmlib.check import lstm, training
from lstmlib.check.guard import silence
from lstmlib.check.mistakes import explain
from lstmlib.check.report import Part, Report
from lstmlib.check.result import Result, close, first_difference, shorten, try_case

EXERCISES = {exercise.id: exercise for module in (lstm, training) for exercise in module.EXERCISES}


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
    if exercise_id not in EXERCISES:
        raise ValueError(f"exercise_id: expected one of {', '.join(sorted(EXERCISES))}; got {exercise_id!r}.")
    exercise = EXERCISES[exercise_id]
    results: list[Result] = []
    if not callable(function):
        return Report(exercise_id, _parts(exercise, results), "not-defined", _not_callable(exercise, function))
    for case in exercise.draw(np.random.default_rng(seed)):
        results.append(try_case(exercise, case, function))
        if results[-1].timed_out:
            break  # the next call would only wait as long
    with silence():
        diagnosis, *sentences = _judge(exercise, results)
    sentences += [_changes(results) if diagnosis != "mutates-input" else "", _printed(results)]
    return Report(exercise_id, _parts(exercise, results), diagnosis, "\n".join(filter(None, sentences)))


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


def _judge(exercise, results):
    """Return the diagnosis (or None) and sentences for the person."""
    wrong = [result for result in results if not all(result.right)]
    if not wrong:
        return _judge_arguments(results)
    first = wrong[0]
    case = _describe(first.case)
    see = f"See {exercise.see}."
    if isinstance(first.call.raised, NotImplementedError):
        return "not-implemented", "Not written yet: the function still raises NotImplementedError."
    if first.timed_out or first.diagnosis == "returns-none":
        return first.diagnosis, first.complaint
    evidence = first.complaint or first_difference(exercise, first)
    if not first.ordinary:
        start = f"Your function is right on ordinary numbers, but not on {first.case.label}."
        return _without_explanation(first), start, _hint_not_finite(first), evidence, case

    outputs = [(result.case.arguments, result.got) for result in results if result.ordinary and result.got is not None]
    wrong_numbers = any(result.got is not None and not all(result.right) for result in results if result.ordinary)
    mistakes = explain(exercise.family, outputs, _agree) if wrong_numbers else []
    if mistakes:
        words = ", and ".join(mistake.sentence for mistake in mistakes)
        what = f"Your result is what comes out when {words}."
        if first.got is None:
            what = f"It looks as if {words}: where the shapes allow it, that gives your numbers."
        return mistakes[0].diagnosis, what, *(mistake.hint for mistake in mistakes), evidence, case, see
    if exercise.batched and all(all(r.right) == (r.batch_size == 1) for r in results if r.ordinary):
        what = "Your function is right for a batch of one example, but not for more."
        return "not-batched", what, "Each row is one example: x @ W_x treats all rows alike.", evidence, case
    if _is_constant(outputs):
        what = "Your function returns the same number whatever it is given."
        return "constant-output", what, evidence, case, see
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
    if result.got is None or result.finite:
        return ""
    return "Your result has entries that are NaN or infinite. Often that is exp of a large number, or 0 / 0."


def _is_constant(outputs):
    values = np.concatenate([np.ravel(value) for _, got in outputs for value in got]) if outputs else np.empty(0)
    return values.size > 1 and (values == values[0]).all()


def _agree(got, expected):
    """Whether outputs are those of a variant, which may have gaps where a logarithm or a root has no value."""
    if expected is None or len(got) != len(expected):
        return False
    return all(
        close(mine, theirs) or (np.isfinite(mine).any() and close(mine, theirs, equal_nan=True))
        for mine, theirs in zip(got, expected, strict=True)
    )


def _not_callable(exercise, value):
    came = "there is nothing by that name" if value is None else f"found {type(value).__name__}"
    return (
        f"Expected a function called {exercise.function_name}, but {came}. "
        f"Run the cell that defines it, see that it gives no error, then run the check again."
    )


def _describe(case):
    return f"Case: {case.label}; " + ", ".join(f"{name} {_size(v)}" for name, v in case.arguments.items()) + "."


def _size(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} {_size(array)}" for name, array in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return str(value.shape)
    return repr(value) if isinstance(value, (int, float, tuple)) else f"({type(value).__name__})"
