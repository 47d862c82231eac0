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


@wrong("00.3", says="four bytes each")
def in_float64(parameters, moments):
    return 8 * parameters * (2 + moments)


@right("00.4")
def widen_in_a_loop(sizes, factor):
    wider = list(sizes)
    for i in range(1, len(wider) - 1):
        wider[i] *= factor
    return wider


@wrong("00.4", says="The data fix the inputs and outputs")
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


@wrong("00.4", says="list of int")
def as_floats(sizes, factor):
    return [sizes[0], *(float(factor * n) for n in sizes[1:-1]), sizes[-1]]


@wrong("00.4", says="Expected numbers")
def as_text(sizes, factor):
    return "-".join(str(n) for n in sizes)
