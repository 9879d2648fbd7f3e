"""A mistake that was made once costs once: what an exercise calls from earlier ones can be replaced by right versions.

A student's ``lstm_step`` may call the student's own ``forget_gate``. If that is wrong it has lost its points already.
"""

import contextlib


@contextlib.contextmanager
def right_helpers(function, exercises):
    """Put the reference in the place of the functions of `exercises` that `function` can see by their names.

    Gives the names that were replaced; outside the ``with`` block all is as it was. Names that the function's own code
    does not mention are left alone, so are those under which it finds something that cannot be called.
    """
    scope = getattr(function, "__globals__", None)
    code = getattr(function, "__code__", None)
    if not isinstance(scope, dict) or code is None:
        yield []
        return
    mentioned = set(_names(code))
    assignment = {exercise.function_name: exercise for exercise in exercises if _defined_beside(exercise, scope)}
    replaced = {
        name: scope[name]
        for name, exercise in assignment.items()
        if name in mentioned and callable(scope.get(name)) and scope[name] is not function
    }
    try:
        scope.update({name: _right(assignment[name]) for name in replaced})
        yield sorted(replaced)
    finally:
        scope.update(replaced)


def _defined_beside(exercise, scope):
    """Whether the name stands for a function of the student's, and not for one that was imported."""
    found = scope.get(exercise.function_name)
    return getattr(found, "__globals__", None) is scope


def _names(code):
    """All names that a function's code mentions, those of functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names(constant)


def _right(exercise):
    names = exercise.arguments

    def function(*arguments, **named):
        return exercise.reference(**dict(zip(names, arguments, strict=False)), **named)

    return function
