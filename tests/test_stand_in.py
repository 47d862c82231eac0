"""The stand-in for CIFAR-10: what is drawn, how hard it is, and the emoji that it is drawn from."""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest

from course_lib import stand_in
from course_lib.registry import DATASETS, THINGS

FOLDER = Path(__file__).parents[1] / "datasets"
ARCHIVE = FOLDER / "emoji.zip"
PACKAGE = "fonts-noto-color-emoji=2.042-0+deb12u1"
INSTALLED = Path("usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")


# --- what is drawn -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def splits():
    """Pictures of two seeds: 4,000 to train, 2,000 to test."""
    return *stand_in.pictures(ARCHIVE, 4_000, 0), *stand_in.pictures(ARCHIVE, 2_000, 1)


def test_pictures_are_like_those_of_cifar10(splits):
    """In shape, type, range and balance; shuffled."""
    x, y, _, _ = splits
    assert (x.shape, x.dtype) == ((4_000, 32, 32, 3), np.uint8)
    assert (y.shape, y.dtype) == ((4_000,), np.int64)
    assert (x.min(), x.max()) == (0, 255)
    assert np.bincount(y).tolist() == [400] * 10
    assert np.bincount(y[:100], minlength=10).min() > 0
    for count in (0, 1, 51):
        x, y = stand_in.pictures(ARCHIVE, count, 0)
        assert x.shape == (count, 32, 32, 3)
        assert np.ptp(np.bincount(y, minlength=10)) <= 1


def test_no_two_pictures_are_equal(splits):
    """Neither within a seed nor across two."""
    both = np.concatenate([splits[0], splits[2]]).reshape(6_000, -1)
    assert len(np.unique(both, axis=0)) == 6_000


def test_every_emoji_is_drawn_and_under_its_own_label(monkeypatch):
    """Those of a class about equally often: within five standard deviations of a binomial count."""
    drawn, draw = [], stand_in._draw
    monkeypatch.setattr(
        stand_in, "_draw", lambda random, which, *rest: drawn.append(which) or draw(random, which, *rest)
    )
    _, y = stand_in.pictures(ARCHIVE, 4_000, 0)
    with zipfile.ZipFile(ARCHIVE) as archive:
        folders = [name.split("/")[0] for name in sorted(archive.namelist()) if "/" in name]
    which = np.concatenate(drawn)
    assert [THINGS[label] for label in y] == [folders[emoji] for emoji in which]
    for emoji, folder in enumerate(folders):
        share = 1 / folders.count(folder)
        assert abs((which == emoji).sum() - 400 * share) <= 5 * (400 * share * (1 - share)) ** 0.5, folders[
            emoji
        ]


@pytest.mark.parametrize("thing", ["airplane", "frog", "truck"])
def test_a_label_names_what_is_in_the_middle(thing, tmp_path):
    """With white squares for one class and nothing for the others, only pictures of that label have bright middles."""
    from PIL import Image

    with zipfile.ZipFile(tmp_path / "squares.zip", "w") as archive:
        for other in THINGS:
            content = io.BytesIO()
            Image.new("RGBA", (136, 128), (255,) * 4 if other == thing else (0,) * 4).save(content, "png")
            archive.writestr(f"{other}/1.png", content.getvalue())
    x, y = stand_in.pictures(tmp_path / "squares.zip", 1_000, 0)
    middle = x[:, 12:20, 12:20].mean(axis=(1, 2, 3))
    theirs, others = middle[y == THINGS.index(thing)], middle[y != THINGS.index(thing)]
    assert np.median(theirs) > 170 > np.percentile(others, 75)


def test_the_same_seed_gives_the_same_pictures_in_another_process():
    """Another seed gives others."""
    code = f"""
import hashlib, sys
from course_lib import stand_in
print(hashlib.sha256(stand_in.pictures({str(ARCHIVE)!r}, 120, int(sys.argv[1]))[0].tobytes()).hexdigest())
print("tensorflow" in sys.modules)
"""
    here = hashlib.sha256(stand_in.pictures(ARCHIVE, 120, 3)[0].tobytes()).hexdigest()
    there, other = (
        subprocess.check_output([sys.executable, "-c", code, seed], text=True).split() for seed in ("3", "4")
    )
    assert there == [here, "False"]
    assert other[0] != here


def test_pictures_are_the_same_on_every_machine():
    """Made with NumPy 2.0, 2.1, 2.4 and 2.5 and Pillow 10 and 13, with and without a processor's AVX.

    If this fails after a change of stand_in.py that is meant to change pictures, put the new checksum here and measure again
    what the card in datasets/README.md says. If it fails without one, an operation is in there that NumPy or a compiler
    may round in two ways: find it; learners would see other numbers than the lesson's text.
    """
    x, y = stand_in.pictures(ARCHIVE, 100, 0)
    received = hashlib.sha256(x.tobytes() + y.astype("<i8").tobytes()).hexdigest()
    assert received == "5cea025af8e836dafad92c77bad0fca412cf371937d9b2779e04d0c3964b0d53"


# --- how hard it is ------------------------------------------------------------------------------------


def accuracy(features, splits, alpha):
    """Of a linear classifier, on the test pictures."""
    from sklearn.linear_model import RidgeClassifier

    x, y, x_test, y_test = splits
    return RidgeClassifier(alpha=alpha).fit(features(x), y).score(features(x_test), y_test)


def pixels(x):
    """Every value, about 0."""
    return x.reshape(len(x), -1).astype(np.float32) / 255 - 0.5


