"""Explorers: a figure and sliders that need no kernel, so that they are alive on a static page too.

Every frame is drawn beforehand. The sliders choose among the frames in the reader's browser.
"""

import html
import inspect
import io
import itertools
import json
import re
from collections.abc import Iterable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from ipywidgets import HTML, Layout, SelectionSlider, Stack, VBox, jsdlink
from matplotlib.figure import Figure

from lstmlib.widgets.style import BOOK_STYLE

MAX_AXES, MAX_FRAMES, MAX_WIDTH = 3, 150, 4.8
VIEW = "application/vnd.jupyter.widget-view+json"


class Axis:
    """What one slider runs over.

    Parameters
    ----------
    label : str
        Name of the slider.
    values : iterable
        At least two, in the order of the slider.
    start : int
        Position at which the slider stands first.
    show : str or callable
        How a value reads: a format such as ``"{:.1f}"``, or a function from value to str.
    """

    def __init__(self, label, values, start=0, show="{:g}"):
        self.label = label
        self.values = list(values) if isinstance(values, Iterable) else [values]
        self.start = start
        if len(self.values) < 2:
            raise ValueError(f"values of {label!r}: expected at least two, got {values!r}; with one, use no slider.")
        if not isinstance(start, int) or not 0 <= start < len(self.values):
            last = len(self.values) - 1
            raise ValueError(f"start of {label!r}: expected a position from 0 to {last}, got {start!r}.")
        shown = [show(value) if callable(show) else show.format(value) for value in self.values]
        self.shown = [_minus(text) for text in shown]
        if len(set(self.shown)) < len(self.shown):
            raise ValueError(f"show of {label!r}: expected a text for each value, got the same for two: {self.shown}.")


class Explorer(VBox):
    """Sliders above a stack of frames.

    Attributes
    ----------
    sliders : list of ipywidgets.SelectionSlider
    frames : dict
        Position on each axis, as a tuple, to the frame's SVG without the shapes that all frames share.
    """

    def __init__(self, sliders, shapes, stack, frames, still):
        self.sliders, self.frames, self._still = sliders, frames, still
        shapes.add_class("explorer-shapes")
        stack.add_class("explorer-frames")
        super().__init__([*sliders, shapes, stack], layout=Layout(width="100%", max_width="36rem"))

    def _repr_mimebundle_(self, **kwargs):
        """Offer a still picture as well, for pages where no script runs, or none has run yet.

        JupyterLab prefers the widget. The book prefers the HTML, which holds both (`nb_mime_priority_overrides`).
        """
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle:
            script = f'<script type="{VIEW}">{json.dumps(bundle[VIEW])}</script>'
            bundle["text/html"] = f'<div class="explorer">{self._still}{script}</div>'
        return bundle


def explore(draw, describe, **axes):
    """Draw a frame for every combination of values, and put sliders above them.

    Parameters
    ----------
    draw : callable
        From one value for each axis, by name, to a matplotlib figure at most 4.8 inches wide; all of one size. It runs
        in the book's style.
    describe : callable
        From the same values to the text that stands for the figure where it cannot be seen.
    **axes : Axis
        One to three.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there are too many axes or frames, or a frame does not fit the page or has no description.
    TypeError
        If an axis is no `Axis`, the functions do not take the names of the axes, or no figure comes back.
    """
    _check_axes(axes)
    for name, function in (("draw", draw), ("describe", describe)):
        try:
            inspect.signature(function).bind(**axes)
        except TypeError as error:
            raise TypeError(f"{name}: expected a function of {', '.join(axes)}; {error}.") from None
    frames: dict[tuple[int, ...], str] = {}
    definitions: dict[str, str] = {}
    size = None
    for position in itertools.product(*(range(len(axis.values)) for axis in axes.values())):
        values = {name: axis.values[k] for (name, axis), k in zip(axes.items(), position, strict=True)}
        frames[position], own, drawn = _frame(draw, describe, values)
        definitions |= own
        size = size or drawn
        if drawn != size:
            raise ValueError(f"draw: expected all figures of one size, got {drawn} after {size} inches at {values}.")
    longest = max(len(axis.label) for axis in axes.values())
    sliders = [
        SelectionSlider(
            options=[(text, k) for k, text in enumerate(axis.shown)],  # positions, for equal values may not repeat
            index=axis.start,
            description=axis.label,
            style={"description_width": f"{longest + 1}ch"},  # tracks of one length
            layout=Layout(width="auto"),
        )
        for axis in axes.values()
    ]
    # What would otherwise come with each frame comes once: the shapes of the letters, a layout and a style.
    shapes = HTML(_hidden(definitions), layout=Layout(height="0", margin="0"))
    shared: dict[str, Any] = {"layout": Layout(), "style": shapes.style}

    def stack(position=()):
        if len(position) == len(axes):
            return HTML(frames[position], **shared)
        slider = sliders[len(position)]
        children = [stack((*position, k)) for k in range(len(slider.options))]
        level = Stack(children, selected_index=slider.index)
        jsdlink((slider, "index"), (level, "selected_index"))
        return level

    still = _still(axes) + _hidden(definitions) + frames[tuple(axis.start for axis in axes.values())]
    return Explorer(sliders, shapes, stack(), frames, still)


