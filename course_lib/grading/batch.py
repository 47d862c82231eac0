"""Grade the submissions of an assignment, several at once; what is graded already is not graded again."""

import base64
import contextlib
import functools
import hashlib
import hmac
import itertools
import json
import os
import secrets
import signal
import stat
import subprocess
import tempfile
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from filelock import FileLock, Timeout

from course_lib.errors import CourseError, Interrupted
from course_lib.grading import jail as jails
from course_lib.grading import plan as plans

INTERRUPTED = "Interrupted: what is graded is kept. Run the same command to go on."
RESULT = 64 * 2**20  # bytes
PATIENCE = 40  # times the limit of a cell that one submission may take: twice what `examiner` allows itself
DASK = 10  # seconds to wait for a cluster
JUDGES = ("examiner", "jailed", "plan", "wire")
STARTED = set()  # processes that run now


def grade(
    course, name, limits, workers=None, dask=None, jail=True, exercises=(), students=(), on_result=None
):
    """Grade all submissions of an assignment, and keep each result in `results/NAME/students`.

    Args:
        course: Path of the course directory.
        name: of the assignment.
        limits: jail.Limits.
        workers: how many at once; None for one a core, or for all that a cluster has.
        dask: address of a Dask cluster, or None for this machine.
        jail: False runs students' code as this user.
        exercises: ids to grade again; all where empty.
        students: whom to grade; all where empty.
        on_result: function (student, result, number done, number of all), called after each.
    Returns:
        dict from student to result, also of those graded before.
    Raises:
        CourseError: no such assignment, exercise or student; the jail does not work.
        Interrupted: Ctrl-C; what is done is kept.
    """
    if os.name != "posix":
        raise CourseError("Grading needs Linux: on Windows, run it in WSL.")
    if jail and (shown := jails.shows(course)):
        raise CourseError(
            f"{course} lies in {shown}, which the jail shows to every student: move it elsewhere."
        )
    plan = plans.read_plan(course, name)
    every = {each["id"] for notebook in plan["notebooks"] for each in notebook["exercises"]}
    if unknown := set(exercises) - every:
        raise CourseError(f"{name} has no exercise {min(unknown)}. It has {', '.join(sorted(every))}.")
    names = {notebook["name"] for notebook in plan["notebooks"]}
    found = submissions(course, name, names)
    if not found:
        raise CourseError(
            f"Nothing of {name} was handed in: `course collect` brings submissions into {course}."
        )
    if unknown := set(students) - set(found):
        raise CourseError(
            f"No submission of {min(unknown)} in {course / 'submitted'}. `course collect` brings them."
        )
    folder = course / "results" / name / "students"
    folder.mkdir(parents=True, exist_ok=True)
    own = course / "private" / name / "checks.py"
    rules = {
        "plan": plan,
        "checks": own.read_text(encoding="utf-8") if own.exists() else "",
        "jail": jail,
    }
    secret = read_secret(course, name)
    wanted = set(exercises) or every
    results, jobs = {}, []
    code = [cell for notebook in plan["notebooks"] for cell in notebook["cells"] if cell["type"] == "code"]
    asks = [code, [notebook["exercises"] for notebook in plan["notebooks"]], rules["checks"], jail, secret]
    for student, paths in sorted(found.items()):
        old = recall(folder / f"{student}.json")
        asked = not students or student in students
        again = bool(exercises or students) or not old or old["digest"] != digest_of(asks, read(paths)[0])
        if old and not (asked and again):
            results[student] = old
        elif asked:
            jobs.append((student, paths, old))
    if not jobs:
        return results
    jails.examiner_command(limits, jail)  # what is missing is said before anything starts
    lock = FileLock(folder.parent / ".lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        raise CourseError(f"Another `course grade` is at work on {name}: wait for its end.") from None

    def prepare(student, paths, old):
        """The request for a submission, and what `finish` needs to know of it."""
        content, faults = read(paths)
        kept = old if old and exercises and old["submission"] == digest_of(content) else None
        digest = digest_of(asks, content)
        if kept and kept["digest"] != digest:
            digest = ""  # of the others, something has changed
        seeds = {key: seed(secret, student, key) for key in sorted(wanted if kept else every)}
        about = {
            "student": student,
            "assignment": name,
            "jail": "bubblewrap" if jail else "none",
            "digest": digest,
            "submission": digest_of(content),
        }
        return rules | {"notebooks": content, "seeds": seeds}, (about, faults, kept)

    with held, executor(workers, dask) as (submit, width):
        waiting, running, done = iter(jobs), {}, 0
        while True:
            for job in itertools.islice(waiting, 2 * width - len(running)):
                request, about = prepare(*job)
                running[submit(examine, request, asdict(limits))] = about
            if not running:
                return results
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = finish(future, *running.pop(future))
                student = result["student"]
                write(folder / f"{student}.json", json.dumps(result, ensure_ascii=True))
                results[student] = result
                done += 1
                if on_result:
                    on_result(student, result, done, len(jobs))


@contextlib.contextmanager
def progress(console):
    """A progress bar.

    Yields:
        function for `grade`'s on_result.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)

        def tell(student, result, done, total):
            name = "".join(c if c.isprintable() else "?" for c in student).replace("[", "\\[")
            bar.update(task, completed=done, total=total, description=name)

        yield tell


def finish(future, about, faults, kept):
    """The result of one submission, whatever became of its process."""
    result = {"fault": "", "notes": [], "exercises": {}, "written": {}, "seconds": 0.0, "peak_mb": 0.0}
    try:
        result |= future.result()
    except Exception as error:  # of this machine or of the cluster: it is tried again the next time
        text = f"{type(error).__name__}: {error}"
        result["fault"] = f"It could not be graded: {text[:1000]}. Run `course grade` again."
        about |= {"digest": ""}
    if kept:
        result["exercises"] = kept["exercises"] | result["exercises"]
    result["notes"] = [*faults, *result["notes"]]
    return result | about


def submissions(course, name, notebooks):
    """What lies in `submitted`.

    Args:
        course: Path of the course directory.
        name: of the assignment.
        notebooks: their names.
    Returns:
        {student: {notebook's name: Path}}.
    Raises:
        CourseError: a folder's name is none that files and databases take.
    """
    found = {}
    for folder in sorted((course / "submitted").glob(f"*/{name}")):
        student = folder.parent.name
        if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
            continue
        if len(student.encode(errors="surrogateescape")) > 200 or not student.isprintable():
            raise CourseError(f"submitted/{student!a:.99} cannot be a student's name: rename that folder.")
        found[student] = {
            path.stem: path for path in sorted(folder.glob("*.ipynb")) if path.stem in notebooks
        }
    return found


def read(paths):
    """Submitted files as base64, and a sentence for each that cannot be read; links are not followed."""
    content, faults = {}, []
    for name, path in paths.items():
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError("it is no file")
                content[name] = base64.b64encode(file.read(plans.NOTEBOOK + 1)).decode()
        except OSError as error:
            faults.append(f"{name}.ipynb cannot be read: {error.strerror or error}.")
    return content, faults


def digest_of(*parts):
    """A digest of plain data; of more than one part, also of what judges them."""
    code = judges() if len(parts) > 1 else ""
    return hashlib.sha256(json.dumps([parts, code], sort_keys=True).encode()).hexdigest()


@functools.cache
def judges():
    """A digest of the course's checks and of the examiner."""
    here = Path(plans.__file__).parent
    files = [*sorted((here.parent / "checks").glob("*.py")), *(here / f"{each}.py" for each in JUDGES)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def read_secret(course, name):
    """What the seeds are derived from: made once for an assignment, and never handed out."""
    path = course / "private" / name / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, secrets.token_hex(32), mode=0o600)
    return path.read_text().strip()


def seed(secret, student, exercise):
    """The seed of a student's questions in an exercise: always the same, and not to be guessed."""
    mac = hmac.digest(secret.encode(), f"{exercise}/{student}".encode(errors="surrogatepass"), "sha256")
    return int.from_bytes(mac[:8], "big")


def recall(path):
    """A result of an earlier run, or None."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return (
            result
            if isinstance(result, dict) and {"digest", "submission", "exercises"} <= result.keys()
            else None
        )
    except (OSError, ValueError):
        return None


def write(path, text, mode=0o644):
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


@contextlib.contextmanager
def executor(workers, dask):
    """Where the jobs run.

    Yields:
        function (function, *args) -> Future, and how many run at once.
    """
    if dask:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise CourseError(
                "Dask is missing: pip install 'dask[distributed]', here and on the cluster."
            ) from None
        try:
            client = Client(dask, timeout=DASK)
        except (OSError, ValueError, TypeError) as error:
            raise CourseError(
                f"No Dask cluster answers at {dask}: {error}. Is its scheduler running?"
            ) from None
        pool = client.get_executor(pure=False)
        try:
            yield pool.submit, workers or sum(client.nthreads().values()) or 1
        except KeyboardInterrupt:
            raise Interrupted(INTERRUPTED) from None
        finally:
            pool.shutdown(wait=False)  # it cancels what is left
            client.close(timeout=2)
        return
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    width = workers or len(cores)
    pool, free = ThreadPoolExecutor(width), SimpleQueue()
    for number in range(width):
        free.put(cores[number % len(cores)])

    def on_a_core(function, request, limits):
        core = free.get()
        try:
            return function(request | {"core": core}, limits)
        finally:
            free.put(core)

    try:
        yield functools.partial(pool.submit, on_a_core), width
    except KeyboardInterrupt:
        raise Interrupted(INTERRUPTED) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(STARTED):
            end(process)
        pool.shutdown()


def examine(request, limits):
    """Grade one submission in a process of its own; this is the job that a cluster runs.

    Args:
        request: as `examiner.grade` takes it.
        limits: dict of the fields of jail.Limits.
    Returns:
        plain data, as `examiner.grade` gives it.
    Raises:
        RuntimeError: it ended without a result, or took too long.
    """
    limits = jails.Limits(**limits)
    environment = {
        name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PATH", "TMPDIR") if name in os.environ
    }
    environment |= {"HOME": "/tmp", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            jails.examiner_command(limits, request["jail"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        STARTED.add(process)
        late = threading.Timer(PATIENCE * limits.seconds, end, [process])
        late.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it ended: the log says why
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            answer = process.stdout.read(RESULT)
        finally:
            late.cancel()
            end(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
            STARTED.discard(process)
        try:
            return json.loads(answer)
        except ValueError:
            log.seek(0)
            text = log.read(100_000).decode("utf-8", errors="replace").strip().splitlines()
            why = text[-1] if text else "it was ended: out of time or out of memory"
            raise RuntimeError(why) from None


def end(process):
    """End a process and its group; its jail ends with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def try_jail(limits, jail=True):
    """Why the jail does not work here, in one line, or `""`.

    Raises:
        CourseError: bubblewrap or a package is missing.
    """
    return " ".join(examine({"try": True, "jail": jail}, asdict(limits))["reason"].split())
