"""What of the exercises is done: the verdicts of exercise notebooks, asked from a terminal."""

import hashlib
import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from course_lib import build, checks
from course_lib.errors import CourseError

CALL = re.compile(r"""^\s*check\(\s*["'](\d\d\.\d+)["']""", re.MULTILINE)
MARKS = {checks.PASSED: "✓", checks.FAILED: "✗", checks.NOT_ATTEMPTED: "·"}


@dataclass(frozen=True)
class Found:
    """The verdicts of one exercise notebook.

    Attributes:
        path: str, of the notebook.
        verdicts: {id: {"status": .., "text": ..}}, in the lesson's order; an exercise without a verdict has the status `""`.
        faults: texts, a line for each cell that raised.
    """

    path: str
    verdicts: dict
    faults: list

    @property
    def done(self):
        """Whether all its exercises are passed."""
        return self.points == self.possible

    @property
    def points(self):
        """Points of the exercises passed."""
        passed = (key for key, verdict in self.verdicts.items() if verdict["status"] == checks.PASSED)
        return sum(checks.find(key).points for key in passed)

    @property
    def possible(self):
        """Points of all its exercises."""
        return sum(checks.find(key).points for key in self.verdicts)


def locate(notebook):
    """The path of an exercise notebook.

    Args:
        notebook: str, a path, or the number of a lesson.
    Returns:
        Path.
    Raises:
        CourseError: there is none.
    """
    if re.fullmatch(r"\d\d", notebook):
        folder = build.find_root() / "notebooks" / "exercises"
        (name,) = build.select(build.lesson_names(folder), [notebook])
        return folder / f"{name}.ipynb"
    if not Path(notebook).is_file():
        raise CourseError(f"{notebook}: no such notebook. Give its path, or a lesson's number such as 02.")
    return Path(notebook)


def read(path):
    """The notebook, and the exercises that its checks ask for.

    Raises:
        CourseError: it cannot be read, or checks nothing.
    """
    try:
        notebook = build.read_notebook(path, "save it again in Jupyter, or take an earlier copy")
    except ValueError as error:
        raise CourseError(f"{path} {error}") from None
    asked = CALL.findall("\n".join(cell.source for cell in build.code_cells(notebook)))
    if not asked:
        raise CourseError(f"{path} calls no check: expected a notebook of notebooks/exercises.")
    return notebook, asked


def exercises_of(asked):
    """The ids of all exercises of the lessons that these ids belong to, in order.

    Raises:
        CourseError: there is no such exercise.
    """
    try:
        for key in asked:
            checks.find(key)
    except ValueError as error:
        raise CourseError(str(error)) from None
    lessons = {key[:2] for key in asked}
    return [key for key in checks.EXERCISES if key[:2] in lessons]


def examine(path):
    """Run an exercise notebook, to its end even if cells raise; nothing is written to it.

    Args:
        path: of the notebook.
    Returns:
        Found.
    Raises:
        CourseError: it cannot be read or run, or checks nothing.
    """
    from course_lib import execute

    notebook, asked = read(path)
    ids = exercises_of(asked)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "verdicts"
        told.touch()
        environment = execute.ENVIRONMENT | {"COURSE_VERDICTS": str(told)}
        result = execute.execute(
            notebook, path.name, path.resolve().parent, environment=environment, keep_going=True
        )
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    verdicts = {
        key: {"status": "", "text": f"? {key}: its check cell is missing, or did not run"} for key in ids
    }
    verdicts |= {line["id"]: line for line in lines}  # of two the last
    faults = [result.error] if result.error else []
    for cell in build.code_cells(notebook):
        faults += [
            f"cell [{cell.execution_count}]: {output.ename}: {output.evalue}".partition("\n")[0]
            for output in cell.outputs
            if output.output_type == "error"
        ]
    return Found(str(path), verdicts, faults)


def lines(found):
    """The verdicts as lines of text."""
    for fault in found.faults:
        yield f"{found.path}, {fault}"
    for verdict in found.verdicts.values():
        yield verdict["text"]
    passed = sum(verdict["status"] == checks.PASSED for verdict in found.verdicts.values())
    yield f"{passed} of {len(found.verdicts)} passed, {found.points} of {found.possible} points"


def recall(path, memory):
    """The verdicts of a notebook: those remembered where neither it nor its checks have changed; else it is run.

    Args:
        path: of the notebook.
        memory: {digest: Found as dict}; what is new is put in.
    Returns:
        Found.
    """
    notebook, asked = read(path)
    ids = exercises_of(asked)
    code = [cell.source for cell in build.code_cells(notebook)]
    if sum(source.count(build.STUB) for source in code) >= len(asked):  # as it came: no need to run it
        return Found(str(path), {key: {"status": checks.NOT_ATTEMPTED, "text": ""} for key in ids}, [])
    folder = Path(checks.__file__).parent
    of_checks = [
        (folder / name).read_text(encoding="utf-8") for name in ("__init__.py", f"lesson{ids[0][:2]}.py")
    ]
    digest = hashlib.sha256(json.dumps([code, of_checks]).encode()).hexdigest()
    if digest not in memory:
        memory[digest] = asdict(examine(path))
    return Found(**memory[digest] | {"path": str(path)})


def show(root, console):
    """Print a table of all exercise notebooks, and what is next.

    Notebooks that have changed are run; their verdicts are remembered in build/progress.json.

    Args:
        root: the course's folder.
        console: rich.console.Console.
    """
    from rich.table import Table

    folder, store = root / "notebooks" / "exercises", root / "build" / "progress.json"
    try:
        memory = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        memory = {}
    table = Table("exercises", "", "points", title="Your progress", title_justify="left")
    total, possible, following = 0, 0, None
    for name in build.lesson_names(folder):
        with console.status(f"running {name}"):
            try:
                found = recall(folder / f"{name}.ipynb", memory)
            except CourseError as error:
                table.add_row(name, f"[red]{error}", "")
                continue
        store.parent.mkdir(exist_ok=True)
        store.write_text(json.dumps(memory), encoding="utf-8")
        marks = " ".join(MARKS.get(verdict["status"], "?") for verdict in found.verdicts.values())
        table.add_row(name, marks, f"{found.points} of {found.possible}")
        total, possible = total + found.points, possible + found.possible
        left = [key for key, verdict in found.verdicts.items() if verdict["status"] != checks.PASSED]
        following = following or (
            left and f"{left[0]} {checks.find(left[0]).title}, in notebooks/exercises/{name}.ipynb"
        )
    table.add_row("all", "", f"{total} of {possible}")
    console.print(table)
    console.print("✓ passed, ✗ not right yet, · not attempted, ? no verdict")
    console.print(f"Next: {following}" if following else "All done.")
