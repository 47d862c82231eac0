"""Tries: return an array of terabytes that takes eight bytes: one entry with strides of zero."""

# deserves: 0, harmful

import numpy as np


def softmax(Z):
    return np.broadcast_to(0.5, (2**20, 2**20))
