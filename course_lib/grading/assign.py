"""Assignments: exercise notebooks as nbgrader's masters, and what students get of them."""

import ast
import json
import re
import shutil
import textwrap
from datetime import UTC, date, datetime, time
from pathlib import Path

from course_lib import build, checks
from course_lib.errors import CourseError
from course_lib.grading import gradebook

CALL = re.compile(r'check\("(\d\d\.\d+)", (\w+)\)')
OWN = re.compile(r"[A-Za-z]\w*(\.\w+)*", re.ASCII)  # the id of an exercise of the teacher's own
NAME = re.compile(r"[^\W_][\w.-]{0,79}")
CONFIG = f"""\
# nbgrader's settings for this course, written by `course assign`.
c = get_config()
c.ClearSolutions.code_stub = {{"python": {build.STUB!r}}}
c.ClearSolutions.text_stub = "Your answer here."
"""
HIDDEN = """\
{call}
### BEGIN HIDDEN TESTS
# For nbgrader's own autograde, which runs a student's code with your rights, next to the gradebook and to these lines.
# `course grade` is the safe way: it runs the code in a jail, and asks the same questions from outside.
from course_lib.checks import examine

assert examine("{id}", {function}, seed=1).status == "passed", "{id}: not right yet"
### END HIDDEN TESTS"""


# Or nbgrader's autograde, which sees no check here, would give all points to anything.
OWN_HIDDEN = """\
check("{id}", {function})
### BEGIN HIDDEN TESTS
import os

assert os.environ.get("NBGRADER_EXECUTION") != "autograde", "{id} is graded by `course grade` alone"
### END HIDDEN TESTS"""


def assign(root, course, lessons, name=None, due=None, written=(), written_points=5, checks=None):
    """Make an assignment: masters, release version, settings, and its entry in the gradebook.

    Args:
        root: Path of the kit's folder; see `build.find_root`.
        course: Path of the teacher's course directory, made where there is none.
        lessons: numbers or names.
        name: of the assignment; by default the lessons' numbers, such as `"02-04"`.
        due: ISO date, which lasts until its last second, or date and time; local where it has no zone.
        written: texts of written questions, for the end of the first notebook.
        written_points: of each of them.
        checks: path of a file with the teacher's own checks.
    Returns:
        list of Path, the notebooks for the students.
    Raises:
        CourseError: no such lesson, a name, date or file that cannot be used, an assignment that is there already.
    """
    root, course = Path(root), Path(course).resolve()
    sources = {path.stem: path for path in sorted((root / "notebooks" / "source").glob("*.py"))}
    if not lessons:
        raise CourseError("Name the lessons whose exercises you assign, such as 02 04.")
    chosen = [build.read_source(sources[each]) for each in build.select(list(sources), lessons)]
    name = "-".join(source.number for source in chosen) if name is None else name
    if not NAME.fullmatch(name):
        raise CourseError(
            f"{name!r} is no name for an assignment: use letters, digits, - and _, such as ps1."
        )
    if re.search(r"[][*?]", str(course)):
        raise CourseError(f"{course}: nbgrader wants a path without [, ], * and ?: choose another folder.")
    if not written_points > 0 or not all(text.strip() for text in written):
        raise CourseError("A written question needs a text, and more than 0 points.")
    due = parse_due(due)
    repository, ref = build.read_address(root)
    masters = {source.name: make_master(source, repository, ref) for source in chosen}
    own = add_own(masters, checks) if checks else ""
    first = next(iter(masters.values()))
    first.cells += [cell for i, text in enumerate(written, start=1) for cell in ask(i, text, written_points)]

    private = course / "private" / name
    folders = [course / "source" / name, course / "release" / name, private]
    config = course / "nbgrader_config.py"
    if not config.exists():
        build.write({config: CONFIG})
    with gradebook.open_gradebook(course) as book:
        if any(folder.exists() for folder in folders) or name in [each.name for each in book.assignments]:
            raise CourseError(f"{course} has an assignment {name} already: choose another --name.")
        about = {"assignment": name, "lessons": list(masters), "due": due and due.isoformat()}
        about["points"] = {
            key: each for notebook in masters.values() for key, each in points_of(notebook).items()
        }
        files = {folders[0] / f"{key}.ipynb": build.as_text(each) for key, each in masters.items()}
        files[private / "assignment.json"] = json.dumps(about, indent=2) + "\n"
        try:
            private.mkdir(parents=True, mode=0o700)
            build.write(files | ({private / "checks.py": own} if own else {}))
            book.add_assignment(name, duedate=due)
            release(course, name)
        except BaseException:  # Ctrl-C too: half an assignment would stand in the way of the next attempt
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            book.db.rollback()
            if name in [each.name for each in book.assignments]:
                book.remove_assignment(name)
            raise
    return [folders[1] / f"{key}.ipynb" for key in masters]


def release(course, name):
    """Make the students' version and enter the assignment's cells in the gradebook, by nbgrader itself.

    Raises:
        CourseError: nbgrader failed.
    """
    directory = gradebook.course_directory(course)
    from nbgrader.converters import GenerateAssignment
    from nbgrader.utils import capture_log

    directory.assignment_id = name
    directory.config.ClearSolutions.code_stub = {"python": build.STUB}  # the teacher's settings may be older
    app = GenerateAssignment(coursedir=directory, config=directory.config)
    result = capture_log(app)
    if not result["success"]:
        reason = (result.get("error") or result.get("log") or "").strip().rpartition("\n")[2]
        raise CourseError(f"nbgrader did not make the students' version of {name}: {reason}.")


