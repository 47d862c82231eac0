"""Plausible wrong answers, each with words that its hint must hold; and right answers written another way."""

WRONG, RIGHT = [], []


def wrong(id, says):
    """Register a wrong answer to an exercise; `says` are words of the hint that it must raise."""

    def register(function):
        WRONG.append((id, says, function))
        return function

    return register


def right(id):
    """Register a right answer that differs from the reference solution."""

    def register(function):
        RIGHT.append((id, function))
        return function

    return register


from tests.wrong_answers import lesson00, lesson01  # noqa: E402, F401
