"""What the scripts in this folder share: the command line, the wheel, the checksum, the writing."""

import argparse
import csv
import hashlib
import io
import sys
import zipfile
from pathlib import Path

from course_lib import fetch
from course_lib.errors import CourseError
from course_lib.registry import DATASETS


def rebuild(name, about, make, source=None):
    """Rebuild a file of the course from the command line, or stop with one sentence and leave it as it is.

    Args:
        name: str, the file's name in the registry.
        about: str, the script's docstring.
        make: function of the Path of a source on disk, or of None to fetch it; returns the file's bytes.
        source: str, what the source is; None where there is none.
    Raises:
        SystemExit: the source is out of reach or another one, or the file cannot be written.
    """
    file = next(file for dataset in DATASETS.values() for file in dataset.files if file.name == name)
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    if source:
        parser.add_argument("source", nargs="?", type=Path, help=f"{source}, on disk; else it is fetched")
    output = Path(__file__).parents[1] / name
    parser.add_argument("--output", type=Path, default=output, help=f"default: datasets/{name}")
    arguments = parser.parse_args()
    given = arguments.source if source else None
    try:
        content = make(given)
    except CourseError as error:
        sys.exit(str(error))
    except Exception as error:  # another source can fail anywhere
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        sys.exit(f"{given or 'What was fetched'} is not {source} ({reason}).")
    received = hashlib.sha256(content).hexdigest()
    if received != file.sha256:
        sys.exit(f"{name}: expected SHA-256 {file.sha256}, received {received}; nothing was written.")
    part = arguments.output.with_name(f"{arguments.output.name}.part")
    try:
        part.write_bytes(content)
        part.replace(arguments.output)
    except OSError as error:
        part.unlink(missing_ok=True)
        sys.exit(f"{arguments.output} cannot be written ({error.strerror}).")
    print(f"{arguments.output.name}: {len(content)} bytes, as expected")


def read_wheel(requirement, member, path):
    """Read a file out of a wheel, which is never run.

    Args:
        requirement: str, such as `"statsmodels==0.14.6"`.
        member: str, the file's path inside the wheel.
        path: Path of the wheel on disk, or None for the one that pip fetches.
    Returns:
        bytes.
    Raises:
        CourseError: pip cannot fetch it.
    """
    if path is None:
        return fetch.read_wheel(requirement, member)
    with zipfile.ZipFile(path) as wheel:
        return wheel.read(member)


def to_csv(header, rows):
    """Write a table as the bytes of a CSV file: UTF-8, lines end in a line feed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()
