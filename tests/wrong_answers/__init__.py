"""Plausible wrong answers, each with words that its hint must hold; and right answers written another way."""

import importlib
import pkgutil

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


for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
