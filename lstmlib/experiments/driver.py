"""Run experiments in a pool of processes, write their records, or compare with them."""

import argparse
import os
import platform
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from itertools import product
from multiprocessing import get_context

import numpy as np

from lstmlib.experiments.records import NAMES, Record, fingerprints, record, write

DIGITS = 5  # significant ones that a record keeps
EXACT_DIGITS = 8  # of figures that any machine computes alike
QUICK = 60  # seconds that an experiment may take to be among those that are verified by turns
SECONDS_A_DAY = 24 * 60 * 60


def load(name):
    """Module of an experiment."""
    return import_module(f"lstmlib.experiments.{name}")


def run_one(name, condition, seed):
    """Run one condition with one seed; return its figures and the seconds of processor time it took."""
    start = time.process_time()
    result = load(name).run(condition, seed)
    return result, time.process_time() - start


def run_all(names, workers=2):
    """Run experiments in a pool of processes.

    Yields
    ------
    name : str
    outcome : Record or RuntimeError
    weights : dict of ndarray
        Parameters of the first run, where the experiment keeps them; otherwise empty.
    """
    from tqdm import tqdm

    code = {name: fingerprints(name) for name in names}  # before the first run: an edit during the runs must show
    jobs = [(name, *job) for name in names for job in product(load(name).CONDITIONS, load(name).SEEDS)]
    alone = [job for job in jobs if getattr(load(job[0]), "ALONE", False)]
    together = [job for job in jobs if job not in alone]
    done: dict[str, dict] = {name: {} for name in names}
    with tqdm(total=len(jobs), unit="run", smoothing=0, mininterval=1) as bar:
        for batch, size in ((together, workers), (alone, 1)):
            with ProcessPoolExecutor(size, get_context("spawn")) as pool:
                futures = {pool.submit(run_one, *job): job for job in batch}
                try:
                    for future in as_completed(futures):
                        name, *job = futures[future]
                        done[name][tuple(job)] = future.exception() or future.result()
                        bar.set_postfix_str(name)
                        bar.update()
                        if len(done[name]) == sum(other[0] == name for other in jobs):
                            yield name, *collect(name, done[name], code[name])
                except BaseException:  # Ctrl-C: what has not begun need not begin
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise


def collect(name, outcomes, code):
    """A record of the outcomes of all runs, or the first error; and the weights of the first run."""
    module = load(name)
    for (condition, seed), outcome in outcomes.items():
        if isinstance(outcome, BaseException):
            return RuntimeError(f"{name}, {condition}, seed {seed}: {type(outcome).__name__}: {outcome}"), {}
    weights, *_ = [outcomes[job][0].pop("weights", {}) for job in product(module.CONDITIONS, module.SEEDS)]
    exact = getattr(module, "EXACT", ())
    results = {
        condition: [rounded(outcomes[condition, seed][0], exact) for seed in module.SEEDS]
        for condition in module.CONDITIONS
    }
    seconds = round(sum(outcome[1] for outcome in outcomes.values()), 1)
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    return Record(name, list(module.SEEDS), results, seconds, versions, code), weights


def rounded(value, exact=(), digits=DIGITS):
    """Plain numbers with few significant digits; None where a number is not finite, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: rounded(part, (), EXACT_DIGITS if key in exact else DIGITS) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(part, exact, digits) for part in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{digits}g}") if np.isfinite(value) else None
    return value


def fits(name):
    """Whether there is a record and the present code made it."""
    try:
        record(name)
    except RuntimeError:
        return False
    return True


def complaints(name, found):
    """What a record should hold and does not, as lines of text."""
    try:
        load(name).check(found.results)
    except AssertionError as error:
        yield f"{name}: {error}"


def differences(name, old, new):
    """What differs between two records of one experiment by more than it may, as lines of text.

    Figures in ``EXACT`` follow from the starting weights alone and must agree to 1e-6, under conditions in ``CHAOTIC``
    to 1e-2. What training ends with may differ from machine to machine, since it magnifies the last bit of a sum that
    another processor adds up in another order: of it, only the share of seeds that solve the task is compared, and may
    differ by no more than 0.4, two seeds of five or one of three. On one machine all figures but times are the same.
    """
    exact, chaotic = (getattr(load(name), kind, ()) for kind in ("EXACT", "CHAOTIC"))
    for condition, runs in old.results.items():
        tolerance = 1e-2 if condition in chaotic else 1e-6
        for seed, before, after in zip(old.seeds, runs, new.results[condition], strict=True):
            for key in exact:
                if key in before and not np.allclose(before[key], after[key], rtol=tolerance, atol=0):
                    yield f"{condition}, seed {seed}: expected {key} {before[key]}, got {after[key]}."
        if "solved" in runs[0]:
            shares = [np.mean([run["solved"] for run in record.results[condition]]) for record in (old, new)]
            if abs(shares[0] - shares[1]) > 0.4:
                yield f"{condition}: expected a share of {shares[0]:.2f} solved, got {shares[1]:.2f}."


def verify(name, workers):
    """Run one experiment again and compare; return what is wrong, as lines of text."""
    old = record(name)
    ((_, new, _),) = run_all([name], workers)
    if isinstance(new, Exception):
        return [str(new)]
    same = new.results == old.results
    print(f"{name}: {'every figure is that of the record' if same else 'some figures differ from the record'}.")
    return [*complaints(name, new), *(f"{name}: {line}" for line in differences(name, old, new))]


def by_turns():
    """The experiment whose turn it is today, among those that are quick."""
    quick = [name for name in NAMES if record(name).seconds < QUICK]
    return quick[int(time.time() // SECONDS_A_DAY) % len(quick)]


def report(wrong):
    """Print what is wrong; return the exit status."""
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


def main():
    """Run what is asked for; the exit status is 1 if anything went wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or the workers would outlive us
    # The workers inherit it: one thread each is what two processes share best, and a sum is then always added up in the
    # same order, so that every digit of a run can be repeated.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    parser = argparse.ArgumentParser(prog="python -m lstmlib.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; all if left out")
    parser.add_argument("--force", action="store_true", help="also those whose record fits")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--verify", metavar="NAME", choices=NAMES, help="run one again and compare")
    parser.add_argument("--verify-one-by-turns", action="store_true", help="a quick one, each day another")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"expected names among {', '.join(NAMES)}; got {', '.join(unknown)}")
    if arguments.verify or arguments.verify_one_by_turns:
        return report(verify(arguments.verify or by_turns(), arguments.workers))
    names = arguments.names or NAMES
    fitting = [] if arguments.force else [name for name in names if fits(name)]
    start, wrong = time.perf_counter(), [line for name in fitting for line in complaints(name, record(name))]
    todo = [name for name in names if name not in fitting]
    for name, outcome, weights in run_all(todo, arguments.workers) if todo else ():
        if isinstance(outcome, Exception):
            wrong.append(str(outcome))
        else:
            write(outcome, weights)
            wrong += complaints(name, outcome)
    print(f"{len(todo)} run in {time.perf_counter() - start:.0f} s; {len(fitting)} fitted already.")
    return report(wrong)

