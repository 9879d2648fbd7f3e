"""The wiring of a GRU cell, with the reset gate after the product."""

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyBboxPatch

from lstmlib.widgets.style import BLUE, GREY, VERMILION

TOP, MIDDLE, LAYERS, BUS = 4.4, 2.9, 1.6, 0.5  # heights of the state, of r ⊙ (…) and the blend's share, of the layers
BOXES = {"r": (1.7, "σ"), "h W": (3.4, "$W_{hn}$"), "z": (7.3, "σ")}


def draw_gru_cell():
    """Draw a GRU cell.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(4.8, 3.3))
    for points in (
        [(0.1, TOP), (9.4, TOP)],  # the state
        [(0.6, TOP), (0.6, BUS), (7.3, BUS), (7.3, LAYERS)],  # to the layers
        [(1.7, BUS), (1.7, MIDDLE), (3.4, MIDDLE)],
        [(3.4, BUS), (3.4, MIDDLE), (5.4, MIDDLE)],
        [(5.4, BUS), (5.4, MIDDLE), (5.4, TOP)],
        [(7.3, LAYERS), (7.3, 3.1), (5.4, 3.75)],
        [(2.55, -0.45), (2.55, BUS)],
    ):
        ax.plot(*zip(*points, strict=True), color=GREY, lw=1.6, solid_capstyle="round", zorder=1)
    ax.annotate("", (9.5, TOP), (9.2, TOP), arrowprops={"arrowstyle": "-|>", "color": GREY})
    for x, text in BOXES.values():
        ax.add_patch(FancyBboxPatch((x - 0.55, LAYERS - 0.35), 1.1, 0.7, boxstyle="round,pad=0.03", fc="#D6E6F4",
                                    ec=BLUE, lw=1.5, zorder=2))
        ax.text(x, LAYERS, text, ha="center", va="center", zorder=3)
    ax.add_patch(FancyBboxPatch((4.85, MIDDLE - 0.35), 1.1, 0.7, boxstyle="round,pad=0.03", fc="#D6E6F4", ec=BLUE,
                                lw=1.5, zorder=2))
    ax.text(5.4, MIDDLE, "tanh", ha="center", va="center", zorder=3)
    for x, y, text in ((3.4, MIDDLE, "×"), (5.4, TOP, "blend")):
        radius = 0.3 if text == "×" else 0.62
        ax.add_patch(Circle((x, y), radius, fc="#FBE3D6", ec=VERMILION, lw=1.5, zorder=2))
        ax.text(x, y, text, ha="center", va="center", zorder=3)
    for x, y, text in ((1.35, 2.6, "$r$"), (5.0, 3.55, "$n$"), (7.6, 2.6, "$z$"), (0.3, 4.75, "$h_{prev}$"),
                       (9.2, 4.75, "$h$"), (2.85, -0.3, "$x$"), (5.75, 1.2, "$x$")):
        ax.text(x, y, text, ha="center", va="center")
    ax.set(xlim=(-0.1, 9.7), ylim=(-0.6, 5.2), aspect="equal")
    ax.axis("off")
    return ax
