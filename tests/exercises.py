"""The exercises' functions, as the notebooks define them."""

import functools
import linecache
import re

import pytest

from course_lib import build, checks

SOURCES = build.find_root() / "notebooks" / "source"
CALL = re.compile(r'^check\("(\d\d\.\d+)"', re.MULTILINE)
IDS = [key for path in sorted(SOURCES.glob("*.py")) for key in CALL.findall(path.read_text(encoding="utf-8"))]


@functools.cache
def answers(lesson, kind):
    """The functions that a notebook passes to `check`, by exercise."""
    (path,) = SOURCES.glob(f"{lesson}_*.py")
    found, names = {}, {}
    notebook = build.make_notebook(build.read_source(path), kind, "owner/name", "v0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "check", found.__setitem__)
        for number, cell in enumerate(build.code_cells(notebook), start=1):
            name = f"{path.name}, {kind}, cell {number}"
            linecache.cache[name] = len(cell.source), None, cell.source.splitlines(True), name
            try:
                exec(compile(cell.source, name, "exec"), names)  # our own code
            except NotImplementedError:
                pytest.fail(f"{path.name}: cell {number} of the exercises uses an answer: tag it `answer`.")
    return found


def reference(id):
    """The solution's function; `inspect.getsource` finds its code."""
    return answers(id[:2], "solution")[id]


def stub(id):
    """The function that the learner is given."""
    return answers(id[:2], "exercise")[id]
