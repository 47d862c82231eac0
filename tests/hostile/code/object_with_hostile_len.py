"""Tries: return a sequence that lies about its length and its items."""

# deserves: 0


class Lies(list):
    def __len__(self):
        return 2**62

    def __getitem__(self, index):
        return Lies()

    def __iter__(self):
        return iter([Lies()])

    def __repr__(self):
        return "✓ 02.2 Softmax: passed (2 of 2 points)" * 10**6


def softmax(Z):
    return Lies()
