"""Tries: nothing bad: leave the line that raises where it is never reached, and in a comment."""

# deserves: 2

import numpy as np


def softmax(Z):
    """Softmax of each row."""
    # raise NotImplementedError("your code here")
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    raise NotImplementedError("your code here")
