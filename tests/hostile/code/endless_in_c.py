"""Tries: compute for ever in C, where no signal is looked at."""

# deserves: 0


def softmax(Z):
    return sum(range(10**15))
