"""Lesson 06's network against the printed one: seconds and test accuracy on CIFAR-10, in one run on one machine.

    python tests/benchmarks/cifar10.py            # 5 to 15 minutes on two cores
    python tests/benchmarks/cifar10.py --seeds 3  # three times as long
    python tests/benchmarks/cifar10.py --steps    # what each step of the lesson's build-up gains

Run nothing else beside it. Needs CIFAR-10 (`course data get cifar10`) and trains on all 50,000 training pictures. The
networks and their training are the lesson's own cells, those tagged `recipe`. Seconds are of training, without
evaluation.
"""

import argparse
import os
import platform
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from course_lib import build, data, plots, runtime, training
from course_lib.errors import CourseError

tf = runtime.import_tensorflow()
runtime.end_epochs_at_once(tf)
import keras  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PRINTED_EPOCHS, STEP_EPOCHS = 10, 3
FILTERS = 32, 64, 128  # in the three stages, of both
BATCH = 256  # of ours; the printed recipe has 64
SHARE = 0.95  # of the printed recipe's time, which ours is planned to take


class Clock(keras.callbacks.Callback):
    """Keeps for each epoch the seconds of training so far and the accuracy on the test set.

    Args:
        x: uint8 array (N, 32, 32, 3).
        y: int array (N,).
    """

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.seconds, self.accuracy = x, y, [0.0], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(self.seconds[-1] + time.perf_counter() - self.start)
        self.accuracy.append(share_right(self.model, self.x, self.y))


def share_right(model, x, y, mirrored=False):
    """Share of pictures that are right; with `mirrored`, by the sum of the scores of a picture and its mirror image."""
    scores = model.predict(x, batch_size=500, verbose=0)
    if mirrored:
        scores += model.predict(x[:, :, ::-1], batch_size=500, verbose=0)
    return float(np.mean(scores.argmax(axis=1) == y))


def read_recipe():
    """What the lesson's cells tagged `recipe` define, as a dict from name to value."""
    names = {"keras": keras, "np": np, "training": training}
    for cell in build.read_source(ROOT / "notebooks/source/06_cnn_cifar10.py").lesson:
        if "recipe" in build.tags(cell):
            exec(compile(cell.source, "lesson 06", "exec"), names)
    return names


def run(recipe, name, options, epochs, seed, precision, parts):
    """Train a network and keep what the clock saw: a dict of name, seed, seconds and accuracy by epoch, mirrored."""
    (x, y), test = parts
    clock = Clock(*test)
    model, _ = recipe["train_step"](
        name, options, FILTERS, x, y, epochs, BATCH, seed, precision, callbacks=[clock]
    )
    both = share_right(model, *test, mirrored=True)
    print(f"  test accuracy {clock.accuracy[-1]:.4f}, with mirrored pictures {both:.4f}", flush=True)
    seconds = clock.seconds[1:]
    return {"name": name, "seed": seed, "seconds": seconds, "accuracy": clock.accuracy, "mirrored": both}


def compare(recipe, seeds, precision, parts):
    """The printed recipe, ours for one epoch, and ours for as many as fit into the printed one's time."""
    every = {key: value for step in recipe["STEPS"].values() for key, value in step.items()}
    results = []
    for seed in seeds:
        printed = run(recipe, "printed", {}, PRINTED_EPOCHS, seed, "float32", parts)
        short = run(recipe, "ours in one epoch", every, 1, seed, precision, parts)
        epochs = max(1, int(SHARE * printed["seconds"][-1] / short["seconds"][-1]))
        results.append((printed, short, run(recipe, "ours", every, epochs, seed, precision, parts)))
    return results


