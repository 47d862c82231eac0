"""The course's data: found, verified, fetched where needed, loaded."""

import hashlib
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course_lib import site
from course_lib.errors import CourseError

PACKAGE = Path(__file__).parent
ATTEMPTS = 3
TIMEOUT = 4, 15  # seconds to connect, seconds without a byte
QUIET_BELOW = 5_000_000  # bytes: a smaller download needs no progress bar


class DataError(CourseError):
    """What is wrong with a file of the course and what to do about it, in one sentence."""


@dataclass(frozen=True)
class Dataset:
    """A file that the course uses. Its card is in datasets/README.md."""

    title: str
    file: str
    sha256: str
    bytes: int
    licence: str
    source: str
    url: str | None = None  # its home, if that is not the course's repository


DATASETS = {
    "auto_mpg": Dataset(
        title="Auto MPG",
        file="auto_mpg.csv",
        sha256="bfb619ddcb5ffda6fa705d702491fa5d6f1ead6480aacdd4340251f6582f530c",
        bytes=19_691,
        licence="CC BY 4.0",
        source="https://doi.org/10.24432/C5859H",
    ),
}


class Status(NamedTuple):
    """A data set as `status` found it: usable or not, where it is or what is wrong, its size."""

    name: str
    ok: bool
    where: str
    bytes: int


def load_auto_mpg(sample=None, seed=0):
    """Load the 398 cars of Auto MPG. The horsepower of six is unknown.

    Args:
        sample: int from 1 to 398, rows to draw without replacement; None for all.
        seed: int, decides which rows are drawn.
    Returns:
        DataFrame in order of model year: mpg (miles per US gallon), cylinders, displacement_in3 (cubic
        inches), horsepower (NaN where unknown), weight_lb (pounds), acceleration_s (seconds from 0 to
        60 mph), model_year (1970 to 1982), origin ("USA", "Europe" or "Japan"), name.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: Quinlan (1993), https://doi.org/10.24432/C5859H, CC BY 4.0.
    """
    import pandas as pd

    path, where = _find("auto_mpg")
    cars = pd.read_csv(path)
    if sample is not None:
        cars = cars.sample(_rows(sample, len(cars)), random_state=seed).sort_index(ignore_index=True)
    print(f"Auto MPG: {len(cars)} cars, from {where}")
    return cars


def locate(name):
    """Find the file of a data set and verify it; fetch it if it is nowhere on this machine.

    The first of these that has it: $COURSE_DATA_DIR; the course's own datasets folder; the cache
    ($COURSE_CACHE_DIR, else the user's); the network ($COURSE_DATA_URL, else its home).

    Args:
        name: a key of `DATASETS`.
    Returns:
        Path of a file with the expected SHA-256.
    Raises:
        ValueError: no data set has that name.
        DataError: the file is damaged, or found nowhere.
    """
    return _find(name)[0]


def status():
    """Look for every data set on this machine, without using the network.

    Returns:
        list of `Status`, one a data set.
    """
    rows = []
    for name, dataset in DATASETS.items():
        try:
            found = _find_here(dataset)
            ok, where = True, found[1] if found else "not on this machine yet: fetched at its first use"
        except DataError as error:
            ok, where = False, str(error)
        rows.append(Status(name, ok, where, dataset.bytes))
    return rows


def _rows(sample, available):
    if isinstance(sample, bool) or not hasattr(sample, "__index__") or not 1 <= sample <= available:
        raise ValueError(f"sample: expected an int from 1 to {available}, received {sample!r}")
    return int(sample)


def _find(name):
    """Return the verified file's path, and words that say where it was found."""
    if name not in DATASETS:
        raise ValueError(f"name: expected one of {sorted(DATASETS)}, received {name!r}")
    return _find_here(DATASETS[name]) or _fetch(DATASETS[name])


def _find_here(dataset):
    for folder, where, shown, remedy in _folders():
        path = folder / dataset.file
        if path.is_file():
            if problem := _mismatch(path, dataset):
                shown = shown / dataset.file
                raise DataError(f"{shown}: {problem}; {remedy.format(shown)}.")
            return path, where
    path = _cache() / dataset.file
    if path.is_file() and not _mismatch(path, dataset):
        return path, "the cache"
    return None


def _folders():
    """Yield each local folder, words for it, its path as the user knows it, the remedy for a damaged file."""
    if given := os.environ.get("COURSE_DATA_DIR"):
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise DataError(f"COURSE_DATA_DIR: expected a folder, received {given!r}; create or unset it.")
        yield (
            folder,
            "the folder in COURSE_DATA_DIR",
            Path(given),
            "replace that file or unset COURSE_DATA_DIR",
        )
    own, wheels = "the course's own datasets folder", PACKAGE / "datasets"
    if wheels.is_dir():
        yield wheels, own, Path("course_lib/datasets"), "install the course again"
    else:
        yield PACKAGE.parent / "datasets", own, Path("datasets"), "restore it with `git checkout -- :/{}`"


