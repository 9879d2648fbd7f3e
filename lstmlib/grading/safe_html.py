"""Feedback as HTML in which nothing that a student wrote can run: no script, no handler, no style, no frame."""

import bleach
from nbconvert.exporters import HTMLExporter

_TAGS = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5
h6 hr i img kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var"""
_ATTRIBUTES = {"alt", "align", "class", "colspan", "height", "href", "id", "open", "rowspan", "src", "start", "title",
               "width"}  # fmt: skip
_PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;")


def clean(html):
    """HTML with all but plain markup shown as text, or left out."""
    protocols = ("http", "https", "mailto", "data")
    return bleach.clean(html, tags=_TAGS.split(), attributes=_is_harmless, protocols=protocols)


def _is_harmless(tag, name, value):
    if value.strip().lower().startswith("data:"):
        return tag == "img" and name == "src" and value.startswith(_PICTURES)
    return name in _ATTRIBUTES


class SafeHTML(HTMLExporter):
    """nbconvert's exporter; it cleans rendered Markdown as well, which nbgrader's template for feedback does not."""

    def markdown2html(self, context, source):
        return clean(super().markdown2html(context, source))

    vars(markdown2html).update(vars(HTMLExporter.markdown2html))  # jinja2 shall pass its context

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", self.markdown2html
        yield "clean_html", clean
