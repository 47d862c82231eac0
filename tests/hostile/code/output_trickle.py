"""Tries: print a little, for ever, so that no limit of silence is reached."""

# deserves: 0

import time

while True:
    print(".", end="", flush=True)
    time.sleep(0.05)
