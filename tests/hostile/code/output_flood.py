"""Tries: print gigabytes while its cell runs."""

# deserves: 0, harmful

while True:
    print("x" * 2**20)
