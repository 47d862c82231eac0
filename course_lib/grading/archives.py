"""What is in an archive or a folder, read without trust."""

import contextlib
import io
import itertools
import os
import re
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

CLUTTER = {"__MACOSX", ".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"}
MEMBERS = 50_000  # of a zip or folder
DIRECTORY = 16 * 2**20  # bytes of a zip's table of contents, which zipfile reads at once


@dataclass(eq=False)
class Item:
    """A file that came.

    Attributes:
        parts: of its path, from the student's folder on once its owner is known.
        when: datetime, UTC.
        open: function () -> binary file.
        size: bytes, as it claims.
        fault: why it cannot be taken, or "".
        stray: whether that is its name.
        late: whether Canvas says so; None where nothing is said.
        dated: whether its time can be that of handing in.
        doubt: whether its name can be read in two ways.
        path: of the copy, once there is one.
        digest: SHA-256 of the content, then.
    """

    parts: tuple
    when: datetime
    open: Callable | None = None
    size: int = 0
    fault: str = ""
    stray: bool = False
    late: bool | None = None
    dated: bool = True
    doubt: bool = False
    path: Path | None = None
    digest: str = ""

    @property
    def name(self):
        """Its name without folders."""
        return self.parts[-1]

    @property
    def shown(self):
        """Its path, fit to be printed."""
        return show_name("/".join(self.parts))


class Fault(Exception):
    """Why a file cannot be taken: "it is a link"."""


def of_folder(root):
    """The files below a folder, as Items; no link is followed."""
    folders = [(root, ())]
    while folders:
        path, parents = folders.pop()
        try:
            with os.scandir(path) as scan:
                entries = sorted(itertools.islice(scan, MEMBERS + 1), key=lambda entry: entry.name)
        except OSError as error:
            yield Item(parents or (root.name,), datetime.now(UTC), fault=unreadable(error))
            continue
        for entry in entries:
            parts = (*parents, entry.name)
            if clutter(parts):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield Item(parts, datetime.now(UTC), fault=unreadable(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append((entry.path, parts))
                continue
            stray = bad_name("/".join(parts))
            fault = stray or bad_kind(status.st_mode)
            when = datetime.fromtimestamp(int(status.st_mtime), UTC)
            yield Item(
                parts, when, lambda path=entry.path: open_plain(path), status.st_size, fault, bool(stray)
            )


def open_plain(path):
    """Open an ordinary file for reading, even if it was swapped for a link or a pipe a moment ago."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    file = open(os.open(path, flags), "rb", buffering=0)  # noqa: PTH123, SIM115
    if fault := bad_kind(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Fault(fault)
    return file


def of_zip(archive, when, inner=False):
    """The files of an archive, as Items.

    Args:
        archive: ZipFile.
        when: datetime that counts where a file has none; for all files of a student's own zip, whose times anyone
            can set.
        inner: whether it is a student's own.
    """
    infos = archive.infolist()
    in_order = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in in_order[1:]), archive.start_dir]
    overlapping = {
        id(info)
        for info, end in zip(in_order, ends, strict=False)  # of an empty zip there is one end
        if info.header_offset + zipfile.sizeFileHeader + len(info.orig_filename) + info.compress_size > end
    }
    for info in infos:
        name = info.orig_filename  # the whole of it: zipfile cuts `filename` at a NUL
        stray = bad_name(name)
        parts = (name,) if stray else tuple(part for part in name.split("/") if part not in ("", "."))
        if (name.endswith("/") and not info.file_size) or clutter(parts):
            continue
        fault = stray or bad_kind(info.external_attr >> 16)
        if info.flag_bits & 0x1:
            fault = fault or "it is encrypted"
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            fault = (
                fault or "it is packed in a way that is not usual in zips"
            )  # and not to be unpacked in small parts
        if id(info) in overlapping:
            fault = fault or "it shares its place in the zip with another"
        time = when if inner else time_of(info) or when
        yield Item(parts, time, lambda info=info: archive.open(info), info.file_size, fault, bool(stray))


def time_of(info):
    """When a member of a zip was changed: datetime in UTC; None where that is not said."""
    when, extra, place = None, info.extra, 0
    with contextlib.suppress(ValueError, OverflowError, OSError):
        if info.date_time > (1980, 1, 1, 0, 0, 0):
            when = datetime(*info.date_time).astimezone(UTC)  # local: a zip says no zone
    while place + 9 <= len(extra):  # unless this field says it in UTC
        kind, size = struct.unpack_from("<HH", extra, place)
        if kind == 0x5455 and size >= 5 and extra[place + 4] & 1:
            when = datetime.fromtimestamp(struct.unpack_from("<I", extra, place + 5)[0], UTC)
            break
        place += 4 + size
    return when


class Cautious(io.BufferedReader):
    """A file that gives no zip a table of contents that would fill the memory."""

    def read(self, size=-1, /):
        if size is not None and size > DIRECTORY:
            raise Fault(f"it holds more than {MEMBERS} files")
        return super().read(size)


@contextlib.contextmanager
def open_zip(path):
    """A ZipFile.

    Raises:
        Fault: it is no zip, or a broken one.
    """
    with Cautious(io.FileIO(path)) as file:
        try:
            try:
                archive = zipfile.ZipFile(
                    file, metadata_encoding="utf-8"
                )  # which macOS uses without saying so
            except UnicodeDecodeError:
                archive = zipfile.ZipFile(file)
        except Fault:
            raise
        except Exception:  # zipfile raises many kinds on hostile bytes
            raise Fault("it is no zip archive, or a broken one") from None
        with archive:
            yield archive


def bad_name(name):
    """What is wrong with a path, or ""."""
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return "its name holds control characters"
    if "\\" in name:
        return "its name holds a backslash"
    if not name or name.startswith("/") or re.match("[A-Za-z]:", name):
        return "its name is none within a folder"
    return "its name leads out of its folder" if ".." in name.split("/") else ""


def bad_kind(mode):
    """What is wrong with a file of that mode, or ""."""
    if stat.S_ISLNK(mode):
        return "it is a link"
    return "" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "it is no ordinary file"


def clutter(parts):
    """Whether a path is what operating systems and editors leave behind."""
    return any(part in CLUTTER or part.startswith("._") for part in parts)


def unreadable(error):
    return f"it cannot be read ({error.strerror or 'an error of the file system'})"


def show_name(text):
    """A name of any length and any characters, fit to be printed."""
    text = text if len(text) <= 80 else f"{text[:38]}…{text[-41:]}"
    return "".join(letter if letter.isprintable() else "�" for letter in text)
