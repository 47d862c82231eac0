"""The `course` command."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from course_lib.errors import CourseError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Run, read, build and check the course.",
)
Lessons = Annotated[list[str] | None, typer.Argument(help="Numbers, such as 00 01; all where none is given.")]


def console():
    """A console that does not cut lines where the output is no terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


@app.command()
def run(lessons: Lessons = None):
    """Run lessons from top to bottom; executed copies and HTML views go to build/."""
    from course_lib import build, execute, runtime

    out = console()
    root = build.find_root()
    try:
        runtime.asked_profile()
    except ValueError as error:
        raise CourseError(str(error)) from None
    results = execute.run_lessons(root, lessons or [], out)
    execute.show_results(results, out)
    failed = [result.name for result in results if result.error]
    out.print("Executed notebooks and HTML views are in build/.")
    if failed:
        raise CourseError(f"{len(failed)} of {len(results)} failed: {', '.join(failed)}.")


@app.command()
def check(
    notebook: Annotated[
        str, typer.Argument(help="An exercise notebook, or the number of one in notebooks/exercises.")
    ],
):
    """Run an exercise notebook and print what its checks say; the file is left as it is."""
    from course_lib import progress

    found = progress.examine(progress.locate(notebook))
    for line in progress.lines(found):
        typer.echo(line)
    raise typer.Exit(0 if found.done else 1)


@app.command("progress")
def progress_command():
    """Show which exercises are done, and which is next."""
    from course_lib import build, progress

    progress.show(build.find_root(), console())


@app.command()
def lab(lesson: Annotated[str, typer.Argument(help="A lesson's number.")] = "00"):
    """Open JupyterLab on a lesson."""
    from course_lib import build

    folder = build.find_root() / "notebooks"
    (name,) = build.select(build.lesson_names(folder), [lesson])
    command = [sys.executable, "-m", "jupyter", "lab", f"--LabApp.default_url=/lab/tree/{name}.ipynb"]
    raise typer.Exit(subprocess.run(command, cwd=folder, check=False).returncode)


@app.command("build")
def build_command(
    lessons: Lessons = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="Run the lessons and store their outputs.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a notebook is out of date.")
    ] = False,
    repo: Annotated[
        str | None, typer.Option(help="OWNER/NAME on GitHub: every badge and set-up cell is to name it.")
    ] = None,
    ref: Annotated[
        str | None, typer.Option(help="Tag or branch that they are to name; else the tag v<version>.")
    ] = None,
):
    """Build the notebooks from notebooks/source."""
    from course_lib import build, site

    root = build.find_root()
    if repo is not None or ref is not None:
        if check or execute or lessons:
            raise CourseError(
                "--repo and --ref change every notebook and run none: give nothing else with them."
            )
        build.read_address(root)
        files, _ = build.render(root, project=site.moved(root, repo, ref))
        for path in build.write(files):
            typer.echo(f"wrote {path.relative_to(root)}")
        repository, ref = build.read_address(root)
        typer.echo(
            f"Commit this, and push it to github.com/{repository} with the tag or branch {ref}, which Colab opens and installs."
        )
        return
    if check and execute:
        raise CourseError("--check writes nothing and --execute writes outputs: give one of them.")
    if check:
        files, unexecuted = build.render(root, lessons or [])
        faults = [
            f"{path.relative_to(root)} is out of date: run `course build`." for path in build.stale(files)
        ]
        faults += [
            f"notebooks/{name}.ipynb lacks outputs: run `course build --execute`." for name in unexecuted
        ]
        for fault in faults:
            typer.echo(fault, err=True)
        raise typer.Exit(1 if faults else 0)
    sources = build.read_sources(root / "notebooks" / "source")
    names = build.select([source.name for source in sources], lessons or [])
    for batch in [[name] for name in names] if execute else [names]:  # what has been run is written at once
        files, unexecuted = build.render(root, batch, run_or_stop(root) if execute else None)
        for path in build.write(files):
            typer.echo(f"wrote {path.relative_to(root)}")
        for name in unexecuted:
            typer.echo(f"notebooks/{name}.ipynb lacks outputs: run `course build --execute`.")


