"""Tries: return an object whose array interface points at memory that is not there."""

# deserves: 0


class Nowhere:
    __array_interface__ = {"shape": (4, 3), "typestr": "<f8", "data": (0xDEAD0000, False), "version": 3}  # noqa: RUF012


def softmax(Z):
    return Nowhere()
