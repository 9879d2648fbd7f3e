"""What each attack gets under nbgrader as it comes, beside what it gets under ours."""

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import sys
import types
from pathlib import Path

from tabulate import tabulate

from tests.attacks.corpus import ATTACKS
from tests.attacks.run import course, open_stock_box, stock


def stock_results(folder):
    """Run all attacks against stock, as many at a time as there are cores; yield name and `Result` as they come."""
    here = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), here, _prepare, (folder,)) as pool:
        running = {pool.submit(_run, number): attack.name for number, attack in enumerate(ATTACKS)}
        for done in concurrent.futures.as_completed(running):
            yield running[done], done.result()


def table(theirs, own):
    """A text with a row for each attack: what it gets under stock, and under our grader."""
    rows = [[attack.name, attack.tries, theirs.get(attack.name), own.get(attack.name)] for attack in ATTACKS]
    return tabulate(rows, ["attack", "what it tries", "stock", "ours"], maxcolwidths=[None, 60, None, None])


def _prepare(folder):
    """Let this process have a course to be attacked, and a sandbox."""
    _own.folder = Path(folder, str(os.getpid()))
    _own.stack = contextlib.ExitStack()
    _own.places = _own.stack.enter_context(course(_own.folder))
    _own.box = open_stock_box()


_own = types.SimpleNamespace()  # what one process of the pool has


def _run(number):
    return stock(ATTACKS[number], _own.places, _own.folder, _own.box)


if __name__ == "__main__":  # for `make test`, beside the other tests
    os.nice(5)
    found = {name: list(result) for name, result in stock_results(sys.argv[1])}
    Path(sys.argv[1], "results.json").write_text(json.dumps(found))