def parse_due(text):
    """A due date in UTC.

    Args:
        text: ISO date or date and time; or None.
    Returns:
        datetime or None.
    Raises:
        CourseError: it is neither.
    """
    if text is None:
        return None
    try:
        try:
            due = datetime.combine(date.fromisoformat(text), time(23, 59, 59))
        except ValueError:
            due = datetime.fromisoformat(text)
        return due.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CourseError(f"--due {text}: expected such as 2026-10-31 or 2026-10-31T18:00.") from None


def make_master(source, repository, ref):
    """The master of one exercise notebook: solutions between their marks, hidden tests, nbgrader's metadata.

    Args:
        source: build.Source.
        repository: `OWNER/NAME` on GitHub, for the set-up cell on Colab.
        ref: tag or branch.
    Returns:
        nbformat.NotebookNode.
    """
    notebook = build.make_notebook(source, "exercise", repository, ref)
    parts = [cell for cell in source.exercises if "answer" not in build.tags(cell)]
    parts.insert(1, notebook.cells[1])  # the set-up cell, which make_notebook puts there
    # The badge leads to the kit's own notebook, which carries no marks; the lesson does not lie beside this one.
    head = re.sub(r"\n*\[!\[Open in Colab\].*", "", notebook.cells[0].source)
    address = f"https://github.com/{repository}/blob/{ref}/notebooks/"
    notebook.cells[0].source = head.replace("](../", f"]({address}")
    for cell, part in zip(notebook.cells, parts, strict=True):
        if build.BEGIN in part.source:
            cell.source, answer = part.source, cell
        elif call := CALL.fullmatch(cell.source):
            name, function = call.groups()
            answer.metadata |= gradebook.metadata(f"answer-{dashed(name)}", solution=True)
            cell.source = HIDDEN.format(call=call[0], id=name, function=function)
            about = {"grade": True, "locked": True, "points": checks.find(name).points}
            cell.metadata |= gradebook.metadata(f"check-{dashed(name)}", **about)
        else:
            cell.metadata |= gradebook.metadata(f"fixed-{cell.id}", locked=True)
    # An empty cell to try something in would be locked.
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    return notebook


def dashed(name):
    """An exercise's id as nbgrader takes it: `"02-1"`."""
    return name.replace(".", "-")


def points_of(notebook):
    """What a master's exercises and written questions are worth: dict from id to number."""
    graded = [cell for cell in notebook.cells if cell.metadata.nbgrader["grade"]]
    return {
        re.match(r'check\("([^"]+)"', cell.source)[1]
        if cell.cell_type == "code"
        else cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader["points"]
        for cell in graded
    }


def add_own(masters, path):
    """Add the teacher's own exercises to the last notebook.

    Args:
        masters: dict from name to NotebookNode.
        path: of the file with the checks.
    Returns:
        the file's text.
    Raises:
        CourseError: the file cannot be used.
    """
    here = {key for notebook in masters.values() for key in points_of(notebook)}
    last = list(masters.values())[-1]
    for name, found in checks.load(path).items():
        if not name[:1].isalpha():
            if name not in here:
                raise CourseError(
                    f"{path}: {name} is no exercise of these lessons; here are {', '.join(here)}."
                )
            continue
        if not OWN.fullmatch(name):
            raise CourseError(f"{path}: {name!r} is no id of an exercise: write such as T.1.")
        if not found.points > 0:
            raise CourseError(f"{path}: {name} wants more than 0 points.")
        last.cells += own_cells(name, found, path)
    return Path(path).read_text(encoding="utf-8")


def own_cells(name, found, path):
    """Heading, answer and test cell of an exercise of the teacher's own.

    The check stands in no notebook: what does is read sooner or later, and a check may hold the answer.
    """
    import nbformat.v4 as v4

    stub = found.stub.strip()
    try:
        (function,) = [each for each in ast.parse(stub).body if isinstance(each, ast.FunctionDef)]
        body = function.body[0]
        answer = f"### BEGIN SOLUTION\n{build.STUB}\n### END SOLUTION"
        answer = f"{stub}\n" + textwrap.indent(answer, body.col_offset * " ")
        if ast.get_docstring(function) is None or function.lineno == body.lineno:
            raise ValueError
        ast.parse(answer)
    except (SyntaxError, ValueError):
        raise CourseError(
            f"{path}: the stub of {name} must be one function, its signature and, on lines of its own, its docstring."
        ) from None
    key = dashed(name)
    about = {"grade": True, "locked": True, "points": found.points}
    return [
        v4.new_markdown_cell(
            f"## {name} {found.title} ({found.points:g} points)",
            id=f"title-{key}",
            metadata=gradebook.metadata(f"fixed-title-{key}", locked=True),
        ),
        v4.new_code_cell(
            answer, id=f"answer-{key}", metadata=gradebook.metadata(f"answer-{key}", solution=True)
        ),
        v4.new_code_cell(
            OWN_HIDDEN.format(id=name, function=function.name),
            id=f"check-{key}",
            metadata=gradebook.metadata(f"check-{key}", **about),
        ),
    ]


def ask(number, text, points):
    """The two cells of a written question: the teacher's, and the student's."""
    import nbformat.v4 as v4

    name = f"written-{number}"
    question = f"## Written question {number} ({points:g} points)\n\n{text.strip()}"
    note = "What a good answer says: for the graders. Students get an empty cell."
    about = {"grade": True, "solution": True, "points": points}
    return [
        v4.new_markdown_cell(
            question,
            id=f"question-{number}",
            metadata=gradebook.metadata(f"fixed-question-{number}", locked=True),
        ),
        v4.new_markdown_cell(note, id=name, metadata=gradebook.metadata(name, **about)),
    ]
