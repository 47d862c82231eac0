"""Tries: nothing bad: import all of NumPy's names."""

# deserves: 2

from numpy import *  # noqa: F403


def softmax(Z):
    e = exp(Z - Z.max(axis=1, keepdims=True))  # noqa: F405
    return e / e.sum(axis=1, keepdims=True)
