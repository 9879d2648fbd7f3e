"""Records are those of the present code, hold what the chapters state, and would not hold just anything."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lstmlib import LSTM, tasks
from lstmlib.experiments import NAMES, cells, corpus, driver, language_model, record, records
from lstmlib.experiments.ablated import PARTS, AblatedLSTM
from lstmlib.experiments.corpus import LONGEST
from lstmlib.experiments.trial import trial
from lstmlib.gradcheck import numerical_gradient, relative_error
from tests.conftest import ROOT, skip_or_fail

SMALL = {  # how to have each experiment done in no time
    "vanishing": {"length": 4},
    "zero_input": {"length": 4},
    "first_symbol": {"iterations": 2},
    "adding": {"iterations": 2, "length": 10},
    "temporal_order": {"iterations": 2, "length": 10},
    "continual_sum": {"iterations": 2, "length": 100},
    "ablations": {"iterations": 2, "sum_iterations": 2, "length": 100},
    "copy_task": {"iterations": 2},
    "counting": {"iterations": 2, "tested": 5},
    "matched": {"iterations": 2},
    "step_time": {"seconds": 0},
    "agreement": {"iterations": 2, "tested": (10, 60)},
    "digits": {"iterations": 2},
    "language_model": {"iterations": 2, "points": 1, "written": 5},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_record_was_made_by_the_present_code_and_holds_what_is_stated(name):
    found, module = record(name), driver.load(name)
    assert found.conditions == list(module.CONDITIONS)
    assert found.seeds == list(module.SEEDS) and len(found.seeds) >= 3
    module.check(found.results)
    assert (records.RECORDS / f"{name}.json").stat().st_size < 30_000


@pytest.mark.parametrize("name", NAMES)
def test_a_check_fails_when_the_conditions_are_exchanged(name):
    found, check = record(name), driver.load(name).check
    for shift in range(1, len(found.conditions)):
        runs = list(found.results.values())
        exchanged = dict(zip(found.results, runs[shift:] + runs[:shift], strict=True))
        with pytest.raises(AssertionError, match="expected"):
            check(exchanged)


@pytest.mark.parametrize("name", NAMES)
def test_every_condition_runs_and_gives_what_json_can_hold(name):
    if name == "digits" and not importlib.util.find_spec("sklearn"):
        skip_or_fail("the digits need scikit-learn")
    module, found = driver.load(name), record(name)
    assert set(SMALL) == set(NAMES)
    for condition in module.CONDITIONS:
        result = driver.rounded(module.run(condition, 0, **SMALL[name]))
        result.pop("weights", None)
        assert json.loads(json.dumps(result, allow_nan=False)).keys() == found.results[condition][0].keys()


def test_the_same_seed_gives_the_same_figures():
    run = driver.load("first_symbol").run
    assert run("RNN", 3, iterations=5) == run("RNN", 3, iterations=5) != run("RNN", 4, iterations=5)


def test_a_run_that_diverges_is_a_result():
    def explosive(D, H, rng):
        layer = cells.irnn(D, H, rng)
        layer.params["W_h"] *= 10
        return layer

    _, _, result = trial(explosive, (2, 4, 1), lambda rng: tasks.adding(rng, 100, 4), 10, seed=0)
    assert result["diverged"] and not result["solved"]


# Records ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path):
    """A copy of the library's sources that a test may change."""
    return shutil.copytree(ROOT / "lstmlib", tmp_path / "lstmlib", ignore=shutil.ignore_patterns("__pycache__"))


def change(path, old, new):
    source = path.read_text()
    assert old in source
    path.write_text(source.replace(old, new, 1))


def changed(library, name="temporal_order"):
    before, after = records.fingerprints(name), records.fingerprints(name, library)
    return [module for module in before if before[module] != after[module]]


def test_a_changed_statement_changes_the_fingerprint(library):
    assert changed(library) == []
    change(library / "optim.py", "mean += (1 - beta_1)", "mean += (1 + beta_1)")
    change(library / "experiments" / "temporal_order.py", "T, N, H = 100", "T, N, H = 101")
    assert changed(library) == ["experiments.temporal_order", "optim"]


