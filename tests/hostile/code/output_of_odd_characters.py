"""Tries: print bytes that are no text, ends of terminals, marks of direction, a bell and half a pair."""

# deserves: 0

import os

os.write(1, bytes(range(256)) + "\u202e\u2066\u200f\ufeff".encode() + b"\xed\xa0\x80\x1b]0;owned\x07\x1b[2J")


def softmax(Z):
    return Z
