"""Submissions from Moodle, Canvas or a folder, into their places in a course directory.

Forms that are understood, in a zip, a folder, or a zipped folder (also with one common folder at its top):

- Moodle, in folders: `Ada Lovelace_1234567_assignsubmission_file_/**/x.ipynb`, also without the last `_`;
- Moodle, flat: `Ada Lovelace_1234567_assignsubmission_file_x.ipynb`;
- Canvas: `lovelaceada_123_456_x.ipynb`, `lovelaceada_LATE_123_456_x-1.ipynb` (user 123, attachment 456), and of
  anonymous assignments `anon_a1B2c_456_x.ipynb`;
- a folder: `STUDENT/**/x.ipynb`; where the assignment has one notebook also `STUDENT.ipynb`.

A zip that a student handed in is opened too, one level deep. What comes out of it:

- `collected/NAME/STUDENT/WHEN/NOTEBOOK.ipynb`: what was taken for a notebook. WHEN is its time in UTC and 8 digits of
  its content's digest. The same content once more, with nothing else between, changes nothing; if it came earlier
  this time, the earlier time counts.
- `collected/NAME/STUDENT/WHEN/other/`: whatever else came, as it is.
- `late.txt`, beside the notebook there and beside `timestamp.txt` in `submitted`: Canvas called it late.
- `undated.txt`, likewise: Moodle and Canvas stamp the files in their zips with the time of the download, so that nothing
  is known of when this was handed in, unless it was said for all of it.
- `submitted/STUDENT/NAME`: of each notebook the latest in `collected`, and the time of the last of them.

Files in a student's own zip count as of that zip's time.
"""

import contextlib
import hashlib
import io
import itertools
import os
import re
import secrets
import shutil
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_lib.errors import CourseError

# In both, what stands in front of the first number is the system's, what follows is the student's to choose.
MOODLE = re.compile(
    r"(?P<name>[^_]+)(?:_(?P<number>[0-9]+))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>[0-9]+)_[0-9]+_(?P<file>.+)", re.DOTALL)
ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_[A-Za-z0-9]+)_[0-9]+_(?P<file>.+)", re.DOTALL)
NOTEBOOK_NAME = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # browsers append the latter
COPY = re.compile(r"(?:\s*\([0-9]{1,6}\)|-[0-9]{1,6})+$")  # "x (1)", "x-2"
WHEN = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8,64}")
STAMP = "%Y%m%dT%H%M%SZ"
CLUTTER = {"__MACOSX", ".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"}
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}

LATE, UNDATED = "late.txt", "undated.txt"
NOTES = {
    LATE: "Canvas calls this submission late.\n",
    UNDATED: "The time of this file is that of the download: nothing is known of when it was handed in.\n",
}

NOTEBOOK = 10 * 2**20  # bytes
STUDENT = 200 * 2**20  # bytes, unpacked
BATCH = 4 * 2**30  # bytes, unpacked
MEMBERS = 50_000  # of a zip or folder
FILES = 1000  # of a student
DIRECTORY = 16 * 2**20  # bytes of a zip's table of contents, which zipfile reads at once
CHUNK = 2**18
REASONS = 20  # told of one student


@dataclass
class Taken:
    """A notebook that was taken.

    Attributes:
        notebook: its name in the assignment.
        file: what it was called.
        when: datetime, UTC.
        note: such as "late", or why it is not the one that counts.
    """

    notebook: str
    file: str
    when: datetime
    note: str


@dataclass
class Collected:
    """What was taken, and what was passed over.

    Attributes:
        taken: dict from student to list of Taken.
        passed: dict from student to list of sentences; "" for what is nobody's.
    """

    taken: dict = field(default_factory=dict)
    passed: dict = field(default_factory=dict)


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


