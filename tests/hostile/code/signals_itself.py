"""Tries: set alarms and handlers that take the place of those which limit its time, then compute for ever."""

# deserves: 0

import signal
import threading


def softmax(Z):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.setitimer = signal.signal = signal.alarm = lambda *args: None
    threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
    while True:
        signal.siginterrupt(signal.SIGALRM, False)
