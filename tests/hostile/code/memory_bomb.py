"""Tries: take all memory."""

# deserves: 0, harmful


def softmax(Z):
    kept = []
    while True:
        kept.append(b"x" * 2**24)
