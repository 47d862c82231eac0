"""Tries: nothing bad: start a program, and leave one running in the background."""

# deserves: 2

import subprocess

import numpy as np

subprocess.run(["echo", "hello"], check=True)
subprocess.Popen(["sleep", "300"])


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
