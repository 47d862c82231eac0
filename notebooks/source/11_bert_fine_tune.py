# ---
# jupyter:
#   course:
#     question: What does a network that has read the web know about film reviews, and what does it cost to teach it the rest?
#     gpu: true
# ---

# %% [markdown]
# # 11 · Fine-tuning BERT
#
# | | |
# |---|---|
# | **You will be able to** | cut words into pieces as BERT does; rebuild a pretrained encoder from its weights; turn a sentence into one vector; fine-tune with warm-up and decay, without computing padding; compare with word counts at any number of labels; find where the result fails |
# | **You need first** | [lesson 10](10_transformer.ipynb): the block, padding masks, BERT's objective; [lesson 05](05_generalization.ipynb): validation, dropout; [lesson 04](04_optimization.ipynb): AdamW, schedules |
# | **Time** | an hour to read; it runs in one to four minutes on a CPU |
# | **Data** | 8,530 sentences (snippets) out of film reviews (Rotten Tomatoes; Pang & Lee, 2005); the weights of all-MiniLM-L6-v2, 91 MB, fetched once |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=11, mixed_precision=True)

# %% [markdown]
# Here the seed draws the heads' weights, the labelled examples and their order. The text describes what seed 11 gives in
# the fast profile. The full profile trains longer, from three seeds, and on a GPU a larger BERT, too.

# %% tags=["setup"]
import re
import tempfile
import time
import unicodedata
from pathlib import Path

import keras
import keras_hub
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from course_lib import data, layers, optimizers, plots, pretrained, training

plots.use_style()
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## The question
#
# Lesson 10's networks began from random numbers, and word counts were ahead of them. Here we begin with weights that
# others have trained, on far more text than ours. The articles call such pretraining cheap. It is not: what is cheap is the
# task that comes after. How cheap is that, and what is gained?

# %% [markdown]
# Our encoder is all-MiniLM-L6-v2, a BERT, but **not the original one**. A network of twelve blocks was taught to imitate
# BERT (**distilled**; Wang et al., 2020). Ours is every second block of it, then trained on pairs of texts, out of a
# collection of 1.17 billion, so that texts that belong together get vectors that point the same way (Reimers & Gurevych,
# 2019). It has never been asked whether a review is for or against a film.

# %% tags=["recipe"]
LONGEST = 48  # pieces of a text that are read
preset = pretrained.minilm_preset()  # a folder for KerasHub, fetched at the first use
tokenizer = keras_hub.models.BertTokenizer.from_preset(preset, strip_accents=True)
packer = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=LONGEST)


def encode(texts):
    """Piece numbers, int array (N, LONGEST), 0 at padding."""
    return np.asarray(packer(list(texts))["token_ids"])


# %% [markdown]
# ## Word pieces
#
# A vocabulary of whole words never ends: lesson 10 read each rare word as `[UNK]`. BERT's has 30,522 **pieces**
# (tokens). A frequent word is one piece; any other is cut into pieces, of which those after the first begin with `##`.
# The rule is greedy: at each place the longest piece that fits (Wu et al., 2016). Where none fits, the whole word is
# `[UNK]`.

# %%
names = np.array(tokenizer.get_vocabulary())
number_of = {name: i for i, name in enumerate(names)}


def wordpiece(word):
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):  # longest first
            if prefix + word[start:end] in number_of:
                break
        else:
            return ["[UNK]"]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces


def split(text):
    """Lower-case words and punctuation marks, without accents."""
    apart = unicodedata.normalize("NFD", text)  # a letter and its accent as two characters
    bare = "".join(c for c in apart if unicodedata.category(c) != "Mn")
    words = re.findall(r"[^\W_]+|[^\w\s]|_", bare)
    return [unicodedata.normalize("NFKC", word).lower() for word in words]  # "…" becomes "..."


for word in ("film", "films", "unfilmable", "schwarzenegger", "☃"):
    print(f"{word:>15}:", *wordpiece(word))

# %% [markdown]
# Around the pieces stand special ones. `[CLS]` opens: a place that can collect the whole text. `[SEP]` closes, and stands
# between two texts; **segment** 0 or 1 tells the first text from the second. Behind comes `[PAD]`, which the **padding
# mask** hides. Ours equals KerasHub's tokenizer, on every training snippet up to the cut:

# %%
splits = data.load_rotten_tomatoes(sample=run.pick(fast=3000, full=None))
(texts, labels), (texts_validation, labels_validation), (texts_test, labels_test) = splits
ids, ids_validation, ids_test = map(encode, (texts, texts_validation, texts_test))
unknown = cut = words = 0
whole = []  # lengths before the cut
for text, row in zip(texts, ids, strict=True):
    pieces = [wordpiece(word) for word in split(text)]
    line = ["[CLS]", *[piece for parts in pieces for piece in parts][: LONGEST - 2], "[SEP]"]
    assert [number_of[piece] for piece in line] == row[row > 0].tolist(), text
    whole.append(sum(map(len, pieces)) + 2)
    words += len(pieces)
    cut += sum(len(parts) > 1 for parts in pieces)
    unknown += sum(parts == ["[UNK]"] for parts in pieces)
lengths, lengths_validation = (np.count_nonzero(part, axis=1) for part in (ids, ids_validation))
print(f"{words:,} words: {cut / words:.0%} in more than one piece, {unknown} unknown")
print(f"pieces of a snippet: {np.mean(whole):.0f} on average, {max(whole)} at most")
print(f"{np.mean(np.array(whole) > LONGEST):.0%} of the snippets are cut at {LONGEST}")

# %% tags=["nbval-check-output"]
pair = keras_hub.layers.MultiSegmentPacker(
    sequence_length=12,
    start_value=tokenizer.start_token_id,
    end_value=tokenizer.end_token_id,
)
first, second = (
    [number_of[p] for w in text.split() for p in wordpiece(w)]
    for text in ("a great film", "it works")
)
by_hand = [number_of["[CLS]"], *first, number_of["[SEP]"], *second, number_of["[SEP]"]]
packed, segments = (np.asarray(part) for part in pair((first, second)))
assert packed.tolist() == by_hand + [0] * (12 - len(by_hand))
print("piece  ", *(f"{name:>6}" for name in names[packed]))
print("segment", *(f"{s:>6}" for s in segments))
print("mask   ", *(f"{int(i > 0):>6}" for i in packed))

