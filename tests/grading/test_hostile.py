"""Hostile and clumsy submissions, graded together with honest ones.

Here some of those in `tests/hostile` are graded, at least one of each kind; `COURSE_HOSTILE=all` grades every one, in a
quarter of an hour.
"""

import os
import socket
import threading

import nbformat
import psutil
import pytest
from bleach._vendor import html5lib

from course_lib.errors import CourseError
from course_lib.grading import batch, collect, hand_back, jail, plan
from tests import hostile
from tests.grading.classroom import POINTS, Classroom, points

ATTACKS = hostile.codes() | hostile.notebooks()
SLOW = {"clumsy_keras"}  # honest, and asks for more time than the others get here
SELECTED = """
    answers_before_the_question answers_for_the_others array_subclass captured_expected_values captured_input_in_another_answer
    captured_input_kept_over_a_crash captured_input_printed captured_input_raised changes_the_course clones_with_new_namespaces
    closes_the_descriptors clumsy_checks_itself clumsy_lists clumsy_plots clumsy_progress_bar clumsy_redefines_print clumsy_stub_line_left
    clumsy_warns connects_to_loopback daemon_left_behind deep_result deletes_others_work endless_ignoring_interrupts
    endless_loop exit_on_a_question_not_seen exit_when_called fake_marks_printed float_subclass floods_the_channel forges_deep_json
    forges_its_reply forges_kernel_messages fork_bomb full_disk hostile_name_and_signature infinite_result
    many_small_files memfd_bomb memory_bomb_catching nan_result object_equal_to_everything object_that_can_predict
    object_with_hostile_len output_flood patches_builtins patches_checks patches_numpy patches_the_wire reads_course_directory
    reads_environments reads_the_questions_first result_of_gigabytes right_at_every_second_call right_where_it_was_seen
    shared_memory_bomb sparse_file swaps_code system_v_memory_bomb takes_the_channel_over tells_the_next_student thread_bomb traces_everything
    transforms_the_input transforms_the_syntax writes_marks x32_system_calls
    a_list answer_deleted answer_in_another_cell broken_json cells_reversed checks_edited empty_file everything_repeated
    extra_cell_loops fake_outputs from_colab huge_metadata json_of_another_kind metadata_stripped names_exchanged names_that_are_paths
    nbformat_3 points_changed repeated_keys right_then_wrong scripts_in_a_traceback scripts_in_text source_none ten_thousand_cells
    very_deep_json wrong_then_right
""".split()  # noqa: SIM905
if os.environ.get("COURSE_HOSTILE") == "all":
    SELECTED = sorted(ATTACKS.keys() - SLOW)
LIMITS = jail.Limits(seconds=4, grace=2.25, memory=2**30)
HONEST = "an-honest-student"
PUT_IN_PLACE = ("source", "private", "release", "submitted")
ELEMENTS = {"script", "iframe", "object", "embed", "link", "form", "base", "img", "a", "svg"}


class Listener(threading.Thread):
    """Something on this machine that hears of every connection to it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.heard = self.socket.getsockname()[1], []
        self.start()

    def run(self):
        while True:
            try:
                connection, address = self.socket.accept()
            except OSError:  # closed
                return
            connection.close()
            self.heard.append(address)


@pytest.fixture(scope="module")
def room(tmp_path_factory, working_jail):
    """A class of attackers and one honest student, graded."""
    room = Classroom(tmp_path_factory.mktemp("class") / "course", written=["Why?"])
    solved = nbformat.writes(room.solved()).encode()
    room.listener = Listener()
    for name in SELECTED:
        room.hand_in(name, ATTACKS[name].build(solved, room.listener.port))
    room.hand_in(HONEST)
    for folder in (*PUT_IN_PLACE, "results"):
        (room.course / folder).mkdir(exist_ok=True)
        (room.course / folder / "canary.txt").write_text(hostile.CANARY)
    secret = room.course / "private" / room.name / "secret"
    secret.write_text(hostile.CANARY)
    room.before = content(room.course)
    before = jailed_processes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CANARY", hostile.CANARY)
        room.results = batch.grade(room.course, room.name, LIMITS)
        left = [process for process in jailed_processes() if process not in before]
        room.left = psutil.wait_procs(left, timeout=10)[1]  # what was killed takes a moment to end
        room.plan = plan.read_plan(room.course, room.name)
        hand_back.hand_back(room.course, room.plan, room.results)
    room.listener.socket.close()
    return room


def content(course):
    """All that the teacher and `collect` have put into place: {path: bytes}."""
    return {
        path: path.read_bytes()
        for folder in PUT_IN_PLACE
        for path in sorted((course / folder).rglob("*"))
        if path.is_file()
    }


def jailed_processes():
    """Processes that this test's graders have started: by their user, where root grades, and by what they run."""
    found = []
    for process in psutil.process_iter(["pid", "uids", "cmdline"]):
        ids, command = process.info["uids"], " ".join(process.info["cmdline"] or ())
        by_user = ids and ids.real == jail.FIRST_USER + os.getpid() % 4096
        if by_user or ("course_lib.grading." in command and f'"grace": {LIMITS.grace}' in command):
            found.append(process)
    return found


