"""What of the exercises is done: the verdicts of exercise notebooks, asked from a terminal."""

import hashlib
import json
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_lib import build, checks
from course_lib.errors import CourseError, Interrupted

CALL = re.compile(r"""^\s*check\(\s*["'](\d\d\.\d+)["']""", re.MULTILINE)
CELL_TIMEOUT = 300  # seconds
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
    if not (notebook.endswith(".ipynb") or Path(notebook).exists()):
        folder = build.find_root() / "notebooks" / "exercises"
        (name,) = build.select(build.lesson_names(folder), [notebook])
        return folder / f"{name}.ipynb"
    if not Path(notebook).is_file():
        raise CourseError(f"{notebook} is no notebook. Give a path of one, or a lesson's number such as 02.")
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
    """The ids of all exercises of the lesson that most of these ids belong to, in order.

    Raises:
        CourseError: there is no such exercise.
    """
    try:
        for key in asked:
            checks.find(key)
    except ValueError as error:
        raise CourseError(str(error)) from None
    ((lesson, _),) = Counter(key[:2] for key in asked).most_common(1)
    return [key for key in checks.EXERCISES if key[:2] == lesson]


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
    # Whatever it was saved with.
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "verdicts"
        told.touch()
        environment = execute.ENVIRONMENT | {"COURSE_VERDICTS": str(told)}
        result = execute.execute(
            notebook,
            path.name,
            path.resolve().parent,
            environment=environment,
            keep_going=True,
            timeout=CELL_TIMEOUT,
        )
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    verdicts = unknown(ids) | {line["id"]: line for line in lines if line["id"] in ids}  # of two the last
    faults = [result.error] if result.error else []
    for cell in build.code_cells(notebook):
        faults += [
            f"cell [{cell.execution_count}]: {output.ename}: {output.evalue}".partition("\n")[0]
            for output in cell.outputs
            if output.output_type == "error"
        ]
    return Found(str(path), verdicts, faults)


def unknown(ids):
    """No verdict for any of these exercises, as in `Found`."""
    text = "its check cell is missing, or did not run to its end"
    return {key: {"status": "", "text": f"? {key}: {text}"} for key in ids}


def lines(found):
    """The verdicts as lines of text."""
    for fault in found.faults:
        yield f"{found.path}, {fault}"
    for verdict in found.verdicts.values():
        yield verdict["text"]
    passed = sum(verdict["status"] == checks.PASSED for verdict in found.verdicts.values())
    yield f"{passed} of {len(found.verdicts)} passed, {found.points} of {found.possible} points"


def recall(path, memory):
    """The verdicts of a notebook: those remembered where neither it nor the checks have changed; else it is run.

    Args:
        path: of the notebook.
        memory: {name: {"digest": .., "verdicts": ..}}; what is new is put in, unless something went wrong.
    Returns:
        Found.
    Raises:
        CourseError: it cannot be read or run, or checks nothing.
    """
    notebook, asked = read(path)
    ids = exercises_of(asked)
    code = [cell.source for cell in build.code_cells(notebook)]
    stubs = [line for source in code for line in source.splitlines() if line.strip() == build.STUB]
    if len(stubs) >= len(asked):  # as it came: no need to run it
        return Found(str(path), {key: {"status": checks.NOT_ATTEMPTED, "text": ""} for key in ids}, [])
    modules = sorted(Path(checks.__file__).parent.glob("*.py"))
    of_checks = [module.read_text(encoding="utf-8") for module in modules]
    digest = hashlib.sha256(json.dumps([code, of_checks]).encode()).hexdigest()
    known = memory.get(path.name)
    if isinstance(known, dict) and known.get("digest") == digest:
        return Found(str(path), known["verdicts"], [])
    found = examine(path)
    if not found.faults and all(verdict["status"] for verdict in found.verdicts.values()):
        memory[path.name] = {"digest": digest, "verdicts": found.verdicts}
    return found


def show(root, console):
    """Print a table of all exercise notebooks, and what is next.

    Notebooks that have changed are run; their verdicts are remembered in build/progress.json.

    Args:
        root: the course's folder.
        console: rich.console.Console.
    Raises:
        Interrupted: Ctrl-C was pressed.
    """
    from rich.table import Table

    folder, store = root / "notebooks" / "exercises", root / "build" / "progress.json"
    try:
        memory = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        memory = {}
    memory = memory if isinstance(memory, dict) else {}
    table = Table("exercises", "", "points", title="Your progress", title_justify="left")
    every = []
    for name in build.lesson_names(folder):
        with console.status(f"running {name}"):
            try:
                found = recall(folder / f"{name}.ipynb", memory)
            except Interrupted:
                raise
            except CourseError as error:
                path = str(folder / f"{name}.ipynb")
                ids = exercises_of([f"{name[:2]}.1"])
                found = Found(path, unknown(ids), [str(error).removeprefix(f"{path} ")])
        every.append(found)
        store.parent.mkdir(exist_ok=True)
        store.write_text(json.dumps(memory), encoding="utf-8")
        marks = " ".join(MARKS.get(verdict["status"], "?") for verdict in found.verdicts.values())
        table.add_row(name, marks, f"{found.points} of {found.possible}")
    points, possible = sum(found.points for found in every), sum(found.possible for found in every)
    table.add_row("all", "", f"{points} of {possible}")
    console.print(table)
    console.print(
        "✓ passed, ✗ not right yet, · not attempted, ? no verdict: `course check` with its number says why"
    )
    for found in every:
        for fault in found.faults[:1]:
            console.print(f"{Path(found.path).name}: {fault}", markup=False, highlight=False, soft_wrap=True)
    for found in every:
        for key, verdict in found.verdicts.items():
            if verdict["status"] != checks.PASSED:
                name = Path(found.path).name
                console.print(
                    f"Next: {key} {checks.find(key).title}, in notebooks/exercises/{name}", highlight=False
                )
                return
    console.print("All done.")
