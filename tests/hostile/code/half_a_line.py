"""Tries: send half a reply, then nothing."""

# deserves: 0

import os
import stat
import time


def softmax(Z):
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            if fd > 2 and stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, b'{"id": "')
        except OSError:
            continue
    time.sleep(3600)
