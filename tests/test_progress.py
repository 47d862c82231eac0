"""`course check` and `course progress`, on exercise notebooks as learners leave them."""

import io
import json
import shutil

import nbformat
import pytest
from rich.console import Console

from course_lib import build, progress
from course_lib.errors import CourseError, Interrupted
from tests.hostile.notebooks import saved_by_colab

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
    folder, store = course.root / "notebooks" / "exercises", course.root / "build" / "progress.json"
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / "exercises" / "02_logistic_regression.ipynb", folder)
    shutil.copy(notebook(), folder)
    store.parent.mkdir()
    store.write_text("[]")  # of no use
    result = course.run("progress")
    assert result.returncode == 0
    assert "✓ ✓ ✓ ✓ ✓" in result.stdout
    assert "· · · · ·" in result.stdout
    assert "Next: 02.1 " in result.stdout
    memory = json.loads(store.read_text())
    assert list(memory) == [NAME]  # the untouched one was not run
    monkeypatch.setattr(progress, "examine", None)  # is not called again
    assert progress.recall(folder / NAME, memory).done
    (folder / NAME).write_text("{")
    result = course.run("progress")
    assert "is not a valid notebook; save it again in Jupyter" in result.stdout
    assert "? ? ? ? ?" in result.stdout
    assert "0 of 25" in result.stdout
    assert "Next: 01.1 " in result.stdout


def test_what_went_wrong_is_not_remembered(notebook, monkeypatch):
    path, memory = notebook(), {}
    ids = [f"01.{n}" for n in range(1, 6)]
    broken = progress.Found(str(path), progress.unknown(ids), ["the kernel died"])
    monkeypatch.setattr(progress, "examine", lambda path: broken)
    assert progress.recall(path, memory) is broken
    assert memory == {}


def test_a_stub_left_as_a_comment_is_none(notebook, monkeypatch):
    path = notebook()
    content = nbformat.read(path, 4)
    for cell in build.code_cells(content):
        cell.source = f"# {build.STUB}\n{cell.source}"
    nbformat.write(content, path)
    monkeypatch.setattr(progress, "examine", lambda path: progress.Found(str(path), {}, ["run"]))
    assert progress.recall(path, {}).faults == ["run"]


def test_ctrl_c_ends_progress(course, notebook, monkeypatch):
    folder = course.root / "notebooks" / "exercises"
    folder.mkdir()
    shutil.copy(notebook(), folder)

    def interrupted(path):
        raise Interrupted("Interrupted.")

    monkeypatch.setattr(progress, "examine", interrupted)
    with pytest.raises(Interrupted):
        progress.show(course.root, Console(file=io.StringIO()))


def test_the_command_passes_when_all_is_done(course, notebook):
    result = course.run("check", str(notebook()))
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "5 of 5 passed, 13 of 13 points"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "is no notebook"),
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


@pytest.mark.parametrize("minor", [0, 5])
def test_what_colab_saved_is_checked_and_left_as_it_is(course, notebook, minor):
    mine = json.loads(
        notebook([("(y - np.reshape(y_hat, -1)) ** 2", "(y - y_hat) ** 2")]).read_text(encoding="utf-8")
    )
    first = course.run("check", str(notebook([("(y - np.reshape(y_hat, -1)) ** 2", "(y - y_hat) ** 2")])))
    for source in ("from google.colab import drive", "!pip list", "%%time\n1 + 1"):
        mine["cells"].insert(2, {"cell_type": "code", "source": source, "metadata": {}})
    path = notebook(name="Copy of exercises (1).ipynb")
    path.write_bytes(saved_by_colab(mine, minor=minor))
    before = path.read_bytes()
    result = course.run("check", str(path))
    assert (result.returncode, path.read_bytes()) == (1, before)
    fault, *verdicts = result.stdout.splitlines()
    assert fault.startswith(f"{path}, cell [")
    assert fault.endswith("]: ModuleNotFoundError: No module named 'google.colab'")
    assert verdicts == first.stdout.splitlines()
    assert verdicts[-1].startswith("4 of 5 passed, ")


@pytest.mark.parametrize("minor", [0, 5])
def test_every_exercise_notebook_can_be_read_when_colab_saved_it(tmp_path, minor):
    paths = sorted((ROOT / "notebooks" / "exercises").glob("*.ipynb"))
    assert paths
    for path in paths:
        copy = tmp_path / f"Copy of {path.name}"
        copy.write_bytes(saved_by_colab(json.loads(path.read_text(encoding="utf-8")), minor=minor))
        before, (notebook, asked) = copy.read_bytes(), progress.read(progress.locate(str(copy)))
        assert progress.recall(copy, {}) == progress.Found(str(copy), progress.recall(path, {}).verdicts, [])
        assert [cell.source for cell in build.code_cells(notebook)] == [
            cell.source for cell in build.code_cells(nbformat.read(path, 4))
        ]
        assert asked
        assert copy.read_bytes() == before
