"""nbgrader's settings for this course; its commands work from this folder.

What a student hands in goes to class/submitted/<student>/<assignment>/<notebook>.ipynb. The folder class/ holds
submissions, gradebook and feedback: no command of this course ever empties it.
"""

import os
import sysconfig
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader import preprocessors as stock
from nbgrader.converters import GenerateAssignment

from lstmlib.grading.authoring import ClearSolutions
from lstmlib.grading.autograde import install
from lstmlib.grading.feedback import HideTests
from lstmlib.grading.page import FeedbackPage

ROOT = Path(__file__).resolve().parent
GUARD = ROOT / "class" / "nbgrader_config.py"
# In class/, whose folders have nbgrader's own names, its commands would find everything but these settings, and run
# students' code as it comes. nbgrader goes on after any other exception.
REFUSAL = """raise SystemExit("Expected to be run in the course's folder: cd .., and once more")\n"""
GUARD.parent.mkdir(exist_ok=True)
if not GUARD.exists() or GUARD.read_text() != REFUSAL:
    GUARD.write_text(REFUSAL)
# nbgrader starts alembic by its name, which is found in an environment that is not activated only this way.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

c = get_config()  # noqa: F821 - traitlets puts it there

c.CourseDirectory.course_id = "lstm-gru"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'class' / 'gradebook.db'}"
c.CourseDirectory.source_directory = "_build/source"  # made from solutions/ by `make exercises`
c.CourseDirectory.release_directory = "_build/release"  # `make exercises` copies it to exercises/
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.solution_directory = "class/solution"
c.NbGrader.logfile = str(ROOT / "class" / "nbgrader.log")

install()  # nbgrader autograde: students' code is locked up, and never shares a process with the tests
c.GenerateAssignment.preprocessors = [
    ClearSolutions if step is stock.ClearSolutions else step  # a cell may bring its own stub, as the quiz does
    for step in GenerateAssignment().preprocessors
]
c.Judge.records = "class/records"  # evidence for each mark, repair reports, and results by content
c.Judge.timeout = 30  # seconds a cell
c.Judge.packages = ["lstmlib"]
c.Judge.preload = ["scipy.special"]
c.Judge.warm_up = ["from lstmlib.check.rehearsal import rehearse; rehearse()"]
# All cells for each of them: a GRU's gate is an LSTM's by another name, and a GRU whose z is 0 is an RNN.
CELLS = [
    *(f"lstmlib.{folder}{cell}" for cell in ("rnn", "lstm", "gru") for folder in ("", "fast.")),
    *("lstmlib.experiments.ablated", "lstmlib.experiments.ablations", "lstmlib.gradients", "lstmlib.interop"),
]
c.Judge.silent = ["lstmlib.check.check"]  # a check that students have left in a cell
c.Judge.absent = {
    "rnn": [*CELLS, "lstmlib.activations", "lstmlib.losses", "lstmlib.check"],  # a loss has a softmax in it
    "lstm": [*CELLS, "lstmlib.check"],
    "gru": [*CELLS, "lstmlib.check"],
    "training": ["lstmlib.activations", "lstmlib.losses", "lstmlib.optim", "lstmlib.train", "lstmlib.check"],
}

# Nothing that a student wrote runs in the browser of whoever reads it: in feedback, and by install() in Formgrader.
c.GenerateFeedback.exporter_class = FeedbackPage
# Feedback shows reports and points, not the seeds and the quiz key of the hidden tests.
c.GenerateFeedback.preprocessors = [stock.GetGrades, HideTests, CSSHTMLHeaderPreprocessor]