def test_a_changed_comment_docstring_or_check_does_not(library):
    change(library / "optim.py", "class Adam:", "# in other words\nclass Adam:")
    change(library / "optim.py", '"""Adam with bias', '"""In other words: Adam with bias')
    change(library / "experiments" / "temporal_order.py", '"""Who', '"""In other words: who')
    change(library / "experiments" / "temporal_order.py", "high=0.2", "high=0.3")  # a check makes no figures
    assert changed(library) == []


def test_what_an_experiment_does_not_import_does_not_count(library):
    change(library / "interop.py", "import", "import os\nimport")
    change(library / "experiments" / "adding.py", "iterations=", "iterations=1 + ")
    assert all(changed(library, name) == [] for name in ("matched", "vanishing", "language_model"))


def test_data_counts_too(library):
    change(library / "experiments" / "corpus.txt", "e", "E")
    assert changed(library, "language_model") == ["corpus.txt"]


def test_a_record_of_other_code_is_refused_with_what_to_do(tmp_path, monkeypatch):
    shutil.copytree(records.RECORDS, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(records, "RECORDS", tmp_path)
    change(tmp_path / "adding.json", '"optim": "', '"optim": "0')
    with pytest.raises(RuntimeError, match=r"adding: expected .* present code, got .* optim.*make experiments"):
        record("adding")
    (tmp_path / "adding.json").unlink()
    with pytest.raises(RuntimeError, match=r"expected a record in adding.json, there is none.*make experiments"):
        record("adding")
    with pytest.raises(ValueError, match=r"expected one of vanishing, .*, got 'subtracting'"):
        record("subtracting")


def test_reading_a_record_loads_no_library_but_numpy():
    code = "import sys; from lstmlib.experiments import record; record('adding'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & {"matplotlib", "ipywidgets", "IPython", "scipy", "sklearn", "tqdm"}


def made_up(**figures):
    """A record of two seeds under one condition."""
    runs = [{key: values[k] for key, values in figures.items()} for k in range(2)]
    return records.Record("made_up", [0, 1], {"A": runs}, 1.0, {}, {})


def test_figures_of_a_record():
    found = made_up(error=[0.5, None], solved=[True, False], size=[3, 3], losses=[[1.0, 2.0], [3.0]])
    np.testing.assert_array_equal(found.values("A", "error"), [0.5, np.nan])
    np.testing.assert_array_equal(found.curves("A"), [[1, 2], [3, np.nan]])
    assert found.range("A", "size") == (3, 3, 3)
    assert made_up(size=[1234, 1e9]).table(["size"])[0][1].startswith("5e+08 (1234 to")
    assert made_up(error=[0.125, 0.25]).table(["error"], 2) == [["A", "0.19 (0.12 to 0.25)"]]
    assert found.markdown({"solved": "Solved", "size": "Size"}) == (
        "|  | Solved | Size |\n| --- | --- | --- |\n| A | 1 of 2 | 3 |"
    )
    with pytest.raises(KeyError, match=r"expected one of the conditions \['A'\], got 'B'"):
        found.values("B", "size")
    with pytest.raises(KeyError, match="expected one of the figures"):
        found.values("A", "weight")


def test_rounding_keeps_few_digits_and_turns_what_is_not_finite_into_none():
    value = {"end": 1.23456789012, "x": [np.float32(1.23456789), np.inf], "y": np.bool_(True), "z": np.int64(7)}
    assert driver.rounded(value, ["end"]) == {"end": 1.2345679, "x": [1.2346, None], "y": True, "z": 7}


def test_comparing_records_finds_what_may_not_differ(monkeypatch):
    monkeypatch.setattr(driver, "load", lambda name: SimpleNamespace(EXACT=("end",)))
    old = made_up(end=[1.0, 1.0], solved=[True, True], error=[0.1, 0.1])
    assert not list(driver.differences("made_up", old, made_up(end=[1.0, 1 + 1e-8], solved=[True, True], error=[9, 9])))
    (line,) = driver.differences("made_up", old, made_up(end=[1.0, 1.001], solved=[True, True], error=[0.1, 0.1]))
    assert "seed 1: expected end 1.0, got 1.001" in line
    (line,) = driver.differences("made_up", old, made_up(end=[1.0, 1.0], solved=[True, False], error=[0.1, 0.1]))
    assert "expected a share of 1.00 solved, got 0.50" in line


def test_quick_experiments_are_verified_by_turns(monkeypatch):
    seconds = dict.fromkeys(NAMES, 1000) | {"adding": 20, "digits": 59, "matched": 1}
    monkeypatch.setattr(driver, "record", lambda name: SimpleNamespace(seconds=seconds[name]))
    turns = []
    for day in range(6):
        monkeypatch.setattr(driver.time, "time", lambda day=day: day * driver.SECONDS_A_DAY + 5)
        turns.append(driver.by_turns())
    assert turns == 2 * ["adding", "matched", "digits"]


def test_an_experiment_is_run_in_the_pool_and_an_error_names_its_run(monkeypatch):
    monkeypatch.setattr(driver, "run_one", len)  # of three arguments: fails in every worker
    ((name, error, _),) = driver.run_all(["zero_input"])
    assert name == "zero_input"
    assert re.search(r"zero_input, orthogonal × 0\.95, seed \d: TypeError", str(error))  # which is first, is chance
    monkeypatch.undo()
    assert driver.verify("zero_input", workers=1) == []


def test_the_weights_of_the_character_model_are_those_that_the_record_tells_of():
    found = record("language_model")
    run, text = found.results["LSTM"][0], corpus.read()
    model = language_model.make_model("LSTM", len(run["alphabet"]))
    found.weights(model.params)
    got = language_model.bits(model, text[len(text) * 9 // 10 :], run["alphabet"])
    assert got == pytest.approx(run["bits_new"], abs=0.02)  # float16 keeps three digits of a weight


# What experiments are made of -------------------------------------------------------------------------------


@pytest.mark.parametrize("without", [None, *PARTS])
def test_gradients_of_an_ablated_lstm_are_those_of_finite_differences(without):
    rng = np.random.default_rng(0)
    layer = AblatedLSTM(3, 4, rng, without=without)
    layer.params["b"] += 0.5 * rng.standard_normal(16)
    xs, weights = rng.standard_normal((5, 2, 3)), rng.standard_normal((5, 2, 4))
    tape = layer.forward(xs)[2]
    grads = layer.backward(tape, weights)
    for array, got in [*((layer.params[name], grads.params[name]) for name in layer.params), (xs, grads.xs)]:
        expected = numerical_gradient(lambda: (weights * layer.forward(xs)[0]).sum(), array)
        assert relative_error(got, expected) < 1e-6


def test_an_lstm_with_all_its_parts_is_the_lstm():
    whole, layer = LSTM(3, 4, rng=0), AblatedLSTM(3, 4, rng=0)
    xs = np.random.default_rng(1).standard_normal((6, 2, 3))
    expected = whole.forward(xs)
    np.testing.assert_allclose(layer.forward(xs)[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(layer.cells(xs)[-1], expected[1][1], rtol=1e-12)
    with pytest.raises(ValueError, match="without: expected one of"):
        AblatedLSTM(3, 4, without="a peephole")


def test_each_ablation_removes_what_it_names():
    xs, gates = np.random.default_rng(1).standard_normal((1, 2, 3)), {}
    for without in PARTS:
        _, _, i, f, g, o, shown, _ = AblatedLSTM(3, 4, rng=0, without=without).forward(xs)[2][1][0]
        gates[without] = i, f, o, g, shown
    assert all((gates[part][k] == 1).all() for k, part in enumerate(["input gate", "forget gate", "output gate"]))
    np.testing.assert_allclose(gates["coupled gates"][0], 1 - gates["coupled gates"][1])
    np.testing.assert_allclose(np.tanh(gates["input activation"][3]), gates["input gate"][3])
    np.testing.assert_allclose(np.tanh(gates["output activation"][4]), gates["output gate"][4])


def test_the_corpus_is_plain_prose():
    page = (
        "---\nfront: matter\n---\n# A title\n\nA *gate* is a `vector` of numbers. It is $x$ here. See {eq}`label`.\n"
        "[A link](page.md) is kept.\n\n```python\ncode = 1\n```\n\n:::{note}\nA note is kept.\n:::\n\n| a | table |\n"
    )
    assert corpus.corpus([page]) == "A gate is a vector of numbers. A link is kept.\n\nA note is kept.\n"
    assert len(corpus.corpus([page * 2000])) <= LONGEST + 1


def test_the_committed_corpus_has_no_marks():
    text = (records.HERE / "corpus.txt").read_text()
    assert not set(text) & set("$`*{}|#§\\")
    assert 1000 < len(text) <= LONGEST + 1
