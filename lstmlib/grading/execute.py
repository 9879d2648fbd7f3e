"""Running a submission's cells so that what did not run earns nothing."""

from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute as NbgraderExecute


class Execute(NbgraderExecute):
    """Runs cells as nbgrader does, and survives the death of the kernel.

    nbgrader drops a submission that kills its kernel, without a mark. Here the cells that ran keep their
    outputs, and every cell that did not gets an error as its output, which counts as no points.
    """

    def preprocess(self, nb, resources=None, km=None):
        self.finished: set[int] = set()  # positions of cells
        try:
            return super().preprocess(nb, resources, km)
        except DeadKernelError:
            self.log.warning("The kernel died; the cells after that did not run and earn nothing.")
            for position, cell in enumerate(nb.cells):
                if cell.cell_type == "code" and cell.source.strip() and position not in self.finished:
                    text = "This cell did not run: the program had been ended by an earlier cell, or by this one."
                    cell.outputs = [new_output("error", ename="NotRun", evalue=text, traceback=[text])]
            return nb, resources

    def on_cell_executed(self, **kwargs):
        super().on_cell_executed(**kwargs)
        self.finished.add(kwargs["cell_index"])
