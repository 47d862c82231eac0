"""The course's data sets, one loader each. Their cards are in datasets/README.md."""

import zipfile
from typing import NamedTuple

from course_lib import fetch
from course_lib.fetch import DataError, OutOfReachError
from course_lib.registry import DATASETS

__all__ = [
    "DATASETS",
    "DataError",
    "OutOfReachError",
    "Splits",
    "StandIn",
    "Status",
    "load_auto_mpg",
    "load_breast_cancer",
    "load_cifar10",
    "load_co2",
    "load_dates",
    "load_digits",
    "load_fashion_mnist",
    "load_imdb",
    "load_rotten_tomatoes",
    "status",
]


class Splits(NamedTuple):
    """Three parts of a data set that share no example.

    Attributes:
        train: pair (x, y).
        validation: pair (x, y).
        test: pair (x, y).
    """

    train: tuple
    validation: tuple
    test: tuple


class StandIn(Splits):
    """Splits of pictures that stand in for those asked for."""


class Status(NamedTuple):
    """A data set as `status` found it: usable or not, where it is or what is wrong, its size in bytes."""

    name: str
    ok: bool
    where: str
    bytes: int


# --- tables --------------------------------------------------------------------------------------------


def load_auto_mpg(sample=None, seed=0):
    """Load the 398 cars of Auto MPG as one table: lesson 01 splits it. The horsepower of six is unknown.

    Args:
        sample: int from 1 to 398, rows to draw without replacement; None for all.
        seed: int, decides which rows are drawn.
    Returns:
        DataFrame in order of model year: mpg (miles per US gallon), cylinders, displacement_in3 (cubic
        inches), horsepower (NaN where unknown), weight_lb (pounds), acceleration_s (seconds from 0 to
        60 mph), model_year (1970 to 1982), origin ("USA", "Europe" or "Japan"), name.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: Quinlan (1993), https://doi.org/10.24432/C5859H, CC BY 4.0.
    """
    import pandas as pd

    (path,), where = _find("auto_mpg")
    cars = pd.read_csv(path)
    if sample is not None:
        cars = cars.sample(_rows(sample, len(cars)), random_state=seed).sort_index(ignore_index=True)
    print(f"Auto MPG: {len(cars)} cars, from {where}")
    return cars


def load_breast_cancer(sample=None, seed=0):
    """Load 569 breast masses: 30 features of their cells, and whether each was malignant.

    Args:
        sample: int, training examples to draw, the classes in proportion; None for all. A smaller sample
            with the same seed is part of a larger one; validation and test stay whole.
        seed: int, decides which are drawn.
    Returns:
        Splits of 341, 114 and 114: x DataFrame (N, 30) of named features, y int64 (N,), 1 where malignant:
        the finding looked for. scikit-learn has it the other way round.
    Raises:
        ValueError: `sample` is not such a number.
    Source: Wolberg et al. (1993), https://doi.org/10.24432/C5DW2B, CC BY 4.0.
    """
    from sklearn import datasets

    x, y = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    parts = _cut(1 - y.to_numpy("int64"), (341, 114, 114))
    splits = Splits(*((x.iloc[rows].reset_index(drop=True), 1 - y.to_numpy("int64")[rows]) for rows in parts))
    return _give("Breast cancer", splits, "masses", "scikit-learn", sample, seed)


def load_digits(sample=None, seed=0):
    """Load 1,797 handwritten digits of 8 x 8 pixels.

    Args:
        sample: int, training examples to draw, as in `load_breast_cancer`.
        seed: int, decides which are drawn.
    Returns:
        Splits of 1,077, 360 and 360: x float64 (N, 64), values 0 to 16, row by row; y int64 (N,), 0 to 9.
    Raises:
        ValueError: `sample` is not such a number.
    Source: Alpaydin & Kaynak (1998), https://doi.org/10.24432/C50P49, CC BY 4.0.
    """
    from sklearn import datasets

    x, y = datasets.load_digits(return_X_y=True)
    splits = Splits(*((x[rows], y[rows].astype("int64")) for rows in _cut(y, (1077, 360, 360))))
    return _give("Digits", splits, "pictures", "scikit-learn", sample, seed)


# --- pictures ------------------------------------------------------------------------------------------


