"""Build the notebooks from `notebooks/source/*.py`.

One source holds a lesson and, from the cell tagged `exercises` on, its exercises with their solutions. The
result is the same, byte for byte, whenever the sources are, apart from the outputs that a lesson stores.
"""

import base64
import copy
import hashlib
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from course_lib import site
from course_lib.errors import NOT_WRITTEN, CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKER = re.compile(r"\b(BEGIN|END)\s+SOLUTION\b", re.IGNORECASE)
STUB = f'raise NotImplementedError("{NOT_WRITTEN}")'
COLAB = "https://colab.research.google.com"
# Colab shows the first line alone: see `cellView` below. pip runs by subprocess for its exit code and its words, and is
# forced, or a branch that has moved would not be fetched again. RuntimeError, since Colab adds its own advice to ImportError.
SET_UP = """\
# @title Set-up: on Colab, installs the course's helpers and data; then, anywhere, checks the versions.
import subprocess
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules:
    course = "git+https://github.com/{repository}@{ref}"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-input", "--force-reinstall"]
    done = subprocess.run([*pip, course], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The course was not installed from {{course}}. pip says why:\\n{{done.stderr}}")
if not find_spec("course_lib"):
    raise RuntimeError("The course is not installed in this Python: choose the course's kernel, or see the README's Start.")

from course_lib import doctor

doctor.require()"""
README_TABLE = re.compile(r"(<!-- lessons: .*? -->\n).*?(<!-- end of lessons -->)", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """One `notebooks/source/NN_topic.py`, read.

    Attributes:
        name: `NN_topic`.
        lesson: the cells of the lesson.
        exercises: the cells of the exercises, solutions included.
        course: the `course` part of the file's header: `question`, and `gpu` where training is long.
    """

    name: str
    lesson: list
    exercises: list
    course: dict = field(default_factory=dict)

    @property
    def number(self):
        """The lesson's number, such as `"01"`."""
        return self.name.split("_")[0]

    @property
    def title(self):
        """The lesson's title, without its number."""
        return heading(self.lesson[0]).partition("·")[2].strip()


def find_root():
    """The course's folder: the one at or above the working directory, else the one this package lies in."""
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if (folder / "notebooks" / "source").is_dir():
            return folder
    raise CourseError("No course here: run this in the course's folder, the one that holds notebooks/source.")


def lesson_names(folder):
    """The names of the lessons built in a folder, in order."""
    return sorted(path.stem for path in folder.glob("[0-9][0-9]_*.ipynb"))


def select(names, lessons):
    """Those of the `names` that the `lessons` ask for, by number or by name; all where none is given.

    Raises:
        CourseError: a lesson that does not exist.
    """
    for lesson in lessons:
        if not any(lesson in (name, name.split("_")[0]) for name in names):
            there = ", ".join(name.split("_")[0] for name in names) or "none"
            raise CourseError(f"No lesson {lesson!r}. Lessons here: {there}.")
    return [name for name in names if not lessons or {name, name.split("_")[0]} & set(lessons)]


def read_sources(folder):
    """Read all sources of a course.

    Args:
        folder: Path of `notebooks/source`.
    Returns:
        list of Source, in order.
    Raises:
        CourseError: a source is not named `NN_topic.py`, shares its number, or has a fault.
    """
    paths = sorted(folder.glob("*.py"))
    for path in paths:
        if not re.fullmatch(r"\d\d_\w+", path.stem):
            raise CourseError(f"notebooks/source/{path.name}: expected a name such as 07_topic.py.")
    numbers = [path.stem[:2] for path in paths]
    for number in numbers:
        if numbers.count(number) > 1:
            raise CourseError(f"notebooks/source: more than one lesson has the number {number}.")
    return [read_source(path) for path in paths]


def read_source(path):
    """Read and check one source.

    Args:
        path: of a py:percent file.
    Returns:
        Source.
    Raises:
        CourseError: the file cannot be read, or has no question, no headings, no exercises, or solution
            markers out of place.
    """
    import jupytext

    def fault(text):
        return CourseError(f"notebooks/source/{path.name}: {text}")

    try:
        notebook = jupytext.read(path, fmt="py:percent")
    except Exception as error:  # of YAML, of the text's encoding, of jupytext itself
        raise fault("cannot be read: " + str(error).replace("\n", " ")) from None
    course, cells = notebook.metadata.get("course"), notebook.cells
    if not isinstance(course, dict) or not isinstance(course.get("question"), str):
        raise fault("its header has no `question` under jupyter: course:. Quote one that holds a colon.")
    starts = [i for i, cell in enumerate(cells) if "exercises" in tags(cell)]
    if len(starts) != 1 or starts[0] == 0:
        raise fault(f"expected a lesson, then one cell tagged `exercises`; found {len(starts)}.")
    lesson, exercises = cells[: starts[0]], cells[starts[0] :]
    for part, first in (("lesson", lesson[0]), ("exercises", exercises[0])):
        if not heading(first).startswith(f"{path.stem[:2]} · "):
            raise fault(
                f"the {part} must open with a text cell whose first line is `# {path.stem[:2]} · Title`."
            )
    for cell in cells:
        markers = [line.strip() for line in cell.source.splitlines() if MARKER.search(line)]
        if markers != [BEGIN, END] * (len(markers) // 2) or (markers and cell in lesson):
            raise fault(f"solution markers out of place in the cell `{cell.source[:60]}…`.")
    return Source(path.stem, lesson, exercises, course)


def read_notebook(path, remedy="delete it and write it again with `course build`"):
    """Read a notebook as nbformat 4.

    Args:
        path: of the file.
        remedy: what the message says to do about one that is not valid.
    Returns:
        nbformat.NotebookNode.
    Raises:
        ValueError: it is not a valid notebook. The message follows the file's name.
    """
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of missing and repeated cell ids nbformat only warns
        try:
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise ValueError(f"is not a valid notebook; {remedy} ({reason}).") from None
    return notebook


def tags(cell):
    """The cell's tags."""
    return cell.metadata.get("tags", [])


def heading(cell):
    """The text of the heading that a text cell opens with, or `""`."""
    first = cell.source.split("\n")[0]
    return first[2:].strip() if cell.cell_type == "markdown" and first.startswith("# ") else ""


def hide_solution(code):
    """The code with each marked solution replaced by a stub that raises `NotImplementedError`."""
    pattern = rf"^([ \t]*){BEGIN}[ \t]*\n.*?^[ \t]*{END}[ \t]*$"
    return re.sub(pattern, lambda m: m[1] + STUB, code, flags=re.DOTALL | re.MULTILINE)


def show_solution(code):
    """The code with the solution's markers removed."""
    return "\n".join(line for line in code.split("\n") if line.strip() not in (BEGIN, END))


def make_notebook(source, kind, repository, ref):
    """One of the three notebooks of a source, without outputs.

    Args:
        source: Source.
        kind: `"lesson"`, `"exercise"` or `"solution"`.
        repository: `OWNER/NAME` on GitHub, for Colab.
        ref: tag or branch.
    Returns:
        nbformat.NotebookNode.
    """
    import nbformat.v4 as v4

    folder = {"lesson": "", "exercise": "exercises/", "solution": "solutions/"}[kind]
    cells = copy.deepcopy(source.lesson if kind == "lesson" else source.exercises)
    if kind == "exercise":
        cells = [cell for cell in cells if "answer" not in tags(cell)]
    if kind == "solution":
        cells[0].source = cells[0].source.replace("exercises", "solutions", 1)
    first, _, rest = cells[0].source.partition("\n")
    question = source.course["question"] if kind == "lesson" else ""
    link = f"{COLAB}/github/{repository}/blob/{ref}/notebooks/{folder}{source.name}.ipynb"
    badge = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({link})"
    cells[0].source = "\n\n".join(
        part.strip() for part in (first, badge, question and f"**{question}**", rest) if part
    )
    cells.insert(1, v4.new_code_cell(SET_UP.format(repository=repository, ref=ref)))

    seen = {}
    for cell in cells:
        if cell.cell_type == "code":
            cell.source = hide_solution(cell.source) if kind == "exercise" else show_solution(cell.source)
        kept = [tag for tag in tags(cell) if tag != "exercises"]
        cell.metadata = {"tags": kept} if kept else {}
        if cell is cells[1]:
            cell.metadata["cellView"] = "form"
        seen[cell.source] = seen.get(cell.source, 0) + 1
        cell.id = hashlib.sha256(f"{seen[cell.source]}{cell.source}".encode()).hexdigest()[:8]
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    }
    if kind == "lesson" and source.course.get("gpu"):
        metadata |= {"accelerator": "GPU", "colab": {"gpuType": "T4", "provenance": [], "toc_visible": True}}
    return v4.new_notebook(cells=cells, metadata=metadata)


def code_cells(notebook):
    """The code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def keep_outputs(notebook, stored):
    """Copy the stored outputs of the cells before the first whose code has changed.

    An output depends on the code above it as well, so what follows a change is dropped. The first cell is the
    set-up cell: it has no output, and a new address in it changes nothing here.
    """
    for number, (new, old) in enumerate(zip(code_cells(notebook), code_cells(stored), strict=False)):
        if number > 0 and new.source != old.source:
            break
        new.outputs, new.execution_count = old.outputs, old.execution_count


def as_text(notebook):
    """The notebook as it is written to disk."""
    import nbformat

    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def is_executed(notebook):
    """Whether every code cell has been run, in order."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return counts == list(range(1, len(counts) + 1))


def read_address(root, project=None):
    """Repository and tag, for Colab.

    Args:
        root: the course's folder.
        project: text of a pyproject.toml that is to replace the one there, or None.
    Raises:
        CourseError: `pyproject.toml` does not say.
    """
    try:
        found = site.parse(project) if project else site.address(root)
    except (AttributeError, ValueError) as error:
        raise CourseError(f"pyproject.toml cannot be read: {error}.") from None
    if not found:
        raise CourseError("pyproject.toml: expected a version and, under [project.urls], a Repository.")
    return found


def render(root, lessons=(), execute=None, project=None):
    """All files that the sources give, as text or bytes; nothing is written.

    Args:
        root: the course's folder.
        lessons: numbers or names; all where empty.
        execute: function (notebook, name) -> None that runs a lesson's notebook in place, or None to keep
            the stored outputs.
        project: text of a new pyproject.toml, with another address, or None.
    Returns:
        dict from path to str or bytes, and a list with the names of lessons whose stored outputs are missing.
    Raises:
        CourseError: a fault in a source, an unreadable notebook, an unknown lesson, a README without the marks
            between which the table of lessons stands.
    """
    repository, ref = read_address(root, project)
    folder = root / "notebooks"
    sources = read_sources(folder / "source")
    files, unexecuted = {}, []
    wanted = select([source.name for source in sources], lessons)
    for source in (source for source in sources if source.name in wanted):
        path = folder / f"{source.name}.ipynb"
        lesson = make_notebook(source, "lesson", repository, ref)
        if execute:
            execute(lesson, source.name)
        elif path.exists():
            try:
                keep_outputs(lesson, read_notebook(path))
            except ValueError as error:
                raise CourseError(f"notebooks/{path.name} {error}") from None
        if not is_executed(lesson):
            unexecuted.append(source.name)
        files[path] = as_text(lesson)
        for kind in ("exercise", "solution"):
            files[folder / f"{kind}s" / path.name] = as_text(make_notebook(source, kind, repository, ref))
        files |= pictures(lesson, folder)
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    files[readme], found = README_TABLE.subn(lambda m: m[1] + table(sources, repository, ref) + m[2], text)
    if found != 1:
        raise CourseError(
            "README.md: expected the marks <!-- lessons: … --> and <!-- end of lessons --> once."
        )
    if project:
        files[root / "pyproject.toml"] = project
    return files, unexecuted


def pictures(lesson, folder):
    """The picture of the cell tagged `picture`, which the README shows."""
    for cell in code_cells(lesson):
        for output in cell.outputs if "picture" in tags(cell) else ():
            if "image/png" in output.get("data", {}):
                return {folder / "picture.png": base64.b64decode(output["data"]["image/png"])}
    return {}


def table(sources, repository, ref):
    """The README's table of lessons."""
    rows = ["| | lesson | the question | exercises | Colab |", "|---|---|---|---|---|"]
    for source in sources:
        path = f"notebooks/{source.name}.ipynb"
        colab = f"{COLAB}/github/{repository}/blob/{ref}/{path}"
        rows.append(
            f"| {source.number} | [{source.title}]({path}) | {source.course['question']} "
            f"| [exercises](notebooks/exercises/{source.name}.ipynb) "
            f"| [![Open in Colab]({COLAB}/assets/colab-badge.svg)]({colab}) |"
        )
    return "\n".join(rows) + "\n"


def stale(files):
    """Those of the rendered files that differ from what is on disk."""
    old = []
    for path, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        if not path.exists() or path.read_bytes() != data:
            old.append(path)
    return old


def write(files):
    """Write the rendered files that differ; each is replaced whole or not at all.

    Returns:
        list of the paths written.
    """
    changed = stale(files)
    for path in changed:
        content = files[path]
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(content if isinstance(content, bytes) else content.encode())
        partial.replace(path)
    return changed
