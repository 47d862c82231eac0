"""The holes of nbval's that `tests/guard.py` closes: a notebook that falls into one must fail and say why."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
CHECK, RAISES = "nbval-check-output", "raises-exception"

# Writes each report as a line of JSON, so that the tests need not read pytest's own text.
CONFTEST = """
import json
import os
from pathlib import Path

pytest_plugins = ("tests.guard",)

def pytest_runtest_logreport(report):
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    keys = ("nodeid", "when", "outcome", "duration")
    line = {key: getattr(report, key) for key in keys} | {"text": report.longreprtext}
    if isinstance(report.longrepr, tuple):
        line["text"] = report.longrepr[2]
    with (Path(__file__).parent / "reports").open("a") as file:
        file.write(json.dumps(line) + "\\n")
"""


def code(source, *tags, printed=None, result=None):
    """Make a code cell as committed: with an execution count, and the outputs given."""
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []
    outputs += [nbformat.v4.new_output("execute_result", data={"text/plain": result})] if result else []
    metadata = {"tags": list(tags)} if tags else {}
    return nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs, metadata=metadata)


def write(path, *cells):
    """Write the cells as a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernelspec = {
        "name": "no-such-kernel",
        "display_name": "A kernel of another machine",
        "language": "python",
    }
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": kernelspec}), path)


class Run:
    """One run of pytest over `notebooks` in a folder that has this repository's settings."""

    def __init__(self, folder, *options, **environment):
        """Run with the options and environment variables given."""
        (folder / "tests").mkdir()
        shutil.copy(ROOT / "pyproject.toml", folder)
        shutil.copy(ROOT / "tests" / "sanitize.cfg", folder / "tests")
        (folder / "conftest.py").write_text(CONFTEST)
        # The outer run's own variables would tell the inner one that it is an xdist worker.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "notebooks"],
            cwd=folder,
            env=env | {"PYTHONPATH": str(ROOT)} | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.exit_code, self.output = done.returncode, done.stdout + done.stderr
        self.folder, self.reports = folder, {}
        (folder / "reports").touch()
        for line in (folder / "reports").read_text().splitlines():
            report = json.loads(line)
            self.reports.setdefault(Path(report["nodeid"].partition("::")[0]).stem, []).append(report)

    def outcomes(self, notebook):
        """List what became of the notebook's cells, in their order."""
        return [report["outcome"] for report in self.reports[notebook] if report["when"] == "call"]

    def failures(self, notebook):
        """Join the texts of the notebook's failures."""
        return "\n".join(report["text"] for report in self.reports[notebook] if report["outcome"] == "failed")


SHOW_ENVIRONMENT = """\
import os
assert os.environ["COLUMNS"] == "80" and os.environ["LINES"] == "24"
assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3" and os.environ["PYTHONHASHSEED"] == "0"
assert os.environ["COURSE_PROFILE"] == "fast" and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
assert os.environ["TF_NUM_INTRAOP_THREADS"] == os.environ["TF_NUM_INTEROP_THREADS"] == "1"
assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "1"
proxies = {os.environ[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")}
assert proxies == {"http://127.0.0.1:9"}
assert not {"ALL_PROXY", "NO_PROXY", "no_proxy", "PYTEST_CURRENT_TEST"} & set(os.environ)
print(os.environ.get("COURSE_EXPECT"))"""

REACH_OUT = """\
import time, urllib.request
start = time.monotonic()
try:
    urllib.request.urlopen("{scheme}://example.org", timeout=30)
except OSError as error:
    print(type(error.reason).__name__)
assert time.monotonic() - start < 5"""
REFUSED = "ConnectionRefusedError\n"

