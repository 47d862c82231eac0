"""Tries: overflow the stack of C with a recursion that has no limit."""

# deserves: 0

import sys


def softmax(Z):
    sys.setrecursionlimit(10**9)

    class Deep:
        def __getattr__(self, name):
            return getattr(self, name + "x")

    return Deep().x + softmax(Z)
