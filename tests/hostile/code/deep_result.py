"""Tries: return a list that contains itself, and one nested very deep."""

# deserves: 0


def softmax(Z):
    deep = []
    if Z.shape == (4, 3):
        deep.append(deep)
    for _ in range(100_000):
        deep = [deep]
    return deep
