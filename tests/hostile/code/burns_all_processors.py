"""Tries: keep all processors busy with a hundred processes, so that other students' answers come too late."""

# deserves: 0, harmful

import os
import time

for _ in range(100):
    if os.fork() == 0:
        while True:
            pass
time.sleep(3600)
