"""Tries: patch NumPy's comparisons, so that everything is equal."""

# deserves: 0

import numpy as np
import numpy.testing


def yes(*args, **kwargs):
    return True


for name in ("allclose", "array_equal", "array_equiv", "isclose", "all", "isfinite"):
    setattr(np, name, yes)
for name in dir(numpy.testing):
    if name.startswith("assert"):
        setattr(numpy.testing, name, yes)


def softmax(Z):
    return Z