# %% [markdown]
# ## The encoder, taken apart
#
# Three tables are added up, for the piece, its position and its segment; then a layer normalisation, then six blocks of
# lesson 10, post-norm, with 12 heads and 4 · 384 = 1,536 hidden units. KerasHub computes their GELU by a formula with
# tanh. To show it, we build the same from lesson 10's block, copy the weights, and compare.


# %% tags=["recipe"]
def inputs_of(ids):
    """What the encoder asks for. All is one text: segment 0."""
    return {
        "token_ids": ids,
        "segment_ids": np.zeros_like(ids),
        "padding_mask": (ids > 0).astype("int32"),
    }


# %% tags=["recipe"]
OURS = {  # KerasHub's names for the parts of lesson 10's block
    "attention": "self_attention_layer",
    "attention_norm": "self_attention_layer_norm",
    "hidden": "feedforward_intermediate_dense",
    "output": "feedforward_output_dense",
    "feed_forward_norm": "feedforward_layer_norm",
}


def rebuild(layer, kind, **options):
    """One of KerasHub's layers as a block of ours, with the same weights."""
    block = kind(
        layer.num_heads, layer.intermediate_dim, pre_norm=False, epsilon=1e-12, **options
    )
    theirs = {weight.path.split("/", 1)[1]: weight for weight in layer.weights}
    block.build((None, None, *theirs["self_attention_layer_norm/gamma"].shape))
    for weight in block.weights:
        _, part, rest = weight.path.split("/", 2)
        weight.assign(keras.ops.reshape(theirs[f"{OURS[part]}/{rest}"], weight.shape))
    return block


# %%
encoder = keras_hub.models.BertBackbone.from_preset(preset, dtype="float32", dropout=0.0)


def gelu_by_tanh(x):
    return keras.activations.gelu(x, approximate=True)


# %%
piece_table, position_table, segment_table, gamma, beta = (
    weight.numpy() for weight in encoder.weights[:5]
)
some = ids_validation[:4]
h = piece_table[some] + position_table[:LONGEST] + segment_table[0]
h = (h - h.mean(axis=-1, keepdims=True)) / np.sqrt(h.var(axis=-1, keepdims=True) + 1e-12)
h = tf.constant(gamma * h + beta)
for layer in encoder.transformer_layers:
    block = rebuild(layer, layers.TransformerBlock, activation=gelu_by_tanh, dtype="float32")
    h = block(h, mask=some > 0)
outputs = encoder(inputs_of(some))["sequence_output"].numpy()
real = some > 0
np.testing.assert_allclose(
    h.numpy()[real], outputs[real], atol=1e-4
)  # float32, six blocks deep
print("lesson 10's blocks with these weights: the same", outputs.shape)

# %% tags=["nbval-check-output"]
D, V = 384, len(names)
counts = {
    "vectors of the pieces": V * D,
    "positions, segments, normalisation": 512 * D + 2 * D + 2 * D,
    "six blocks": 6 * (12 * D**2 + 13 * D),  # lesson 10
    "pooler": D**2 + D,
}
for name, count in counts.items():
    print(f"{name:>34}: {count:>10,}")
print(f"{'in all':>34}: {sum(counts.values()):>10,}")
assert sum(counts.values()) == encoder.count_params()

# %% [markdown]
# Half of the numbers are the vectors of the pieces. Large? The articles say so of millions of parameters in one place,
# of hundreds of billions in another: it is relative (lesson 00).
#
# **Padding to any length** must not change what is said of the words. It does not, beyond rounding:

# %%
short = ids_validation[lengths_validation <= 16][:8, :16]
seen = short > 0
alone = encoder(inputs_of(short))["sequence_output"].numpy()
for longer in (24, 48, 128):
    padded = np.pad(short, ((0, 0), (0, longer - 16)))
    behind = encoder(inputs_of(padded))["sequence_output"].numpy()[:, :16]
    print(
        f"padded to {longer}: outputs at the pieces move by {np.abs(behind - alone)[seen].max():.0e}"
    )
    np.testing.assert_allclose(behind[seen], alone[seen], atol=1e-4)  # float32

# %% [markdown]
# ## One vector for a text
#
# The encoder gives each piece $t$ of a text a vector $h_t$. To classify, we want one. Three candidates: the vector at
# `[CLS]`; the **pooler**, a dense layer with tanh on the vector at `[CLS]`, which classifiers of KerasHub and Hugging
# Face use; the mean over the real pieces, `[CLS]` and `[SEP]` among them.

# %% [markdown]
# With the mean, and a head on it:
#
# $$v = \frac{\sum_t m_t h_t}{\sum_t m_t} \qquad s = v \cdot w + b \qquad p = \sigma(s)$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $h$ | the encoder's outputs; $N$ texts of $T$ pieces, width $D$ | $(N, T, D)$ | `sequence_output` |
# | $m$ | padding mask, 1 at pieces | $(N, T)$ | `padding_mask` |
# | $v$ | the text's vector | $(N, D)$ | |
# | $w$, $b$ | the **head**: logistic regression | $(D, 1)$, $(1,)$ | `kernel`, `bias` |
# | $s$, $p$ | logit and probability of "for" | $(N,)$ | |


# %%
def mean_pool(h, mask):
    mask = mask[..., None]
    return (h * mask).sum(axis=1) / mask.sum(axis=1)


in_keras = keras.layers.GlobalAveragePooling1D(dtype="float32")(outputs, mask=tf.constant(real))
np.testing.assert_allclose(mean_pool(outputs, real), in_keras, atol=1e-6)  # float32

# %% [markdown]
# The texts differ in length. Padded to 48 pieces, nearly half of what the encoder computes would be thrown away. So a batch
# holds texts of about one length, and is padded to its longest, or up to three places more: fewer widths occur then.


# %% tags=["recipe"]
def by_length(ids, size, rng=None):
    """Row numbers by batch, texts of about one length together; with a generator in random order."""
    order = np.arange(len(ids)) if rng is None else rng.permutation(len(ids))
    order = order[np.argsort(np.count_nonzero(ids[order], axis=1), kind="stable")]
    batches = np.split(order, range(size, len(ids), size))
    if rng is not None:
        rng.shuffle(batches)
    return batches


def shortened(ids, multiple=1):
    """Without the columns that are padding in every row, but for a width that `multiple` divides."""
    longest = np.count_nonzero(ids, axis=1).max()
    return ids[:, : longest + -longest % multiple]


# %%
one_by_one = np.split(rng.permutation(len(ids)), range(64, len(ids), 64))
for name, batches in (("as they come", one_by_one), ("by length", by_length(ids, 64, rng))):
    computed = sum(shortened(ids[rows], 4).size for rows in batches)
    print(f"batches of 64 {name}: {lengths.sum() / computed:.0%} of the places hold a piece")
