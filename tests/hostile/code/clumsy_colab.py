"""Tries: nothing bad: mount a drive where there is one."""

# deserves: 2

import numpy as np

try:
    from google.colab import drive

    drive.mount("/content/drive")
except ImportError:
    print("not on Colab")


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
