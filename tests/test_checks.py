"""Each check passes right answers, fails wrong ones, and names the mistake."""

import copy
import functools
import inspect
import re

import numpy as np
import pytest

from course_lib import build, checks
from tests.wrong_answers import RIGHT, WRONG

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
            try:
                exec(
                    compile(cell.source, f"{path.name}, {kind}, cell {number}", "exec"), names
                )  # our own code
            except NotImplementedError:
                pytest.fail(f"{path.name}: cell {number} of the exercises uses an answer: tag it `answer`.")
    return found


def reference(id):
    return answers(id[:2], "solution")[id]


def stub(id):
    return answers(id[:2], "exercise")[id]


# What a check that expects no numbers says instead.
EXPECTED = {"11.1": "Expected a list of str"}


class Awkward:
    """Raises whatever is asked of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


def name(value):
    return value.__name__ if callable(value) else None


def test_every_exercise_of_a_lesson_is_in_its_notebook():
    assert all(checks.find(key).points > 0 for key in IDS)
    assert sorted(checks.EXERCISES) == sorted(IDS)
    for lesson in {key[:2] for key in IDS}:
        assert (
            list(answers(lesson, "solution"))
            == list(answers(lesson, "exercise"))
            == [i for i in IDS if i[:2] == lesson]
        )


@pytest.mark.parametrize("id", IDS)
def test_the_reference_passes_whatever_the_seed(id):
    for seed in range(20):
        assert str(checks.examine(id, reference(id), seed)).startswith("✓")


@pytest.mark.parametrize("id", IDS)
def test_the_untouched_stub_is_not_attempted(id):
    assert checks.examine(id, stub(id)).status == checks.NOT_ATTEMPTED


@pytest.mark.parametrize("id", IDS)
def test_there_are_enough_answers_to_try(id):
    folder = f"tests/wrong_answers/lesson{id[:2]}.py"
    wrong, right = (
        sum(exercise == id for exercise, _, _ in WRONG),
        sum(exercise == id for exercise, _ in RIGHT),
    )
    assert wrong >= 4, f"{folder}: {wrong} wrong answers to {id}, at least 4 are wanted"
    assert right >= 1, f"{folder}: no right answer to {id} written another way"


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
        if len(inspect.signature(function).parameters) == len(inspect.signature(stub(id)).parameters):
            assert function.__name__ in verdict.case[0]  # the call is shown


@pytest.mark.parametrize(
    ("result", "says"), [((1, [2, 3]), "a tuple of 2 values"), (np.ones(3) + 0j, "complex")], ids=repr
)
def test_what_came_instead_of_numbers_is_named(result, says):
    assert says in checks.examine("03.1", lambda *args: result).hint


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
        (lambda *args: (1, [2, 3]), "Expected numbers"),
        (lambda *args: "1.5", "Expected numbers"),
        (lambda *args: 1 + 5j, "Expected numbers"),
        (lambda *args: 10**400, "Expected numbers"),
        (lambda *args: Awkward(), "Expected numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_answer_is_told_so(id, thing, says):
    if says == "Expected numbers":
        says = EXPECTED.get(id, says)
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
            return reference("01.1")(train, new)

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
    checks.check("00.3", reference("00.3"))
    with pytest.raises(AssertionError, match="expected 'passed', received 'not attempted'"):
        checks.check("00.3", stub("00.3"))


@pytest.mark.parametrize(
    ("id", "says"),
    [("01.9", "lesson 01 has 01.1, 01.2"), ("99.1", "such as"), (None, "such as"), ("../x", "such as")],
)
def test_an_unknown_exercise_is_named(id, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        checks.check(id, print)


def test_an_answer_that_is_not_implemented_for_some_input_has_been_attempted():
    def answer(y, y_hat):
        if y_hat.ndim == 2:
            raise NotImplementedError("columns")
        return np.mean((y - y_hat) ** 2)

    verdict = checks.examine("01.2", answer)
    assert verdict.status == checks.FAILED
    assert "stopped with NotImplementedError: columns" in verdict.hint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([np.ones(2), np.ones(3)], [np.ones(2), np.zeros(3)]),
        ({"w": np.ones(2)}, {"w": np.zeros(2)}),
        ((1, [2]), (1, [3])),
        (np.ones(2), np.ones(2, dtype="float32")),
        (np.ones(2), np.ones(3)),
        (1.0, 2.0),
        ("a", "b"),
    ],
)
def test_a_changed_argument_is_seen(before, after):
    assert checks.same(before, copy.deepcopy(before))
    assert not checks.same(before, after)


def test_what_cannot_be_compared_counts_as_unchanged():
    import keras
    import pandas as pd

    for thing in (
        keras.layers.Dense(1),
        np.random.default_rng(0),
        print,
        float("nan"),
        np.array([np.nan]),
        None,
    ):
        assert checks.same(thing, copy.deepcopy(thing))
    variable = keras.Variable(np.ones(2))
    assert checks.same(variable, variable)
    assert not checks.same(pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]}))


def test_an_id_is_taken_once_and_by_its_own_lesson(monkeypatch):
    monkeypatch.setattr(checks, "EXERCISES", dict(checks.EXERCISES))

    def other(answer, rng):
        """A check."""

    with pytest.raises(ValueError, match=r"expected an id of tests\.test_checks's lesson, received '01\.1'"):
        checks.exercise("01.1", "Other", 1)(other)
    other.__module__ = "course_lib.checks.lesson01"
    with pytest.raises(ValueError, match=r"'01\.1' is taken by 'Standardise without a leak'"):
        checks.exercise("01.1", "Other", 1)(other)


def test_a_large_array_is_shown_by_its_shape():
    """A hint stays readable."""
    assert checks.show(np.zeros((2, 5, 7))) == "<array (2, 5, 7): [0., 0., 0., 0., 0., 0., …]>"
    assert checks.show(np.zeros(3)) == "[0., 0., 0.]"
