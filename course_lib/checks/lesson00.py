"""Checks of lesson 00: counting parameters and bytes."""

import functools
from itertools import pairwise

import numpy as np

from course_lib.checks import Mistake, compare, compare_integer, exercise, show_case


def dense_parameters(sizes):
    """Weights and biases of a dense network with these layer sizes."""
    return sum(inputs * units + units for inputs, units in pairwise(sizes))


@functools.cache
def keras_parameters(*sizes):
    """Keras's own count."""
    import keras

    layers = [keras.layers.Dense(units) for units in sizes[1:]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers]).count_params()


@exercise("00.1", "Parameters of a dense network", points=2)
def count_parameters(answer, rng):
    """Equals Keras's own count."""
    for sizes in ([3, 4, 5, 2], [2, 3], [784, 128, 10], [int(n) for n in rng.integers(2, 20, size=5)]):
        expected = keras_parameters(*sizes)
        pairs = list(pairwise(sizes))
        compare_integer(
            answer,
            (sizes,),
            expected,
            [
                (sum(n * m for n, m in pairs), "Those are the weights alone: each unit has a bias as well."),
                (
                    sum(n * m + n for n, m in pairs),
                    "A bias belongs to a unit: a layer has as many as it has units, not as it has inputs.",
                ),
                (
                    sum(n * m + 1 for n, m in pairs),
                    "One bias a layer is too few: each unit has one of its own.",
                ),
                (
                    dense_parameters(sizes[:2]),
                    "That is the first layer alone: add up over all pairs of neighbouring sizes, "
                    "and see that `return` stands after the loop, not in it.",
                ),
                (
                    dense_parameters(sizes[-2:]),
                    "That is the last layer alone: add each layer to the sum, with `+=`, not `=`.",
                ),
                (
                    dense_parameters(sizes) + sizes[0],
                    "The inputs are numbers, not units: they have no bias.",
                ),
                (sum(sizes), "Those are the units: count the connections between neighbouring layers."),
            ],
            "A layer with `inputs` and `units` has inputs · units weights and as many biases as units.",
        )


