"""The exercise on the two conventions of the GRU's update gate: weights for the one from weights for the other."""

import numpy as np

from lstmlib.activations import sigmoid
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.mistakes import Family, Filling

_TURN = "1 - sigmoid(a) = sigmoid(-a): turn the sign of z's block, and of nothing else, in W_x, W_h and b."


def _convert(W_x, W_h, b):
    return tuple(_scaled("rzn", {"z"}, value) for value in (W_x, W_h, b))


def _scaled(order, turned, value):
    signs = np.repeat([-1.0 if name in turned else 1.0 for name in order], value.shape[-1] // 3)
    return value * signs


def _conversion(slots, W_x, W_h, b):
    turned, value = slots["turned"], slots["turn"]
    arrays = {"W_x": W_x, "W_h": W_h, "b": b}
    done = {
        name: np.concatenate(
            [
                value(block) if which in turned and name not in slots["forgotten"] else block
                for which, block in zip("rzn", np.split(array, 3, axis=-1), strict=True)
            ],
            axis=-1,
        )
        for name, array in arrays.items()
    }
    return slots["outputs"](*done.values())


_CONVERT = Family(
    _conversion,
    {
        "turned": [
            Filling("z"),
            Filling("", "unchanged", "nothing is changed", _TURN),
            Filling("r", "swapped-gates", "the block of r is turned, not that of z", _TURN),
            Filling("n", "swapped-gates", "the block of n is turned, not that of z", _TURN),
            Filling("rz", "swapped-gates", "the block of r is turned as well", _TURN),
            Filling("zn", "swapped-gates", "the block of n is turned as well", _TURN),
            Filling("rn", "swapped-gates", "the blocks of r and n are turned, not that of z", _TURN),
            Filling("rzn", "swapped-gates", "all blocks are turned", _TURN),
        ],
        "turn": [
            Filling(lambda block: -block),
            Filling(lambda block: 1 - block, "wrong-operator", "1 - W is computed", _TURN),
            Filling(lambda block: block - 1, "wrong-operator", "W - 1 is computed", _TURN),
            Filling(lambda block: 1 / block, "wrong-operator", "1 / W is computed", _TURN),
            Filling(lambda block: 0 * block, "wrong-operator", "the block is set to zero", _TURN),
            Filling(lambda block: np.abs(block), "wrong-operator", "absolute values are taken", _TURN),
            Filling(lambda block: block[..., ::-1], "wrong-operator", "the columns of the block are reversed", _TURN),
            Filling(lambda block: 1 - sigmoid(block), "wrong-operator", "1 - sigmoid(W) is computed", _TURN),
        ],
        "forgotten": [
            Filling(""),
            Filling(("b",), "missing-bias", "the bias is not turned", _TURN),
            Filling(("W_x",), "missing-input-term", "W_x is not turned", _TURN),
            Filling(("W_h",), "missing-hidden-term", "W_h is not turned", _TURN),
            Filling(("W_h", "b"), "missing-hidden-term", "only W_x is turned", _TURN),
            Filling(("W_x", "b"), "missing-input-term", "only W_h is turned", _TURN),
            Filling(("W_x", "W_h"), "missing-input-term", "only the bias is turned", _TURN),
        ],
        "outputs": [
            Filling(lambda W_x, W_h, b: (W_x, W_h, b)),
            Filling(
                lambda W_x, W_h, b: (W_h, W_x, b), "swapped-outputs", "W_h and W_x are returned in the wrong order"
            ),
            Filling(
                lambda *values: tuple(v[..., v.shape[-1] // 3 : 2 * (v.shape[-1] // 3)] for v in values),
                "wrong-shape",
                "only the block of z is returned",
                "Return all three blocks, r and n as they were.",
            ),
            Filling(
                lambda *values: tuple(
                    np.concatenate([np.split(v, 3, axis=-1)[k] for k in (1, 0, 2)], axis=-1) for v in values
                ),
                "swapped-gates",
                "the blocks are returned in the order z, r, n",
                "The order stays r, z, n.",
            ),
        ],
    },
    last=("outputs", "turned"),
)


EXERCISE = Exercise(
    id="gru.convert_update",
    outputs=("W_x", "W_h", "b"),
    reference=_convert,
    draw=lambda rng: draw_cases(rng, {"W_x": "D 3H", "W_h": "H 3H", "b": "3H"}, kinds=()),
    family=_CONVERT,
    see="the chapter on the GRU, section Does the update gate keep or write? (gru-hidden-write)",
)
