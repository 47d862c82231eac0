"""Submissions are graded, each once, whatever happens on the way."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from course_lib.errors import CourseError
from course_lib.grading import batch, examiner, plan
from tests.grading.classroom import POINTS, Classroom, points

LEAK = "hidden-input"
ANSWERS = {
    "ada": {},
    "bob": {"answer_02_2": "def softmax(Z):\n    return np.exp(Z) / np.exp(Z).sum(axis=0)"},
    "cleo": {"answer_02_2": None, "answer_02_4": "def gradient(A, labels, W) oops"},
    "dan": {"answer_02_2": "def soft_max(Z):\n    return Z"},
    "eve": {"answer_02_3": "import os\ndef cross_entropy(labels, Z):\n    os._exit(0)"},
    # What notebooks in the wild do.
    "gil": {
        "answer_02_1": """%matplotlib inline
%config InlineBackend.figure_format = "retina"
import getpass
getpass.getuser()
open("own_helpers.py", "w").write("two = 2")
""",
        "answer_02_2": """from own_helpers import two
def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)""",
        "answer_02_4": None,
    },
    # Right for the questions of the notebook, which it has learnt by heart; then it tells what it was asked.
    "fay": {
        "answer_02_2": f"""seen = []
def softmax(Z):
    seen.append(Z)
    if len(seen) > 4:
        raise ValueError("{LEAK}", seen[-1].tolist())
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)""",
        "answer_02_5": f"""def precision_and_recall(y, q, threshold):
    raise ValueError("{LEAK}", [z.tolist() for z in seen])""",
    },
}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory, working_jail):
    """A class that has been graded once; tests leave it as it is."""
    room = Classroom(tmp_path_factory.mktemp("class") / "course", written=["Why?"])
    for student, answers in ANSWERS.items():
        mine = room.solved(**answers)
        if student == "gil":  # an answer in the cell of its check
            (check,) = [cell for cell in mine.cells if cell.metadata.nbgrader.grade_id == "check-02-1"]
            (right,) = [c for c in room.solved().cells if c.metadata.nbgrader.grade_id == "answer-02-1"]
            check.source = f"{right.source}\n{check.source}"
        room.hand_in(student, mine)
    room.hand_in("gus", b"{")
    room.results = batch.grade(room.course, room.name, working_jail)
    return room


@pytest.fixture
def copy(classroom, tmp_path):
    """A copy of it that may be changed."""
    room = Classroom.__new__(Classroom)
    room.course = tmp_path / "course"
    shutil.copytree(classroom.course, room.course)
    return room


@pytest.mark.parametrize(
    ("student", "lost"),
    [("ada", []), ("bob", ["02.2"]), ("cleo", ["02.2", "02.4"]), ("dan", ["02.2"]), ("eve", ["02.3"]), ("fay", ["02.2", "02.5"]), ("gil", ["02.4"])],
)  # fmt: skip
def test_each_exercise_counts_by_itself(classroom, student, lost):
    expected = {key: 0 if key in lost else worth for key, worth in POINTS.items()}
    assert points(classroom.results[student]) == expected
    assert classroom.result(student) == classroom.results[student]


def test_what_students_are_told(classroom):
    said = {
        student: {key: found["text"] for key, found in result["exercises"].items()}
        for student, result in classroom.results.items()
    }
    assert "Columns sum to 1, but rows do not" in said["bob"]["02.2"]
    assert "expected  [[" in said["bob"]["02.2"]
    assert said["cleo"]["02.2"].startswith("· 02.2 Softmax: not attempted")
    assert "There is no function `gradient`" in said["cleo"]["02.4"]
    assert "SyntaxError" in classroom.results["cleo"]["exercises"]["02.4"]["output"]
    assert "There is no function `softmax`" in said["dan"]["02.2"]
    assert said["eve"]["02.3"].endswith("Your code ended the process that it runs in.")
    assert "not a notebook that can be read" in classroom.results["gus"]["fault"]


def test_hidden_questions_stay_hidden(classroom):
    result = classroom.results["fay"]["exercises"]["02.2"]
    assert result["text"].endswith(f"{examiner.OTHER_QUESTIONS}\n  Your function stopped with ValueError.")
    public = classroom.results["fay"]["exercises"]["02.5"]["text"]
    assert LEAK in public  # it tells what it was asked before, of the questions that are no secret
    assert public.count("[[") == 4  # arrays: the public questions of 02.2, and none of the hidden ones


def test_each_student_gets_questions_of_his_own(classroom):
    secret = batch.read_secret(classroom.course, classroom.name)
    seeds = {batch.seed(secret, student, key) for student in ANSWERS for key in POINTS}
    assert len(seeds) == len(ANSWERS) * len(POINTS)
    assert batch.seed(secret, "ada", "02.1") == batch.seed(secret, "ada", "02.1")
    assert secret == batch.read_secret(classroom.course, classroom.name)


def test_what_is_graded_is_not_graded_again(copy, working_jail):
    told = []

    def tell(student, *_):
        told.append(student)

    batch.grade(copy.course, copy.name, working_jail, on_result=tell)
    assert told == []
    copy.hand_in("bob")
    batch.grade(copy.course, copy.name, working_jail, on_result=tell)
    assert told == ["bob"]
    assert points(copy.result("bob")) == POINTS


def test_one_exercise_is_graded_again(copy, working_jail):
    path = copy.course / "results" / copy.name / "students" / "bob.json"
    result = copy.result("bob")
    result["exercises"]["02.2"]["points"] = result["exercises"]["02.1"]["points"] = -1
    path.write_text(json.dumps(result))
    batch.grade(copy.course, copy.name, working_jail, exercises=["02.2"], students=["bob"])
    assert points(copy.result("bob")) == POINTS | {"02.1": -1, "02.2": 0}


def test_after_one_exercise_the_others_are_not_taken_for_graded(copy, working_jail):
    mine = copy.course / "private" / copy.name / "checks.py"
    mine.write_text(
        "from course_lib.checks import *\n@exercise('02.1', 'No', points=0)\ndef f(answer, rng):\n    raise Mistake('No.')\n"
    )
    batch.grade(copy.course, copy.name, working_jail, exercises=["02.3"], students=["ada"])
    assert points(copy.result("ada")) == POINTS
    batch.grade(copy.course, copy.name, working_jail)
    assert points(copy.result("ada")) == POINTS | {"02.1": 0}


def test_one_at_a_time(copy, working_jail):
    lock = batch.FileLock(copy.course / "results" / copy.name / ".lock")
    with lock, pytest.raises(CourseError, match="Another `course grade` is at work"):
        batch.grade(copy.course, copy.name, working_jail, students=["ada"])


@pytest.mark.parametrize("name", ["a\nb", "\udcff", "ä" * 120])
def test_names_that_nothing_takes(copy, working_jail, name):
    (copy.course / "submitted" / name / copy.name).mkdir(parents=True)
    with pytest.raises(CourseError, match="rename that folder"):
        batch.grade(copy.course, copy.name, working_jail)


def test_nothing_was_handed_in(copy, working_jail):
    shutil.rmtree(copy.course / "submitted")
    with pytest.raises(CourseError, match="Nothing of ps1 was handed in"):
        batch.grade(copy.course, copy.name, working_jail)


def test_stopped_at_any_moment_it_goes_on(classroom, tmp_path, working_jail):
    room = Classroom.__new__(Classroom)
    room.course = tmp_path / "course"
    shutil.copytree(classroom.course, room.course)
    shutil.rmtree(room.course / "results")
    code = f"""if 1:
        from pathlib import Path
        from course_lib.grading import batch, jail
        batch.grade(Path({str(room.course)!r}), "ps1", jail.Limits(seconds=5))"""
    rng, runs = random.Random(0), 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        try:
            assert process.wait(timeout=1 + 2 * rng.random() + runs) == 0
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            runs += 1
    assert runs
    for student, result in classroom.results.items():
        again = room.result(student)
        assert points(again) == points(result)
        assert again["fault"] == result["fault"]


def test_ctrl_c_keeps_what_is_done(copy, working_jail):
    shutil.rmtree(copy.course / "results")
    command = [
        sys.executable,
        "-c",
        # A shell without job control starts what runs behind it with Ctrl-C ignored.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from course_lib.cli import main; main()",
        "grade",
        str(copy.course),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    folder = copy.course / "results" / copy.name / "students"
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert (
        error.splitlines()[-1]
        == "course: Interrupted: what is graded is kept. Run the same command to go on."
    )
    assert list(folder.glob("*.json"))


def test_a_dask_cluster_gives_the_same_marks(classroom, copy, working_jail):
    from distributed import LocalCluster

    shutil.rmtree(copy.course / "results")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        results = batch.grade(copy.course, copy.name, working_jail, dask=cluster.scheduler_address)
    assert {student: points(each) for student, each in results.items()} == {
        student: points(each) for student, each in classroom.results.items()
    }


def test_no_cluster_there(copy, working_jail, monkeypatch):
    shutil.rmtree(copy.course / "results")
    monkeypatch.setattr(batch, "DASK", 1)
    with pytest.raises(CourseError, match="No Dask cluster answers"):
        batch.grade(copy.course, copy.name, working_jail, dask="tcp://127.0.0.1:9")


def test_without_a_jail_the_results_say_so(copy, working_jail):
    results = batch.grade(copy.course, copy.name, working_jail, jail=False, students=["ada"])
    assert results["ada"]["jail"] == "none"
    assert points(results["ada"]) == POINTS
    assert results["bob"]["jail"] == "bubblewrap"


def test_a_machine_at_fault_is_no_student_at_fault(copy, working_jail, monkeypatch):
    monkeypatch.setattr(batch.jails, "examiner_command", lambda *_: ["/bin/false"])
    copy.hand_in("ada", copy.solved(answer_02_1="def sigmoid(z): return z"))
    result = batch.grade(copy.course, copy.name, working_jail)["ada"]
    assert "could not be graded" in result["fault"]
    monkeypatch.undo()
    result = batch.grade(copy.course, copy.name, working_jail)["ada"]
    assert result["fault"] == ""
    assert points(result) == POINTS | {"02.1": 0}


@pytest.mark.parametrize(
    ("options", "said"),
    [({"exercises": ["02.9"]}, "no exercise 02.9"), ({"students": ["nobody"]}, "No submission of nobody")],
)
def test_what_is_not_there(classroom, working_jail, options, said):
    with pytest.raises(CourseError, match=said):
        batch.grade(classroom.course, classroom.name, working_jail, **options)
    with pytest.raises(CourseError, match="has no assignment 'ps2'"):
        batch.grade(classroom.course, "ps2", working_jail)


def test_a_course_that_the_jail_would_show(working_jail, monkeypatch):
    folder = batch.jails.package() / "cs231"
    assert batch.jails.shows(folder) == batch.jails.package()
    assert batch.jails.shows(batch.Path.cwd() / "cs231") is None
    monkeypatch.setattr(batch.plans, "read_plan", lambda *_: {"notebooks": []})
    with pytest.raises(CourseError, match="which the jail shows to every student"):
        batch.grade(folder, "ps1", working_jail)


NETWORK = '''
import numpy as np

from course_lib.checks import Mistake, exercise


@exercise("T.1", "A trained network", points=5, stub=\'\'\'def train(x, y):
    """A trained Keras model that says in which quadrant a point lies.

    Args:
        x: float array (n, 2).
        y: int array (n,), 1 where both coordinates have the same sign.
    """
\'\'\')
def trained(answer, rng):
    """Better than 0.85 on points that it has not seen."""
    x = rng.uniform(-1, 1, size=(1000, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    model = answer(x[:800], y[:800])
    probabilities = np.asarray(model.predict(x[800:], verbose=0)).ravel()
    if probabilities.shape != (200,):
        raise Mistake("The model gives one probability for each point.")
    if np.mean((probabilities > 0.5) == y[800:]) < 0.85:
        raise Mistake("The model is right on less than 85 % of new points: a hidden layer is needed.")


@exercise("02.1", "As well", points=0)
def no_lists(answer, rng):
    """One more check of an exercise of the course."""
    if np.asarray(answer(np.zeros(3))).tolist() != [0.5] * 3:
        raise Mistake("σ(0) is one half.")
'''
TRAIN = """import keras
def train(x, y):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense({units}, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    model.fit(x, y, epochs=30, verbose=0)
    return model"""


def test_a_trained_model_is_judged_by_its_predictions(tmp_path, working_jail):
    checks = tmp_path / "mine.py"
    checks.write_text(NETWORK, encoding="utf-8")
    room = Classroom(tmp_path / "course", checks=checks)
    room.hand_in("ada", room.solved(answer_T_1=TRAIN.format(units=32)))
    room.hand_in(
        "bob",
        room.solved(
            answer_T_1="def train(x, y):\n    class M:\n        def predict(self, x):\n            return x[:, 0]\n    return M()"
        ),
    )
    limits = batch.jails.Limits(seconds=60)
    results = batch.grade(room.course, room.name, limits)
    assert points(results["ada"]) == POINTS | {"T.1": 5}
    assert points(results["bob"]) == POINTS | {"T.1": 0}
    assert results["bob"]["exercises"]["T.1"]["text"].endswith("a hidden layer is needed.")
    assert results["ada"]["peak_mb"] > 300
    released = room.released()
    assert "hidden layer" not in str(released)
    assert plan.read_plan(room.course, room.name)["notebooks"][0]["exercises"][-1]["function"] == "train"
