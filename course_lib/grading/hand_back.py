"""Results into the gradebook, and what is handed back: grades.csv, a page for each student, a report for the teacher."""

import json
from datetime import UTC, datetime
from pathlib import Path

from course_lib import build
from course_lib.grading import collect, gradebook, pages


def hand_back(course, plan, results, late="none", marks=None):
    """Enter results in the gradebook, and write all that is read of them.

    Args:
        course: Path of the teacher's course directory.
        plan: of the assignment.
        results: dict from student to result.
        late: rule for late submissions, as `gradebook.late_penalty` takes it.
        marks: path of a CSV file with the marks of written answers, or None.
    Returns:
        (Path of grades.csv, Path of the report, number of pages of feedback).
    Raises:
        CourseError: the gradebook, the rule or the marks cannot be used.
    """
    name = plan["assignment"]
    due = due_date(course, name)
    folder = Path(course, "results", name)
    texts = {}
    with gradebook.open_gradebook(course) as book:
        for student, result in results.items():
            when, dated, flagged = handed_in(course, name, student)
            share, texts[student] = gradebook.late_penalty(late, due if dated else None, when, flagged)
            gradebook.record(book, plan, result, when, share)
            gradebook.write_autograded(course, plan, result)
        if marks:
            gradebook.read_marks(book, plan, marks)
        faults = {student: result["fault"] for student, result in results.items() if result["fault"]}
        table = gradebook.write_csv(book, plan, course, faults)
        totals = gradebook.totals(book, plan)
    files = {folder / "report.html": pages.report(plan, list(results.values()))}
    for student, result in results.items():
        page = pages.feedback(
            plan,
            with_points(result, totals[student]["points"]),
            totals[student]["total"],
            possible(plan),
            texts[student],
            written(plan, result, totals[student]),
        )
        files[folder / "feedback" / f"{student}.html"] = page
    build.write(files)
    return table, folder / "report.html", len(results)


def possible(plan):
    """Points of the whole assignment."""
    return sum(
        part["points"] for each in plan["notebooks"] for part in (*each["exercises"], *each["written"])
    )


def with_points(result, points):
    """The result with the points of the gradebook, where a person has overruled them."""
    exercises = {
        key: each | {"points": each["points"] if points.get(key) is None else points[key]}
        for key, each in result["exercises"].items()
    }
    return result | {"exercises": exercises}


def written(plan, result, mark):
    """The written questions of an assignment, as `pages.feedback` takes them."""
    return [
        {
            "question": question["question"],
            "answer": result["written"].get(notebook["name"], {}).get(question["id"], ""),
            "points": mark["points"].get(question["id"]),
            "possible": question["points"],
            "comment": mark["comments"].get(question["id"], ""),
        }
        for notebook in plan["notebooks"]
        for question in notebook["written"]
    ]


def due_date(course, name):
    """When an assignment is due, or None."""
    path = Path(course, "private", name, "assignment.json")
    due = json.loads(path.read_text(encoding="utf-8")).get("due") if path.exists() else None
    return datetime.fromisoformat(due) if due else None


def handed_in(course, name, student):
    """When a submission came, whether that says anything, and whether Canvas called it late.

    Without a timestamp, it is the newest file's time.
    """
    folder = Path(course, "submitted", student, name)
    try:
        text = (folder / "timestamp.txt").read_text(encoding="utf-8").strip()
        when = gradebook.in_utc(datetime.fromisoformat(text.removesuffix(" UTC")))
    except (OSError, ValueError):
        newest = max((path.stat().st_mtime for path in folder.glob("*.ipynb")), default=0)
        when = datetime.fromtimestamp(newest, UTC)
    return when, not (folder / collect.UNDATED).exists(), (folder / collect.LATE).exists()
