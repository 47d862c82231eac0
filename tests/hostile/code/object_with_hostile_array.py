"""Tries: return an object whose __array__ gives something else each time, or itself, or never returns."""

# deserves: 0

import numpy as np


class Hostile:
    times = 0

    def __array__(self, *args, **kwargs):
        Hostile.times += 1
        while Hostile.times > 3:
            pass
        return [Hostile(), np.array([Hostile()], dtype=object), np.ones((4, 3))][Hostile.times % 3]


def softmax(Z):
    return Hostile()
