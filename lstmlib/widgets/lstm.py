"""Explorer of the chapter on the LSTM: what the biases of two gates make of a memory."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.activations import sigmoid
from lstmlib.gradients import half_life
from lstmlib.lstm import LSTM
from lstmlib.widgets.explorer import Axis, explore
from lstmlib.widgets.style import GREY

T, WRITE, OVERWRITE = 60, 5, 35


def explore_gates():
    """Cell content over 60 steps against the biases of forget and input gate.

    The value 1 is signalled at step 5 and the value -0.5 at step 35. In between the input is a small constant, so that
    an input gate that does not shut lets something else in.

    Returns
    -------
    Explorer
    """
    values = np.full(T, 0.1)
    values[WRITE], values[OVERWRITE] = 1, -0.5

    def run(forget, write):
        cell = LSTM(input_size=2, hidden_size=1)  # inputs: value and write signal
        cell.params["W_h"][:] = 0
        cell.params["W_x"][:] = [[0, 0, 2, 0], [8, 0, 0, 0]]
        cell.params["b"][:] = [write, forget, 0, 6]
        signal = np.isin(np.arange(T), (WRITE, OVERWRITE))
        tape = cell.forward(np.stack([values, signal], axis=-1)[:, None])[2]
        return tape.states[1][1:, 0, 0]

    def draw(forget, write):
        figure, ax = plt.subplots()
        ax.plot(values, ":", color=GREY, lw=1.5, label="value at the input")
        ax.plot(run(forget, write), label="cell state c")
        for step in (WRITE, OVERWRITE):
            ax.axvline(step, color=GREY, lw=1, ls="--")
            ax.text(step + 0.7, -0.95, "write", va="center")
        ax.set(xlabel="step t", ylim=(-1.2, 4.6))
        ax.set_title(f"half-life {half_life(forget):.1f} steps", fontsize=10)
        ax.legend(loc="upper left", ncols=2, frameon=True, framealpha=1, edgecolor="white")
        return figure

    def describe(forget, write):
        cs = run(forget, write)
        return (
            f"Cell state over {T} steps, forget bias {forget}, input bias {write}: {cs[WRITE]:.2f} after the first "
            f"write, {cs[OVERWRITE - 1]:.2f} before the second, {cs[OVERWRITE]:.2f} after it, {cs[-1]:.2f} at the end. "
            f"The forget gate is {sigmoid(forget):.3f}."
        )

    return explore(
        draw,
        describe,
        forget=Axis("forget bias", [-2, 0, 1, 2, 4, 6], start=3),
        write=Axis("input bias", [-6, -4, -2, -1], start=0),
    )
