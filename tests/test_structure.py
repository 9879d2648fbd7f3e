"""The house: imports run downwards, and the core costs nothing but NumPy."""

import ast
import subprocess
import sys

import pytest

import lstmlib
from tests.conftest import ROOT

MATH = {"activations", "compose", "fast", "gru", "init", "layer", "losses", "lstm", "optim", "rnn", "shapes"}
STUDY = {"experiments", "gradcheck", "gradients", "interop", "storage", "tasks", "train"}
FACES = {"check", "grading", "widgets"}
MODULES = sorted((ROOT / "lstmlib").rglob("*.py"))


def part(module):
    """`lstmlib.check.report` and the file of it belong to the part `check`."""
    return module.split(".")[1] if "." in module else ""


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "lstmlib":
            yield from (f"lstmlib.{alias.name}" if alias.name.islower() else "lstmlib" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path):
    own = part(".".join(path.relative_to(ROOT).with_suffix("").parts)).removeprefix("__init__")
    below = {"": MATH, **dict.fromkeys(MATH, MATH), **dict.fromkeys(STUDY, MATH | {"", *STUDY})}
    below |= {"check": MATH | STUDY | {"", "check"}, "widgets": MATH | STUDY | {"", "widgets"}, "grading": {"grading"}}
    # A study may use another, but none may rest on an experiment: its record would change with every one of them.
    below |= {study: below[study] - {"experiments"} for study in STUDY - {"experiments"}}
    assert own in below, f"say in this test to which floor of the house {own} belongs"
    for module in imports(path):
        if module.split(".")[0] == "lstmlib":
            assert part(module) in below[own], f"{own} imports {module}"


def test_the_layers_load_no_library_but_numpy():
    code = "import sys; from lstmlib import *; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(run.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "ipywidgets", "nbgrader", "IPython", "jupytext", "scipy", "torch"}


def test_grading_starts_without_what_only_the_judge_needs():
    code = "import sys, lstmlib.grading.autograde; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(run.stdout.split()) & {"numpy", "IPython", "jupytext", "matplotlib"}


def test_the_layers_and_their_modules_are_found_by_name():
    code = "import lstmlib; print(lstmlib.lstm.step, lstmlib.GRU, {'LSTM', 'lstm', 'rnn'} <= set(dir(lstmlib)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "lstmlib.gru.GRU" in run.stdout and run.stdout.endswith(" True\n")
    with pytest.raises(AttributeError, match="no attribute 'lost'"):
        lstmlib.lost  # noqa: B018


def test_checking_an_exercise_needs_no_library_but_numpy():
    code = "import sys, lstmlib.check; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(run.stdout.split()) & {"matplotlib", "ipywidgets", "nbgrader", "IPython", "jupytext", "scipy"}


@pytest.mark.parametrize("path", sorted((ROOT / "lstmlib/grading/room").glob("*.py")), ids=lambda path: path.name)
def test_what_runs_in_the_sandbox_imports_nothing_of_the_library(path):
    """It is mounted there alone, under another name."""
    for module in imports(path):
        assert not module.startswith(("lstmlib", "..", "nbgrader")), module
