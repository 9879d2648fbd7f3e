"""Print, for each exercise, how many wrong solutions are named, how many right ones pass, how long a check takes."""

import sys
import time

import numpy as np
from tabulate import tabulate

from lstmlib.check import check
from tests.banks import RIGHT, WRONG, make


def milliseconds(exercise_id, codes):
    """The median and the longest time of a check over the solutions of a bank, repeated three times each."""
    times = []
    for code in codes:
        function = make(exercise_id, code)
        runs = []
        for _ in range(3):
            start = time.process_time()
            check(function, exercise_id)
            runs.append(time.process_time() - start)
        times.append(1e3 * min(runs))
    return f"{np.median(times):.1f}", f"{max(times):.0f}"


def main():
    """Print the table, then each wrong solution without a diagnosis; return 1 if one has a false diagnosis."""
    rows, unnamed, wrong, named, false = [], [], 0, 0, 0
    for exercise_id, bank in WRONG.items():
        here = 0
        for accepted, code in bank:
            report = check(make(exercise_id, code), exercise_id)
            here += report.diagnosis in accepted.split("|")
            if report.diagnosis not in accepted.split("|"):
                shown = code.__name__ if callable(code) else code.strip()
                false += report.diagnosis is not None
                unnamed.append(f"\n{exercise_id}: expected {accepted}, got {report.diagnosis}\n{shown}")
        right = sum(check(make(exercise_id, code), exercise_id).passed for code in RIGHT[exercise_id])
        times = milliseconds(exercise_id, [*RIGHT[exercise_id], *(code for _, code in bank)])
        rows.append([exercise_id, len(bank), here, len(RIGHT[exercise_id]), right, *times])
        wrong, named = wrong + len(bank), named + here
    headers = ["exercise", "wrong", "named", "right", "passed", "ms a check (median)", "(longest)"]
    print(tabulate(rows, headers))
    print(f"{named} of {wrong} wrong solutions are named ({named / wrong:.1%}), {false} falsely.")
    print("\n".join(unnamed))
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
