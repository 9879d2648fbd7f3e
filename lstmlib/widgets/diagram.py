"""The wiring of an LSTM cell, any part of it in colour and with the numbers of an example."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstmlib.widgets.style import BLUE, GREY, VERMILION

FAINT = "#B9BDC3"
TOP, MIDDLE, LAYERS, BUS = 4.6, 3.1, 1.75, 0.7  # heights of the cell state, of i ⊙ g, of the layers, of x and h

# Where each line runs: name to the points it passes. An arrow head stands at the end where `ARROWS` has it.
LINES = {
    "c_prev": [(0.1, TOP), (2.0, TOP)],
    "kept": [(2.0, TOP), (4.3, TOP)],
    "c": [(4.3, TOP), (9.4, TOP)],
    "h_prev": [(0.1, BUS), (6.6, BUS)],
    "x": [(1.55, -0.45), (1.55, BUS)],
    "to f": [(2.0, BUS), (2.0, LAYERS)],
    "to i": [(3.5, BUS), (3.5, LAYERS)],
    "to g": [(5.1, BUS), (5.1, LAYERS)],
    "to o": [(6.6, BUS), (6.6, LAYERS)],
    "f": [(2.0, LAYERS), (2.0, TOP)],
    "i": [(3.5, LAYERS), (3.5, MIDDLE), (4.3, MIDDLE)],
    "g": [(5.1, LAYERS), (5.1, MIDDLE), (4.3, MIDDLE)],
    "written": [(4.3, MIDDLE), (4.3, TOP)],
    "to tanh": [(7.9, TOP), (7.9, 3.5)],
    "tanh c": [(7.9, 3.5), (7.9, 2.3)],
    "o": [(6.6, LAYERS), (6.6, 2.3), (7.9, 2.3)],
    "h": [(7.9, 2.3), (7.9, BUS), (9.4, BUS)],
}
ARROWS = {"c", "h"}
CIRCLES = {"keep": (2.0, TOP, "×"), "write": (4.3, MIDDLE, "×"), "add": (4.3, TOP, "+"), "show": (7.9, 2.3, "×")}
BOXES = {
    "f": (2.0, LAYERS, "σ"),
    "i": (3.5, LAYERS, "σ"),
    "g": (5.1, LAYERS, "tanh"),
    "o": (6.6, LAYERS, "σ"),
    "squash": (7.9, 3.5, "tanh"),
}
# Where the name of a line stands: x, y, horizontal alignment, text. The value stands below the name, or below the
# line where the name stands on it.
BESIDE = {
    "f": (1.85, 3.55, "right", "$f$"),
    "i": (3.38, 2.95, "right", "$i$"),
    "g": (5.22, 2.95, "left", "$g$"),
    "o": (7.2, 3.1, "center", "$o$"),
}
ON = {
    "c_prev": (0.1, TOP, "left", "$c_{prev}$"),
    "c": (9.5, TOP, "right", "$c$"),
    "h_prev": (0.1, BUS, "left", "$h_{prev}$"),
    "h": (9.5, BUS, "right", "$h$"),
}
_LOOK = {"x", "h_prev"}  # what all four layers see
PARTS = {
    "cell state": ({"c_prev", "kept", "c"}, {"keep", "add"}),
    "forget gate": ({*_LOOK, "to f", "f"}, {"f", "keep"}),
    "input gate": ({*_LOOK, "to i", "i"}, {"i", "write"}),
    "candidate": ({*_LOOK, "to g", "g"}, {"g", "write"}),
    "new cell state": ({"c_prev", "f", "kept", "i", "g", "written", "c"}, {"keep", "write", "add"}),
    "output gate": ({*_LOOK, "to o", "o"}, {"o", "show"}),
    "hidden state": ({"c", "to tanh", "tanh c", "o", "h"}, {"squash", "show"}),
    "everything": (set(LINES), {*CIRCLES, *BOXES}),
}


def draw_lstm_cell(part="everything", values=None):
    """Draw an LSTM cell with one part in colour.

    Parameters
    ----------
    part : str
        A key of `PARTS`, such as ``"forget gate"``.
    values : dict, optional
        Name of a line (``x``, ``h_prev``, ``c_prev``, ``f``, ``i``, ``g``, ``o``, ``c``, ``h``) to the number to write
        beside it; an array of one entry will do.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no such part.
    """
    if part not in PARTS:
        raise ValueError(f"part: expected one of {', '.join(PARTS)}; got {part!r}.")
    lines, nodes = PARTS[part]
    figure, ax = plt.subplots(figsize=(4.8, 3.0))
    ax.set(xlim=(0, 9.6), ylim=(-0.5, 5.3), aspect="equal")
    ax.axis("off")
    ax.add_patch(_box(1.15, 0.25, 7.3, 4.85, rounding=0.3, fc="#F5F6F7", ec=FAINT))
    for name in sorted(LINES, key=lambda name: name in lines):  # coloured lines last, on top
        colour, width = (BLUE, 2.2) if name in lines else (FAINT, 1.4)
        xs, ys = zip(*LINES[name], strict=True)
        ax.plot(xs, ys, color=colour, lw=width, solid_joinstyle="round", zorder=3 if name in lines else 2)
        if name in ARROWS:
            style = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (xs[-1] + 0.15, ys[-1]), (xs[-1] - 0.3, ys[-1]), arrowprops=style, zorder=3)
    for name, (x, y, text) in CIRCLES.items():
        _node(ax, Circle((x, y), 0.26), x, y, text, VERMILION if name in nodes else FAINT)
    for name, (x, y, text) in BOXES.items():
        _node(ax, _box(x - 0.5, y - 0.28, 1, 0.56, rounding=0.08), x, y, text, BLUE if name in nodes else FAINT)
    numbers = {name: f"{np.asarray(value).item():.2f}".replace("-", "−") for name, value in (values or {}).items()}
    for name, (x, y, align, text) in (BESIDE | ON).items():
        look: dict[str, Any] = {"ha": align, "color": "black" if name in lines else GREY, "zorder": 5}
        ax.text(x, y + 0.12 * (name in ON), text, va="bottom" if name in ON else "top", **look)
        ax.text(x, y - (0.16 if name in ON else 0.42), numbers.get(name, ""), va="top", **look)
    x_text = "$x$" + (f" = {numbers['x']}" if "x" in numbers else "")
    ax.text(1.72, -0.3, x_text, va="center", color="black" if "x" in lines else GREY)
    return figure


def _box(x, y, width, height, rounding, **colours):
    return FancyBboxPatch((x, y), width, height, boxstyle=f"round,pad=0,rounding_size={rounding}", **colours)


def _node(ax, patch, x, y, text, colour):
    patch.set(facecolor=colour, edgecolor=colour, zorder=4)
    ax.add_patch(patch)
    ink = "black" if colour == FAINT else "white"
    ax.text(x, y - 0.02, text, ha="center", va="center", color=ink, zorder=5)
