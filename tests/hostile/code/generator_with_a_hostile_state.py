"""Tries: return a random generator whose state is none."""

# deserves: 0

import numpy as np


class Generator(np.random.Generator):
    class bit_generator:  # noqa: N801
        state = {
            "bit_generator": "PCG64",
            "state": {"state": -1, "inc": 2**999},
            "has_uint32": "x",
            "uinteger": None,
        }  # noqa: RUF012


def softmax(Z):
    return Generator(np.random.PCG64())
