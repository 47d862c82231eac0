"""runtime, training, plots, doctor, site."""

import os
import platform
import subprocess
import sys
import zipfile
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import build, doctor, plots, runtime, site, training
from course_lib.runtime import Device

ROOT = build.find_root()
Version = namedtuple("Version", "major minor micro")


@pytest.mark.parametrize(
    ("device", "precision"),
    [
        (Device("GPU", "NVIDIA H100", (9, 0)), "mixed_bfloat16"),
        (Device("GPU", "NVIDIA A100", (8, 0)), "mixed_bfloat16"),
        (Device("GPU", "Tesla T4", (7, 5)), "mixed_float16"),
        (Device("GPU", "Tesla V100", (7, 0)), "mixed_float16"),
        (Device("GPU", "Tesla P100", (6, 0)), "float32"),
        (Device("GPU", "of another maker"), "float32"),
        (Device("CPU", "4 cores"), "float32"),
        (Device("CPU", "2 cores", bfloat16=True), "mixed_bfloat16"),
    ],
)
def test_precision_follows_the_device(device, precision):
    assert runtime.choose_precision(device) == precision


def test_profile_follows_the_device_unless_it_is_given(monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    assert runtime.choose_profile(Device("CPU", "2 cores")) == "fast"
    assert runtime.choose_profile(Device("GPU", "Tesla T4", (7, 5))) == "full"
    monkeypatch.setenv("COURSE_PROFILE", "full")
    run = runtime.Run(
        Device("CPU", "2 cores"), runtime.choose_profile(Device("CPU", "2 cores")), "float32", 0
    )
    assert run.pick(fast=1, full=50) == 50
    monkeypatch.setenv("COURSE_PROFILE", "slow")
    with pytest.raises(ValueError, match="expected 'fast' or 'full', received 'slow'"):
        runtime.choose_profile(Device("CPU", "2 cores"))


T4 = {"device_name": "Tesla T4", "compute_capability": (7, 5)}
FLAGS = "flags : fpu sse2 avx512f avx512_bf16 amx_bf16 amx_tile"  # a line of /proc/cpuinfo


@pytest.mark.parametrize(
    ("gpus", "cpu_info", "cores", "line"),
    [
        ([T4], FLAGS, 2, "GPU (Tesla T4), full profile, mixed_float16, seed 5"),
        ([T4, T4], "", 8, "GPU (Tesla T4, the first of 2), full profile, mixed_float16, seed 5"),
        (
            [{"device_name": "NVIDIA L4", "compute_capability": (8, 9)}],
            "",
            8,
            "GPU (NVIDIA L4), full profile, mixed_bfloat16, seed 5",
        ),
        (
            [{"device_name": "NVIDIA A100-SXM4-40GB", "compute_capability": (8, 0)}],
            "",
            12,
            "GPU (NVIDIA A100-SXM4-40GB), full profile, mixed_bfloat16, seed 5",
        ),
        (
            [{"device_name": "Tesla P100-PCIE-16GB", "compute_capability": (6, 0)}],
            "",
            2,
            "GPU (Tesla P100-PCIE-16GB), full profile, float32, seed 5",
        ),
        (
            [{"device_name": "Tesla V100-SXM2-16GB", "compute_capability": (7, 0)}],
            "",
            8,
            "GPU (Tesla V100-SXM2-16GB), full profile, mixed_float16, seed 5",
        ),
        ([{"device_name": "METAL"}], "", 8, "GPU (METAL), full profile, float32, seed 5"),  # tensorflow-metal
        ([{}], FLAGS, 16, "GPU (without a name), full profile, float32, seed 5"),  # any other plug-in
        ([], FLAGS, 2, "CPU (2 cores), fast profile, mixed_bfloat16, seed 5"),
        ([], FLAGS.replace("avx512_bf16", ""), 2, "CPU (2 cores), fast profile, mixed_bfloat16, seed 5"),
        ([], FLAGS.replace("amx_bf16", ""), 2, "CPU (2 cores), fast profile, mixed_bfloat16, seed 5"),
        ([], FLAGS.replace("_bf16", ""), 1, "CPU (1 core), fast profile, float32, seed 5"),
        ([], "", 8, "CPU (8 cores), fast profile, float32, seed 5"),  # Apple silicon, Windows
        ([], "", None, "CPU (cores uncounted), fast profile, float32, seed 5"),
    ],
)
def test_one_line_tells_device_and_profile(monkeypatch, gpus, cpu_info, cores, line):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    device = runtime.describe_device(gpus, cpu_info, cores)
    run = runtime.Run(device, runtime.choose_profile(device), runtime.choose_precision(device), 5)
    assert runtime.say(run) == line


def test_a_gpu_is_found_where_tensorflow_sees_one(monkeypatch):
    experimental = SimpleNamespace(get_device_details={"gpu": T4}.get)
    config = SimpleNamespace(list_physical_devices={"GPU": ["gpu"]}.get, experimental=experimental)
    monkeypatch.setattr(runtime, "import_tensorflow", lambda: SimpleNamespace(config=config))
    assert runtime.find_device() == Device("GPU", "Tesla T4", (7, 5))


# TensorFlow believes in a GPU; what it computes, the CPU does. XLA compiles for both.
WITH_A_GPU = """
from course_lib import runtime
tf = runtime.import_tensorflow()
from tensorflow.python.eager import context
gpu = context.PhysicalDevice("/physical_device:GPU:0", "GPU")
tf.config.list_physical_devices()
context.context()._physical_devices.append(gpu)
tf.config.list_logical_devices = tf.config.list_physical_devices
details = {"device_name": "Tesla T4", "compute_capability": (7, 5)}
tf.config.experimental.get_device_details = lambda device: details
"""

MODELS = """
run = runtime.start(mixed_precision=True)
assert tf.config.experimental.get_memory_growth(gpu) is True
assert not tf.config.experimental.tensor_float_32_execution_enabled()
import keras
from keras import layers
from course_lib import layers as ours

class OwnStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2, dtype="float32")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            scaled = self.optimizer.scale_loss(loss)
        self.optimizer.apply(tape.gradient(scaled, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}

embedding = layers.Embedding(9, 8, mask_zero=True)
models = {
    "dense": [keras.Input((4,)), layers.Dense(3, "relu"), layers.Dropout(0.5), layers.Dense(2)],
    "convolution": [keras.Input((6, 6, 1)), layers.Conv2D(3, 3), layers.MaxPooling2D(2),
                    layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)],
    "lstm": [keras.Input((5, 3)), layers.LSTM(4), layers.Dense(2)],
    "both ways": [keras.Input((5, 3)), layers.Bidirectional(layers.GRU(4)), layers.Dense(2)],
    "plain recurrent": [keras.Input((5, 3)), layers.SimpleRNN(4), layers.Dense(2)],
    "course": [keras.Input((5,), dtype="int32"), embedding, ours.PositionEmbedding(5),
               ours.SinusoidalPositions(), ours.TransformerBlock(2), layers.GlobalAveragePooling1D(),
               layers.Dense(2)],
}
models = {name: keras.Sequential(parts) for name, parts in models.items()} | {"own step": OwnStep()}
for name, model in models.items():
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer), name
    print(name, model.jit_compile, sep=": ")
    if model.jit_compile:  # the others would need cuDNN
        x = tf.ones((4, *(model.input_shape[1:] if name != "own step" else (3,))))
        loss = model.fit(x, tf.constant([0, 1, 1, 0]), batch_size=2, verbose=0).history["loss"]
        assert loss[0] < 3 and model.predict(x, verbose=0).shape == (4, 2)
"""


def with_a_gpu(program):
    """Run a program in a fresh process that believes in a GPU; the lines that it printed."""
    env = {**os.environ, "COURSE_PROFILE": "", "CUDA_VISIBLE_DEVICES": "-1"}  # not a real one's
    command = [sys.executable, "-c", WITH_A_GPU + program]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.skipif(platform.machine() == "arm64", reason="on Apple's GPUs Keras leaves XLA off")
def test_a_gpu_compiles_with_xla():
    assert with_a_gpu(MODELS) == [
        "GPU (Tesla T4), full profile, mixed_float16, seed 0",
        "dense: True",
        "convolution: True",
        "lstm: False",
        "both ways: False",
        "plain recurrent: True",
        "course: True",
        "own step: True",
    ]


def test_a_cpu_compiles_without_xla_and_repeats_to_the_bit():
    program = """
from course_lib import runtime
run = runtime.start()
import keras, tensorflow as tf
from tensorflow.python.framework import config
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
model.compile("adam", "mse")
print(run.device.kind, model.jit_compile, config.is_op_determinism_enabled())
"""
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert result.stdout.splitlines()[-1:] == ["CPU False True"], result.stderr


def test_memory_growth_is_set_once_for_all_and_before_tensorflow_starts():
    again, used = (
        with_a_gpu(f"{before}; runtime.start(); tf.zeros(1) + 1; runtime.start(seed=1)")
        for before in ("pass", "tf.zeros(1) + 1")
    )
    first, second = (f"GPU (Tesla T4), full profile, float32, seed {seed}" for seed in (0, 1))
    assert again == [first, second]
    assert all(line.startswith("TensorFlow ran before runtime.start") for line in used[::2])
    assert used[1::2] == [first, second]


def test_memory_growth_is_set_for_every_gpu_and_on_a_cpu_nothing_is():
    grown, rounded, gpus = [], [], ["first", "second"]
    experimental = SimpleNamespace(
        set_memory_growth=lambda *arguments: grown.append(arguments),
        enable_tensor_float_32_execution=rounded.append,
    )
    config = SimpleNamespace(list_physical_devices=lambda kind: gpus, experimental=experimental)
    runtime.prepare_gpus(SimpleNamespace(config=config))
    assert grown == [("first", True), ("second", True)]
    assert rounded == [False]
    gpus.clear()
    runtime.prepare_gpus(SimpleNamespace(config=config))
    assert (len(grown), len(rounded)) == (2, 1)


START = """
from course_lib import runtime
run = runtime.start(seed={seed}, mixed_precision={mixed})
import keras, numpy as np
x, y = np.random.normal(size=(2, 64, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(4)])
model.compile("adam", "mse")
print(model.layers[0].compute_dtype, model.fit(x, y, epochs=2, verbose=0).history["loss"])
"""


def start(seed=0, mixed=False, **environment):
    """Train a small network in a fresh process; what it printed, and its stderr."""
    code = START.format(seed=seed, mixed=mixed)
    one_thread = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    env = {**os.environ, **one_thread, "COURSE_PROFILE": "fast", **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)


def test_a_seed_repeats_a_training_run():
    first, same, other = start(seed=1), start(seed=1), start(seed=2)
    assert first.returncode == 0, first.stderr
    assert "profile, float32, seed 1" in first.stdout.splitlines()[0]
    if first.stdout.startswith("GPU"):
        pytest.skip("on a GPU two runs drift apart, from rounding on")
    assert first.stdout == same.stdout
    assert first.stdout.splitlines()[1] != other.stdout.splitlines()[1]
    assert first.stderr == ""  # the log lines of TensorFlow's C++ part are held back


def test_mixed_precision_reaches_the_layers():
    result = start(mixed=True)
    policy = runtime.choose_precision(runtime.find_device())
    assert policy in result.stdout.splitlines()[0]
    assert result.stdout.splitlines()[1].startswith(policy.removeprefix("mixed_"))


def test_fit_is_quiet_and_keeps_what_is_worth_keeping(capsys):
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    x = np.arange(8.0)[:, None] / 8
    result = training.fit(model, x, 2 * x, epochs=3, validation_data=(x, 2 * x))
    assert result.epochs == 3
    assert set(result.history) == {"loss", "val_loss"}
    assert result.history["loss"][-1] < result.history["loss"][0]
    out = capsys.readouterr().out
    assert out.startswith("line: 3 epochs in ")
    assert out.count("\n") == 1


def test_fit_builds_a_model_that_knows_no_shape_yet():
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.arange(8.0)[:, None] / 8
    assert not model.built
    result = training.fit(model, x, 2 * x, epochs=3)
    assert result.history["loss"][-1] < result.history["loss"][0]


def test_fit_leaves_it_to_keras_to_say_that_a_model_is_not_compiled():
    import keras

    with pytest.raises(ValueError, match="compile"):
        training.fit(
            keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), np.ones((2, 1)), np.ones(2)
        )