# What passes: each cell would fail if the guard did too much, or left nbval's ways as they are.
GOOD = {
    "history": [
        code("1 + 1;", CHECK),
        code("2 + 3", CHECK, result="5"),
        code("_, Out[2], In[1]", CHECK, result="(5, 5, '1 + 1;')"),
        code(""),
        code("sorted(Out)", CHECK, result="[2, 3]"),
    ],
    "outputs": [
        code("import os\n_ = os.write(1, b'from C')", CHECK, printed="from C"),
        code("print('<f at 0x7f3c5d2e1b20>')", CHECK, printed="<f at 0x55555d2e1b20>\n"),
        code("!true"),
    ],
    "expected_error": [code("1 / 0", RAISES), code("print('after')", CHECK, printed="after\n")],
    "let_through": [
        code("warnings", RAISES),  # the filters are set without leaving a name behind
        code(
            "import warnings\nwarnings.warn('__array__ implementation doesn\\'t accept a copy keyword', DeprecationWarning)"
        ),
    ],
    "environment": [
        code(SHOW_ENVIRONMENT, CHECK, printed="None\n"),
        code(f"import sys\nassert sys.executable == {sys.executable!r}"),
    ],
    "network": [
        code(REACH_OUT.format(scheme=scheme), CHECK, printed=REFUSED) for scheme in ("http", "https")
    ],
}