def load_fashion_mnist(sample=None, seed=0, full=False):
    """Load pictures of clothes, ten classes: `DATASETS["fashion_mnist"].classes` has their names.

    Args:
        sample: int, training examples to draw, as in `load_breast_cancer`.
        seed: int, decides which are drawn.
        full: bool, all 70,000 (31 MB, fetched at the first use) instead of the 12,000 that come with the
            course. The parts of the 12,000 are in the same parts of the 70,000.
    Returns:
        Splits of 8,000, 2,000 and 2,000, or of 50,000, 10,000 and 10,000: x uint8 (N, 28, 28), 0 is the
        background; y int64 (N,), 0 to 9.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: a file is damaged, or found nowhere.
    Source: Xiao, Rasul & Vollgraf (2017), arXiv:1708.07747, MIT.
    """
    import numpy as np

    name = "fashion_mnist_full" if full else "fashion_mnist"
    paths, where = _find(name)
    if full:
        (x, y), test = (_read_idx(*paths[:2]), _read_idx(*paths[2:]))
        held_out = _last_of_each(y, 1000)
        splits = Splits((x[~held_out], y[~held_out]), (x[held_out], y[held_out]), test)
    else:
        with np.load(paths[0]) as arrays:
            parts = ("train", "validation", "test")
            splits = Splits(*((arrays[f"x_{part}"], arrays[f"y_{part}"].astype("int64")) for part in parts))
    return _give("Fashion-MNIST", splits, "pictures", where, sample, seed)


def load_cifar10(sample=None, seed=0, stand_in=None):
    """Load colour pictures of ten classes of things: `DATASETS["cifar10"].classes` has their names.

    170 MB, fetched at the first use. Where they cannot be had, emoji on varied backgrounds stand in for them,
    and the line that is printed says so. A `cifar10.npz` (x_train, y_train, x_test, y_test) in the folder
    $COURSE_DATA_DIR goes before both.

    Args:
        sample: int, training examples to draw, as in `load_breast_cancer`; a smaller one of the stand-in is no part
            of a larger one.
        seed: int, decides which are drawn.
        stand_in: None to take the stand-in where CIFAR-10 is out of reach, True to take it anyway, False to
            fail instead.
    Returns:
        Splits of 45,000, 5,000 and 10,000, less what a later part holds too: x uint8 (N, 32, 32, 3), RGB;
        y int64 (N,), 0 to 9. A StandIn where they are emoji.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: a file is damaged, or found nowhere and `stand_in` is False.
    Source: Krizhevsky (2009), https://www.cs.toronto.edu/~kriz/cifar.html.
    """
    try:
        found = None if stand_in else _read_own_cifar10() or _read_cifar10()
    except OutOfReachError:
        if stand_in is False:
            raise
        found = None
    if found:
        (x, y), test, where = found
        held_out = _last_of_each(y, 500)
        splits = Splits((x[~held_out], y[~held_out]), (x[held_out], y[held_out]), test)
        return _give("CIFAR-10", _keep_apart(splits), "pictures", where, sample, seed)
    from course_lib import stand_in as emoji

    (archive,), where = _find("emoji")
    training = 45_000 if sample is None else _rows(sample, 45_000)
    # Seeds that nobody draws training pictures with: validation and test stay the same, and apart from those.
    asked = (training, seed), (5_000, 2**32 - 1), (10_000, 2**32 - 2)
    splits = StandIn(*(emoji.pictures(archive, count, seed) for count, seed in asked))
    reason = "asked for" if stand_in else "CIFAR-10 is out of reach: `course data get cifar10` says why"
    return _give(f"STAND-IN for CIFAR-10, drawn from emoji ({reason})", splits, "pictures", where, None, seed)


# --- texts ---------------------------------------------------------------------------------------------


def load_rotten_tomatoes(sample=None, seed=0):
    """Load sentences out of film reviews, each for or against the film.

    Args:
        sample: int, training examples to draw, as in `load_breast_cancer`.
        seed: int, decides which are drawn.
    Returns:
        Splits of 6,000, 1,000 and 1,530: x object (N,) of str, in lower case; y int64 (N,), 1 where for.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: Pang & Lee (2005), https://www.cs.cornell.edu/people/pabo/movie-review-data/.
    """
    table, where = _read_csv("rotten_tomatoes")
    return _give("Rotten Tomatoes", _by_column(table, "text", "label"), "snippets", where, sample, seed)


def load_imdb(sample=None, seed=0):
    """Load whole film reviews, each for or against the film: 35 MB, fetched at the first use.

    Args:
        sample: int, training examples to draw, as in `load_breast_cancer`.
        seed: int, decides which are drawn.
    Returns:
        Splits of 15,000, 5,000 and 5,000, less what a later part holds too: x object (N,) of str, with HTML's
        `<br />`; y int64 (N,), 1 where for. Each part is a stretch of the file, where a film's reviews stand
        together; its rows are shuffled.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: Maas et al. (2011), https://ai.stanford.edu/~amaas/data/sentiment/.
    """
    table, where = _read_csv("imdb")
    table = table[table["source"] == "imdb"]
    place = table.groupby("label").cumcount() / (len(table) / 2)
    table = table.assign(
        split=["train" if at < 0.6 else "validation" if at < 0.8 else "test" for at in place]
    )
    splits = _keep_apart(_by_column(table, "text", "label"))
    orders = [_order(y, 0) for _, y in splits]  # the file has all of one label first
    splits = Splits(*((x[order], y[order]) for (x, y), order in zip(splits, orders, strict=True)))
    return _give("IMDB", splits, "reviews", where, sample, seed)


