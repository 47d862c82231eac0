"""The benchmarks run as their first lines say: on little, since what they measure is not judged here."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import checks, data
from course_lib.errors import CourseError

BENCHMARKS = Path(__file__).parent / "benchmarks"


@pytest.fixture
def run(tmp_path):
    """Run a benchmark without a network, with what is in tmp_path/data, and write to tmp_path/out."""

    def go(name, *arguments):
        (tmp_path / "data").mkdir(exist_ok=True)
        nowhere = dict.fromkeys(
            ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
        )
        settings = {"COURSE_DATA_DIR": str(tmp_path / "data"), "COURSE_CACHE_DIR": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, BENCHMARKS / name, *arguments, "--out", tmp_path / "out"],
            env=os.environ | nowhere | settings,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return go


def some_pictures(rng, count):
    """Pictures of noise, brighter the higher the class."""
    y = np.arange(count) % 10
    x = rng.integers(0, 100, (count, 32, 32, 3)) + 15 * y[:, None, None, None]
    return x.astype(np.uint8), y


@pytest.fixture
def small_cifar10(tmp_path):
    """A cifar10.npz with 5,200 training pictures, of which the loader sets 5,000 apart, and 100 for the test."""
    (tmp_path / "data").mkdir()
    (x, y), (x_test, y_test) = (
        some_pictures(np.random.default_rng(seed), n) for seed, n in ((0, 5200), (1, 100))
    )
    np.savez(tmp_path / "data/cifar10.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)


def test_the_printed_recipe_and_ours_side_by_side(run, small_cifar10, tmp_path):
    """Ten rows by epoch, both ratios, a picture; accuracies are shares."""
    done = run("cifar10.py", "--pictures", "512")
    assert done.returncode == 0, done.stderr[-2000:]
    table = (tmp_path / "out/cifar10.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|", table, flags=re.MULTILINE)
    assert [int(epoch) for epoch, _, _ in rows][:10] == list(range(1, 11))
    seconds = [float(second) for _, second, _ in rows[:10]]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert all(0 <= float(share) <= 1 for _, _, share in rows)
    assert "512 training and 100 test pictures" in table
    assert "final accuracy" in table and "When the printed recipe ends" in table
    assert (tmp_path / "out/cifar10.png").read_bytes().startswith(b"\x89PNG")


def test_without_cifar10_it_says_what_to_do(run):
    """One sentence, no drawn pictures in its place."""
    done = run("cifar10.py")
    assert done.returncode == 1
    assert re.fullmatch(r"cifar10\.py: CIFAR-10: .*try again later.*\n", done.stderr.splitlines(True)[-1])
    assert "Traceback" not in done.stderr


# --- lesson 11 against the Trainer, which these tests do without ----------------------------------------


@pytest.fixture
def bert():
    """The benchmark as a module; its import brings TensorFlow and KerasHub."""
    from tests.benchmarks import bert

    return bert


def test_the_work_is_that_of_the_matrix_products(bert):
    """Counted product by product: (M, K) by (K, N) takes 2 M K N operations; backward takes two such."""

    def forward(T):
        dense = 4 * [(T, 384, 384)] + [(T, 384, 1536), (T, 1536, 384)]
        attention = 12 * [(T, 32, T), (T, T, 32)]  # scores and weighted sum of each head
        return 6 * sum(2 * M * K * N for M, K, N in dense + attention)

    assert bert.training_flops([5, 48]) == 3 * (forward(5) + forward(48))


def test_the_kernels_are_timed(bert):
    """A speed that a processor can have."""
    assert 1e8 < bert.kernel_speed("float32", rows=8, repeats=1) < 1e14


def test_the_clock_leaves_validation_out(bert, monkeypatch):
    """On a clock of its own, where a training step takes 1 and a step of validation 100."""
    keras, now = bert.keras, [0.0]

    class Pass(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            now[0] += 1

        def on_test_batch_begin(self, batch, logs=None):
            now[0] += 100

    monkeypatch.setattr(bert, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, clock = np.zeros((6, 1)), bert.Clock()
    fit = {"batch_size": 2, "callbacks": [clock, Pass()], "verbose": 0}
    model.fit(x, x, epochs=2, validation_data=(x, x), **fit)
    assert (clock.seconds, clock.first, clock.steps, clock.epochs) == (6, 1, 6, 2)
    model.fit(x, x, **fit)
    assert (clock.seconds, clock.steps, clock.epochs) == (9, 9, 3)


def test_runs_by_turns_and_their_report(bert, monkeypatch):
    """Of made-up runs: order, accuracies, speeds with and without the first step, ratios, shares."""
    ran = []

    def ours(recipe, preset, splits, epochs, seed, precision):
        ran.append(("ours", seed))
        return {"predicted": [True, False], "seconds": 2, "first": 1, "steps": 4, "epochs": epochs}

    def trainer(python, folder, splits, epochs, seed, dynamic):
        ran.append(("dynamic" if dynamic else "printed", seed))
        result = {
            "predicted": [1, 1],
            "seconds": 5 if dynamic else 10,
            "first": 2,
            "steps": 4,
            "epochs": epochs,
        }
        return result | {"lengths": [10, 10, 20, 40]}

    for name, stand_in in (
        ("run_ours", ours),
        ("run_trainer", trainer),
        ("make_model_folder", lambda *_: None),
    ):
        monkeypatch.setattr(bert, name, stand_in)
    work = bert.training_flops([10, 10, 20, 40]) / 4
    speeds = {"float32": 10 * work, "bfloat16": 20 * work}  # examples a second, were nothing else to do
    monkeypatch.setattr(bert, "product_speed", speeds.get)
    monkeypatch.setattr(bert, "kernel_speed", lambda dtype: 6 * work)
    splits = data.Splits(None, None, (["good", "bad"], np.array([1, 0])))
    results, best = bert.compare({}, None, None, splits, 2, range(2), "mixed_bfloat16", True)
    assert ran == [(name, seed) for seed in (0, 1) for name in ("ours", "printed", "dynamic")]
    assert best == speeds | {"kernels": 6 * work}
    text = "\n".join(bert.report(results, best))
    assert "An example has 20.0 tokens" in text
    for seed in (0, 1):
        assert f"| {seed} | lesson 11 | 4.0 | 6.0 | 80 | 20.0% of bfloat16 | 1.0000 |" in text
        assert f"| {seed} | printed | 0.8 | 0.8 | 16 | 8.0% of float32 | 0.5000 |" in text
    assert "5.0 times the examples a second of printed (by seed 5.0, 5.0); 8.0 without" in text
    assert "would reach 6 examples/s" in text
    assert "7.5 times printed. Training" in text
    assert "2.5 times the examples a second of printed, dynamic padding" in text
    assert "mean of 2: lesson 11 1.0000, printed 0.5000, printed, dynamic padding 0.5000" in text


def test_without_an_index_the_environment_is_not_made(bert, monkeypatch, tmp_path):
    """One sentence, and nothing that a later run would take for a finished environment."""
    settings = {"CONFIG_FILE": os.devnull, "FIND_LINKS": "", "INDEX_URL": "http://127.0.0.1:9/simple"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    with pytest.raises(CourseError, match=r"^the Trainer's environment .* pip finds no such packages; .*\.$"):
        bert.prepare_environment()
    assert not (tmp_path / "bert_trainer/installed.txt").exists()


@pytest.mark.parametrize("name", ["bert.py", "bert_choices.py"])
def test_without_the_weights_it_says_what_to_do(run, name):
    """One sentence, before anything is installed."""
    done = run(name)
    assert done.returncode == 1
    said = rf"{re.escape(name)}: all-MiniLM-L6-v2: .*try again later.*\n"
    assert re.fullmatch(said, done.stderr.splitlines(True)[-1])
    assert "Traceback" not in done.stderr


@pytest.fixture
def choices(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import bert_choices

    return bert_choices


def test_settings_are_compared_on_validation_snippets(choices, monkeypatch, tmp_path, capsys):
    """Of made-up trainings: one setting changed at a time, each with every seed, the best epoch counts."""
    asked = []

    def train(model, ids, labels, epochs, seed, validation, peak, warm_up):
        asked.append((seed, peak, warm_up, model, len(validation[1])))
        return SimpleNamespace(history={"val_accuracy": [0.1, 0.5 + 1000 * peak + seed / 100, 0.2][:epochs]})

    recipe = {"PEAK": 1.5e-4, "WARM_UP": 0.1, "encode": np.array, "train": train}
    recipe["classifier"] = lambda preset, precision, dropout: dropout
    monkeypatch.setattr(choices, "read_recipe", lambda: recipe)
    monkeypatch.setattr(choices.pretrained, "minilm_preset", lambda: None)
    choices.main(["--seeds", "2", "--examples", "100", "--out", str(tmp_path)])
    assert asked[: len(asked) // 2] == [
        (0, *one[1:]) for one in asked[len(asked) // 2 :]
    ]  # the same for each seed
    base = (0, 1.5e-4, 0.1, 0.0, 1000)
    assert asked[0] == base
    assert all(sum(a != b for a, b in zip(one, base, strict=True)) == 1 for one in asked[1 : len(asked) // 2])
    text = (tmp_path / "bert_choices.md").read_text()
    assert "| nothing | 0.6550 | 0.650, 0.660 |" in text
    assert "| peak 0.0001 | 0.6050 | 0.600, 0.610 |" in text
    assert "100 training and 1,000 validation snippets" in text
    assert text.strip() in capsys.readouterr().out


# --- grading against nbgrader ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grading():
    """The benchmark as a module."""
    from tests.benchmarks import grading

    return grading


@pytest.fixture(scope="module")
def submissions(grading, tmp_path_factory):
    """A course directory and forty submissions."""
    room = grading.Classroom(tmp_path_factory.mktemp("class") / "course")
    return room, grading.make_submissions(room, 40, random.Random(0))


def test_one_submission_in_twenty_is_broken_and_each_kind_is_there(grading, submissions):
    """At least one of each; the others are solved notebooks, some with wrong answers."""
    room, made = submissions
    broken = [student for student, (_, _, sound) in made.items() if not sound]
    assert len(broken) == len(grading.KINDS)
    assert sum(isinstance(made[student][0], bytes) for student in broken) == 1
    assert 0 < sum(made[student][1] != grading.POINTS for student in set(made) - set(broken)) < 35
    for count, expected in ((200, 10), (10, 5)):
        again = grading.make_submissions(room, count, random.Random(1))
        assert sum(not sound for _, _, sound in again.values()) == expected


def test_sound_submissions_deserve_what_is_said(grading, submissions):
    """Judged by the checks: each exercise is wrong in one at least."""
    wrong = set()
    for notebook, deserved, sound in submissions[1].values():
        if not sound or deserved == grading.POINTS:
            continue
        names = {"np": np}
        for exercise in deserved:
            source = grading.answer(notebook, exercise).source
            exec(source, names)  # our own code
            function = names[re.search(r"def (\w+)", source)[1]]
            verdict = checks.examine(exercise, function)
            assert (verdict.status == checks.PASSED) == bool(deserved[exercise])
            wrong |= {exercise} if not deserved[exercise] else set()
    assert wrong == set(grading.POINTS)


def test_a_worker_that_fails_is_no_result(grading):
    """What it wrote, and its memory with its children's; else its last words."""
    child = "x = bytearray(2**28); import time; time.sleep(0.7)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('x'); print('{{\"a\": 1}}')"

    def start(code):
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    (found,), peak = grading.finish([start(code)])
    assert found == {"a": 1}
    assert 2**28 < peak < 2**29
    with pytest.raises(RuntimeError, match="my last words"):
        grading.finish([start("raise SystemExit('my last words')")])


