"""The page of a student's feedback, which can be read on a telephone, too."""

from lstmlib.grading.safe_html import SafeHTML

# In nbgrader's template a heading has room for one line, and a telephone is taken for a wide screen. Bootstrap hides
# the triangle of what can be opened, lets an output's long lines be cut, and colours links that lead nowhere.
_STYLE = """<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
div.nbgrader_cell .panel-heading { height: auto; min-height: 37px; overflow: hidden; }
.output pre { white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; }
summary { display: list-item; }
a:not([href]) { color: inherit; }
</style>
"""


class FeedbackPage(SafeHTML):
    """Safe HTML with a style of its own, which comes last."""

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a notebook: the HTML, and nbconvert's resources."""
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return page.replace("</head>", f"{_STYLE}</head>", 1), resources
