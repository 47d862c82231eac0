"""Tries: return whole numbers of a hundred thousand digits."""

# deserves: 0


def softmax(Z):
    return [[10**100_000] * Z.shape[1]] * len(Z)
