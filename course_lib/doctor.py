"""What this machine has, what the course needs, and what to do about the difference."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError

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
        jail(),
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

    try:
        lines = requires("course-lib") or ()
    except PackageNotFoundError:
        here = Path(__file__).resolve().parent.parent
        return [Finding("course-lib", False, "here, but not installed", f'pip install -e "{here}"')]
    faults = []
    for line in lines:
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate():
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            found = "missing"
        if found == "missing" or not needed.specifier.contains(found, prereleases=True):
            advice = f'pip install "{needed}"'
            faults.append(Finding(needed.name, False, f"{found}, expected {needed.specifier}", advice))
    return faults or [Finding("packages", True, "all that course_lib needs")]


def require():
    """Stop a notebook in its first cell where packages are missing or too old, and say what to do.

    Raises:
        CourseError: names each package, its version, the version that is needed, and the command that installs it.
    Source: https://research.google.com/colaboratory/runtime-version-faq.html, for Colab's older runtimes.
    """
    faults = [finding for finding in packages() if not finding.ok]
    if not faults:
        return
    found = "; ".join(f"{finding.what}: {finding.found}" for finding in faults)
    command = " ".join(["pip install", *(finding.advice.removeprefix("pip install ") for finding in faults)])
    todo = f"Run `%{command}` in a new cell, restart the kernel, and start from the top."
    if "google.colab" in sys.modules:
        todo = f"Choose Runtime > Change runtime type > Runtime version: Latest. If that is what you have: {todo}"
    raise CourseError(f"Too old or missing for this course: {found}. {todo}")


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


def jail():
    """Whether `course grade` can jail what students hand in. Learners need none, so its lack is no fault."""
    if not sys.platform.startswith("linux"):
        advice = "Only to grade: use a Linux machine or container, on Windows WSL."
        return Finding("jail for grading", True, f"none on {sys.platform}", advice)
    if not shutil.which("bwrap"):
        advice = "Only to grade: install bubblewrap, on Debian and Ubuntu `apt install bubblewrap`."
        return Finding("jail for grading", True, "bubblewrap is not here", advice)
    from course_lib.grading import batch, jail

    try:
        problem = batch.try_jail(jail.Limits(seconds=30))
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    if not problem:
        return Finding("jail for grading", True, "works")
    return Finding("jail for grading", True, f"fails: {problem}", advice_on(problem))


def advice_on(problem):
    """What to do about a jail that does not start.

    Args:
        problem: what bubblewrap or Python said.
    """
    if "pyseccomp" in problem or "libseccomp" in problem:
        return "Only to grade: pip install pyseccomp; on Debian and Ubuntu also `apt install libseccomp2`."
    if re.search("uid map|RTM_NEWADDR|(?i:new namespace|user namespace)", problem):
        # Source: github.com/containers/bubblewrap/issues/632; Ubuntu 24.04's release notes.
        return (
            "Only to grade: this system keeps user namespaces from ordinary programs. Ubuntu 23.10 and later: `apt install apparmor-profiles`, "
            "copy /usr/share/apparmor/extra-profiles/bwrap-userns-restrict into /etc/apparmor.d, `systemctl reload apparmor`, and "
            "grade as an ordinary user; older Debian: `sysctl kernel.unprivileged_userns_clone=1`; in a container: start it with "
            "--security-opt seccomp=unconfined --security-opt systempaths=unconfined, or grade outside."
        )
    if "proc" in problem and "permitted" in problem:
        return "Only to grade: in a container, run it with --security-opt systempaths=unconfined."
    if "No such file" in problem or "Permission denied" in problem:
        return "Only to grade: other users must be able to read this Python environment: `chmod -R o+rX` on its folder."
    return "Only to grade: grade on another Linux machine; `bwrap --ro-bind / / true` shows whether bubblewrap runs at all."


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
