"""Tries: send replies in which each field is of a type that nobody expects."""

# deserves: 0

import itertools
import json
import sys

WRONG = [
    None,
    True,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    "\ud800",
    "x" * 10**6,
    [],
    {},
    [[[[]]]],
    {"array": None},
    {"": ""},
]
VALUES = [
    *WRONG,
    {"array": ["O", [1], "AAAAAAAA"]},
    {"array": ["<f8", [-1], "AAAAAAAA8D8="]},
    {"array": ["<f8", [2**60, 2**60], ""]},
    {"array": ["<f8", [0] + [2**26] * 31, ""]},
    {"array": ["<f8", [2], "AAAAAAAA8D8="]},
    {"array": ["<f8", [1.0], "AAAAAAAA8D8="]},
    {"array": ["f8,O", [1], "AAAAAAAA8D8="]},
    {"array": ["2f8", [0], ""]},
    {"array": ["<U9", [1], "AAAA"]},
    {"array": ["<f8"]},
    {"array": [["<f8"], [1], {}]},
    {"scalar": ["<f8", [1], "AAAAAAAA8D8="]},
    {"handle": 10**4000},
    {"handle": -1},
    {"generator": {"bit_generator": "MT19937"}},
    {"set": [{"list": []}]},
    {"dict": [[1], "ab", [1, 2, 3]]},
    {"complex": [1, 2]},
    {"no such": []},
]
forms = itertools.cycle(
    [{"value": value} for value in VALUES]
    + [
        {name: value}
        for name in ("mistake", "case", "type", "stopped", "error", "not attempted")
        for value in WRONG
    ]
    + [{"mistake": value, "case": [value] * 20, "type": value, "stopped": True} for value in WRONG]
)


def forge(reply):
    frame = sys._getframe()
    while frame:
        names = frame.f_locals
        if "channel" in names and "request" in names:
            names["channel"].sendall(json.dumps({"id": names["request"]["id"], **reply}).encode() + b"\n")
            return
        frame = frame.f_back


def softmax(Z):
    forge(next(forms))
    return Z
