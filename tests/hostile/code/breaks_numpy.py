"""Tries: break NumPy for every other answer."""

# deserves: 0

import numpy as np

for name in ("exp", "where", "arange", "sum", "mean", "log", "any", "abs"):
    setattr(np, name, None)


def softmax(Z):
    return Z
