"""Checks of the exercises.

A learner calls `check("01.2", mean_squared_error)`. The checks of lesson 01 stand in `lesson01.py`: functions of
the answer and of a random generator, so that a grader can ask other questions than the learner saw.
"""

import copy
import functools
import importlib
import inspect
import json
import os
import time
import tomllib
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.checks import limit
from course_lib.errors import NOT_WRITTEN, CourseError

EXERCISES = {}
PRIVATE = "a teacher's own checks"  # the name of the module that such a file becomes
HINTS_GIVEN = Counter()  # by exercise
PATIENCE = 60  # seconds that an answer may take in one check; an import of TensorFlow takes some of them
STILL_COMPUTING = (
    "Your function was still computing after {seconds:g} seconds: does one of its loops never end?"
)
MANY = 60  # entries: of a larger array a hint shows the shape and the first few
PASSED, FAILED, NOT_ATTEMPTED = "passed", "failed", "not attempted"


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        id: such as `"01.2"`.
        title: a few words.
        points: what it is worth.
        examine: function (answer, rng) -> None that raises Mistake.
        stub: of a teacher's own exercise, the function as students get it: signature and docstring.
    """

    id: str
    title: str
    points: int
    examine: object
    stub: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        exercise: Exercise.
        status: `"passed"`, `"failed"` or `"not attempted"`.
        hint: the likely mistake and the next step.
        case: the call that went wrong, what came out and what was expected, a line each.
    """

    exercise: Exercise
    status: str
    hint: str = ""
    case: tuple = ()

    def __str__(self):
        head = f"{self.exercise.id} {self.exercise.title}"
        if self.status == PASSED:
            return f"✓ {head}: passed ({self.exercise.points} of {self.exercise.points} points)"
        if self.status == NOT_ATTEMPTED:
            return f"· {head}: not attempted yet (write your answer in place of the `raise` line)"
        return "\n  ".join([f"✗ {head}: not right yet", self.hint, *self.case])


class Mistake(Exception):
    """An answer is wrong.

    Args:
        hint: the likely mistake and the next step, in one or two sentences.
        case: lines that show the call, what came out and what was expected.
    """

    def __init__(self, hint, case=()):
        super().__init__(hint)
        self.hint, self.case = hint, tuple(case)


class Stopped(Mistake):
    """The answer raised an exception."""

    def __init__(self, error, case):
        text = str(error).partition("\n")[0]
        if "core dimension" in text:  # NumPy's own words for it are hard to read
            name = text.partition(":")[0]
            name = {"matmul": "@", "solve1": "np.linalg.solve"}.get(name, name)
            text = f"the shapes do not fit for `{name}`"
        super().__init__(
            f"Your function stopped with {type(error).__name__}: {text}.".replace("..", "."), case
        )


class NotAttempted(Exception):
    """The stub is still there."""


def exercise(id, title, points=0, stub=""):
    """Register a function (answer, rng) -> None as the check of an exercise.

    In a file that `load` reads: of an exercise of the teacher's own, whose id begins with a letter, or as one more
    check of an exercise of the course.

    Args:
        id: such as `"01.2"`, or `"T.1"`.
        title: a few words.
        points: what it is worth.
        stub: of a teacher's own exercise, the function as students get it: signature and docstring.
    Raises:
        ValueError: the id is taken, or is not of this lesson's number.
    """

    def register(examine):
        if examine.__module__ == PRIVATE:
            examine.__globals__[PRIVATE][id] = Exercise(id, title, points, examine, stub)
            return examine
        if not examine.__module__.endswith(f"lesson{id[:2]}"):
            raise ValueError(f"exercise: expected an id of {examine.__module__}'s lesson, received {id!r}.")
        if id in EXERCISES and EXERCISES[id].examine.__qualname__ != examine.__qualname__:
            raise ValueError(f"exercise: {id!r} is taken by {EXERCISES[id].title!r}.")
        EXERCISES[id] = Exercise(id, title, points, examine)
        return examine

    return register