print(f"all padded to {LONGEST}: {lengths.mean() / LONGEST:.0%}")


# %% [markdown]
# To cut random batches to their longest text gains next to nothing: among 64 texts there is nearly always a long one.


# %% tags=["recipe"]
def dataset(ids, labels, size, rng=None):
    """Batches of texts of about one length, in another random order each epoch."""

    def generate():
        for rows in by_length(ids, size, rng):
            some = shortened(ids[rows], 4)  # TensorFlow prepares itself for each width anew
            yield inputs_of(some), labels[rows].astype("float32")

    texts = {name: tf.TensorSpec((None, None), "int32") for name in inputs_of(ids[:1])}
    batches = tf.data.Dataset.from_generator(
        generate, output_signature=(texts, tf.TensorSpec((None,)))
    )
    return batches.apply(tf.data.experimental.assert_cardinality(-(-len(ids) // size)))


def answer(model, ids):
    """The model's outputs, each float array (N, ...), in the order of the rows."""
    order = np.concatenate(by_length(ids, 128))
    answers = model.predict(dataset(ids, np.zeros(len(ids)), 128), verbose=0)
    return keras.tree.map_structure(
        lambda part: np.asarray(part, "float64")[np.argsort(order)], answers
    )


# %% [markdown]
# ### Frozen features
#
# Which vector serves best if the encoder stays as it is? Logistic regression on each, its penalty chosen on the validation
# snippets. (The features are computed in the precision that the first cell printed.)

# %%
frozen = keras_hub.models.BertBackbone.from_preset(preset, dtype=run.precision, dropout=0.0)
answers = frozen(frozen.input)
mean = keras.layers.GlobalAveragePooling1D(dtype="float32")(
    answers["sequence_output"], mask=frozen.input["padding_mask"]
)
vectors_of = keras.Model(
    frozen.input,
    {
        "mean": mean,
        "[CLS]": answers["sequence_output"][:, 0],
        "pooler": answers["pooled_output"],
    },
)
vectors_of.jit_compile = False  # on a GPU XLA would compile anew for each length of a batch
start = time.perf_counter()
of_texts, of_validation, of_test = (
    answer(vectors_of, part) for part in (ids, ids_validation, ids_test)
)
texts_seen = len(ids) + len(ids_validation) + len(ids_test)
print(f"{texts_seen / (time.perf_counter() - start):.0f} texts a second, compilation included")


# %%
def best_of(strengths, rows, y, rows_validation, solver="newton-cholesky"):
    """Logistic regression with the penalty that suits the validation snippets, and its share of right ones."""
    tried = []
    for C in strengths:
        regression = LogisticRegression(C=C, solver=solver).fit(rows, y)
        tried.append((regression.score(rows_validation, labels_validation), -C, regression))
    accuracy, _, regression = max(tried)
    return regression, accuracy


by_vector = {}
for name in of_texts:
    scale = of_texts[name].std()
    by_vector[name] = best_of(
        (0.01, 0.1), of_texts[name] / scale, labels, of_validation[name] / scale
    )[1]
    print(
        f"{name:>7}: {by_vector[name]:.3f} of {len(labels_validation):,} validation snippets right"
    )
assert not np.any(encoder.pooled_dense.bias)
# Seeds do not enter; machines and precisions do, by less than 0.02.
assert by_vector["mean"] > by_vector["pooler"] + 0.02

# %% [markdown]
# The mean is what this encoder was trained with. Its pooler never was: its biases are all exactly 0 (asserted).
#
# ## A head that knows nothing
#
# Two of the articles load a pretrained encoder with a classifier on top, ask it about a sentence, and print the answer. The
# encoder is trained; the head is drawn at random. So is the answer:

# %%
SENTENCES = ["I love machine learning!", "This is a great movie!", "This is a terrible movie!"]
for seed in range(3):
    keras.utils.set_random_seed(run.seed + seed)
    guesser = keras_hub.models.BertTextClassifier(frozen, num_classes=2, preprocessor=packer)
    guess = softmax(np.asarray(guesser(packer(SENTENCES)), "float64"), axis=-1)
    print("probability of the second class:", *(f"{p:.3f}" for p in guess[:, 1]))
heads = rng.normal(scale=0.02, size=(200, D, 2))  # BERT's way to draw them
by_chance = of_validation["pooler"] @ heads  # (200 heads, N, 2)
chance = np.mean(by_chance.argmax(axis=-1) == labels_validation, axis=1)
print(
    f"200 random heads: {chance.min():.2f} to {chance.max():.2f} right, {chance.mean():.2f} on average"
)
assert abs(chance.mean() - 0.5) < 0.05 and chance.max() < max(by_vector.values())

# %% [markdown]
# All near one half: the great film and the terrible one get about the same, and the favourite changes with the head.
# The articles mention none of it. A head must be trained first.

# %% [markdown]
# ## Fine-tuning
#
# Now the head and the encoder learn together. A third article prints a recipe: three epochs, batches of 16, weight decay,
# and a **warm-up**, in which the rate rises from 0, of 500 steps. It builds the model from a configuration, without the
# pretrained weights, and hands over no labels; we repair both. What do 500 steps mean?

# %% tags=["recipe"]
PEAK, WARM_UP = 1.4e-4, 0.1  # the highest rate; the share of the steps until then


def learning_rate(step, steps, peak=PEAK, warm_up=WARM_UP):
    """Linear from 0 to the peak in the first share of the steps, then linear to 0."""
    turn = warm_up * steps
    return peak * np.minimum(step / turn, (steps - step) / (steps - turn))


# %%
schedules = keras.optimizers.schedules
rise = schedules.CosineDecay(0.0, 900, warmup_target=PEAK, warmup_steps=100)
fall = schedules.PolynomialDecay(PEAK, 900, end_learning_rate=0.0)
for step in (0, 10, 100, 400, 1000):
    in_keras = rise(step) if step <= 100 else fall(step - 100)
    np.testing.assert_allclose(learning_rate(step, 1000), in_keras, rtol=1e-5)  # float32

# %%
fig, ax = plt.subplots(figsize=(9, 3.6))
for count, colour, style in ((3000, plots.BLUE, "-"), (500, plots.ORANGE, "--")):
    printed_steps = 3 * -(-count // 16)
    step = np.arange(printed_steps + 1)
    printed = np.where(step < 500, step / 500, (printed_steps - step) / (printed_steps - 500))
    label = f"{count:,} examples"
    ax.plot(step / printed_steps, printed, style, color=plots.GREY, label=f"500 steps, {label}")
    ax.plot(
        step / printed_steps,
        learning_rate(step, printed_steps) / PEAK,
        style,
        color=colour,
        label=f"a tenth, {label}",
    )
    print(
        f"{label}, three epochs: {printed_steps} steps; with a warm-up of 500 the rate ends at {printed[-1]:.2f} of its peak"
    )
ax.set(xlabel="share of the training", ylabel="learning rate, share of the peak")
ax.set_title("A warm-up in steps can be longer than the training")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(fig)

# %% [markdown]
# With 3,000 examples nine tenths of the training are warm-up (solid grey). With 500 it never ends (dashed): the rate rises
# until the training is over. As a share of the steps (the coloured lines, which are one) it fits any number of examples.

# %% [markdown]
# Two more repairs:
#
# - weight decay (lesson 04's AdamW) spares biases and normalisations, which are few, and shift and scale;
# - the validation snippets are asked after each epoch, and the best weights kept (with one epoch, as in the fast
#   profile, there is no choice).

# %% [markdown]
# And we make it faster, by not computing what is not needed:
#
# - hardly any padding: at most three places beyond the batch's longest text;
# - products in `bfloat16` where the processor has them (the first cell says so);
# - no dropout in the encoder: on the validation snippets it gained nothing ([settings
#   compared](../tests/benchmarks/bert_choices.md));
# - the tables stay as they are: half of the parameters, all of which AdamW would move at each step. So do the blocks'
#   biases: few, but their gradients are sums over all pieces.

# %% [markdown]
# And by computing the same in another way (`course_lib`):
#
# - **larger products**: in Keras the kernels of attention have an axis for the heads, and TensorFlow then multiplies one
#   text at a time. With all pieces of a batch as the rows of one matrix it multiplies once;
# - GELU, now the exact one as in Hugging Face's BERT, and layer normalisation, with their derivatives written out;
# - AdamW, as one operation for each variable.


# %% tags=["recipe"]
def encoder_of(preset, precision, dropout=0.0):
    """KerasHub's encoder with our blocks in it, in which the exact GELU and fewer, larger products are computed."""
    theirs = keras_hub.models.BertBackbone.from_preset(preset, dtype=precision, dropout=dropout)
    options = {"activation": layers.gelu, "dropout": dropout, "dtype": precision}
    h = theirs.get_layer("embeddings_dropout").output
    for layer in theirs.transformer_layers:
        block = rebuild(layer, layers.FastTransformerBlock, name=layer.name, **options)
        h = block(h, mask=theirs.input["padding_mask"])
    return keras.Model(theirs.input, h, name="encoder")


# %%
def step_of(block, x, **mask):
    """The block forward and back, as a function."""
    weights = [weight.value for weight in block.trainable_weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = block(x, **mask)
        return tape.gradient(outputs, [x, *weights])

    return step


# %%
faster = encoder_of(preset, "float32")(inputs_of(some)).numpy()
np.testing.assert_allclose(faster[real], outputs[real], atol=0.02)  # the two formulas of GELU
h = tf.random.stateless_normal((64, 27, 384), (0, run.seed))
h = tf.cast(h, run.precision.removeprefix("mixed_"))
mask = tf.ones((64, 27), "int32")
layer = frozen.transformer_layers[0]
ours = rebuild(layer, layers.FastTransformerBlock, activation=layers.gelu, dtype=run.precision)
steps = {
    "KerasHub": step_of(layer, h, padding_mask=mask),
    "ours": step_of(ours, h, mask=mask),
}
taken = {name: [] for name in steps}
for _ in range(11):  # the first compiles
    for name, step in steps.items():
        start = time.perf_counter()
        step()[0].numpy()
        taken[name].append(1000 * (time.perf_counter() - start))
print("a block forward and back, 64 texts of 27 pieces:", end=" ")
print(*(f"{name} {min(ms):.1f} ms" for name, ms in taken.items()), sep=", ")


# %% tags=["recipe"]
def classifier(preset, precision, dropout=0.0, lora_rank=None):
    """Encoder, mean over the pieces, head; compiled. With `lora_rank` the kernels stay, and corrections are learnt."""
    encoder = encoder_of(preset, precision, dropout)
    for layer in encoder.layers:  # the tables stay, and so do the blocks' biases
        layer.trainable = isinstance(layer, layers.TransformerBlock)
        for weight in layer.trainable_weights:
            weight.trainable = not (lora_rank or weight.path.endswith("bias"))
        if lora_rank and layer.trainable:
            layer.attention.query_dense.enable_lora(lora_rank)
            layer.attention.value_dense.enable_lora(lora_rank)
    vector = keras.layers.GlobalAveragePooling1D(dtype="float32", name="vector")(
        encoder(encoder.input), mask=encoder.input["padding_mask"]
    )
    head = keras.layers.Dense(
        1,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        dtype="float32",
        name="head",
    )
    model = keras.Model(encoder.input, head(vector), name="bert")
    optimizer = optimizers.FusedAdamW(PEAK, weight_decay=0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0, name="accuracy")],
        jit_compile=False,  # on a GPU XLA would compile anew for each length of a batch
    )
    return model


# %% tags=["recipe"]
class Schedule(keras.callbacks.Callback):
    """Sets the rate before each step; takes what `learning_rate` takes after the step."""

    def __init__(self, *schedule):
        super().__init__()
        self.schedule, self.step = schedule, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = learning_rate(self.step, *self.schedule)
        self.step += 1


# %% tags=["recipe"]
def train(
    model, ids, labels, epochs, seed, validation=None,
    callbacks=(), size=64, peak=PEAK, warm_up=WARM_UP,
):  # fmt: skip
    """Fine-tune from the weights that the model has; with validation data keep those of the best epoch."""
    batches = dataset(ids, labels, size, np.random.default_rng(seed))
    callbacks = [Schedule(epochs * len(batches), peak, warm_up), *callbacks]
    if validation is not None:
        validation = dataset(*validation, 128)
        keep = {"mode": "max", "patience": epochs, "restore_best_weights": True}
        callbacks.append(keras.callbacks.EarlyStopping("val_accuracy", **keep))
    return training.fit(
        model,
        batches,
        epochs=epochs,
        shuffle=False,  # `dataset` does
        validation_data=validation,
        callbacks=callbacks,
    )


# %% tags=["recipe"]
def fine_tune(preset, train_part, validation, epochs, precision, seed, callbacks=()):
    """A fitted classifier of texts: parts are (list of str, int array (N,))."""
    keras.utils.set_random_seed(seed)
    model = classifier(preset, precision)
    (texts, labels), (texts_validation, labels_validation) = train_part, validation
    validation = encode(texts_validation), labels_validation
    train(model, encode(texts), labels, epochs, seed, validation, callbacks)
    return model


def logits(model, texts):
    """Float array (N,), above 0 for label 1."""
    return answer(model, encode(texts))[:, 0]


# %% [markdown]
# The head by hand: before training, the same numbers as the model's.

# %%
keras.utils.set_random_seed(run.seed)
model = classifier(preset, run.precision)
initial = model.get_weights()
kernel, bias = (weight.numpy() for weight in model.get_layer("head").weights)
some_logits = logits(model, texts_validation[:50])
vectors = of_validation["mean"][:50]
# Of bfloat16 eight bits are kept; batches of other lengths round otherwise.
np.testing.assert_allclose(vectors @ kernel[:, 0] + bias, some_logits, atol=0.02)
trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
print(f"{trainable:,} of {model.count_params():,} parameters are trained")


# %%
def right(model):
    """Share of the validation snippets."""
    return np.mean((answer(model, ids_validation)[:, 0] > 0) == labels_validation)


EPOCHS = run.pick(fast=1, full=3)
chosen = run.pick(
    fast={"size": 32, "peak": 1e-4}, full={}
)  # smaller batches: more steps in one epoch
validation = run.pick(fast=None, full=(ids_validation, labels_validation))
fit_all = train(model, ids, labels, EPOCHS, run.seed, validation, **chosen)
with_all = right(model)
print(f"{EPOCHS * len(ids) / fit_all.seconds:.0f} examples a second, compilation included")
print(f"{with_all:.3f} of the validation snippets right")
assert with_all > by_vector["mean"] + 0.01

# %% [markdown]
# ## Four ways, by the number of labels
#
# Labels cost money. So: how right is each way, given 125 labelled snippets, 500, or all?
#
# - **TF-IDF** of words and pairs with logistic regression (lesson 10);
# - lesson 08's **LSTM**, from random weights;
# - the **frozen** encoder's mean vectors with logistic regression;
# - the encoder **fine-tuned**.
#
# Penalties and epochs are chosen on the 1,000 validation snippets, which is generous where only 125 are to learn from.

# %%
SIZES = [125, 500, 1500, len(ids)]
DRAWS = [np.random.default_rng(seed).permutation(len(ids)) for seed in range(3)]
accuracy = {name: {n: [] for n in SIZES} for name in ("TF-IDF", "LSTM", "frozen", "fine-tuned")}
best = {}  # the model that learnt from all, by way
scale = of_texts["mean"].std()
for draw in DRAWS:
    for n in SIZES:
        rows = draw[:n]
        tfidf = TfidfVectorizer(
            ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+"
        ).fit(texts[rows])
        regression, share = best_of(
            (1, 10),
            tfidf.transform(texts[rows]),
            labels[rows],
            tfidf.transform(texts_validation),
            "liblinear",
        )
        accuracy["TF-IDF"][n].append(share)
        best["TF-IDF"] = tfidf, regression
        regression, share = best_of(
            (0.01, 0.1),
            of_texts["mean"][rows] / scale,
            labels[rows],
            of_validation["mean"] / scale,
        )
        accuracy["frozen"][n].append(share)
        best["frozen"] = regression

# %%
WORDS = 5000
to_numbers = keras.layers.TextVectorization(WORDS, output_sequence_length=32)
to_numbers.adapt(list(texts))
numbers, numbers_validation, numbers_test = (
    to_numbers(list(part)).numpy() for part in (texts, texts_validation, texts_test)
)
lstm = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(WORDS, 32, mask_zero=True),
        keras.layers.Dropout(0.3),
        keras.layers.LSTM(32),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1),
    ],
    name="lstm",
)
lstm.compile(
    keras.optimizers.Adam(0.003),
    keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0, name="accuracy")],
)
lstm.optimizer.build(lstm.trainable_variables)


