"""Tries: return long doubles whose bytes are no number of any kind."""

# deserves: 0

import os

import numpy as np


def softmax(Z):
    return np.frombuffer(os.urandom(16 * Z.size), dtype=np.longdouble).reshape(Z.shape)
