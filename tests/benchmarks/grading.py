"""Grading against nbgrader's own autograde: submissions a minute, a batch that is killed, and hostile submissions.

    python tests/benchmarks/grading.py                                 # about 20 minutes on two cores
    python tests/benchmarks/grading.py --submissions 20 --baseline 4   # for a quick look
    python tests/benchmarks/grading.py --hostile                       # every attack of tests/hostile, one to two hours

Run nothing else beside it. Submissions are of lesson 02; one in twenty is broken. Ours grades all of them in its jail;
nbgrader grades some of the sound ones, without the broken ones, which would cost it more: in one process, since
it has no parallel run, and then in two at once, each with half of them in a course directory of its own. Then our batch
runs again from nothing, and is killed and resumed. It ends with 1 if a submission is lost or marks are not the same.

With `--hostile` nbgrader runs what would do no harm to a machine, each by itself in a bubblewrap without a network, after
which its marks, its feedback and the files of others are looked at; ours runs everything, in one batch.
"""

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from fnmatch import fnmatch
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import nbformat
import psutil

from course_lib.errors import CourseError
from course_lib.grading import jail
from tests import hostile
from tests.benchmarks import grading_worker
from tests.grading.classroom import LOGISTIC, POINTS, Classroom, points

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(grading_worker.__file__)
BROKEN = 0.05  # share of the submissions
KILLS = 5
# What makes a right answer wrong, by exercise.
WRONG = {
    "02.1": ("np.where(z >= 0, 1, e) / (1 + e)", "1 / (1 + np.exp(-z))"),
    "02.2": ("axis=1", "axis=0"),
    "02.3": ("np.mean(", "np.sum("),
    "02.4": (" / len(labels)", ""),
    "02.5": ("return precision, recall", "return recall, precision"),
}
PATIENCE = 240  # seconds that nbgrader gets for a hostile submission and the one after it
PLACE = "/srv/course"  # of the course directory, in nbgrader's bubblewrap
PORT = 9  # where attacks connect to, and nobody answers
NONE = "–"
# Larger, deeper or in other letters than ours takes, which refuses them. The answers in them are right.
REFUSED = {
    "cells_that_are_no_objects",
    "deep_metadata",
    "fifty_megabytes",
    "fifty_megabytes_of_nothing",
    "latin_1",
    "nul_bytes",
    "ten_thousand_cells",
}
FAULTS = "forged", "leak", "aborted", "harm to others", "not graded", "too few points"


# --- submissions ---------------------------------------------------------------------------------------


def answer(notebook, exercise):
    """The cell with the answer to an exercise."""
    key = f"answer-{exercise.replace('.', '-')}"
    return next(cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id == key)


def spoil(notebook, exercises):
    """Make answers wrong; the points that are left."""
    for exercise in exercises:
        cell, (old, new) = answer(notebook, exercise), WRONG[exercise]
        if old not in cell.source:
            raise ValueError(f"expected {old!r} in the answer to {exercise}.")
        cell.source = cell.source.replace(old, new)
    return POINTS | dict.fromkeys(exercises, 0)


