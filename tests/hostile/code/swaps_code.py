"""Tries: swap the code of the functions that call it."""

# deserves: 0

import sys


def yes(*args, **kwargs):
    return True


def softmax(Z):
    frame = sys._getframe().f_back
    while frame:
        found = [each for each in frame.f_globals.values() if hasattr(each, "__code__")]
        for each in found:
            if each.__name__ in ("close", "same", "compare", "numbers", "encode", "dumps", "answer", "call"):
                try:
                    each.__code__ = yes.__code__
                except (AttributeError, ValueError):
                    continue
        frame = frame.f_back
    return Z
