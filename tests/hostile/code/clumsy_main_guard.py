"""Tries: nothing bad: define the function under `if __name__ == "__main__"`."""

# deserves: 2

import numpy as np

if __name__ == "__main__":

    def softmax(Z):
        e = np.exp(Z - Z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
