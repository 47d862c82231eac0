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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading import archives
from course_lib.grading.archives import Fault, Item, of_folder, of_zip, open_zip, unreadable
from course_lib.grading.owners import (
    COPY,
    DEVICES,
    NOTEBOOK_NAME,
    by_student,
    shorten,
    title,
    which,
    without_top,
)

WHEN = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8,64}")
STAMP = "%Y%m%dT%H%M%SZ"

LATE, UNDATED = "late.txt", "undated.txt"
NOTES = {
    LATE: "Canvas calls this submission late.\n",
    UNDATED: "The time of this file is that of the download: nothing is known of when it was handed in.\n",
}

NOTEBOOK = 10 * 2**20  # bytes
STUDENT = 200 * 2**20  # bytes, unpacked
BATCH = 4 * 2**30  # bytes, unpacked
FILES = 1000  # of a student
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
            items = list(itertools.islice(of_folder(source), archives.MEMBERS + 1))
        elif source.is_file():
            try:
                archive = stack.enter_context(open_zip(source))
            except Fault as fault:
                raise CourseError(f"{source} cannot be used: {fault}; {advice}.") from None
            changed = datetime.fromtimestamp(int(source.stat().st_mtime), UTC)
            items = list(itertools.islice(of_zip(archive, changed), archives.MEMBERS + 1))
            items = without_top(items, stems)
        else:
            raise CourseError(f"{source} is not there: {advice}.")
        if not items:
            raise CourseError(f"{source} holds no files: {advice}.")
        if len(items) > archives.MEMBERS:
            fault = f"only the first {archives.MEMBERS} files are taken: give the rest by itself"
            items[archives.MEMBERS] = Item((source.name,), datetime.now(UTC), fault=fault, stray=True)
        yield items


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
    dated = [each for each in latest.values() if not (each[2].parent / UNDATED).exists()]
    late = any((path.parent / LATE).exists() for _, _, path in latest.values())
    for _, _, path in latest.values():
        if not same(target / path.name, digest_of(path)):
            write(target / path.name, path.read_bytes())
    mark(target, LATE, late)
    mark(target, UNDATED, not dated)
    last = max(when for when, _, _ in dated or latest.values())
    write(target / "timestamp.txt", f"{last:%Y-%m-%d %H:%M:%S} UTC".encode())  # as nbgrader writes it
    taken = []
    for stem, (path, when, note) in places.items():
        if path != latest[stem][2]:
            note = f"one of {latest[stem][0]:%Y-%m-%d %H:%M:%S} is there"
        elif (path.parent / UNDATED).exists():
            note = ", ".join(filter(None, (note, "time not known", "late" * (path.parent / LATE).exists())))
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
    # Of a file that says nothing of its time, only the order of collecting is known.
    before = [each for each in entries if each[0] <= item.when or not item.dated]
    after = [each for each in entries if each not in before]
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
    if item.dated or not note:  # what is known of a time is not forgotten
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
    undated = any((path.parent / UNDATED).exists() for _, _, path in found)
    return sorted(found, key=lambda each: each[1:] if undated else each)


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
