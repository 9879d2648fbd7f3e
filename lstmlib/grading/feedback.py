"""What of a graded notebook may be shown to the student whose it is."""

from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests
from traitlets import List


class HideTests(ClearHiddenTests):
    """Removes hidden tests from the feedback: their text, and the tracebacks that quote it.

    An error that comes out of a graded cell keeps its kind and its message. What went to standard error may quote
    lines as well, a warning does.
    """

    display_data_priority: List = List().tag(config=True)  # nbconvert sets it for each step

    def preprocess_cell(self, cell, resources, cell_index):
        if utils.is_solution(cell) or not utils.is_grade(cell):
            return cell, resources  # what a student writes of hidden tests is no hidden test
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
                elif output.get("name") == "stderr":
                    output.text = "(something on standard error, for which nbgrader gives no points)\n"
        return cell, resources
