"""Figures and explorers of the book draw what they are asked for, and refuse what they don't know."""

import json
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import Widget
from ipywidgets.embed import dependency_state

from lstmlib import widgets
from lstmlib.widgets import Axis, draw_lstm_cell, explore
from lstmlib.widgets.diagram import BESIDE, BOXES, CIRCLES, LINES, ON, PARTS

EXPLORERS = {name: getattr(widgets, name) for name in widgets.__all__ if name.startswith("explore_")}
TWO = Axis("number", [1, 2])


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


def draw_point(n=0, m=0):
    figure, ax = plt.subplots()
    ax.plot([n], [m], "o")
    return figure


def describe_point(n=0, m=0):
    return f"A point at {n} and {m}."


@pytest.fixture(scope="module", params=EXPLORERS)
def explorer(request):
    yield EXPLORERS[request.param]()
    Widget.close_all()


def texts(explorer):
    label = re.compile(r'<svg role="img" aria-label="([^"]+)"')
    return {position: label.match(svg)[1] for position, svg in explorer.frames.items()}


def test_every_frame_can_be_told_from_the_others_by_its_text(explorer):
    shown = list(texts(explorer).values())
    assert len(set(shown)) == len(shown) == np.prod([len(slider.options) for slider in explorer.sliders])
    assert all(len(text) > 40 for text in shown)


def test_frames_are_drawings_of_one_size_that_bring_along_what_they_refer_to(explorer):
    frames = "".join(explorer.frames.values())
    shapes = explorer.children[-2].value
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', frames + shapes)) == set(re.findall(r' id="([^"]+)"', shapes))
    assert len(set(re.findall(r"viewBox=.*?stroke-linejoin", frames))) == 1
    assert not re.search("<style|<script|<metadata|<!--|NaN|nan", frames)


def test_an_explorer_is_light_enough_for_a_page(explorer):
    state = dependency_state([explorer], drop_defaults=False)
    assert len(json.dumps(state)) < 600_000


def test_no_line_leaves_its_figure(explorer):
    """A curve that is cut off at the top of a frame would have to be guessed."""
    shapes = explorer.children[-2].value
    panes = dict(re.findall(r'<clipPath id="([^"]+)"><rect ([^>]+)/>', shapes))
    for position, svg in explorer.frames.items():
        for path, name in re.findall(r'<path d="([^"]+)" clip-path="url\(#([^)]+)\)"', svg):
            top, height = (float(re.search(rf'\b{key}="([^"]+)"', panes[name])[1]) for key in ("y", "height"))
            ys = [float(y) for y in re.findall(r"[ML] \S+ (\S+)", path)]
            assert min(ys) > top - 0.1 and max(ys) < top + height + 0.1, texts(explorer)[position]


def test_sliders_choose_the_frame_without_a_kernel(explorer):
    links = [widget for widget in _alive("DirectionalLinkModel") if widget.source[0] in explorer.sliders]
    assert {name for link in links for _, name in (link.source, link.target)} == {"index", "selected_index"}
    start = tuple(slider.index for slider in explorer.sliders)
    frame = explorer.children[-1]
    for position in start:
        assert frame.selected_index == position
        frame = frame.children[position]
    assert frame.value == explorer.frames[start]
    assert len(links) == sum(np.prod([len(s.options) for s in explorer.sliders[:k]]) for k in range(len(start)))


def _alive(model):
    from ipywidgets.widgets.widget import _instances

    return [widget for widget in _instances.values() if widget._model_name == model]


def test_the_first_frame_shows_where_no_script_runs():
    explorer = explore(draw_point, describe_point, n=Axis("number", [1, -2], start=1))
    still = explorer._repr_mimebundle_()["text/html"]
    assert "<p>number: −2</p>" in still
    assert explorer.frames[1,] in still
    assert explorer.model_id in still


def test_an_explorer_leaves_no_figure_and_no_style_behind():
    before = mpl.rcParams.copy()
    explore(draw_point, describe_point, n=TWO, m=TWO)
    assert not plt.get_fignums()
    assert mpl.rcParams == before


def test_three_sliders_are_three_levels():
    explorer = explore(lambda a, b, c: draw_point(a, b), lambda a, b, c: f"{a} {b} {c}", a=TWO, b=TWO, c=TWO)
    assert texts(explorer)[0, 1, 0] == "1 2 1"
    assert explorer.children[-1].children[0].children[1].children[0].value == explorer.frames[0, 1, 0]


def test_a_text_may_hold_any_character():
    explorer = explore(draw_point, lambda n: f'{n} < "3" & more', n=TWO)
    assert texts(explorer)[0,] == "1 &lt; &quot;3&quot; &amp; more"


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, "axes: expected one to 3, got 0"),
        (dict.fromkeys("abcd", TWO), "axes: expected one to 3, got 4"),
        ({"n": Axis("n", range(151))}, "at most 150 frames, got 151 = 151.*take fewer values"),
        ({"n": Axis("n", range(16)), "m": Axis("m", range(10))}, "got 16 × 10 = 160"),
    ],
)
def test_wrong_numbers_of_axes_and_frames_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        explore(draw_point, describe_point, **axes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1],), "values of 'n': expected at least two"),
        ((5,), "values of 'n': expected at least two, got 5"),
        (([1, 2], 2), "start of 'n': expected a position from 0 to 1, got 2"),
        (([1, 2], 0.5), "start of 'n': expected a position"),
        (([1.01, 1.02], 0, "{:.1f}"), "show of 'n': expected a text for each value, got the same for two"),
    ],
)
def test_wrong_axis_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Axis("n", *arguments)


@pytest.mark.parametrize(
    ("draw", "describe", "error", "message"),
    [
        (lambda x: draw_point(), describe_point, TypeError, "draw: expected a function of n; missing"),
        (draw_point, lambda: "", TypeError, "describe: expected a function of n; got an unexpected"),
        (lambda n: None, describe_point, TypeError, "draw: expected a matplotlib figure, got NoneType at {'n': 1}"),
        (draw_point, lambda n: " ", ValueError, "describe: expected a text that stands for the figure, got ' '"),
        (lambda n: plt.figure(figsize=(6, 3)), describe_point, ValueError, "at most 4.8 inches wide.*got 6.0"),
        (lambda n: plt.figure(figsize=(4, n)), describe_point, ValueError, "all figures of one size"),
    ],
)
def test_wrong_functions_are_refused(draw, describe, error, message):
    with pytest.raises(error, match=message):
        explore(draw, describe, n=TWO)


def test_an_axis_must_be_one():
    with pytest.raises(TypeError, match="n: expected an Axis, as in n=Axis"):
        explore(draw_point, describe_point, n=[1, 2])


@pytest.mark.parametrize("count", [1, 7])
def test_temperature_wants_words_that_fit(count):
    with pytest.raises(ValueError, match=f"two to six words, got {count}"):
        widgets.explore_temperature({str(k): 0.0 for k in range(count)})
