"""Tries: return a list whose iterator never ends."""

# deserves: 0, harmful


class Endless(list):
    def __iter__(self):
        while True:
            yield 0.5


def softmax(Z):
    return Endless([0.5])
