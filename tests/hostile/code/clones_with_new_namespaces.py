"""Tries: make a user namespace through clone and clone3, where filters look at unshare alone."""

# deserves: 0

import ctypes
import os


def softmax(Z):
    libc = ctypes.CDLL(None, use_errno=True)
    child = libc.syscall(56, 0x10000000 | 0x20000 | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(42 if os.geteuid() != 65534 else 43)
    if child > 0:
        _, status = os.waitpid(child, 0)
        print("a user namespace:", os.waitstatus_to_exitcode(status))
    arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
    child = libc.syscall(435, ctypes.byref(arguments), 88)
    if child == 0:
        os._exit(0)
    return Z
