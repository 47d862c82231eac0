"""Tries: nothing bad: redirect the output and never put it back."""

# deserves: 2

import io
import sys

import numpy as np

sys.stdout = io.StringIO()


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
