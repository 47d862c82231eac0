"""The gradebook, through the real nbgrader: marks, lateness, marking by hand, tables."""

import csv
import re
import shutil
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import nbformat
import pytest

from course_lib import build
from course_lib.errors import CourseError
from course_lib.grading import assign, gradebook
from course_lib.grading.plan import read_plan

LESSON = "02_logistic_regression"
POINTS = {"02.1": 2, "02.2": 2, "02.3": 3, "02.4": 3, "02.5": 2}
DUE = datetime(2026, 10, 31, 18, tzinfo=UTC)
HOSTILE = (
    "</code></pre><script>alert(1)</script>\n````\n<img src=x onerror=alert(1)>\n~~~\n$$</script>x$$\r```\r"
    "[x](javascript:alert(1))\x1b[31m\x00\ud800\u202e\n\\begin{a}<b onclick='x'>\\end{a}\n<!-- {{ 7 * 7 }}"
)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    course = tmp_path_factory.mktemp("gradebook") / "course"
    assign.assign(build.find_root(), course, ["02"], "ps1", written=["Why `Z - max`?", "When is recall 1?"])
    return course


@pytest.fixture
def course(template, tmp_path):
    return shutil.copytree(template, tmp_path / "course")


@pytest.fixture
def plan(course):
    return read_plan(course, "ps1")


@pytest.fixture
def book(course):
    with gradebook.open_gradebook(course) as book:
        yield book


def result(student, written=(), fault="", failed=(), **source):
    """A result in which all passed but what failed; an exercise `e1` has that source."""
    exercises = {
        key: {
            "status": "failed" if key in failed else "passed",
            "points": 0 if key in failed else points,
            "possible": points,
            "text": f"{key}: not right yet" if key in failed else f"{key}: passed",
            "hint": "",
            "source": source.get(f"e{key[-1]}", "def f(): pass"),
            "output": "",
        }
        for key, points in POINTS.items()
    }
    answers = {f"written-{i}": text for i, text in enumerate(written, start=1)}
    about = {
        "student": student,
        "assignment": "ps1",
        "fault": fault,
        "notes": [],
        "seconds": 1.0,
        "jail": "none",
    }
    return about | {"exercises": {} if fault else exercises, "written": {LESSON: answers}}


def grade(book, cell, student="ada"):
    return book.find_grade(cell, LESSON, "ps1", student)


def comment(book, cell, student="ada"):
    return book.find_comment(cell, LESSON, "ps1", student)


def test_record(book, plan):
    given = result("ada", ["Because.", ""], failed=["02.3"])
    gradebook.record(book, plan, given, datetime(2026, 10, 31, 20, tzinfo=ZoneInfo("Europe/Berlin")), 0.1)
    submission = book.find_submission("ps1", "ada")
    assert submission.timestamp == datetime(2026, 10, 31, 19)
    assert submission.score == 9 and submission.max_score == 22
    assert submission.late_submission_penalty == pytest.approx(0.9)
    assert submission.needs_manual_grade
    assert [grade(book, f"check-02-{i}").auto_score for i in (1, 3)] == [2, 0]
    assert [grade(book, f"written-{i}").auto_score for i in (1, 2)] == [
        None,
        0,
    ]  # an empty answer needs no marking
    assert [grade(book, f"written-{i}").needs_manual_grade for i in (1, 2)] == [True, False]
    said = [comment(book, cell).comment for cell in ("answer-02-1", "answer-02-3", "written-1", "written-2")]
    assert said == [None, "```\n02.3: not right yet\n```", None, "No response."]


def test_untouched_written_answer_is_empty(book, plan):
    gradebook.record(book, plan, result("ada", ["Your answer here.\n", "Your answer here"]), DUE)
    assert [grade(book, f"written-{i}").needs_manual_grade for i in (1, 2)] == [False, True]


def test_record_again(book, plan, tmp_path):
    """What a person entered stays with the answer that it was for."""
    gradebook.record(book, plan, result("ada", ["One.", "Two."], failed=["02.1", "02.2"]), DUE)
    for cell in ("check-02-1", "check-02-2", "written-1", "written-2"):
        grade(book, cell).manual_score, grade(book, cell).needs_manual_grade = 1.5, False
        comment(book, cell.replace("check", "answer")).manual_comment = "Well."
    book.grant_extension("ps1", "ada", days=2)
    later = DUE + timedelta(hours=1)
    gradebook.record(book, plan, result("ada", ["One.", "2."], failed=["02.1"], e2="def g(): pass"), later)
    kept = [grade(book, cell).manual_score for cell in ("check-02-1", "written-1")]
    gone = [grade(book, cell).manual_score for cell in ("check-02-2", "written-2")]
    assert (kept, gone) == ([1.5, 1.5], [None, None])
    assert [comment(book, f"written-{i}").manual_comment for i in (1, 2)] == ["Well.", None]
    assert [grade(book, f"written-{i}").needs_manual_grade for i in (1, 2)] == [False, True]
    assert grade(book, "check-02-2").score == 2
    submission = book.find_submission("ps1", "ada")
    assert submission.timestamp == later.replace(tzinfo=None)
    assert submission.extension == timedelta(days=2)
    assert len(book.assignment_submissions("ps1")) == 1
    # The same code, but the check says something else now: a person should look again.
    gradebook.record(book, plan, result("ada", ["One.", "2."]), later)
    assert grade(book, "check-02-1").manual_score == 1.5 and grade(book, "check-02-1").needs_manual_grade


