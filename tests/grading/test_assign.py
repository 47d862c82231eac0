"""Assignments, with the real nbgrader."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import nbformat
import pytest

from course_lib import build
from course_lib.errors import CourseError
from course_lib.grading import assign, gradebook, plan

ROOT = build.find_root()
LESSON = "02_logistic_regression"
OWN = '''
from course_lib.checks import Mistake, exercise


@exercise("T.1", "A trained model", points=5, stub="""
def train(x, y):
    \\"\\"\\"A model that predicts y.\\"\\"\\"
""")
def trained(answer, rng):
    raise Mistake("CANARY")


@exercise("02.2", "Softmax once more", points=2)
def more(answer, rng):
    pass
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An assignment of lesson 02 with two written questions and an exercise of the teacher's own."""
    folder = tmp_path_factory.mktemp("assign")
    own = folder / "own.py"
    own.write_text(OWN)
    course = folder / "course"
    written = ["Why `Z - max`?", "When is recall 1?"]
    paths = assign.assign(ROOT, course, ["02"], "ps1", "2026-10-31T18:00+02:00", written, 4, own)
    assert paths == [course / "release" / "ps1" / f"{LESSON}.ipynb"]
    return course


def read(course, step, name="ps1"):
    """The cells of one version, by nbgrader's name, and the notebook."""
    notebook = nbformat.read(course / step / name / f"{LESSON}.ipynb", 4)
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}, notebook


def test_layout(made):
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    notebooks = {f"{step}/ps1/{LESSON}.ipynb" for step in ("source", "release")}
    private = {"private/ps1/assignment.json", "private/ps1/checks.py"}
    assert files == {"gradebook.db", "nbgrader_config.py", *notebooks, *private}
    assert (made / "private" / "ps1" / "checks.py").read_text() == OWN
    assert (made / "private" / "ps1").stat().st_mode & 0o77 == 0
    about = json.loads((made / "private" / "ps1" / "assignment.json").read_text())
    points = {"02.1": 2, "02.2": 2, "02.3": 3, "02.4": 3, "02.5": 2, "T.1": 5, "written-1": 4, "written-2": 4}
    due = "2026-10-31T16:00:00+00:00"
    assert about == {"assignment": "ps1", "lessons": [LESSON], "due": due, "points": points}


def test_release_holds_no_answer_and_no_hidden_test(made):
    cells, notebook = read(made, "release")
    text = nbformat.writes(notebook)
    for secret in ("SOLUTION", "HIDDEN", "examine", "np.exp(-np.abs(z))", "CANARY", "once more"):
        assert secret not in text
    assert cells["answer-02-1"].source.endswith('\n    raise NotImplementedError("your code here")')
    assert cells["answer-T-1"].source == (
        'def train(x, y):\n    """A model that predicts y."""\n    raise NotImplementedError("your code here")'
    )
    assert cells["check-02-1"].source == 'check("02.1", sigmoid)'
    assert cells["check-T-1"].source == 'check("T.1", train)'
    assert cells["written-1"].source == "Your answer here."
    assert "Why `Z - max`?" in cells["fixed-question-1"].source
    assert "google.colab" in notebook.cells[1].source
    # Neither the badge, which would open a notebook without marks, nor a link to a file that is not there.
    assert "colab-badge" not in text and "](../" not in text
    assert len(cells) == len(notebook.cells)
    assert all(
        cells[name].metadata.get("editable", True) for name in ("answer-02-1", "answer-T-1", "written-2")
    )


def test_master_is_what_the_plan_reads(made):
    found = plan.read_plan(made, "ps1")
    (notebook,) = found["notebooks"]
    exercises = {
        each["id"]: (each["function"], each["answer"], each["test"]) for each in notebook["exercises"]
    }
    assert exercises["02.4"] == ("gradient", "answer-02-4", "check-02-4")
    assert exercises["T.1"] == ("train", "answer-T-1", "check-T-1")
    assert [(each["id"], each["points"]) for each in notebook["written"]] == [
        ("written-1", 4),
        ("written-2", 4),
    ]
    assert "When is recall 1?" in notebook["written"][1]["question"]


def test_gradebook_knows_the_cells(made):
    with gradebook.open_gradebook(made) as book:
        assignment = book.find_assignment("ps1")
        assert assignment.duedate == datetime(2026, 10, 31, 16)
        assert assignment.max_score == 25 and assignment.max_written_score == 8


def test_validate(made):
    from nbgrader.validator import Validator

    path = f"ps1/{LESSON}.ipynb"
    assert Validator().validate(str(made / "source" / path)) == {}
    failed = Validator().validate(str(made / "release" / path))
    assert list(failed) == ["failed"]  # nothing `changed`: the checksums fit
    numbers = [f"02.{number}" for number in range(1, 6)]
    assert [number for number in numbers if f'check("{number}"' in str(failed)] == numbers
    assert len(failed["failed"]) == 5 + 2  # and the two empty written answers


