"""Whose a file is, and which notebook, by its name."""

import re
import unicodedata
from collections import defaultdict

from course_lib.grading.archives import Fault, show_name

# In both, what stands in front of the first number is the system's, what follows is the student's to choose.
MOODLE = re.compile(
    r"(?P<name>[^_]+)(?:_(?P<number>[0-9]+))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>[0-9]+)_[0-9]+_(?P<file>.+)", re.DOTALL)
ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_[A-Za-z0-9]+)_[0-9]+_(?P<file>.+)", re.DOTALL)
NOTEBOOK_NAME = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # browsers append the latter
COPY = re.compile(r"(?:\s*\([0-9]{1,6}\)|-[0-9]{1,6})+$")  # "x (1)", "x-2"
COPIED = re.compile(r"^(?:copy[ _]of[ _])+", re.IGNORECASE)  # as Colab and Google Drive call a copy
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


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
    base = base and COPIED.sub("", base)
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
