"""Tries: nothing bad: take SciPy's function."""

# deserves: 2

import scipy.special


def softmax(Z):
    return scipy.special.softmax(Z, axis=1)
