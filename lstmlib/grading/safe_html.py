"""Graded notebooks as HTML in which nothing that a student wrote can run: no script, no handler, no style, no frame."""

import copy
import html
import itertools
import re
import secrets

import bleach
from bleach import html5lib_shim
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import ansi2html, strip_ansi, strip_files_prefix
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
# What is nested or left open takes a time that grows as its square, and everybody waits. What is beyond these is shown
# as it was written: an answer of more than 50 pages, or 500 rows of a data frame.
LONGEST = 200_000  # characters of one text, pictures aside
MOST_ON_A_PAGE = 500_000  # of all together
MOST_TOKENS = 20_000  # tags, and what is between them
DEEPEST = 50  # elements in one another
MOST_FORMATTING = 8  # elements such as <b> that are left open: each paragraph opens them again
MOST_ATTRIBUTES = 50
MOST_COLOURS = 10_000  # changes of colour in an output
LONGEST_CLEANED = 5 * LONGEST  # what is opened again brings its attributes with it
_PICTURE = re.compile(r"[A-Za-z0-9+/=]{1000,}")
_MATHEMATICS = re.compile(r"\\begin\{|\\\\[\[(]")
_AS_WRITTEN = re.compile(r"<pre>[^<]*</pre>")


class _TooMuchError(Exception):
    """A text that would take too long to clean."""


class _Tokenizer(html5lib_shim.BleachHTMLTokenizer):
    """Gives up where the time is not in proportion to the text."""

    def __iter__(self):
        tree = self.parser.tree
        for count, token in enumerate(super().__iter__()):
            formatting = len(tree.activeFormattingElements)
            if count > MOST_TOKENS or len(tree.openElements) > DEEPEST or formatting > MOST_FORMATTING:
                raise _TooMuchError
            yield token

    def attributeNameState(self):  # noqa: N802 - html5lib calls it so
        if len(self.currentToken["data"]) > MOST_ATTRIBUTES:
            raise _TooMuchError
        return super().attributeNameState()


class _Growth(html5lib_shim.Filter):
    """Gives up where more comes out than went in."""

    def __iter__(self):
        length = 0
        for token in super().__iter__():
            length += len(repr(token.get("data")))
            if length > LONGEST_CLEANED:
                raise _TooMuchError
            yield token


class _Parser(html5lib_shim.BleachHTMLParser):
    def reset(self):
        self.tokenizer.__class__ = _Tokenizer  # bleach has made it just now, and leaves no choice of another
        super().reset()


def clean(text):
    """HTML with all but plain markup shown as text, or left out; as it was written where that would take too long."""
    protocols = ("http", "https", "mailto", "data")
    cleaner = bleach.Cleaner(_TAGS.split(), _is_harmless, protocols, filters=[_Growth])
    cleaner.parser = _Parser(cleaner.tags, strip=False, consume_entities=False, namespaceHTMLElements=False)
    mark, numbers, pictures = secrets.token_hex(), itertools.count(), _PICTURE.findall(text)
    try:
        cleaned = cleaner.clean(_PICTURE.sub(lambda _: f"{mark}{next(numbers):06d}", text))
    except _TooMuchError:
        return _as_written(text)
    if cleaned.count(mark) > len(pictures):
        return _as_written(text)
    return re.sub(f"{mark}([0-9]{{6}})", lambda found: pictures[int(found[1])], cleaned)


def _as_written(text):
    return f"<pre>{html.escape(text)}</pre>"


def _is_harmless(tag, name, value):
    if value.strip().lower().startswith("data:"):
        return tag == "img" and name == "src" and value.startswith(_PICTURES)
    if name == "href" and value.startswith("../"):
        return False  # from the folder of exercises to the book, which is not there for a page elsewhere
    return name in _ATTRIBUTES or (name == "class" and all(map(_CLASS.fullmatch, value.split())))


class SafeHTML(HTMLExporter):
    """nbconvert's exporter; it cleans rendered Markdown as well, which nbgrader's templates do not."""

    _left = MOST_ON_A_PAGE

    sanitize_html = Bool(True, help="Clean the HTML in outputs, and leave out their scripts.").tag(config=True)
    exclude_anchor_links = Bool(True, help="Headings without a link: it would lead nowhere.").tag(config=True)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a notebook: the HTML, and nbconvert's resources."""
        self._left = MOST_ON_A_PAGE
        return super().from_notebook_node(_plain(nb), resources, **kw)

    def markdown2html(self, context, source):
        beginnings = len(_MATHEMATICS.findall(source))  # for each, all the rest is searched for its end
        if not self._can_afford(len(source) * (1 + beginnings // 500)):
            return _as_written(source)
        try:
            return super().markdown2html(context, source)
        except InvalidNotebook:  # a picture that was pasted from another cell is missing
            return _as_written(source)

    vars(markdown2html).update(vars(HTMLExporter.markdown2html))  # jinja2 shall pass its context

    def default_filters(self):
        yield from super().default_filters()
        yield "ansi2html", _coloured
        yield "clean_html", self._clean
        # All templates end with one of these two what they do with Markdown, and nbgrader's always with this one. It
        # may uncover a javascript: link, behind files/, so that cleaning comes after it.
        yield "strip_files_prefix", lambda text: self._clean(strip_files_prefix(text))

    def _clean(self, text):
        if _AS_WRITTEN.fullmatch(text):
            return text
        return clean(text) if self._can_afford(_length(text)) else _as_written(text)

    def _can_afford(self, length):
        affordable = length <= min(LONGEST, self._left)
        self._left -= length if affordable else 0
        return affordable


def _coloured(text):
    return ansi2html(strip_ansi(text) if text.count("\x1b") > MOST_COLOURS else text)


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
                if _length((output.get("data") or {}).get("text/html", "")) > LONGEST and "text/plain" in output.data:
                    del output.data["text/html"]  # it would be shown as it was written
                if "metadata" in output:
                    output.metadata = {kind: _sizes(given) for kind, given in output.metadata.items()}
    return nb


def _length(text):
    return len(_PICTURE.sub("", text))


def _sizes(given):
    found = {key: _number(given.get(key)) for key in ("width", "height")} if isinstance(given, dict) else {}
    return {key: size for key, size in found.items() if size is not None}


def _number(value):
    return value if isinstance(value, int | float) else None