# What fails: the cells, the outcome of each, and what the failures must say.
BROKEN = {
    "bad_magic": (
        [code("1"), code("%badmagic"), code("2")],
        ["passed", "failed", "skipped"],
        ["notebooks/bad_magic.ipynb, cell 2 raised UsageError: Line magic function `%badmagic` not found."],
    ),
    "failing_command": (
        [code("!true"), code("!echo said this; kill -9 $$"), code("2")],
        ["passed", "failed", "skipped"],
        ["notebooks/failing_command.ipynb, cell 2 ran a command that failed with exit code -9.", "said this"],
    ),
    "failing_pip": (
        [code("%pip install --no-index no-such-package-as-this")],
        ["failed"],
        ["cell 1 ran a command that failed with exit code 1.", "No matching distribution"],
    ),
    "dead_kernel": (
        [code("1"), code("import os\nos._exit(0)"), code("2")],
        ["passed", "failed", "skipped"],
        ["notebooks/dead_kernel.ipynb, cell 2 killed its kernel.", "os._exit(0)"],
    ),
    "killed_kernel": (
        [code("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), code("2")],
        ["failed", "skipped"],
        ["cell 1 killed its kernel."],
    ),
    "exit": ([code("exit()"), code("2")], ["failed", "skipped"], ["cell 1 told its kernel to exit."]),
    "error": (
        [code(""), code("x = 0"), code("y = 1 / x"), code("print(y)"), code("print(y + 1)")],
        ["passed", "failed", "skipped", "skipped"],
        [
            "notebooks/error.ipynb, cell 2 raised ZeroDivisionError: division by zero.\n\ny = 1 / x\n",
            "Traceback",
        ],
    ),
    "warning": (
        [code("import warnings\nwarnings.warn('x is old', DeprecationWarning)"), code("2")],
        ["failed", "skipped"],
        ["notebooks/warning.ipynb, cell 1 raised DeprecationWarning: x is old."],
    ),
    "warning_of_a_package": (
        [
            code(
                "import types, warnings\npackage = types.ModuleType('keras')\nexec('def old():\\n import warnings\\n warnings.warn(\"f\", PendingDeprecationWarning)', vars(package))\npackage.old()"
            )
        ],
        ["failed"],
        ["cell 1 raised PendingDeprecationWarning: f."],
    ),
    "log": (
        [
            code(
                "import logging\nlogging.getLogger('tensorflow').warning('f is deprecated')\nprint('a')",
                CHECK,
                printed="a\n",
            ),
            code("2"),
        ],
        ["failed", "skipped"],
        ["notebooks/log.ipynb, cell 1 wrote to stderr: f is deprecated."],
    ),
    "differences": (
        [
            code("1", RAISES),
            code("print('a')\nprint('b')", CHECK, printed="a\nold\n"),
            code("6 * 7", CHECK, result="41"),
            code("1;", CHECK, printed="1\n"),
            code("2"),
        ],
        ["failed", "failed", "failed", "failed", "passed"],
        [
            "notebooks/differences.ipynb, cell 1 is tagged raises-exception and raised nothing.",
            "cell 2 no longer gives the output it stores; if the new one is right, `course build --execute`.",
            "-old\n+b",
            "-41\n+42",
            "Missing output fields from running code: {'stdout'}",
        ],
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """All good notebooks, run by a caller whose environment would spoil them."""
    folder = tmp_path_factory.mktemp("good")
    for name, cells in GOOD.items():
        write(folder / f"notebooks/{name}.ipynb", *cells)
    for kind, verdict in (("exercises", "not attempted"), ("solutions", "passed")):
        cell = code(f"import os\nassert os.environ['COURSE_EXPECT'] == {verdict!r}")
        cell.execution_count = None  # as they are committed
        write(folder / f"notebooks/{kind}/{kind}.ipynb", cell)
    spoilt = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    return Run(
        folder,
        COLUMNS="33",
        COURSE_EXPECT="failed",
        NO_PROXY="*",
        OMP_NUM_THREADS="7",
        MPLBACKEND="agg",
        **spoilt,
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """All broken notebooks, run with the time-out of the real ones."""
    folder = tmp_path_factory.mktemp("broken")
    for name, (cells, _, _) in BROKEN.items():
        write(folder / f"notebooks/{name}.ipynb", *cells)
    leave = "from pathlib import Path\nPath('left.txt').touch()\nPath('old.txt').write_text('more')"
    write(folder / "notebooks/apart/leaves_file.ipynb", code(leave), code("2"))
    (folder / "notebooks/apart/old.txt").write_text("as it was")
    return Run(folder, "-n", "2")


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """Notebooks that hang and one that does not, two at a time."""
    folder = tmp_path_factory.mktemp("slow")
    write(folder / "notebooks/hangs.ipynb", code("import time\nprint('so far')\ntime.sleep(60)"), code("2"))
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"
    write(folder / "notebooks/stubborn.ipynb", code(stubborn), code("2"))
    chatty = "import time\nwhile True:\n    print('.')\n    time.sleep(0.01)"
    write(folder / "notebooks/chatty.ipynb", code(chatty), code("2"))
    memory = [
        code("x = b'1' * (200 * 2**20)"),
        code("del x"),
        *(code("y = 1") for _ in range(7)),
    ]
    write(folder / "notebooks/memory.ipynb", *memory)
    return Run(folder, "-n", "2", "--nbval-cell-timeout=2")


@pytest.mark.parametrize("name", [*GOOD, "exercises", "solutions"])
def test_a_good_notebook_passes(good, name):
    """Each cell that is not empty runs and passes."""
    cells = sum(bool(cell.source) for cell in GOOD.get(name, [code("1")]))
    assert good.outcomes(name) == ["passed"] * cells, good.output


def test_good_notebooks_leave_nothing_behind(good):
    """The run passes, and the folders hold what they held."""
    assert good.exit_code == 0, good.output
    assert {path.suffix for path in (good.folder / "notebooks").rglob("*") if path.is_file()} == {".ipynb"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_notebook_fails_and_says_why(broken, name):
    """Cells fail, or are skipped, and the failures hold the sentences."""
    _, outcomes, sentences = BROKEN[name]
    assert broken.outcomes(name) == outcomes, broken.output
    for sentence in sentences:
        assert sentence in broken.failures(name)


def test_skipped_cells_name_the_one_that_failed(broken):
    """Instead of errors that follow from the first."""
    skipped = [report["text"] for report in broken.reports["error"] if report["outcome"] == "skipped"]
    assert skipped == ["Skipped: not run, since cell 2 of notebooks/error.ipynb failed"] * 2


def test_a_dead_kernel_is_found_at_once(broken):
    """The time-out of the run is 300 s."""
    seconds = [
        report["duration"] for name in ("dead_kernel", "killed_kernel") for report in broken.reports[name]
    ]
    assert max(seconds) < 15  # with the start of a kernel on a busy machine


def test_a_file_left_behind_fails(broken):
    """Though all cells pass."""
    assert broken.outcomes("leaves_file") == ["passed", "passed"]
    assert "notebooks/apart/leaves_file.ipynb left left.txt, old.txt in its folder" in broken.failures(
        "leaves_file"
    )


def test_broken_notebooks_fail_the_run(broken):
    """By the exit code that `make` sees."""
    assert broken.exit_code == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("hangs", "notebooks/hangs.ipynb, cell 1 ran longer than 2 s (--nbval-cell-timeout)."),
        ("chatty", "cell 1 ran longer than 2 s (--nbval-cell-timeout)."),
        (
            "stubborn",
            "longer than 2 s (--nbval-cell-timeout) and for 5 s after an interrupt, so its kernel is killed.",
        ),
    ],
)
def test_a_hang_is_cut(slow, name, sentence):
    """Interrupted or, where that is ignored, killed; what it printed is shown."""
    assert slow.outcomes(name) == ["failed", "skipped"], slow.output
    assert sentence in slow.failures(name)
    if name == "hangs":
        assert "so far" in slow.failures(name)
        assert "KeyboardInterrupt" in slow.failures(name)  # with the line at which it hung


def test_the_table_of_costs(slow):
    """Under xdist: slowest first, cells and memory measured, and a total."""
    table = slow.output.partition("notebook   ")[2].splitlines()[1:6]
    rows = {line.split()[0]: [float(column) for column in line.split()[1:]] for line in table}
    assert set(rows) == {*(f"notebooks/{name}.ipynb" for name in slow.reports), "total"}, slow.output
    *notebooks, total = rows.values()
    assert [row[1] for row in notebooks] == sorted((row[1] for row in notebooks), reverse=True)
    assert rows["notebooks/memory.ipynb"][0] == 9
    assert 220 < rows["notebooks/memory.ipynb"][2] < 400  # 200 MB and a kernel
    assert total[0] == sum(row[0] for row in notebooks)
    assert total[1] == pytest.approx(sum(row[1] for row in notebooks), abs=0.3)  # each is rounded
    assert total[2] == rows["notebooks/memory.ipynb"][2]


def test_memory_is_the_kernels_own(good):
    """Without xdist, and whatever pytest itself holds."""
    line = next(line for line in good.output.splitlines() if line.startswith("notebooks/history.ipynb  "))
    assert 10 < float(line.split()[-1]) < 150


def test_unreadable_notebooks_are_named(tmp_path):
    """One sentence for each; nothing is run."""
    write(tmp_path / "notebooks/no_code.ipynb", nbformat.v4.new_markdown_cell("words"))
    (tmp_path / "notebooks/not_json.ipynb").write_text("{")
    (tmp_path / "notebooks/not_a_notebook.ipynb").write_text("[]")
    run = Run(tmp_path)
    assert run.exit_code == 2
    for sentence in (
        "notebooks/no_code.ipynb has no code cell, so running it tests nothing.",
        "notebooks/not_json.ipynb is not a valid notebook; delete it and write it again with `course build` (NotJSONError",
        "notebooks/not_a_notebook.ipynb is not a valid notebook",
    ):
        assert sentence in run.output


def test_without_the_pretrained_weights_a_notebook_that_needs_them_is_not_run(tmp_path):
    write(
        tmp_path / "notebooks" / "needs.ipynb", code("print('minilm_preset()')", printed="minilm_preset()\n")
    )
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0"}
    run = Run(tmp_path, CI="true", COURSE_CACHE_DIR=str(tmp_path / "none"), COURSE_DATA_DIR="", **nowhere)
    assert run.exit_code == 1
    (report,) = (report for report in run.reports["needs"] if report["outcome"] == "failed")
    assert "needs.ipynb is not run: all-MiniLM-L6-v2" in report["text"]
