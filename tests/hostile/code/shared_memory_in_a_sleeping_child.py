"""Tries: hold shared memory in children that have only inherited it, and end the parent."""

# deserves: 0, harmful

import mmap
import os
import time

kept = []
while True:
    kept.append(mmap.mmap(-1, 2**26))
    kept[-1].write(b"x" * 2**26)
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.01)
