"""Tries: return infinities and numbers at the end of the range."""

# deserves: 0

import numpy as np


def softmax(Z):
    return np.where(Z > 0, np.inf, -1.7e308)
