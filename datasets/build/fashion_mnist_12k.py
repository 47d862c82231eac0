"""Rebuild datasets/fashion_mnist_12k.npz from the four files of Fashion-MNIST.

Usage: python datasets/build/fashion_mnist_12k.py [FOLDER or .deb] [--output FILE]

They are in Debian's package dataset-fashion-mnist, which is taken where it is installed or apt-get has it, and at
the homes that the loader of the full set fetches them from.
"""

import gzip
import io
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from rebuild import rebuild

from course_lib import fetch
from course_lib.registry import DATASETS

DEBIAN = "dataset-fashion-mnist"
INSTALLED = Path("/usr/share/datasets/fashion-mnist")
SIZES = {"test": 200, "validation": 200, "train": 800}  # of each class
ALIKE = 0.99  # correlation of two pictures' pixels from which they may show one product, in another colour or size
SPARE = 100  # more candidates than needed: some are too much like one of another part


def locate(source, folder):
    """Return the Paths of the four files: pictures and labels for training, then for testing.

    Args:
        source: Path of a folder that has them or of Debian's package, or None to look for one.
        folder: Path of a folder for what has to be fetched and unpacked.
    """
    files = DATASETS["fashion_mnist_full"].files
    if source is None and INSTALLED.is_dir():
        source = INSTALLED
    if source is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        subprocess.run(["apt-get", "download", DEBIAN], cwd=folder, capture_output=True)
        source = next(folder.glob("*.deb"), None)
    if source is None:
        return [fetch.find(file, DATASETS["fashion_mnist_full"].title)[0] for file in files]
    if source.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", source, folder], check=True, capture_output=True)
        source = folder / INSTALLED.relative_to("/")
    return [source / file.name for file in files]


def read_idx(path):
    """Read MNIST's format: two zeros, the type, the number of axes, their lengths, the values."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def draw(x, y):
    """Draw the parts, class by class.

    Args:
        x: uint8 array (70000, 28, 28), those for testing last.
        y: uint8 array (70000,).
    Returns:
        dict of part: int array of rows, shuffled. Validation comes from the last 1,000 of each class in the training
        file, as in the full set's split; no picture is like one of another part.
    """
    generator = np.random.RandomState(0)  # its stream is frozen, default_rng's is not
    parts = {part: [] for part in SIZES}
    for label in range(10):
        rows = np.flatnonzero(y == label)
        pools = {"test": rows[6_000:], "validation": rows[5_000:6_000], "train": rows[:5_000]}
        taken = np.empty((0, 784))
        for part, size in SIZES.items():
            candidates = generator.permutation(pools[part])[: size + SPARE]
            pixels = standardise(x[candidates])
            new = (pixels @ taken.T).max(axis=1, initial=-1) < ALIKE
            parts[part].append(candidates[new][:size])
            taken = np.concatenate([taken, pixels[new][:size]])
    return {part: generator.permutation(np.concatenate(rows)) for part, rows in parts.items()}


def standardise(pictures):
    """Turn pictures (N, 28, 28) into rows (N, 784) whose products are the correlations of their pixels."""
    pixels = pictures.reshape(len(pictures), -1) - pictures.mean(axis=(1, 2))[:, None]
    return pixels / np.linalg.norm(pixels, axis=1, keepdims=True)


def make(source):
    """Pack the parts.

    Args:
        source: see `locate`.
    Returns:
        bytes of an .npz file. Its members are compressed by bzip2, whose output is the same everywhere; zlib's
        depends on the library.
    """
    with tempfile.TemporaryDirectory() as folder:
        arrays = [read_idx(path) for path in locate(source, Path(folder))]
    x, y = np.concatenate(arrays[::2]), np.concatenate(arrays[1::2])
    parts = draw(x, y)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for part in ("train", "validation", "test"):
            for name, array in (("x", x), ("y", y)):
                member = zipfile.ZipInfo(f"{name}_{part}.npy")  # dated 1980
                member.create_system, member.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is made
                packed = io.BytesIO()
                np.lib.format.write_array(packed, array[parts[part]], version=(1, 0))
                archive.writestr(member, packed.getvalue(), zipfile.ZIP_BZIP2, 9)
    return content.getvalue()


if __name__ == "__main__":
    rebuild(
        "fashion_mnist_12k.npz", __doc__, make, f"a folder with Fashion-MNIST's four files or {DEBIAN}'s .deb"
    )
