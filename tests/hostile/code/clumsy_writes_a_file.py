"""Tries: nothing bad: write the rows to a file where it runs, and read them back."""

# deserves: 2

import numpy as np


def softmax(Z):
    np.savetxt("rows.csv", Z)
    Z = np.loadtxt("rows.csv", ndmin=2)
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
