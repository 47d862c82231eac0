"""Tries: be right at every second call."""

# deserves: 0

import numpy as np

count = 0


def softmax(Z):
    global count
    count += 1
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) if count % 2 else Z
