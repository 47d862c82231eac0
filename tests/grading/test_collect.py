"""Submissions into place: every form that is understood, and nothing anywhere else, whatever comes."""

import errno
import io
import os
import random
import shutil
import stat
import struct
import time
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.grading import archives
from course_lib.grading import collect as collecting
from course_lib.grading.collect import collect
from course_lib.grading.owners import student_id, which

ONE, TWO = "02_logistic_regression", "04_convolutions"
ADA = "Ada Lovelace_1234567_assignsubmission_file_"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def course(tmp_path):
    """A course directory with an assignment of one notebook, ps1, and one of two, ps2."""
    root = tmp_path / "course"
    for name, stems in {"ps1": [ONE], "ps2": [ONE, TWO]}.items():
        (root / "source" / name).mkdir(parents=True)
        for stem in stems:
            (root / "source" / name / f"{stem}.ipynb").write_text("{}")
    (root / "gradebook.db").write_text("marks")
    (tmp_path / "outside.ipynb").write_text("not yours")
    return root


@pytest.fixture(autouse=True)
def nothing_outside(tmp_path, request):
    """Nothing but collected, submitted, and what the test packs in `in` changes."""
    yield
    if "course" in request.fixturenames:
        assert {path.name for path in tmp_path.iterdir()} <= {"course", "outside.ipynb", "in", "elsewhere"}
        assert (tmp_path / "outside.ipynb").read_text() == "not yours"
        assert (tmp_path / "course" / "gradebook.db").read_text() == "marks"
        there = {path.name for path in (tmp_path / "course").iterdir()}
        assert there <= {"source", "gradebook.db", "collected", "submitted"}
        assert not list(tmp_path.rglob(".part-*"))


def member(name, when=NOON, mode=stat.S_IFREG | 0o644, zone=None):
    """A ZipInfo with local time, as zips have it."""
    info = zipfile.ZipInfo("x", when.astimezone(zone).timetuple()[:6])
    info.filename = info.orig_filename = name
    info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    return info