def test_hostile_text_goes_in(book, plan):
    given = result("ada", [HOSTILE, HOSTILE], failed=["02.1"], e1=HOSTILE)
    given["exercises"]["02.1"]["text"] = HOSTILE
    gradebook.record(book, plan, given, DUE)
    gradebook.record(book, plan, given, DUE)
    lines = comment(book, "answer-02-1").auto_comment.split("\n")
    assert lines[0] == lines[-1] == "`````"
    assert not re.search("[\x00\ud800\u202e\r]", "".join(lines))


def test_fault_and_unknown_assignment(book, plan):
    gradebook.record(book, plan, result("ada", fault="It cannot be read."), DUE)
    submission = book.find_submission("ps1", "ada")
    assert submission.score == 0 and not submission.needs_manual_grade
    with pytest.raises(CourseError, match="no assignment ps2"):
        gradebook.record(book, plan | {"assignment": "ps2"}, result("ada"), DUE)
    half = result("eve")
    half["exercises"]["02.5"]["points"] = "many"
    with pytest.raises(ValueError, match="many"):
        gradebook.record(book, plan, half, DUE)
    assert set(gradebook.totals(book, plan)) == {"ada"}
    plan["notebooks"][0]["exercises"][0]["test"] = "check-02-9"
    with pytest.raises(CourseError, match="no cell check-02-9"):
        gradebook.record(book, plan, result("ada"), DUE)


def test_locked_gradebook(book, plan, course):
    import sqlite3
    from contextlib import closing

    from sqlalchemy import event

    gradebook.record(book, plan, result("ada"), DUE)
    event.listen(book.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 10"))
    book.db.remove()
    book.engine.dispose()
    with closing(sqlite3.connect(course / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CourseError, match="locked"):
            gradebook.record(book, plan, result("eve"), DUE)
        other.rollback()
    gradebook.record(book, plan, result("eve"), DUE)
    assert set(gradebook.totals(book, plan)) == {"ada", "eve"}


@pytest.mark.parametrize(
    ("rule", "late", "share"),
    [
        ("none", timedelta(days=9), 0),
        ("zero", timedelta(0), 0),
        ("zero", timedelta(seconds=1), 1),
        (" zero", timedelta(seconds=1), 1),
        ("zero,grace=15m", timedelta(minutes=15), 0),
        ("zero,grace=15m", timedelta(minutes=16), 1),
        ("10%/day", timedelta(0), 0),
        ("10%/day", timedelta(seconds=1), 0.1),
        ("10%/day", timedelta(days=1), 0.1),
        ("10%/day", timedelta(days=1, seconds=1), 0.2),
        ("10%/day", timedelta(days=99), 1),
        ("2.5%/day", timedelta(days=3), 0.075),
        ("10%/day,grace=2h", timedelta(days=1, hours=2), 0.1),
        ("10%/day,grace=1d", timedelta(days=1), 0),
        ("10%/day", -timedelta(days=3), 0),
    ],
)
def test_late_penalty(rule, late, share):
    found, text = gradebook.late_penalty(rule, DUE, DUE + late)
    assert found == pytest.approx(share)
    assert bool(text) == ((late > timedelta() and found > 0) or rule == "none")


def test_late_penalty_says_what_it_took():
    assert gradebook.late_penalty("10%/day", DUE, DUE + timedelta(hours=25)) == (
        0.2,
        "Late by 2 days: 20 % of the points are taken off.",
    )


def test_late_penalty_with_zones_and_flags():
    berlin = ZoneInfo("Europe/Berlin")
    due = datetime(2026, 10, 24, 23, 59, tzinfo=berlin)  # the night in which summer time ends has 25 hours
    assert gradebook.late_penalty("10%/day", due, datetime(2026, 10, 25, 23, 59, tzinfo=berlin))[0] == 0.2
    assert gradebook.late_penalty("10%/day", DUE.replace(tzinfo=None), DUE)[0] == 0
    assert gradebook.late_penalty("zero", None, DUE) == (0, "")
    early = DUE - timedelta(days=1)
    assert [gradebook.late_penalty("10%/day", due, early, flagged_late=True)[0] for due in (DUE, None)] == [
        0.1,
        0.1,
    ]
    assert (
        gradebook.late_penalty("10%/day,grace=1h", DUE, DUE + timedelta(minutes=5), flagged_late=True)[0] == 0
    )
    assert gradebook.late_penalty("10%/day", DUE, DUE + timedelta(days=1.5), flagged_late=True)[0] == 0.2


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "10%",
        "110%/day",
        "-1%/day",
        "zero,grace=15",
        "zero,grace=99999999999d",
        "10%/day,grace=1.5h",
        "nan%/day",
    ],
)
def test_other_rules_are_refused(rule):
    with pytest.raises(CourseError, match="--late"):
        gradebook.late_penalty(rule, DUE, DUE)