def test_existing_assignment_is_kept(made):
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    with pytest.raises(CourseError, match="ps1 already"):
        assign.assign(ROOT, made, ["03"], "ps1")
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_failure_leaves_nothing(made, tmp_path, monkeypatch):
    course = shutil.copytree(made, tmp_path / "course")
    before = set(course.rglob("*"))

    release = assign.release

    def stop(course, name):
        release(course, name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(assign, "release", stop)
        assign.assign(ROOT, course, ["02"], "ps2")
    assert set(course.rglob("*")) == before
    with gradebook.open_gradebook(course) as book:
        assert [each.name for each in book.assignments] == ["ps1"]
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.GenerateAssignment.preprocessors = ['no.such']\n"
    )
    with pytest.raises(CourseError, match="nbgrader did not make"):
        assign.assign(ROOT, course, ["02"], "ps2")
    assert set(course.rglob("*")) == before


def test_older_settings_stay(tmp_path):
    course = tmp_path / "course"
    course.mkdir()
    (course / "nbgrader_config.py").write_text('c = get_config()\nc.ClearSolutions.text_stub = "Hier."\n')
    assign.assign(ROOT, course, ["02"], written=["Why?"])
    cells, _ = read(course, "release", "02")
    assert cells["written-1"].source == "Hier."
    assert cells["answer-02-1"].source.endswith('NotImplementedError("your code here")')


def test_two_lessons(made, tmp_path, monkeypatch):
    """Questions go to the first, the teacher's exercises to the last; here all but what nbgrader does."""
    course = shutil.copytree(made, tmp_path / "course")
    monkeypatch.setattr(assign, "release", lambda course, name: None)
    assign.assign(
        ROOT, course, ["02", "00"], written=["Why?"], checks=course / "private" / "ps1" / "checks.py"
    )
    first, last = plan.read_plan(course, "00-02")["notebooks"]
    assert [len(each["written"]) for each in (first, last)] == [1, 0]
    assert [each["id"] for each in last["exercises"]][-1] == "T.1" and len(first["exercises"]) == 5
    assert all(
        cell["source"].strip() for cell in first["cells"]
    )  # lesson 00 has an empty cell to try things in


@pytest.mark.parametrize("lesson", sorted(path.stem for path in (ROOT / "notebooks" / "source").glob("*.py")))
def test_every_lesson_can_be_assigned(lesson, monkeypatch):
    source = build.read_source(ROOT / "notebooks" / "source" / f"{lesson}.py")
    monkeypatch.setattr(
        assign.checks, "find", lambda name: type("Found", (), {"points": 1})
    )  # some want TensorFlow
    cells = assign.make_master(source, "owner/course", "v1").cells
    names = [cell.metadata.nbgrader["grade_id"] for cell in cells]
    assert len(set(names)) == len(names)
    graded = [cell for cell in cells if cell.metadata.nbgrader["grade"]]
    solutions = [cell for cell in cells if cell.metadata.nbgrader["solution"]]
    assert len(graded) == len(solutions) == 5
    assert all(build.BEGIN in cell.source for cell in solutions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lessons": []}, "Name the lessons"),
        ({"lessons": ["77"]}, "No lesson '77'"),
        ({"name": "../x"}, "no name for an assignment"),
        ({"name": "a+b"}, "no name for an assignment"),
        ({"name": ""}, "no name for an assignment"),
        ({"due": "tomorrow"}, "--due tomorrow"),
        ({"due": "2026-02-30"}, "--due 2026-02-30"),
        ({"written": [" "]}, "needs a text"),
        ({"written": ["Why?"], "written_points": 0}, "more than 0 points"),
        ({"written": ["Why?"], "written_points": float("nan")}, "more than 0 points"),
        ({"own": "1 / 0"}, "own.py, line 1"),
        ({"own": OWN.replace("02.2", "03.2")}, "03.2 is no exercise"),
        ({"own": OWN.replace("T.1", "T/1")}, "no id"),
        ({"own": OWN.replace("def train(x, y):", "def train(x, y)")}, "the stub of T.1"),
        ({"own": OWN.replace("A model that predicts y.", "").replace('\\"', "")}, "the stub of T.1"),
        ({"own": OWN.replace("points=5", "points=0")}, "more than 0 points"),
    ],
)
def test_refused(change, message, tmp_path):
    arguments = {"lessons": ["02"], "name": None, "due": None, "written": (), "written_points": 5} | change
    if own := arguments.pop("own", None):
        arguments["checks"] = tmp_path / "own.py"
        arguments["checks"].write_text(own)
    with pytest.raises(CourseError, match=message):
        assign.assign(ROOT, tmp_path / "course", **arguments)
    assert not (tmp_path / "course").exists()


def test_path_that_nbgrader_cannot_take(tmp_path):
    with pytest.raises(CourseError, match="without"):
        assign.assign(ROOT, tmp_path / "course [2026]", ["02"])


def test_due_is_local_without_a_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert assign.parse_due("2026-10-31") == datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)  # winter time
        assert assign.parse_due("2026-07-01T18:00") == datetime(2026, 7, 1, 16, tzinfo=UTC)
        assert assign.parse_due("2026-07-01T18:00Z").utcoffset() == timedelta()
        assert assign.parse_due(None) is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_nbgrader(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nbgrader.coursedir", None)
    with pytest.raises(CourseError, match="pip install nbgrader"):
        gradebook.course_directory(tmp_path)
