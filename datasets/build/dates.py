"""Rebuild datasets/dates.csv, which is generated: days of 1900 to 2099, each written in one of twenty ways.

Usage: python datasets/build/dates.py [--output FILE]
"""

from datetime import date, timedelta

import numpy as np
from rebuild import rebuild, to_csv

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
SIZES = {"train": 8_000, "validation": 1_000, "test": 1_000}
# Not strftime, whose names depend on the machine's language.
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def ordinal(number):
    """1st, 2nd, 3rd, 4th, ..., 11th, 12th, 13th."""
    return f"{number}{'th' if number in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def write(day, way):
    """Write a day in one of twenty ways.

    Args:
        day: date.
        way: int from 0 to 19.
    Returns:
        str.
    """
    weekday, month, number, year = WEEKDAYS[day.weekday()], MONTHS[day.month - 1], day.day, day.year
    return (
        f"{month} {number}, {year}",
        f"{month[:3]} {number}, {year}",
        f"{number} {month} {year}",
        f"{number} {month[:3]} {year}",
        f"{month} {ordinal(number)}, {year}",
        f"{ordinal(number)} {month} {year}",
        f"{ordinal(number)} of {month} {year}",
        f"the {ordinal(number)} of {month}, {year}",
        f"{weekday}, {month} {number}, {year}",
        f"{weekday}, {number} {month} {year}",
        f"{weekday[:3]} {number} {month[:3]} {year}",
        f"{weekday} the {ordinal(number)} of {month}, {year}",
        f"{month} {number}, {year}".upper(),
        f"{number:02} {month[:3]} {year}".upper(),
        f"{number}-{month[:3]}-{year}",
        f"{month} {number} {year}".lower(),
        f"{number}.{day.month}.{year}",
        f"{number:02}.{day.month:02}.{year}",
        f"{day.month}/{number}/{year}",
        f"{year}/{day.month:02}/{number:02}",
    )[way]


def make(_):
    """Draw the days without repetition, so that none is in two splits, and the ways equally often in each.

    Returns:
        bytes.
    """
    generator = np.random.RandomState(0)  # its stream is frozen, default_rng's is not
    drawn = iter(generator.permutation((LAST - FIRST).days + 1).tolist())
    rows = []
    for part, size in SIZES.items():
        for way in generator.permutation(size) % 20:
            day = FIRST + timedelta(days=next(drawn))
            rows.append([part, write(day, way), day.isoformat()])
    return to_csv(["split", "text", "iso"], rows)


if __name__ == "__main__":
    rebuild("dates.csv", __doc__, make)
