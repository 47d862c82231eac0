"""nbgrader's gradebook: marks go in, marks by hand are read, and the table of marks comes out."""

import csv
import functools
import hashlib
import io
import json
import math
import re
import unicodedata
from datetime import UTC, timedelta
from pathlib import Path

from course_lib import build
from course_lib.errors import CourseError

RULE = re.compile(r"(none|zero|(?P<percent>\d{1,3}(\.\d+)?)%/day)(,grace=(?P<grace>\d{1,4})(?P<unit>[mhd]))?")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
COLUMNS = ("student", "question", "points", "comment")
GRADED, NEEDS_MARKING, MISSING = "graded", "needs marking", "missing"
# What no page and no database takes well: control characters, lone surrogates, marks that turn the line around.
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# What a spreadsheet takes for a formula, also in full width, and behind what it passes over or does not show.
INVISIBLE = r"[\s\"'\u200b-\u200f\u2060-\u2064\ufeff]"
FORMULA = re.compile(rf"{INVISIBLE}*[=+\-@＝＋－＠]")
NUMBER = re.compile(r"\d*[.,]?\d+")


def course_directory(course):
    """The CourseDirectory of nbgrader, as the course's nbgrader_config.py sets it.

    Args:
        course: Path of the teacher's course directory.
    Returns:
        nbgrader.coursedir.CourseDirectory, whose `config` is that file's.
    Raises:
        CourseError: nbgrader is missing, or its settings cannot be read.
    """
    try:
        from nbgrader.coursedir import CourseDirectory
    except ImportError as error:
        raise CourseError(f"{error.name} is missing: run `pip install nbgrader`.") from None
    from traitlets.config import Config, PyFileConfigLoader

    path, config = Path(course).resolve() / "nbgrader_config.py", Config()
    if path.exists():
        try:
            config = PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
        except Exception as error:  # of the teacher's own Python
            raise CourseError(f"{path} cannot be read: {type(error).__name__}: {error}. Mend it.") from None
    config.CourseDirectory.root = str(path.parent)
    return CourseDirectory(config=config)


def open_gradebook(course, url=None):
    """Open the gradebook of a course, and make it where there is none.

    Args:
        course: Path of the teacher's course directory.
        url: any that SQLAlchemy takes; by default what nbgrader_config.py says, else gradebook.db in the course.
    Returns:
        nbgrader.api.Gradebook; close it, or use it in a `with` statement.
    Raises:
        CourseError: nbgrader is missing, or the database cannot be opened.
    """
    directory = course_directory(course)
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    url = url or directory.db_url
    try:
        stamp(url)
        book = Gradebook(url, directory.course_id or "default_course")
        memory().create(book.engine, checkfirst=True)
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise CourseError(
            f"The gradebook cannot be opened: {reason}. Mend its address or close it."
        ) from None
    return book


