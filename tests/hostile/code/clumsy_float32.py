"""Tries: nothing bad: compute in single precision."""

# deserves: 2

import numpy as np


def softmax(Z):
    e = np.exp((Z - Z.max(axis=1, keepdims=True)).astype(np.float32))
    return e / e.sum(axis=1, keepdims=True)
