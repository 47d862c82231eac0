"""Tries: become another program, which keeps the descriptors and answers nothing."""

# deserves: 0

import os
import sys


def softmax(Z):
    for fd in range(3, 20):
        try:
            os.set_inheritable(fd, True)
        except OSError:
            continue
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(3600)"])
