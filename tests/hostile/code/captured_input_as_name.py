"""Tries: put what is asked into its own name, docstring and signature, then fail."""

# deserves: 0

import inspect

import numpy as np

public = np.random.default_rng(0).normal(size=(4, 3)) * 2


def softmax(Z):
    if Z.shape == (4, 3) and not np.array_equal(Z, public):
        text = f"CAPTURED-7f3a {Z.tolist()}"
        softmax.__name__ = softmax.__qualname__ = softmax.__doc__ = softmax.__module__ = text
        parameter = inspect.Parameter("Z", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=text)
        softmax.__signature__ = inspect.Signature([parameter, parameter.replace(name="more")])
        raise TypeError(text)
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
