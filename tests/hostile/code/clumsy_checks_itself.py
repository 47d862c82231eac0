"""Tries: nothing bad: call the check in its own cell, and assert."""

# deserves: 2

import numpy as np

from course_lib.checks import check, hint


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


assert np.allclose(softmax(np.zeros((1, 2))), 0.5)
hint("02.2")
check("02.2", softmax)