# %%
def restart(model, weights):
    """Old weights, and an optimizer that remembers nothing: spares compiling another model."""
    model.set_weights(weights)
    # With float16 the optimizer stands in another one, which scales the loss.
    for variable in getattr(model.optimizer, "inner_optimizer", model.optimizer).variables:
        if not variable.path.endswith("learning_rate"):
            variable.assign(keras.ops.zeros_like(variable))


# %%
lstm_start = lstm.get_weights()
for n, epochs in {500: 4, len(ids): 3}.items():
    for draw in DRAWS[: run.pick(fast=1, full=3)]:
        restart(lstm, lstm_start)
        rows = draw[:n]
        keep = keras.callbacks.EarlyStopping(
            "val_accuracy", mode="max", patience=epochs, restore_best_weights=True
        )
        fit = training.fit(
            lstm, numbers[rows], labels[rows], batch_size=64, epochs=epochs,
            validation_data=(numbers_validation, labels_validation), callbacks=[keep],
        )  # fmt: skip
        accuracy["LSTM"][n].append(max(fit.history["val_accuracy"]))


# %%
all_labels = model.get_weights()
accuracy["fine-tuned"][len(ids)].append(with_all)
for n, epochs in run.pick(
    fast={500: 3}, full={125: 8, 500: 4, 1500: 3, len(ids): EPOCHS}
).items():
    for seed, draw in enumerate(DRAWS[: run.pick(fast=1, full=3)]):
        if n == len(ids) and seed == 0:
            continue  # done above
        restart(model, initial)
        few = {"size": 32, "peak": 1e-4}  # small batches, for more steps
        train(model, ids[draw[:n]], labels[draw[:n]], epochs, seed, **few)
        accuracy["fine-tuned"][n].append(right(model))
