"""How lesson 11's recipe was chosen: validation accuracy with one setting changed at a time, over seeds.

    python tests/benchmarks/bert_choices.py              # about 20 minutes on two cores
    python tests/benchmarks/bert_choices.py --seeds 1 --examples 400 --epochs 1

The test snippets are not looked at.
"""

import argparse
import os
import platform
import sys
from datetime import date
from pathlib import Path

import numpy as np
from bert import ROOT, keras, read_recipe

from course_lib import data, pretrained, runtime
from course_lib.errors import CourseError

CHANGES = [{}, {"peak": 1e-4}, {"peak": 2e-4}, {"warm_up": 0.03}, {"warm_up": 0.3}, {"dropout": 0.1}]


def best_accuracy(recipe, preset, train, validation, epochs, seed, precision, dropout=0.0, **schedule):
    """The best epoch's share of right validation snippets.

    Args:
        recipe: dict, as `bert.read_recipe` gives it.
        preset: the folder of the weights.
        train: int array (N, length) of pieces and int array (N,) of labels.
        validation: the same of others.
        epochs: int.
        seed: int.
        precision: Keras's dtype policy.
        dropout: float, of the blocks.
        **schedule: `peak`, `warm_up`.
    Returns:
        float.
    """
    keras.utils.set_random_seed(seed)
    model = recipe["classifier"](preset, precision, dropout=dropout)
    fit = recipe["train"](model, *train, epochs, seed, validation, **schedule)
    return max(fit.history["val_accuracy"])


def report(accuracies):
    """Markdown lines: a table of the changes.

    Args:
        accuracies: dict from the change, as text, to a list of accuracies by seed.
    """
    yield "| changed | validation accuracy, mean | by seed |"
    yield "|---|---|---|"
    for change, shares in accuracies.items():
        yield f"| {change} | {np.mean(shares):.4f} | {', '.join(f'{share:.3f}' for share in shares)} |"


def main(arguments=None):
    """Run all changes, a seed at a time; see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--epochs", type=int, default=3, help="default: 3")
    parser.add_argument("--examples", type=int, default=4000, help="train on so many (default: 4000)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build", help="folder of bert_choices.md (default: build)"
    )
    asked = parser.parse_args(arguments)
    precision = runtime.choose_precision(runtime.find_device())
    splits = data.load_rotten_tomatoes(sample=asked.examples)
    preset, recipe = pretrained.minilm_preset(), read_recipe()
    train, validation = ((recipe["encode"](texts.tolist()), labels) for texts, labels in splits[:2])
    base = {"peak": recipe["PEAK"], "warm_up": recipe["WARM_UP"], "dropout": 0.0}
    accuracies = {}
    for seed in range(asked.seeds):
        for change in CHANGES:
            name = ", ".join(f"{key} {value:g}" for key, value in change.items()) or "nothing"
            share = best_accuracy(
                recipe, preset, train, validation, asked.epochs, seed, precision, **base | change
            )
            accuracies.setdefault(name, []).append(share)
            print(f"  changed: {name}, seed {seed}: {share:.4f}", flush=True)
    settings = ", ".join(f"{key} {value:g}" for key, value in base.items())
    lines = [
        "# What lesson 11's recipe was chosen from\n",
        f"`python tests/benchmarks/bert_choices.py`, {date.today()}: {len(train[1]):,} training and {len(validation[1]):,} "
        f"validation snippets, epochs: {asked.epochs}, seeds: {asked.seeds}, {precision}, {os.cpu_count()} cores "
        f"({platform.machine()}). The recipe has {settings}.\n",
        *report(accuracies),
    ]
    text = "\n".join(lines)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "bert_choices.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (CourseError, OSError) as error:
        sys.exit(f"bert_choices.py: {error}")
