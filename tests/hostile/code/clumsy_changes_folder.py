"""Tries: nothing bad: go to another folder, and change the path and the environment."""

# deserves: 2

import os
import sys

import numpy as np

os.chdir("/")
sys.path.insert(0, "/content/drive/MyDrive")
os.environ["PATH"] = ""
os.environ["HOME"] = "/nowhere"


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