def pack(members, when=NOON):
    """Bytes of a zip.

    Args:
        members: dict from name to content, or list of (ZipInfo or name, content).
        when: of the members named by str.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(member(name, when) if isinstance(name, str) else name, content)
    return buffer.getvalue()


def brought(tmp_path, content):
    """Path of a zip with these members, or of these bytes."""
    (tmp_path / "in").mkdir(exist_ok=True)
    path = tmp_path / "in" / "batch.zip"
    path.write_bytes(content if isinstance(content, bytes) else pack(content))
    return path


def laid(tmp_path, files, when=NOON):
    """Path of a new folder with these files."""
    root = tmp_path / "in" / "folder"
    shutil.rmtree(root, ignore_errors=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (when.timestamp(),) * 2)
    return root


def submitted(course, name="ps1"):
    """{student: {notebook: text}} of what lies in `submitted`."""
    return {
        folder.parent.name: {path.stem: path.read_text() for path in sorted(folder.glob("*.ipynb"))}
        for folder in sorted(course.glob(f"submitted/*/{name}"))
    }


def kept(course, student, name="ps1"):
    """{path below the student's folder in `collected`: content}."""
    base = course / "collected" / name / student
    return {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def reasons(found):
    return "\n".join(reason for each in found.passed.values() for reason in each)


# Forms

FORMS = {
    "moodle": (f"{ADA}/{ONE}.ipynb", "ada-lovelace-1234567"),
    "moodle without _": (f"{ADA[:-1]}/sub/{ONE}.ipynb", "ada-lovelace-1234567"),
    "moodle flat": (f"{ADA}{ONE}.ipynb", "ada-lovelace-1234567"),
    "moodle group": ("Default group_assignsubmission_file_/hw.ipynb", "default-group"),
    "canvas": (f"lovelaceada_123_456_{ONE}.ipynb", "lovelaceada-123"),
    "canvas late": (f"lovelaceada_LATE_123_456_{ONE}-1.ipynb", "lovelaceada-123"),
    "canvas anonymous": (f"anon_a1B2c_456_{ONE}.ipynb", "anon-a1b2c"),
    "folder": ("Ada/deep/down/my homework.ipynb", "ada"),
    "student.ipynb": ("ada.ipynb", "ada"),
    "moodle, of Colab": (f"{ADA}/Copy of {ONE}.ipynb", "ada-lovelace-1234567"),
    "moodle flat, of Colab": (f"{ADA}Copy of {ONE} (1).ipynb", "ada-lovelace-1234567"),
    "canvas, of Colab": (f"lovelaceada_123_456_Copy_of_{ONE}-1.ipynb", "lovelaceada-123"),
    "folder, of Colab": (f"Ada/Copy of Copy of {ONE}.ipynb", "ada"),
    "student.ipynb, of Colab": ("Copy of Ada (1).ipynb", "ada-1"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["zip", "zipped folder", "folder"])
def test_forms(course, tmp_path, form, way):
    name, student = FORMS[form]
    files = {name: "ada", name.replace("Ada", "Bob").replace("ada", "bob").replace("a1B2c", "z9"): "bob"}
    if form == "moodle group":
        files = {name: "ada", name.replace("Default group", "Group 1_7"): "bob"}
    if way == "folder":
        source = laid(tmp_path, files)
    else:
        source = brought(tmp_path, {f"all/{key}" if way != "zip" else key: v for key, v in files.items()})
    found = collect(course, source, "ps1")
    assert submitted(course)[student] == {ONE: "ada"}
    assert len(submitted(course)) == 2
    assert not found.passed
    assert found.taken[student][0].when == NOON
    assert (course / "submitted" / student / "ps1" / "late.txt").exists() == (form == "canvas late")
    undated = course / "submitted" / student / "ps1" / "undated.txt"
    assert undated.exists() == form.startswith(("moodle", "canvas"))  # whose zips bear the download's time
    collect(course, source, "ps1", received=NOON - timedelta(hours=1))
    assert not undated.exists()


def test_what_is_known_of_a_time_is_not_forgotten(course, tmp_path):
    undated = brought(tmp_path, {f"Ada_1_assignsubmission_file_/{ONE}.ipynb": "first"})
    place = course / "submitted" / "ada-1" / "ps1"
    collect(course, undated, "ps1", received=NOON)
    collect(course, undated, "ps1")
    assert not (place / "undated.txt").exists()
    assert (place / "timestamp.txt").read_text().startswith(f"{NOON:%Y-%m-%d %H:%M:%S}")


def test_the_time_of_a_download_makes_nothing_later(course, tmp_path):
    first = brought(tmp_path, {f"Ada_1_assignsubmission_file_/{ONE}.ipynb": "first"})
    found = collect(course, first, "ps1")
    assert found.taken["ada-1"][0].note == "time not known"
    second = brought(tmp_path, {f"Ada_1_assignsubmission_file_/{ONE}.ipynb": "second"})
    collect(course, second, "ps1", received=NOON - timedelta(days=1))
    assert submitted(course) == {"ada-1": {ONE: "second"}}


def test_a_files_own_name_says_nothing_of_its_owner(course, tmp_path):
    """What a student calls a file never makes it another student's."""
    files = {
        f"{ADA}/Bob_7_assignsubmission_file_x.ipynb": "ada",
        "Bob_7_assignsubmission_file_Ada Lovelace_1234567_assignsubmission_file_y.ipynb": "bob",
        "mallory_5_9_ada_12_34_x.ipynb": "mallory",
        "eve_6_9_Ada Lovelace_1234567_assignsubmission_file_x.ipynb": "eve",
    }
    collect(course, brought(tmp_path, files), "ps1")
    there = {student: found[ONE] for student, found in submitted(course).items()}
    assert there == {"ada-lovelace-1234567": "ada", "bob-7": "bob", "mallory-5": "mallory", "eve-6": "eve"}


def test_a_canvas_name_that_passes_for_anothers_number(course, tmp_path):
    files = {f"ada_12_34_{ONE}.ipynb": "ada", f"ada_12_99_456_{ONE}.ipynb": "of ada_12, number 99"}
    found = collect(course, brought(tmp_path, files), "ps1")
    assert submitted(course) == {"ada-12": {ONE: "ada"}}
    assert "can be read as that of two students" in reasons(found)


def test_a_student_called_as_the_zip_is_no_wrapper(course, tmp_path):
    collect(course, brought(tmp_path, {f"ada/{ONE}.ipynb": "a", "ada/notes.ipynb": "b"}), "ps1")
    assert submitted(course) == {"ada": {ONE: "a"}}


def test_flat_files_of_nobody(course, tmp_path):
    files = {
        f"{ONE} (1).ipynb": "x",
        f"Copy of {ONE}.ipynb": "x",
        f"Copy_of_{ONE}-2.ipynb": "x",
        "grades.csv": "x",
    }
    found = collect(course, brought(tmp_path, files), "ps1")
    found2 = collect(course, brought(tmp_path, {"ada.ipynb": "x", "02.ipynb": "x"}), "ps2")
    assert (len(found.passed[""]), len(found2.passed[""])) == (4, 2)
    assert "does not say whose it is" in reasons(found)
    assert not submitted(course)
    assert not submitted(course, "ps2")


def test_a_students_own_zip_is_opened_one_level_deep(course, tmp_path):
    inner = pack(
        {f"hw/{ONE}.ipynb": "inside", "__MACOSX/hw/._x.ipynb": "x", "hw/deep.zip": pack({"x.ipynb": "x"})}
    )
    found = collect(course, brought(tmp_path, [("ada_LATE_1_2_hw.zip", inner)]), "ps1")
    assert submitted(course) == {"ada-1": {ONE: "inside"}}
    assert (course / "submitted/ada-1/ps1/late.txt").exists()
    assert (course / "submitted/ada-1/ps1/undated.txt").exists()
    assert "zip within a zip" in reasons(found)
    assert inner in kept(course, "ada-1").values()


# Students


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", "ada-lovelace-7"),
        ("José Ñandú", "josé-ñandú-7"),
        (unicodedata.normalize("NFD", "José"), "josé-7"),
        ("रवि", "रवि-7"),
        ("ＡＤＡ", "ada-7"),
        ("../../etc/passwd", "etc-passwd-7"),
        ("-rf *", "rf-7"),
        ("..", "7"),
        ("\u202eada\udc80", "ada-7"),
        ("x" * 500, "x" * 78 + "-7"),
        ("𐐨" * 500, "𐐨" * 49 + "-7"),
    ],
)
def test_student_id(name, expected):
    assert student_id(name, "7") == expected


def test_student_ids_of_a_windows_device():
    assert [student_id(name) for name in ("CON", "Lpt1", "com¹", "console")] == [
        "student-con",
        "student-lpt1",
        "student-com1",
        "console",
    ]


def test_two_names_that_come_out_alike(course, tmp_path):
    files = {"Ada B/x.ipynb": "1", "ada-b/x.ipynb": "2", "bob/x.ipynb": "3", f"{ADA}/x.ipynb": "4"}
    files["Ada Lovelace_7654321_assignsubmission_file_/x.ipynb"] = "5"
    found = collect(course, brought(tmp_path, files), "ps1")
    assert set(submitted(course)) == {"bob", "ada-lovelace-1234567", "ada-lovelace-7654321"}
    first, second = found.passed["ada-b"]
    assert first.startswith("Ada B: not taken")
    assert second.startswith("ada-b: not taken")
    assert not list(course.glob("collected/ps1/ada-b"))


# Notebooks


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (f"{ONE}.ipynb", ONE),
        (f"Copy of {ONE} (1).ipynb", ONE),
        ("02 Logistic-Regression-3.IPYNB", ONE),
        ("04_convolutions.ipynb.txt", TWO),
        ("Lesson 2.ipynb", ONE),
        ("hw04-2.ipynb", TWO),
        ("ada 1234567 04.ipynb", TWO),
        ("02 and 04.ipynb", None),
        ("homework.ipynb", None),
        ("02.pdf", None),
    ],
)
def test_which_notebook(file, expected):
    assert which(file, [ONE, TWO])[0] == expected


