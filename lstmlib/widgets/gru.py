"""Explorer of the chapter on the GRU: what the two gates make of the old state, in both conventions for z."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib import gru
from lstmlib.widgets.explorer import Axis, explore
from lstmlib.widgets.style import BLUE, GREY, ORANGE

CONVENTIONS = {"keep": "z keeps", "write": "z writes"}
SHARES = [0, 0.25, 0.5, 0.75, 1]


def explore_update_gate():
    """One unit's old state, candidate and new state for any share z and r, once where z keeps and once where z writes.

    Returns
    -------
    Explorer
    """
    x, h_prev = np.array([[1.0]]), np.array([[0.8]])
    W_x, W_h, b, b_hn = np.array([[-0.9]]), np.array([[1.5]]), np.zeros(1), np.zeros(1)

    def run(z, r):
        """Candidate and new states as numbers; the reset gate comes after the product."""
        n = gru.candidate(x, h_prev, np.array([[float(r)]]), W_x, W_h, b, b_hn)
        return n.item(), {key: gru.hidden_state(np.array([[float(z)]]), n, h_prev, key).item() for key in CONVENTIONS}

    def draw(z, r):
        n, new = run(z, r)
        figure, axes = plt.subplots(1, 2, sharey=True)
        for ax, (key, title) in zip(axes, CONVENTIONS.items(), strict=True):
            heights = [h_prev.item(), n, new[key]]
            bars = ax.bar(["$h_{prev}$", "$n$", "$h$"], heights, color=[GREY, ORANGE, BLUE], edgecolor="black")
            for bar, hatch, height in zip(bars, ["", "///", ""], heights, strict=True):
                bar.set_hatch(hatch)
                text = f"{height:.2f}".replace("-", "−")
                ax.annotate(
                    text, (bar.get_x() + bar.get_width() / 2, height), (0, 3 if height >= 0 else -3),
                    textcoords="offset points", ha="center", va="bottom" if height >= 0 else "top",
                )  # fmt: skip
            ax.axhline(0, color="black", lw=0.8)
            ax.set(ylim=(-1.1, 1.1), title=title)
            ax.grid(axis="x", visible=False)
        return figure

    def describe(z, r):
        n, new = run(z, r)
        return (
            f"Bars for z = {z} and r = {r}: the old state is {h_prev.item()}, the candidate {n:.2f}. The new state is "
            f"{new['keep']:.2f} where z keeps and {new['write']:.2f} where z writes."
        )

    return explore(draw, describe, z=Axis("update gate z", SHARES, start=3), r=Axis("reset gate r", SHARES, start=4))