def test_what_is_lost_wrong_or_different_is_told(grading):
    """Of made-up results: ratios, the share of the broken ones, and each fault by itself."""
    every, exercises = dict(grading.POINTS), {}
    for key, worth in every.items():
        exercises[key] = {"status": "passed", "points": worth}
    result = {"fault": "", "exercises": exercises, "seconds": 3.0, "peak_mb": 40.0}
    made = dict.fromkeys(("ada", "bob", "cleo"), (None, every, True))
    made["dan"] = b"{", dict.fromkeys(every, 0), False
    nothing = {key: {"status": "not attempted", "points": 0} for key in every}
    results = dict.fromkeys(("ada", "bob", "cleo"), result)
    results["dan"] = result | {"fault": "It cannot be read.", "exercises": nothing, "seconds": 1.0}
    found = {
        "made": made,
        "results": results,
        "resumed": dict(results),
        "seconds": 5,
        "kills": [1],
        "left": 0,
    }
    for name, rate in (("ours", 60), ("serial", 20), ("two", 40)):
        found[name] = {"rate": rate, "peak": 2**30, "seconds": 4}
    found["serial marks"] = {"ada": every, "bob": every | {"02.1": None}}
    found["two marks"] = {"ada": every}
    assert not any(grading.judge_speed(found).values())
    text = "\n".join(grading.report_speed(found))
    assert "3.0 times as many submissions a minute as nbgrader, 1.5 times as many as two" in text
    assert "| nbgrader, one process | 2 | 4.0 | 20.0 | 1,024 MB | 1 |" in text
    assert "1 are broken" in text and "10% of the work" in text
    del results["ada"]
    results["bob"] = result | {"exercises": nothing}
    found["resumed"]["cleo"] = result | {"exercises": nothing}
    faults = grading.judge_speed(found)
    assert faults == {"lost": ["ada"], "undeserved": ["bob"], "differ": ["ada", "bob", "cleo"]}


