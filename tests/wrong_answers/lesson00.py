"""Answers to the exercises of lesson 00."""

import math
from itertools import pairwise

import numpy as np

from tests.wrong_answers import right, wrong


@right("00.1")
def count_with_a_loop(sizes):
    total = 0
    for i in range(1, len(sizes)):
        total += (sizes[i - 1] + 1) * sizes[i]
    return total


@right("00.1")
def count_arrays(sizes):
    return sum(np.empty((n, m)).size + np.empty(m).size for n, m in pairwise(sizes))


@right("00.1")
def count_in_numpy(sizes):
    sizes = np.array(sizes)
    return np.sum((sizes[:-1] + 1) * sizes[1:])


@wrong("00.1", says="each unit has a bias")
def no_biases(sizes):
    return sum(n * m for n, m in pairwise(sizes))


@wrong("00.1", says="as many as it has units")
def bias_per_input(sizes):
    return sum(n * m + n for n, m in pairwise(sizes))


@wrong("00.1", says="One bias a layer")
def bias_per_layer(sizes):
    return sum(n * m + 1 for n, m in pairwise(sizes))


@wrong("00.1", says="first layer alone")
def first_layer(sizes):
    return sizes[0] * sizes[1] + sizes[1]


@wrong("00.1", says="last layer alone")
def last_layer(sizes):
    for n, m in pairwise(sizes):
        total = n * m + m
    return total


@wrong("00.1", says="inputs are numbers, not units")
def bias_for_inputs(sizes):
    return sum(n * m + m for n, m in pairwise(sizes)) + sizes[0]


@wrong("00.1", says="Those are the units")
def count_units(sizes):
    return sum(sizes)


@wrong("00.1", says="a count is an int")
def count_as_float(sizes):
    return float(sum(n * m + m for n, m in pairwise(sizes)))


@wrong("00.1", says="as many biases as units")
def multiply_all(sizes):
    return math.prod(sizes)


@wrong("00.1", says="keep the signature")
def two_arguments(inputs, units):
    return inputs * units + units


@wrong("00.1", says="changed its argument")
def pop_sizes(sizes):
    total = 0
    while len(sizes) > 1:
        total += (sizes.pop(0) + 1) * sizes[0]
    return total


@right("00.2")
def round_up(parameters, bits):
    return math.ceil(parameters * bits / 8)


