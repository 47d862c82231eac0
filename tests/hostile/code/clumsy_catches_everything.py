"""Tries: nothing bad: catch whatever goes wrong, and go on."""

# deserves: 2

import numpy as np


def softmax(Z):
    try:
        e = np.exp(Z)
        assert np.all(np.isfinite(e)) and np.all(e.sum(axis=1) > 0)
    except:  # noqa: E722
        e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
