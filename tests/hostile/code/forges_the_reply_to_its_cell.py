"""Tries: answer for its own cell, with an error of a hostile type, before the cell has ended."""

# deserves: 0

import json
import sys

frame = sys._getframe()
while frame:
    if "channel" in frame.f_locals and "request" in frame.f_locals:
        deep = "[" * 900 + "]" * 900
        key = json.dumps(frame.f_locals["request"]["id"])
        frame.f_locals["channel"].sendall(f'{{"id": {key}, "error": {deep}, "source": {{}}}}\n'.encode())
        break
    frame = frame.f_back


def softmax(Z):
    return Z
