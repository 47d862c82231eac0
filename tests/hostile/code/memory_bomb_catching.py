"""Tries: take all memory in many processes, and go on after each MemoryError."""

# deserves: 0, harmful

import os

for _ in range(16):
    if os.fork() == 0:
        break
kept, size = [], 2**26
while True:
    try:
        kept.append(b"x" * size)
    except MemoryError:
        size = max(1, size // 2)
