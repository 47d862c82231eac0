"""Tries: use up all file descriptors, so that nothing more can be opened."""

# deserves: 0

import os


def softmax(Z):
    kept = []
    while True:
        kept.append(os.dup(0))