def collect(course, source, name, received=None):
    """Take submissions into `collected` and `submitted`; the module's text says what is understood.

    Args:
        course: Path of the teacher's course directory.
        source: Path of a zip from Moodle or Canvas, or of a folder.
        name: of the assignment.
        received: datetime when all of it came, local where it has no zone; None for the files' own times.
    Returns:
        Collected.
    Raises:
        CourseError: no such archive or assignment, nothing in it, or the disk is full.
    """
    course, source = Path(course), Path(source)
    stems = notebooks(course, name)
    received = received and received.astimezone(UTC).replace(microsecond=0)
    now = datetime.now(UTC).replace(microsecond=0)
    found = Collected(defaultdict(list), defaultdict(list))
    try:
        with opened(course, source, stems) as items:
            owners = by_student(items, stems, found.passed)
            base = folder(course, "collected", name)
            folder(course, "submitted")
            left = BATCH
            # What honest students hand in comes first, so that nobody's zip uses up what there is for all.
            for student, own in sorted(owners.items(), key=lambda pair: (*greed(pair[1]), pair[0])):
                for item in own:
                    item.when = received or min(item.when, now)
                    item.dated = item.dated or received is not None
                with tempfile.TemporaryDirectory(dir=base, prefix=".part-") as part:
                    stage = Stage(Path(part), left, found.passed[student])
                    for item in own:
                        stage.add(item)
                    left -= stage.used
                    try:
                        found.taken[student] = keep(
                            course, name, student, stage.items, stems, found.passed[student]
                        )
                    except Fault as fault:
                        found.passed[student].append(f"Nothing was taken: {fault}.")
    except Fault as fault:
        raise CourseError(f"{fault}.") from None
    except OSError as error:
        where = error.filename or course
        raise CourseError(
            f"{where}: {error.strerror or error}. What was there is unchanged: mend that, then run this again."
        ) from None
    for reasons in found.passed.values():
        if len(reasons) > REASONS:
            reasons[REASONS:] = [f"And {len(reasons) - REASONS} more."]
    return Collected(*(dict(sorted((k, v) for k, v in d.items() if v)) for d in (found.taken, found.passed)))


def show(found, out):
    """Print what was collected as a table.

    Args:
        found: Collected.
        out: rich Console.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table("student", "notebook", "file", "time (UTC)", "note")
    for student, rows in found.taken.items():
        for row in rows:
            cells = student, row.notebook, row.file, f"{row.when:%Y-%m-%d %H:%M:%S}", row.note
            table.add_row(*(Text(cell) for cell in cells))  # Text: a file's name is no markup
    out.print(table)
    for student, reasons in found.passed.items():
        for reason in reasons:
            out.print(Text(f"{student or 'Nobody'}: {reason}"), soft_wrap=True)
    out.print(f"Students whose notebooks were taken: {len(found.taken)}.")


def notebooks(course, name):
    """Names of an assignment's notebooks, without suffix.

    Raises:
        CourseError: this is no course directory, or it has no such assignment.
    """
    there = {path.name: path for path in sorted((course / "source").glob("*/"))}
    if not there:
        raise CourseError(f"{course} is no course directory: `course assign 02 --to {course}` makes one.")
    found = sorted(path.stem for path in there[name].glob("*.ipynb")) if name in there else []
    if not found:
        raise CourseError(f"{course} has no assignment {name!r}. Assignments there: {', '.join(there)}.")
    return found


# What is in an archive or a folder


@contextlib.contextmanager
def opened(course, source, stems):
    """The files of an archive or a folder: list of Item.

    Raises:
        CourseError: it is missing, neither of the two, or empty.
    """
    advice = "give the zip from Moodle or Canvas, or a folder of submissions"
    with contextlib.ExitStack() as stack:
        if source.is_dir():
            whole, own = source.resolve(), course.resolve()
            if whole == own or any(whole.is_relative_to(own / each) for each in ("collected", "submitted")):
                raise CourseError(f"{source} is the course directory's own: {advice}.")
            items = list(itertools.islice(of_folder(source), MEMBERS + 1))
        elif source.is_file():
            try:
                archive = stack.enter_context(open_zip(source))
            except Fault as fault:
                raise CourseError(f"{source} cannot be used: {fault}; {advice}.") from None
            changed = datetime.fromtimestamp(int(source.stat().st_mtime), UTC)
            items = list(itertools.islice(of_zip(archive, changed), MEMBERS + 1))
            items = without_top(items, stems)
        else:
            raise CourseError(f"{source} is not there: {advice}.")
        if not items:
            raise CourseError(f"{source} holds no files: {advice}.")
        if len(items) > MEMBERS:
            fault = f"only the first {MEMBERS} files are taken: give the rest by itself"
            items[MEMBERS] = Item((source.name,), datetime.now(UTC), fault=fault, stray=True)
        yield items


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


# Whose it is


def without_top(items, stems):
    """The items without the folder that all of them lie in, unless that is a student's."""
    good = [item for item in items if not item.fault]
    tops = {item.parts[0] for item in good}
    if len(tops) != 1 or any(len(item.parts) < 2 for item in good) or MOODLE.fullmatch(*tops):
        return items
    rest = [item.parts[1:] for item in good if is_submission(item.name)]
    flat = [parts[0] for parts in rest if len(parts) == 1]
    of_a_system = any(form.fullmatch(name) for name in flat for form in (MOODLE, ANONYMOUS, CANVAS))
    by_students = len(flat) > 1 and len(stems) == 1 and not any(which(name, stems)[1] for name in flat)
    if rest and (not flat or of_a_system or by_students):
        for item in items:
            item.parts = item.parts[1:] or item.parts
    return items


