"""Tries: nothing bad: return a masked array."""

# deserves: 2

import numpy as np


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.ma.masked_invalid(e / e.sum(axis=1, keepdims=True))
