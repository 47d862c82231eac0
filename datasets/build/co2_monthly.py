"""Rebuild datasets/co2_monthly.csv from the PyPI wheel statsmodels 0.14.6, which is read and never run.

Usage: python datasets/build/co2_monthly.py [WHEEL] [--output FILE]
"""

import csv
from decimal import Decimal

from rebuild import read_wheel, rebuild, to_csv

REQUIREMENT = "statsmodels==0.14.6"
MEMBER = "statsmodels/datasets/co2/co2.csv"
FIRST_YEARS = {"test": 1994, "validation": 1988, "train": 1958}  # the last years are the test


def make(path):
    """Average the weekly values by month.

    Args:
        path: Path of the wheel, or None to fetch it.
    Returns:
        bytes: a line for every month, the empty ones too.
    """
    lines = read_wheel(REQUIREMENT, MEMBER, path).decode().splitlines()
    months = {}
    for week in csv.DictReader(lines):
        month = months.setdefault(f"{week['date'][:4]}-{week['date'][4:6]}", [])
        if week["co2"]:
            month.append(Decimal(week["co2"]))
    rows = []
    for month, values in sorted(months.items()):
        mean = (sum(values) / len(values)).quantize(Decimal("0.01")) if values else ""
        split = next(part for part, first in FIRST_YEARS.items() if int(month[:4]) >= first)
        rows.append([month, mean, len(values), split])
    return to_csv(["month", "co2_ppm", "weeks", "split"], rows)


if __name__ == "__main__":
    rebuild("co2_monthly.csv", __doc__, make, f"the wheel {REQUIREMENT}")