model.set_weights(all_labels)

# %%
fig, ax = plt.subplots(figsize=(8, 4.4))
for (name, by_size), colour, style in zip(
    accuracy.items(),
    (plots.GREY, plots.ORANGE, plots.SKY, plots.BLUE),
    ("s:", "^--", "D-.", "o-"),
    strict=True,
):
    measured = {n: shares for n, shares in by_size.items() if shares}
    middle = [np.mean(shares) for shares in measured.values()]
    ax.plot(list(measured), middle, style, color=colour, label=name, ms=5)
    low, high = ([edge(shares) for shares in measured.values()] for edge in (np.min, np.max))
    ax.fill_between(list(measured), low, high, color=colour, alpha=0.2, lw=0)
    print(f"{name:>10}:", *(f"{n}: {m:.3f}" for n, m in zip(measured, middle, strict=True)))
ax.set_xscale("log", base=2)
ax.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
ax.set(xlabel="labelled snippets to learn from", ylabel="validation accuracy", ylim=(0.5, 0.86))
ax.set_title("What pretraining saves is labels")
ax.legend(loc="lower right")
plots.show(fig)
means = {
    name: {n: np.mean(v) for n, v in by_size.items() if v} for name, by_size in accuracy.items()
}
assert means["frozen"][125] > means["TF-IDF"][500] - 0.02
assert means["fine-tuned"][500] > means["TF-IDF"][len(ids)] - 0.02
assert means["fine-tuned"][len(ids)] > means["TF-IDF"][len(ids)] + 0.03