def test_secrets_are_found_in_what_is_told_and_not_in_code(grading):
    """Disguised code means the same."""
    code = 'tell(f"{1}CANARY-7f3a", b"CANARY-7f3a".hex())'
    (hidden,) = json.loads(grading.disguised(json.dumps([code]).encode()))
    told = []
    assert not grading.leaked(hidden)
    exec(hidden, {"tell": lambda *words: told.extend(words)})
    assert told == ["1CANARY-7f3a", b"CANARY-7f3a".hex()]
    assert all(map(grading.leaked, told))


def test_what_an_attack_got_is_counted(grading):
    """nbgrader's side and ours, each in its row; harmful ones in ours alone."""
    attacks = {
        name: grading.hostile.Attack(name, f"try | {name}.", {"02.1": 2, "02.2": 0}, name == "bomb", None)
        for name in ("forges", "stops", "bomb")
    }
    right = {"points": {"02.1": 2, "02.2": 0}, "ended": "", "aborted": False, "leak": False, "harm": False}
    theirs = {
        "forges": right | {"points": {"02.1": 0, "02.2": 2}, "leak": True, "shown": True},
        "stops": right
        | {"points": {"02.1": None}, "aborted": True, "ended": "out of time", "shown": False, "harm": True},
    }
    lines = list(grading.report_hostile(attacks, theirs, dict.fromkeys(attacks, right)))
    assert "| nbgrader | 2 | 1 | 1 | 1 | 1 | 1 | 1 |" in lines
    assert "| ours, the same | 2 | 0 | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| ours, all | 3 | 0 | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| forges | try \\| forges. | 2 | 2 | 2 | forged, leak, too few points |  |" in lines
    assert (
        "| stops | try \\| stops. | 2 | – | 2 | aborted, harm to others, not graded, out of time |  |"
        in lines
    )
    assert "| bomb | try \\| bomb. | 2 | – | 2 | not run: harmful |  |" in lines


