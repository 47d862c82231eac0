"""Tries: replace the shell's own functions that run later cells."""

# deserves: 0

import sys

from IPython.core.interactiveshell import InteractiveShell


def softmax(Z):
    return Z


class Result:
    error_before_exec = error_in_exec = None
    success = True


InteractiveShell.run_cell = lambda self, *args, **kwargs: Result()
sys.displayhook = sys.excepthook = lambda *args: None
