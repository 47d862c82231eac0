"""The set-up cell, which the build puts first into every notebook: where it is lost, it says what to do."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires

import pytest

from course_lib import build, doctor
from course_lib.errors import CourseError

CELL = build.SET_UP.format(repository="owner/sums", ref="v1.2.3")
COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
ANSI_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def run(code, **environment):
    """What IPython shows of a cell, in a process of its own."""
    program = "import sys; from IPython.core.interactiveshell import InteractiveShell as Shell; Shell().run_cell(sys.stdin.read())"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=code, capture_output=True, text=True, env=os.environ | environment)
    return ANSI_COLOUR.sub("", done.stdout + done.stderr)


def old(folder, **versions):
    """A folder for PYTHONPATH in which packages say that they have other versions."""
    for name, version in versions.items():
        about = folder / f"{name}-{version}.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return str(folder)


def test_it_is_silent_where_all_is_well():
    assert run(CELL) == ""


def test_an_old_package_is_named_with_its_version_and_what_to_do(tmp_path):
    shown = run(CELL, PYTHONPATH=old(tmp_path, keras="3.10.0", numpy="1.26.4"))
    (line,) = shown.strip().splitlines()  # no way through our code
    assert line.startswith(
        "CourseError: Too old or missing for this course: keras: 3.10.0, expected >=3.13; "
    )
    assert "numpy: 1.26.4, expected >=2.0. " in line
    todo = 'Run `%pip install "keras>=3.13" "numpy>=2.0"` in a new cell, restart the kernel, and start from the top.'
    assert line.endswith(todo)


def test_on_colab_it_leads_to_a_newer_runtime(monkeypatch):
    fault = doctor.Finding("tensorflow", False, "2.19.0, expected >=2.20", 'pip install "tensorflow>=2.20"')
    monkeypatch.setattr(doctor, "packages", lambda: [fault])
    monkeypatch.setitem(sys.modules, "google.colab", doctor)
    with pytest.raises(CourseError, match=r"tensorflow: 2\.19\.0, expected >=2\.20") as error:
        doctor.require()
    assert "Runtime > Change runtime type > Runtime version: Latest. If that is what you have: " in str(
        error.value
    )
    assert 'Run `%pip install "tensorflow>=2.20"` in a new cell' in str(error.value)


def test_without_the_course_it_names_the_kernel():
    shown = run("import sys; sys.modules['course_lib'] = None\n" + CELL)
    assert "RuntimeError: The course is not installed in this Python: choose the course's kernel" in shown


def test_a_clone_on_the_path_that_is_not_installed_is_named(monkeypatch):
    def requires(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.requires", requires)
    says = f'course-lib: here, but not installed. Run `%pip install -e "{build.find_root()}"` in a new cell'
    with pytest.raises(CourseError, match=re.escape(says)):
        doctor.require()


def test_on_colab_an_install_that_fails_shows_why(tmp_path):
    """git is sent to a folder that does not exist instead of to GitHub."""
    nowhere = (tmp_path / "nowhere").as_uri()
    (tmp_path / ".gitconfig").write_text(f'[url "{nowhere}/"]\n\tinsteadOf = https://github.com/\n')
    shown = run(COLAB + CELL, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    assert (
        "The course was not installed from git+https://github.com/owner/sums@v1.2.3. pip says why:" in shown
    )
    assert "/nowhere/owner/sums" in shown  # from git
    assert "ImportError" not in shown  # to which Colab adds advice of its own


def test_what_it_needs_is_what_this_package_declares():
    """Or the check would pass for nothing."""
    declared = {re.match(r"[\w-]+", line)[0] for line in requires("course-lib")}
    assert {"keras", "tensorflow", "numpy", "scikit-learn", "matplotlib", "keras-hub"} <= declared
