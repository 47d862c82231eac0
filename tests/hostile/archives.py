"""Hostile archives: each function puts more into a Moodle zip in which Ada Lovelace handed in the solved notebook.

What it deserves is Ada's: hers is graded, whatever lies beside it. The text ESCAPED-7f3a may be in no file outside the
course directory's own folders, and over no file that was there.
"""

import functools
import io
import json
import stat
import warnings
import zipfile

from tests.hostile import POINTS, Attack

ATTACKS = {}
ADA = "Ada Lovelace_1_assignsubmission_file_"
EVE = "Eve Moneypenny_2_assignsubmission_file_"
NOTEBOOK = "02_logistic_regression.ipynb"
ESCAPED = b"ESCAPED-7f3a"


def attack(function):
    """Register a function (ZipFile, solved notebook as bytes) -> None or bytes, the archive if not what was written."""
    tries = function.__doc__.strip().removeprefix("Tries: ")
    build = functools.partial(_build, function)
    ATTACKS[function.__name__] = Attack(function.__name__, tries, dict(POINTS), False, build)
    return function


def _build(function, solved, port):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        archive.writestr(f"{ADA}/{NOTEBOOK}", solved)
        changed = function(archive, solved)
    return changed(buffer.getvalue()) if changed else buffer.getvalue()


def link(archive, name, target):
    """Add a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, target)


@attack
def parents_in_names(archive, solved):
    """Tries: write outside by names that go up."""
    for name in (
        "../escaped",
        "../../gradebook.db",
        f"{EVE}/../../../private/ps1/secret",
        f"../{ADA}/{NOTEBOOK}",
        "..",
    ):
        archive.writestr(name, ESCAPED)


@attack
def absolute_names(archive, solved):
    """Tries: write outside by absolute names, of Windows and of networks as well."""
    for name in (
        "/tmp/escaped-7f3a",
        "//host/share/escaped",
        "C:\\escaped",
        "C:escaped",
        "\\\\host\\share\\escaped",
        "~/escaped",
    ):
        archive.writestr(name, ESCAPED)


@attack
def backslashes_in_names(archive, solved):
    """Tries: write outside by names that go up with backslashes, in other widths, and with dots at their ends."""
    for name in (
        f"{EVE}\\..\\..\\escaped",
        "..\\escaped",
        f"{EVE}/．．/escaped",
        f"{EVE}/.. /escaped",
        f"{EVE}/.../escaped",
    ):
        archive.writestr(name, ESCAPED)


@attack
def links_to_files(archive, solved):
    """Tries: hand in links to the gradebook, to Ada's work and to the machine's files."""
    targets = (
        "/etc/passwd",
        "../../../../gradebook.db",
        f"../{ADA}/{NOTEBOOK}",
        "../../../../private/ps1/secret",
        NOTEBOOK,
    )
    for number, target in enumerate(targets):
        link(archive, f"Eve_{number + 2}_assignsubmission_file_/{NOTEBOOK}", target)


@attack
def links_to_folders(archive, solved):
    """Tries: hand in a link to a folder, then a file inside it."""
    link(archive, f"{EVE}/folder", "../../..")
    archive.writestr(f"{EVE}/folder/gradebook.db", ESCAPED)
    link(archive, "Eve_3_assignsubmission_file_", ADA)
    archive.writestr(f"Eve_3_assignsubmission_file_/{NOTEBOOK}", ESCAPED)


@attack
def bomb(archive, solved):
    """Tries: unpack to a hundred megabytes of NULs, as a notebook and as others."""
    with archive.open(f"{EVE}/{NOTEBOOK}", "w") as member:
        for _ in range(100):
            member.write(bytes(2**20))


@attack
def bomb_that_lies(archive, solved):
    """Tries: claim to be small, and unpack to a hundred megabytes."""
    name = f"{EVE}/{NOTEBOOK}"
    archive.writestr(name, bytes(100 * 2**20))
    size = (100 * 2**20).to_bytes(4, "little")
    return lambda raw: raw.replace(size, (5000).to_bytes(4, "little"))


@attack
def archives_in_archives(archive, solved):
    """Tries: hand in archives inside archives, the innermost of which is a bomb."""
    inner = bytes(50 * 2**20)
    for depth in range(4):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as outer:
            for number in range(3):
                outer.writestr(f"{depth}{number}.zip" if depth else NOTEBOOK + "x" * number, inner)
        inner = buffer.getvalue()
    archive.writestr(f"{EVE}/all.zip", inner)


@attack
def twenty_thousand_members(archive, solved):
    """Tries: hand in twenty thousand empty files."""
    for number in range(20_000):
        archive.writestr(f"{EVE}/{number}.txt", b"")


@attack
def repeated_names(archive, solved):
    """Tries: have the same name many times, and in other letters, so that one replaces the other."""
    for name in (
        NOTEBOOK,
        NOTEBOOK,
        NOTEBOOK.upper(),
        NOTEBOOK.replace("l", "ⅼ"),
        f"./{NOTEBOOK}",
        f"/{NOTEBOOK}",
    ):
        archive.writestr(f"{EVE}/{name}", solved)


@attack
def another_students_name(archive, solved):
    """Tries: replace Ada's work by a folder whose name becomes hers."""
    wrong = json.loads(solved) | {"cells": []}
    for name in (
        "ada lovelace",
        "ADA  LOVELACE",
        "Ada/Lovelace",
        "Ａda Lovelace",
        "Ada\u200b Lovelace",
        "Ada-Lovelace",
    ):
        archive.writestr(f"{name}_9_assignsubmission_file_/{NOTEBOOK}", json.dumps(wrong))


@attack
def names_that_are_formulas(archive, solved):
    """Tries: have a name that is a formula, a script, an option, a device of Windows, or nothing at all."""
    names = (
        '=HYPERLINK("http:||x")',
        "+1+1",
        "@SUM(A1)",
        "<script>alert(1)<|script>",
        "-rf",
        "CON",
        "..",
        ".",
        " ",
        "\u202eada",
        "x" * 200,
    )
    for number, name in enumerate(names, start=2):
        archive.writestr(f"{name}_{number}_assignsubmission_file_/{NOTEBOOK}", solved)


@attack
def encrypted_member(archive, solved):
    """Tries: have a member that claims to be encrypted, and one of an unknown compression."""
    archive.writestr(f"{EVE}/{NOTEBOOK}", solved)
    info = archive.getinfo(f"{EVE}/{NOTEBOOK}")
    info.flag_bits |= 1
    archive.writestr(f"Eve_3_assignsubmission_file_/{NOTEBOOK}", solved)
    archive.getinfo(f"Eve_3_assignsubmission_file_/{NOTEBOOK}").compress_type = 97


@attack
def broken_member(archive, solved):
    """Tries: have a member whose bytes are not what its checksum says."""
    info = zipfile.ZipInfo(f"{EVE}/{NOTEBOOK}")
    archive.writestr(info, solved, zipfile.ZIP_STORED)
    return lambda raw: raw[: info.header_offset + 300] + b"X" * 50 + raw[info.header_offset + 350 :]
