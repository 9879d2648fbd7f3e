"""What came out of the experiments, kept as JSON beside the fingerprints of the code that made it.

A record that the present code did not make is refused. What counts is the code itself, neither comments nor docstrings:
a fingerprint is taken of the syntax tree of the experiment and of every module of lstmlib that it imports.
"""

import ast
import hashlib
import json
from pathlib import Path

import numpy as np

from lstmlib.storage import load

NAMES = (
    "vanishing", "zero_input", "first_symbol", "adding", "temporal_order", "continual_sum", "ablations", "copy_task",
    "counting", "matched", "step_time", "agreement", "digits", "language_model",
)
HERE = Path(__file__).parent
LIBRARY = HERE.parent
RECORDS = HERE / "records"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Record:
    """What came out of one experiment.

    Attributes
    ----------
    name : str
    seeds : list of int
    results : dict
        Condition to a list with one dict of figures for each seed.
    seconds : float
        Processor time of all runs together, on the machine that made them.
    versions : dict
        Of Python and NumPy.
    """

    def __init__(self, name, seeds, results, seconds, versions, code):
        self.name, self.seeds, self.results = name, seeds, results
        self.seconds, self.versions, self.code = seconds, versions, code

    @property
    def conditions(self):
        """Names of what was compared."""
        return list(self.results)

    def values(self, condition, key):
        """One figure for each seed, as a float array; NaN where a run has none."""
        return np.array([np.nan if run[key] is None else run[key] for run in self._runs(condition, key)], dtype=float)

    def curves(self, condition, key="losses"):
        """A list of figures for each seed, shape (seeds, points); NaN after the end of a shorter one."""
        lists = [run[key] for run in self._runs(condition, key)]
        padded = np.full((len(lists), max(map(len, lists))), np.nan)
        for row, values in zip(padded, lists, strict=True):
            row[: len(values)] = [np.nan if value is None else value for value in values]
        return padded

    def range(self, condition, key):
        """Lowest, median and highest of the seeds: with so few of them, an interval would promise too much."""
        values = self.values(condition, key)
        return float(values.min()), float(np.median(values)), float(values.max())

    def table(self, keys, digits=3):
        """Rows of text, each a condition and its figures: the median and, in brackets, the range over the seeds.

        Yes-or-no figures are counted, such as "3 of 5".
        """
        return [[condition, *(self._cell(condition, key, digits) for key in keys)] for condition in self.conditions]

    def markdown(self, headings, digits=3):
        """The table as Markdown; `headings` has a heading for each key, such as ``{"accuracy": "Right answers"}``."""
        head = ["", *headings.values()]
        rows = [head, ["---"] * len(head), *self.table(headings, digits)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def weights(self, params):
        """Fill parameters, in place, with those of the first run, where the experiment keeps them (float16)."""
        load(RECORDS / f"{self.name}.npz", params)

    def _cell(self, condition, key, digits):
        runs = self._runs(condition, key)
        if all(isinstance(run[key], bool) for run in runs):
            return f"{sum(run[key] for run in runs)} of {len(runs)}"
        low, middle, high = (_number(value, digits) for value in self.range(condition, key))
        return middle if low == high else f"{middle} ({low} to {high})"

    def _runs(self, condition, key):
        if condition not in self.results:
            raise KeyError(f"{self.name}: expected one of the conditions {self.conditions}, got {condition!r}.")
        runs = self.results[condition]
        if key not in runs[0]:
            raise KeyError(f"{self.name}, {condition}: expected one of the figures {list(runs[0])}, got {key!r}.")
        return runs


def _number(value, digits):
    """With some significant digits, but 1234 rather than 1.23e+03."""
    return f"{value:.0f}" if 10**digits <= abs(value) < 1e6 else f"{value:.{digits}g}"


def record(name):
    """Read the record of an experiment.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    Record

    Raises
    ------
    RuntimeError
        If there is none, or other code made it; the message names what changed since.
    """
    if name not in NAMES:
        raise ValueError(f"name: expected one of {', '.join(NAMES)}, got {name!r}.")
    path = RECORDS / f"{name}.json"
    what_to_do = f"Run `make experiments`, or `python -m lstmlib.experiments {name}`."
    if not path.exists():
        raise RuntimeError(f"{name}: expected a record in {path.name}, there is none. {what_to_do}")
    found = Record(**json.loads(path.read_text(encoding="utf-8")))
    code = fingerprints(name)
    changed = sorted(module for module in code.keys() | found.code.keys() if code.get(module) != found.code.get(module))
    if changed:
        raise RuntimeError(
            f"{name}: expected a record made by the present code, got one from before a change of "
            f"{', '.join(changed)}. {what_to_do}"
        )
    return found


def write(found, weights=()):
    """Write a record, one line for each run so that a change of it can be read; and weights, in half precision."""
    lines = []
    for key, value in vars(found).items():
        if key == "results":
            conditions = []
            for condition, runs in value.items():
                texts = ",\n   ".join(json.dumps(run, allow_nan=False, ensure_ascii=False) for run in runs)
                conditions.append(f"  {json.dumps(condition, ensure_ascii=False)}: [\n   {texts}\n  ]")
            lines.append('"results": {\n' + ",\n".join(conditions) + "\n }")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    RECORDS.mkdir(exist_ok=True)
    if weights:
        halves = {name: value.astype(np.float16) for name, value in weights.items()}
        np.savez_compressed(RECORDS / f"{found.name}.npz", **halves)
    (RECORDS / f"{found.name}.json").write_text("{\n " + ",\n ".join(lines) + "\n}\n", encoding="utf-8")


def fingerprints(name, library=LIBRARY):
    """SHA-256 of the code of an experiment, of every module it imports of this library, and of the data it reads."""
    codes: dict[str, str] = {}
    todo = [f"experiments.{name}"]
    while todo:
        module = todo.pop()
        if module not in codes:
            tree = ast.parse(_file(library, module).read_text(encoding="utf-8"))
            # What is asked of the figures does not make them.
            tree.body = [node for node in tree.body if getattr(node, "name", "") != "check"]
            codes[module] = hashlib.sha256(_text(tree).encode()).hexdigest()
            todo += [imported for imported in _imports(tree, library) if _file(library, imported)]
    for data in _data(library, name):
        codes[data] = hashlib.sha256((library / "experiments" / data).read_bytes()).hexdigest()
    return dict(sorted(codes.items()))


def _file(library, module):
    """Path of the module or package `module`, named without "lstmlib."; None if there is no such file."""
    path = library.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py") if module else (library / "__init__.py",)
    return next((file for file in candidates if file.is_file()), None)


def _imports(tree, library):
    """Modules of lstmlib that may be meant: in ``from lstmlib.a import b``, b may be a module or a name in a."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lstmlib":
            own = (node.module or "").removeprefix("lstmlib").lstrip(".")
            names = [f"{own}.{alias.name}".lstrip(".") for alias in node.names]
            yield from names
            # A package is read only for what it defines itself: its submodules' names say enough.
            if any(_file(library, name) is None for name in names):
                yield own
        elif isinstance(node, ast.Import):
            yield from (alias.name[len("lstmlib.") :] for alias in node.names if alias.name.startswith("lstmlib."))


def _text(node):
    """A syntax tree as text, without docstrings and places.

    `ast.dump` would do, but its text differs between versions of Python: newer ones leave out what is empty.
    """
    if isinstance(node, ast.AST):
        fields = {field: value for field, value in ast.iter_fields(node) if value is not None and value != []}
        if isinstance(node, DOCUMENTED) and node.body and _is_docstring(node.body[0]):
            fields["body"] = node.body[1:]
        return f"{type(node).__name__}({', '.join(f'{field}={_text(value)}' for field, value in fields.items())})"
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    return repr(node)


def _is_docstring(statement):
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Constant) and isinstance(value.value, str)


def _data(library, name):
    """The files that an experiment names in ``DATA``."""
    for node in ast.parse(_file(library, f"experiments.{name}").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DATA":
            return ast.literal_eval(node.value)
    return ()
