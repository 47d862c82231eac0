"""What an assignment asks, read from its masters, and how a submission's cells fit into it."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.errors import CourseError

CALL = re.compile(r"""^\s*check\(\s*["']([\w.]+)["']\s*,\s*(\w+)""", re.MULTILINE)
NOTEBOOK = 20 * 2**20  # bytes
CELLS = 2000
CODE = 2**20  # characters of code in one submission


def only(course, name):
    """The name of an assignment: the one given, or the only one there is.

    Raises:
        CourseError: there is none, or more than one to choose from.
    """
    there = sorted(path.name for path in (Path(course) / "source").glob("*/"))
    if not there:
        raise CourseError(f"{course} is no course directory: `course assign 02 --to {course}` makes one.")
    if name is None and len(there) > 1:
        raise CourseError(
            f"Which assignment? --assignment {there[0]}, for instance; there are {', '.join(there)}."
        )
    return name or there[0]


def read_plan(course, name):
    """What an assignment asks.

    Args:
        course: Path of the teacher's course directory.
        name: of the assignment.
    Returns:
        plain data: {"assignment": name, "notebooks": [{"name", "cells": [{"id", "role", "type", "source"}], "tests":
        [source], "exercises": [{"id", "title", "points", "function", "answer", "test"}], "written": [{"id",
        "points", "question"}]}]}; a role is fixed, answer or written.
    Raises:
        CourseError: there is no such assignment, or a master cannot be graded.
    """
    folder = course / "source" / name
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        there = ", ".join(sorted(path.name for path in (course / "source").glob("*/"))) or "none"
        raise CourseError(f"{course} has no assignment {name!r}. Assignments there: {there}.")
    return {"assignment": name, "notebooks": [_read_master(path, course) for path in paths]}


def _read_master(path, course):
    """The plan of one notebook; see `read_plan`."""
    from course_lib.build import read_notebook

    try:
        notebook = read_notebook(path, "make the assignment anew with `course assign`")
    except ValueError as error:
        raise CourseError(f"{path} {error}") from None
    own = private_checks(course, path.parent.name)
    plan = {"name": path.stem, "cells": [], "tests": [], "exercises": [], "written": []}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        graded, solution = marks.get("grade", False), marks.get("solution", False)
        if graded and not solution:
            plan["tests"].append(cell.source)
            plan["exercises"].append(_exercise(path, cell, marks, plan["cells"], own))
            continue
        role = "written" if graded else "answer" if solution else "fixed"
        key = marks.get("grade_id", f"fixed-{cell.id}")
        plan["cells"].append({"id": key, "role": role, "type": cell.cell_type, "source": cell.source})
        if role == "written":
            before = plan["cells"][-2]["source"] if len(plan["cells"]) > 1 else ""
            plan["written"].append({"id": key, "points": float(marks.get("points", 0)), "question": before})
    return plan


def _exercise(path, cell, marks, cells, own):
    """The exercise that a test cell asks for."""
    from course_lib import checks

    call = CALL.search(cell.source)
    if not call:
        raise CourseError(f'{path}: the test cell {marks["grade_id"]} calls no check("02.1", function).')
    key, function = call.groups()
    try:
        found = own[key] if key[:1].isalpha() else checks.find(key)
    except (KeyError, ValueError):
        raise CourseError(
            f"{path}: there is no check of {key}. Is private/*/checks.py in its place?"
        ) from None
    answers = [each for each in cells if each["role"] == "answer" and defines(each["source"], function)]
    if not answers:
        raise CourseError(f"{path}: no answer cell defines {function}, which {key} checks.")
    return {
        "id": key,
        "title": found.title,
        "points": float(marks.get("points", found.points)),
        "function": function,
        "answer": answers[-1]["id"],
        "test": marks["grade_id"],
    }


def private_checks(course, name):
    """The teacher's own checks of an assignment: {id: Exercise}."""
    from course_lib import checks

    path = course / "private" / name / "checks.py"
    return checks.load(path) if path.exists() else {}


def defines(source, function):
    """Whether code defines a name at its top level, as far as a pattern can tell: hostile code is not parsed here."""
    name = re.escape(function)
    return bool(
        re.search(rf"^(?:(?:async\s+)?def\s+{name}\b|{name}\s*(?::[^=\n]+)?=(?!=))", source, re.MULTILINE)
    )


class Unreadable(Exception):
    """A submission is no notebook. The message is for the student."""


@dataclass
class Part:
    """A cell to run.

    Attributes:
        source: code.
        owner: `"teacher"` or `"student"`.
        exercises: set of ids whose function it defines.
        number: in the student's notebook, from 1.
    """

    source: str
    owner: str
    exercises: set = field(default_factory=set)
    number: int = 0


@dataclass
class Program:
    """A submission, fitted into its master.

    Attributes:
        parts: list of Part, in the order in which they run.
        written: {grade_id: text}.
    """

    parts: list
    written: dict


def cells_of(raw):
    """The cells of a notebook in any of Jupyter's formats, read without trust.

    Args:
        raw: bytes.
    Returns:
        list of (type, source, grade_id or None).
    Raises:
        Unreadable: it is no notebook, or larger than a notebook is.
    """
    advice = "open it in Jupyter, save it, and hand it in again"
    if len(raw) > NOTEBOOK:
        raise Unreadable(
            f"The file is larger than {NOTEBOOK / 2**20:.0f} MB: clear its outputs, then {advice}."
        )
    try:
        content = json.loads(raw)
        sheets = content.get("worksheets")  # nbformat 3
        cells = content["cells"] if sheets is None else [cell for sheet in sheets for cell in sheet["cells"]]
        found = [_cell(cell) for cell in cells[: CELLS + 1]]
    except (ValueError, RecursionError, MemoryError, AttributeError, TypeError, KeyError):
        raise Unreadable(f"The file is not a notebook that can be read: {advice}.") from None
    if len(found) > CELLS or sum(len(source) for _, source, _ in found) > CODE:
        raise Unreadable(f"The notebook has more than {CELLS} cells or a million characters: shorten it.")
    return found


def _cell(cell):
    """Type, source and grade_id of one cell, whatever it holds."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    key = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type")
    return (
        kind if isinstance(kind, str) else "",
        source if isinstance(source, str) else "",
        key if isinstance(key, str) else None,
    )


def fit(plan, cells):
    """Put a student's cells into the teacher's notebook.

    Answers are found by the cell's metadata and by the name of the function defined, since metadata is lost on the way
    through some editors. All of the student's code runs, in the student's order, so that of two definitions the
    last one counts; the teacher's cells run where the student has them, and before the answers that they precede, unchanged; the
    teacher's test cells do not run.

    Args:
        plan: of the notebook.
        cells: as `cells_of` gives them.
    Returns:
        Program.
    """
    from course_lib.build import hide_solution

    answers = {cell["id"]: cell for cell in plan["cells"] if cell["role"] == "answer"}
    stubs = {_plain(hide_solution(cell["source"])) for cell in answers.values()}
    known = {_plain(cell["source"]) for cell in plan["cells"] if cell["role"] == "fixed"}
    known |= {_plain(visible(source)) for source in plan["tests"]}
    fixed = [cell for cell in plan["cells"] if cell["type"] == "code" and cell["role"] in ("fixed", "answer")]
    own = {cell["id"]: cell["source"] for cell in fixed if cell["role"] == "fixed"}
    places = {}
    for key, source in own.items():
        places[_plain(source)] = None if _plain(source) in places else key  # of two alike, neither is a place
    parts = []

    def run_fixed(to=None):
        """The teacher's cells up to one of them or to an answer cell; all that are left where none is named."""
        if to is None or any(cell["id"] == to for cell in fixed):
            while fixed:
                cell = fixed.pop(0)
                if cell["role"] == "fixed":
                    parts.append(Part(cell["source"], "teacher"))
                if cell["id"] == to:
                    return

    first = next((cell["id"] for cell in fixed if cell["role"] == "answer"), None)
    if first:
        run_fixed(first)
    for number, (kind, source, key) in enumerate(cells, start=1):
        if kind != "code" or not source.strip():
            continue
        if _plain(source) in known:
            if place := places.get(_plain(source)):
                run_fixed(place)
            continue
        of = {
            exercise["id"]
            for exercise in plan["exercises"]
            if defines(source, exercise["function"]) or (key is not None and key == exercise["answer"])
        }
        if of and key in answers:
            run_fixed(key)
        if _plain(source) in stubs or (of and _is_stub(source)):
            continue
        parts.append(Part(source, "student", of, number))
        if key in own:  # a change of the teacher's cell: what it adds stays, what it breaks is mended
            parts.append(Part(own[key], "teacher"))
    run_fixed()
    return Program(parts, _written(plan, cells))


def familiar(plan, cells):
    """Whether any of a student's cells stems from the notebook that was handed out."""
    ids = {cell["id"] for cell in plan["cells"]} | {exercise["test"] for exercise in plan["exercises"]}
    texts = {_plain(visible(source)) for source in plan["tests"]}
    return any(key in ids or _plain(source) in texts for _, source, key in cells)


def _plain(source):
    """Source without what editors change: space at its ends and at the ends of lines."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _is_stub(source):
    """Whether code is one function that does nothing but raise, whatever its docstring and comments say."""
    lines = [
        line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith("#")
    ]
    head, _, rest = "\n".join(lines).partition('"""')
    return bool(
        re.fullmatch(r"def [^\n]*\n+raise NotImplementedError[^\n]*", head + rest.partition('"""')[2])
    )


def visible(source):
    """A test cell's source as students get it, without the hidden tests."""
    return re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", "", source, flags=re.DOTALL)


def _written(plan, cells):
    """The text of each written answer, by its metadata, else what follows its question."""
    found = {}
    for question in plan["written"]:
        by_id = [source for _, source, key in cells if key == question["id"]]
        asked = _plain(question["question"])
        places = [i for i, (_, source, _) in enumerate(cells) if _plain(source) == asked]
        after = cells[places[-1] + 1][1] if places and places[-1] + 1 < len(cells) else ""
        found[question["id"]] = by_id[-1] if by_id else after
    return found