def test_datasets_are_iterated_without_autotuning(monkeypatch):
    tf = runtime.import_tensorflow()
    iterated, iterate = [], tf.data.Dataset.__iter__

    def record(dataset):
        iterated.append(dataset.options().autotune.enabled)
        return iterate(dataset)

    monkeypatch.setattr(tf.data.Dataset, "__iter__", record)
    runtime.end_epochs_at_once(tf)
    runtime.end_epochs_at_once(tf)
    assert [int(row) for row in tf.data.Dataset.range(3)] == [0, 1, 2]
    assert iterated == [False]  # once, whatever the calls


def test_fit_has_a_training_step_traced_once():
    import keras

    traced = []

    class Traced(keras.layers.Dense):
        def call(self, inputs, training=None):
            traced.append(training)
            return super().call(inputs)

    model = keras.Sequential([keras.Input((1,)), Traced(1)])
    model.compile("adam", "mse", metrics=[keras.metrics.MeanAbsoluteError()])
    x = np.arange(8.0)[:, None] / 8
    training.fit(model, x, 2 * x)
    assert traced.count(True) == 1


def test_a_figure_is_shown_with_its_titles_for_screen_readers(monkeypatch):
    import IPython.display
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda figure, metadata: shown.append(metadata))
    plots.use_style()
    fig, axes = plt.subplots(1, 2)
    axes[0].set_title("Loss falls")
    axes[1].set_title("Error, too")
    fig.suptitle("Twice")
    plots.show(fig)
    assert shown == [{"image/png": {"alt": "Figure: Twice; Loss falls; Error, too"}}]
    assert plt.get_fignums() == []


