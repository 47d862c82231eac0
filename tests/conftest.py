"""A small course to build, run and break."""

import os
import subprocess
import sys

import pytest

LESSON = """\
# ---
# jupyter:
#   course:
#     question: What is one and one?
# ---

# %% [markdown]
# # 01 · Addition
#
# Then [exercises](exercises/01_addition.ipynb) and [more](02_more.ipynb).

# %% tags=["nbval-check-output"]
one = 1
print(one + one)

# %% tags=["headline"]
print("the sum is", one + one)

# %% [markdown] tags=["exercises"]
# # 01 · Addition: exercises

# %%
def add(a, b):
    \"\"\"Add two numbers.\"\"\"
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% [markdown] tags=["answer"]
# The secret: it is a sum.
"""


class Course:
    """A course in a folder of its own.

    Attributes:
        root: its folder.
        source: the source of its one lesson.
    """

    def __init__(self, root):
        self.root, self.source = root, root / "notebooks" / "source" / "01_addition.py"
        self.source.parent.mkdir(parents=True)
        self.source.write_text(LESSON)
        (root / "README.md").write_text("# Sums\n<!-- lessons: here -->\nold\n<!-- end of lessons -->\nend\n")
        project = '[project]\nversion = "1.2.3"\nurls.Repository = "https://github.com/owner/sums"\n'
        (root / "pyproject.toml").write_text(project)

    def edit(self, old, new):
        """Replace a part of the source."""
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def run(self, *arguments, **environment):
        """Run the `course` command in this course's folder.

        Returns:
            CompletedProcess with text.
        """
        command = [sys.executable, "-c", "from course_lib.cli import main; main()", *arguments]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False, env=os.environ | environment
        )


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """The course's environment variables, which the caller may have set, unset."""
    for name in ("COURSE_CACHE_DIR", "COURSE_DATA_DIR", "COURSE_DATA_URL", "COURSE_EXPECT", "COURSE_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def course(tmp_path):
    """A small course, not built yet."""
    return Course(tmp_path / "sums")
