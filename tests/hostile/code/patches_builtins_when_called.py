"""Tries: break builtins in the middle of a call, so that whoever called it cannot go on."""

# deserves: 0

import builtins


def softmax(Z):
    for name in list(vars(builtins)):
        if name not in ("__name__", "__import__", "__build_class__"):
            delattr(builtins, name)
    return Z
