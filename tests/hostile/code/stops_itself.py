"""Tries: stop itself with SIGSTOP, so that it neither answers nor ends."""

# deserves: 0

import os
import signal


def softmax(Z):
    os.kill(os.getpid(), signal.SIGSTOP)
    return Z
