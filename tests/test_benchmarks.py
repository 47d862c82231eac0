"""The benchmarks run as their first lines say: on little, since what they measure is not judged here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARK = Path(__file__).parent / "benchmarks" / "cifar10.py"


@pytest.fixture
def run(tmp_path):
    """Run the benchmark without a network, with what is in tmp_path/data, and write to tmp_path/out."""

    def go(*arguments):
        (tmp_path / "data").mkdir(exist_ok=True)
        nowhere = dict.fromkeys(
            ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
        )
        settings = {"COURSE_DATA_DIR": str(tmp_path / "data"), "COURSE_CACHE_DIR": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, BENCHMARK, *arguments, "--out", tmp_path / "out"],
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
    done = run("--pictures", "512")
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
    done = run()
    assert done.returncode == 1
    assert re.fullmatch(r"cifar10\.py: CIFAR-10: .*try again later.*\n", done.stderr.splitlines(True)[-1])
    assert "Traceback" not in done.stderr
