"""Tries: nothing bad: take a second."""

# deserves: 2

import time

import numpy as np

time.sleep(0.5)


def softmax(Z):
    time.sleep(0.05)
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
