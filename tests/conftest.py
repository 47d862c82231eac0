"""A small course to build, run and break; and what the tests of the checks report."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from course_lib import build, checks
from tests import mutants

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


def pytest_terminal_summary(terminalreporter):
    """Print what `test_mutants.py` found, by lesson, and write what the checks said to build/messages.md."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    properties = (dict(getattr(report, "user_properties", ())) for report in reports)
    found = {each["exercise"]: each for each in properties if "exercise" in each}
    if not found:
        return
    equivalent = {key: reasons for key, reasons in mutants.read_equivalent().items() if key in found}
    terminalreporter.section("checks")
    terminalreporter.write_line(
        "lesson  exercises  wrong answers  named  mutants  killed  equivalent  killed of the rest"
    )
    for lesson in [*sorted({key[:2] for key in found}), ""]:
        ids = [key for key in found if key.startswith(lesson)]
        wrong, named = (sum(found[key]["wrong"][i] for key in ids) for i in (0, 1))
        total, killed = (sum(found[key]["mutants"][i] for key in ids) for i in (0, 1))
        same = sum(len(equivalent.get(key, ())) for key in ids)
        terminalreporter.write_line(
            f"{lesson or 'all':6}  {len(ids):9}  {wrong:13}  {named:5}  {total:7}  {killed:6}  {same:10}  {killed / (total - same):18.1%}"
        )
    terminalreporter.write_line("equivalent, by reason (tests/equivalent_mutants.toml):")
    for reason, count in Counter(why for each in equivalent.values() for why in each.values()).most_common():
        terminalreporter.write_line(f"{count:6}  {reason}")
    path = build.find_root() / "build" / "messages.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(messages(found)), encoding="utf-8")
    terminalreporter.write_line(f"All messages of the checks, for reading: {path}")


def messages(found):
    """Markdown lines: what checks say to anybody, then each exercise's hints, and what its check says to whom."""
    said = {key: dict(map(tuple, each["said"])) for key, each in found.items()}
    met = Counter(hint for hints in said.values() for hint in hints)
    common = [hint for hint, exercises in met.most_common() if exercises > 5]
    yield "# What the checks say\n\nBelow a message: the wrong answers, by name, and the changed statements that got it."
    yield "Left out: changed statements that raised an exception, whose words are Python's."
    yield "\n## In many exercises\n"
    yield from (f"- {hint}" for hint in common)
    for key, hints in sorted(said.items()):
        yield f"\n## {key} {checks.find(key).title}\n"
        for number, text in enumerate(checks.read_hints()[key], start=1):
            yield f"Hint {number}: {text}\n"
        for hint, who in hints.items():
            mutants_alone = all(name.startswith("`") for name in who)
            if hint not in common and not (mutants_alone and hint.startswith("Your function stopped with")):
                more = f"; and {len(who) - 3} more" if len(who) > 3 else ""
                yield f"- {hint}\n    - {'; '.join(who[:3])}{more}"
