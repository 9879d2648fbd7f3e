"""Figures of the book draw what they are asked for, and refuse what they don't know."""

import matplotlib.pyplot as plt
import pytest

from lstmlib.widgets import draw_lstm_cell
from lstmlib.widgets.diagram import BESIDE, BOXES, CIRCLES, LINES, ON, PARTS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_drawn_and_names_only_what_is_there(part):
    lines, nodes = PARTS[part]
    assert lines <= set(LINES)
    assert nodes <= {*CIRCLES, *BOXES}
    assert draw_lstm_cell(part).axes


def test_values_stand_in_the_figure():
    names = [*BESIDE, *ON, "x"]
    figure = draw_lstm_cell(values={name: -0.125 * k for k, name in enumerate(names)})
    texts = " ".join(text.get_text() for text in figure.axes[0].texts)
    for k in range(1, len(names)):
        assert f"−{0.125 * k:.2f}" in texts


def test_unknown_part_is_refused():
    with pytest.raises(ValueError, match="part: expected one of cell state, forget gate"):
        draw_lstm_cell("memory gate")