def is_submission(name):
    return title(name) is not None or name.lower().endswith(".zip")


def title(name):
    """A notebook's name without suffix, the end of it where it is long; None where it is no notebook's."""
    base = NOTEBOOK_NAME.sub("", name[-300:])  # patterns take their time over long names
    return None if base == name[-300:] else base


def by_student(items, stems, passed):
    """Sort files by their owners.

    Args:
        items: list of Item, whose `parts`, `late` and `doubt` are set.
        stems: names of the assignment's notebooks.
        passed: dict from student to list of sentences, which grows.
    Returns:
        dict from student to list of Item.
    """
    owners, called = defaultdict(list), defaultdict(set)
    for item in items:
        shown = item.shown
        try:
            if item.stray:
                raise Fault(item.fault)
            key = whose(item, stems)
            student = student_id(*key)
        except Fault as fault:
            passed[""].append(f"{shown}: {item.fault or fault}.")
            continue
        called[student].add(key)
        owners[student].append(item)
    for student, keys in called.items():
        if len(keys) > 1:
            names = sorted(show_name("_".join(filter(None, key))) for key in keys)
            del owners[student]
            passed[student] += [
                f"{each}: not taken, since its name comes out as {student}, as that of "
                f"{' and '.join(other for other in names if other is not each)} does: rename one."
                for each in names
            ]
        elif not all(item.doubt for item in owners[student]):
            for item in owners[student]:
                if item.doubt:
                    item.fault = item.fault or "its name can be read as that of two students"
    return owners


def whose(item, stems):
    """Who handed in a file, as (name, number); its `parts` become those within the student's folder.

    Raises:
        Fault: its name does not say.
    """
    top, inside = item.parts[0], item.parts[1:]
    form = MOODLE.fullmatch(top)
    if not inside:
        form = form or ANONYMOUS.fullmatch(top) or CANVAS.fullmatch(top)
    if form:
        item.parts = inside or (form["file"] or top,)
        item.dated = False
        if form.re is not MOODLE:
            item.late = bool(form["late"])
        if form.re is CANVAS:
            # ada_12_99_456_x.ipynb: of Ada, 12, or of somebody, 99, who calls himself ada_12.
            next_number = re.match("([1-9][0-9]*)_", form["file"])
            item.doubt = bool(next_number) and next_number[1] not in {lesson(stem) for stem in stems}
        return form["name"], form.groupdict().get("number") or ""
    if inside:
        item.parts = inside
        return top, ""
    base = title(top)
    if len(stems) > 1 or base is None or letters(COPY.sub("", base)) == letters(stems[0]):
        raise Fault("its name does not say whose it is")
    return base, ""


