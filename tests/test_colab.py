"""`make colab`: what the run on Colab's versions would notice. The run itself takes minutes and is no part of `make test`."""

import re
from importlib.metadata import requires

import pytest

from tests import colab, guard

IMAGE = ["keras==3.13.2", "numpy==2.1.3"]
COURSE = "course-lib @ git+https://github.com/owner/sums@0123abc"


@pytest.fixture
def kernel(monkeypatch):
    """A kernel of Colab's whose cells do nothing; set `packages` to what is installed before and after the first."""

    class Kernel(colab.ColabKernel):
        def __init__(self):
            self.packages, self.outputs = [IMAGE, [COURSE, *IMAGE]], []

    kernel = Kernel()
    monkeypatch.setattr(guard.Kernel, "run", lambda self, source, timeout: (self.outputs, {}, {}))
    monkeypatch.setattr(colab, "installed", lambda: kernel.packages.pop(0))
    return kernel


def test_a_set_up_cell_that_adds_the_course_alone_passes(kernel):
    for _ in range(3):  # only the first cell is looked at
        kernel.run("", 1)
    assert kernel.packages == []


@pytest.mark.parametrize(
    "after",
    [
        [COURSE, "keras==3.15.1", "numpy==2.1.3"],
        [COURSE, "numpy==2.1.3"],
        [COURSE, *IMAGE, "torch==2.13.0"],
        ["course-lib==0.1.0", *IMAGE],  # not by git
        IMAGE,  # nothing installed: the cell did not see that this is Colab
    ],
)
def test_a_set_up_cell_that_changes_anything_else_fails(kernel, after):
    kernel.packages[1] = after
    with pytest.raises(guard.CellError, match="changed packages of Colab"):
        kernel.run("", 1)


def test_a_set_up_cell_that_says_anything_fails(kernel):
    kernel.outputs = [{"output_type": "stream", "name": "stdout", "text": "You must restart the runtime"}]
    with pytest.raises(guard.CellError, match="says something"):
        kernel.run("", 1)


def test_the_image_is_what_colab_has():
    pinned = dict(line.split("==") for line in colab.IMAGE.read_text().splitlines() if "==" in line)
    named = {"tensorflow": "2.20.0", "keras": "3.13.2", "keras-hub": "0.26.0", "numpy": "2.1.3"}
    named |= {"scikit-learn": "1.6.1", "matplotlib": "3.10.0", "ipykernel": "6.17.1"}
    assert named.items() <= pinned.items()
    # Nothing that the course declares is newer than Colab's by chance.
    assert {re.match(r"[\w-]+", line)[0] for line in requires("course-lib")} <= pinned.keys()


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(pytest.UsageError, match="make colab needs no-such-git: No such file"):
        colab.command("no-such-git", "init")
