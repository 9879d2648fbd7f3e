"""Explorer of the chapter on the plain RNN: what a single unit keeps of a single impulse."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.rnn import RNN
from lstmlib.widgets.explorer import Axis, explore
from lstmlib.widgets.style import GREY

T, IMPULSE = 30, 3


def explore_memory():
    """Hidden state of one tanh unit over 30 steps, with an impulse at step 3 and without, for its weight and bias.

    Returns
    -------
    Explorer
    """
    xs = np.zeros((T, 2, 1))  # two examples: one hears the impulse, the other nothing
    xs[IMPULSE, 0] = 1

    def run(w, b):
        unit = RNN(input_size=1, hidden_size=1)
        unit.params["W_x"][:], unit.params["W_h"][:], unit.params["b"][:] = 1, w, b
        return unit.forward(xs)[0][:, :, 0].T

    def draw(w, b):
        heard, silent = run(w, b)
        figure, ax = plt.subplots()
        ax.plot(silent, "--", color=GREY, label="without the impulse")
        ax.plot(heard, "o-", ms=3.5, label="with the impulse")
        ax.set(xlabel="step t", ylabel="hidden state $h_t$", ylim=(-1.5, 1.1), yticks=[-1, -0.5, 0, 0.5, 1])
        ax.set_title(f"difference at the end: {abs(heard[-1] - silent[-1]):.3f}", fontsize=10)
        ax.legend(loc="lower center", ncols=2, columnspacing=1)
        return figure

    def describe(w, b):
        heard, silent = run(w, b)
        return (
            f"Hidden state of one unit over {T} steps, weight {w}, bias {b}. With an impulse at step {IMPULSE} it is "
            f"{heard[IMPULSE]:.2f} there and {heard[-1]:.2f} at the end; without it, {silent[-1]:.2f} at the end."
        )

    return explore(
        draw,
        describe,
        w=Axis("weight of h", [-0.9, 0, 0.5, 0.9, 1.0, 1.1, 1.5], start=3),
        b=Axis("bias", [-0.3, 0, 0.3], start=1),
    )