def load_dates(sample=None, seed=0):
    """Load dates written in many English ways, each with its ISO form. No day is in two parts.

    Args:
        sample: int, training examples to draw; None for all.
        seed: int, decides which are drawn.
    Returns:
        Splits of 8,000, 1,000 and 1,000: x object (N,) of str, such as `"the 3rd of March, 2021"`;
        y object (N,) of str, such as `"2021-03-03"`.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: generated by datasets/build/dates.py.
    """
    table, where = _read_csv("dates")
    return _give("Dates", _by_column(table, "text", "iso"), "dates", where, sample, seed)


def load_co2(sample=None, seed=0):
    """Load monthly means of carbon dioxide in the air at Mauna Loa, Hawaii, 1958 to 2001.

    Args:
        sample: int, training months to keep, the latest ones; None for all.
        seed: unused, here since every loader has it.
    Returns:
        Splits, one after the other in time: x datetime64[M] (N,), the months without a gap; y float64 (N,), ppm,
        NaN in a month without measurements.
    Raises:
        ValueError: `sample` is not such a number.
        DataError: the file is damaged, or found nowhere.
    Source: Keeling & Whorf (2004), as statsmodels has it; a later edition: https://doi.org/10.3334/CDIAC/atg.035.
    """
    table, where = _read_csv("co2")
    splits = Splits(*((x.astype("datetime64[M]"), y) for x, y in _by_column(table, "month", "co2_ppm")))
    if sample is not None:
        sample = _rows(sample, len(splits.train[0]))
        splits = splits._replace(train=tuple(values[-sample:] for values in splits.train))
    return _give("Carbon dioxide at Mauna Loa", splits, "months", where, None, seed)


# --- what is here --------------------------------------------------------------------------------------


def status():
    """Look for every data set on this machine, without using the network.

    Returns:
        list of `Status`, one a data set.
    """
    rows = []
    for name, dataset in DATASETS.items():
        try:
            if name == "cifar10" and _own_cifar10():
                rows.append(
                    Status(name, True, "cifar10.npz in COURSE_DATA_DIR", _own_cifar10().stat().st_size)
                )
                continue
            found = [fetch.find_here(file) for file in dataset.files]
            if all(found):
                where = " and ".join(dict.fromkeys(where for _, where in found)) or "scikit-learn"
            else:
                where = "not on this machine yet: fetched at its first use"
            rows.append(Status(name, True, where, dataset.bytes))
        except DataError as error:
            rows.append(Status(name, False, str(error), dataset.bytes))
    return rows


def choose(names):
    """The data sets of these names, all where there are none.

    Raises:
        DataError: there is none of that name.
    """
    for name in names or ():
        if name not in DATASETS:
            raise DataError(f"{name!r}: expected a name among {', '.join(DATASETS)}.")
    return list(names or DATASETS)


def fetch_all(name, folder=None, say=print):
    """Bring the files of a data set to this machine, however long it takes.

    Args:
        name: a key of `DATASETS`.
        folder: Path, where to copy those that do not come with the course; None to leave them in the cache.
        say: function of a line about each file.
    Raises:
        OutOfReachError: a file is found nowhere, or cannot be stored.
        DataError: a local copy is damaged.
    """
    if not DATASETS[name].files:
        say(f"{name}: scikit-learn brings it")
    for file in DATASETS[name].files:
        path, where = fetch.find(file, DATASETS[name].title, patient=True)
        if folder and not file.bundled:
            path = fetch.copy(path, folder / file.name)
            where = f"{where}, copied to {folder}"
        say(f"{name}: {file.name}, from {where}")


def verify(name):
    """Compare every copy of a data set's files on this machine with its checksum.

    Returns:
        list of (Path, what is wrong with it, or None).
    """
    return [found for file in DATASETS[name].files for found in fetch.verify(file)]


def _find(name):
    """Return the verified files' paths, and words that say where they were found."""
    found = [fetch.find(file, DATASETS[name].title) for file in DATASETS[name].files]
    return [path for path, _ in found], " and ".join(dict.fromkeys(where for _, where in found))


def _rows(sample, available):
    if isinstance(sample, bool) or not hasattr(sample, "__index__") or not 1 <= sample <= available:
        raise ValueError(f"sample: expected an int from 1 to {available}, received {sample!r}")
    return int(sample)