def marks(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "marks.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_read_marks(encoding, delimiter, book, plan, tmp_path):
    for student in ("josé", "@ada"):
        gradebook.record(book, plan, result(student, ["One.", "Two."]), DUE, 0.5)
    lines = [
        'Question,Student,points,"comment"',
        'written-1,josé,4.5,"Good,\nso far"',
        "",
        "written-2,josé,0,",
    ]
    lines += ["written-1,'@ada,5,Très bien"]
    text = "\r\n".join(lines).replace("Good,", "Good").replace(",", delimiter)
    if delimiter == ";":
        text = text.replace("4.5", "4,5")
    assert gradebook.read_marks(book, plan, marks(tmp_path, text, encoding)) == 3
    assert grade(book, "written-1", "josé").manual_score == 4.5
    assert comment(book, "written-1", "josé").manual_comment == "Good\nso far"
    assert comment(book, "written-1", "@ada").manual_comment == "Très bien"
    found = gradebook.totals(book, plan)
    assert found["josé"] == {
        "points": {**POINTS, "written-1": 4.5, "written-2": 0},
        "comments": {"written-1": "Good\nso far"},
        "penalty": 8.25,  # half of 16.5: marks by hand are late too
        "total": 8.25,
        "status": "graded",
    }
    assert found["@ada"]["status"] == "needs marking"
    assert book.find_submission("ps1", "josé").late_submission_penalty == 8.25


def test_wrong_marks_are_all_named_and_nothing_is_entered(book, plan, tmp_path):
    gradebook.record(book, plan, result("ada", ["One.", "Two."]), DUE)
    book.add_student("idle")
    rows = [
        "ada,written-1,3,",
        "eve,written-1,3,",
        "ada,written-9,3,",
        "ada,written-2,six,",
        "ada,written-2,5.5,",
    ]
    rows += [
        "ada,written-2,nan,",
        "ada,written-2,-1,",
        "ada,written-1,2,",
        "idle,written-1,2,",
        "ada,02.1,2,",
        "ada",
    ]
    path = marks(tmp_path, "\n".join(["student,question,points,comment", *rows]))
    with pytest.raises(CourseError) as caught:
        gradebook.read_marks(book, plan, path)
    assert re.findall(r"line (\d+)", str(caught.value)) == [str(number) for number in range(3, 13)]
    assert grade(book, "written-1").manual_score is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "columns"),
        (b"ada,written-1,3,\n", "columns"),
        ("student,question,points,comment\njosé,written-1,3,".encode("cp1252"), "UTF-8"),
        (b'student,question,points,comment\nada,written-1,3,"open', "line 2"),
        (b"student,question,points,comment\nada,written-1,3," + b"x" * 200_000, "line 2"),
        (None, "Give the CSV file"),
    ],
)
def test_marks_that_are_no_table(data, message, book, plan, tmp_path):
    path = tmp_path / "marks.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CourseError, match=message):
        gradebook.read_marks(book, plan, path)


def test_write_csv(book, plan, course):
    gradebook.record(book, plan, result("josé", ["One.", ""], failed=["02.3"]), DUE, 0.1)
    gradebook.record(book, plan, result("zoe"), DUE)
    gradebook.record(book, plan, result("bad", fault="x"), DUE)
    for student in ("idle", "-1+1", "@sum", "=cmd|' /C calc'!A0"):
        book.add_student(student)
    faults = {"bad": "\t =HYPERLINK(1);=2\nx\ud800", "unseen": "It is empty."}
    path = gradebook.write_csv(book, plan, course, faults)
    assert path == course / "results" / "ps1" / "grades.csv"
    assert path.read_bytes().startswith("\ufeffstudent".encode())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    written = {"written-1": "", "written-2": "0"}
    numbers = {
        "02.1": "2",
        "02.2": "2",
        "02.3": "0",
        "02.4": "3",
        "02.5": "2",
        "late penalty": "0.9",
        "total": "8.1",
    }
    numbers["possible"] = "22"
    assert rows["josé"] == {"student": "josé", **numbers, **written, "status": "needs marking"}
    assert (rows["zoe"]["total"], rows["zoe"]["status"]) == ("12", "graded")
    assert (rows["idle"]["total"], rows["idle"]["02.1"], rows["idle"]["status"]) == ("0", "0", "missing")
    assert rows["bad"]["status"] == "'=HYPERLINK(1),=2 x\ufffd"
    assert rows["unseen"]["status"] == "It is empty."
    assert {"'-1+1", "'@sum", "'=cmd|' /C calc'!A0"} < set(rows)
    assert len(rows) == 8


