"""Tries: nothing bad: plot, and show the plot, in the cell and in the function."""

# deserves: 2

import matplotlib.pyplot as plt
import numpy as np


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    fig, ax = plt.subplots()
    ax.imshow(e)
    plt.show()
    return e / e.sum(axis=1, keepdims=True)


plt.plot(softmax(np.array([[0.0, 1.0, 2.0]]))[0])
plt.title("softmax")
plt.show()
