"""Tries: nothing bad: be a partial function."""

# deserves: 2

from functools import partial

import numpy as np


def along(Z, axis):
    e = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


softmax = partial(along, axis=1)