def test_nbgrader_is_shut_in(grading, tmp_path):
    """It sees the course directory, and can write nothing else; no network of this machine, no variables."""
    if not shutil.which("bwrap"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no bubblewrap here")
    (tmp_path / "mine").write_text("")
    code = f"""if 1:
        import json, os, pathlib, socket
        def can(action, *arguments):
            try:
                return bool(action(*arguments)) or True
            except OSError:
                return False
        pathlib.Path("new").write_text("")
        print(json.dumps([sorted(os.listdir()), can(os.listdir, {str(BENCHMARKS)!r}), can(os.listdir, "/etc/ssl"),
            can(pathlib.Path({str(BENCHMARKS.parents[1] / "course_lib/new")!r}).touch),
            [name for _, name in socket.if_nameindex()], "CANARY-7f3a" in os.environ.values(), "SECRET" in os.environ]))"""
    command = [*grading.sandbox(tmp_path)[:-1], "-c", code]
    done = subprocess.run(command, env=os.environ | {"SECRET": "x"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["mine", "new"], False, False, False, ["lo"], True, False]
    assert (tmp_path / "new").exists()


def test_too_few_submissions(grading, capsys):
    """Less than each broken kind and a sound one beside it measure nothing."""
    with pytest.raises(SystemExit) as left:
        grading.main(["--submissions", "3"])
    assert left.value.code == 2
    assert "at least 10 submissions" in capsys.readouterr().err
