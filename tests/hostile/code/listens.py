"""Tries: wait for connections, on every kind of socket, and never answer."""

# deserves: 0

import socket


def softmax(Z):
    for family, address in ((socket.AF_INET, ("0.0.0.0", 0)), (socket.AF_UNIX, "\0listening-@PORT@")):
        server = socket.socket(family)
        server.bind(address)
        server.listen()
    server.accept()
    return Z