def texts(value):
    """All texts in plain data but the student's own code, which holds the words that it looks for."""
    if isinstance(value, str):
        yield value
    for part in value if isinstance(value, list) else ():
        yield from texts(part)
    for key, part in value.items() if isinstance(value, dict) else ():
        if key != "source":
            yield from texts(part)


def test_there_are_enough():
    assert len(ATTACKS) >= 40
    assert set(SELECTED) <= ATTACKS.keys()


@pytest.mark.parametrize("name", SELECTED)
def test_marks_are_what_is_deserved(room, name):
    told = {key: found["text"] for key, found in room.results[name]["exercises"].items()}
    assert points(room.results[name]) == ATTACKS[name].deserves, (ATTACKS[name].tries, told)


def test_the_honest_student_loses_nothing(room):
    assert points(room.results[HONEST]) == POINTS
    assert set(room.results) == {*SELECTED, HONEST}


def test_nothing_is_changed_left_or_connected(room):
    assert content(room.course) == room.before
    assert room.left == []
    assert room.listener.heard == []


@pytest.mark.parametrize("word", [hostile.CANARY, hostile.CAPTURED])
def test_no_secret_is_told(room, word):
    for student, result in room.results.items():
        told = " ".join(texts(result))
        for form in hostile.forms(word):
            assert form not in told, (student, form)


def test_no_page_does_anything(room):
    folder = room.course / "results" / room.name
    pages = [folder / "report.html", *(folder / "feedback").iterdir()]
    assert len(pages) == len(SELECTED) + 2
    for path in pages:
        page = html5lib.parse(path.read_text(encoding="utf-8"), namespaceHTMLElements=False)
        elements = list(page.iter())
        for element in elements:
            if path.name == "report.html" and element.tag == "img":
                assert element.get("src").startswith("data:image/png")
                continue
            assert element.tag not in ELEMENTS, path
            assert not any(name.startswith("on") or name in ("href", "src") for name in element.attrib), path
        assert any("default-src 'none'" in element.get("content", "") for element in elements), path


ARCHIVES = hostile.archives()
BROKEN = {}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_writes_nothing_elsewhere(tmp_path, room, name):
    course = tmp_path / "course"
    (course / "source" / room.name).mkdir(parents=True)
    for path in (room.course / "source" / room.name).iterdir():
        (course / "source" / room.name / path.name).write_bytes(path.read_bytes())
    archive = tmp_path / "ps1.zip"
    archive.write_bytes(ARCHIVES[name].build(nbformat.writes(room.solved()).encode(), 9))
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(course)}
    try:
        found = collect.collect(course, archive, room.name)
        assert found.taken.keys() >= {"ada-lovelace-1"}
        assert not any(
            hostile.ESCAPED in path.read_bytes()
            for path in (course / "submitted" / "ada-lovelace-1").rglob("*.ipynb")
        )
    except CourseError as error:  # of the archive as a whole
        assert name in BROKEN, error
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(course)} == before
    inside = {path.relative_to(course).parts[0] for path in course.rglob("*")}
    assert inside <= {"source", "collected", "submitted"}
    for path in course.rglob("*"):
        assert not path.is_symlink()