def load(path, text=None):
    """A teacher's own checks.

    Args:
        path: of a Python file in which `exercise` stands above functions (answer, rng) -> None.
        text: its content, where it has been read.
    Returns:
        dict from id to Exercise.
    Raises:
        CourseError: it cannot be read or run, or holds no check.
    """
    found = {}
    try:
        text = Path(path).read_text(encoding="utf-8") if text is None else text
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not in UTF-8'}."
        ) from None
    try:
        code = compile(text, str(path), "exec")
        exec(code, {"__name__": PRIVATE, PRIVATE: found})
    except Exception as error:
        line = getattr(error, "lineno", None) or traceback.extract_tb(error.__traceback__)[-1].lineno
        raise CourseError(f"{path}, line {line}: {type(error).__name__}: {error}. Mend it.") from None
    if not found:
        raise CourseError(
            f'{path} holds no check: write `@exercise("T.1", "Title", points=2)` above a function.'
        )
    return found


def find(id):
    """The exercise with that id.

    Raises:
        ValueError: there is none.
    """
    lesson = str(id).split(".")[0]
    module = f"course_lib.checks.lesson{lesson}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise  # the lesson's checks are there, and want a package that is not
        raise ValueError(f"check: expected an exercise's id such as '01.2', received {id!r}.") from None
    if id not in EXERCISES:
        there = ", ".join(sorted(key for key in EXERCISES if key.startswith(f"{lesson}.")))
        raise ValueError(f"check: no exercise {id!r}; lesson {lesson} has {there}.")
    return EXERCISES[id]


def examine(id, function, seed=0):
    """Check an answer.

    Args:
        id: the exercise's id.
        function: the learner's function.
        seed: of the questions asked.
    Returns:
        Verdict.
    Raises:
        ValueError: no such exercise.
    """
    return examine_by(find(id), lambda: Answer(function), seed)


def examine_by(found, make_answer, seed):
    """As `examine`, for an Exercise that need not be registered.

    Args:
        found: Exercise.
        make_answer: function () -> Answer, which may raise Mistake.
        seed: of the questions asked.
    Returns:
        Verdict.
    """
    try:
        found.examine(make_answer(), np.random.default_rng(seed))
    except NotAttempted:
        return Verdict(found, NOT_ATTEMPTED)
    except Mistake as mistake:
        return Verdict(found, FAILED, mistake.hint, mistake.case)
    return Verdict(found, PASSED)


def check(id, function):
    """Check an answer and print the verdict.

    Args:
        id: the exercise's id, such as `"01.2"`.
        function: your function itself, not the result of calling it.
    """
    if isinstance(id, str) and id[:1].isalpha():
        print(f"· {id}: your teacher checks this one, after you have handed in")
        return
    verdict = examine(id, function)
    print(verdict)
    if path := os.environ.get("COURSE_VERDICTS"):  # set by `course check`
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": id, "status": verdict.status, "text": str(verdict)}) + "\n")
    expected = os.environ.get("COURSE_EXPECT")  # set by the tests: no verdict of a notebook goes unseen
    if os.environ.get("NBGRADER_VALIDATING"):  # by nbgrader's validate, which sees nothing but exceptions
        expected = PASSED
    if expected and verdict.status != expected:
        raise AssertionError(f"check {id}: expected '{expected}', received '{verdict.status}'")


def hint(id):
    """Print the next hint for an exercise: a general one, a specific one, then where its solution stands.

    Args:
        id: the exercise's id, such as `"01.2"`.
    """
    if isinstance(id, str) and id[:1].isalpha():
        print(f"· {id}: an exercise of your teacher's, who knows more")
        return
    found = find(id)
    lesson = id.partition(".")[0]
    folders = (Path.cwd(), *Path.cwd().parents)
    solutions = [path for folder in folders for path in folder.glob(f"notebooks/solutions/{lesson}_*.ipynb")]
    name = solutions[0].name if solutions else f"{lesson}_….ipynb (in the course's repository)"
    last = f"The solution, to compare with: notebooks/solutions/{name}, under {id}."
    hints = [*read_hints()[id], last]
    HINTS_GIVEN[id] = number = min(HINTS_GIVEN[id] + 1, len(hints))
    print(f"{id} {found.title}, hint {number} of {len(hints)}: {hints[number - 1]}")


