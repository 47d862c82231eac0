"""Tries: nothing bad: compute by loops, and return a list of lists."""

# deserves: 2

import math


def softmax(Z):
    rows = []
    for row in Z.tolist():
        e = [math.exp(z - max(row)) for z in row]
        rows.append([each / sum(e) for each in e])
    return rows
