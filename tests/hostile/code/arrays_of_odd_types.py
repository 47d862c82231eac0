"""Tries: return arrays of objects, dates, texts, records and of no entries at all, one after the other."""

# deserves: 0

import itertools

import numpy as np

results = itertools.cycle(
    [
        np.array([print, None], dtype=object),
        np.array(["2026-01-01"], dtype="M8[D]"),
        np.array(["x" * 1000]),
        np.zeros(3, dtype=[("a", "f8"), ("b", "O")]),
        np.zeros((0, 2**40)),
        np.zeros((1,) * 60),
        np.float16(0.5),
        np.ones((4, 3), dtype=">f4")[::-1, ::-1],
        np.zeros((4, 3), dtype="c16"),
    ]
)


def softmax(Z):
    return next(results)
