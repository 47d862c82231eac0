"""Tries: nothing bad: use names of builtins for its own purposes."""

# deserves: 2

import numpy as np


def print(*args):
    return None


input, id, max, list, dict = 1, 2, 3, 4, 5


def softmax(Z):
    print("softmax")
    sum = np.exp(Z - Z.max(axis=1, keepdims=True))
    return sum / sum.sum(axis=1, keepdims=True)
