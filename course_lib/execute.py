"""Run notebooks from top to bottom, and show what came of it."""

import copy
import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError, Interrupted

# A fixed width, and no log lines of TensorFlow's C++ part.
ENVIRONMENT = {"COLUMNS": "80", "LINES": "24", "PYTHONHASHSEED": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
# What is stored and what is tested: the fast profile on the CPU, whatever this machine has.
REPRODUCIBLE = ENVIRONMENT | {"COURSE_PROFILE": "fast", "CUDA_VISIBLE_DEVICES": "-1"}
# MPLBACKEND would take the figures out of the outputs, and PYTEST_CURRENT_TEST what C code prints: ipykernel
# leaves that uncaught where it believes that pytest catches it.
UNSET = {"COURSE_EXPECT", "COURSE_VERDICTS", "MPLBACKEND", "PYTEST_CURRENT_TEST"}
# The copy of MathJax that comes from PyPI has this configuration and these fonts only.
MATHJAX = "TeX-AMS-MML_HTMLorMML-full"
FONTS = """<script type="text/x-mathjax-config">
MathJax.Hub.Config({"HTML-CSS": {availableFonts: [], preferredFont: null, imageFont: null, webFont: "STIX-Web"}});
</script>
"""
CELL_TIMEOUT = 3600  # seconds; full-profile training on a patient CPU


@dataclass(frozen=True)
class Result:
    """What became of one notebook.

    Attributes:
        name: the notebook's name.
        seconds: wall time.
        headline: what the cell tagged `headline` printed.
        error: one line on the cell that failed, or `""`.
    """

    name: str
    seconds: float
    headline: str = ""
    error: str = ""


def execute(
    notebook,
    name,
    folder,
    on_cell=lambda done: None,
    environment=ENVIRONMENT,
    keep_going=False,
    timeout=CELL_TIMEOUT,
):
    """Run a notebook in place.

    Args:
        notebook: nbformat.NotebookNode; its outputs are replaced.
        name: what the result is called.
        folder: the working directory of the kernel.
        on_cell: function (number of cells done) -> None, called after each cell.
        environment: dict of environment variables for the kernel, beside those of this process.
        keep_going: run the cells behind one that raises, too; the result then names none.
        timeout: in seconds, of a cell.
    Returns:
        Result.
    Raises:
        CourseError: no kernel can be started, or Ctrl-C was pressed.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        on_cell_complete=lambda cell, cell_index: on_cell(cell_index + 1),
        allow_errors=keep_going,
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    start, error = time.perf_counter(), ""
    language_info = notebook.metadata.get("language_info")
    try:
        run_to_end(client, {k: v for k, v in os.environ.items() if k not in UNSET} | environment)
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted: the results of {name} are not kept.") from None
    except CellExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}".split("\n")[0]
    except CellTimeoutError:
        error = f"ran longer than {timeout} s"
    except DeadKernelError:
        error = "the kernel died: out of memory, most often"
    except NoSuchKernel:
        raise CourseError("No Python kernel for Jupyter here: pip install -r requirements.txt.") from None
    if error:
        counts = [cell.execution_count or 0 for cell in notebook.cells if cell.cell_type == "code"]
        error = f"cell [{max(counts, default=0)}]: {error}"
    notebook.metadata["language_info"] = language_info  # without the version of this machine's Python
    return Result(name, time.perf_counter() - start, headline(notebook), error)


def run_to_end(client, environment):
    """Run a client in a thread: in the main one, nbclient handles Ctrl-C itself, and badly."""
    with ThreadPoolExecutor(1) as thread:
        # What a kernel prints past Jupyter is its own tracebacks, when it ends.
        job = thread.submit(client.execute, env=environment, stderr=subprocess.DEVNULL)
        try:
            while not job.done():
                wait([job], timeout=0.2)  # so that Ctrl-C is seen on Windows too
        except KeyboardInterrupt:
            if client.km and client.km.provisioner and client.km.provisioner.process:
                client.km.provisioner.process.kill()  # ends the job, with a DeadKernelError that nobody reads
            raise
        return job.result()


def headline(notebook):
    """What the cell tagged `headline` printed, on one line."""
    for cell in notebook.cells:
        if "headline" in cell.metadata.get("tags", []):
            text = "".join(o.text for o in cell.get("outputs", []) if o.get("name") == "stdout")
            return " ".join(text.split())
    return ""


def write_html(notebook, path):
    """Write a view of the notebook that needs no server and no network: mathematics is set by a copy of MathJax.

    Args:
        notebook: nbformat.NotebookNode.
        path: of the page, in `build/`; links to other lessons lead to their pages, others to `notebooks/`.
    """
    import jupyter_server_mathjax
    from nbconvert import HTMLExporter

    mathjax = Path(jupyter_server_mathjax.__file__).parent / "static"
    shutil.copytree(mathjax, path.parent / "mathjax", dirs_exist_ok=True)
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.html)", cell.source)
            cell.source = re.sub(r"\]\((exercises/\w+\.ipynb)\)", r"](../notebooks/\1)", cell.source)
    exporter = HTMLExporter(
        mathjax_url=f"mathjax/MathJax.js?config={MATHJAX},Safe", require_js_url="", jquery_url=""
    )
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    path.write_text(html.replace("</head>", f"{FONTS}</head>", 1), encoding="utf-8")


def run_lessons(root, lessons, console):
    """Run lessons in order with a progress bar; executed copies and HTML views go to `build/`.

    Args:
        root: the course's folder.
        lessons: numbers or names; all where empty.
        console: rich.console.Console.
    Returns:
        list of Result.
    Raises:
        CourseError: an unknown lesson, or a notebook that cannot be read.
    """
    import nbformat
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from course_lib.build import lesson_names, read_notebook, select

    folder, output = root / "notebooks", root / "build"
    names = select(lesson_names(folder), lessons)
    output.mkdir(exist_ok=True)
    results = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        for name in names:
            try:
                notebook = read_notebook(folder / f"{name}.ipynb")
            except ValueError as error:
                raise CourseError(f"notebooks/{name}.ipynb {error}") from None
            task = progress.add_task(name, total=len(notebook.cells))
            result = execute(
                notebook, name, folder, lambda done, task=task: progress.update(task, completed=done)
            )
            results.append(result)
            if not result.error:
                progress.update(task, completed=len(notebook.cells))
            nbformat.write(notebook, output / f"{name}.ipynb")
            write_html(notebook, output / f"{name}.html")
    return results


def show_results(results, console):
    """Print the table: lesson, passed or failed, seconds, headline."""
    from rich.table import Table

    table = Table("lesson", "", "seconds", "result", title="The course on this machine", title_justify="left")
    for result in results:
        verdict = "[red]failed" if result.error else "[green]passed"
        table.add_row(result.name, verdict, f"{result.seconds:.0f}", result.error or result.headline)
    console.print(table)
