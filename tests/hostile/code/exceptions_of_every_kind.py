"""Tries: raise what is no Exception: exits, interrupts, the checks' own signals, groups of them."""

# deserves: 0

import itertools

from course_lib.checks import NotAttempted
from course_lib.checks.limit import TimeUp


class Own(BaseException):
    def __getattribute__(self, name):
        raise Own


kinds = itertools.cycle(
    [KeyboardInterrupt, GeneratorExit, TimeUp, NotAttempted, Own, StopIteration, MemoryError, RecursionError]
)


def softmax(Z):
    raise BaseExceptionGroup("all", [kind() for kind, _ in zip(kinds, range(8))]) from next(kinds)()
