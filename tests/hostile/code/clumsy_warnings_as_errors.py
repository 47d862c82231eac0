"""Tries: nothing bad: turn all warnings into errors, and set how NumPy prints."""

# deserves: 2

import warnings

import numpy as np

warnings.filterwarnings("error")
np.set_printoptions(precision=2, suppress=True)
np.random.seed(0)


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
