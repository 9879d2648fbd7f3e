"""Graded notebooks as HTML in which nothing that a student wrote can run: no script, no handler, no style, no frame."""

import copy
import html
import re

import bleach
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown_mistune import InvalidNotebook
from traitlets import Bool

from lstmlib.grading.repair import grade_id

_TAGS = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5
h6 hr i img kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var"""
# No id: Formgrader finds the boxes for scores by theirs, and would take a student's element for one.
_ATTRIBUTES = {"alt", "align", "colspan", "height", "href", "open", "rowspan", "src", "start", "title", "width"}
# The classes of coloured code, terminals' colours and data frames. Others belong to the page: a click on an element of
# the class full-credit gives full credit.
_CLASS = re.compile(r"highlight|hl-[\w-]+|dataframe|ansi-[\w-]+|[a-z][a-z0-9]{0,2}")
_PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;")


def clean(text):
    """HTML with all but plain markup shown as text, or left out."""
    protocols = ("http", "https", "mailto", "data")
    return bleach.clean(text, tags=_TAGS.split(), attributes=_is_harmless, protocols=protocols)


def _is_harmless(tag, name, value):
    if value.strip().lower().startswith("data:"):
        return tag == "img" and name == "src" and value.startswith(_PICTURES)
    if name == "href" and value.startswith("../"):
        return False  # from the folder of exercises to the book, which is not there for a page elsewhere
    return name in _ATTRIBUTES or (name == "class" and all(map(_CLASS.fullmatch, value.split())))


class SafeHTML(HTMLExporter):
    """nbconvert's exporter; it cleans rendered Markdown as well, which nbgrader's templates do not."""

    sanitize_html = Bool(True, help="Clean the HTML in outputs, and leave out their scripts.").tag(config=True)
    exclude_anchor_links = Bool(True, help="Headings without a link: it would lead nowhere.").tag(config=True)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a notebook: the HTML, and nbconvert's resources."""
        return super().from_notebook_node(_plain(nb), resources, **kw)

    def markdown2html(self, context, source):
        try:
            return super().markdown2html(context, source)
        except InvalidNotebook:  # a picture that was pasted from another cell is missing
            return f"<pre>{html.escape(source)}</pre>"

    vars(markdown2html).update(vars(HTMLExporter.markdown2html))  # jinja2 shall pass its context

    def default_filters(self):
        yield from super().default_filters()
        yield "clean_html", clean
        # All templates end with one of these two what they do with Markdown, and nbgrader's always with this one. It
        # may uncover a javascript: link, behind files/, so that cleaning comes after it.
        yield "strip_files_prefix", lambda text: clean(strip_files_prefix(text))


def _plain(nb):
    """A copy of a notebook without what the templates write into a page as it is, unless it is a number or a name."""
    nb = copy.deepcopy(nb)
    nb.metadata.pop("widgets", None)
    nb.cells = [cell for cell in nb.cells if cell.cell_type in ("code", "markdown", "raw")]
    for cell in nb.cells:
        name = grade_id(cell)
        if name is None or html.escape(name) != name:
            cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            cell.execution_count = _number(cell.get("execution_count"))
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = {kind: _sizes(given) for kind, given in output.metadata.items()}
    return nb


def _sizes(given):
    found = {key: _number(given.get(key)) for key in ("width", "height")} if isinstance(given, dict) else {}
    return {key: size for key, size in found.items() if size is not None}


def _number(value):
    return value if isinstance(value, int | float) else None
