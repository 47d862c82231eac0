"""Notebooks that Colab saved: collected, graded and handed back as those that JupyterLab saved."""

import html
import json
import re

import nbformat
import pytest

from course_lib.grading import batch, examiner, hand_back, jail, plan
from course_lib.grading.collect import collect
from tests.grading.classroom import LOGISTIC, POINTS, Classroom, points
from tests.grading.test_collect import pack
from tests.hostile.notebooks import saved_by_colab

KEPT = ("deletable", "editable", "nbgrader", "tags")
ANSWERS = {
    "answer_02_1": "%%time\ndef sigmoid(z):\n    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))",
    "answer_02_2": "def softmax(Z):\n    return np.exp(Z) / np.exp(Z).sum(axis=0)",  # wrong
    "answer_02_3": None,
}
LOST = ["02.2", "02.3"]
GUARDED = """\
import sys

if "google.colab" in sys.modules:
    from google.colab import drive

    drive.mount("/content/drive")"""
MOUNT = "from google.colab import drive\ndrive.mount('/content/drive')"
TIMES = re.compile(r"(CPU times|Wall time):[^\\\n]*")  # what `%%time` prints
SAVED = {
    "jupyter": lambda mine: json.dumps(mine).encode(),
    "colab": saved_by_colab,
    "kept": lambda mine: saved_by_colab(mine, keeps=KEPT),
    "ids": lambda mine: saved_by_colab(mine, minor=5),
    "all": lambda mine: saved_by_colab(mine, minor=5, keeps=KEPT),
}
MOUNTING = {"alone": [], "imports": [], "inside": ["02.5"]}  # what each loses
NAMES = dict.fromkeys([*SAVED, *MOUNTING], f"Copy of {LOGISTIC}.ipynb")
NAMES |= {
    "jupyter": f"{LOGISTIC}.ipynb",
    "ids": f"Copy of {LOGISTIC} (1).ipynb",
    "imports": f"Copy of {LOGISTIC} (1).ipynb",
}


def worked_on(room, mount=""):
    """The assignment as a student leaves it who works on Colab, as a dict."""
    mine = room.solved(**({} if mount else ANSWERS))
    setup = next(cell for cell in mine.cells if cell.source.startswith("import numpy"))
    last = next(cell for cell in mine.cells if "def precision_and_recall" in cell.source)
    if mount == "imports":
        setup.source = f"{MOUNT}\n{setup.source}"
    if mount == "inside":
        last.source = f"{MOUNT}\n\n{last.source}"
    mine.cells[-1].source = "Since exp overflows."
    extra = ["!pip list", "%pip --version", MOUNT if mount == "alone" else GUARDED]
    mine.cells[3:3] = [nbformat.v4.new_code_cell(source) for source in extra]
    return json.loads(nbformat.writes(mine))


@pytest.fixture(scope="module")
def room(tmp_path_factory, working_jail):
    """A class that works on Colab, in part: collected, graded and handed back."""
    room = Classroom(tmp_path_factory.mktemp("class") / "course", written=["Why?"])
    room.saved = {name: save(worked_on(room)) for name, save in SAVED.items()}
    room.saved |= {name: saved_by_colab(worked_on(room, name)) for name in MOUNTING}
    brought = room.course.parent
    moodle = {
        f"{name}_7_assignsubmission_file_/{NAMES[name]}": room.saved[name] for name in ("jupyter", "colab")
    }
    (brought / "moodle.zip").write_bytes(pack(moodle))
    canvas = {
        f"{name}_7_456_{NAMES[name].replace(' ', '_')}": room.saved[name] for name in ("kept", "ids", "all")
    }
    (brought / "canvas.zip").write_bytes(pack(canvas))
    for name in MOUNTING:
        (brought / "folder" / f"{name} 7").mkdir(parents=True)
        (brought / "folder" / f"{name} 7" / NAMES[name]).write_bytes(room.saved[name])
    for source in ("moodle.zip", "canvas.zip", "folder"):
        assert not collect(room.course, brought / source, room.name).passed
    results = batch.grade(room.course, room.name, jail.Limits(seconds=20, grace=2))
    hand_back.hand_back(room.course, plan.read_plan(room.course, room.name), results)
    room.results = {student.removesuffix("-7"): result for student, result in results.items()}
    return room


