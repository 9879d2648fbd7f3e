"""A mistake that was made once costs once: what an exercise calls from earlier ones can be replaced by right versions.

A student's ``lstm_step`` may call the student's own ``forget_gate``. If that is wrong it has lost its points already.
"""

import contextlib
import inspect


@contextlib.contextmanager
def right_helpers(function, exercises):
    """Let the names of `exercises` that `function` can see stand for the reference, also those that nobody has bound.

    Gives the names; outside the ``with`` block all is as it was. Left alone are names that neither the function
    mentions nor a helper of the student's that it calls.
    """
    scope = getattr(function, "__globals__", None)
    code = getattr(function, "__code__", None)
    if not isinstance(scope, dict) or code is None:
        yield []
        return
    known = {exercise.function_name: exercise for exercise in exercises}
    mentioned = _mentioned(code, scope, stop=known)
    names = [name for name in sorted(known) if name in mentioned and scope.get(name) is not function]
    own = {name: scope[name] for name in names if name in scope}
    missing = set(names) - set(own)
    try:
        scope.update({name: _right(known[name], own.get(name)) for name in names})
        yield names
    finally:
        scope.update(own, **dict.fromkeys(missing))  # a grader's names cannot be taken away: they are None
        for name in missing:
            scope.pop(name, None)


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
    except Exception:  # it is missing or cannot be called, or asking it runs the student's code
        signature = None

    def function(*arguments, **named):
        if signature is not None:
            with contextlib.suppress(TypeError):  # where it could not be called like this, the reference perhaps can
                bound = signature.bind(*arguments, **named)
                bound.apply_defaults()
                arguments, named = bound.args, bound.kwargs
        known = {name: value for name, value in named.items() if name in exercise.arguments}
        return exercise.reference(**dict(zip(exercise.arguments, arguments, strict=False)), **known)

    return function