def _check_axes(axes):
    if not 1 <= len(axes) <= MAX_AXES:
        raise ValueError(f"axes: expected one to {MAX_AXES}, got {len(axes)}.")
    for name, axis in axes.items():
        if not isinstance(axis, Axis):
            raise TypeError(f'{name}: expected an Axis, as in {name}=Axis("label", [1, 2, 3]); got {axis!r}.')
    lengths = [len(axis.values) for axis in axes.values()]
    count = 1
    for length in lengths:
        count *= length
    if count > MAX_FRAMES:
        product = " × ".join(map(str, lengths))
        raise ValueError(
            f"axes: expected at most {MAX_FRAMES} frames, got {product} = {count}. Each is drawn when the page is "
            "built, and travels with it; take fewer values."
        )


def _frame(draw, describe, values):
    """One frame as SVG, the definitions that it uses, and its size in inches."""
    with mpl.rc_context(BOOK_STYLE):
        figure = draw(**values)
        if not isinstance(figure, Figure):
            raise TypeError(f"draw: expected a matplotlib figure, got {type(figure).__name__} at {values}.")
        width, height = (round(float(side), 2) for side in figure.get_size_inches())
        if width > MAX_WIDTH:
            raise ValueError(
                f"draw: expected a figure at most {MAX_WIDTH} inches wide, so that its text can be read on a phone; "
                f"got {width} at {values}."
            )
        text = describe(**values)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"describe: expected a text that stands for the figure, got {text!r} at {values}.")
        with io.StringIO() as file:
            figure.savefig(file, format="svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))
            drawn = file.getvalue()
        plt.close(figure)
    body, definitions = _compact(drawn)
    svg = (
        f'<svg role="img" aria-label="{html.escape(_minus(text))}" viewBox="0 0 {72 * width:g} {72 * height:g}" '
        f'width="{96 * width:g}" height="{96 * height:g}" stroke-linejoin="round" stroke-linecap="butt" '
        f'style="display:block;max-width:100%;height:auto">{body}</svg>'
    )
    return svg, definitions, (width, height)


def _compact(drawn):
    """Matplotlib's SVG for use inside a page: what it draws, and by id what it defines.

    The id of a definition is a digest of its content (or names a font and a letter), so frames can share it.
    """
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.rindex("</svg>")]
    # Its style sheet would hold for the whole page; the two properties in it are inherited from the <svg> instead.
    body = re.sub(r"<!--.*?-->|<style.*?</style>|<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r' id="([^"]+)"', lambda match: match[0] if match[1] in used else "", body)
    # Two decimals are a hundredth of a point. What scales the letters keeps all of its own.
    body = re.sub(r"scale\([^)]*\)|-?\d+\.\d{3,}", lambda match: _short(match[0]), body)
    body = re.sub(r"\s+", " ", body)
    for long, short in (("> <", "><"), (' "', '"'), ("; ", ";"), (": ", ":"), ("xlink:href", "href")):
        body = body.replace(long, short)
    definitions = {}
    for block in re.findall(r"<defs>(.*?)</defs>", body):
        for element in re.finditer(r'<(clipPath|pattern) id="([^"]+)".*?</\1>|<path id="([^"]+)"[^>]*/>', block):
            definitions[element[2] or element[3]] = element[0]
    return re.sub(r"<defs>.*?</defs>|<g></g>", "", body).strip(), definitions


def _short(number):
    return number if number.startswith("scale") else f"{float(number):.2f}".rstrip("0").rstrip(".")


def _hidden(definitions):
    shapes = "".join(definitions[name] for name in sorted(definitions))
    return f'<svg aria-hidden="true" width="0" height="0" style="position:absolute"><defs>{shapes}</defs></svg>'


def _still(axes):
    """What stands for the sliders while no script runs: their values."""
    return "".join(f"<p>{html.escape(f'{axis.label}: {axis.shown[axis.start]}')}</p>" for axis in axes.values())


def _minus(text):
    """A minus sign in place of a hyphen before a number."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)
