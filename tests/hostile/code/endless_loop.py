"""Tries: compute for ever when it is called."""

# deserves: 0


def softmax(Z):
    while True:
        pass
