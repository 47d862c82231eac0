"""Tries: return truth values that are neither true nor false."""

# deserves: 0

import numpy as np


def softmax(Z):
    return np.frombuffer(bytes(range(2, 2 + Z.size)), dtype=bool).reshape(Z.shape)