def report(results):
    """Markdown lines: a table by epoch for each seed, and the two ratios."""
    for printed, short, ours in results:
        limit, target = printed["seconds"][-1], printed["accuracy"][-1]
        yield f"### Seed {printed['seed']}\n"
        yield "| epoch | printed: seconds | accuracy | ours in one epoch: seconds | accuracy | ours: seconds | accuracy |"
        yield "|---|---|---|---|---|---|---|"
        for epoch in range(max(len(one["seconds"]) for one in (printed, ours))):
            cells = [
                f"{one['seconds'][epoch]:.1f} | {one['accuracy'][epoch]:.4f}"
                if epoch < len(one["seconds"])
                else " | "
                for one in (printed, short, ours)
            ]
            yield f"| {epoch + 1} | {' | '.join(cells)} |"
        yield ""
        reached = [
            (seconds, one["name"])
            for one in (short, ours)
            for seconds, accuracy in zip(one["seconds"], one["accuracy"], strict=True)
            if accuracy >= target
        ]
        if reached:
            seconds, name = min(reached)
            yield f"- The printed recipe's final accuracy, {target:.4f}, is reached in {seconds / limit:.2f} of its time ({name})."
        else:
            yield f"- The printed recipe's final accuracy, {target:.4f}, is not reached."
        in_time = [a for s, a in zip(ours["seconds"], ours["accuracy"], strict=True) if s <= limit]
        yield f"- When the printed recipe ends, ours has {max(in_time, default=0.0):.4f} (its epochs took {ours['seconds'][-1] / limit:.2f} of that time)."
        yield f"- With the scores of a picture and its mirror image added: printed {printed['mirrored']:.4f}, ours {ours['mirrored']:.4f}.\n"


def draw(results, path):
    """Test accuracy against seconds of training, as PNG."""
    import matplotlib.pyplot as plt

    plots.use_style()
    fig, ax = plt.subplots()
    for pair in results:
        for one, colour, style in zip(
            pair, (plots.GREY, plots.ORANGE, plots.BLUE), ("s-", "D", "o-"), strict=True
        ):
            label = one["name"] if pair is results[0] else None
            ax.plot(one["seconds"], one["accuracy"], style, color=colour, label=label, ms=5)
    ax.set(xlabel="seconds of training", ylabel="accuracy on the test set", xlim=(0, None))
    ax.set_title("CIFAR-10: lesson 06's network against the printed one")
    ax.legend(loc="lower right")
    fig.savefig(path, dpi=100)
    plt.close(fig)


def measure_steps(recipe, seeds, precision, parts):
    """Markdown lines: test accuracy after each step of the build-up, three epochs each."""
    yield f"| step | accuracy after {STEP_EPOCHS} epochs, mean of {len(seeds)} | gain |"
    yield "|---|---|---|"
    options, before = {}, None
    for step, added in recipe["STEPS"].items():
        options |= added
        fits = [run(recipe, step, options, STEP_EPOCHS, seed, precision, parts) for seed in seeds]
        mean = np.mean([fit["accuracy"][-1] for fit in fits])
        yield f"| {step} | {mean:.4f} | {'' if before is None else f'{mean - before:+.4f}'} |"
        before = mean


def main(arguments=None):
    """Run the benchmark; see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="how many (default: 1)")
    parser.add_argument("--steps", action="store_true", help="measure each step of the build-up instead")
    parser.add_argument("--pictures", type=int, help="train on so many only, for a quick look")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build", help="folder of the table and the PNG (default: build)"
    )
    asked = parser.parse_args(arguments)
    precision = runtime.choose_precision(runtime.find_device())
    if precision == "mixed_float16":
        precision = "float32"
    splits = data.load_cifar10(stand_in=False)
    x, y = (
        np.concatenate(pair)[: asked.pictures] for pair in zip(splits.train, splits.validation, strict=True)
    )
    parts = (x, y), splits.test
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--out" in given:  # where the result is kept is no part of it
        del given[given.index("--out") : given.index("--out") + 2]
    lines = [
        "# Lesson 06's network on CIFAR-10\n",
        f"`{' '.join(['python tests/benchmarks/cifar10.py', *given])}`, {date.today()}: "
        f"{len(y):,} training and {len(splits.test[1]):,} test pictures, {os.cpu_count()} cores ({platform.machine()}), "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}. Ours convolves in {precision}, the printed one in float32.\n",
    ]
    name = "cifar10_steps" if asked.steps else "cifar10"
    asked.out.mkdir(parents=True, exist_ok=True)
    recipe, seeds = read_recipe(), range(asked.seeds)
    if asked.steps:
        lines += measure_steps(recipe, seeds, precision, parts)
    else:
        results = compare(recipe, seeds, precision, parts)
        lines += report(results)
        draw(results, asked.out / f"{name}.png")
    text = "\n".join(lines)
    (asked.out / f"{name}.md").write_text(text.rstrip() + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(f"cifar10.py: {error}")
