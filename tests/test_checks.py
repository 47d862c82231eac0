"""Each check passes right answers, fails wrong ones, and names the mistake."""

import contextlib
import copy
import functools
import inspect
import itertools
import re
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from course_lib import checks
from tests.exercises import IDS, answers, reference, stub
from tests.wrong_answers import RIGHT, WRONG

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
    assert right >= 3, f"{folder}: {right} right answers to {id} written another way, at least 3 are wanted"


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


def recursive(*args):
    return recursive(*args)


def generator(*args):
    yield from itertools.count()


STRANGE = [
    generator,
    recursive,
    np.exp,
    len,
    functools.partial(max, 1),
    lambda *args: args,
    lambda *args: args[0],
    lambda *args: [],
    lambda *args: (1, 2),
    lambda *args: (np.ones(3), np.ones((3, 1)), np.ones(3)),
    lambda *args: np.full((2, 2), np.nan),
    lambda *args: -np.inf,
    lambda *args: -1e300,
    lambda *args: 2**70,
    lambda *args: np.array([1, None], dtype=object),
    lambda *args: np.ones((1, 1, 1, 1, 1)),
    lambda *args: np.array([True, False]),
    lambda *args: {"a": 1},
    lambda *args: ["a", "b"],
    lambda *args: (None, None),
    lambda *args: np.ma.array([1, 2], mask=[0, 1]),
    lambda *args: np.ones(10**16),
    lambda *args: sys.exit("bye"),
    lambda *args: next(iter([])),
]


@pytest.mark.filterwarnings("ignore")  # np.exp overflows
@pytest.mark.parametrize("id", IDS)
def test_nothing_makes_a_check_stumble(id):
    for answer in STRANGE:
        verdict = checks.examine(id, answer)
        assert verdict.status == checks.FAILED
        assert verdict.hint
        assert "Traceback" not in str(verdict)


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
    assert re.search(r"expected +53$", lines[4])


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


def forever(*args):
    while True:
        pass


def asleep(*args):
    for _ in range(600):
        time.sleep(0.1)


def stubborn(*args):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def catching_everything(*args):
    start = time.monotonic()
    while time.monotonic() - start < 60:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            break
    return 1


def never_ending(*args):
    for _ in itertools.count():
        try:
            np.ones((300, 300)) @ np.ones((300, 300))
        except:  # noqa: E722
            continue


@pytest.mark.parametrize("has_timer", [True, False])
@pytest.mark.parametrize("answer", [forever, asleep, stubborn, catching_everything, never_ending], ids=name)
@pytest.mark.parametrize("id", ["01.1", "06.5", "11.1"])
def test_an_answer_without_an_end_is_stopped(id, answer, has_timer, monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 0.2)
    monkeypatch.setattr(checks.limit, "HAS_TIMER", has_timer and checks.limit.HAS_TIMER)
    tracing = sys.gettrace()
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    verdict = checks.examine(id, answer)
    assert "still computing" in verdict.hint
    assert "loop" in verdict.hint
    assert verdict.case[0].startswith(answer.__name__)
    assert sys.gettrace() is tracing
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_the_limit_is_for_a_whole_check(monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 0.3)

    def slow(n, k, number, seed):
        time.sleep(0.02)
        return reference("05.1")(n, k, number, seed)

    assert "still computing after 0.3 seconds" in checks.examine("05.1", slow).hint


@pytest.mark.parametrize("has_timer", [True, False])
def test_ctrl_c_is_the_learners(has_timer, monkeypatch):
    monkeypatch.setattr(checks.limit, "HAS_TIMER", has_timer and checks.limit.HAS_TIMER)

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # which pytest-xdist has switched off
    try:
        with pytest.raises(KeyboardInterrupt):
            checks.examine("01.1", interrupted)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_has_no_limit(monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 0)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(checks.examine, "01.1", reference("01.1")).result().status == checks.PASSED


def test_hints_go_from_general_to_the_solution(monkeypatch, capsys):
    monkeypatch.setattr(checks, "HINTS_GIVEN", Counter())
    for _ in range(4):
        checks.hint("02.2")
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"02.2 Softmax, hint {number} of 3" for number in (1, 2, 3, 3)
    ]
    assert "notebooks/solutions/02_" in lines[2]
    assert len(set(lines)) == 3
    with pytest.raises(ValueError, match=r"no exercise '02\.9'"):
        checks.hint("02.9")


@pytest.mark.parametrize("id", IDS)
def test_hints_are_short_and_hold_no_solution(id):
    general, specific = checks.read_hints()[id]
    assert max(len(general), len(specific)) <= 240
    body = inspect.getsource(reference(id)).rpartition('"""')[2]
    for line in body.strip().splitlines():
        answer = line.strip().removeprefix("return ")
        assert len(answer) < 12 or answer not in general + specific


def test_there_are_hints_for_every_exercise():
    assert sorted(checks.read_hints()) == sorted(IDS)
