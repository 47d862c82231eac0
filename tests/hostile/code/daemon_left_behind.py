"""Tries: leave a daemon that outlives the cell, in a session of its own."""

# deserves: 0, harmful

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        os.chdir("/")
        while True:
            time.sleep(3600)
    os._exit(0)


def softmax(Z):
    return Z