def _give(title, splits, what, where, sample, seed):
    """Draw the training sample, say in one line what is there, and return it."""
    if sample is not None:
        x, y = splits.train
        rows = sorted(_order(y, seed)[: _rows(sample, len(y))])
        splits = splits._replace(
            train=(x.iloc[rows].reset_index(drop=True) if hasattr(x, "iloc") else x[rows], y[rows])
        )
    sizes = ", ".join(
        f"{len(y)} {part}" for part, (_, y) in zip(("training", "validation", "test"), splits, strict=True)
    )
    print(f"{title}: {sizes} {what}, from {where}")
    return splits


def _order(y, seed):
    """Shuffle rows so that every stretch of them has the classes in proportion; the same on every machine."""
    import numpy as np
    import pandas as pd

    order = np.random.RandomState(seed).permutation(len(y))  # this stream is frozen, default_rng's is not
    classes = pd.Series(y[order]).groupby(y[order])
    place = (classes.cumcount() + 0.5) / classes.transform("size")
    return order[np.argsort(place, kind="stable")]


def _cut(y, sizes):
    """Return the rows of fixed parts, in the data's own order."""
    import numpy as np

    return [np.sort(rows) for rows in np.split(_order(y, 0), np.cumsum(sizes)[:-1])]


def _last_of_each(y, count):
    """Mark the last `count` rows of each class."""
    import pandas as pd

    return (pd.Series(y).groupby(y).cumcount(ascending=False) < count).to_numpy()


def _keep_apart(splits):
    """Drop what a later part holds too, so that test examples all stay. Texts count as equal in any case and spacing."""
    import numpy as np

    def key(example):
        return " ".join(example.lower().split()) if isinstance(example, str) else example.tobytes()

    seen, parts = set(), []
    for x, y in reversed(splits):
        keys = [key(example) for example in x]
        new = np.array([key not in seen for key in keys], bool)  # of an empty part too
        seen.update(keys)
        parts.append((x[new], y[new]))
    return Splits(*reversed(parts))


def _read_csv(name):
    import pandas as pd

    (path,), where = _find(name)
    return pd.read_csv(path, keep_default_na=name == "co2"), where


def _by_column(table, x, y):
    """Split a table by its column `split` into pairs of two other columns."""
    groups = (table[table["split"] == part] for part in ("train", "validation", "test"))
    return Splits(*((_array(group[x]), _array(group[y])) for group in groups))


def _array(column):
    return column.to_numpy(object if column.map(type).eq(str).any() else None)


def _read_idx(pictures, labels):
    """Read MNIST's format: a header of 16 and of 8 bytes, then unsigned bytes."""
    import gzip

    import numpy as np

    y = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8).astype("int64")
    return np.frombuffer(gzip.decompress(pictures.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28), y


def _own_cifar10():
    """Return the path of a cifar10.npz in $COURSE_DATA_DIR, or None."""
    folder = fetch.given_folder()
    path = folder and folder / "cifar10.npz"
    return path if path and path.is_file() else None


def _read_own_cifar10():
    """Read what the learner or teacher put there: its shape is checked, there is no checksum."""
    import numpy as np

    path = _own_cifar10()
    if not path:
        return None
    wrong = f"{path.name} in COURSE_DATA_DIR: expected uint8 x_train (N, 32, 32, 3), x_test and labels 0 to 9 y_train, y_test"
    try:
        with np.load(path) as arrays:
            parts = [
                (arrays[f"x_{part}"], arrays[f"y_{part}"].ravel().astype("int64"))
                for part in ("train", "test")
            ]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{wrong}, received {error}; replace the file or take it away.") from None
    for x, y in parts:
        if x.dtype != np.uint8 or x.shape != (len(y), 32, 32, 3) or set(np.unique(y)) != set(range(10)):
            raise DataError(
                f"{wrong}, received {x.dtype} {x.shape}, {len(y)} labels; replace the file or take it away."
            )
    return *parts, "cifar10.npz in COURSE_DATA_DIR"


def _read_cifar10():
    """Read the archive from CIFAR-10's home. It holds pickles, which can run code: only the verified ones are read."""
    import pickle
    import tarfile

    import numpy as np

    (path,), where = _find("cifar10")
    batches = []
    with tarfile.open(path) as archive:
        for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
            batches.append(pickle.load(archive.extractfile(f"cifar-10-batches-py/{name}"), encoding="bytes"))
    pairs = [
        (batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.array(batch[b"labels"], "int64"))
        for batch in batches
    ]
    return tuple(np.concatenate(parts) for parts in zip(*pairs[:5], strict=True)), pairs[5], where