def stamp(url):
    """Write the version of nbgrader's tables into a new database.

    nbgrader would call the program `alembic`: that takes seconds, and fails where the environment is not activated.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    try:
        if not inspect(engine).get_table_names():
            with engine.begin() as connection:
                MigrationContext.configure(connection).stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    finally:
        engine.dispose()


@functools.cache
def memory():
    """Our one table beside nbgrader's: for each submission, JSON with the share taken off and the answers' digests."""
    from sqlalchemy import Column, MetaData, String, Table, Text

    return Table(
        "course_memory",
        MetaData(),
        Column("submission", String(32), primary_key=True),
        Column("facts", Text, nullable=False),
    )


def clean(text):
    """The text without what no page and no database takes well."""
    return UNSAFE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def fenced(text):
    """The text as a block of code in Markdown, out of which nothing in it leads."""
    text = clean(text)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}\n{text}\n{fence}"


def graded_cells(plan):
    """All that is marked, in order.

    Returns:
        list of (notebook's name, exercise or written question, its graded cell's id, its answer cell's id).
    """
    return [
        (notebook["name"], part, part.get("test", part["id"]), part.get("answer", part["id"]))
        for notebook in plan["notebooks"]
        for part in [*notebook["exercises"], *notebook["written"]]
    ]


def transaction(function):
    """A function (book, …) whose changes are committed at its end, or not made at all."""

    @functools.wraps(function)
    def run(book, *args, **kwargs):
        from sqlalchemy.exc import SQLAlchemyError

        try:
            result = function(book, *args, **kwargs)
            book.db.commit()
            return result
        except SQLAlchemyError as error:
            reason = str(error).partition("\n")[0]
            raise CourseError(
                f"The gradebook does not answer: {reason}. Mend that, then try again."
            ) from None
        finally:
            book.db.rollback()  # after a commit there is nothing left that it could undo

    return run


@transaction
def record(book, plan, result, when, penalty=0.0):
    """Enter one result, in place of what was there for that student.

    What a person entered stays where the student's answer is what it was: a mark, a comment, extra credit. So does a
    student's extension.

    Args:
        book: nbgrader.api.Gradebook.
        plan: of the assignment.
        result: of the submission.
        when: datetime at which it was handed in; without a zone, in UTC.
        penalty: share of the points that is taken off for lateness, 0 to 1.
    Raises:
        CourseError: the gradebook does not know the assignment, or not with these cells.
    """
    from nbgrader.utils import parse_utc

    submission, notebooks, grades, comments, stubs, old = prepare(book, plan, result["student"])
    submission.timestamp = parse_utc(when)
    digests, scores = {}, {}
    for notebook, part, name, answer in graded_cells(plan):
        grade, comment = grades[notebook, name], comments[notebook, answer]
        if "test" in part:
            found = result.get("exercises", {}).get(part["id"], {})
            text, score = found.get("source", ""), float(found.get("points", 0))
            said = "" if found.get("status") == "passed" else found.get("text", "")
        else:
            text = result.get("written", {}).get(notebook, {}).get(part["id"], "")
            empty = text.strip() in ("", stubs[notebook, name].strip())
            score, said = (0.0 if empty else None), ""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if not old or old["digests"].get(f"{notebook}/{name}") != digest:
            grade.manual_score = grade.extra_credit = comment.manual_comment = None
        if grade.manual_score is None:
            grade.needs_manual_grade = score is None
        elif grade.auto_score != score:  # a person overruled another score: nbgrader too asks to look again
            grade.needs_manual_grade = True
        grade.auto_score = score
        # In a fence, since nbgrader's own feedback page lets scripts through.
        comment.auto_comment = fenced(said) if said else None if text.strip() else "No response."
        digests[f"{notebook}/{name}"] = digest
        scores[notebook] = scores.get(notebook, 0.0) + earned(grade)
    for notebook, score in scores.items():
        notebooks[notebook].late_submission_penalty = round(penalty * score, 6)
    table, facts = memory(), json.dumps({"share": penalty, "digests": digests})
    if old:
        change = table.update().where(table.c.submission == submission.id).values(facts=facts)
    else:
        change = table.insert().values(submission=submission.id, facts=facts)
    book.db.execute(change)


def earned(grade):
    """The points of a Grade, or of a row with its columns, as nbgrader counts them."""
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (score or 0.0) + (grade.extra_credit or 0.0)


def prepare(book, plan, student):
    """A student's rows in the gradebook, made where there are none: `add_submission` would commit, and often.

    Returns:
        SubmittedAssignment; dicts from notebook to SubmittedNotebook, from (notebook, cell) to Grade, to Comment, and to
        the text that stands in an unanswered cell; what `memory` holds, or None.
    """
    from nbgrader import api

    db, (assignment, cells, stubs) = book.db, structure(book, plan["assignment"])
    kinds = {(notebook, cell, kind) for _, notebook, _, cell, kind in cells}
    for notebook, _, name, answer in graded_cells(plan):
        for wanted in ((notebook, name, "GradeCell"), (notebook, answer, "SolutionCell")):
            if wanted not in kinds:
                raise CourseError(
                    f"The gradebook has no cell {wanted[1]} in {notebook} of {plan['assignment']}: "
                    "give the gradebook that `course assign` wrote."
                )
    whose = {"assignment_id": assignment, "student_id": student}
    submission = db.query(api.SubmittedAssignment).filter_by(**whose).one_or_none()
    tables = {"GradeCell": api.Grade, "SolutionCell": api.Comment}
    facts, notebooks, found = None, {}, {}
    if submission is None:
        if db.get(api.Student, student) is None:
            db.add(api.Student(id=student))
        submission = api.SubmittedAssignment(id=api.new_uuid(), **whose)
        db.add(submission)
    else:
        query = memory().select().where(memory().c.submission == submission.id)
        facts = next((json.loads(row.facts) for row in db.execute(query)), None)
        of_this = {"assignment_id": submission.id}
        notebooks = {row.notebook_id: row for row in db.query(api.SubmittedNotebook).filter_by(**of_this)}
        for kind, table in tables.items():
            query = db.query(table).join(api.SubmittedNotebook).filter_by(**of_this)
            found |= {(kind, row.notebook_id, row.cell_id): row for row in query}
    rows = {kind: {} for kind in tables}
    for notebook, notebook_name, cell, name, kind in cells:
        if notebook not in notebooks:
            made = {"notebook_id": notebook, "assignment_id": submission.id}
            notebooks[notebook] = api.SubmittedNotebook(id=api.new_uuid(), **made)
        if kind in tables:
            key = notebooks[notebook].id
            row = found.get((kind, key, cell)) or tables[kind](cell_id=cell, notebook_id=key)
            rows[kind][notebook_name, name] = row
            db.add_all([notebooks[notebook], row])
    by_name = {name: notebooks[notebook] for notebook, name, *_ in cells}
    return submission, by_name, *rows.values(), stubs, facts


@functools.lru_cache(maxsize=1)
def structure(book, name):
    """What the gradebook knows of an assignment; it stays as it is from `assign` on.

    Returns:
        the assignment's id, tuples (notebook's id, notebook's name, cell's id, cell's name, kind), and a dict from
        (notebook's name, cell's name) to the text that students got.
    Raises:
        CourseError: there is no such assignment.
    """
    from nbgrader import api

    try:
        assignment = book.find_assignment(name)
    except api.MissingEntry:
        raise CourseError(
            f"The gradebook has no assignment {name}: give the gradebook that `course assign` wrote."
        ) from None
    of_this = api.Notebook.assignment_id == assignment.id
    columns = (api.Notebook.id, api.Notebook.name, api.BaseCell.id, api.BaseCell.name, api.BaseCell.type)
    cells = book.db.query(*columns).select_from(api.Notebook).join(api.BaseCell).filter(of_this)
    columns = (api.Notebook.name, api.SourceCell.name, api.SourceCell.source)
    sources = book.db.query(*columns).select_from(api.Notebook).join(api.SourceCell).filter(of_this)
    return assignment.id, [tuple(row) for row in cells], {tuple(key): text for *key, text in sources}


def late_penalty(rule, due, when, flagged_late=False):
    """What lateness costs.

    A grace moves the due date. From there on, a day begun counts as a day.

    Args:
        rule: `"none"`, `"zero"` (all points), or such as `"10%/day"`; with `",grace=15m"` (or h, d) after it.
        due: datetime or None.
        when: datetime at which it was handed in. Both without a zone are in UTC.
        flagged_late: whether Canvas called it late: then it is late by a day begun, whatever the file's time, unless
            that lies within the grace.
    Returns:
        share of the points to take off, 0 to 1, and a text for the student, `""` where it was not late.
    Raises:
        CourseError: another rule.
    """
    match = RULE.fullmatch(rule.replace(" ", ""))
    if not match or float(match["percent"] or 0) > 100:
        raise CourseError(
            f"--late {rule}: expected none, zero, or such as 10%/day, and after it, if you like, ,grace=15m."
        )
    grace = int(match["grace"] or 0) * UNITS[match["unit"] or "m"]
    late = in_utc(when) - in_utc(due) if due else timedelta()
    excused = timedelta() < late <= grace
    days = 0 if excused else max(math.ceil((late - grace) / timedelta(days=1)), int(flagged_late))
    if days <= 0:
        return 0.0, ""
    share = 1.0 if match[1] == "zero" else min(1.0, days * float(match["percent"] or 0) / 100)
    cost = f"{100 * share:.4g} % of the points are taken off" if share else "nothing is taken off"
    return share, f"Late by {days} day{'s' * (days != 1)}: {cost}."


def in_utc(when):
    """The datetime in UTC, which it is in where it has no zone."""
    # Python would subtract two datetimes of one zone as the clocks there show them, summer time and all.
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


@transaction
def read_marks(book, plan, path):
    """Enter the marks of written answers from a CSV file; all of it, or nothing.

    Args:
        book: nbgrader.api.Gradebook.
        plan: of the assignment.
        path: of a file in UTF-8 with the columns student, question, points, comment, separated by commas or
            semicolons (then a decimal comma is taken too).
    Returns:
        number of marks.
    Raises:
        CourseError: it names every line that is wrong.
    """
    from nbgrader import api

    assignment, *_ = structure(book, plan["assignment"])
    questions = {each["id"]: each for notebook in plan["notebooks"] for each in notebook["written"]}
    rows = {}
    for table in (api.Grade, api.Comment):
        query = book.db.query(api.SubmittedAssignment.student_id, api.BaseCell.name, table).select_from(table)
        query = query.join(api.SubmittedNotebook).join(api.SubmittedAssignment).join(table.cell)
        query = query.filter(api.SubmittedAssignment.assignment_id == assignment)
        query = query.filter(api.BaseCell.name.in_(questions))
        rows |= {(table, student, name): row for student, name, row in query}
    students = {student for _, student, _ in rows}
    faults, marks = [], {}
    for number, (student, question, points, comment) in read_lines(path):
        if student not in students:
            student = student.removeprefix("'")  # as write_csv may have written it
        most = questions.get(question, {}).get("points", 0)
        score = float(points.replace(",", ".")) if NUMBER.fullmatch(points) else -1
        if question not in questions:
            there = ", ".join(questions) or "none"
            faults.append(f"line {number}: no written question {question!r}; there are {there}")
        elif student not in students:
            faults.append(f"line {number}: nothing of a student {student!r} was graded")
        elif not 0 <= score <= most:
            faults.append(f"line {number}: expected points from 0 to {most:g}, received {points!r}")
        elif (student, question) in marks:
            faults.append(f"line {number}: a second mark of {student} for {question}")
        marks[student, question] = score, comment
    if faults:
        raise CourseError(f"{path}: nothing was entered. Mend " + "; ".join(faults) + ".")
    for (student, question), (score, comment) in marks.items():
        grade = rows[api.Grade, student, question]
        grade.manual_score, grade.needs_manual_grade = score, False
        rows[api.Comment, student, question].manual_comment = comment or None
    return len(marks)


def read_lines(path):
    """The lines of a CSV file of marks.

    Returns:
        list of (line's number, [student, question, points, comment]).
    Raises:
        CourseError: it cannot be read, or a column is missing.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not in UTF-8: save it again as CSV UTF-8.") from None
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}. Give the CSV file with the marks.") from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not set(COLUMNS) <= set(header):
            raise CourseError(f"{path}: expected a first line with the columns {', '.join(COLUMNS)}.")
        places = [header.index(name) for name in COLUMNS]
        for row in reader:
            row += [""] * (len(header) - len(row))
            fields = [unicodedata.normalize("NFKC", row[place]).strip() for place in places]
            unmarked = fields[0] and fields[1] and not (fields[2] or fields[3])
            if any(fields) and not unmarked:
                lines.append((reader.line_num, fields))
    except csv.Error as error:
        raise CourseError(f"{path}, line {reader.line_num}: {error}. Mend that line.") from None
    return lines


def write_autograded(course, plan, result):
    """Write what nbgrader's form grader shows: the teacher's cells with the student's answers and our verdicts.

    A written answer stands in a block of code, since the form grader shows Markdown with the scripts in it.

    Args:
        course: Path of the teacher's course directory.
        plan: of the assignment.
        result: of the submission.
    Returns:
        list of Path.
    """
    import nbformat

    files = {}
    folder = Path(course, "autograded", result["student"], plan["assignment"])
    for notebook in plan["notebooks"]:
        exercises = {exercise["answer"]: exercise for exercise in notebook["exercises"]}
        points = {question["id"]: question["points"] for question in notebook["written"]}
        written = result.get("written", {}).get(notebook["name"], {})
        cells = []
        for cell in notebook["cells"]:
            name, source = cell["id"], cell["source"]
            if exercise := exercises.get(name):
                found = result.get("exercises", {}).get(exercise["id"], {})
                answer, printed = clean(found.get("source", "")), found.get("output", "")
                cells.append(make_cell("code", answer, metadata(name, solution=True), printed))
                about = {"grade": True, "locked": True, "points": exercise["points"]}
                test = f'check("{exercise["id"]}", {exercise["function"]})'
                verdict = found.get("text") or result.get("fault") or "Not graded."
                cells.append(make_cell("code", test, metadata(exercise["test"], **about), verdict))
            elif cell["role"] == "written":
                about = metadata(name, grade=True, solution=True, points=points[name])
                cells.append(make_cell("markdown", fenced(written.get(name, "")), about))
            else:
                cells.append(make_cell(cell["type"], source, metadata(name, locked=True)))
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        made = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        files[folder / f"{notebook['name']}.ipynb"] = build.as_text(nbformat.from_dict(made))
    build.write(files)
    return list(files)


def metadata(name, grade=False, solution=False, locked=False, points=None):
    """A cell's metadata, as nbgrader wants them.

    Args:
        name: nbgrader's grade_id.
        grade: whether it carries points.
        solution: whether the student writes in it.
        locked: whether it is the teacher's.
        points: of a graded cell.
    Returns:
        dict.
    """
    found = {"schema_version": 3, "grade_id": name, "grade": grade, "solution": solution, "locked": locked}
    return {"nbgrader": found | {"task": False} | ({"points": points} if grade else {})}


def make_cell(kind, source, metadata, printed=""):
    """A cell as plain data; nbformat's own functions check each one against the schema, which takes long."""
    cell = {
        "cell_type": kind,
        "id": metadata["nbgrader"]["grade_id"][:64],
        "source": source,
        "metadata": metadata,
    }
    if kind == "code":
        output = {"output_type": "stream", "name": "stdout", "text": clean(printed)}
        cell |= {"execution_count": None, "outputs": [output] if printed else []}
    return cell


@transaction
def totals(book, plan):
    """The marks of all students in the gradebook, those by hand included; late penalties follow them.

    Args:
        book: nbgrader.api.Gradebook.
        plan: of the assignment.
    Returns:
        dict from student to None where nothing was handed in, else to a dict: `points`, a dict from exercise or written
        question to float, or None where nobody has marked it yet; `comments`, by written question; `penalty`; `total`;
        `status`.
    """
    from nbgrader import api

    db, (assignment, *_) = book.db, structure(book, plan["assignment"])
    of_this = api.SubmittedAssignment.assignment_id == assignment

    def ask(table, *columns):
        keys = (api.SubmittedAssignment.student_id, api.Notebook.name, api.BaseCell.name)
        query = db.query(*keys, *columns).select_from(table).join(table.cell).join(table.notebook)
        query = query.join(api.SubmittedNotebook.assignment).join(api.SubmittedNotebook.notebook)
        return query.filter(of_this)

    marks = dict.fromkeys(student for (student,) in db.query(api.Student.id))
    for (student,) in db.query(api.SubmittedAssignment.student_id).filter(of_this):
        marks[student] = {"points": {}, "comments": {}, "penalty": 0.0, "total": 0.0, "status": GRADED}
    parts = {(notebook, name): part["id"] for notebook, part, name, _ in graded_cells(plan)}
    score = (api.Grade.auto_score, api.Grade.manual_score, api.Grade.extra_credit)
    scores = {}
    for row in ask(api.Grade, *score, api.Grade.needs_manual_grade):
        student, notebook, cell, *_ = row
        if part := parts.get((notebook, cell)):
            unmarked = row.auto_score is None and row.manual_score is None
            marks[student]["points"][part] = None if unmarked else earned(row)
            if row.needs_manual_grade:
                marks[student]["status"] = NEEDS_MARKING
            scores[student, notebook] = scores.get((student, notebook), 0.0) + earned(row)
    for student, notebook, cell, comment in ask(api.Comment, api.Comment.manual_comment):
        if comment and (notebook, cell) in parts:
            marks[student]["comments"][parts[notebook, cell]] = comment
    shares = {row.submission: json.loads(row.facts)["share"] for row in db.execute(memory().select())}
    submitted = db.query(api.SubmittedAssignment.student_id, api.Notebook.name, api.SubmittedNotebook)
    submitted = submitted.select_from(api.SubmittedNotebook).join(api.SubmittedNotebook.notebook)
    for student, notebook, row in submitted.join(api.SubmittedNotebook.assignment).filter(of_this):
        score = scores.get((student, notebook), 0.0)
        # The form grader knows no shares, and marks may have come in through it.
        if row.assignment_id in shares:
            row.late_submission_penalty = round(shares[row.assignment_id] * score, 6)
        penalty = min(row.late_submission_penalty or 0.0, score)
        marks[student]["penalty"] += penalty
        marks[student]["total"] += score - penalty
    return marks


def write_csv(book, plan, course, faults=None):
    """Write results/NAME/grades.csv: a row for each student in the gradebook.

    In UTF-8 with a byte order mark: without one Excel takes the file for its old code page and shows JosÃ© for José;
    LibreOffice, pandas and `utf-8-sig` pass over it.

    Args:
        book: nbgrader.api.Gradebook.
        plan: of the assignment.
        course: Path of the teacher's course directory.
        faults: dict from student to what was wrong with the submission.
    Returns:
        Path.
    """
    faults = faults or {}
    parts = [part for _, part, _, _ in graded_cells(plan)]
    possible = sum(part["points"] for part in parts)
    marks = totals(book, plan)
    ids = [part["id"] for part in parts]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(safe, ["student", *ids, "late penalty", "total", "possible", "status"]))
    for student in sorted({*marks, *faults}):
        mark = marks.get(student) or {"points": {}, "penalty": 0, "total": 0, "status": MISSING}
        points = [mark["points"].get(each, 0) for each in ids]
        numbers = ["" if each is None else f"{each:.10g}" for each in points]
        numbers += [f"{each:.10g}" for each in (mark["penalty"], mark["total"], possible)]
        status = faults.get(student) or mark["status"]
        writer.writerow([safe(student), *numbers, safe(status)])
    path = Path(course, "results", plan["assignment"], "grades.csv")
    build.write({path: file.getvalue().encode("utf-8-sig")})
    return path


def safe(text):
    """A text as a cell of a CSV file that no spreadsheet takes for a formula.

    Semicolons go: where they separate, as in a German Excel, what follows one would be a cell of its own.
    """
    text = " ".join(clean(text).replace(";", ",").split())
    return f"'{text}" if FORMULA.match(text) else text