# %% [markdown]
# With 500 labels the fine-tuned network is at least level with TF-IDF that has 3,000 (one run; lesson 10 prints the
# standard error of such an accuracy). The frozen encoder needs a quarter of TF-IDF's labels at first; its lead shrinks
# as they grow. The LSTM, which like TF-IDF begins from nothing, is behind it at 500 and level with it at 3,000. The bands
# show three draws of the examples; with all labels they are the same examples.

# %% [markdown]
# So this corrects the articles. BERT read 3.3 billion words, many times over; another network was taught to imitate it, and
# ours was trained on after that. None of this was cheap. What is cheap is what we did, because of that.

# %% [markdown]
# ## LoRA: fewer numbers to learn
#
# Fine-tuning changes 10.6 million numbers, and must keep them for every task. LoRA (Hu et al., 2021) leaves the kernel $W$
# alone and learns a correction of low rank: $xW + xAB$, with $A$ of $r$ columns and $B$ of $r$ rows. $B$ begins at 0, so the
# model begins as it was.

# %%
small = keras.layers.Dense(384, dtype="float32")
x = rng.normal(size=(2, 5, 384)).astype("float32")
before = small(x).numpy()
small.enable_lora(rank=8)
np.testing.assert_array_equal(small(x), before)
shapes = {weight.name: tuple(weight.shape) for weight in small.weights}
A, B = (weight for weight in small.weights if "lora" in weight.name)
B.assign(rng.normal(size=B.shape))
np.testing.assert_allclose(small(x), before + x @ A.numpy() @ B.numpy(), atol=1e-3)  # float32
print(shapes)

# %% [markdown]
# We put a correction at the queries and values of each block, as the paper did. All else stays.

# %%
keras.utils.set_random_seed(run.seed)
lora = classifier(preset, run.precision, lora_rank=8)
learnt = sum(int(np.prod(weight.shape)) for weight in lora.trainable_weights)
print(f"{learnt:,} parameters learn, {learnt / trainable:.1%} of those before")
if run.profile == "full":
    train(lora, ids, labels, EPOCHS, run.seed, validation, size=32, peak=1e-3)
    print(f"validation: LoRA {right(lora):.3f}, all kernels {right(model):.3f}")

# %% [markdown]
# LoRA saves what must be kept for each task, AdamW's memory, and the products for the kernels' gradients, up to a third of
# the computing. Its accuracy is measured in the full profile.

# %% [markdown]
# ## On a GPU
#
# With a GPU the full profile also takes the original BERT's size, twelve blocks of 768 units, and IMDB's reviews beside the
# snippets. Without one it is skipped.


# %%
def larger(preset="bert_base_en_uncased", length=256, epochs=2):
    """Accuracy on the validation snippets of a BERT fine-tuned on snippets and IMDB's reviews, whose first pieces it reads."""
    reviews, votes = data.load_imdb().train
    packer_of_reviews = keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=length
    )
    padded = np.pad(ids, ((0, 0), (0, length - LONGEST)))
    all_ids = np.concatenate([padded, packer_of_reviews(list(reviews))["token_ids"]])
    base = classifier(preset, run.precision, dropout=0.1)
    train(
        base,
        all_ids,
        np.concatenate([labels, votes]),
        epochs,
        run.seed,
        validation,
        size=32,
        peak=3e-5,
    )
    return right(base)


if run.profile == "full" and run.device.kind == "GPU":
    print(f"larger BERT, more reviews: {larger():.3f} of the validation snippets right")
else:
    print("no GPU, or the fast profile: skipped")

# %% [markdown]
# ## Asking it
#
# What a user sees: a probability. First plain sentences, then three kinds that are known to be hard: negation (three),
# irony (two), a contrast.


# %%
def probability(sentences):
    return expit(logits(model, sentences))


PLAIN = [
    "a wonderful, moving film",
    "a dull, pointless mess",
    "I loved every minute",
    "a waste of two hours",
]
HARD = {
    "not a bad film at all": "for",
    "I cannot say that I was bored": "for",
    "it is not that I did not enjoy it": "for",
    "great, two hours that I will never get back": "against",
    "if you like watching paint dry, this is for you": "against",
    "everything that a film should not be, and I enjoyed it": "for",
}
asked_for = dict(zip(PLAIN, ("for", "against", "for", "against"), strict=True)) | HARD
for (sentence, meant), p in zip(asked_for.items(), probability(list(asked_for)), strict=True):
    print(f"{p:.2f}  {sentence} ({meant})")
assert ((probability(PLAIN) > 0.5) == [True, False, True, False]).all()

# %%
ADJECTIVES = {
    "praise": [
        "good",
        "great",
        "funny",
        "moving",
        "brilliant",
        "clever",
        "charming",
        "gripping",
    ],
    "blame": ["bad", "awful", "boring", "dull", "stupid", "tedious", "weak", "silly"],
}
mean_p = {}
for verb in ("is", "is not"):
    for kind, words_of_kind in ADJECTIVES.items():
        p = probability([f"the film {verb} {word}" for word in words_of_kind])
        mean_p[verb, kind] = p.mean()
        print(
            f"the film {verb} ... ({kind}): {p.min():.2f} to {p.max():.2f}, mean {p.mean():.2f}"
        )
assert (
    mean_p["is", "praise"] > 0.7 > 0.3 > max(mean_p["is", "blame"], mean_p["is not", "praise"])
)
filler = "we went in the evening, took our seats, and the lights went out . " * 4
long_ones = probability([filler + "I loved it.", filler + "I hated it."])
print(f"the verdict behind piece {LONGEST}: {long_ones[0]:.4f} and {long_ones[1]:.4f}")
assert long_ones[0] == long_ones[1]  # it was never read

