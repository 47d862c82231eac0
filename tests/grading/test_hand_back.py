"""The whole way, as TEACHING.md goes it: assign, collect, grade, mark, hand back."""

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from course_lib import build
from course_lib.grading import hand_back, plan
from tests.grading.classroom import LOGISTIC, Classroom

TEACHING = build.find_root() / "TEACHING.md"


def course(*arguments, code=0):
    """Run the command; its output."""
    command = [sys.executable, "-c", "from course_lib.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"}
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def table(folder):
    """grades.csv: {student: {column: text}}."""
    with (folder / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_from_choosing_to_handing_back(tmp_path, working_jail):
    folder, archive, marks = tmp_path / "cs231", tmp_path / "ps1.zip", tmp_path / "marks.csv"
    out = course(
        "assign",
        "02",
        "--to",
        folder,
        "--name",
        "ps1",
        "--due",
        "2026-12-01T18:00",
        "--written",
        "Why?",
        "--written-points",
        "4",
    )
    assert str(Path("release", "ps1", f"{LOGISTIC}.ipynb")) in out
    room = Classroom.__new__(Classroom)
    room.course = folder
    mine = room.solved(answer_02_2="def softmax(Z):\n    return np.exp(Z)")
    for cell in mine.cells:
        if cell.metadata.nbgrader.grade_id == "written-1":
            cell.source = "<script>alert(1)</script> Lest exp overflows."
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"Ada Lovelace_12_assignsubmission_file_/{LOGISTIC}.ipynb", nbformat.writes(mine))
        file.writestr("Bob_13_assignsubmission_file_/essay.docx", "no notebook")
    out = course("collect", archive, "--into", folder, "--received", "2026-12-03T09:00:00")
    assert "ada-lovelace-12" in out
    assert "essay.docx" in out
    out = course("grade", folder, "--late", "10%/day,grace=15m")
    assert "Submissions: 1\n" in out
    assert "Written answers of 1 students want marking" in out
    results = folder / "results" / "ps1"
    row = table(results)["ada-lovelace-12"]
    assert (row["02.1"], row["02.2"], row["written-1"]) == ("2", "0", "")
    assert (row["late penalty"], row["total"], row["possible"], row["status"]) == (
        "2",
        "8",
        "16",
        "needs marking",
    )
    page = (results / "feedback" / "ada-lovelace-12.html").read_text(encoding="utf-8")
    assert "Late by 2 days: 20 % of the points are taken off." in page
    assert "Those are the exponentials: divide each row by its sum." in page
    assert "<script" not in page
    assert "Those are the exponentials" in (results / "report.html").read_text(encoding="utf-8")

    assert "time not known" not in out
    (row,) = csv.DictReader((results / "to_mark.csv").read_text(encoding="utf-8-sig").splitlines())
    assert row["student"] == "ada-lovelace-12"
    assert row["answer"].endswith("Lest exp overflows.")
    course("grade", folder, "--marks", results / "to_mark.csv")  # nobody has filled it in
    assert table(results)["ada-lovelace-12"]["late penalty"] == "2"  # the rule is remembered

    marks.write_text("student,question,points,comment\nada-lovelace-12,written-1,3,Good\n")
    course("grade", folder, "--late", "none", "--marks", marks)
    row = table(results)["ada-lovelace-12"]
    assert (row["written-1"], row["late penalty"], row["total"], row["status"]) == ("3", "0", "13", "graded")
    assert "Good" in (results / "feedback" / "ada-lovelace-12.html").read_text(encoding="utf-8")

    out = course("grade", folder, "--late", "10%", code=1)
    assert out.splitlines()[-1].startswith("course: --late 10%: expected none, zero, or such as 10%/day")
    out = course("grade", folder, "--no-jail")
    assert "students' code runs with your rights" in out
    assert "jail" in (results / "report.html").read_text(encoding="utf-8")
    assert json.loads((results / "students" / "ada-lovelace-12.json").read_text())["jail"] == "none"


def test_there_is_nothing_to_grade(tmp_path):
    assert "is no course directory" in course("grade", tmp_path, code=1)
    assert "is no course directory" in course("collect", tmp_path, "--into", tmp_path, code=1)


@pytest.mark.parametrize(
    ("notes", "expected"),
    [((), (True, False)), (("late.txt",), (True, True)), (("undated.txt", "late.txt"), (False, True))],
)
def test_when_it_was_handed_in(tmp_path, notes, expected):
    folder = tmp_path / "submitted" / "ada" / "ps1"
    folder.mkdir(parents=True)
    for name in notes:
        (folder / name).touch()
    (folder / "timestamp.txt").write_text("2026-12-01 17:00:00 UTC")
    assert hand_back.handed_in(tmp_path, "ps1", "ada") == (datetime(2026, 12, 1, 17, tzinfo=UTC), *expected)


def test_teaching_md_says_what_there_is(tmp_path):
    text = TEACHING.read_text(encoding="utf-8")
    for name in ("assign", "collect", "grade"):
        told = set(re.findall(r"--[a-z-]+", " ".join(re.findall(rf"course {name} [^`]*", text))))
        assert told <= set(re.findall(r"--[a-z-]+", course(name, "--help"))), name
    checks = tmp_path / "mine.py"
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    checks.write_text(code, encoding="utf-8")
    room = Classroom(tmp_path / "course", checks=checks)
    exercises = plan.read_plan(room.course, room.name)["notebooks"][0]["exercises"]
    assert exercises[-1] | {"title": ""} == {
        "id": "T.1",
        "title": "",
        "points": 5,
        "function": "train",
        "answer": "answer-T-1",
        "test": "check-T-1",
    }
