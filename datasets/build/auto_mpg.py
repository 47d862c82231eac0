"""Rebuild datasets/auto_mpg.csv from the PyPI wheel vega_datasets 0.9.0, which is read and never run.

Usage: python datasets/build/auto_mpg.py [WHEEL] [--output FILE]
"""

import json

from rebuild import read_wheel, rebuild, to_csv

REQUIREMENT = "vega_datasets==0.9.0"
MEMBER = "vega_datasets/_data/cars.json"
FIELDS = {  # ours: theirs
    "mpg": "Miles_per_Gallon",
    "cylinders": "Cylinders",
    "displacement_in3": "Displacement",
    "horsepower": "Horsepower",
    "weight_lb": "Weight_in_lbs",
    "acceleration_s": "Acceleration",
    "model_year": "Year",
    "origin": "Origin",
    "name": "Name",
}


def repair(cars):
    """Undo, in place, what the wheel's copy does to UCI's: 29 years and 5 names.

    Args:
        cars: list of dicts, in the order of the file, which is by model year.
    """
    eighty_two = False
    for car in cars:
        year = int(car["Year"][:4])
        eighty_two = eighty_two or (year == 1982 and car["Name"] == "chevrolet cavalier")
        if year == 1982 and not eighty_two:
            year = 1981  # the copy has 1982 for 1981 too; UCI's first car of 1982 is the Cavalier
            if car["Name"] == "datsun 210":
                car["Name"] = "datsun 210 mpg"
        car["Year"] = year
        car["Name"] = car["Name"].replace("Accelerationord", "accord")  # a column's name replaced in a car's


def make(path):
    """Turn the wheel's cars into the course's CSV.

    Args:
        path: Path of the wheel, or None to fetch it.
    Returns:
        bytes: the cars whose mpg is known, one a line, in the source's order; an unknown horsepower is empty.
    """
    cars = json.loads(read_wheel(REQUIREMENT, MEMBER, path))
    repair(cars)
    known = (car for car in cars if car["Miles_per_Gallon"] is not None)
    return to_csv(FIELDS, ([car[theirs] for theirs in FIELDS.values()] for car in known))


if __name__ == "__main__":
    rebuild("auto_mpg.csv", __doc__, make, f"the wheel {REQUIREMENT}")
