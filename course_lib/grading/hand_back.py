"""Results into the gradebook, and what is handed back: grades.csv, a page for each student, a report for the teacher."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

from course_lib import build
from course_lib.grading import collect, gradebook, pages


def hand_back(course, plan, results, late=None, marks=None):
    """Enter results in the gradebook, and write all that is read of them.

    Args:
        course: Path of the teacher's course directory.
        plan: of the assignment.
        results: dict from student to result.
        late: rule for late submissions, as `gradebook.late_penalty` takes it; None for that of the last time.
        marks: path of a CSV file with the marks of written answers, or None.
    Returns:
        lines for the teacher: what there is now, and what should be known of it.
    Raises:
        CourseError: the gradebook, the rule or the marks cannot be used.
    """
    name = plan["assignment"]
    due, late = due_date(course, name), remember(course, name, late)
    unknown = []
    folder = Path(course, "results", name)
    texts = {}
    with gradebook.open_gradebook(course) as book:
        for student, result in results.items():
            when, dated, flagged = handed_in(course, name, student)
            unknown += [student] * (not dated and not flagged)
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
    files[folder / "to_mark.csv"] = to_mark(plan, results, totals)
    build.write(files)
    told = [
        f"Marks: {table}",
        f"For you: {folder / 'report.html'}",
        f"To hand back: {len(results)} pages in {folder / 'feedback'}",
    ]
    if open_ := sum(mark["status"] == gradebook.NEEDS_MARKING for mark in totals.values() if mark):
        told.append(f"Written answers of {open_} students want marking: {folder / 'to_mark.csv'}")
    if due and late != "none":
        told.append(
            f"Late: {late}"
            + f"; of {len(unknown)} nobody knows when they handed in (`course collect --received` says it)"
            * bool(unknown)
        )
    return told


def remember(course, name, late):
    """The rule for late submissions: the one given, which is kept, else the one kept, else none."""
    path = Path(course, "private", name, "late")
    if late is not None:
        build.write({path: late})
    return path.read_text(encoding="utf-8") if path.exists() else "none"


def to_mark(plan, results, totals):
    """Written answers that want marking, as the CSV that `--marks` takes: bytes."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*gradebook.COLUMNS, "of", "answer"])
    for student, result in sorted(results.items()):
        for each in written(plan, result, totals[student]):
            if each["points"] is None:
                row = (student, each["id"], "", "", f"{each['possible']:g}", each["answer"])
                writer.writerow(map(gradebook.safe, row))
    return file.getvalue().encode("utf-8-sig")


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
            "id": question["id"],
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
