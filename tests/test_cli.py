"""The `course` command, as a user runs it."""

import errno
import json
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from course_lib import build, cli


def one_sentence(result, says):
    """Whether a command failed with one clear sentence."""
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert len(result.stderr.strip().splitlines()) == 1


def test_help_and_import_are_light():
    """Nothing heavy is imported, so both take a fraction of a second."""
    at_exit = "import atexit, sys; atexit.register(lambda: print('MODULES', *sys.modules));"
    for code in ("import course_lib, course_lib.data", "from course_lib.cli import main; main()"):
        command = [sys.executable, "-c", at_exit + code, "--help"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        shown, _, modules = out.partition("MODULES")
        assert "course_lib" in modules.split()
        heavy = {"tensorflow", "keras", "numpy", "pandas", "matplotlib", "sklearn", "nbclient", "jupytext"}
        assert not heavy & set(modules.split())
    for name in ("run", "lab", "build", "data", "doctor"):
        assert f" {name} " in shown


def test_build_run_and_check(course):
    built = course.run("build", "--execute")
    assert built.returncode == 0, built.stderr
    assert "wrote notebooks/01_addition.ipynb" in built.stdout
    lesson = nbformat.read(course.root / "notebooks/01_addition.ipynb", 4)
    assert [cell.execution_count for cell in build.code_cells(lesson)] == [1, 2, 3]
    assert build.code_cells(lesson)[1].outputs[0].text == "2\n"
    assert "version" not in lesson.metadata["language_info"]
    assert course.run("build", "--check").returncode == 0
    again = course.run("build")
    assert (again.returncode, again.stdout) == (0, "")

    ran = course.run("run")
    assert ran.returncode == 0, ran.stderr
    assert "01_addition │ passed" in ran.stdout
    assert "the sum is 2" in ran.stdout
    page = (course.root / "build/01_addition.html").read_text()
    (config,) = re.findall(r'src="mathjax/MathJax\.js\?config=([\w-]+),Safe', page)
    assert "text/x-mathjax-config" in page
    for file in ("MathJax.js", f"config/{config}.js", "fonts/HTML-CSS/STIX-Web"):
        assert (course.root / "build/mathjax" / file).exists()
    assert 'href="02_more.html"' in page
    assert 'href="../notebooks/exercises/01_addition.ipynb"' in page
    assert (course.root / "build/01_addition.ipynb").exists()


def test_check_names_what_is_out_of_date(course):
    assert course.run("build").returncode == 0
    course.edit("a + b", "b + a")
    result = course.run("build", "--check")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "notebooks/solutions/01_addition.ipynb is out of date: run `course build`.",
        "notebooks/01_addition.ipynb lacks outputs: run `course build --execute`.",
    ]


def test_a_lesson_that_fails_is_in_the_table_and_in_the_exit_code(course):
    course.edit("print(one + one)", "print(one / 0)")
    assert course.run("build").returncode == 0
    result = course.run("run")
    assert result.returncode == 1
    assert "course: 1 of 1 failed: 01_addition." in result.stderr
    assert "01_addition │ failed" in result.stdout
    assert "cell [2]: ZeroDivisionError: division by zero" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert "ZeroDivisionError" in (course.root / "build/01_addition.html").read_text()  # for reading


def test_a_kernel_that_dies_is_said_to(course):
    course.edit("print(one + one)", "import os\nos._exit(1)")
    assert course.run("build").returncode == 0
    result = course.run("run")
    assert result.returncode == 1
    assert "the kernel died" in result.stdout


def test_execute_writes_nothing_where_a_lesson_fails(course):
    course.edit("print(one + one)", "print(one / 0)")
    one_sentence(
        course.run("build", "--execute"), "01_addition.ipynb, cell [2]: ZeroDivisionError: division by zero"
    )
    assert not (course.root / "notebooks/01_addition.ipynb").exists()


def test_an_unknown_lesson_is_named(course):
    course.run("build")
    for command in ("run", "lab", "build"):
        one_sentence(course.run(command, "42"), "No lesson '42'. Lessons here: 01.")


def test_lab_needs_a_lesson_to_open(course):
    one_sentence(course.run("lab", "00"), "No lesson '00'. Lessons here: none.")