def test_a_linear_model_is_wrong_more_often_than_right(splits):
    """And still better than chance, a tenth: there is something to see. The card has the figures for 45,000."""
    assert 0.2 < accuracy(pixels, splits, 1e4) < 0.4


def test_a_class_does_not_show_in_colours_brightness_or_the_border(splits):
    """Near chance, a tenth; CIFAR-10 gives .29 by colours and .30 by the border."""

    def colours(x):
        return np.concatenate([x.mean(axis=(1, 2)), x.std(axis=(1, 2))], axis=1)

    def border(x):
        return pixels(np.concatenate([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]], axis=1))

    assert accuracy(colours, splits, 1) < 0.25
    assert accuracy(lambda x: x.mean(axis=(1, 2, 3))[:, None], splits, 1) < 0.15
    assert accuracy(border, splits, 1e3) < 0.2


def test_a_small_convolutional_network_beats_the_linear_model(splits):
    """After two passes over the pictures and their mirror images: .57 to .63 with ten seeds, the linear model .32."""
    import keras
    from keras import layers

    x, y, x_test, y_test = splits
    keras.utils.set_random_seed(0)
    blocks = [
        (layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()) for filters in (16, 32, 64)
    ]
    model = keras.Sequential(
        [layer for block in blocks for layer in block] + [layers.Flatten(), layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    mirrored = np.concatenate([x, x[:, :, ::-1]]) / np.float32(127.5) - 1
    model.fit(mirrored, np.tile(y, 2), batch_size=64, epochs=2, verbose=0)
    assert model.evaluate(x_test / np.float32(127.5) - 1, y_test, verbose=0)[1] > 0.5


# --- the emoji -----------------------------------------------------------------------------------------


def test_the_archive_has_the_fonts_own_pictures_by_class_and_its_licence():
    """136 x 128 pixels with a transparent ground, no two alike; some 140 kB."""
    from PIL import Image

    with zipfile.ZipFile(ARCHIVE) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert list(contents) == sorted(contents)
    assert b"SIL OPEN FONT LICENSE Version 1.1" in contents.pop("copyright")
    assert tuple(dict.fromkeys(name.split("/")[0] for name in contents)) == THINGS
    assert len(set(contents.values())) == len(contents) == 60
    for name, content in contents.items():
        assert re.fullmatch(r"[a-z]+/[0-9A-F]{4,5}(-[0-9A-F]{4,5})*\.png", name)
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
        assert picture.shape == (128, 136, 4)
        assert 0.1 < (picture[..., 3] > 0).mean() < 0.9, name


def test_emoji_are_what_unicode_calls_them():
    """By the characters' names, as far as this Python's table goes: 3.11's has neither the goose nor the moose."""
    words = {
        "airplane": "AIRPLANE",
        "automobile": "AUTOMOBILE|CAR|RECREATIONAL VEHICLE|TAXI",
        "bird": "BIRD|CHICK(EN)?|DODO|DOVE|DUCK|EAGLE|FLAMINGO|GOOSE|OWL|PARROT|PEACOCK|PENGUIN|ROOSTER|SWAN|TURKEY",
        "cat": "CAT",
        "deer": "DEER|MOOSE",
        "dog": "DOG|POODLE",
        "frog": "FROG",
        "horse": "HORSE",
        "ship": "FERRY|MOTOR BOAT|SAILBOAT|SHIP|SPEEDBOAT",
        "truck": "FIRE ENGINE|LORRY|TRUCK",
    }
    with zipfile.ZipFile(ARCHIVE) as archive:
        stems = [name.removesuffix(".png").split("/") for name in archive.namelist() if "/" in name]
    for thing, sequence in stems:
        name = unicodedata.name(chr(int(sequence.split("-")[0], 16)), "")
        assert not name or re.search(rf"\b({words[thing]})\b", name), f"{thing}: {name}"


# --- the script ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def font(tmp_path_factory):
    """The font as Debian's package has it."""
    folder = tmp_path_factory.mktemp("font")
    if ("/" / INSTALLED).is_file():
        return "/" / INSTALLED
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=False)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
            return folder / INSTALLED
    return pytest.skip(f"Debian's package {PACKAGE} is neither installed nor within reach")


def build(*arguments):
    """Run the script; `-B` since what Python would leave beside it would go into the course's wheel."""
    command = [sys.executable, "-B", FOLDER / "build" / "emoji.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_the_script_makes_the_same_file(font, tmp_path):
    """Byte for byte."""
    result = build(font, "--output", tmp_path / "rebuilt")
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"rebuilt: {DATASETS['emoji'].bytes} bytes, as expected\n"
    assert (tmp_path / "rebuilt").read_bytes() == ARCHIVE.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "other.ttf",
            b"another font",
            r"\S+other\.ttf is not the font of fonts-noto-color-emoji 2\.042-0\+deb12u1: expected SHA-256",
        ),
        ("missing.ttf", None, r"\S+missing\.ttf is not NotoColorEmoji\.ttf in "),
        ("no.deb", b"no package", "apt-get and dpkg-deb did not give the font of "),
    ],
)
def test_the_script_refuses_another_font(name, content, reason, tmp_path):
    """In one sentence; the file that was there stays."""
    (tmp_path / "out").write_text("as before")
    if content:
        (tmp_path / name).write_bytes(content)
    result = build(tmp_path / name, "--output", tmp_path / "out")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(rf"{reason}.*\.\n", result.stderr), result.stderr
    assert (tmp_path / "out").read_text() == "as before"
    assert not list(tmp_path.glob("*.part"))
