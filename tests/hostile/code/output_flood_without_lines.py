"""Tries: write gigabytes to both outputs when it is called, with no end of line."""

# deserves: 0, harmful

import os


def softmax(Z):
    while True:
        os.write(1, b"x" * 2**20)
        os.write(2, b"\r" * 2**20)
