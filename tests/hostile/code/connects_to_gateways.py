"""Tries: connect to the host behind the jail: gateways, the address that clouds answer on, names of the host."""

# deserves: 0

import socket

PORT = int("@PORT@")


def softmax(Z):
    for name in (
        "10.0.2.2",
        "172.17.0.1",
        "192.168.122.1",
        "169.254.169.254",
        "host.docker.internal",
        "_gateway",
    ):
        try:
            with socket.create_connection((name, PORT), timeout=0.5) as connection:
                connection.send(b"hello from the jail")
        except OSError:
            continue
    return Z
