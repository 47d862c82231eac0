"""Tries: return a model that is none: its predict does what it likes, and all its names are methods."""

# deserves: 0

import os


class Model:
    def __getattr__(self, name):
        return lambda *args, **kwargs: Model()

    def predict(self, x, **options):
        os._exit(0)


def softmax(Z):
    return Model()