def _cache():
    import pooch

    return Path(os.environ.get("COURSE_CACHE_DIR") or pooch.os_cache("course_lib")).expanduser()


def _mismatch(path, dataset):
    """Say how a file differs from what is expected, or return None."""
    try:
        with path.open("rb") as file:
            received = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if received == dataset.sha256:
        return None
    return f"expected SHA-256 {dataset.sha256[:12]}…, received {received[:12]}…"


def _url(dataset):
    """Return the address of a file, or None where no address is known."""
    folder = os.environ.get("COURSE_DATA_URL") or (None if dataset.url else _repository())
    return f"{folder.rstrip('/')}/{dataset.file}" if folder else dataset.url


def _repository():
    """Return the address of the course's datasets folder, or None: a clone and a wheel each know it."""
    found = site.address(PACKAGE.parent)
    return found and f"https://raw.githubusercontent.com/{found[0]}/{found[1]}/datasets"


class _RefusedError(Exception):
    """A server's answer that asking again would not change."""


def _fetch(dataset):
    import requests
    from filelock import FileLock

    url, target = _url(dataset), _cache() / dataset.file
    own_folder = f"put {dataset.file} into a folder and set COURSE_DATA_DIR to it"
    if not url:
        raise DataError(f"{dataset.title}: neither on this machine nor at a known address; {own_folder}.")
    shown = re.sub(r"//[^/@]*@", "//", url)  # without a mirror's password
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock"):
            if target.is_file() and _mismatch(target, dataset):
                target.unlink()
            if not target.is_file():  # another process may have fetched it meanwhile
                _download(url, target, dataset)
    except _RefusedError as error:
        raise DataError(
            f"{dataset.title}: {shown} {error}; try again later or from another network, or {own_folder}."
        ) from None
    except requests.RequestException as error:
        problem = f"{shown} could not be reached, or broke off ({type(error).__name__})"
        remedy = f"try again, which continues where it stopped, or {own_folder}"
        raise DataError(f"{dataset.title}: {problem}; {remedy}.") from None
    except OSError as error:
        problem = f"cannot write to the cache folder {_cache()} ({error.strerror or error})"
        remedy = "make room there, or set COURSE_CACHE_DIR to another folder"
        raise DataError(f"{dataset.title}: {problem}; {remedy}.") from None
    return target, f"{shown}, now in the cache"


def _download(url, target, dataset):
    """Fetch into `target`, which appears complete and verified or not at all; `<file>.part` may stay."""
    import pooch

    part = target.with_name(f"{target.name}.part")

    def attempt(url, output, _):
        if _receive(url, part, dataset) and _mismatch(part, dataset):  # what was continued did not fit
            part.unlink()
            _receive(url, part, dataset)
        if problem := _mismatch(part, dataset):
            part.unlink()
            raise _RefusedError(f"sent another file ({problem})")
        part.replace(output)

    known = {dataset.file: f"sha256:{dataset.sha256}"}
    store = pooch.create(_cache(), "", registry=known, urls={dataset.file: url}, retry_if_failed=ATTEMPTS - 1)
    pooch.get_logger().setLevel("WARNING")
    store.fetch(dataset.file, downloader=attempt)


def _receive(url, part, dataset):
    """Request a file once, continuing `part`; return whether `part` holds bytes of an earlier request."""
    import requests

    done = part.stat().st_size if part.exists() else 0
    if done >= dataset.bytes:
        return True
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.ConnectTimeout:
        raise _RefusedError(f"did not answer within {TIMEOUT[0]} seconds") from None
    with response:
        if response.status_code == 416:  # the server's file ends before this
            part.unlink()
        elif 400 <= response.status_code < 500 and response.status_code not in {408, 429}:
            raise _RefusedError(f"answered {response.status_code} {response.reason}")
        response.raise_for_status()
        done = done if response.status_code == 206 else 0  # a server may ignore Range and send everything
        with part.open("ab" if done else "wb") as file, _progress(dataset, done) as advance:
            for chunk in response.iter_content(16_384):
                file.write(chunk)
                advance(len(chunk))
    if part.stat().st_size < dataset.bytes and "Content-Length" not in response.headers:
        raise requests.ConnectionError("cut")  # where a length is announced, requests itself notices
    return done > 0


@contextmanager
def _progress(dataset, done):
    """Show a bar for a large file, in a terminal or a notebook that can; yield a function of new bytes."""
    from importlib.util import find_spec

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    able = find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    columns = "{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not able or dataset.bytes < QUIET_BELOW) as bar:
        task = bar.add_task(dataset.title, total=dataset.bytes, completed=done)
        yield lambda count: bar.advance(task, count)