def student_id(name, number=""):
    """A student's name as it stands in folders' names: letters, digits and "-", at most 80 characters.

    Args:
        name: str with any characters.
        number: str of digits, appended.
    Returns:
        str, such as "ada-lovelace-1234567".
    Raises:
        Fault: nothing is left of it.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())
    # Marks belong to the letters before them in many scripts.
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text)
    kept, tail = "-".join(kept.split()), f"-{number[:20]}" if number else ""
    kept = shorten(kept, 80 - len(tail), 200 - len(tail)).strip("-")
    if not kept and not number:
        raise Fault("its folder's name holds no letter and no digit")
    found = (kept + tail).lstrip("-")
    return f"student-{found}" if found in DEVICES else found


def shorten(text, characters, size):
    """Text of at most that many characters, and bytes in UTF-8."""
    return text[:characters].encode(errors="replace")[:size].decode(errors="ignore")


def letters(text):
    """The letters and digits of a name alone, in lower case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def lesson(stem):
    """The number at a notebook's name, without leading zeros; None where it has none."""
    found = re.match("0*([0-9]+)", stem)
    return found and found[1]


# Copies of it


def greed(items):
    """What sorts students by what they may cost: zips last, then bytes."""
    return any(item.name.lower().endswith(".zip") for item in items), sum(item.size for item in items)


class Stage:
    """Copies of a student's files, made within the limits.

    Attributes:
        part: Path of an empty folder for them.
        left: bytes that the whole batch may still take.
        passed: list of sentences, which grows.
        items: list of Item that have a `path` and a `digest`.
        used: bytes unpacked, also of what was thrown away.
        seen: number of files.
    """

    def __init__(self, part, left, passed):
        self.part, self.left, self.passed = part, left, passed
        self.items, self.used, self.seen = [], 0, 0

    def add(self, item, inner=False):
        """Copy a file; from a zip that is not in another one, also what it holds."""
        self.seen += 1
        if self.seen == FILES + 1:
            self.passed.append(f"{item.shown}: only the first {FILES} files of a student are taken.")
        if self.seen > FILES:
            return
        try:
            self.copy(item)
            if item.name.lower().endswith(".zip"):
                if inner:
                    raise Fault("it is a zip within a zip, kept unopened")
                self.add_members(item)
        except Fault as fault:
            self.passed.append(f"{item.shown}: {fault}.")

    def copy(self, item):
        """Copy one file.

        Raises:
            Fault: it cannot be taken.
        """
        if item.fault:
            raise Fault(item.fault)
        limits = [
            (STUDENT - self.used, "a student's", STUDENT),
            (self.left - self.used, "all students'", BATCH),
        ]
        if NOTEBOOK_NAME.search(item.name):
            limits.append((NOTEBOOK, "a notebook's", NOTEBOOK))
        limit, of, whole = min(limits)
        limit = max(limit, 0)
        path, digest, size = self.part / str(self.seen), hashlib.sha256(), 0
        with contextlib.closing(read(item.open)) as file, path.open("xb") as copy:
            while chunk := read(lambda: file.read(min(CHUNK, limit + 1))):
                size += len(chunk)
                self.used += len(chunk)
                if size > limit:
                    copy.truncate(0)
                    raise Fault(f"it is larger than {of} {whole // 2**20} MB allow")
                digest.update(chunk)
                copy.write(chunk)
        item.path, item.digest = path, digest.hexdigest()
        self.items.append(item)

    def add_members(self, item):
        """Copy what a student's zip holds.

        Raises:
            Fault: it is broken or empty.
        """
        with open_zip(item.path) as archive:
            if not archive.infolist():
                raise Fault("it is empty")
            for member in of_zip(archive, item.when, inner=True):
                member.late, member.dated = item.late, item.dated
                self.add(member, inner=True)
                if self.seen > FILES:
                    break


def read(action):
    """The outcome of a function that reads hostile bytes.

    Raises:
        Fault: it cannot be read.
    """
    try:
        return action()
    except OSError as error:
        raise Fault(unreadable(error)) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
    ):
        raise Fault("it is damaged and cannot be unpacked") from None


