"""Shapes as part of a function's signature: ``@shapes(x="N D", W_x="D 4H")``.

Each word of a specification is one axis. A capital letter is a size that must be the same wherever it
appears; a factor in front multiplies it. The arguments are read from left to right, so the first one in
which a letter stands alone fixes its size.
"""

import functools
import inspect
import re

import numpy as np

_AXIS = re.compile(r"(\d*)([A-Z])(?: |$)")


def as_numbers(name, value):
    """Return `value` as a real numeric array, without copying one that already is.

    Raises
    ------
    ValueError
        If `value` is not made of real numbers; the message names `name`.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected an array of numbers, got rows of different lengths.") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected an array of real numbers, got {_describe(value, array)}.")
    return array


def fit_shapes(specs, values):
    """Convert `values` to arrays and check that their shapes fit `specs` and each other.

    Parameters
    ----------
    specs : dict
        Argument name to specification, such as ``{"x": "N D", "W_x": "D 4H"}``.
    values : dict
        Argument name to array-like, in the order in which sizes are to be fixed.

    Returns
    -------
    arrays : dict
        Argument name to ndarray.
    sizes : dict
        Letter to size.

    Raises
    ------
    ValueError
        Naming the argument, the shape that was expected, the shape that came, and which argument fixed
        the size in question.
    """
    arrays = {name: as_numbers(name, value) for name, value in values.items()}
    sizes, fixed_by = {}, {}
    for name, array in arrays.items():
        axes = _AXIS.findall(specs[name])  # pairs of factor and letter
        if array.ndim == len(axes):
            for (factor, letter), size in zip(axes, array.shape, strict=True):
                if not factor and letter not in sizes:
                    sizes[letter], fixed_by[letter] = size, name
        expected = tuple(int(factor or 1) * sizes.get(letter, -1) for factor, letter in axes)
        if array.shape != expected:
            raise ValueError(_mismatch(name, specs[name], axes, array, sizes, fixed_by))
    return arrays, sizes


def shapes(**specs):
    """Decorate a function so that the named arguments arrive as arrays whose shapes fit each other.

    Arguments without a specification pass through untouched. What does not fit raises the ``ValueError``
    of `fit_shapes`.
    """

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            given = {name: bound.arguments[name] for name in specs if name in bound.arguments}
            bound.arguments.update(fit_shapes(specs, given)[0])
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorate


def fit_like(state, **given):
    """Convert `given` to arrays of the shape (N, H) of `state`; what does not fit raises as in `fit_shapes`.

    Returns
    -------
    tuple of ndarray
    """
    specs = {"the tape": "N H", **dict.fromkeys(given, "N H")}
    arrays, _ = fit_shapes(specs, {"the tape": state, **given})
    return tuple(arrays[name] for name in given)


def _mismatch(name, spec, axes, array, sizes, fixed_by):
    words = ", ".join(spec.split()) + ("," if len(axes) == 1 else "")
    numbers = tuple(
        int(factor or 1) * sizes[letter] if letter in sizes and fixed_by[letter] != name else "any"
        for factor, letter in axes
    )
    expected = f"({words})"
    if any(number != "any" for number in numbers):
        expected += " = (" + ", ".join(map(str, numbers)) + ("," if len(axes) == 1 else "") + ")"
    if array.ndim != len(axes):
        hint = f"It has {array.ndim} axes instead of {len(axes)}."
    else:
        hint = " ".join(
            f"{letter} = {sizes[letter]} comes from {fixed_by[letter]}."
            for letter in dict.fromkeys(letter for _, letter in axes)
            if letter in sizes and fixed_by[letter] != name
        )
    if array.ndim == len(axes) == 2 and array.shape[::-1] == numbers:
        hint += " Is it transposed?"
    return f"{name}: expected shape {expected}, got {array.shape}. {hint}".rstrip()


def _describe(value, array):
    if array.ndim == 0:
        return f"{type(value).__name__} {value!r}"
    return f"an array of dtype {array.dtype}"