def test_one_notebook_is_any():
    assert which("homework.ipynb", [ONE]) == (ONE, 0)
    assert which("02_logistic_regression_long-1.ipynb", [ONE, f"{ONE}_long"])[0] == f"{ONE}_long"


def test_of_several_the_latest(course, tmp_path):
    hour = timedelta(hours=1)
    members = [
        (member(f"ada/{ONE}.ipynb", NOON), "early"),
        (member(f"ada/Copy of {ONE}.ipynb", NOON + hour), "latest"),
        (member("ada/02.ipynb", NOON + 2 * hour), "by number only"),
        (member("ada/data.csv", NOON + 2 * hour), "1,2"),
        (member(f"bob/{ONE}-1.ipynb", NOON), "first"),
        (member(f"bob/{ONE}-10.ipynb", NOON), "tenth"),
        (member(f"bob/{ONE}-2 long.ipynb", NOON), "no number"),
        (member(f"eve/{ONE}.ipynb", NOON), "short"),
        (member(f"eve/my {ONE}.ipynb", NOON), "longer"),
        (member("eve/04.ipynb", NOON + hour), "two"),
    ]
    found = collect(course, brought(tmp_path, members), "ps2")
    assert submitted(course, "ps2") == {
        "ada": {ONE: "latest"},
        "bob": {ONE: "tenth"},
        "eve": {ONE: "longer", TWO: "two"},
    }
    assert sorted(kept(course, "ada", "ps2").values()) == [b"1,2", b"by number only", b"early", b"latest"]
    assert any("data.csv: kept, but it is none" in reason for reason in found.passed["ada"])
    assert (course / "submitted/eve/ps2/timestamp.txt").read_text() == "2026-11-02 13:00:00 UTC"


def test_nothing_that_fits_is_kept_and_not_submitted(course, tmp_path):
    collect(course, brought(tmp_path, {"ada/mine.ipynb": "x", "ada/../up.ipynb": "x"}), "ps2")
    assert list(kept(course, "ada", "ps2").values()) == [b"x"]
    assert not list((course / "submitted").iterdir())


