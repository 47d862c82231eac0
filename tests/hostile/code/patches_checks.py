"""Tries: patch the course's checks, so that they always pass, and are worth more."""

# deserves: 0

import course_lib.checks as checks
from course_lib.checks import limit

checks.close = checks.same = lambda *args, **kwargs: True
checks.compare = checks.explain = checks.Exercise.examine = lambda *args, **kwargs: None
checks.PASSED = checks.FAILED = checks.NOT_ATTEMPTED = "passed"
checks.Mistake.__init__ = lambda self, *args: None
checks.NotAttempted = checks.Stopped = limit.TimeUp = ArithmeticError
checks.examine = checks.examine_by = lambda *args: checks.Verdict(
    checks.Exercise("02.2", "Softmax", 1000, None), "passed"
)
for found in checks.EXERCISES.values():
    object.__setattr__(found, "points", 1000)
    object.__setattr__(found, "examine", lambda answer, rng: None)


def softmax(Z):
    return Z
