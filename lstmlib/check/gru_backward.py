"""The exercise on the GRU's backward step: the old state acts in four ways, and each can be forgotten."""

import numpy as np

from lstmlib import gru
from lstmlib.check.backward import bias_gradient_slot, outputs_slot, product_slots, products_back
from lstmlib.check.data import draw_cases
from lstmlib.check.exercise import Exercise
from lstmlib.check.gates import order_slot
from lstmlib.check.mistakes import Family, Filling

STEP_SHAPES = {"x": "N D", "h_prev": "N H", "W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}
GRADIENTS = ("dx", "dh_prev", "dW_x", "dW_h", "db", "db_hn")


def _make(dh, x, h_prev, W_x, W_h, b, b_hn):
    """The arguments as a forward step leaves them."""
    _, tape = gru.step(x, h_prev, W_x, W_h, b, b_hn)
    return {"dh": dh, **tape._asdict(), "W_x": W_x, "W_h": W_h}


def _reference(dh, x, h_prev, r, z, a_hn, n, W_x, W_h):
    return gru.step_backward(dh, gru.Tape(x, h_prev, r, z, a_hn, n), W_x, W_h)


def _backward(slots, dh, x, h_prev, r, z, a_hn, n, W_x, W_h):
    H = r.shape[1]
    blocks = np.split(W_h, 3, axis=1)
    dz, dn = slots["dz"](dh, h_prev, n, z), slots["dn"](dh, z)
    da_n = dn * slots["slopes"]("n", n)
    da_hn = slots["da_hn"](da_n, r)
    dr = slots["dr"](slots["twice"](da_n, da_hn), a_hn, h_prev, dn, blocks[2])
    da_r, da_z = dr * slots["slopes"]("r", r), dz * slots["slopes"]("z", z)
    late, before = {"r": da_r, "z": da_z, "n": da_n}, {"r": dr, "z": dz, "n": dn}
    da, early = (np.concatenate([part[name] for name in slots["order"]], axis=1) for part in (late, before))
    hidden = da.copy()  # what reaches the products of h_prev: there the candidate's block has gone through r
    k = slots["order"].index("n")
    hidden[:, k * H : (k + 1) * H] = da_hn
    blend = (1 - z) * n + z * h_prev
    dx, dh_prev, dW_x, dW_h, db = products_back(slots, x, h_prev, blend, da, early, W_x, W_h, hidden)
    dh_prev = slots["ways"](dh_prev, slots["first"](dh, z), hidden, W_h, da)
    dW_h, db_hn = slots["recurrent"](dW_h, slots["db_hn"](da_hn, da_n), da, h_prev, r)
    db = slots["bias"](db, hidden)
    return slots["outputs"](dx, dh_prev, dW_x, dW_h, db, db_hn)


def _slope(name, v):
    return 1 - v**2 if name == "n" else v * (1 - v)


def _without(names):
    words = "all slopes are" if len(names) == 3 else f"the slope of {' and '.join(names)} is"
    return Filling(
        lambda name, v: 1 if name in names else _slope(name, v),
        "missing-slope",
        f"{words} left out",
        "Each gate has the slope v (1 - v), the candidate 1 - n².",
    )


_FOUR = "The old state acts in four ways: through the blend, the candidate and both gates. Add all four."
_BACKWARD = Family(
    _backward,
    {
        "dz": [
            Filling(lambda dh, h_prev, n, z: dh * (h_prev - n)),
            Filling(lambda dh, h_prev, n, z: dh * (n - h_prev), "wrong-sign", "dz is dh * (n - h_prev)", "z keeps."),
            Filling(lambda dh, h_prev, n, z: dh * h_prev, "missing-path", "dz is dh * h_prev", "z acts on n, too."),
            Filling(lambda dh, h_prev, n, z: -dh * n, "missing-path", "dz is -dh * n", "z acts on h_prev, too."),
            Filling(lambda dh, h_prev, n, z: dh * n, "wrong-factor", "dz is dh * n", "dz = dh (h_prev - n)."),
            Filling(
                lambda dh, h_prev, n, z: dh * (h_prev + n), "wrong-sign", "dz is dh * (h_prev + n)", "1 - z falls."
            ),
            Filling(
                lambda dh, h_prev, n, z: dh * (h_prev - n) * z,
                "wrong-factor",
                "z is a factor of dz",
                "dz = dh (h_prev - n).",
            ),
            Filling(lambda dh, h_prev, n, z: dh, "missing-factor", "dz is dh", "dz = dh (h_prev - n)."),
            Filling(lambda dh, h_prev, n, z: 0 * dh, "missing-path", "dz is zero", "dz = dh (h_prev - n)."),
        ],
        "dn": [
            Filling(lambda dh, z: dh * (1 - z)),
            Filling(lambda dh, z: dh * z, "flipped-gate", "dn is dh * z", "z keeps: n enters with 1 - z."),
            Filling(lambda dh, z: dh, "missing-factor", "1 - z is left out of dn", "n enters with 1 - z."),
            Filling(lambda dh, z: dh * (z - 1), "wrong-sign", "dn is dh * (z - 1)", "n enters with 1 - z."),
        ],
        "first": [
            Filling(lambda dh, z: dh * z),
            Filling(lambda dh, z: 0 * dh, "missing-path", "the way through the blend is left out of dh_prev", _FOUR),
            Filling(lambda dh, z: dh * (1 - z), "flipped-gate", "dh * (1 - z) reaches h_prev", "It enters with z."),
            Filling(lambda dh, z: dh, "missing-factor", "all of dh reaches h_prev", "It enters with z."),
        ],
        "ways": [
            Filling(lambda dh_prev, first, hidden, W_h, da: first + dh_prev),
            *(
                Filling(
                    lambda dh_prev, first, hidden, W_h, da, k=k: (
                        first + dh_prev - np.split(hidden, 3, axis=1)[k] @ np.split(W_h, 3, axis=1)[k].T
                    ),
                    "missing-path",
                    f"the way through {name} is left out of dh_prev",
                    _FOUR,
                )
                for k, name in enumerate(("the reset gate", "the update gate", "the candidate"))
            ),
            Filling(
                lambda dh_prev, first, hidden, W_h, da: first,
                "missing-path",
                "only the way through the blend is in dh_prev",
                _FOUR,
            ),
            Filling(
                lambda dh_prev, first, hidden, W_h, da: (
                    first + np.split(hidden, 3, axis=1)[2] @ np.split(W_h, 3, axis=1)[2].T
                ),
                "missing-path",
                "the ways through both gates are left out of dh_prev",
                _FOUR,
            ),
            Filling(
                lambda dh_prev, first, hidden, W_h, da: first + da @ W_h.T,
                "missing-reset-gate",
                "r is left out of the way through the candidate in dh_prev",
                "What reaches h_prev @ W_hn is da_hn = da_n * r.",
            ),
        ],
        "recurrent": [
            Filling(lambda dW_h, db_hn, da, h_prev, r: (dW_h, db_hn)),
            Filling(
                lambda dW_h, db_hn, da, h_prev, r: (h_prev.T @ da, db_hn),
                "missing-reset-gate",
                "r is left out of the candidate's block of dW_h",
                "What reaches h_prev @ W_hn is da_hn = da_n * r.",
            ),
            Filling(
                lambda dW_h, db_hn, da, h_prev, r: (
                    np.hstack([dW_h[:, : 2 * len(dW_h)], (r * h_prev).T @ np.split(da, 3, axis=1)[2]]),
                    db_hn,
                ),
                "other-convention",
                "dW_h is that of a GRU whose reset gate acts before the product",
                "Here r comes after it: the candidate's block is h_prev.T @ da_hn.",
            ),
            Filling(
                lambda dW_h, db_hn, da, h_prev, r: (h_prev.T @ da, np.split(da, 3, axis=1)[2].sum(0)),
                "missing-reset-gate",
                "r is left out of the candidate's block of dW_h and of db_hn",
                "What reaches h_prev @ W_hn + b_hn is da_hn = da_n * r.",
            ),
        ],
        "dr": [
            Filling(lambda da_n, a_hn, h_prev, dn, W: da_n * a_hn),
            Filling(
                lambda da_n, a_hn, h_prev, dn, W: da_n * h_prev, "wrong-factor", "dr is da_n * h_prev", "r scales a_hn."
            ),
            Filling(
                lambda da_n, a_hn, h_prev, dn, W: da_n, "missing-factor", "a_hn is left out of dr", "r scales a_hn."
            ),
            Filling(
                lambda da_n, a_hn, h_prev, dn, W: dn * a_hn,
                "missing-slope",
                "dr is dn * a_hn",
                "First through the tanh.",
            ),
            Filling(
                lambda da_n, a_hn, h_prev, dn, W: (da_n @ W.T) * h_prev,
                "other-convention",
                "dr is that of a GRU whose reset gate acts before the product",
                "Here r comes after it: dr = da_n a_hn.",
            ),
            Filling(
                lambda da_n, a_hn, h_prev, dn, W: da_n * (h_prev @ W),
                "missing-bias",
                "b_hn is left out of dr",
                "r scales a_hn.",
            ),
            Filling(lambda da_n, a_hn, h_prev, dn, W: 0 * da_n, "missing-path", "dr is zero", "dr = da_n a_hn."),
        ],
        "twice": [
            Filling(lambda da_n, da_hn: da_n),
            Filling(
                lambda da_n, da_hn: da_hn, "wrong-factor", "dr is made from da_hn", "r is not a factor: dr = da_n a_hn."
            ),
        ],
        "bias": [
            Filling(lambda db, hidden: db),
            Filling(
                lambda db, hidden: hidden.sum(axis=0),
                "wrong-factor",
                "db is made from da_hn in the block of n",
                "b stands outside r.",
            ),
        ],
        "da_hn": [
            Filling(lambda da_n, r: da_n * r),
            Filling(lambda da_n, r: da_n, "missing-reset-gate", "r is left out of da_hn", "da_hn = da_n r."),
            Filling(lambda da_n, r: da_n * (1 - r), "flipped-gate", "da_hn is da_n * (1 - r)", "da_hn = da_n r."),
        ],
        "slopes": [
            Filling(_slope),
            *map(_without, ("r", "z", "n", "rz", "rzn", "rn", "zn")),
            Filling(
                lambda name, v: v * (1 - v), "wrong-slope", "the candidate has the slope of a sigmoid", "It is 1 - n²."
            ),
            Filling(lambda name, v: 1 - v**2, "wrong-slope", "the gates have the slope of tanh", "It is v (1 - v)."),
            Filling(
                lambda name, v: 1 - np.tanh(v) ** 2 if name == "n" else v * (1 - v),
                "wrong-slope",
                "tanh is applied to n again in its slope",
                "n is squashed already: 1 - n².",
            ),
            Filling(
                lambda name, v: 1 - v if name == "n" else v * (1 - v), "wrong-slope", "the slope of n lacks its square"
            ),
            Filling(
                lambda name, v: 1 - v**2 if name == "n" else 1 - v,
                "wrong-slope",
                "the slopes of the gates lack a factor",
            ),
        ],
        "order": order_slot("rzn"),
        **product_slots(fused=True),
        "db_hn": [
            *bias_gradient_slot("db_hn", "da_hn")[:3],
            Filling(
                lambda da, early: early.sum(axis=0), "missing-reset-gate", "r is left out of db_hn", "da_hn = da_n r."
            ),
            *bias_gradient_slot("db_hn", "da_hn")[4:],
        ],
        "outputs": outputs_slot(GRADIENTS),
    },
    last=("outputs",),
    most_pairs=350,
)

EXERCISE = Exercise(
    id="gru.gru_step_backward",
    outputs=GRADIENTS,
    reference=_reference,
    draw=lambda rng: draw_cases(rng, {"dh": "N H", **STEP_SHAPES}, _make),
    family=_BACKWARD,
    see="the chapter on the GRU, section One step backwards (gru-dz to gru-dparams)",
)
