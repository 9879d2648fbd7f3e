"""A recurrent network drawn once for each of its steps."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from lstmlib.widgets.style import BLUE, GREY

WIDTH, GAP = 1.5, 0.9


def draw_unrolled(steps):
    """Draw the chain of an unrolled network.

    Parameters
    ----------
    steps : int
        How many steps, from 1 to 4; more would not be legible.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are too few or too many steps.
    """
    if not 1 <= steps <= 4:
        raise ValueError(f"steps: expected 1 to 4, got {steps}.")
    _, ax = plt.subplots(figsize=(4.8, 2.3))
    arrow = {"arrowstyle": "-|>", "color": GREY, "lw": 1.5}
    pitch = WIDTH + GAP
    for t in range(steps):
        left = t * pitch
        middle = left + WIDTH / 2
        ax.add_patch(FancyBboxPatch((left, 0), WIDTH, 1, boxstyle="round,pad=0.04", fc="#D6E6F4", ec=BLUE, lw=1.5))
        ax.text(middle, 0.5, "$W_x, W_h, b$", ha="center", va="center", fontsize=10)
        ax.annotate("", (middle, -0.05), (middle, -0.8), arrowprops=arrow)
        ax.text(middle, -1.05, f"$x_{t + 1}$", ha="center", va="center")
        ax.annotate("", (middle, 1.8), (middle, 1.05), arrowprops=arrow)
        ax.text(middle, 2.0, f"$h_{t + 1}$", ha="center", va="center")
        ax.annotate("", (left - 0.05, 0.5), (left - GAP + 0.05, 0.5), arrowprops=arrow)
        ax.text(left - GAP / 2, 0.72, f"$h_{t}$", ha="center", va="center")
    end = steps * pitch - GAP
    ax.annotate("", (end + GAP - 0.1, 0.5), (end + 0.05, 0.5), arrowprops=arrow)
    ax.text(end + GAP / 2, 0.72, f"$h_{steps}$", ha="center", va="center")
    ax.set(xlim=(-GAP - 0.1, end + GAP), ylim=(-1.3, 2.3), aspect="equal")
    ax.axis("off")
    return ax
