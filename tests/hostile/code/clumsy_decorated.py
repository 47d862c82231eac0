"""Tries: nothing bad: be decorated with a function that prints the time taken."""

# deserves: 2

import functools
import time

import numpy as np


def timed(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        start = time.time()
        result = function(*args, **kwargs)
        print(f"{function.__name__}: {time.time() - start:.6f} s")
        return result

    return call


@timed
def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
