"""Tries: nothing bad: show a progress bar over the rows."""

# deserves: 2

import numpy as np
from tqdm.auto import tqdm


def softmax(Z):
    rows = []
    for row in tqdm(Z, desc="rows"):
        e = np.exp(row - row.max())
        rows.append(e / e.sum())
    return np.array(rows)