@exercise("00.2", "Bytes of a model", points=1)
def memory_bytes(answer, rng):
    """Whole bytes for any number of bits a parameter; 4P for float32."""
    parameters = int(rng.integers(1_000, 1_000_000)) * 2 + 1
    for count, bits in ((1000, 32), (10, 16), (3, 4), (5, 4), (1, 1), (3, 3), (101_770, 8), (parameters, 4)):
        exact = count * bits
        compare_integer(
            answer,
            (count, bits),
            -(-exact // 8),
            [
                (exact, "Those are bits: a byte has eight of them."),
                (round(exact / 8), "Like `round`, that may go down: take the next whole byte, up."),
                (exact // 8, "A part of a byte cannot be stored: round up."),
                (exact // 8 + 1, "That adds a byte even where nothing is left over."),
                (count * -(-bits // 8), "Each parameter is rounded up by itself: round once, at the end."),
                (4 * count, "That is right for 32 bits only: use `bits`."),
                (count * (bits // 8), "`bits // 8` is zero for 4 bits: multiply first, then divide."),
                *([(exact // 8 // 1024, "Return bytes, not kilobytes.")] if exact > 8192 else []),
            ],
            "Each parameter takes `bits` bits, and eight bits are a byte; round up to whole bytes.",
        )


@exercise("00.3", "Bytes for training", points=1)
def training_bytes(answer, rng):
    """Weights, gradients and the optimizer's moments, in float32."""
    parameters = int(rng.integers(1_000, 1_000_000))
    for count, moments in ((10, 5), (10, 2), (10, 1), (10, 0), (parameters, 2)):
        compare_integer(
            answer,
            (count, moments),
            4 * count * (2 + moments),
            [
                (16 * count, "That is right for Adam's two averages only: use `moments`."),
                (4 * count, "That holds the weights alone: training keeps a gradient for each of them too."),
                (4 * count * (1 + moments), "The gradients are missing: one number for each weight."),
                (
                    8 * count,
                    "The moments are missing: the optimizer keeps `moments` numbers for each weight.",
                ),
                (8 * count + moments * count, "Each average takes four bytes too."),
                (32 * count * (2 + moments), "Those are bits: a byte has eight of them."),
                (count * (2 + moments), "Those are numbers, not bytes: float32 takes four bytes each."),
                (
                    4 * (2 * count + moments),
                    "The optimizer keeps `moments` numbers for each weight, not in all.",
                ),
            ],
            "For each parameter: its value, its gradient and `moments` more numbers, four bytes each.",
        )


@exercise("00.4", "A wider network", points=2)
def widen(answer, rng):
    """Hidden layers alone grow; the weights between two of them grow by the square of the factor."""
    random = [int(n) for n in rng.integers(2, 50, size=6)]
    for sizes, factor in (([5, 8, 3], 2), ([5, 8, 8, 3], 2), ([5, 3], 4), (random, 3)):
        expected = [sizes[0], *(factor * n for n in sizes[1:-1]), sizes[-1]]
        mistakes = [
            (
                [factor * n for n in sizes],
                "The data fix the inputs and the outputs: widen the layers between only.",
            ),
            (
                [*expected[:-1], factor * sizes[-1]],
                "The task fixes the outputs: leave the last size as it is.",
            ),
            ([factor * sizes[0], *expected[1:]], "The data fix the inputs: leave the first size as it is."),
            (
                [sizes[0], *[n + factor for n in sizes[1:-1]], sizes[-1]],
                "Multiply by the factor; do not add it.",
            ),
            (
                [sizes[0], *sizes[1:-1] * factor, sizes[-1]],
                "`list * 2` repeats the list: multiply each size in it.",
            ),
            (
                [sizes[0], *[2 * n for n in sizes[1:-1]], sizes[-1]],
                "That is right for a factor of 2: use `factor`.",
            ),
            (
                [*expected[:2], *sizes[2:]],
                "Only the first hidden layer has grown: there may be more of them.",
            ),
            (expected[1:-1], "Return all sizes: the inputs and the outputs too."),
            (sizes, "Nothing has changed: multiply the sizes between the first and the last."),
        ]
        otherwise = "Multiply each hidden size by the factor and keep the first and the last."
        result = compare(answer, (sizes, factor), expected, mistakes, otherwise, rtol=0)
        if not isinstance(result, list) or not all(isinstance(n, int | np.integer) for n in result):
            kinds = sorted({type(n).__name__ for n in result})
            hint = f"Return a list of int, for sizes are counts. Received: {type(result).__name__} of {', '.join(kinds)}."
            raise Mistake(hint, show_case(answer, (sizes, factor), result, expected))


@exercise("00.5", "Days of training", points=1)
def training_days(answer, rng):
    """6PD operations, in days."""
    random = rng.uniform(1e6, 1e9), rng.uniform(1e8, 1e12), rng.uniform(1e11, 1e15)
    for parameters, tokens, speed in ((1e9, 1e10, 1e15), (110e6, 3e9, 2e12), random):
        work = parameters * tokens / speed
        mistakes = [
            (np.round(6 * work / 86_400, 2), "The value is right but rounded: return it as it is."),
            (6 * work, "Those are seconds: a day has 24 · 3600 of them."),
            (6 * work / 3600, "Those are hours: a day has 24 of them."),
            (6 * work * 86_400, "There are fewer days than seconds: divide by the seconds of a day."),
            (6 * work / 60 / 24, "A minute has 60 seconds and an hour 60 minutes: divide by 60 twice."),
            (
                2 * work / 86_400,
                "That is the forward pass alone: the backward pass costs twice as much, 6PD in all.",
            ),
            (work / 86_400, "The factor 6 is missing: 2 operations, forward once and backward twice."),
            (
                6 * parameters / speed / 86_400,
                "The tokens are missing: each of them passes through the network.",
            ),
            (
                6 * parameters * tokens * speed / 86_400,
                "A faster machine takes less time: divide by the speed.",
            ),
        ]
        compare(
            answer,
            (parameters, tokens, speed),
            6 * work / 86_400,
            mistakes,
            "6PD operations; then seconds, then days.",
        )