@pytest.mark.parametrize("start", ["", " ", "\t", "\r", '"', "'", "\ufeff", "\u200b", "\x00", "\n", " '\" "])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(1)", "＝1"])
def test_no_text_is_a_formula(start, formula):
    assert gradebook.safe(start + formula).startswith(("'", "\ufffd"))


@pytest.mark.parametrize("text", ["ada-lovelace-1", "josé", "a=b", "李"])
def test_other_text_stays(text):
    assert gradebook.safe(text) == text


def test_form_grader(book, plan, course):
    """nbgrader lists the submission, shows nothing of the student's as HTML, and its marks come back."""
    from bleach._vendor import html5lib
    from nbconvert.exporters import HTMLExporter
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.preprocessors import CheckCellMetadata
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    given = result("ada", [HOSTILE, "Plain."], failed=["02.1"], e1=HOSTILE)
    given["exercises"]["02.1"] |= {"text": HOSTILE, "output": HOSTILE}
    gradebook.record(book, plan, given, DUE)
    folder = course / "submitted" / "ada" / "ps1"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-10-31 18:00:00 UTC")
    (path,) = gradebook.write_autograded(course, plan, given)
    assert path == course / "autograded" / "ada" / "ps1" / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    CheckCellMetadata().preprocess(notebook, {})

    exchange = Config({"Exchange": {"root": str(course / "exchange")}})  # not this machine's
    api = NbGraderAPI(gradebook.course_directory(course), config=exchange)
    (listed,) = api.get_submissions("ps1")
    assert listed["autograded"] and listed["needs_manual_grade"] and listed["score"] == 10
    (of_notebook,) = api.get_notebook_submissions("ps1", LESSON)
    assert of_notebook["student"] == "ada" and of_notebook["failed_tests"]

    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = {"notebook_id": LESSON, "index": 0, "total": 1, "base_url": "", "student": "ada"}
    page, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources=about)
    body = html5lib.parse(page, namespaceHTMLElements=False).find(".//div[@id='notebook']")
    elements = [element for element in body.iter() if isinstance(element.tag, str)]
    assert not [
        each for each in elements if each.tag == "img" or any(key.startswith("on") for key in each.attrib)
    ]
    assert not [each for each in elements if each.tag == "script" and "alert" in "".join(each.itertext())]
    assert "javascript:alert(1)" not in [each.get("href") for each in elements]
    text = "".join(body.itertext())
    assert (
        text.count("<script>alert(1)</script>") == 4
    )  # code, what it printed, the verdict, the written answer
    assert {each.get("id") for each in elements} > {"check-02-1", "written-1", "written-1-comment"}

    other = api.gradebook  # as the form grader's handlers do
    mark = other.find_grade("written-1", LESSON, "ps1", "ada")
    mark.manual_score, mark.extra_credit, mark.needs_manual_grade = 4, 1, False
    mark = other.find_grade("written-2", LESSON, "ps1", "ada")
    mark.manual_score, mark.needs_manual_grade = 3, False
    other.db.commit()
    other.close()
    with gradebook.write_csv(book, plan, course).open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["written-1"], row["written-2"], row["total"], row["status"]) == ("5", "3", "18", "graded")


def test_unreadable_submission_can_be_looked_at(plan, course):
    (path,) = gradebook.write_autograded(course, plan, result("ada", fault="It cannot be read."))
    text = path.read_text()
    assert text.count("It cannot be read.") == 5 and "BEGIN SOLUTION" not in text


def test_settings(course, tmp_path):
    with gradebook.open_gradebook(course, f"sqlite:///{tmp_path / 'other.db'}") as book:
        assert book.assignments == []
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///{tmp_path / 'third.db'}'\n"
    )
    gradebook.open_gradebook(course).close()
    assert (tmp_path / "third.db").exists()
    for url in ("nonsense", "nosuch://x", f"sqlite:///{tmp_path / 'no' / 'folder.db'}"):
        with pytest.raises(CourseError, match="cannot be opened"):
            gradebook.open_gradebook(course, url)
    (course / "nbgrader_config.py").write_text("1 / 0")
    with pytest.raises(CourseError, match="ZeroDivisionError"):
        gradebook.open_gradebook(course)