@right("00.2")
def divide_the_negative(parameters, bits):
    return -(-parameters * bits // 8)


@right("00.2")
def round_up_by_the_remainder(parameters, bits):
    full, left = divmod(parameters * bits, 8)
    return full + (left > 0)


@right("00.2")
def round_up_in_numpy(parameters, bits):
    return np.ceil(parameters * bits / 8).astype(int)


@wrong("00.2", says="Those are bits")
def in_bits(parameters, bits):
    return parameters * bits


@wrong("00.2", says="round up")
def round_down(parameters, bits):
    return parameters * bits // 8


@wrong("00.2", says="use `bits`")
def always_float32(parameters, bits):
    return 4 * parameters


@wrong("00.2", says="multiply first")
def divide_first(parameters, bits):
    return parameters * (bits // 8)


@wrong("00.2", says="a count is an int")
def true_division(parameters, bits):
    return parameters * bits / 8


@wrong("00.2", says="not kilobytes")
def kilobytes(parameters, bits):
    return parameters * bits // 8 // 1024


@wrong("00.2", says="Like `round`")
def round_to_even(parameters, bits):
    return round(parameters * bits / 8)


@wrong("00.2", says="Like `round`")
def round_half_up(parameters, bits):
    return int(parameters * bits / 8 + 0.5)


@wrong("00.2", says="nothing is left over")
def always_one_more(parameters, bits):
    return parameters * bits // 8 + 1


@wrong("00.2", says="round once")
def round_each(parameters, bits):
    return parameters * math.ceil(bits / 8)


@wrong("00.2", says="eight bits are a byte")
def ten_bits(parameters, bits):
    return parameters * bits // 10


@right("00.3")
def sum_of_parts(parameters, moments):
    weights = gradients = 4 * parameters
    return weights + gradients + moments * 4 * parameters


@right("00.3")
def array_bytes(parameters, moments):
    return sum(np.zeros(parameters, dtype="float32").nbytes for _ in range(2 + moments))


@right("00.3")
def bits_to_bytes(parameters, moments):
    return np.int64(parameters) * 32 * (moments + 2) // 8


@wrong("00.3", says="weights alone")
def weights_only(parameters, moments):
    return 4 * parameters


@wrong("00.3", says="gradients are missing")
def no_gradients(parameters, moments):
    return 4 * parameters * (1 + moments)


@wrong("00.3", says="moments are missing")
def no_moments(parameters, moments):
    return 8 * parameters


@wrong("00.3", says="numbers, not bytes")
def numbers_not_bytes(parameters, moments):
    return parameters * (2 + moments)


@wrong("00.3", says="not in all")
def moments_once(parameters, moments):
    return 4 * (2 * parameters + moments)


@wrong("00.3", says="Adam's two averages only")
def always_adam(parameters, moments):
    return 16 * parameters


@wrong("00.3", says="four bytes too")
def moments_in_numbers(parameters, moments):
    return 8 * parameters + parameters * moments


@wrong("00.3", says="Those are bits")
def training_bits(parameters, moments):
    return 32 * parameters * (2 + moments)


@wrong("00.3", says="four bytes each")
def in_float64(parameters, moments):
    return 8 * parameters * (2 + moments)


@right("00.4")
def widen_in_a_loop(sizes, factor):
    wider = list(sizes)
    for i in range(1, len(wider) - 1):
        wider[i] *= factor
    return wider


@right("00.4")
def widen_in_numpy(sizes, factor):
    factors = np.full(len(sizes), factor)
    factors[[0, -1]] = 1
    return list(factors * sizes)


@right("00.4")
def widen_by_place(sizes, factor):
    last = len(sizes) - 1
    return [n if place in (0, last) else n * factor for place, n in enumerate(sizes)]


@wrong("00.4", says="The data fix the inputs and the outputs")
def widen_all(sizes, factor):
    return [factor * n for n in sizes]


@wrong("00.4", says="leave the last size")
def widen_outputs(sizes, factor):
    return [sizes[0], *(factor * n for n in sizes[1:])]


@wrong("00.4", says="leave the first size")
def widen_inputs(sizes, factor):
    return [*(factor * n for n in sizes[:-1]), sizes[-1]]


@wrong("00.4", says="do not add it")
def add_factor(sizes, factor):
    return [sizes[0], *(n + factor for n in sizes[1:-1]), sizes[-1]]


@wrong("00.4", says="Return all sizes")
def only_hidden(sizes, factor):
    return [factor * n for n in sizes[1:-1]]


@wrong("00.4", says="in place")
def widen_in_place(sizes, factor):
    for i in range(1, len(sizes) - 1):
        sizes[i] *= factor
    return sizes


@wrong("00.4", says="Nothing has changed")
def unchanged(sizes, factor):
    return list(sizes)


@wrong("00.4", says="repeats the list")
def repeat(sizes, factor):
    return [sizes[0], *sizes[1:-1] * factor, sizes[-1]]


@wrong("00.4", says="there may be more")
def first_hidden_only(sizes, factor):
    return [sizes[0], factor * sizes[1], *sizes[2:]] if len(sizes) > 2 else list(sizes)


@wrong("00.4", says="factor of 2")
def always_double(sizes, factor):
    return [sizes[0], *(2 * n for n in sizes[1:-1]), sizes[-1]]


@wrong("00.4", says="tuple of int")
def as_tuple(sizes, factor):
    return (sizes[0], *(factor * n for n in sizes[1:-1]), sizes[-1])


@wrong("00.4", says="list of int")
def as_floats(sizes, factor):
    return [sizes[0], *(float(factor * n) for n in sizes[1:-1]), sizes[-1]]


@wrong("00.4", says="Expected numbers")
def as_text(sizes, factor):
    return "-".join(str(n) for n in sizes)


@right("00.5")
def days_step_by_step(parameters, tokens, speed):
    operations = 2 * parameters * tokens
    operations += 2 * operations
    hours = operations / speed / 60 / 60
    return hours / 24


@right("00.5")
def days_in_float32(parameters, tokens, speed):
    return (
        np.float32(6) * np.float32(parameters) * np.float32(tokens) / np.float32(speed) / np.float32(86_400)
    )


@right("00.5")
def days_by_timedelta(parameters, tokens, speed):
    from datetime import timedelta

    return timedelta(seconds=6 * parameters * tokens / speed) / timedelta(days=1)


@wrong("00.5", says="Those are seconds")
def in_seconds(parameters, tokens, speed):
    return 6 * parameters * tokens / speed


@wrong("00.5", says="fewer days than seconds")
def times_a_day(parameters, tokens, speed):
    return 6 * parameters * tokens / speed * 86_400


@wrong("00.5", says="rounded")
def days_rounded(parameters, tokens, speed):
    return round(6 * parameters * tokens / speed / 86_400, 2)


@wrong("00.5", says="Those are hours")
def in_hours(parameters, tokens, speed):
    return 6 * parameters * tokens / speed / 3600


@wrong("00.5", says="60 twice")
def sixty_once(parameters, tokens, speed):
    return 6 * parameters * tokens / speed / 60 / 24


@wrong("00.5", says="forward pass alone")
def forward_only(parameters, tokens, speed):
    return 2 * parameters * tokens / speed / 86_400


@wrong("00.5", says="factor 6")
def no_factor(parameters, tokens, speed):
    return parameters * tokens / speed / 86_400


@wrong("00.5", says="tokens are missing")
def one_token(parameters, tokens, speed):
    return 6 * parameters / speed / 86_400


@wrong("00.5", says="divide by the speed")
def times_speed(parameters, tokens, speed):
    return 6 * parameters * tokens * speed / 86_400


@wrong("00.5", says="then seconds, then days")
def in_years(parameters, tokens, speed):
    return 6 * parameters * tokens / speed / 86_400 / 365
