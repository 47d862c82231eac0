"""A pytest plugin (`-p tests.guard -p tests.colab`) that runs the notebooks as Colab does, through the guard.

Each notebook meets Colab's versions, without the course: its set-up cell installs that by git from `build/colab/course.git`,
which holds this working tree's tracked files at the tag that the cell names. Anything else that pip changes is a failure: what
has not changed needs no restart. (Colab's own box that asks for one follows only `!pip` and `%pip`.)
`google.colab` is a stand-in, and the folders are `build/colab/*/root` and `content`, since `/root` and `/content` may be
somebody's own.
"""

import os
import shutil
import subprocess
import sys

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from course_lib import build
from tests import guard

ROOT = build.find_root()
HERE = ROOT / "build" / "colab"
PYTHON = "3.13"
IMAGE = ROOT / "tests" / "colab" / "image.txt"
# With what configures pip, all that a notebook's kernel keeps of the environment.
KEPT = {"PATH", "LANG", "TMPDIR", "COURSE_DATA_DIR", "HF_ENDPOINT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
KEPT |= {
    name
    for proxy in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (proxy, proxy.upper())
}
SOMEBODY = ("-c", "user.name=course", "-c", "user.email=course@localhost")  # git commits for nobody nameless


def command(*words, **options):
    """Run a program; what it prints.

    Raises:
        pytest.UsageError: it is not there, or failed.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, **options)
    except OSError as error:
        raise pytest.UsageError(f"make colab needs {words[0]}: {error.strerror}.") from None
    if done.returncode:
        raise pytest.UsageError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout.strip()


def uv(*words):
    """Run uv, which takes Pythons that are here and fetches none."""
    return command(sys.executable, "-m", "uv", *words, env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"})


def machine(name=None):
    """The folder of a Colab, by default that of this process: two notebooks at once need two."""
    return HERE / (name or os.environ.get("PYTEST_XDIST_WORKER", "main"))


def python(name=None):
    """The Python of a Colab."""
    return machine(name) / "env" / "bin" / "python"


def installed():
    """All packages in this process's Colab: `name==version` lines."""
    return uv("pip", "freeze", "--quiet", "--python", python()).splitlines()


@pytest.hookimpl(tryfirst=True)  # before xdist starts the processes that need them
def pytest_sessionstart(session):
    """Publish the working tree, and make a machine for each process that runs notebooks."""
    if hasattr(session.config, "workerinput"):
        return
    shutil.rmtree(HERE, ignore_errors=True)
    publish()
    try:
        interpreter = uv("python", "find", PYTHON)
    except pytest.UsageError:
        interpreter = sys.executable
    processes = session.config.getoption("numprocesses", None) or 0
    for name in [f"gw{i}" for i in range(processes)] or ["main"]:
        uv("venv", "--quiet", "--python", interpreter, machine(name) / "env")
        uv("pip", "install", "--quiet", "--only-binary", ":all:", "--python", python(name), "-r", IMAGE)
        (machine(name) / "root").mkdir()
        (machine(name) / "content" / "sample_data").mkdir(parents=True)
        # The set-up cell's address leads to the copy here.
        repository, _ = build.read_address(ROOT)
        origin = f'[url "{(HERE / "course.git").as_uri()}"]\n\tinsteadOf = https://github.com/{repository}\n'
        (machine(name) / "root" / ".gitconfig").write_text(origin)
        found = command(python(name), "--version")
    print(f"Colab's versions ({IMAGE.relative_to(ROOT)}) on {found}; Colab has Python {PYTHON}")


def publish():
    """Push the tracked files as they are now, as a commit of their own beside any branch, to `build/colab/course.git`."""
    _, tag = build.read_address(ROOT)
    command("git", "init", "--quiet", "--bare", "--initial-branch=main", HERE / "course.git")
    now = command("git", *SOMEBODY, "stash", "create", cwd=ROOT) or "HEAD"
    # Without a history, which a shallow clone could not push.
    alone = command("git", *SOMEBODY, "commit-tree", f"{now}^{{tree}}", "-m", "The working tree", cwd=ROOT)
    refs = (f"{alone}:refs/heads/main", f"{alone}:refs/tags/{tag}")
    command("git", "push", "--quiet", "--no-verify", HERE / "course.git", *refs, cwd=ROOT)


class Specs(KernelSpecManager):
    """Knows Colab's kernel, whatever the name."""

    def get_kernel_spec(self, kernel_name):
        """Return the kernel of this process's Colab."""
        argv = [str(python()), "-m", "colab_kernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Colab", language="python")


class ColabKernel(guard.Kernel):
    """A new machine's kernel."""

    before = None  # the packages before the first cell

    def run(self, source, timeout):
        """Run a cell; after the first, the set-up cell, look what it has changed."""
        first, self.before = self.before is None, self.before or installed()
        outputs, reply, probes = super().run(source, timeout)
        if first:
            after = installed()
            new, gone = sorted(set(after) - set(self.before)), sorted(set(self.before) - set(after))
            if gone or [line for line in new if not line.startswith("course-lib @ git+")] or not new:
                raise guard.CellError(f"changed packages of Colab: {gone} became {new}", outputs)
            if outputs:
                raise guard.CellError("says something, and what it says is left to read", outputs)
        return outputs, reply, probes


@pytest.hookimpl
def pytest_notebook_kernel(notebook, startup_timeout):
    """Run it on this process's Colab, from which the course is taken first: Colab's machines are new each time."""
    uv("pip", "uninstall", "--quiet", "--python", python(), "course-lib")
    env = {key: value for key, value in os.environ.items() if key in KEPT or key.startswith("PIP_")}
    env |= {
        "HOME": str(machine() / "root"),
        "PYTHONPATH": str(ROOT / "tests" / "colab" / "python"),  # Colab's is /env/python
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        # Two notebooks at once, each on one core.
        **{key: value for key, value in guard.ENVIRONMENT.items() if key.endswith("_THREADS")},
    }
    return ColabKernel(machine() / "content", startup_timeout, env | guard.expected(notebook), specs=Specs)