@functools.cache
def read_hints():
    """The hints of hints.toml: {id: [general, specific]}."""
    return tomllib.loads(Path(__file__).with_name("hints.toml").read_text(encoding="utf-8"))


class Answer:
    """A learner's function, called with care: on copies, for a limited time, with its errors turned into hints."""

    def __init__(self, function):
        if not callable(function) or inspect.isclass(function):
            raise Mistake(
                f"check wants your function itself, but received {type(function).__name__}: "
                "write its name alone, with no parentheses after it."
            )
        self.function = function
        self.seconds_left = PATIENCE
        self.name = getattr(function, "__name__", "your function")

    def __call__(self, *args):
        """Call the function.

        Args:
            *args: passed on as copies.
        Returns:
            what the function returns, never None.
        Raises:
            NotAttempted: the stub is still there.
            Mistake: wrong number of arguments, an exception, an argument changed in place, nothing returned.
        """
        given = copy.deepcopy(args)
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            signature = None  # a built-in without one
        try:
            if signature:
                signature.bind(*given)
        except TypeError:
            count = f"{len(args)} argument{'s' * (len(args) != 1)}"
            hint = f"The check passes {count}, but your function is {self.name}{signature}"
            raise Mistake(f"{hint}: keep the signature given.") from None
        start = time.perf_counter()
        try:
            result = limit.call(self.function, given, self.seconds_left)
        except limit.TimeUp:
            text = STILL_COMPUTING.format(seconds=PATIENCE)
            raise Mistake(text, [show_call(self.name, args)]) from None
        except (Exception, SystemExit) as error:
            if isinstance(error, NotImplementedError) and error.args in ((), (NOT_WRITTEN,)):
                raise NotAttempted from None
            raise Stopped(error, [show_call(self.name, args), *where(error), *shapes(given)]) from None
        finally:
            self.seconds_left = max(0.01, self.seconds_left - (time.perf_counter() - start))
        for before, after in zip(args, given, strict=True):
            if not same(before, after):
                hint = (
                    "Your function changed its argument in place: the caller still needs it. Work on a copy."
                )
                raise Mistake(hint, [show_call(self.name, args)])
        if result is None:
            raise Mistake(
                "Your function returned nothing: end it with `return`.", [show_call(self.name, args)]
            )
        return result


def same(before, after):
    """Whether an argument is as it was. What has no value to compare, such as a model, counts as unchanged."""
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(same(before[key], after[key]) for key in before)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(same, before, after))
    if hasattr(before, "__array__"):
        before, after = np.asarray(before), np.asarray(after)
        nan = before.dtype.kind in "fc"
        return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=nan)
    if isinstance(before, int | float | str | bytes):
        return before == after or (before != before and after != after)  # nan is not equal to itself
    return True


def compare(answer, args, expected, mistakes=(), otherwise="", rtol=1e-5):
    """Call the answer and compare what comes out with what was expected.

    Args:
        answer: Answer.
        args: tuple, the arguments of the call.
        expected: number or float array.
        mistakes: pairs (what a plausible mistake gives, hint), the likelier first.
        otherwise: the hint where none of them fits.
        rtol: tolerance relative to the largest expected entry; the default leaves room for float32.
    Returns:
        what came out.
    Raises:
        Mistake: they differ.
    """
    result, received, case = ask(answer, args, expected, otherwise)
    expected = np.asarray(expected, dtype=float)
    if not close(received, expected, rtol):
        explain(received, expected, mistakes, otherwise, rtol, case)
    return result


def ask(answer, args, expected, otherwise):
    """Call the answer; see `compare`.

    Returns:
        what came out, the same as a float array, and the lines that show the case.
    """
    try:
        result = answer(*args)
    except Stopped as stopped:
        raise Mistake(f"{stopped.hint} {otherwise}", stopped.case) from None
    case = show_case(answer, args, result, expected)
    return result, numbers(result, case), case


