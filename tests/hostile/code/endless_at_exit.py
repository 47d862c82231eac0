"""Tries: keep the process from ending: threads, atexit, a finaliser that never returns."""

# deserves: 2

import atexit
import threading
import time
import weakref

import numpy as np


def stay(*_):
    while True:
        try:
            time.sleep(0.1)
        except BaseException:
            continue


atexit.register(stay)
threading.Thread(target=stay, daemon=False).start()


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


weakref.finalize(softmax, stay)
