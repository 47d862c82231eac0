"""Tries: nothing bad: raise after the function was defined, from an experiment below it."""

# deserves: 2

import numpy as np


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


print(softmax(np.array([[1.0, 2.0]])))
print(softmax([1.0, 2.0]))
