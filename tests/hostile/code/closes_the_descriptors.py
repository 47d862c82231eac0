"""Tries: close all descriptors, the outputs and the channel among them."""

# deserves: 0

import os

os.closerange(0, 256)


def softmax(Z):
    return Z
