"""Tries: return a short list of strings that becomes gigabytes as an array: one is long, and each takes its room."""

# deserves: 0, harmful


def softmax(Z):
    return ["x" * 1100, *[""] * 1_000_000]
