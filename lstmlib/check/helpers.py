"""A mistake that was made once costs once: what an exercise calls from earlier ones can be replaced by right versions.

A student's ``lstm_step`` may call the student's own ``forget_gate``. If that is wrong it has lost its points already.
"""

import contextlib
import inspect


@contextlib.contextmanager
def right_helpers(function, exercises):
    """Put the reference in the place of the functions of `exercises` that `function` can see by their names.

    Gives the names that were replaced; outside the ``with`` block all is as it was. Left alone are names that neither
    the function mentions nor a helper of the student's that it calls, and those that stand for something uncallable.
    """
    scope = getattr(function, "__globals__", None)
    code = getattr(function, "__code__", None)
    if not isinstance(scope, dict) or code is None:
        yield []
        return
    assignment = {exercise.function_name: exercise for exercise in exercises if _defined_beside(exercise, scope)}
    mentioned = _mentioned(code, scope, stop=assignment)
    replaced = {
        name: scope[name]
        for name, exercise in assignment.items()
        if name in mentioned and callable(scope.get(name)) and scope[name] is not function
    }
    try:
        scope.update({name: _right(assignment[name], own) for name, own in replaced.items()})
        yield sorted(replaced)
    finally:
        scope.update(replaced)


def _defined_beside(exercise, scope):
    """Whether the name stands for a function of the student's, and not for one that was imported."""
    found = scope.get(exercise.function_name)
    return getattr(found, "__globals__", None) is scope


def _mentioned(code, scope, stop):
    """All names in code, and in the student's own functions that it mentions, except those of `stop`."""
    found, ahead = set(), list(_names(code))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            inner = scope.get(name) if name not in stop else None
            inside = getattr(inner, "__code__", None)  # a grader's stand-in for a function has that, too
            if inside is not None and getattr(inner, "__globals__", None) is scope:
                ahead += _names(inside)
    return found


def _names(code):
    """All names that a function's code mentions, those of functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names(constant)


def _right(exercise, own):
    """The reference, called as the student's `own` version is, whose arguments may have other names."""
    try:
        signature = inspect.signature(own)
    except (TypeError, ValueError):
        signature = None

    def function(*arguments, **named):
        if signature is not None:
            bound = signature.bind(*arguments, **named)
            bound.apply_defaults()
            arguments, named = bound.args, bound.kwargs
        return exercise.reference(**dict(zip(exercise.arguments, arguments, strict=False)), **named)

    return function