@pytest.mark.parametrize("name", NAMES)
def test_it_is_collected(room, name):
    path = room.course / "submitted" / f"{name}-7" / room.name / f"{LOGISTIC}.ipynb"
    assert path.read_bytes() == room.saved[name]
    assert room.results.keys() == NAMES.keys()


@pytest.mark.parametrize("name", [name for name in SAVED if name != "jupyter"])
def test_it_gets_the_same_marks_as_from_jupyterlab(room, name):
    """And the student is told the same, but for the seconds that `%%time` prints."""
    mine, other = (told(room.results[each]) for each in (name, "jupyter"))
    assert points(room.results[name]) == POINTS | dict.fromkeys(LOST, 0)
    assert mine == other
    assert mine["written"] == {LOGISTIC: {"written-1": "Since exp overflows."}}
    assert (mine["fault"], mine["notes"]) == ("", [])
    page = words(room, name)
    assert "02.2 Softmax ✗ failed 0 of 2 02.3 Cross-entropy of scores · not attempted 0 of 3" in page
    assert "sum along axis=1" in page
    assert "Since exp overflows." in page
    assert page.replace(f"{name}-7", "") == words(room, "jupyter").replace("jupyter-7", "")


def told(result):
    """What a result says, without what differs from one run to the next."""
    kept = {key: result[key] for key in ("fault", "notes", "written", "exercises")}
    return json.loads(TIMES.sub("", json.dumps(kept, ensure_ascii=False)))


def words(room, name):
    """The text of a student's page, without what `%%time` prints."""
    page = (room.course / "results" / room.name / "feedback" / f"{name}-7.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)))
    return " ".join(TIMES.sub("", text).split())


@pytest.mark.parametrize("name", MOUNTING)
def test_a_drive_that_is_not_there_costs_no_other_marks(room, name):
    assert points(room.results[name]) == POINTS | dict.fromkeys(MOUNTING[name], 0)
    (note,) = room.results[name]["notes"]
    assert note.startswith(
        f"{LOGISTIC}.ipynb: the cell that begins with `from google.colab import drive` stopped with "
    )
    assert note.endswith(f"ModuleNotFoundError. {examiner.NOT_HERE}")
    assert note in words(room, name)


FIXED = "EPSILON = 1e-9"
PLAN = {
    "cells": [
        {"id": "fixed-1", "role": "fixed", "type": "code", "source": "import math"},
        {"id": "answer-1", "role": "answer", "type": "code", "source": "def one():\n    pass"},
        {"id": "fixed-2", "role": "fixed", "type": "code", "source": FIXED},
        {"id": "fixed-3", "role": "fixed", "type": "code", "source": "import math"},
        {"id": "answer-2", "role": "answer", "type": "code", "source": "def two():\n    pass"},
    ],
    "tests": [],
    "exercises": [
        {"id": key, "function": name, "answer": f"answer-{key}"} for key, name in (("1", "one"), ("2", "two"))
    ],
    "written": [],
}


@pytest.mark.parametrize("keeps", [True, False])
def test_the_teachers_cells_run_where_they_stand_also_without_names(keeps):
    """Otherwise a default such as `epsilon=EPSILON` would be missing."""
    sources = [
        "import math",
        "def one():\n    return 1",
        FIXED,
        "import math",
        "def two(epsilon=EPSILON):\n    return epsilon",
    ]
    cells = [
        ("code", source, cell["id"] if keeps else None)
        for source, cell in zip(sources, PLAN["cells"], strict=True)
    ]
    parts = [part.source for part in plan.fit(PLAN, cells).parts]
    assert sorted(parts) == sorted(sources)
    assert [part for part in parts if "math" not in part] == [sources[1], FIXED, sources[4]]
    assert parts[0] == "import math"