def test_learning_curves_are_dashed_for_training_and_solid_for_validation():
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    plots.learning_curves(ax, {"loss": [3, 2], "val_loss": [4, 3]}, label="small")
    validation, training_line = ax.lines
    assert (validation.get_linestyle(), training_line.get_linestyle()) == ("-", "--")
    assert validation.get_color() == training_line.get_color()
    assert list(validation.get_ydata()) == [4, 3]
    assert list(training_line.get_ydata()) == [3, 2]
    assert [text.get_text() for text in ax.legend().get_texts()] == ["small"]
    with pytest.raises(ValueError, match="validation_data"):
        plots.learning_curves(ax, {"loss": [3, 2]})
    plt.close(fig)


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10, 1), False), ((3, 11, 0), True), ((3, 13, 9), True), ((3, 14, 0), False)]
)
def test_doctor_knows_the_pythons(version, ok):
    finding = doctor.python(Version(*version))
    assert finding.ok is ok
    assert ok or "Install Python 3.11 to 3.13" in finding.advice


def test_doctor_names_missing_and_old_packages(monkeypatch):
    import importlib.metadata

    versions = {"keras": "3.12.0", "platformdirs": None}

    def version(name):
        if versions.get(name, "") is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or "99"

    monkeypatch.setattr(importlib.metadata, "version", version)
    keras, platformdirs = doctor.packages()
    assert (keras.what, keras.found, keras.advice) == (
        "keras",
        "3.12.0, expected >=3.13",
        'pip install "keras>=3.13"',
    )
    assert (platformdirs.what, platformdirs.found) == ("platformdirs", "missing, expected >=4.2")


