"""Tries: take the outputs away, so that whoever prints or flushes fails."""

# deserves: 0

import sys


class Broken:
    def __getattr__(self, name):
        raise SystemExit(0)


def softmax(Z):
    return Z


sys.stdout, sys.stderr = Broken(), None
sys.__stdout__ = sys.__stderr__ = None
