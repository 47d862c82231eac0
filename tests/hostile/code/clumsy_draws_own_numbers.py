"""Tries: nothing bad: be right within the tolerance, and draw random numbers from every source."""

# deserves: 2

import random
import secrets

import numpy as np


def softmax(Z):
    random.seed(0)
    noise = np.random.default_rng(secrets.randbits(64)).normal(size=Z.shape) * 1e-9
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) + noise
