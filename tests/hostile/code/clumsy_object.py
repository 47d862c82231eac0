"""Tries: nothing bad: be an object that can be called."""

# deserves: 2

import numpy as np


class Softmax:
    def __init__(self, axis):
        self.axis = axis

    def __call__(self, Z):
        e = np.exp(Z - Z.max(axis=self.axis, keepdims=True))
        return e / e.sum(axis=self.axis, keepdims=True)


softmax = Softmax(axis=1)
