"""Tries: block all signals and wait for ever."""

# deserves: 0

import signal


def softmax(Z):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    while True:
        signal.pause()
