"""Tries: connect to the machine's own ports, by every name that it has."""

# deserves: 0

import socket

PORT = int("@PORT@")


def softmax(Z):
    names = (
        "127.0.0.1",
        "localhost",
        "::1",
        "0.0.0.0",
        "127.1.2.3",
        "::ffff:127.0.0.1",
        socket.gethostname(),
    )
    for name in names:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                for family, *_, address in socket.getaddrinfo(name, PORT, type=kind):
                    with socket.socket(family, kind) as connection:
                        connection.settimeout(1)
                        connection.connect(address)
                        connection.send(b"hello from the jail")
            except OSError:
                continue
    return Z
