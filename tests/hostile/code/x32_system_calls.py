"""Tries: make system calls by the numbers of another architecture, which filters may not know."""

# deserves: 0

import ctypes


def softmax(Z):
    libc = ctypes.CDLL(None)
    for number in (319, 272, 165, 250, 101):  # memfd_create, unshare, mount, keyctl, ptrace
        if libc.syscall(0x40000000 | number, 0, 0, 0, 0, 0) >= 0:
            raise ValueError("a forbidden system call was allowed")
    return Z