# Runs


def test_runs(course, tmp_path):
    """The latest by time wins over all runs, and all are kept, the same once."""
    day = timedelta(days=1)

    def run(text, when):
        found = collect(course, laid(tmp_path, {"ada/02.ipynb": text}, when), "ps1")
        stamp = (course / "submitted/ada/ps1/timestamp.txt").read_text()
        return submitted(course)["ada"][ONE], stamp[:10], found.taken["ada"][0].note

    assert run("second", NOON + day) == ("second", "2026-11-03", "")
    assert run("first", NOON) == ("second", "2026-11-03", "one of 2026-11-03 12:00:00 is there")
    assert run("second", NOON + day) == ("second", "2026-11-03", "as before")
    assert run("second", NOON + 2 * day) == ("second", "2026-11-03", "as before")  # downloaded again
    assert len(kept(course, "ada")) == 2
    assert run("third", NOON + 4 * day) == ("third", "2026-11-06", "")
    assert run("second", NOON + 5 * day) == ("second", "2026-11-07", "")  # gone back to
    assert run("second", NOON + 4.5 * day)[1:] == ("2026-11-07", "as before, but earlier")
    assert len(kept(course, "ada")) == 4
    name = sorted(kept(course, "ada"))[0]
    assert name == f"20261102T120000Z-a7937b64/{ONE}.ipynb"


def test_equal_times_the_later_run_wins(course, tmp_path):
    for text in ("one", "two", "one"):
        collect(course, laid(tmp_path, {"ada/02.ipynb": text}), "ps1", received=NOON)
    assert len(kept(course, "ada")) == 2
    assert submitted(course)["ada"][ONE] == "two"


