"""Tries: nothing bad: warn and write to the standard error."""

# deserves: 2

import sys
import warnings

import numpy as np


def softmax(Z):
    warnings.warn("scores may be large")
    print("shape:", Z.shape, file=sys.stderr)
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
