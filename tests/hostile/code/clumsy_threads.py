"""Tries: nothing bad: compute the rows in threads."""

# deserves: 2

from concurrent.futures import ThreadPoolExecutor

import numpy as np


def of_row(row):
    e = np.exp(row - row.max())
    return e / e.sum()


def softmax(Z):
    with ThreadPoolExecutor(4) as pool:
        return np.array(list(pool.map(of_row, Z)))
