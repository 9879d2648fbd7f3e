"""Print what each attack gets, under nbgrader as it comes and under our grader."""

import tempfile
from pathlib import Path

from tabulate import tabulate
from tqdm import tqdm

from tests.attacks.corpus import ATTACKS
from tests.attacks.run import course, open_box, ours, stock

if __name__ == "__main__":
    rows, box = [], open_box()
    with tempfile.TemporaryDirectory() as folder, course(Path(folder)) as places:
        for attack in tqdm(ATTACKS, unit="attack"):
            without = stock(attack, places, folder) if attack.stock else "not run"
            rows.append([attack.name, attack.tries, without, ours(attack, box, places)])
    box.close()
    print(tabulate(rows, ["attack", "what it tries", "stock", "ours"], maxcolwidths=[None, 60, None, None]))
