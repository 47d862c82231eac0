"""Tries: nothing bad: return a data frame."""

# deserves: 2

import numpy as np
import pandas as pd


def softmax(Z):
    frame = pd.DataFrame(Z)
    e = np.exp(frame.sub(frame.max(axis=1), axis=0))
    return e.div(e.sum(axis=1), axis=0)
