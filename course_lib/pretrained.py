"""Pretrained models, ready for KerasHub's `from_preset`."""

import json
import shutil
import struct
from importlib.util import find_spec

from course_lib import fetch
from course_lib.errors import CourseError
from course_lib.registry import DATASETS, File

PACKAGES = {"keras_hub": "keras-hub", "safetensors": "safetensors", "sentencepiece": "sentencepiece"}
MINILM_CONFIG = {  # what KerasHub reads of the model's own config.json
    "model_type": "bert",
    "architectures": ["BertModel"],
    "vocab_size": 30_522,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "hidden_size": 384,
    "intermediate_size": 1_536,
    "max_position_embeddings": 512,
}
MINILM_RENAMED = File(  # what `_rename` makes of the model's weights
    "model.safetensors", "ccf09adb77c0ae81477202d03ad3afe6ecb9685c6ac8a33b8272439cc6e28dab", 90_868_880
)


def minilm_preset():
    """Prepare all-MiniLM-L6-v2, a BERT of six layers, for KerasHub 0.26 and later.

    It becomes a folder in the cache: KerasHub 0.26 does not know the names that the original gives its tensors.

    Returns:
        str: the folder, for `from_preset` of KerasHub's `BertBackbone`, `BertTextClassifier`, `BertTokenizer` and
        `BertTextClassifierPreprocessor`. Give the tokenizer `strip_accents=True`: the model was trained without
        accents, and KerasHub, which keeps them, takes "café" for an unknown word.
    Raises:
        CourseError: a package that KerasHub needs to read it is missing.
        DataError: the weights are found nowhere or damaged, or the cache cannot be written.
    Source: Wang et al. (2020), arXiv:2002.10957; Reimers & Gurevych (2019), arXiv:1908.10084;
        https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
    """
    from filelock import FileLock

    dataset = DATASETS["minilm"]
    vocabulary, weights = dataset.files
    if missing := [package for module, package in PACKAGES.items() if not find_spec(module)]:
        raise CourseError(
            f"{dataset.title} needs packages that are missing here: run `pip install {' '.join(missing)}`."
        )
    folder = (fetch.cache() / dataset.title).absolute()
    small = {
        "config.json": json.dumps(MINILM_CONFIG).encode(),
        "tokenizer_config.json": b'{"do_lower_case": true}',
        "vocab.txt": fetch.find(vocabulary, dataset.title)[0].read_bytes(),
    }
    where = "the cache"
    if not _is_whole(folder, small):
        original, where = fetch.find(weights, dataset.title)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                if not _is_whole(folder, small):  # another program may have made it meanwhile
                    for name, content in small.items():
                        (folder / name).write_bytes(content)
                    _rename(original, folder / MINILM_RENAMED.name)
        except OSError as error:
            raise fetch.OutOfReachError(
                f"{dataset.title}: cannot write to the cache folder {fetch.cache()} ({error.strerror or error}); "
                "make room there, or set COURSE_CACHE_DIR to another folder."
            ) from None
    shape = "{num_hidden_layers} layers of {hidden_size} units".format(**MINILM_CONFIG)
    print(f"{dataset.title}: {shape}, from {where}")
    return str(folder)


def _is_whole(folder, small):
    """Whether the folder holds the small files (name: content) and the renamed weights, undamaged."""
    try:
        same = all((folder / name).read_bytes() == content for name, content in small.items())
    except OSError:
        return False
    return same and not fetch.mismatch(folder / MINILM_RENAMED.name, MINILM_RENAMED)


def _rename(original, target):
    """Copy safetensors with the names of the first BERT's checkpoints; `target` appears whole or not at all.

    Only the header differs. safetensors could save it too, but not with the same bytes for sure in every version, so
    that a checksum would no longer tell a damaged copy.
    """
    part = target.with_name(f"{target.name}.part")
    with original.open("rb") as source, part.open("wb") as copy:
        (length,) = struct.unpack("<Q", source.read(8))
        header = json.loads(source.read(length))
        renamed = {"__metadata__": header.pop("__metadata__", {})}
        for name, place in header.items():
            if "LayerNorm" in name:
                name = name.replace("weight", "gamma").replace("bias", "beta")
            renamed[f"bert.{name}"] = place
        text = json.dumps(renamed, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # keeps the data aligned
        copy.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(source, copy, 1 << 20)
    part.replace(target)
