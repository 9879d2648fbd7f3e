"""What an instructor can set in nbgrader_config.py as ``c.Judge…``."""

import base64
import math
import os
import re

from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets import Bool, Dict, Enum, Float, Integer, List, TraitError, Unicode, default, validate
from traitlets.config import LoggingConfigurable

from lstmlib.grading.judge.task import BACKENDS, Task

LEAST = {  # of what `limits` may say: who sets less most likely means another unit
    "memory": 64 * 2**20,  # the address space of NumPy alone is larger
    "processes": 2,  # the program and its copy, which a test calls
    "disk": 4096,  # a page; and 0 would be no bound at all
    "seconds": 1,
}


class Judge(LoggingConfigurable):
    """How notebooks are judged: student's cells in a sandbox, the tests outside of it, on proxies.

    A test cell is scored by its outputs, as nbgrader always does; they come from the trusted process alone.

    Raises
    ------
    TraitError
        If a setting is of a wrong type, or nothing could be judged with it.
    """

    sandbox = Enum(
        list(BACKENDS),
        "bubblewrap",
        help="Where students' code runs: in a bubblewrap sandbox, or unprotected in a process of its own.",
    ).tag(config=True)
    timeout = Float(
        30,
        help="Seconds for a cell of the student's, or for all calls that a test cell makes. Where this is not set, "
        "c.Execute.timeout counts, unless it is None, 0 or negative, which there means no limit.",
    ).tag(config=True)
    submission_timeout = Float(600, help="Seconds for all that the student's program does in a notebook.").tag(
        config=True
    )
    limits = Dict(
        per_key_traits={name: Integer() for name in LEAST} | {"sockets": Bool()},
        help="What a submission may take: memory and disk in bytes, processes, seconds of processor time, sockets.",
    ).tag(config=True)
    packages = List(Unicode(), help="Packages of the course that students' cells may import.").tag(config=True)
    absent = Dict(
        value_trait=List(Unicode()),
        help="Assignment to the modules that answer what it asks students to write, under whatever name; where it is "
        "judged, they are absent.",
    ).tag(config=True)
    silent = List(
        Unicode(),
        help="Functions of absent modules with which students look at their own work: a call does nothing there.",
    ).tag(config=True)
    preload = List(
        Unicode(),
        help="Modules that are imported once for all submissions that name them, besides those that a release imports.",
    ).tag(config=True)
    warm_up = List(
        Unicode(),
        help="Statements that are run before there is a notebook, in each process that forks for them: what runs often "
        "there, Python has made fast for all. They are to leave nothing else behind, and may fail.",
    ).tag(config=True)
    workers = Integer(0, help="How many notebooks are judged at the same time; 0: as many as there are cores.").tag(
        config=True
    )
    scheduler = Unicode(
        "", help="Address of a Dask scheduler, tcp://…, whose workers judge; without it, this machine does."
    ).tag(config=True)
    records = Unicode(
        "records", help="Folder, below the course's, for evidence, repair reports and results kept by content."
    ).tag(config=True)

    @default("timeout")
    def _be_as_in_nbconvert(self):
        seconds = Execute(config=self.config).timeout
        return seconds if seconds and seconds > 0 else Judge.timeout.default_value

    @validate("timeout", "submission_timeout")
    def _be_a_time(self, proposal):
        if not 0 < proposal["value"] < math.inf:
            name = proposal["trait"].name
            raise TraitError(f"expected a number of seconds above 0 as {name}, not {proposal['value']:g}")
        return proposal["value"]

    @validate("workers")
    def _be_a_number(self, proposal):
        if proposal["value"] < 0:
            raise TraitError(f"expected a number of notebooks as workers, or 0 for all cores, not {proposal['value']}")
        return proposal["value"]

    @validate("limits")
    def _be_limits(self, proposal):
        for name, value in proposal["value"].items():
            if name not in (*LEAST, "sockets"):
                raise TraitError(f"expected {', '.join(LEAST)} or sockets in limits, not {name!r}")
            if value < LEAST.get(name, 0):
                raise TraitError(f"expected at least {LEAST[name]} as {name} in limits, not {value}")
        return proposal["value"]

    def task(self, notebook, assignment, released, files, course_files, preload, seed):
        """What it takes to judge a notebook.

        Parameters
        ----------
        notebook : nbformat.NotebookNode
        assignment : str
        released : list of str
            The code of the cells that students got.
        files : dict
            Name to content of what lies beside the notebook.
        course_files : list of str
            Those that the course brings.
        preload : list of str
            Import statements of the release.
        seed : str

        Returns
        -------
        Task
        """
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        return Task(
            cells=[
                {"name": _name(cell) or f"cell {count}", "role": _role(cell), "source": cell.source}
                for count, cell in enumerate(cells, 1)
            ],
            released=released,
            files={name: base64.b64encode(content).decode() for name, content in files.items()},
            course_files=course_files,
            sandbox=self.sandbox,
            packages=list(self.packages),
            absent=list(self.absent.get(assignment, ())),
            silent=list(self.silent),
            preload=[*preload, *self.warm_up],
            also=[f"import {name}" for name in self.preload if any(_mentions(cell.source, name) for cell in cells)],
            limits=dict(self.limits),
            seconds=self.timeout,
            seconds_in_all=self.submission_timeout,
            seed=seed,
        )

    def how_many(self):
        """How many notebooks are judged at the same time."""
        return self.workers or os.cpu_count() or 1


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _mentions(source, module):
    """Whether the package of a module comes up in a cell."""
    return re.search(rf"\b{re.escape(module.split('.')[0])}\b", source) is not None


def _role(cell):
    if is_grade(cell) and not is_solution(cell):
        return "test"
    return "locked" if is_locked(cell) else "student"