def truncated(notebook):
    """JSON that ends in the middle."""
    text = nbformat.writes(notebook).encode()
    return text[: len(text) // 2], dict.fromkeys(POINTS, 0)


def endless(notebook):
    """A cell that does not end."""
    answer(notebook, "02.3").source += "\nwhile True:\n    pass"
    return notebook, POINTS | {"02.3": 0}


def leaving(notebook):
    """A function that ends its process."""
    cell = answer(notebook, "02.4")
    cell.source = f"import os\n{cell.source}".replace("    Z = A @ W", "    os._exit(0)")
    return notebook, POINTS | {"02.4": 0}


def all_wrong(notebook):
    """No answer is right."""
    return notebook, spoil(notebook, POINTS)


def with_holes(notebook):
    """Two answers are gone."""
    for exercise in ("02.2", "02.5"):
        notebook.cells.remove(answer(notebook, exercise))
    return notebook, POINTS | {"02.2": 0, "02.5": 0}


KINDS = truncated, endless, leaving, all_wrong, with_holes


def make_submissions(room, count, rng):
    """Solved notebooks, three in ten with wrong answers, and broken ones among them, at least one of each kind.

    Returns:
        {student: (NotebookNode or bytes, {exercise: points that it deserves}, whether it is sound)}.
    """
    students = [f"student{i:04}" for i in range(count)]
    broken = rng.sample(students, min(count, max(len(KINDS), round(BROKEN * count))))
    kinds = {student: KINDS[i % len(KINDS)] for i, student in enumerate(broken)}
    made = {}
    for student in students:
        notebook = room.solved()
        notebook.metadata.student = student
        if student in kinds:
            made[student] = *kinds[student](notebook), False
        else:
            wrong = rng.sample(sorted(POINTS), rng.choice([0] * 7 + [1, 2, 3]))
            made[student] = notebook, spoil(notebook, wrong), True
    return made


# --- speed ---------------------------------------------------------------------------------------------


def start(task, course, *arguments):
    """Start a worker, in a process group of its own."""
    command = [sys.executable, "-P", str(WORKER), task, str(course), Classroom.name, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def family(process):
    """A process with all its descendants."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process.pid)
        return [top, *top.children(recursive=True)]
    return []


def stop(process):
    """End a process and its group, where it is still there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def finish(processes):
    """Wait for workers.

    Returns:
        what each wrote, and the most bytes of memory that all their processes took together, memory shared between
        processes counted in each.
    """
    peak = 0
    try:
        while any(process.poll() is None for process in processes):
            memory = 0
            for each in chain.from_iterable(map(family, processes)):
                with suppress(psutil.Error):
                    memory += each.memory_info().rss
            peak = max(peak, memory)
            time.sleep(0.25)
    finally:
        for process in processes:
            stop(process)
    found = []
    for process in processes:
        output, error = process.communicate()
        if process.returncode:
            raise RuntimeError(f"a worker failed: {error.decode(errors='replace')[-1000:]}")
        found.append(json.loads(output.splitlines()[-1]))
    return found, peak


def measure(task, rooms, count, *arguments):
    """Run a worker for each course directory, all at once.

    Returns:
        dict of submissions a minute, bytes of memory, seconds.
    """
    found, peak = finish([start(task, room.course, *arguments) for room in rooms])
    seconds = max(each["end"] for each in found) - min(each["start"] for each in found)
    print(f"  {task}, processes: {len(rooms)}, {count} submissions: {seconds:.1f} s", flush=True)
    return {"rate": 60 * count / seconds, "peak": peak, "seconds": seconds}


def kept(room):
    """The results that are there: {student: result}."""
    folder = room.course / "results" / room.name / "students"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def kill_and_resume(room, count, seconds, rng):
    """Grade with interruptions, each some time after a random number of results is there.

    Returns:
        for each kill, how many results were there; and how many processes were still there ten seconds later.
    """
    folder, kills, left = room.course / "results" / room.name / "students", [], 0
    for goal in sorted(rng.choices(range(max(1, count - 4)), k=KILLS)):
        process = start("ours", room.course, seconds)
        try:
            while process.poll() is None and len(list(folder.glob("*.json"))) < goal:
                time.sleep(0.02)
            time.sleep(rng.random())
            running, those = process.poll() is None, family(process)
        finally:
            stop(process)
            process.communicate()
        if running:
            left += len(psutil.wait_procs(those, timeout=10)[1])
            kills.append(len(list(folder.glob("*.json"))))
            print(f"  killed with {kills[-1]} of {count} graded", flush=True)
    finish([start("ours", room.course, seconds)])
    return kills, left


def of_marks(results):
    """What must not differ between two runs: {student: (fault, {exercise: (status, points)})}."""
    return {
        student: (
            result["fault"],
            {key: (each["status"], each["points"]) for key, each in result["exercises"].items()},
        )
        for student, result in results.items()
    }


def compare_speed(asked, folder):
    """Part 1.

    Returns:
        dict of what `report_speed` tells.
    """
    rng = random.Random(asked.seed)
    room = Classroom(folder / "ours")
    made = make_submissions(room, asked.submissions, rng)
    sound = [student for student, (_, _, whole) in made.items() if whole]
    chosen = sorted(rng.sample(sound, min(asked.baseline, len(sound))))
    for student, (notebook, _, _) in made.items():
        room.hand_in(student, notebook)
    again = copy(room, folder / "again")
    print("Speed", flush=True)
    found = {
        "seconds": asked.seconds,
        "made": made,
        "ours": measure("ours", [room], len(made), asked.seconds),
    }
    found["results"] = kept(room)
    for name, parts in (("serial", [chosen]), ("two", [chosen[::2], chosen[1::2]])):
        rooms = [Classroom(folder / f"{name}{i}") for i, part in enumerate(parts) if part]
        for each, part in zip(rooms, parts, strict=False):
            for student in part:
                each.hand_in(student, made[student][0])
        found[name] = measure("nbgrader", rooms, len(chosen))
        found[f"{name} marks"] = {
            student: mark
            for each in rooms
            for student, mark in grading_worker.marks(each.course, each.name).items()
        }
    print("Killed and resumed", flush=True)
    found["kills"], found["left"] = kill_and_resume(again, len(made), asked.seconds, rng)
    found["resumed"] = kept(again)
    return found


def copy(room, course):
    """Another course directory with the same in it."""
    other = Classroom.__new__(Classroom)
    other.course = Path(shutil.copytree(room.course, course))
    return other


def judge_speed(found):
    """Whose submissions were lost, graded wrongly, or graded otherwise after the kills."""
    made, results = found["made"], found["results"]
    before, after = of_marks(results), of_marks(found["resumed"])
    there = [student for student in made if student in results]
    return {
        "lost": [student for student in made if student not in results],
        "undeserved": [student for student in there if not as_deserved(results[student], made[student])],
        "differ": [student for student in made if before.get(student) != after.get(student)],
    }


def report_speed(found):
    """Markdown lines: a table of speeds, their ratios, and what became of the submissions."""
    made, results, ours, faults = found["made"], found["results"], found["ours"], judge_speed(found)
    yield "| | submissions | seconds | submissions a minute | memory of all processes, at most | marks not as deserved |"
    yield "|---|---|---|---|---|---|"
    row = "| {} | {:,} | {:.1f} | {:.1f} | {:,.0f} MB | {} |".format
    wrong = len(faults["undeserved"])
    yield row("ours, jailed", len(made), ours["seconds"], ours["rate"], ours["peak"] / 2**20, wrong)
    for name, title in (("serial", "nbgrader, one process"), ("two", "nbgrader, two processes")):
        other, marks = found[name], found[f"{name} marks"]
        wrong = sum(mark != made[student][1] for student, mark in marks.items())
        yield row(title, len(marks), other["seconds"], other["rate"], other["peak"] / 2**20, wrong)
    yield ""
    ratios = [ours["rate"] / found[name]["rate"] for name in ("serial", "two")]
    yield f"- Ours grades {ratios[0]:.1f} times as many submissions a minute as nbgrader, {ratios[1]:.1f} times as many as two nbgraders at once."
    broken = [student for student, (_, _, sound) in made.items() if not sound]
    every = sum(result["seconds"] for result in results.values())
    share = sum(results[student]["seconds"] for student in broken if student in results) / every
    yield f"- Of ours, {len(broken)} are broken (truncated JSON, an endless loop, `os._exit`, all wrong, missing cells; {found['seconds']:g} seconds for a cell): {share:.0%} of the work. nbgrader got none of these."
    jails = sorted(result["peak_mb"] for result in results.values())
    yield f"- A jail takes {jails[len(jails) // 2]:.0f} MB at its peak (median), the largest {jails[-1]:.0f} MB."
    yield f"- Lost submissions: {len(faults['lost'])}."
    for student in faults["undeserved"]:
        yield f"- **{student}: {points(results[student])} instead of {made[student][1]}. {results[student]['fault']}**"
    counts = ", ".join(map(str, found["kills"]))
    yield f"- Killed {len(found['kills'])} times, with {counts} submissions graded, and resumed: marks of {len(faults['differ'])} submissions differ from those of the run without a stop; processes that outlived a kill: {found['left']}."


def as_deserved(result, made):
    """Whether a result has the points that a submission deserves, and a fault only where it cannot be read."""
    return points(result) == made[1] and bool(result["fault"]) == isinstance(made[0], bytes)


# --- hostile submissions -------------------------------------------------------------------------------


def disguised(content):
    """The notebook with the words for which feedback is searched spelt in another way, which means the same to Python.

    Or a page that shows the student's own code would hold them.
    """
    for word in (hostile.CANARY, hostile.CAPTURED):
        content = content.replace(word.encode(), f"{word[:-2]}\\\\x{ord(word[-2]):02x}{word[-1]}".encode())
    return content


def leaked(text):
    """Whether a text holds a secret, in any of the forms that attacks write."""
    return any(form in text for word in (hostile.CANARY, hostile.CAPTURED) for form in hostile.forms(word))


def plant(room):
    """Put secrets where a teacher has them, and hand in for two students whom nothing should befall."""
    for student in ("abel", "zoe"):
        path = room.hand_in(student)
        path.with_name("notes.txt").write_text(hostile.CANARY)
    for place in ("secret", "source/secret", f"private/{room.name}/secret"):
        (room.course / place).write_text(f"{hostile.CANARY}\n")
    master = room.course / "source" / room.name / f"{LOGISTIC}.ipynb"
    notebook = nbformat.read(master, as_version=4)
    notebook.metadata.secret = hostile.CANARY
    nbformat.write(notebook, master)


def sandbox(course):
    """Options of bubblewrap: Python and the course's library can be read, one course directory written, nothing else."""
    return [
        jail.find_bwrap(),
        *jail.mounts(),
        *("--proc", "/proc", "--bind", str(course), PLACE, "--ro-bind", str(WORKER), "/srv/worker.py"),
        *("--unshare-user", "--unshare-all", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
        *("--die-with-parent", "--new-session", "--chdir", PLACE, "--clearenv"),
        *("--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8"),
        *("--setenv", "TF_CPP_MIN_LOG_LEVEL", "3", "--setenv", "CUDA_VISIBLE_DEVICES", "-1"),
        *("--setenv", "COURSE_TOKEN", hostile.CANARY, "--", sys.executable, "-P", "/srv/worker.py"),
    ]


def in_sandbox(course, *arguments):
    """Run a worker in the sandbox: (what it wrote or None, why it ended where it did not by itself)."""
    command = ["prlimit", f"--fsize={2**30}", f"--data={4 * 2**30}", "--core=0", *sandbox(course), *arguments]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return None, "out of time"
        finally:
            stop(process)
            process.wait()
        output.seek(max(0, output.seek(0, os.SEEK_END) - 2**26))
        last = output.read().strip().splitlines()[-1:]
    ended = f"ended with {process.returncode}" if process.returncode else ""
    try:
        return json.loads(last[0]), ended
    except (IndexError, ValueError):  # students' code can print there, too
        return None, ended


def try_nbgrader(attack, template, folder):
    """Hand in one attack, let nbgrader grade it and the student after, and look at what became of the course."""
    room = copy(template, folder / attack.name)
    try:
        room.hand_in("mallory", disguised(attack.build(nbformat.writes(room.solved()).encode(), PORT)))
        before = grading_worker.digests(room.course, "mallory")
        _, ended = in_sandbox(room.course, "nbgrader", PLACE, room.name)
        seen, blind = in_sandbox(room.course, "look", PLACE, room.name, "mallory")
    finally:
        shutil.rmtree(room.course, ignore_errors=True)
    if seen is None:
        why = ended or f"no marks could be read: {blind}"
        return {"points": {}, "ended": why, "aborted": True, "leak": False, "shown": False, "harm": True}
    marks = seen["marks"]
    zoe = marks.get("zoe", {})
    return {
        "points": marks.get("mallory", {}),
        "ended": ended,
        "aborted": None in zoe.values() or not zoe,
        "leak": leaked(seen["feedback"]),
        "shown": "BEGIN HIDDEN TESTS" in seen["feedback"],
        "harm": marks.get("abel") != POINTS
        or bool(zoe and None not in zoe.values() and zoe != POINTS)
        or any(seen["files"].get(path) != digest for path, digest in before.items()),
    }


def run_nbgrader(attacks, folder):
    """nbgrader's side: {name: outcome}; two students' work and secrets lie beside each attack."""
    template = Classroom(folder / "nbgrader")
    plant(template)
    away = template.course / "submitted" / "zoe"
    away.rename(folder / "zoe")
    in_sandbox(template.course, "nbgrader", PLACE, template.name)
    if grading_worker.marks(template.course, template.name).get("abel") != POINTS:
        raise CourseError("nbgrader does not run in bubblewrap here: it did not grade a right submission.")
    (folder / "zoe").rename(away)

    def go(attack):
        outcome = try_nbgrader(attack, template, folder)
        print(f"  nbgrader, {attack.name}: {total(outcome['points'])}", flush=True)
        return outcome

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(attacks, pool.map(go, attacks.values()), strict=True))


def run_ours(attacks, folder, seconds):
    """Our side, all in one batch: {name: outcome}."""
    room = Classroom(folder / "ours")
    plant(room)
    solved = nbformat.writes(room.solved()).encode()
    for name, attack in attacks.items():
        room.hand_in(name, disguised(attack.build(solved, PORT)))
    before = grading_worker.digests(room.course, "")
    with environment(COURSE_TOKEN=hostile.CANARY):
        process = start("ours", room.course, seconds)
    ended = ""
    try:
        finish([process])
    except RuntimeError as error:
        ended = str(error)
        print(ended, file=sys.stderr)
    after, results = grading_worker.digests(room.course, ""), kept(room)
    harm = any(points(results[other]) != POINTS for other in ("abel", "zoe") if other in results)
    harm |= any(after.get(path) != digest for path, digest in before.items())
    outcomes = {}
    for name in attacks:
        page = room.course / "results" / room.name / "feedback" / f"{name}.html"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        result = results.get(name)
        outcomes[name] = {
            "points": points(result) if result else {},
            "ended": ended,
            "aborted": result is None or not text,
            "leak": leaked(text) or leaked(json.dumps(result, ensure_ascii=False)),
            "harm": harm,
        }
    return outcomes


@contextmanager
def environment(**variables):
    """Environment variables for a while."""
    os.environ |= variables
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


def total(marks):
    """The sum of marks as text."""
    given = [mark for mark in marks.values() if mark is not None]
    return f"{sum(given):g}" if given else NONE


def judge(attack, outcome):
    """What went wrong with an attack, of FAULTS."""
    marks = {key: mark for key, mark in outcome["points"].items() if mark is not None}
    wrong = {
        "forged": attack.name not in REFUSED
        and any(mark > attack.deserves.get(key, 0) for key, mark in marks.items()),
        "leak": outcome["leak"],
        "aborted": outcome["aborted"],
        "harm to others": outcome["harm"],
        "not graded": not marks,
        "too few points": marks and any(marks.get(key, 0) < worth for key, worth in attack.deserves.items()),
    }
    return [name for name in FAULTS if wrong[name]]


def report_hostile(attacks, theirs, ours):
    """Markdown lines: totals, and a table of the attacks.

    Args:
        attacks: dict from name to Attack.
        theirs: dict from name to outcome; of the harmless ones.
        ours: dict from name to outcome; of all.
    """
    yield f"| | submissions | {' | '.join(FAULTS)} |"
    yield f"|---|---|{'---|' * len(FAULTS)}"
    same = {name: ours[name] for name in theirs}
    for title, outcomes in (("nbgrader", theirs), ("ours, the same", same), ("ours, all", ours)):
        verdicts = (judge(attacks[name], outcome) for name, outcome in outcomes.items())
        counts = Counter(chain.from_iterable(verdicts))
        yield f"| {title} | {len(outcomes)} | {' | '.join(str(counts[name]) for name in FAULTS)} |"
    yield f"\n- Forged: more points for an exercise than it deserves; not counted in {', '.join(sorted(REFUSED))}, which ours refuses as a whole, though their answers are right."
    yield "- Leak: its feedback holds a secret of the teacher's or of another student's, or inputs that only a hidden question has."
    yield "- Aborted: the student after it was not graded; with ours, it was not graded or nothing was handed back."
    yield "- Harm to others: a mark or a file of another student or of the teacher changed; in our one batch it is not known by whom, and all count."
    yield "- Not graded: it has no marks, whatever it deserves."
    shown = sum(outcome["shown"] for outcome in theirs.values())
    yield f"- nbgrader's feedback shows its hidden tests in {shown} of {len(theirs)}."
    yield "\n| name | what it tries | deserves | nbgrader gave | ours gave | nbgrader | ours |"
    yield "|---|---|---|---|---|---|---|"
    for name, attack in attacks.items():
        their, said = theirs.get(name), "not run: harmful"
        if their:
            said = ", ".join([*judge(attack, their), *([their["ended"]] if their["ended"] else [])])
        cells = [
            name,
            " ".join(attack.tries.split()).replace("|", "\\|").replace("<", "&lt;"),
            total(attack.deserves),
            total(their["points"]) if their else NONE,
            total(ours[name]["points"]),
            said,
            ", ".join(judge(attack, ours[name])),
        ]
        yield f"| {' | '.join(cells)} |"


def compare_hostile(asked, folder):
    """Part 2: what `report_hostile` takes."""
    attacks = {
        name: attack
        for name, attack in (hostile.codes() | hostile.notebooks()).items()
        if any(fnmatch(name, pattern) for pattern in asked.only)
    }
    harmless = {name: attack for name, attack in attacks.items() if not attack.harmful}
    return attacks, run_nbgrader(harmless, folder), run_ours(attacks, folder, asked.seconds)


# --- both ----------------------------------------------------------------------------------------------


def main(arguments=None):
    """Run the benchmark; see the module's first lines. Returns the number of faults."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=500, help="for ours (default: 500)")
    parser.add_argument("--baseline", type=int, default=30, help="of them, for nbgrader (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of what is random (default: 0)")
    parser.add_argument(
        "--seconds", type=float, default=5, help="that ours gives a cell or a check (default: 5)"
    )
    parser.add_argument("--hostile", action="store_true", help="compare hostile submissions instead")
    parser.add_argument(
        "--only", nargs="+", default=["*"], help="attacks whose names are such, as in 'clumsy_*'"
    )
    parser.add_argument("--out", type=Path, help="default: build/grading.md or build/grading_hostile.md")
    asked = parser.parse_args(arguments)
    if not asked.hostile and (asked.submissions < 2 * len(KINDS) or asked.baseline < 2):
        parser.error(f"at least {2 * len(KINDS)} submissions and a baseline of 2 are wanted")
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--out" in given:  # where the result is kept is no part of it
        del given[given.index("--out") : given.index("--out") + 2]
    name = "grading_hostile" if asked.hostile else "grading"
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        if asked.hostile:
            attacks, theirs, ours = compare_hostile(asked, Path(folder))
            lines = report_hostile(attacks, theirs, ours)
            faults = sum(len(judge(attacks[name], outcome)) for name, outcome in ours.items())
        else:
            found = compare_speed(asked, Path(folder))
            lines = report_speed(found)
            faults = sum(map(len, judge_speed(found).values())) + found["left"]
            faults += len(found["kills"]) < KILLS
    title = "Hostile submissions" if asked.hostile else "Grading"
    versions = ", ".join(f"{each} {version(each)}" for each in ("nbgrader", "tensorflow", "numpy"))
    head = [
        f"# {title}: ours and nbgrader's autograde\n",
        f"`{' '.join(['python tests/benchmarks/grading.py', *given])}`, {date.today()}: lesson 02, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}, {versions}.\n",
    ]
    text = "\n".join([*head, *lines])
    path = asked.out or ROOT / "build" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
    print(text)
    return faults


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("grading.py: stopped."))  # so that no worker is left
    try:
        sys.exit(1 if main() else 0)
    except CourseError as error:
        sys.exit(f"grading.py: {error}")
