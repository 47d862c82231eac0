"""Tries: raise an exception whose text is a gigabyte of nothing, or raises itself."""

# deserves: 0


class Loud(Exception):
    def __str__(self):
        if len(self.args) > 1:
            raise self
        return "x" * 2**29

    __repr__ = __str__


def softmax(Z):
    raise Loud(*Z.ravel()[: len(Z) % 3])