def run_or_stop(root):
    """A function that runs a lesson in place and raises CourseError where a cell fails."""
    from course_lib.execute import REPRODUCIBLE, execute

    def run_lesson(notebook, name):
        typer.echo(f"running {name}")
        result = execute(notebook, name, root / "notebooks", environment=REPRODUCIBLE)
        if result.error:
            raise CourseError(f"notebooks/{name}.ipynb, {result.error}. It was not written.")

    return run_lesson


@app.command()
def doctor():
    """Check this machine: Python, packages, TensorFlow, GPU, memory, disk, data; and what to do about each."""
    from course_lib import doctor

    findings = doctor.examine()
    doctor.show(findings, console())
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


data_app = typer.Typer(
    no_args_is_help=True, help="Data and weights: what there is, what is here, fetch, verify."
)
app.add_typer(data_app, name="data")
Names = Annotated[
    list[str] | None, typer.Argument(help="Names from `course data list`; all where none is given.")
]


@data_app.command("list")
def list_data():
    """List every data set: size, licence, where it is."""
    from rich.table import Table

    from course_lib import data

    table = Table("name", "what", "MB", "licence", "where", box=None)
    table.columns[2].justify = "right"
    for row in data.status():
        dataset = data.DATASETS[row.name]
        size = f"{row.bytes / 1e6:.1f}" if row.bytes else ""
        table.add_row(row.name, dataset.title, size, dataset.licence, row.where)
    console().print(table)


@data_app.command("get")
def get_data(
    names: Names = None,
    to: Annotated[
        Path | None, typer.Option(help="Copy there what does not come with the course: for COURSE_DATA_DIR.")
    ] = None,
):
    """Fetch data sets into the cache, however long it takes; what a web server broke off goes on from there next time."""
    from course_lib import data

    problems = []
    for name in data.choose(names):
        try:
            data.fetch_all(name, to and to.expanduser(), typer.echo)
        except data.DataError as error:
            problems.append(name)
            typer.echo(error, err=True)
    if problems:
        raise CourseError(f"Not fetched: {', '.join(problems)}. What went wrong stands above.")


@data_app.command("verify")
def verify_data(names: Names = None):
    """Compare every file on this machine with its checksum."""
    from course_lib import data

    damaged = 0
    for name in data.choose(names):
        for path, problem in data.verify(name):
            damaged += bool(problem)
            typer.echo(f"{name}: {path}: {problem or 'as expected'}")
    if damaged:
        raise CourseError(f"{damaged} damaged: replace or delete them, then run `course data get`.")


@data_app.command("path")
def data_path(names: Names = None):
    """Print where a data set's files are, or without a name, the cache folder."""
    from course_lib import data, fetch

    if not names:
        typer.echo(fetch.cache())
    for name in data.choose(names) if names else ():
        for file in data.DATASETS[name].files:
            if not (found := fetch.find_here(file)):
                raise CourseError(
                    f"{name}: {file.name} is not on this machine: run `course data get {name}`."
                )
            typer.echo(found[0])


Course = Annotated[Path, typer.Argument(help="The teacher's course directory.")]
Assignment = Annotated[
    str | None, typer.Option(help="Its name, where the course directory has more than one.")
]


@app.command()
def assign(
    lessons: Annotated[list[str], typer.Argument(help="Numbers, such as 02 04.")],
    to: Annotated[Path, typer.Option(help="The course directory, made where there is none.")],
    name: Annotated[
        str | None, typer.Option(help="Of the assignment; else the lessons' numbers, such as 02-04.")
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="Such as 2026-12-01 or 2026-12-01T18:00, local time.")
    ] = None,
    written: Annotated[
        list[str] | None, typer.Option(help="A question to be answered in words; may be given again.")
    ] = None,
    written_points: Annotated[float, typer.Option(help="What each of them is worth.")] = 5,
    checks: Annotated[
        Path | None, typer.Option(help="A Python file of checks of your own, which students never get.")
    ] = None,
):
    """Teachers: make an assignment of exercise notebooks; what to hand out is then in release/."""
    from course_lib import build
    from course_lib.grading.assign import assign

    paths = assign(build.find_root(), to, lessons, name, due, written or (), written_points, checks)
    for path in paths:
        typer.echo(f"to hand out: {path}")