def test_received_and_late(course, tmp_path):
    """`received` overrides; Canvas's LATE is noted, and is taken back when Canvas does."""
    late = course / "submitted/ada-1/ps1/late.txt"
    files = {f"ada_LATE_1_2_{ONE}.ipynb": "x"}
    found = collect(course, brought(tmp_path, files), "ps1", received=datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert found.taken["ada-1"][0].note == "late"
    assert late.exists()
    assert (late.parent / "timestamp.txt").read_text() == "2026-11-01 08:00:00 UTC"
    collect(course, laid(tmp_path, {"ada-1/02.ipynb": "x"}), "ps1")  # a folder does not say
    assert late.exists()
    collect(course, brought(tmp_path, {f"ada_1_2_{ONE}.ipynb": "x"}), "ps1")
    assert not late.exists()


def test_local_time_and_utc_field(course, tmp_path):
    info = member("ada/02.ipynb", datetime(2001, 1, 1, tzinfo=UTC))
    info.extra = struct.pack("<HHBI", 0x5455, 5, 1, int(NOON.timestamp()))
    none = member("bob/02.ipynb")
    none.date_time = (1980, 1, 1, 0, 0, 0)
    ahead = member("eve/02.ipynb", NOON + timedelta(days=20000))
    path = brought(tmp_path, [(info, "a"), (none, "b"), (ahead, "c")])
    os.utime(path, (1e9, 1e9))
    found = collect(course, path, "ps1")
    assert found.taken["ada"][0].when == NOON
    assert found.taken["bob"][0].when == datetime.fromtimestamp(1e9, UTC)
    assert found.taken["eve"][0].when <= datetime.now(UTC)


def test_nbgrader_reads_the_timestamp(course, tmp_path):
    utils = pytest.importorskip("nbgrader.utils")
    collect(course, laid(tmp_path, {"ada/02.ipynb": "x"}), "ps1")
    assert utils.parse_utc((course / "submitted/ada/ps1/timestamp.txt").read_text()) == NOON.replace(
        tzinfo=None
    )


def test_what_a_person_put_into_submitted_is_kept(course, tmp_path):
    place = course / "submitted/ada/ps1"
    place.mkdir(parents=True)
    (place / f"{ONE}.ipynb").write_text("by mail")
    (place / "timestamp.txt").write_text("2026-11-03 12:00:00.5 UTC")
    collect(course, laid(tmp_path, {"ada/02.ipynb": "older"}), "ps1")
    assert submitted(course)["ada"][ONE] == "by mail"
    collect(course, laid(tmp_path, {"ada/02.ipynb": "newer"}, NOON + timedelta(days=3)), "ps1")
    assert submitted(course)["ada"][ONE] == "newer"
    assert sorted(kept(course, "ada").values()) == [b"by mail", b"newer", b"older"]


def test_digests_made_to_meet(course, tmp_path, monkeypatch):
    """Two contents with the same eight digits at the same time are both kept."""

    class Weak:
        def __init__(self, content=b""):
            self.content = content

        def update(self, content):
            self.content += content

        def hexdigest(self):
            return "0" * 8 + self.content.hex().ljust(56, "0")

    monkeypatch.setattr(collecting.hashlib, "sha256", Weak)
    monkeypatch.setattr(collecting, "digest_of", lambda path: Weak(path.read_bytes()).hexdigest())
    for text in ("one", "two"):
        collect(course, laid(tmp_path, {"ada/02.ipynb": text}), "ps1")
    assert sorted(kept(course, "ada").values()) == [b"one", b"two"]


# What must not get in

BAD_NAMES = [
    "../outside.ipynb",
    "eve/../../../outside.ipynb",
    "/tmp/outside.ipynb",
    "//server/share/x.ipynb",
    "..\\..\\outside.ipynb",
    "eve\\02.ipynb",
    "C:/outside.ipynb",
    "c:outside.ipynb",
    "eve/02\x00.ipynb",
    "eve/02\x1b[2J.ipynb",
    "eve/02\n.ipynb",
    "",
]


@pytest.mark.parametrize("inner", [False, True])
def test_bad_names(course, tmp_path, inner):
    members = [(member(name), "x") for name in BAD_NAMES]
    content = [("ada/02.ipynb", "good")]
    content += [("eve/hw.zip", pack(members))] if inner else members
    found = collect(course, brought(tmp_path, content), "ps1")
    assert submitted(course) == {"ada": {ONE: "good"}}
    assert len(found.passed["eve" if inner else ""]) == len(BAD_NAMES)
    assert all(character.isprintable() for character in reasons(found).replace("\n", ""))


def test_links_and_special_files_in_zips(course, tmp_path):
    members = [
        (member("ada/02.ipynb"), "good"),
        (member("eve/02.ipynb", mode=stat.S_IFLNK | 0o777), "/etc/passwd"),
        (member("eve/folder", mode=stat.S_IFLNK | 0o777), "../.."),
        (member("eve/folder/02.ipynb"), "below the link"),
        (member("bob/02.ipynb", mode=stat.S_IFIFO | 0o666), ""),
    ]
    found = collect(course, brought(tmp_path, members), "ps1")
    assert submitted(course) == {"ada": {ONE: "good"}, "eve": {ONE: "below the link"}}
    assert reasons(found).count("it is a link") == 2
    assert "no ordinary file" in reasons(found)


def test_links_and_special_files_in_folders(course, tmp_path):
    root = laid(tmp_path, {"ada/02.ipynb": "good", "eve/notes.txt": "x"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "02.ipynb").write_text("secret")
    (root / "eve" / "02.ipynb").symlink_to(tmp_path / "outside.ipynb")
    (root / "eve" / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "mallory").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(root / "eve" / "04.ipynb")
    found = collect(course, root, "ps1")
    assert submitted(course) == {"ada": {ONE: "good"}}
    assert reasons(found).count("it is a link") >= 2
    assert "no ordinary file" in reasons(found)


def test_a_file_swapped_for_a_link_or_pipe(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic link"):
        archives.open_plain(tmp_path / "link")
    with pytest.raises(archives.Fault, match="no ordinary file"):
        archives.open_plain(tmp_path / "pipe")


@pytest.mark.parametrize("place", ["collected", "collected/ps1", "submitted"])
def test_our_own_folders_are_links(course, tmp_path, place):
    (tmp_path / "elsewhere").mkdir()
    (course / place).parent.mkdir(exist_ok=True)
    (course / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CourseError, match="is a link"):
        collect(course, laid(tmp_path, {"ada/02.ipynb": "x"}), "ps1")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("place", ["collected/ps1/eve", "submitted/eve", "submitted/eve/ps1"])
def test_a_students_folder_is_a_link(course, tmp_path, place):
    (tmp_path / "elsewhere").mkdir()
    (course / place).parent.mkdir(parents=True)
    (course / place).symlink_to(tmp_path / "elsewhere")
    found = collect(course, laid(tmp_path, {"ada/02.ipynb": "x", "eve/02.ipynb": "x"}), "ps1")
    assert submitted(course)["ada"] == {ONE: "x"}
    assert "Nothing was taken" in found.passed["eve"][0]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_files_in_submitted_that_are_links_are_replaced(course, tmp_path):
    place = course / "submitted/ada/ps1"
    place.mkdir(parents=True)
    for name in (f"{ONE}.ipynb", "timestamp.txt", "late.txt"):
        (place / name).symlink_to(tmp_path / "outside.ipynb")
    collect(course, brought(tmp_path, {f"ada_LATE_1_2_{ONE}.ipynb": "x"}), "ps1")
    collect(course, laid(tmp_path, {"ada/02.ipynb": "x"}), "ps1")
    assert submitted(course)["ada"] == {ONE: "x"}
    assert not any(path.is_symlink() for path in place.iterdir())


def test_long_names(course, tmp_path):
    files = {
        f"{'ä' * 900}/{'😀' * 900}02.ipynb": "x",
        f"bob/{'d/' * 2000}02.ipynb": "y",
        f"bob/{'n' * 9000}.csv": "z",
        f"eve/{'-1' * 30000}x.ipynb": "x",  # where a pattern that tries again and again takes minutes
        f"kim_1_2_{' ' * 60000}x.ipynb": "x",
        f"{'_1' * 30000}.ipynb": "x",
    }
    start = time.perf_counter()
    found = collect(course, brought(tmp_path, files), "ps1")
    assert time.perf_counter() - start < 5
    there = submitted(course)
    assert there.keys() >= {"ä" * 80, "bob", "eve", "kim-1"}
    assert there["bob"] == {ONE: "y"}
    assert b"z" in kept(course, "bob").values()
    assert all(len(reason) < 200 for reason in found.passed["bob"])


# Limits and broken archives


def lie(content, size):
    """A zip whose table of contents and headers claim that size for each member."""
    changed, place = bytearray(content), 0
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + offset : place + offset + 4] = struct.pack("<I", size)
            place = changed.find(mark, place + 1)
    return bytes(changed)


def test_bombs(course, tmp_path):
    bomb = pack({"02.ipynb": b"\0" * (11 * 2**20)})
    files = {
        "ada/02.ipynb": "good",
        "bob/02.ipynb": b"\0" * (11 * 2**20),
        "eve/hw.zip": lie(bomb, 1000),
        "kim/hw.zip": lie(bomb, 2**32 - 2),
    }
    found = collect(course, brought(tmp_path, files), "ps1")
    assert submitted(course) == {"ada": {ONE: "good"}}
    assert "larger than a notebook's 10 MB" in found.passed["bob"][0]
    assert "damaged" in found.passed["eve"][0]
    assert "larger" in found.passed["kim"][0]
    assert not any(path.stat().st_size > 10**6 for path in course.rglob("*"))


def test_limits_of_a_student_and_of_all(course, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "STUDENT", 3 * 2**20)
    monkeypatch.setattr(collecting, "BATCH", 5 * 2**20)
    monkeypatch.setattr(collecting, "FILES", 20)
    big = pack({f"{i}.csv": b"\0" * 2**20 for i in range(10)})
    many = pack({f"{i}.csv": str(i) for i in range(50)})
    files = {"a/hw.zip": big, "b/hw.zip": big, "m/hw.zip": many, "z/02.ipynb": "good"}
    found = collect(course, brought(tmp_path, files), "ps1")
    assert submitted(course) == {"z": {ONE: "good"}}
    assert 2 * 2**20 <= sum(map(len, kept(course, "a").values())) <= 3 * 2**20
    assert all(kept(course, "a").values())
    assert all(kept(course, "b").values())
    assert "larger than a student's 3 MB" in "".join(found.passed["a"])
    assert "larger than all students' 5 MB" in "".join(found.passed["b"])
    assert "only the first 20 files" in "".join(found.passed["m"])
    assert all(len(each) <= collecting.REASONS + 1 for each in found.passed.values())


def test_limits_hold_once_they_are_reached(course, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "STUDENT", 10)
    monkeypatch.setattr(collecting, "FILES", 3)
    files = {"ada/a.csv": "x" * 11, "ada/b.csv": "y"} | {f"bob/{i}.csv": str(i) for i in range(9)}
    found = collect(course, laid(tmp_path, files), "ps1")
    assert kept(course, "ada") == {}
    assert sorted(kept(course, "bob").values()) == [b"0", b"1", b"2"]
    assert "only the first 3 files" in "".join(found.passed["bob"])


def test_many_members(course, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MEMBERS", 30)
    for source in (
        brought(tmp_path, {f"s{i:02}/02.ipynb": str(i) for i in range(40)}),
        laid(tmp_path, {f"s{i:02}/02.ipynb": str(i) for i in range(40)}),
    ):
        found = collect(course, source, "ps1")
        assert len(submitted(course)) == 30
        assert "only the first 30 files" in found.passed[""][0]
        shutil.rmtree(course / "submitted")


def test_a_table_of_contents_that_would_fill_the_memory(course, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "DIRECTORY", 4000)
    inner = pack({f"{i}.csv": "" for i in range(500)})
    found = collect(course, brought(tmp_path, {"ada/hw.zip": inner, "bob/02.ipynb": "good"}), "ps1")
    assert "holds more than" in found.passed["ada"][0]
    assert submitted(course) == {"bob": {ONE: "good"}}
    with pytest.raises(CourseError, match="holds more than"):
        collect(course, brought(tmp_path, inner), "ps1")


def mangle(content, name, mark, offset, value):
    """A zip with bytes changed in the entry of a member."""
    changed = bytearray(content)
    header = {b"PK\x01\x02": 46, b"PK\x03\x04": 30}[mark]
    place = changed.find(mark)
    while bytes(changed[place + header : place + header + len(name)]) != name:
        place = changed.find(mark, place + 1)
    changed[place + offset : place + offset + len(value)] = value
    return bytes(changed)


BROKEN = {  # what is changed in the entry of eve's file
    "encrypted": ((b"PK\x01\x02", 8, b"\x01\x00"), "it is encrypted"),
    "lzma": ((b"PK\x01\x02", 10, b"\x0e\x00"), "not usual in zips"),
    "wrong checksum": ((b"PK\x01\x02", 16, b"\0\0\0\0"), "damaged"),
    "offset beyond the end": ((b"PK\x01\x02", 42, b"\xff\xff\xff\x7f"), "it "),
    "offset of another": ((b"PK\x01\x02", 42, b"\0\0\0\0"), "it "),
    "compressed size beyond the end": ((b"PK\x01\x02", 20, b"\xff\xff\xff\x7f"), "shares its place"),
    "no header": ((b"PK\x03\x04", 0, b"ZZZZ"), "damaged"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_members(course, tmp_path, kind):
    change, reason = BROKEN[kind]
    good = pack({"bob/02.ipynb": "good", "eve/02.ipynb": "bad" * 99, "zoe/02.ipynb": "good"})
    found = collect(course, brought(tmp_path, mangle(good, b"eve/02.ipynb", *change)), "ps1")
    assert submitted(course)["zoe"] == {ONE: "good"}
    assert "eve" not in submitted(course)
    assert reason in found.passed["eve"][0]


def test_overlapping_members(course, tmp_path):
    """Two names for the same compressed bytes: one is taken at most."""
    content = pack({"a/02.ipynb": "x" * 5000, "b/02.ipynb": "x" * 5000, "c/02.ipynb": "good"})
    content = mangle(content, b"b/02.ipynb", b"PK\x01\x02", 42, struct.pack("<I", 0))
    found = collect(course, brought(tmp_path, content), "ps1")
    assert "shares its place" in reasons(found)
    assert submitted(course) == {"c": {ONE: "good"}}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names(course, tmp_path):
    content = pack([("ada/02.ipynb", "one"), ("ada/02.ipynb", "two")])
    collect(course, brought(tmp_path, content), "ps1")
    assert submitted(course) == {"ada": {ONE: "two"}}
    assert sorted(kept(course, "ada").values()) == [b"one", b"two"]


def test_names_that_do_not_say_they_are_utf8(course, tmp_path):
    for name, student in (("José/02.ipynb".encode(), "josé"), (b"Jos\x82/02.ipynb", "josé")):
        plain = pack({"J" * len(name): "x"}).replace(b"J" * len(name), name)
        collect(course, brought(tmp_path, plain), "ps1")
        assert submitted(course) == {student: {ONE: "x"}}
        shutil.rmtree(course / "submitted")


def test_empty_zips(course, tmp_path):
    found = collect(course, brought(tmp_path, {"ada/hw.zip": pack({}), "bob/02.ipynb": "good"}), "ps1")
    assert found.passed["ada"] == ["hw.zip: it is empty."]
    assert submitted(course) == {"bob": {ONE: "good"}}


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06", b"PK\x03\x04" + b"\xff" * 100])
def test_no_zip_at_all(course, tmp_path, content):
    found = collect(course, brought(tmp_path, {"ada/hw.zip": content, "bob/02.ipynb": "good"}), "ps1")
    assert "no zip archive, or a broken one" in found.passed["ada"][0]
    assert content in kept(course, "ada").values()
    with pytest.raises(CourseError, match="give the zip from Moodle or Canvas, or a folder"):
        collect(course, brought(tmp_path, content), "ps1")


def test_random_damage(course, tmp_path):
    """Bytes changed, cut or doubled: an error for the user or a result, nothing else."""
    rng = random.Random(0)
    whole = pack(
        {f"s{i}/02.ipynb": rng.randbytes(50) for i in range(5)} | {"z/hw.zip": pack({"02.ipynb": "x"})}
    )
    for turn in range(100):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 3, 30))):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if turn % 3 == 0:
            del content[rng.randrange(len(content)) :]
        source = bytes(content) if turn % 2 else pack({"ada/hw.zip": bytes(content)})
        try:
            collect(course, brought(tmp_path, source), "ps1")
        except CourseError as error:
            assert "give the zip" in str(error)


def test_random_names(course, tmp_path):
    """Whatever it is called, it lies where it belongs or is passed over."""
    rng = random.Random(1)
    pieces = [
        "..",
        "/",
        "\\",
        "_",
        "assignsubmission_file_",
        "_12_34_",
        "LATE",
        "\u202e",
        "é",
        "ß",
        "\0",
        "\n",
        " ",
    ]
    pieces += [
        "con",
        "nul",
        ".ipynb",
        ".zip",
        "-1",
        "(2)",
        "~",
        "$HOME",
        "x" * 300,
        "😀",
        "\u0301",
        "C:",
        "02",
        "*",
    ]
    for _ in range(15):
        names = {"".join(rng.choices(pieces, k=rng.randrange(1, 9))) for _ in range(40)}
        found = collect(course, brought(tmp_path, [(member(name), name) for name in names]), "ps1")
        assert all(
            reason.replace("\n", "").isprintable() for each in found.passed.values() for reason in each
        )
    for path in course.rglob("*"):
        assert not path.is_symlink()
        depth = len(path.relative_to(course).parts)
        assert depth <= (4 if "submitted" in path.parts else 6)
        assert len(path.name.encode()) <= 240
        assert path.name.partition(".")[0].lower() not in collecting.DEVICES
        assert not path.name.startswith(("-", ".", " "))


# Disks, interruptions, mistakes


def test_what_cannot_be_read(course, tmp_path, monkeypatch):
    root = laid(tmp_path, {"ada/02.ipynb": "good", "bob/02.ipynb": "x", "eve/02.ipynb": "x"})
    opened, scanned = os.open, os.scandir

    def refuse(action, name):
        def act(path, *rest, **more):
            if isinstance(path, int):
                return action(path, *rest, **more)
            if Path(path).parts[-2:] == name or Path(path).name == name:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return action(path, *rest, **more)

        return act

    monkeypatch.setattr(os, "open", refuse(opened, ("bob", "02.ipynb")))
    monkeypatch.setattr(os, "scandir", refuse(scanned, "eve"))
    found = collect(course, root, "ps1")
    monkeypatch.undo()
    assert submitted(course) == {"ada": {ONE: "good"}}
    assert "cannot be read (Permission denied)" in found.passed["bob"][0]
    assert found.passed[""] == ["eve: it cannot be read (Permission denied)."]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device")])
def test_stopped_at_every_write(course, tmp_path, monkeypatch, stop):
    """A full disk or Ctrl-C at any moment leaves what was there, whole; run again, all is there."""
    collect(course, laid(tmp_path, {"ada/02.ipynb": "old"}), "ps1")
    source = laid(tmp_path, {"ada/02.ipynb": "new", "bob/02.ipynb": "new"}, NOON + timedelta(days=1))
    opened, stops = Path.open, 0
    for moment in range(20):
        count = 0

        def failing(path, mode="r", *rest, moment=moment, **more):
            nonlocal count
            file = opened(path, mode, *rest, **more)
            count += "x" in mode
            if "x" in mode and count > moment:
                file.write(b"half")
                file.close()
                raise stop
            return file

        monkeypatch.setattr(Path, "open", failing)
        try:
            collect(course, source, "ps1")
        except (KeyboardInterrupt, CourseError):
            stops += 1
        monkeypatch.undo()
        assert submitted(course)["ada"][ONE] in ("old", "new")
        assert b"old" in kept(course, "ada").values()
        assert all(b"half" not in path.read_bytes() for path in course.rglob("*") if path.is_file())
    assert stops >= 4
    assert submitted(course) == {"ada": {ONE: "new"}, "bob": {ONE: "new"}}


def test_mistakes(course, tmp_path):
    source = laid(tmp_path, {"ada/02.ipynb": "x"})
    with pytest.raises(CourseError, match="is no course directory"):
        collect(tmp_path / "in", source, "ps1")
    for name in ("ps9", "..", "", "ps1/../ps2"):
        with pytest.raises(CourseError, match="Assignments there: ps1, ps2"):
            collect(course, source, name)
    with pytest.raises(CourseError, match="is not there"):
        collect(course, tmp_path / "none.zip", "ps1")
    for empty in (brought(tmp_path, {}), laid(tmp_path, {})):
        empty.parent.mkdir(exist_ok=True)
        empty.is_file() or empty.mkdir()
        with pytest.raises(CourseError, match="holds no files"):
            collect(course, empty, "ps1")
    with pytest.raises(CourseError, match="the course directory's own"):
        collect(course, course, "ps1")
    assert not (course / "collected").exists()


def test_table(course, tmp_path):
    from rich.console import Console

    found = collect(course, brought(tmp_path, {"ada/[red]02.ipynb": "x", "ada/[b].txt": "x"}), "ps1")
    out = io.StringIO()
    collecting.show(found, Console(file=out, width=200))
    assert "[red]02.ipynb" in out.getvalue()
    assert "[b].txt: kept" in out.getvalue()
