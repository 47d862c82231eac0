"""Tries: nothing bad: print a megabyte."""

# deserves: 2

import numpy as np

for row in range(10_000):
    print(row, "x" * 95)


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    print(e)
    return e / e.sum(axis=1, keepdims=True)
