"""Tries: return an array of many gigabytes."""

# deserves: 0, harmful

import numpy as np


def softmax(Z):
    return np.ones((40_000, 40_000))
