"""Pages of graded notebooks: feedback for students, which can be read on a telephone, and what Formgrader shows."""

from lstmlib.grading.safe_html import SafeHTML

# Neither nbgrader's templates nor Bootstrap keep columns apart, wide figures on the page, and long lines in sight.
# Bootstrap hides the triangle of what can be opened, and colours links that lead nowhere.
_STYLE = """<style>
.rendered_html td, .rendered_html th { padding: 2px 8px; vertical-align: top; }
.output_html td, .output_html th { text-align: right; }
.output_area, .rendered_html { overflow-x: auto; }
.output_area img, .output_area svg, .rendered_html img { max-width: 100%; height: auto; }
.output pre, .rendered_html pre { white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; }
summary { display: list-item; }
a:not([href]) { color: inherit; }
</style>
"""
# In nbgrader's feedback a heading has room for one line, and a telephone is taken for a wide screen.
_FOR_FEEDBACK = """<meta name="viewport" content="width=device-width, initial-scale=1">
<style>div.nbgrader_cell .panel-heading { height: auto; min-height: 37px; overflow: hidden; }</style>
"""


class Page(SafeHTML):
    """Safe HTML with a style of its own, which comes last."""

    head = _STYLE

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a notebook: the HTML, and nbconvert's resources."""
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return page.replace("</head>", f"{self.head}</head>", 1), resources


class FeedbackPage(Page):
    """What a student gets."""

    head = _STYLE + _FOR_FEEDBACK