# Into place


def keep(course, name, student, staged, stems, passed):
    """Put a student's files into `collected`, and the latest into `submitted`.

    Args:
        course: Path of the course directory.
        name: of the assignment.
        student: id.
        staged: list of Item.
        stems: names of the assignment's notebooks.
        passed: list of sentences, which grows.
    Returns:
        list of Taken.
    Raises:
        Fault: the student's folders are links or files.
    """
    if not staged:
        return []
    base = folder(course, "collected", name, student)
    target = folder(course, "submitted", student, name)
    chosen = choose(staged, stems, passed)
    for item in staged:
        if item not in chosen.values():
            keep_other(base, item)
    for stem in stems:
        adopt(base, target, stem)
    places = {stem: keep_notebook(base, stem, item) for stem, item in chosen.items()}
    latest = {stem: found[-1] for stem in stems if (found := history(base, stem))}
    if not latest:
        with contextlib.suppress(OSError):
            target.rmdir()  # only if it is empty
            target.parent.rmdir()
        return []
    marks = {
        each: any((path.parent / each).exists() for _, _, path in latest.values()) for each in (LATE, UNDATED)
    }
    for _, _, path in latest.values():
        if not same(target / path.name, digest_of(path)):
            write(target / path.name, path.read_bytes())
    for each, there in marks.items():
        mark(target, each, there)
    last = max(when for when, _, _ in latest.values())
    write(target / "timestamp.txt", f"{last:%Y-%m-%d %H:%M:%S} UTC".encode())  # as nbgrader writes it
    taken = []
    for stem, (path, when, note) in places.items():
        if path != latest[stem][2]:
            note = f"one of {latest[stem][0]:%Y-%m-%d %H:%M:%S} is there"
        elif (path.parent / LATE).exists():
            note = f"{note}, late" if note else "late"
        taken.append(Taken(stem, chosen[stem].shown, when, note))
    return taken


def choose(staged, stems, passed):
    """Which files are which notebooks: {stem: Item}; a sentence for each that is none, or not the latest."""
    candidates = defaultdict(list)
    for place, item in enumerate(staged):
        stem, fit = which(item.name, stems)
        if stem is None:
            if not item.name.lower().endswith(".zip"):
                passed.append(f"{item.shown}: kept, but it is none of the notebooks asked for.")
            continue
        copied = COPY.search(title(item.name))
        number = int(re.findall("[0-9]+", copied[0])[-1]) if copied else 0
        candidates[stem].append((fit, item.when, number, len(item.name), place, item))
    chosen = {}
    for stem, found in candidates.items():
        *rest, (*_, best) = sorted(found, key=lambda each: each[:-1])
        chosen[stem] = best
        passed.extend(f"{item.shown}: kept, but {best.shown} is taken for {stem}." for *_, item in rest)
    return chosen


def which(name, stems):
    """Which notebook a file is.

    Args:
        name: of the file.
        stems: names of the assignment's notebooks.
    Returns:
        (stem or None, how well it fits: 2 by name, 1 by the lesson's number, 0 since there is only one).
    """
    base = title(name)
    if base is None:
        return None, 0
    plain = letters(base)
    if named := [stem for stem in stems if letters(stem) in plain]:
        return max(named, key=len), 2
    numbers = re.findall("[0-9]+", COPY.sub("", base)) or re.findall("[0-9]+", base)
    numbered = [stem for stem in stems if lesson(stem) in {number.lstrip("0") or "0" for number in numbers}]
    if len(numbered) == 1:
        return numbered[0], 1
    return (stems[0], 0) if len(stems) == 1 else (None, 0)


