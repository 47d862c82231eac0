"""What this machine has, what the course needs, and what to do about the difference."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON = ((3, 11), (3, 13))
MEMORY, DISK = 4, 3  # GB: the largest lesson, and what its data and results take


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        what: its name.
        ok: False where the course does not run so.
        found: what was found.
        advice: what to do, or `""`.
    """

    what: str
    ok: bool
    found: str
    advice: str = ""


def examine():
    """Look at Python, packages, TensorFlow, memory, disk and data.

    Returns:
        list of Finding.
    """
    return [
        python(sys.version_info),
        *packages(),
        *tensorflow(),
        profile(),
        memory(),
        disk(Path.cwd()),
        *data(),
    ]


def python(version):
    """Whether this Python is one that the course is tested on."""
    (low, high), found = PYTHON, f"{version[0]}.{version[1]}.{version[2]}"
    ok = low <= tuple(version[:2]) <= high
    advice = (
        "" if ok else f"Install Python {low[0]}.{low[1]} to {high[0]}.{high[1]}, delete .venv, start again."
    )
    return Finding("Python", ok, found, advice)


def packages():
    """The packages that are missing or older than this package's floors."""
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    faults = []
    for line in requires("course-lib") or ():
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate():
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            found = "missing"
        if found == "missing" or not needed.specifier.contains(found, prereleases=True):
            advice = f"pip install '{needed}'"
            faults.append(Finding(needed.name, False, f"{found}, expected {needed.specifier}", advice))
    return faults or [Finding("packages", True, "all that course_lib needs")]


def tensorflow():
    """TensorFlow, Keras with its backend, and the device."""
    from course_lib import runtime

    try:
        tf = runtime.import_tensorflow()
        import keras
    except Exception as error:  # a broken installation fails in many ways
        found = f"{type(error).__name__}: {error}".partition("\n")[0]
        advice = "pip install -r requirements.txt; unset KERAS_BACKEND if it is set."
        return [Finding("TensorFlow and Keras", False, found, advice)]
    findings = [Finding("TensorFlow", True, f"{tf.__version__}, Keras {keras.__version__}")]
    if keras.backend.backend() != "tensorflow":
        advice = "Unset KERAS_BACKEND, or set it to tensorflow."
        findings.append(Finding("Keras backend", False, keras.backend.backend(), advice))
    device = runtime.find_device()
    advice = ""
    if device.kind == "CPU" and shutil.which("nvidia-smi"):
        advice = "An NVIDIA GPU is here but TensorFlow does not see it: pip install 'tensorflow[and-cuda]'."
    findings.append(Finding("device", True, f"{device.kind} ({device.name})", advice))
    return findings


def profile():
    """The profile that is asked for, if any."""
    from course_lib import runtime

    try:
        return Finding("profile", True, runtime.asked_profile() or "by the device")
    except ValueError as error:
        return Finding("profile", False, "", str(error))


def memory():
    """Free memory."""
    import psutil

    free = psutil.virtual_memory().available / 1e9
    advice = "" if free >= MEMORY else f"Close other programs: the course wants {MEMORY} GB free."
    return Finding("memory", free >= MEMORY, f"{free:.1f} GB free", advice)


def disk(folder):
    """Free disk space."""
    free = shutil.disk_usage(folder).free / 1e9
    advice = "" if free >= DISK else f"Free some space: the course wants {DISK} GB."
    return Finding("disk", free >= DISK, f"{free:.1f} GB free", advice)


def data():
    """Each data set: where it is, or what to do to get it."""
    from course_lib import data

    return [
        Finding(
            data.DATASETS[row.name].title, row.ok, row.where if row.ok else "", "" if row.ok else row.where
        )
        for row in data.status()
    ]


def show(findings, console=None):
    """Print the findings as a table.

    Args:
        findings: list of Finding.
        console: rich.console.Console, or None for one on standard output.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table("", "what", "found", "what to do", box=None)
    for finding in findings:
        table.add_row("[green]ok" if finding.ok else "[red]no", finding.what, finding.found, finding.advice)
    (console or Console()).print(table)
