"""`course check` and `course progress`, on exercise notebooks as learners leave them."""

import json
import shutil

import nbformat
import pytest

from course_lib import build, progress
from course_lib.errors import CourseError

ROOT = build.find_root()
NAME = "01_linear_regression.ipynb"  # needs NumPy alone


@pytest.fixture
def notebook(tmp_path):
    """Makes copies of lesson 01's solutions, each with some code replaced; gives their paths."""

    def make(changes=(), name=NAME):
        text = (ROOT / "notebooks" / "solutions" / NAME).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return make


def test_the_verdicts_are_those_of_the_notebook(course, notebook):
    path = notebook(
        [
            ("(y - np.reshape(y_hat, -1)) ** 2", "(y - y_hat) ** 2"),  # wrong
            ('check(\\"01.3\\"', 'print(\\"01.3\\"'),  # never asked
            ('check(\\"01.4\\", ', 'check(\\"01.4\\", 1 / 0, '),  # raises
        ]
    )
    before = path.read_bytes()
    result = course.run("check", str(path))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{path}, cell [")
    assert lines[0].endswith("]: ZeroDivisionError: division by zero")
    assert [line[:6] for line in lines if line[:1] in "✓✗·?"] == [
        "✓ 01.1",
        "✗ 01.2",
        "? 01.3",
        "? 01.4",
        "✓ 01.5",
    ]
    assert "n, n" in result.stdout
    assert "its check cell is missing, or did not run" in result.stdout
    assert lines[-1].startswith("2 of 5 passed, ")
    assert path.read_bytes() == before


def test_progress_runs_what_has_changed_and_remembers(course, notebook, monkeypatch):
    folder = course.root / "notebooks" / "exercises"
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / "exercises" / "02_logistic_regression.ipynb", folder)
    shutil.copy(notebook(), folder)
    result = course.run("progress")
    assert result.returncode == 0
    assert "✓ ✓ ✓ ✓ ✓" in result.stdout
    assert "· · · · ·" in result.stdout
    assert "Next: 02.1 " in result.stdout
    memory = json.loads((course.root / "build" / "progress.json").read_text())
    assert len(memory) == 1  # the untouched one was not run
    monkeypatch.setattr(progress, "examine", None)  # is not called again
    assert progress.recall(folder / NAME, memory).done
    (folder / NAME).write_text("{")
    result = course.run("progress")
    assert "is not a valid notebook; save it again in Jupyter" in " ".join(result.stdout.split())
    assert "Next: 02.1 " in result.stdout


def test_the_command_passes_when_all_is_done(course, notebook):
    result = course.run("check", str(notebook()))
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "5 of 5 passed, 13 of 13 points"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such notebook"),
        ("{", "is not a valid notebook; save it again in Jupyter"),
        ("", "calls no check: expected a notebook of notebooks/exercises"),
        ('check("00.9", len)', "no exercise '00.9'"),
        ('check("98.1", len)', "expected an exercise's id"),
    ],
)
def test_what_is_no_exercise_notebook_is_told_so(tmp_path, content, says):
    path = tmp_path / "mine.ipynb"
    if content == "{":
        path.write_text("{")
    elif content is not None:
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(content or "1")]), path)
    with pytest.raises(CourseError, match=says):
        progress.examine(progress.locate(str(path)))


def test_a_number_finds_the_exercises():
    assert progress.locate("03").name == "03_neural_networks.ipynb"
    with pytest.raises(CourseError, match="No lesson '77'"):
        progress.locate("77")
