"""Tries: compute for ever, and catch every interrupt."""

# deserves: 0

import signal


def softmax(Z):
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, lambda *_: None)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
