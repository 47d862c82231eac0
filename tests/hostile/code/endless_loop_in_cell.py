"""Tries: compute for ever while its cell runs."""

# deserves: 0

while True:
    pass
