"""One look for all figures."""

from typing import Any

import matplotlib as mpl
from cycler import cycler

# Okabe and Ito's palette, which colour-blind readers can tell apart; green is left out next to vermilion.
BLUE, ORANGE, VERMILION, SKY, PINK, GREY = "#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#CC79A7", "#5F6368"

BOOK_STYLE: dict[Any, Any] = {
    "figure.figsize": (4.8, 2.8),
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.prop_cycle": cycler(color=[BLUE, VERMILION, ORANGE, PINK, SKY, GREY]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DADCE0",
    "grid.linewidth": 0.6,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "svg.hashsalt": "lstmlib",
}


def use_book_style():
    """Set matplotlib's defaults for the pages of the book.

    Figures are at most 4.8 inches wide with text of 10 points, so that on a phone, where they shrink to the
    width of the screen, the text is still as large as a caption. They bring a white ground of their own, on which
    they read the same in both themes. In a notebook they are drawn as SVG.
    """
    mpl.rcParams.update(BOOK_STYLE)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # not in a notebook
        return
    set_matplotlib_formats("svg", metadata={"Date": None})