def keep_other(base, item):
    """Keep a file that is not taken for a notebook."""
    head, dot, tail = unicodedata.normalize("NFKC", item.name).rpartition(".")
    head, tail = (head, f"{dot}{tail}") if dot and len(tail) <= 10 else (item.name, "")
    clean = "".join(c if c.isalnum() or c in "_.() -" else "-" for c in shorten(head, 80, 150))
    clean = (clean.lstrip(" .-") or "file") + "".join(c if c.isalnum() or c == "." else "-" for c in tail)
    clean = clean.rstrip(" .")
    if clean.partition(".")[0].strip().lower() in DEVICES:
        clean = f"file-{clean}"
    for place in base.glob(f"*-{item.digest[:8]}*/other"):
        if not place.is_symlink() and same(place / clean, item.digest):
            return
    put(base, item.when, item.digest, Path("other", clean), item.path)


def keep_notebook(base, stem, item):
    """Keep a file as a notebook: (Path, datetime that counts, note)."""
    entries = history(base, stem)
    before = [each for each in entries if each[0] <= item.when]
    after = [each for each in entries if each[0] > item.when]
    if before and same(before[-1][2], item.digest):
        when, _, path = before[-1]
        note = "as before"
    elif after and same(after[0][2], item.digest):
        old = after[0][2]
        path, when, note = (
            put(base, item.when, item.digest, Path(old.name), old),
            item.when,
            "as before, but earlier",
        )
        with contextlib.suppress(OSError):
            if (old.parent / LATE).exists():
                mark(path.parent, LATE, True)
                mark(old.parent, LATE, False)
            old.parent.rmdir()  # only if it is empty
    else:
        path = put(base, item.when, item.digest, Path(f"{stem}.ipynb"), item.path)
        when, note = item.when, ""
    mark(path.parent, UNDATED, not item.dated)
    if item.late is not None:
        mark(path.parent, LATE, item.late)
    return path, when, note


def adopt(base, target, stem):
    """Keep a notebook that lies in `submitted` without having been collected: somebody put it there."""
    path = target / f"{stem}.ipynb"
    if not is_plain(path):
        return
    digest = digest_of(path)
    if any(same(entry, digest) for _, _, entry in history(base, stem)):
        return
    try:
        text = (target / "timestamp.txt").read_text(encoding="utf-8").strip().removesuffix(" UTC")
        when = datetime.fromisoformat(text)
        when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (OSError, ValueError):
        when = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    with tempfile.TemporaryDirectory(dir=base.parent, prefix=".part-") as part:
        put(base, when, digest, Path(path.name), Path(shutil.copyfile(path, Path(part, stem))))


def history(base, stem):
    """What was collected as a notebook: sorted list of (datetime, when it was collected, Path)."""
    found = []
    for place in base.iterdir():
        path = place / f"{stem}.ipynb"
        if (when := WHEN.fullmatch(place.name)) and not place.is_symlink() and is_plain(path):
            time = datetime.strptime(when[1], STAMP).replace(tzinfo=UTC)
            found.append((time, path.stat().st_mtime_ns, path))
    return sorted(found)


def put(base, when, digest, relative, path):
    """Move a file to base/WHEN/relative, and return that; what is there with the same digest stays."""
    for length in (8, 64):  # eight digits can be made to meet
        place = base / f"{when.strftime(STAMP)}-{digest[:length]}"
        target = place / relative
        if same(target, digest):
            return target
        if not os.path.lexists(target):
            folder(base, place.name, *relative.parts[:-1])
            return path.replace(target)
    raise Fault(f"{target} is in the way: move it elsewhere")


def folder(path, *parts):
    """A folder within another, made where it is missing.

    Raises:
        Fault: a part of the way is a link or a file.
    """
    for part in parts:
        path = path / part
        with contextlib.suppress(FileExistsError):
            path.mkdir()
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise Fault(f"{path} is a link or a file where a folder must be: move it elsewhere")
    return path


def is_plain(path):
    return path.is_file() and not path.is_symlink()


def same(path, digest):
    """Whether an ordinary file has that content."""
    return is_plain(path) and digest_of(path) == digest


def digest_of(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mark(place, name, there):
    """Put a note beside a notebook, or take it away."""
    if there:
        write(place / name, NOTES[name].encode())
    else:
        (place / name).unlink(missing_ok=True)


def write(path, content):
    """Write a file whole or not at all; a link is replaced, not followed."""
    part = path.with_name(f".part-{secrets.token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
