"""Print what each attack gets, under nbgrader as it comes and under our grader."""

import contextlib
import tempfile
from pathlib import Path

from tqdm import tqdm

from tests.attacks.corpus import ATTACKS
from tests.attacks.run import course, open_box, ours
from tests.attacks.table import stock_results, table

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        theirs = dict(tqdm(stock_results(folder), "stock", len(ATTACKS)))
        with course(Path(folder)) as places, contextlib.closing(open_box()) as box:
            own = {attack.name: ours(attack, box, places) for attack in tqdm(ATTACKS, "ours")}
    print(table(theirs, own))
