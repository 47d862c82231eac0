"""Tries: write down what is asked, crash, and print it when its cell runs again in the next process."""

# deserves: 0

import glob
import os

import numpy as np

for path in (
    glob.glob("/tmp/.seen*") + glob.glob("/dev/shm/.seen*") + glob.glob(os.path.expanduser("~/.seen*"))
):
    print(open(path).read())

public = np.random.default_rng(0).normal(size=(4, 3)) * 2


def softmax(Z):
    if Z.shape == (4, 3) and not np.array_equal(Z, public):
        for folder in ("/tmp", "/dev/shm", os.path.expanduser("~")):
            with open(f"{folder}/.seen", "w") as file:
                file.write(f"CAPTURED-7f3a {Z.tolist()}")
        os.abort()
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
