"""Tries: crash the interpreter."""

# deserves: 0

import ctypes


def softmax(Z):
    return ctypes.string_at(1)