def explain(received, expected, mistakes, otherwise, rtol, case):
    """Raise the Mistake whose wrong value was received; see `compare`."""
    for wrong, hint in mistakes:
        if close(received, np.asarray(wrong, dtype=float), rtol):
            raise Mistake(hint, case)
    if received.size == expected.size and close(received.reshape(expected.shape), expected, rtol):
        hint = f"The values are right, the shape is not: expected {shape_name(expected.shape)}, received "
        raise Mistake(f"{hint}{shape_name(received.shape)}.", case)
    if received.shape != expected.shape:
        hint = f"Expected {shape_name(expected.shape)}, received {shape_name(received.shape)}. {otherwise}"
        raise Mistake(hint.strip(), case)
    if not np.all(np.isfinite(received)):
        raise Mistake(f"The result is not finite. {otherwise}".strip(), case)
    raise Mistake(otherwise, case)


def compare_integer(answer, args, expected, mistakes=(), otherwise=""):
    """As `compare`, for a count: the answer must be an int, and exact."""
    result = compare(answer, args, expected, mistakes, otherwise, rtol=0)
    if isinstance(result, bool) or not isinstance(result, int | np.integer):
        advice = " Use `//`, not `/`, or int(...)." if isinstance(result, float) else " Return int(...)."
        hint = f"The value is right, but it is of type {type(result).__name__}: a count is an int.{advice}"
        raise Mistake(hint, show_case(answer, args, result, expected))


def whole(result, case):
    """Raise a Mistake where right values are not of an integer type."""
    dtype = np.asarray(result).dtype
    if dtype.kind not in "iu":
        hint = f"The values are right, but of type {dtype}: these are whole numbers, so return ints."
        raise Mistake(f"{hint} (For instance, dtype=int when you make the array.)", case)


def where(error):
    """The line of the learner's code that raised, where it is known."""
    ours = {__file__, limit.__file__}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in ours]
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return [f"in the line  {own[-1].line}"] if own and own[-1].line else []


def shapes(args):
    """The shapes of array arguments."""
    found = [str(arg.shape) for arg in args if isinstance(arg, np.ndarray)]
    return [f"array arguments have the shapes {', '.join(found)}"] if found else []


def numbers(result, case=()):
    """The result as a float array; lists and tensors are taken too.

    Raises:
        Mistake: it does not hold real numbers.
    """
    what = f"a tuple of {len(result)} values" if isinstance(result, tuple) else type(result).__name__
    try:
        array = np.asarray(result)
        if array.dtype.kind in "biuf":
            return array.astype(float)
        if array.dtype.kind == "c":
            what = "complex ones"
    except Exception:  # a learner's object may raise anything here
        pass
    hint = f"Expected numbers, received {what}: return one array of real numbers, or one number."
    raise Mistake(hint, case) from None


def close(received, expected, rtol):
    """Whether two arrays have the same shape and agree to `rtol` of the largest expected value, which is finite."""
    if received.shape != expected.shape or not np.all(np.isfinite(expected)):
        return False
    scale = np.max(np.abs(expected), initial=0.0) or 1.0
    return bool(np.all(np.abs(received - expected) <= rtol * scale))


def shape_name(shape):
    """A shape in words."""
    return f"an array of shape {shape}" if shape else "a single number"


def show_case(answer, args, received, expected):
    """Three lines: the call, what came out, what was expected."""
    if not isinstance(expected, int):
        expected = np.asarray(expected)
    return [
        show_call(answer.name, args),
        f"gave      {show(received)}",
        f"expected  {show(expected)}",
    ]


def show_call(name, args):
    """A call as text."""
    return f"{name}({', '.join(show(arg) for arg in args)})"


def show(value):
    """A short text for a value: arrays as nested lists of a few digits, large ones by their shape."""
    if isinstance(value, np.ndarray) and value.size > MANY:
        return f"<array {value.shape}: {show(value.ravel()[:6])[:-1]}, …]>"
    if isinstance(value, np.ndarray | np.generic):
        return np.array2string(np.asarray(value), precision=5, separator=", ", threshold=20).replace("\n", "")
    if isinstance(value, tuple):
        return f"({', '.join(show(part) for part in value)})"
    if isinstance(value, float):
        value = float(f"{value:.6g}")
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 200 else text[:200] + "…"
