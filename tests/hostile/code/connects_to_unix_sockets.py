"""Tries: connect to every unix socket that it can see, those with a path and abstract ones."""

# deserves: 0

import glob
import socket

places = ["/run/**", "/var/run/**", "/tmp/**", "/proc/*/root/run/*"]
names = [name for place in places for name in glob.glob(place, recursive=True)]
with open("/proc/net/unix") as table:
    names += ["\0" + line.split()[-1][1:] for line in table if " @" in line]
names += ["\0@PORT@", "\0hostile-@PORT@", "/tmp/hostile-@PORT@.sock"]


def softmax(Z):
    for name in names:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
            try:
                with socket.socket(socket.AF_UNIX, kind) as connection:
                    connection.settimeout(0.2)
                    connection.connect(name)
                    connection.send(b"hello from the jail")
            except (OSError, ValueError):
                continue
    return Z
