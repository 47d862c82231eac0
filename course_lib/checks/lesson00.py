"""Checks of lesson 00: counting parameters and bytes."""

from itertools import pairwise

from course_lib.checks import Mistake, compare_integer, exercise, numbers, show_call, show_case


def dense_parameters(sizes):
    """Weights and biases of a dense network with these layer sizes."""
    return sum(inputs * units + units for inputs, units in pairwise(sizes))


@exercise("00.1", "Parameters of a dense network", points=2)
def count_parameters(answer, rng):
    """Equals Keras's own count."""
    import keras

    for sizes in ([3, 4, 2], [2, 3], [784, 128, 10], [int(n) for n in rng.integers(2, 20, size=5)]):
        layers = [keras.layers.Dense(units) for units in sizes[1:]]
        expected = keras.Sequential([keras.Input((sizes[0],)), *layers]).count_params()
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
                    "That is the first layer alone: add up over all pairs of neighbouring sizes.",
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
    for count, bits in ((10, 32), (10, 16), (3, 4), (101_770, 8), (parameters, 4), (parameters, 32)):
        exact = count * bits
        compare_integer(
            answer,
            (count, bits),
            -(-exact // 8),
            [
                (exact, "Those are bits: a byte has eight of them."),
                (exact // 8, "Half a byte cannot be stored: round up."),
                (4 * count, "That is right for 32 bits only: use `bits`."),
                (count * (bits // 8), "`bits // 8` is zero for 4 bits: multiply first, then divide."),
                (exact // 8 // 1024, "Return bytes, not kilobytes."),
            ],
            "Each parameter takes `bits` bits, and eight bits are a byte; round up to whole bytes.",
        )


@exercise("00.3", "Bytes for training", points=1)
def training_bytes(answer, rng):
    """Weights, gradients and the optimizer's moments, in float32."""
    parameters = int(rng.integers(1_000, 1_000_000))
    for count, moments in ((10, 3), (10, 2), (10, 1), (10, 0), (parameters, 2)):
        compare_integer(
            answer,
            (count, moments),
            4 * count * (2 + moments),
            [
                (4 * count, "That holds the weights alone: training keeps a gradient for each of them too."),
                (4 * count * (1 + moments), "The gradients are missing: one number for each weight."),
                (
                    8 * count,
                    "The moments are missing: the optimizer keeps `moments` numbers for each weight.",
                ),
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
    for sizes, factor in (([4, 8, 3], 2), ([4, 8, 8, 3], 2), ([5, 3], 4), (random, 3)):
        result = answer(sizes, factor)
        hidden = [factor * n for n in sizes[1:-1]]
        case = show_case(answer, (sizes, factor), result, [sizes[0], *hidden, sizes[-1]])
        received = numbers(result, case).tolist()
        for wrong, hint in (
            (
                [factor * n for n in sizes],
                "The data fix the inputs and outputs: widen the layers between them only.",
            ),
            (
                [sizes[0], *hidden, factor * sizes[-1]],
                "The task fixes the outputs: leave the last size as it is.",
            ),
            (
                [factor * sizes[0], *hidden, sizes[-1]],
                "The data fix the inputs: leave the first size as it is.",
            ),
            (
                [sizes[0], *[n + factor for n in sizes[1:-1]], sizes[-1]],
                "Multiply by the factor; do not add it.",
            ),
            (hidden, "Return all sizes: the inputs and the outputs too."),
            (sizes, "Nothing has changed: multiply the sizes between the first and the last."),
        ):
            if received == wrong and wrong != [sizes[0], *hidden, sizes[-1]]:
                raise Mistake(hint, case)
        if received != [sizes[0], *hidden, sizes[-1]]:
            raise Mistake("Multiply each hidden size by the factor and keep the first and the last.", case)
        if not isinstance(result, list) or not all(isinstance(n, int) for n in result):
            raise Mistake(
                "Return a list of int: layer sizes are counts.", [show_call(answer.name, (sizes, factor))]
            )