# %% [markdown]
# Plain words it knows. `not` turns praise round, as it should. Blame it hardly moves, where it should rise above one half.
# Irony it does not see reliably. And what stands behind the last piece that is read does not exist.

# %% [markdown]
# ### Which words mattered?
#
# The logit's derivative by each piece's vector, times how far that vector is from that of `[MASK]`: to first order, what
# the piece adds over a hidden one (**gradient × input** with a baseline; Shrikumar et al., 2016). Times the vector alone it
# would say nothing: the layer normalisation behind the sum takes out the sum's length, so the derivative along it is 0.


# %%
def contributions(ids):
    """Gradient × input of each piece, float (N, T), and the logits (N,)."""
    encoder, asked = model.get_layer("encoder"), inputs_of(ids)
    part = encoder.get_layer
    vectors = part("token_embedding")(asked["token_ids"])
    hidden = part("token_embedding")(tf.fill((1, 1), number_of["[MASK]"]))
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        parts = (
            vectors,
            part("position_embedding")(vectors),
            part("segment_embedding")(asked["segment_ids"]),
        )
        h = part("embeddings_layer_norm")(part("embeddings_add")(parts))
        for layer in encoder.layers:
            if isinstance(layer, layers.TransformerBlock):
                h = layer(h, mask=tf.constant(ids > 0))
        vector = model.get_layer("vector")(h, mask=tf.constant(ids > 0))
        logit = model.get_layer("head")(vector)  # a text's depends on its own pieces alone
    product = tf.cast(tape.gradient(logit, vectors) * (vectors - hidden), "float32")
    return tf.reduce_sum(product, axis=-1).numpy(), logit.numpy()[:, 0]


# %%
EXAMPLES = ["a dull story, saved by a wonderful cast", "not a bad film at all"]
fig, axes = plt.subplots(2, 1, figsize=(8, 4.4), sharey=True)
for ax, text in zip(axes, EXAMPLES, strict=True):
    row = shortened(encode([text]))
    (shares,), (logit,) = contributions(row)
    np.testing.assert_allclose(logit, logits(model, [text])[0], atol=0.1)  # bfloat16
    parts = names[row[0]]
    ax.bar(range(len(parts)), shares, color=np.where(shares > 0, plots.BLUE, plots.ORANGE))
    ax.set_xticks(range(len(parts)), parts)
    ax.axhline(0, color="black", lw=0.8)
    ax.set(ylabel="contribution")
    ax.set_title(f"{text}: logit {logit:+.1f} (blue: for, orange: against)")
plots.show(fig)

# %% [markdown]
# Above, `dull` speaks against, as a reader would say; but the longest blue bar stands at `cast`, not at `wonderful`. Below,
# the longest bars stand at `[CLS]` and `a`, which no reader would name.

# %% [markdown]
# An explanation is a claim, so we test it (as lesson 09 did with attention): take the piece with the largest
# contribution out of a text, and another one at random. Which moves the logit more?

# %%
asked_of = shortened(ids_validation[lengths_validation < LONGEST][:100])
shares, _ = contributions(asked_of)
inside = (asked_of > 0) & (asked_of != number_of["[CLS]"]) & (asked_of != number_of["[SEP]"])
places = {
    "largest": np.argmax(np.where(inside, np.abs(shares), -1), axis=1),
    "random": np.argmax(np.where(inside, rng.random(inside.shape), -1), axis=1),
}
untouched = answer(model, asked_of)
shifts = {}
for name, place in places.items():
    without = np.array(
        [np.append(np.delete(row, i), 0) for row, i in zip(asked_of, place, strict=True)],
        "int32",
    )
    shifts[name] = np.median(np.abs(answer(model, without) - untouched))
    print(
        f"{name} piece left out: the logit moves by {shifts[name]:.2f} (median of {len(without)})"
    )
assert shifts["largest"] > 1.3 * shifts["random"]

# %% [markdown]
# Better than chance, and no more than that.
#
# ### Saved, and loaded again

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "reviews.keras"
    model.save(path)
    loaded = keras.saving.load_model(path, compile=False)
    print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
asked = inputs_of(ids_validation[:32])
np.testing.assert_array_equal(np.asarray(model(asked)), np.asarray(loaded(asked)))
print("loaded: the same 32 logits, bit for bit")

# %% [markdown]
# The file is larger than the weights, since AdamW's two numbers for each trained parameter are in it, for who wants to
# train on.

# %% [markdown]
# ## Once, on the test snippets

# %% tags=["headline"]
tfidf, regression = best["TF-IDF"]
said = {
    "TF-IDF": regression.predict(tfidf.transform(texts_test)),
    "LSTM": np.asarray(lstm(numbers_test))[:, 0] > 0,
    "frozen": best["frozen"].predict(of_test["mean"] / scale),
    "fine-tuned": answer(model, ids_test)[:, 0] > 0,
}
hits = {name: guess == labels_test for name, guess in said.items()}
majority = np.mean(labels_test == np.argmax(np.bincount(labels)))
print(
    f"of {len(labels_test):,} test snippets: always the same answer {majority:.3f}",
    *(f"{name} {hit.mean():.3f}" for name, hit in hits.items()),
    sep=", ",
)
resampled = rng.integers(len(labels_test), size=(2000, len(labels_test)))
for name in ("frozen", "TF-IDF"):
    difference = hits["fine-tuned"].astype(float) - hits[name]
    low, high = np.quantile(difference[resampled].mean(axis=1), [0.025, 0.975])
    print(
        f"fine-tuned minus {name}: between {low:+.3f} and {high:+.3f} in 95 % of the bootstrap"
    )
    assert low > 0

# %% [markdown]
# Fine-tuning gains some six points over the frozen encoder and nine over the counts. The interval (lesson 01's bootstrap)
# covers the luck of the test snippets, not that of another training run.

# %% [markdown]
# ## What to keep
#
# - Word pieces: the longest match first; nearly every word can be read, rare ones in parts.
# - A pretrained encoder is lesson 10's blocks with other numbers in them. Know what those were trained for.
# - A new head answers at random. Frozen features and a linear head are the first thing to try: seconds, few labels.
# - Fine-tune with a small rate, a warm-up as a share of the steps, validation each epoch, and no work on padding.
# - What pretraining saves is labels. It was not cheap; using it is.
# - Test what it says, and what is said about it: negation, irony, length, explanations.

