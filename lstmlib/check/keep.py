"""The check of "keep a number for 200 steps": weights that a student sets by hand, judged by what the cell does.

Many weights are right, so there is nothing to compare them with. The check runs the cell and looks at its gates.
"""

import numpy as np

from lstmlib.check.guard import call, silence
from lstmlib.check.report import Part, Report
from lstmlib.check.result import NOT_WRITTEN, not_callable, raised_words

SHAPES = {"W_x": (2, 4), "W_h": (1, 4), "b": (4,)}
STEPS = 200  # after the one that writes
ERROR = 0.02  # of the cell state, at any time
_ID = "lstm.keep_a_number"
_SEE = "See the chapter on the LSTM, section How long a cell remembers (lstm-cell)."


def check(function, seed=0):
    """Run the cell with the weights that `function` returns; return a `Report`."""
    if not callable(function):
        return _report("not-defined", not_callable("keep_a_number", function))
    made = call(function, {}, _read)
    if isinstance(made.raised, NotImplementedError):
        return _report("not-implemented", NOT_WRITTEN)
    if made.raised is not None:
        return _report("raises", raised_words(made))
    weights, diagnosis, complaint = made.value
    if complaint:
        return _report(diagnosis, complaint)
    with silence():
        return _judge(_run(np.random.default_rng(seed), *weights))


def _report(diagnosis, *sentences, written=False, kept=False):
    parts = (Part("takes the number in", 1, written), Part(f"keeps it for {STEPS} steps", 2, kept))
    return Report(_ID, parts, diagnosis, "\n".join(filter(None, sentences)))


def _read(returned):
    """The three arrays, or what is wrong with them."""
    if returned is None:
        return None, "returns-none", "The function returns None. It should end with: return W_x, W_h, b."
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        return None, "wrong-shape", "Expected three arrays: W_x, W_h, b."
    arrays = []
    for (name, shape), value in zip(SHAPES.items(), returned, strict=True):
        array = np.asarray(value)
        if array.shape != shape:
            return None, "wrong-shape", f"{name} should have shape {shape}, yours has {array.shape}."
        array = np.array(array, dtype=float)
        if not np.isfinite(array).all():
            return None, "not-finite", f"{name} has entries that are NaN or infinite."
        arrays.append(array)
    return arrays, None, ""


def _run(rng, W_x, W_h, b):
    """Numbers to be kept, and i, f, o and c of each step, for several examples; shapes (N,) and (T, N)."""
    numbers = np.array([-0.9, -0.4, 0.0, 0.5, 0.9])
    before = 5  # steps of noise before the number is written
    values = np.insert(rng.uniform(-1, 1, (before + STEPS, 5)), before, numbers, axis=0)
    signal = np.zeros_like(values)
    signal[before] = 1
    h, c, traces = np.zeros((5, 1)), np.zeros((5, 1)), np.empty((3, len(values), 5))
    half = np.array([0.5, 0.5, 1, 0.5])  # for i, f, g, o: a sigmoid is a tanh of half as much, and one call does all
    W_h = W_h * half
    for t, a_x in enumerate((np.stack([values, signal], axis=2) @ W_x + b) * half):
        squashed = np.tanh(a_x + h @ W_h)
        gates = 0.5 + 0.5 * squashed
        c = gates[:, 1:2] * c + gates[:, 0:1] * squashed[:, 2:3]
        h = gates[:, 3:4] * np.tanh(c)
        traces[0, t], traces[1, t], traces[2, t] = gates[:, 0], gates[:, 1], c[:, 0]
    return numbers, before, *traces


def _judge(run):
    numbers, t, i, f, c = run
    wanted = np.tanh(numbers)
    written = bool((np.abs(c[t] - wanted) < ERROR).all())
    kept = bool((np.abs(c[t:] - wanted) < ERROR).all())
    if kept:
        worst = np.abs(c[t:] - wanted).max()
        return _report(
            None,
            f"The cell holds each of {len(numbers)} numbers. It is off by {worst:.1g} at most.",
            written=True,
            kept=True,
        )
    when, then = ("right after it was written", t) if not written else (f"{STEPS} steps later", -1)
    n = int(np.argmax(np.abs(c[then] - wanted)))
    came = c[then, n].round(4) + 0  # no -0
    seen = f"The number {numbers[n]:g} should stand in the cell as {wanted[n]:.4f}; {when} c is {came:.4f}."
    noise = float(np.abs(np.delete(i, t, axis=0)).max())
    if i[t].max() < 0.5 < noise:
        words = "flipped-gate", "The input gate is open when it should be closed, and closed when it should be open."
    elif i[t].min() < 0.98:
        words = (
            "gate-closed",
            f"At the step that writes, the input gate is only {i[t].min():.3f}. Let the write signal open it.",
        )
    elif noise > 1e-4:
        words = "gate-open", f"While nothing shall be written, the input gate is up to {noise:.2g}. Noise leaks in."
    elif np.delete(f, t, axis=0).min() < 0.9999:
        low = np.delete(f, t, axis=0).min()
        words = (
            "gate-closed",
            f"The forget gate is down to {low:.4f}. Over {STEPS} steps that leaves a share of {low**STEPS:.2g}.",
        )
    else:
        words = (
            "wrong-values",
            "The gates are right, but the candidate is not tanh of the number. Look at the weights of g.",
        )
    return _report(words[0], words[1], seen, _SEE, written=written)