def test_lab_opens_the_lesson(course, monkeypatch):
    course.run("build")
    monkeypatch.chdir(course.root)
    commands = []
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: commands.append((command, options)) or course
    )
    monkeypatch.setattr(course, "returncode", 0, raising=False)
    with pytest.raises(cli.typer.Exit):
        cli.lab("01")
    ((command, options),) = commands
    assert command[1:] == ["-m", "jupyter", "lab", "--LabApp.default_url=/lab/tree/01_addition.ipynb"]
    assert options["cwd"] == course.root / "notebooks"


def test_a_damaged_notebook_is_named(course):
    course.run("build")
    (course.root / "notebooks/01_addition.ipynb").write_text("{")
    for text in ("{", "{}", "[]"):
        (course.root / "notebooks/01_addition.ipynb").write_text(text)
        one_sentence(course.run("run"), "notebooks/01_addition.ipynb is not a valid notebook; delete it")
        one_sentence(course.run("build"), "notebooks/01_addition.ipynb is not a valid notebook; delete it")


def test_a_course_without_an_address_is_told(course):
    (course.root / "pyproject.toml").write_text("[project]\n")
    one_sentence(course.run("build"), "expected a version and, under [project.urls], a Repository")


def test_a_damaged_pyproject_is_named(course):
    (course.root / "pyproject.toml").write_text("[project\n")
    one_sentence(course.run("build"), "pyproject.toml cannot be read")


def test_an_unknown_profile_is_named_before_anything_runs(course):
    course.run("build")
    one_sentence(course.run("run", COURSE_PROFILE="slow"), "expected 'fast' or 'full', received 'slow'")
    assert not (course.root / "build").exists()


def test_a_broken_keras_is_found_by_the_doctor(course):
    result = course.run("doctor", KERAS_BACKEND="nonsense")
    assert result.returncode == 1
    assert "TensorFlow and Keras" in result.stdout
    assert "KERAS_BACKEND" in result.stdout


def test_what_is_stored_does_not_depend_on_the_author_s_settings(course):
    course.edit(
        "print(one + one)", "import os\nprint(os.environ['COURSE_PROFILE'], os.environ.get('MPLBACKEND'))"
    )
    built = course.run("build", "--execute", COURSE_PROFILE="full", MPLBACKEND="agg")
    assert built.returncode == 0, built.stderr
    lesson = nbformat.read(course.root / "notebooks/01_addition.ipynb", 4)
    text = build.code_cells(lesson)[1].outputs[0].text
    assert text.startswith("fast ")
    assert "agg" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_ctrl_c_ends_in_a_sentence(course):
    course.edit("print(one + one)", "import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(60)")
    course.run("build")
    # A shell starts its background jobs with SIGINT ignored, and their children inherit that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    command = [sys.executable, "-c", heed + "from course_lib.cli import main; main()", "run"]
    process = subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (course.root / "notebooks/started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in out + err
    assert "Interrupted: the results of 01_addition are not kept." in err


def test_check_and_execute_exclude_each_other(course):
    one_sentence(course.run("build", "--check", "--execute"), "give one of them")


def test_a_folder_that_cannot_be_written_is_named(course):
    course.run("build")
    (course.root / "build").write_text("a file where the folder should be")
    one_sentence(course.run("run"), "build")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EROFS, "Read-only file system", "build/x"), "course: build/x: Read-only file system."),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "course: The file system: No space left on device.",
        ),
        (ModuleNotFoundError(name="nbclient"), "course: The package 'nbclient' is missing"),
    ],
)
def test_what_the_system_refuses_is_said_in_a_sentence(monkeypatch, error, says):
    def fail():
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert str(stop.value).startswith(says)


def test_doctor_passes_here_and_says_what_it_looked_at(course):
    result = course.run("doctor")
    assert result.returncode == 0, result.stdout
    for word in ("Python", "TensorFlow", "device", "memory", "disk", "Auto MPG"):
        assert word in result.stdout


def test_the_command_is_installed():
    from importlib.metadata import entry_points

    (command,) = entry_points(group="console_scripts", name="course")
    assert command.load() is cli.main


def test_notebooks_stored_by_the_build_are_plain_json():
    for path in (build.find_root() / "notebooks").glob("*.ipynb"):
        assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 4
