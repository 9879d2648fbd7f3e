"""The data that exercises are checked with: several shapes, zeros, a single example, very large numbers."""

import numpy as np

from lstmlib.check.exercise import Case

# Sizes of the ordinary cases: T steps, N examples, D inputs, H units. In the square one a product with the wrong or
# the transposed weights runs without an error, so that its numbers can name the mistake.
SIZES = {
    "a small batch": {"T": 4, "N": 2, "D": 3, "H": 4},
    "more inputs than units": {"T": 2, "N": 5, "D": 6, "H": 2},
    "as many examples as inputs and units": {"T": 3, "N": 4, "D": 4, "H": 4},
    "a single example": {"T": 5, "N": 1, "D": 2, "H": 3},
}

_GATES = {"i", "f", "o", "r", "z", "s"}  # arguments that are shares between 0 and 1
_ZEROED = {"x", "xs", "h_prev", "c_prev", "h_0", "g", "n", "c", "a"}  # inputs and states
_HUGE = {"a", "b", "c", "c_prev"}  # whatever overflows at 1000 does so in every entry


def draw_cases(rng, shapes, finish=None, kinds=("zero", "extreme")):
    """Ordinary cases of all `SIZES`, one with zeros, and one with very large numbers.

    Parameters
    ----------
    rng : numpy.random.Generator
    shapes : dict
        Name of an argument to its shape in letters, such as ``"N 4H"``. Gates are drawn from (0, 1), all else from a
        normal distribution, biases included.
    finish : callable, optional
        Makes the arguments from what was drawn, for exercises whose arguments belong together.
    kinds : tuple of str
        The cases besides the ordinary ones.

    Returns
    -------
    list of Case
    """

    def draw(sizes):
        return {name: _draw(rng, name, shape, sizes) for name, shape in shapes.items()}

    def case(kind, label, arguments, sizes):
        batched = any("N" in shape.split() for shape in shapes.values())
        return Case(kind, label, finish(**arguments) if finish else arguments, sizes["N"] if batched else 1)

    cases = [case("ordinary", label, draw(sizes), sizes) for label, sizes in SIZES.items()]
    if "zero" in kinds:
        sizes = {"T": 3, "N": 2, "D": 3, "H": 2}
        zeroed = {name: 0 * value if name in _ZEROED else value for name, value in draw(sizes).items()}
        cases.append(case("ordinary", "inputs and states of zero", zeroed, sizes))
    if "extreme" in kinds:
        sizes = {"T": 3, "N": 3, "D": 2, "H": 4}
        extreme = draw(sizes)
        for name in extreme.keys() & _HUGE:
            signs = np.arange(extreme[name].shape[-1]) % 2
            extreme[name] = np.where(signs, 1000.0, -1000.0) * np.ones_like(extreme[name])
        cases.append(case("extreme", "very large numbers", extreme, sizes))
    return cases


def _draw(rng, name, shape, sizes):
    numbers = [int(letters[:-1] or 1) * sizes[letters[-1]] for letters in shape.split()]
    return rng.uniform(size=numbers) if name in _GATES else rng.standard_normal(numbers)