@app.command()
def collect(
    source: Annotated[Path, typer.Argument(help="A zip from Moodle or Canvas, or a folder.")],
    into: Annotated[Path, typer.Option(help="The course directory.")],
    assignment: Assignment = None,
    received: Annotated[
        datetime | None, typer.Option(help="When all of it came, where the files do not tell.")
    ] = None,
):
    """Teachers: take submissions into the course directory; the latest counts, all are kept."""
    from course_lib.grading import collect, plan

    found = collect.collect(into, source, plan.only(into, assignment), received)
    collect.show(found, console())


@app.command()
def grade(
    course: Course,
    assignment: Assignment = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many at once; else one a core.")] = None,
    dask: Annotated[
        str | None, typer.Option(help="Address of a Dask cluster, such as tcp://host:8786.")
    ] = None,
    exercise: Annotated[
        list[str] | None, typer.Option(help="Grade this one again, such as 02.3; may be given again.")
    ] = None,
    student: Annotated[list[str] | None, typer.Option(help="Grade only these.")] = None,
    late: Annotated[
        str | None,
        typer.Option(
            help="none, zero, or such as 10%/day; and after it, if you like, ,grace=15m. Kept until another is given."
        ),
    ] = None,
    marks: Annotated[
        Path | None, typer.Option(help="Marks of written answers: CSV of student, question, points, comment.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="A cell, or a function in its check, may take.")] = 60,
    memory: Annotated[float, typer.Option(min=0.5, help="GB that one submission may take.")] = 3,
    no_jail: Annotated[
        bool, typer.Option("--no-jail", help="Run students' code with your rights. It can change everything.")
    ] = False,
):
    """Teachers: grade all that is collected, in a jail; stopped, it goes on where it was."""
    from course_lib.grading import batch, gradebook, hand_back, jail, plan

    out, name = console(), plan.only(course, assignment)
    gradebook.late_penalty(
        late or "none", None, datetime.now(UTC)
    )  # what is wrong is told before anything is graded
    if marks:
        gradebook.read_lines(marks)
    limits = jail.Limits(seconds=seconds, memory=int(memory * 2**30))
    if no_jail:
        typer.echo(
            "course: --no-jail: students' code runs with your rights. The results will say so.", err=True
        )
    elif problem := batch.try_jail(limits):
        raise CourseError(f"The jail does not work here: {problem}. `course doctor` says what to do.")
    with batch.progress(out) as tell:
        results = batch.grade(
            course, name, limits, workers, dask, not no_jail, exercise or (), student or (), tell
        )
    told = hand_back.hand_back(course, plan.read_plan(course, name), results, late, marks)
    broken = [student for student, result in results.items() if result["fault"]]
    told.insert(
        0, f"Submissions: {len(results)}" + f"; could not be graded: {', '.join(broken)}" * bool(broken)
    )
    for line in told:
        out.print(line, soft_wrap=True, highlight=False, markup=False)


def main():
    """Run the command; what a user can mend ends in one sentence and exit code 1."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Or older debuggers, which nobody has started, warn of frozen modules.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        app()
    except CourseError as error:
        sys.exit(f"course: {error}")
    except ModuleNotFoundError as error:
        sys.exit(f"course: The package {error.name!r} is missing: run `pip install -r requirements.txt`.")
    except OSError as error:
        sys.exit(
            f"course: {error.filename or 'The file system'}: {error.strerror}. Mend that, then run this again."
        )
