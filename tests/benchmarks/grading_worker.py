"""What `grading.py` runs in processes of their own: our grader, and nbgrader's.

    python tests/benchmarks/grading_worker.py ours COURSE NAME SECONDS
    python tests/benchmarks/grading_worker.py nbgrader COURSE NAME
    python tests/benchmarks/grading_worker.py look COURSE NAME STUDENT

The last line of the output is JSON.
"""

import hashlib
import json
import re
import sys
import time
from pathlib import Path

from course_lib.grading import gradebook


def ours(course, name, seconds):
    """Grade and hand back; the start and the end of grading, without imports and pages."""
    from course_lib.grading import batch, hand_back, jail, plan

    start = time.monotonic()
    results = batch.grade(course, name, jail.Limits(seconds=float(seconds)))
    end = time.monotonic()
    hand_back.hand_back(course, plan.read_plan(course, name), results)
    return {"start": start, "end": end}


def nbgrader(course, name):
    """`nbgrader autograde NAME`: all that is not graded yet; as `ours`, and what was said of errors."""
    from nbgrader.converters import Autograde

    start = time.monotonic()
    result = convert(Autograde, course, name)
    return {"start": start, "end": time.monotonic(), "error": result.get("error", "")}


def look(course, name, student):
    """Write a student's feedback as nbgrader does, after the code has run; the page, all marks, all files' digests."""
    from nbgrader.converters import GenerateFeedback

    convert(GenerateFeedback, course, name, student)
    pages = sorted((course / "feedback" / student / name).glob("*.html"))
    text = "".join(page.read_text(encoding="utf-8", errors="replace") for page in pages)
    return {"feedback": text, "marks": marks(course, name), "files": digests(course, student)}


def convert(converter, course, name, student="*"):
    """Run one of nbgrader's steps, as its API does."""
    from nbgrader.utils import capture_log

    directory = gradebook.course_directory(course)
    directory.assignment_id, directory.student_id = name, student
    return capture_log(converter(coursedir=directory, config=directory.config))


def marks(course, name):
    """The marks in a gradebook.

    Returns:
        {student: {exercise: points, None where it has none}}.
    """
    with gradebook.open_gradebook(course) as book:
        return {
            submission.student_id: {
                re.sub(r"^check-(.+)-(\w+)$", r"\1.\2", grade.name): grade.score
                if grade.auto_score is not None or grade.manual_score is not None
                else None
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.assignment_submissions(name)
        }


def digests(course, student):
    """Digests of the files with which a student has no business, by path."""
    found = {}
    for part in ("source", "release", "private", "submitted", "autograded"):
        for path in sorted((course / part).rglob("*")):
            place = path.relative_to(course)
            if place.parts[1] != student and path.is_file():
                found[str(place)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


if __name__ == "__main__":
    task, course, *rest = sys.argv[1:]
    print(json.dumps({"ours": ours, "nbgrader": nbgrader, "look": look}[task](Path(course), *rest)))