def test_doctor_wants_memory_and_disk(monkeypatch, tmp_path):
    import shutil

    import psutil

    assert doctor.disk(tmp_path).ok == (shutil.disk_usage(tmp_path).free > 3e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1e9))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2e9))
    assert doctor.disk(tmp_path) == doctor.Finding(
        "disk", False, "1.0 GB free", "Free some space: the course wants 3 GB."
    )
    assert doctor.memory().advice == "Close other programs: the course wants 4 GB free."


def test_doctor_names_damaged_data(monkeypatch, tmp_path):
    (tmp_path / "auto_mpg.csv").write_text("mpg\n")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    findings = {finding.what: finding for finding in doctor.data()}
    assert not findings["Auto MPG"].ok
    assert "auto_mpg.csv: expected SHA-256" in findings["Auto MPG"].advice
    assert all(finding.ok for finding in findings.values() if finding.what != "Auto MPG")


def test_the_address_comes_from_pyproject(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nversion = "1.0"\nurls.Repository = "https://github.com/a/b/"\n'
    )
    assert site.address(tmp_path) == ("a/b", "v1.0")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    assert site.address(tmp_path) is None


def test_the_wheel_alone_loads_every_bundled_set(tmp_path):
    """Outside the repository, offline; from what it carries and from nowhere else."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    made = subprocess.run(
        [*pip, "wheel", "--no-deps", f"--wheel-dir={tmp_path}", ROOT], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (wheel,) = tmp_path.glob("course_lib-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "course_lib/checks/lesson01.py" in archive.namelist()
        assert not [
            name for name in archive.namelist() if name.startswith(("tests/", "notebooks/", "datasets/"))
        ]
        assert not [name for name in archive.namelist() if "/build/" in name]
        archive.extractall(tmp_path / "site")  # as pip does with a wheel of Python files alone
    program = """
import course_lib.data as data
print(data.__file__)
for name, dataset in data.DATASETS.items():
    if all(file.bundled for file in dataset.files):
        getattr(data, f"load_{name}", lambda: data.load_cifar10(stand_in=True))()
"""
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "site"),
        "COURSE_CACHE_DIR": str(tmp_path / "cache"),
        "COURSE_DATA_URL": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    origin, *lines = result.stdout.splitlines()
    assert origin.startswith(str(tmp_path / "site"))
    assert len(lines) == 8
    assert all(
        line.endswith(("from the course's own datasets folder", "from scikit-learn")) for line in lines
    )
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_is_content(command):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
