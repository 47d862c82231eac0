"""Each check passes right answers, fails wrong ones, and names the mistake."""

import inspect
import re

import numpy as np
import pytest

from course_lib import build, checks
from tests.wrong_answers import RIGHT, WRONG

SOURCES = build.find_root() / "notebooks" / "source"


def answers_in(path, kind):
    """The functions that a notebook passes to `check`, by exercise."""
    found = {}
    notebook = build.make_notebook(build.read_source(path), kind, "owner/name", "v0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "check", found.__setitem__)
        names = {}
        for cell in build.code_cells(notebook):
            exec(compile(cell.source, path.name, "exec"), names)  # our own code
    return found


REFERENCES, STUBS = {}, {}
for source in sorted(SOURCES.glob("*.py")):
    REFERENCES |= answers_in(source, "solution")
    STUBS |= answers_in(source, "exercise")
IDS = sorted(REFERENCES)


def name(value):
    return value.__name__ if callable(value) else None


def test_every_registered_exercise_is_in_a_notebook():
    assert all(checks.find(key).points > 0 for key in IDS)
    assert sorted(checks.EXERCISES) == IDS == sorted(STUBS)


@pytest.mark.parametrize("id", IDS)
def test_the_reference_passes_whatever_the_seed(id):
    for seed in range(20):
        assert str(checks.examine(id, REFERENCES[id], seed)).startswith("✓")


@pytest.mark.parametrize("id", IDS)
def test_the_untouched_stub_is_not_attempted(id):
    assert checks.examine(id, STUBS[id]).status == checks.NOT_ATTEMPTED


@pytest.mark.parametrize("id", IDS)
def test_there_are_enough_answers_to_try(id):
    assert sum(exercise == id for exercise, _, _ in WRONG) >= 4
    assert any(exercise == id for exercise, _ in RIGHT)


@pytest.mark.parametrize(("id", "function"), RIGHT, ids=name)
def test_a_right_answer_written_another_way_passes(id, function):
    for seed in range(20):
        verdict = checks.examine(id, function, seed)
        assert verdict.status == checks.PASSED, str(verdict)


@pytest.mark.parametrize(("id", "says", "function"), WRONG, ids=name)
def test_a_wrong_answer_is_told_its_mistake(id, says, function):
    for seed in range(5):
        verdict = checks.examine(id, function, seed)
        assert verdict.status == checks.FAILED
        assert says in verdict.hint
        assert len(verdict.hint) < 250
        assert "Traceback" not in str(verdict)
        if len(inspect.signature(function).parameters) == len(inspect.signature(STUBS[id]).parameters):
            assert function.__name__ in verdict.case[0]  # the call is shown


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (None, "received NoneType"),
        ("predict", "received str"),
        (np.zeros(3), "received ndarray"),
        (dict, "received type"),
        (lambda: 1, "keep the signature"),
        (lambda *args: None, "returned nothing"),
        (lambda *args: "text", "Expected numbers"),
        (lambda *args: 1 / 0, "stopped with ZeroDivisionError: division by zero"),
        (lambda *args: [[1], [2, 3]], "Expected numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_answer_is_told_so(id, thing, says):
    verdict = checks.examine(id, thing)
    assert verdict.status == checks.FAILED
    assert says in verdict.hint


def test_the_learners_own_objects_are_left_alone():
    def greedy(train, new):
        new -= train.mean(axis=0)
        new /= train.std(axis=0)
        return new

    verdict = checks.examine("01.1", greedy)
    assert "in place" in verdict.hint
    assert verdict.case[0].endswith(
        ", [[ 4., 20.], [ 6., 50.]])"
    )  # what it was given, not what it made of it


def test_an_exception_is_shown_with_its_line_and_the_shapes():
    verdict = checks.examine("01.3", lambda A, y, beta: A @ y)
    assert verdict.case[1] == 'in the line  verdict = checks.examine("01.3", lambda A, y, beta: A @ y)'
    assert verdict.case[2] == "array arguments have the shapes (5, 3), (5,), (3,)"


def test_other_seeds_ask_other_questions():
    asked = []
    for seed in (0, 0, 1):
        questions = []

        def answer(train, new, questions=questions):
            questions.append(train.tolist())
            return REFERENCES["01.1"](train, new)

        checks.examine("01.1", answer, seed)
        asked.append(questions)
    assert asked[0] == asked[1] != asked[2]


def test_check_prints_the_verdict(capsys):
    checks.check("00.1", lambda sizes: 6)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✗ 00.1 Parameters of a dense network: not right yet"
    assert re.search(r"gave +6$", lines[3])
    assert re.search(r"expected +26$", lines[4])


def test_a_verdict_that_the_tests_do_not_expect_raises(monkeypatch):
    monkeypatch.setenv("COURSE_EXPECT", checks.PASSED)
    checks.check("00.3", REFERENCES["00.3"])
    with pytest.raises(AssertionError, match="expected 'passed', received 'not attempted'"):
        checks.check("00.3", STUBS["00.3"])


@pytest.mark.parametrize(
    ("id", "says"),
    [("01.9", "lesson 01 has 01.1, 01.2"), ("99.1", "such as"), (None, "such as"), ("../x", "such as")],
)
def test_an_unknown_exercise_is_named(id, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        checks.check(id, print)
