"""Tries: nothing bad: end with `sys.exit()`, as a script would."""

# deserves: 2

import sys

import numpy as np


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


sys.exit()
