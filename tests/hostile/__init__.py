"""Hostile and clumsy submissions of lesson 02: what they try, and what a fair teacher gives for them.

None of the harmful ones may ever run outside a jail.
"""

import base64
import codecs
import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

POINTS = {"02.1": 2, "02.2": 2, "02.3": 3, "02.4": 3, "02.5": 2}
CANARY = "CANARY-7f3a"  # planted by the test in what is secret
CAPTURED = "CAPTURED-7f3a"  # stands before inputs that only a hidden question has, wherever they are told


@dataclass(frozen=True)
class Attack:
    """One submission.

    Attributes:
        name: its file's or function's.
        tries: what it tries, in a sentence.
        deserves: {exercise: points}.
        harmful: whether it would harm the machine without a jail.
        build: function (solved notebook as bytes, port) -> submitted bytes.
    """

    name: str
    tries: str
    deserves: dict
    harmful: bool
    build: Callable


def forms(text):
    """A text as an attack may write it: plain, backwards, in base64 and so on."""
    raw = text.encode()
    return {
        text,
        text[::-1],
        raw.hex(),
        base64.b64encode(raw).decode(),
        codecs.encode(text, "rot13"),
        "\n".join(text),
        ", ".join(map(str, raw)),
        ", ".join(f"{byte}." for byte in raw),
    }


def codes():
    """The attacks that stand in the cell of 02.2, each a file in `code`: {name: Attack}."""
    return {path.stem: _code(path) for path in sorted(Path(__file__).with_name("code").glob("*.py"))}


def _code(path):
    source = path.read_text(encoding="utf-8")
    found = re.match(r'"""Tries: (.+)"""\n\n# deserves: (\d)(, harmful)?\n', source)
    if not found:
        raise ValueError(f"{path}: expected a docstring `Tries: …` and a comment `# deserves: …`.")
    tries, points, harmful = found.groups()
    deserves = POINTS | {"02.2": int(points)}
    return Attack(path.stem, tries, deserves, bool(harmful), functools.partial(_put, source))


def _put(source, solved, port):
    """The solved notebook with another cell of 02.2."""
    notebook = json.loads(solved)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer-02-2":
            cell["source"] = source.replace("@PORT@", str(port))
            return json.dumps(notebook).encode()
    raise ValueError("expected a cell answer-02-2 in the solved notebook.")


# They need Attack; and imported later, the modules would take the names of the functions below.
from tests.hostile import archives as _archives  # noqa: E402
from tests.hostile import notebooks as _notebooks  # noqa: E402


def notebooks():
    """The attacks that change the notebook, each a function in `notebooks.py`: {name: Attack}."""
    return dict(_notebooks.ATTACKS)


def archives():
    """The attacks on collecting, each a function in `archives.py`: {name: Attack}. They build a Moodle zip."""
    return dict(_archives.ATTACKS)


ESCAPED = _archives.ESCAPED