# %% [markdown]
# Next: the [exercises](exercises/11_bert_fine_tune.ipynb). How fast this training is beside the printed recipe in Hugging
# Face's Trainer, and how right over three seeds: [tests/benchmarks/bert.md](../tests/benchmarks/bert.md).

# %% [markdown]
# ### Sources
#
# - Data: Pang & Lee (2005); weights: see [datasets](../datasets/README.md).
# - BERT: Devlin et al. (2019), [arXiv:1810.04805](https://arxiv.org/abs/1810.04805). Word pieces: Wu et al. (2016),
#   [arXiv:1609.08144](https://arxiv.org/abs/1609.08144).
# - MiniLM: Wang et al. (2020), [arXiv:2002.10957](https://arxiv.org/abs/2002.10957). Sentence vectors by mean pooling:
#   Reimers & Gurevych (2019), [arXiv:1908.10084](https://arxiv.org/abs/1908.10084).
# - Weight decay apart from the gradient: Loshchilov & Hutter (2019), [arXiv:1711.05101](https://arxiv.org/abs/1711.05101).
# - LoRA: Hu et al. (2021), [arXiv:2106.09685](https://arxiv.org/abs/2106.09685).
# - Gradient × input: Shrikumar et al. (2016), [arXiv:1605.01713](https://arxiv.org/abs/1605.01713).
# - The articles (see lesson 00): S1-5.4, 7.25, 7.28 to 7.30; S2-4.2; S4-2.2, 3.1, 3.2, 5.1.

# %% [markdown] tags=["exercises"]
# # 11 · Fine-tuning BERT: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("11.1")` tells more, and more again when called again.
# NumPy is all you need: no weights. The [lesson](../11_bert_fine_tune.ipynb) has every rule.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 11.1 Word pieces
#
# Longest match first, from left to right. There is no way back: what has been found stays.


# %%
def wordpiece(word, vocabulary):
    """Cut a word into pieces of the vocabulary.

    Args:
        word: str, lower case, at least one letter.
        vocabulary: set of str; a piece that does not begin a word has ## in front.
    Returns:
        list of str: at each place the longest piece that fits; ["[UNK]"] for the whole word if at
        some place none does.

    With {"un", "u", "##fun", "##ny"}, "unfunny" gives ["un", "##fun", "##ny"], "unfun" gives
    ["un", "##fun"] and "unfit" ["[UNK]"].
    """
    ### BEGIN SOLUTION
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces
    ### END SOLUTION


# %%
check("11.1", wordpiece)

# %% [markdown]
# ## 11.2 Padding and its mask
#
# Texts of one batch become one array. The check shows them to a small encoder with positions and attention: of a text
# alone and of the same text in your batch it must say the same.


# %%
def pad(sequences, pad_id=0):
    """One array of texts of different lengths, and where it holds tokens.

    Args:
        sequences: list of lists of int, ids of tokens; one of them may be empty, not all.
        pad_id: int, fills up the rows. A token may have this id, too, as in models that pad
            with the token for the end of a text.
    Returns:
        ids, int array (N, T), with T the length of the longest; and mask, bool array (N, T),
        True at every token. A text begins at place 0.

    pad([[5, 7, 6], [8]]) gives [[5, 7, 6], [8, 0, 0]] and [[True, True, True], [True, False, False]].
    """
    ### BEGIN SOLUTION
    length = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), length), pad_id)
    mask = np.zeros(ids.shape, dtype=bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = True
    return ids, mask
    ### END SOLUTION


# %%
check("11.2", pad)

# %% [markdown]
# ## 11.3 Mean pooling
#
# One vector for each text, from the encoder's outputs at its tokens.


# %%
def mean_pool(h, mask):
    """Mean over the real tokens of each text.

    Args:
        h: float array (N, T, D), any numbers at padding, huge ones too.
        mask: bool array (N, T), True at real tokens, wherever they stand.
    Returns:
        float array (N, D); zeros for a text without tokens.

    With h = np.array([[[1.0], [5.0], [90.0]]]) and mask = np.array([[True, True, False]]) it is [[3]].
    """
    ### BEGIN SOLUTION
    real = mask[..., None]  # (N, T, 1)
    return np.where(real, h, 0).sum(axis=1) / np.maximum(real.sum(axis=1), 1)
    ### END SOLUTION


# %%
check("11.3", mean_pool)

# %% [markdown]
# ## 11.4 Warm-up, then linear decay
#
# $W$ is `warmup_share` times `total_steps`, a whole number here.


# %%
def learning_rate(step, total_steps, peak, warmup_share=0.1):
    """Learning rate of one step: a straight line up, then a straight line down.

    Args:
        step: int >= 0.
        total_steps: int >= 1, of the whole training.
        peak: float, the largest rate.
        warmup_share: float from 0 to below 1; with W = warmup_share * total_steps.
    Returns:
        float: 0 at step 0, `peak` at step W, 0 at total_steps and after; if W is 0, `peak` at
        step 0.

    learning_rate(step, 10, 6.0, 0.2) is 0, 3, 6, 5.25 and 4.5 at steps 0 to 4, and 0.75, 0 and 0
    at steps 9 to 11.
    """
    ### BEGIN SOLUTION
    warmup = warmup_share * total_steps
    if step < warmup:
        return peak * step / warmup
    return peak * max(total_steps - step, 0) / (total_steps - warmup)
    ### END SOLUTION


# %%
check("11.4", learning_rate)

# %% [markdown]
# ## 11.5 Above the commonest class
#
# An accuracy says little by itself. What would a classifier have that never reads the text?


# %%
def above_majority(y_train, y_test, predicted):
    """Accuracy, less that of always answering the commonest training label.

    Args:
        y_train: int array (n,), labels >= 0, of any number of classes.
        y_test: int array (m,), labels; perhaps with other shares, and without some of the classes.
        predicted: int array (m,), a model's answers for the test texts.
    Returns:
        float, a difference of shares; below 0 if the model is worse. If several training labels
        are the commonest, the smallest of them is meant.

    With y_train = np.array([0, 1, 1]), y_test = np.array([0, 0, 0, 1]) and
    predicted = np.array([0, 0, 1, 1]) it is 0.75 - 0.25 = 0.5.
    """
    ### BEGIN SOLUTION
    commonest = np.argmax(np.bincount(y_train))
    return np.mean(predicted == y_test) - np.mean(y_test == commonest)
    ### END SOLUTION


# %%
check("11.5", above_majority)
