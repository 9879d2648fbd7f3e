"""A student who has only the zip can do the assignment, and finds no answers in it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile

import nbformat
import pytest

import lstmlib
from lstmlib.grading.authoring import read_notebook
from lstmlib.grading.handout import hand_out, main
from tests.conftest import ROOT
from tests.test_leaks import leaks

ASSIGNMENTS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())
PARTS = ("lstmlib/grading/", "solutions", "tests/", "nbgrader_config")


@pytest.fixture(scope="module")
def zips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zips")
    package = ROOT / "lstmlib"
    return hand_out(ROOT / "exercises", folder, package, [package / "grading"], book="https://example.org/course/")


@pytest.fixture(scope="module")
def unpacked(zips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("students")
    for path in zips:
        zipfile.ZipFile(path).extractall(folder)
    return folder


def fresh_environment(folder, with_libraries=True):
    """A virtual environment that sees the libraries installed here, but not the library of this course."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    if with_libraries:
        command = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        site = subprocess.run(command, capture_output=True, text=True, check=True)
        with open(os.path.join(site.stdout.strip(), "here.pth"), "w") as file:
            file.write(sysconfig.get_path("purelib") + "\n")
    return python


def install(python, wheel):
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", "--quiet"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)


def environment():
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, allow_errors=True).execute()
nbformat.write(notebook, sys.argv[1])
"""


@pytest.fixture(scope="module")
def python(unpacked, tmp_path_factory):
    python = fresh_environment(tmp_path_factory.mktemp("venv"))
    (wheel,) = (unpacked / "lstm").glob("*.whl")
    install(python, wheel)
    return python


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_notebook_runs_where_only_the_zip_is(python, unpacked, assignment):
    folder = unpacked / assignment
    command = [python, "-c", RUN, f"{assignment}.ipynb"]
    # The experiment of the last exercise takes its time; all else runs.
    quick = {**environment(), "JUPYTER_PREFER_ENV_PATH": "1", "NBGRADER_EXECUTION": "autograde"}
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quick)
    assert run.returncode == 0, run.stderr[-3000:]
    notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    errors = {output.ename for output in outputs if output.output_type == "error"}
    assert errors <= {"NotImplementedError"}, outputs  # where a cell uses what is still to be written
    printed = json.dumps(outputs)
    assert "not-implemented" in printed or "nothing yet" in printed


def test_a_zip_holds_the_notebook_a_wheel_and_five_lines(zips):
    assert [path.stem for path in zips] == ASSIGNMENTS
    for path in zips:
        archive = zipfile.ZipFile(path)
        names = archive.namelist()
        wheel = f"{path.stem}/lstmlib-{lstmlib.__version__}-py3-none-any.whl"
        assert {f"{path.stem}/README.txt", f"{path.stem}/{path.stem}.ipynb", wheel} <= set(names)
        text = archive.read(f"{path.stem}/README.txt").decode()
        assert len(text.splitlines()) == 5
        assert os.path.basename(wheel) in text


def test_the_notebooks_are_what_every_program_for_notebooks_can_open(unpacked):
    """VS Code picks a kernel by kernelspec and language; all want format 4.5, in which each cell has an id."""
    for assignment in ASSIGNMENTS:
        content = json.loads((unpacked / assignment / f"{assignment}.ipynb").read_text())
        nbformat.validate(content)
        assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
        assert content["metadata"]["kernelspec"] == {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        }
        ids = [cell["id"] for cell in content["cells"]]
        assert len(set(ids)) == len(ids)


def test_no_answer_and_no_part_of_grading_is_in_a_zip(zips, unpacked):
    for path in zips:
        (wheel,) = (unpacked / path.stem).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            assert not [name for name in archive.namelist() if name.startswith(PARTS)]
            archive.extractall(unpacked / path.stem / "wheel")
    # The sources of the check are public. They hold no key, no seed and no model answer.
    files = [file for file in unpacked.rglob("*") if file.suffix in {".ipynb", ".txt"}]
    assert leaks(files) == []


def test_zips_are_the_same_bytes_each_time(zips, tmp_path):
    package = ROOT / "lstmlib"
    again = hand_out(ROOT / "exercises", tmp_path, package, [package / "grading"], book="https://example.org/course/")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in zips]


def test_links_lead_to_the_published_book_or_nowhere(unpacked, tmp_path):
    text = (unpacked / "training" / "training.ipynb").read_text()
    assert "](https://example.org/course/book/language_model.html#training)" in text
    assert "](../" not in text
    (path,) = [p for p in hand_out(ROOT / "exercises", tmp_path, ROOT / "lstmlib") if p.stem == "training"]
    text = zipfile.ZipFile(path).read("training/training.ipynb").decode()
    assert "](" not in text.replace("\\n", "")
    assert "(lm-descent) in Training" in text


def test_a_folder_without_releases_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a folder for each released assignment"):
        hand_out(tmp_path / "nothing", tmp_path, ROOT / "lstmlib")


@pytest.mark.parametrize("address", ["example.org", "//example.org", "../book", "https://"])
def test_an_address_that_browsers_would_take_for_a_file_is_refused(address, tmp_path, capsys):
    (tmp_path / "lstm.zip").touch()
    with pytest.raises(SystemExit):
        main([str(ROOT / "exercises"), str(tmp_path), "--package", str(ROOT / "lstmlib"), "--book", address])
    assert "Expected an address beginning with https://" in capsys.readouterr().err
    assert (tmp_path / "lstm.zip").exists()  # what was handed out before is still there


# The first cell -------------------------------------------------------------------------------------------


def first_cell(assignment):
    notebook = read_notebook(ROOT / "solutions" / assignment / f"{assignment}.md")
    return next(cell.source for cell in notebook.cells if cell.cell_type == "code")


def run_first_cell(python, folder, before=""):
    command = [python, "-c", before + first_cell("lstm")]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    return run.stderr.partition("ImportError: ")[2]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_notebook_begins_with_a_look_at_its_environment(assignment):
    assert first_cell(assignment).startswith((ROOT / "solutions" / "environment.py").read_text().strip())


def test_a_kernel_without_the_libraries_is_told_what_is_missing(tmp_path):
    python = fresh_environment(tmp_path / "venv", with_libraries=False)
    said = run_first_cell(python, tmp_path)
    assert said.startswith(f"This kernel, {python}, has no numpy. In the folder of the course, run"), said
    assert f'{python} -m pip install --upgrade -e ".[notebooks]"' in said
    wheel = "lstmlib-9.9.9-py3-none-any.whl"
    (tmp_path / wheel).touch()
    said = run_first_cell(python, tmp_path)
    assert f'In the folder {tmp_path}, run\n\n    {python} -m pip install --upgrade "{wheel}[notebooks]"\n' in said


def test_a_path_with_a_blank_is_quoted(tmp_path):
    python = fresh_environment(tmp_path / "my courses", with_libraries=False)
    assert f'run\n\n    "{python}" -m pip install' in run_first_cell(python, tmp_path)


def test_an_old_python_is_named(tmp_path):
    said = run_first_cell(sys.executable, tmp_path, before="import sys; sys.version_info = (3, 10, 4)\n")
    assert said.startswith(f"This kernel, {sys.executable}, is Python 3.10.4. Choose one with Python 3.11 or newer.")


def test_an_older_library_is_named_with_the_version_that_is_wanted(tmp_path):
    old = tmp_path / "lstmlib"
    old.mkdir()
    (old / "__init__.py").write_text('__version__ = "0.1.9"\n')
    said = run_first_cell(sys.executable, tmp_path)
    assert "needs lstmlib 0.2.0 or newer; this kernel has 0.1.9, from" in said


def test_the_version_of_the_library_is_said_twice_alike_and_is_new_enough():
    project = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    wanted = re.search(r'^WANTED = "(.*?)"', (ROOT / "solutions" / "environment.py").read_text(), re.MULTILINE)[1]
    assert project == lstmlib.__version__
    assert tuple(map(int, wanted.split("."))) <= tuple(map(int, project.split(".")))
