# ---
# jupyter:
#   course:
#     question: How can a network look up what it needs, instead of squeezing a whole text into one vector?
# ---

# %% [markdown]
# # 09 · Attention
#
# | | |
# |---|---|
# | **You will be able to** | write scaled dot-product and multi-head attention, with padding and causal masks, and check both against Keras; say why scores are divided by $\sqrt d$; tell what attention does not see; measure what it gives a translator; read its weights with care |
# | **You need first** | lesson 07: embeddings; lesson 08: GRU, padding masks; [lesson 02](02_logistic_regression.ipynb): softmax |
# | **Time** | an hour to read; it runs in about a minute on a CPU |
# | **Data** | 10,000 dates written in twenty ways, each with its ISO form (generated, CC0) |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=9)

# %% [markdown]
# Here the seed draws initial weights, random vectors and which dates stand together. The text describes what seed 9 gives
# in the fast profile.

# %% tags=["setup"]
import re

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from dateutil import parser

from course_lib import data, plots, training

plots.use_style()
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## The question
#
# `the 3rd of March, 2021` is to become `2021-03-03`: a small translation, from many ways of writing into one. Lesson
# 08's GRU reads a text and ends with one vector. A second GRU could start from that vector and write the answer. That is
# a **sequence-to-sequence** model: an **encoder** and a **decoder** (Sutskever et al., 2014, with
# LSTMs; Cho et al., 2014).
#
# However long the text, the vector has the same size. What if the text holds two dates, or three? First, one.

# %% tags=["nbval-check-output"]
splits = data.load_dates()


def read_with_dateutil(text):
    """A hand-written parser, told our one convention: dots mean that the day comes first."""
    return parser.parse(text, fuzzy=True, dayfirst="." in text).date().isoformat()


for text, iso in list(zip(*splits.validation, strict=True))[:5]:
    print(f"{text:<36} {iso}")
parsed = [read_with_dateutil(text) for text in splits.validation[0]]
print("the parser reads", np.sum(parsed == splits.validation[1]), "of", len(parsed))

# %% [markdown]
# The parser makes no error. Nobody needs a network for this task, and ours will not beat the parser. We take it because
# the right answer is known, the length of the input can be chosen, and we can see where a model should look.

# %% [markdown]
# ## A dictionary that is soft
#
# A dictionary holds **keys** and **values**. Asked with a **query**, it returns the value of the key that equals it, and
# fails if there is none. A soft dictionary compares the query with every key, turns the scores into weights by a softmax,
# and returns the weighted mean of all values. It has an answer to every query, and gradients for all its parts.

# %% tags=["nbval-check-output"]
compass = {"east": [1.0, 0.0], "north": [0.0, 1.0], "west": [-1.0, 0.0]}
arrows = np.array(list(compass.values()))  # keys, (3, 2)
degrees = np.array([0.0, 90.0, 180.0])  # values, (3,)


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


question = np.array([0.6, 0.8])  # between east and north, nearer to north
print(f"asked: {np.degrees(np.arctan2(question[1], question[0])):.0f} degrees")
for sharpness in (1, 10, 100):
    shares = softmax(sharpness * arrows @ question)  # (3,)
    print(f"sharpness {sharpness:3}: weights {shares.round(3)}, answer {shares @ degrees:.1f}")

# %% [markdown]
# The sharper, the closer to an ordinary dictionary: the nearest key takes it all. Asked at 53 degrees, it then answers 90:
# a dictionary answers with what it holds, and 53 is none of its values. This is an old idea, a regression that
# averages the values of near points (Nadaraya, 1964; Watson, 1964). What is new is that queries, keys and values are
# learned.

# %% [markdown]
# ## Scaled dot-product attention
#
# Many queries at once, each row by row:
#
# $$A = \mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d}}\right) \qquad\qquad \mathrm{Attention}(Q, K, V) = A\,V$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $T_q$, $T_k$ | how many positions ask, how many are asked | numbers | |
# | $Q$ | queries, one row a position | $(T_q, d)$ | `Q` |
# | $K$ | keys, one row a position | $(T_k, d)$ | `K` |
# | $V$ | values, one row for each key | $(T_k, d_v)$ | `V` |
# | $QK^\top$ | scores: row $i$ holds query $i$ against all keys | $(T_q, T_k)$ | `scores` |
# | $A$ | attention weights; each row sums to 1 | $(T_q, T_k)$ | `A` |
# | $AV$ | row $i$: a mean of the values, weighted by row $i$ of $A$ | $(T_q, d_v)$ | `context` |


# %%
def attention(Q, K, V, visible=None):
    """Context (..., T_q, d_v) and weights (..., T_q, T_k); `visible` is True where a query may look."""
    scores = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    if visible is not None:
        scores = np.where(visible, scores, -1e9)  # exp(-1e9) is 0
    A = softmax(scores)
    if visible is not None:
        A = np.where(visible, A, 0)  # matters in rows where nothing is visible
    return A @ V, A


Q = rng.normal(size=(2, 4, 8))  # two examples, T_q = 4, d = 8
K, V = rng.normal(size=(2, 5, 8)), rng.normal(size=(2, 5, 3))  # T_k = 5, d_v = 3
context, A = attention(Q, K, V)
np.testing.assert_allclose(A.sum(axis=-1), 1, rtol=1e-12)
# Keras's Attention does not divide by the root: we do it before. Its order is query, value, key.
layer = keras.layers.Attention(dtype="float64")
in_keras, A_in_keras = layer([Q / np.sqrt(8), V, K], return_attention_scores=True)
np.testing.assert_allclose(context, in_keras, atol=1e-12)  # float64 in both: rounding alone
np.testing.assert_allclose(A, A_in_keras, atol=1e-12)
print("context", context.shape, "weights", A.shape, "equal to keras.layers.Attention")

# %% [markdown]
# Two matrix products answer all queries. Unlike in a GRU, no step waits for the one before it.

# %% [markdown]
# ## Why divide by $\sqrt d$?
#
# Let the entries of $q$ and $k$ be independent, with mean 0 and variance 1. Each product $q_i k_i$ then has mean 0 and
# variance 1, and the score $q^\top k$ is a sum of $d$ of them: variance $d$. Divided by $\sqrt d$, it has variance 1.

# %% [markdown]
# Large scores are a problem for the softmax. The derivatives of a row of weights $A_i$ by its scores $s_j$ are
# $\partial A_i / \partial s_j = A_i(\delta_{ij} - A_j)$, with $\delta_{ij} = 1$ if $i = j$ and 0 otherwise. If one weight
# is nearly 1 and the others nearly 0, all derivatives are nearly 0: nothing is learned.

# %%
DIMENSIONS = (4, 16, 64, 256, 1024)


def gradient_size(scores):
    """Root of the sum of squares of all derivatives of a row's weights, (N, T) -> (N,)."""
    A = softmax(scores)
    jacobian = A[:, :, None] * (np.eye(A.shape[1]) - A[:, None, :])
    return np.sqrt(np.sum(jacobian**2, axis=(1, 2)))


variances, slopes = {}, {}
for d in DIMENSIONS:
    queries, keys = rng.normal(size=(1000, 1, d)), rng.normal(size=(1000, 16, d))
    raw = (queries @ np.swapaxes(keys, 1, 2))[:, 0]  # (1000, 16)
    for name, scores in (("as they are", raw), ("divided by √d", raw / np.sqrt(d))):
        variances[name, d] = scores.var()
        slopes[name, d] = np.median(gradient_size(scores))
    print(
        f"d = {d:4}: variance {variances['as they are', d]:7.1f}, divided {variances['divided by √d', d]:.2f}; "
        f"gradient {slopes['as they are', d]:.5f}, divided {slopes['divided by √d', d]:.3f}"
    )
    # 1,000 queries of length about √d: the variance of so many scores is off by some per cent.
    np.testing.assert_allclose(variances["as they are", d], d, rtol=0.15)
assert slopes["as they are", 1024] < 0.01 * slopes["divided by √d", 1024]

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6))
for name, style in (("as they are", "s--"), ("divided by √d", "o-")):
    for ax, table in zip(axes, (variances, slopes), strict=True):
        ax.loglog(DIMENSIONS, [table[name, d] for d in DIMENSIONS], style, label=name)
axes[0].set(xlabel="dimension d", ylabel="variance of the scores")
axes[0].set_title("Scores grow with d, unless divided")
axes[1].set(xlabel="dimension d", ylabel="size of the softmax's gradient (median)")
axes[1].set_title("Undivided, the gradient vanishes")
axes[0].legend()
plots.show(fig)

# %% [markdown]
# Undivided, at $d = 1024$ hardly a gradient is left in most rows, before anything is learned. Divided, nothing depends
# on $d$. The derivation is about random vectors, so about the beginning of training; later the model may make its
# scores as large as it likes.

# %% [markdown]
# ## Masks
#
# Not every key may be looked at. A **padding mask** hides the positions that are no text. A **causal mask** hides, for
# position $i$, all positions after $i$: a model that is to predict what comes next must not see it. Both are arrays of
# bool, and a key is visible only where both allow it. The score of a hidden key becomes $-10^9$ *before* the softmax, so
# that its weight is 0 and the rest of the row sums to 1.

# %% tags=["nbval-check-output"]
T = 4
real = np.array([[True, True, True, False]])  # (1, T): the last position is padding
padding_mask = real[:, None, :]  # (1, 1, T_k), the same for all queries
causal_mask = np.tril(np.ones((T, T), bool))  # (T_q, T_k)
X = rng.normal(size=(1, T, 8))
_, A_masked = attention(X, X, X, padding_mask & causal_mask)
print((padding_mask & causal_mask)[0].astype(int))
assert np.all(A_masked[~np.broadcast_to(padding_mask & causal_mask, A_masked.shape)] == 0)
np.testing.assert_allclose(A_masked.sum(axis=-1), 1, rtol=1e-12)
_, A_masked_in_keras = keras.layers.Attention(dtype="float64")(
    [X / np.sqrt(8), X, X],
    mask=[None, real],
    use_causal_mask=True,
    return_attention_scores=True,
)
np.testing.assert_allclose(A_masked, A_masked_in_keras, atol=1e-12)

# %% [markdown]
# What if a row is masked wholly? There is no right answer, and each program has its own.

# %% tags=["nbval-check-output"]
everyone_sees = np.ones((1, T, T), bool)
everyone_sees[0, 1] = False  # query 1 may look nowhere
_, by_hand = attention(X, X, X, everyone_sees)
one_head = keras.layers.MultiHeadAttention(1, 8, use_bias=False, dtype="float64")
with_weights, A_one_head = map(
    np.asarray, one_head(X, X, attention_mask=everyone_sees, return_attention_scores=True)
)
without_weights = one_head(X, X, attention_mask=everyone_sees).numpy()
_, _, W_v, W_o = one_head.get_weights()
uniform = np.einsum("tD,Dhd,hdE->tE", X[0], W_v, W_o).mean(axis=0)
print("the row of query 1 sums to")
print("   by hand:", by_hand[0, 1].sum())
print("   MultiHeadAttention, weights returned:", A_one_head[0, 0, 1].sum())
print("its output with weights returned is 0:", np.allclose(with_weights[0, 1], 0))
print("without, it is the mean of all values:", np.allclose(without_weights[0, 1], uniform))
rows = [0, 2, 3]  # the others agree
np.testing.assert_allclose(with_weights[0, rows], without_weights[0, rows], atol=1e-12)

# %% [markdown]
# In Keras 3.13 to 3.15, the layer when asked for its weights gives zeros in the row of a query that sees nothing. Not
# asked, it takes another way through its code, and averages over everything, the hidden keys included. So do not rely
# on such rows: give each query at least one visible key, or drop its output.

# %% [markdown]
# ## Several heads
#
# One row of weights asks one question. To ask several, **multi-head attention** projects queries, keys and values $H$
# times with learned matrices to a smaller width, attends in each, and joins the results:
#
# $$Z_h = \mathrm{Attention}(X W^Q_h + b^Q_h,\; S W^K_h + b^K_h,\; S W^V_h + b^V_h) \qquad Y = \sum_h Z_h W^O_h + b^O$$
#
# | symbol | meaning | shape |
# |---|---|---|
# | $X$, $S$ | who asks, who is asked: one sequence, or two | $(T_q, D)$, $(T_k, D)$ |
# | $H$ | how many heads | number |
# | $W^Q_h$, $W^K_h$, $W^V_h$ | projections of head $h$, to width $d$: Keras's `key_dim` | $(D, d)$; in Keras $(D, H, d)$ |
# | $b^Q_h$, $b^K_h$, $b^V_h$ | their biases | $(d,)$; in Keras $(H, d)$ |
# | $Z_h$ | contexts of head $h$ | $(T_q, d)$ |
# | $W^O_h$, $b^O$ | back to width $D$ | $(d, D)$, in Keras $(H, d, D)$; $(D,)$ |
# | $Y$ | output | $(T_q, D)$ |

# %% [markdown]
# The sum over heads is the usual "concatenate, then project": side by side, the $Z_h$ form a row of $Hd$ numbers, and the
# $W^O_h$ below each other a matrix of $Hd$ rows. If $S = X$ it is **self-attention**; if not, **cross-attention**.
#
# The bias $b^K_h$ adds the same number to all scores of a query, and so cancels in the softmax.


# %%
def multi_head_attention(X, S, weights, visible=None):
    """Y (B, T_q, D) and the weights of each head (B, H, T_q, T_k)."""
    W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = weights
    # (B, T, D) and (D, H, d) -> (B, H, T, d); biases (H, d) -> (H, 1, d)
    Q = np.einsum("btD,Dhd->bhtd", X, W_q) + b_q[:, None]
    K = np.einsum("btD,Dhd->bhtd", S, W_k) + b_k[:, None]
    V = np.einsum("btD,Dhd->bhtd", S, W_v) + b_v[:, None]
    if visible is not None:
        visible = visible[:, None]  # the same for every head: (B, 1, T_q, T_k)
    Z, A = attention(Q, K, V, visible)
    Y = np.einsum("bhtd,hdD->btD", Z, W_o) + b_o
    side_by_side = Z.swapaxes(1, 2).reshape(*X.shape[:2], -1)  # (B, T_q, H d)
    np.testing.assert_allclose(
        side_by_side @ W_o.reshape(-1, W_o.shape[2]) + b_o, Y, atol=1e-12
    )
    return Y, A


# %% tags=["nbval-check-output"]
B, T_q, T_k, D, HEADS = 3, 5, 7, 16, 4
X, S = rng.normal(size=(B, T_q, D)), rng.normal(size=(B, T_k, D))
layer = keras.layers.MultiHeadAttention(HEADS, key_dim=D // HEADS, dtype="float64")
layer.build(X.shape, S.shape)
weights = [rng.normal(size=array.shape) / 2 for array in layer.get_weights()]
layer.set_weights(weights)
lengths = np.array([7, 4, 1])
padding = np.arange(T_k) < lengths[:, None, None]  # (B, 1, T_k)
causal = np.tril(np.ones((1, T_q, T_q), bool))
for name, source, visible, settings in (
    ("self", X, None, {}),
    ("self, causal", X, causal, {"use_causal_mask": True}),
    ("cross", S, None, {}),
    ("cross, padding", S, padding, {"attention_mask": padding}),
):
    Y, A = multi_head_attention(X, source, weights, visible)
    Y_in_keras, A_in_keras = layer(X, source, return_attention_scores=True, **settings)
    # float64; Keras keeps 1/√d in float32, where that of d = 4 is exact.
    np.testing.assert_allclose(Y, Y_in_keras, atol=1e-12)
    np.testing.assert_allclose(A, A_in_keras, atol=1e-12)
    print(f"{name:>14}: weights {A.shape}, equal to MultiHeadAttention")
no_key_bias = [*weights[:3], 0 * weights[3], *weights[4:]]
Y, Y_without = (multi_head_attention(X, S, w)[0] for w in (weights, no_key_bias))
np.testing.assert_allclose(Y, Y_without, atol=1e-12)
print("kernels and biases:", *(array.shape for array in weights))

# %% [markdown]
# ### How many parameters?
#
# One of the articles says that multi-head attention uses several self-attention *layers*. It is one layer, in which every
# head gets a share of the width. With $d = D/H$, $H$ drops out:
#
# $$3\,(D \cdot Hd + Hd) + (Hd \cdot D + D) = 4\,(D^2 + D)$$

# %% tags=["nbval-check-output"]
for heads in (1, 4, 8):
    layer = keras.layers.MultiHeadAttention(heads, key_dim=64 // heads)
    layer.build((None, None, 64), (None, None, 64))
    assert layer.count_params() == 4 * (64**2 + 64)
    print(
        f"{heads} head{'s' if heads > 1 else ' '} of width {64 // heads:2}: {layer.count_params():,} parameters"
    )
too_wide = keras.layers.MultiHeadAttention(4, key_dim=64)
too_wide.build((None, None, 64), (None, None, 64))
print(f"4 heads of width 64: {too_wide.count_params():,} parameters")
print(f"four one-head layers of width 64, stacked: {4 * 4 * (64**2 + 64):,} parameters")

# %% [markdown]
# So more heads cost no parameters: each is narrower. Mind that Keras's `key_dim` is the width of *one* head. And this one
# layer is not yet a Transformer, as another of the articles may suggest: lesson 10 adds what is missing.

# %% [markdown]
# ## What attention does not see
#
# The articles print the formula, call it self-attention, and $Q$, $K$ and $V$ vectors. They are matrices, with a row for
# each position, and it is *self*-attention only if all three are made from one sequence. And nothing in the formula
# says which position comes first.
#
# - Permute the inputs of self-attention: the outputs are permuted alike, and are otherwise the same. It is
#   **equivariant**.
# - Permute keys and values together: the output does not change. It is **invariant**.

# %% tags=["nbval-check-output"]
order = np.array([3, 0, 4, 1, 2])
Y, A = multi_head_attention(X, X, weights)
Y_permuted, _ = multi_head_attention(X[:, order], X[:, order], weights)
np.testing.assert_allclose(Y_permuted, Y[:, order], atol=1e-12)  # a sum in another order
print("inputs permuted: outputs permuted alike")

Y_cross, _ = multi_head_attention(X, S, weights)
Y_shuffled, _ = multi_head_attention(X, S[:, ::-1], weights)
np.testing.assert_allclose(Y_shuffled, Y_cross, atol=1e-12)
print("keys and values permuted together: outputs unchanged")

places = rng.normal(size=(T_q, D))  # a vector for each position, added to what stands there
Y_placed, _ = multi_head_attention(X + places, X + places, weights)
moved = X[:, order] + places
Y_moved, _ = multi_head_attention(moved, moved, weights)
assert not np.allclose(Y_moved, Y_placed[:, order], atol=0.1)
print("with positions added: the order matters")

# %% [markdown]
# To plain attention a text is a bag of words: *dog bites man* and *man bites dog* give each word the same output. Something
# else must tell the order. Below a GRU does, since its states depend on what came before. A vector added for each
# position does it as well; lesson 10 takes that way.

# %% [markdown]
# ### What it costs
#
# Every position against every position: $T^2$ weights for each head. A GRU's work grows with $T$, but in $T$ steps, one
# after the other.

# %% tags=["nbval-check-output"]
for T in (100, 1_000, 10_000, 100_000):
    print(f"T = {T:7,}: {T * T:>14,} weights a head, {T * T * 4 / 1e6:>8,.2f} MB as float32")

# %% [markdown]
# ### Another score
#
# The first attention in translation (Bahdanau et al., 2015) scored with a small network. It is called **additive**:
#
# $$s_{ij} = v^\top \tanh(W_q^\top q_i + W_k^\top k_j)$$
#
# Luong et al. (2015) compared it with the plain product $q_i^\top k_j$: one matrix product for all pairs, where
# $v$ of $U$ entries takes $T_q T_k U$ times tanh. Keras's
# `AdditiveAttention` has $v$, called `scale`, and leaves the two projections to you.


# %%
Q, K = rng.normal(size=(2, 4, 8)), rng.normal(size=(2, 5, 8))
v = rng.normal(size=8)
inner = np.tanh(Q[:, :, None, :] + K[:, None, :, :])  # (B, T_q, T_k, U)
A = softmax(inner @ v)  # (B, T_q, T_k)
layer = keras.layers.AdditiveAttention(dtype="float64")
layer.build([Q.shape, K.shape, K.shape])
layer.set_weights([v])
_, A_in_keras = layer([Q, K, K], return_attention_scores=True)
np.testing.assert_allclose(A, A_in_keras, atol=1e-12)  # float64 in both
print(
    f"scores of {Q.shape[1]} queries, {K.shape[1]} keys: {inner[0].size} tanh; as products, none"
)

# %% [markdown]
# ## Dates, one to three at a time
#
# To have long inputs with known answers, we join dates: `9 Mar 2021; 3/9/2021`. The answer is their ISO forms in a row.
#
# A text is cut into **pieces**: words, marks, and numbers in pairs of digits, so that `2021` is `20` `21`. That keeps the
# sequences short, for a GRU takes its time for each step. Hyphens of the answer always stand in the same place, so the
# model writes only the four pairs of digits.


# %% tags=["nbval-check-output"]
def pieces(text):
    return re.findall(r"[a-z]+|\d\d?|[^\w\s]", text.lower())


SOURCE = ["", *sorted({piece for text in splits.train[0] for piece in pieces(text)} | {";"})]
TARGET = ["", *sorted({pair for iso in splits.train[1] for pair in re.findall(r"\d\d", iso)})]
SOURCE_ID = {piece: number for number, piece in enumerate(SOURCE)}  # 0 is padding
TARGET_ID = {pair: number for number, pair in enumerate(TARGET)}  # 0 is the start


def to_numbers(part):
    """Lists of piece numbers, one a date; array (N, 4) of answers."""
    texts, answers = part
    asked = [[SOURCE_ID[piece] for piece in pieces(text)] for text in texts]
    pairs = [[TARGET_ID[pair] for pair in re.findall(r"\d\d", iso)] for iso in answers]
    return asked, np.array(pairs, "int32")


dates, dates_validation, dates_test = (to_numbers(part) for part in splits)
print(splits.train[0][0], "->", pieces(splits.train[0][0]), "->", dates[0][0])
print(splits.train[1][0], "->", [TARGET[k] for k in dates[1][0]])
print(f"{len(SOURCE) - 1} pieces in texts, {len(TARGET) - 1} in answers")


# %%
def join(part, rows):
    """Texts (B, T) padded with 0, and answers (B, 4n), of rows (B, n) of a part."""
    asked, pairs = part
    mark = SOURCE_ID[";"]
    joined = [[piece for k in row for piece in (mark, *asked[k])][1:] for row in rows]
    x = np.zeros((len(rows), max(map(len, joined))), "int32")
    for place, numbers in enumerate(joined):
        x[place, : len(numbers)] = numbers
    return x, pairs[rows].reshape(len(rows), -1)


def shift(y):
    """What the decoder has written before each step: (B, 4n), 0 first."""
    return np.pad(y[:, :-1], ((0, 0), (1, 0)))


x_example, y_example = join(dates_validation, np.array([[0, 1, 2]]))
print(" ".join(SOURCE[k] for k in x_example[0]))
print(" ".join(TARGET[k] for k in y_example[0]))

# %% [markdown]
# ### Two translators from one
#
# The encoder's GRU leaves a state $g_j$ at each piece. The decoder's GRU starts from the last state and has states $u_i$.
# The $u_i$ are queries, the $g_j$ keys and values of a one-head cross-attention, whose output, the **context** $c_i$, stands
# beside $u_i$ before the last layer. To ask with the current state is Luong's way; Bahdanau asked with the one before.

# %% [markdown]
# With attention, every piece of the text is visible. Without, only the last one: then its weight is 1, and the context
# is a projection of the last state, at each step the same (as in Cho et al., 2014). One input switches between the two.
# So both have the same parameters and initial weights; but where a single key is visible, the projections of queries and
# keys are idle.


# %%
UNITS, WIDTH = 64, 32


def make_translator():
    text = keras.Input((None,), dtype="int32", name="text")  # (B, T)
    visible = keras.Input((None,), dtype="bool", name="visible")  # (B, T)
    written = keras.Input((None,), dtype="int32", name="written")  # (B, 4n)
    embedded = keras.layers.Embedding(len(SOURCE), WIDTH, mask_zero=True)(text)
    encoder = keras.layers.GRU(UNITS, return_sequences=True, return_state=True)
    encoder_states, last = encoder(embedded)  # (B, T, UNITS), (B, UNITS)
    before = keras.layers.Embedding(len(TARGET), WIDTH)(written)
    decoder_states = keras.layers.GRU(UNITS, return_sequences=True)(before, initial_state=last)
    context, weights = keras.layers.MultiHeadAttention(1, UNITS, name="attention")(
        decoder_states,
        encoder_states,
        attention_mask=keras.ops.expand_dims(visible, 1),  # (B, 1, T)
        return_attention_scores=True,
    )
    both = keras.layers.Concatenate()([decoder_states, context])
    logits = keras.layers.Dense(len(TARGET))(both)  # (B, 4n, pairs)
    inputs = [text, visible, written]
    return keras.Model(inputs, logits, name="translator"), keras.Model(inputs, weights)


translator, attention_weights = make_translator()

# %% tags=["nbval-check-output"]
for layer in translator.layers:
    if layer.count_params():
        print(f"{type(layer).__name__:>18}: {layer.count_params():>6,}")
print(f"{'all':>18}: {translator.count_params():>6,} parameters")
idle = sum(w.size for w in translator.get_layer("attention").get_weights()[:4])
print(f"of these idle without attention: {idle:,}")


# %%
def look_everywhere(x):
    return x > 0


def look_at_the_end(x):
    """True at the last piece of each text alone."""
    return np.arange(x.shape[1]) == (x > 0).sum(axis=1, keepdims=True) - 1


UPDATES, BATCH, EPOCHS = run.pick(fast=240, full=2000), 64, 10


def batches(look):
    """One, two and three dates in turn; the same batches for each translator."""
    draws = np.random.default_rng(run.seed)
    while True:
        for n in (1, 2, 3):
            x, y = join(dates, draws.integers(len(dates[0]), size=(BATCH, n)))
            yield (x, look(x), shift(y)), y


numbers, flags = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.bool)
signature = ((numbers, flags, numbers), numbers)
rate = keras.optimizers.schedules.CosineDecay(0.03, UPDATES)
translator.compile(
    keras.optimizers.Adam(rate, global_clipnorm=1.0),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
beginning = translator.get_weights()

# %% [markdown]
# The decoder is given what *should* have been written before each step: **teacher forcing**. So all steps of a batch
# are trained at once. When it translates, it has only its own writing: each step takes the likeliest pair and passes it
# on, **greedily**, for all texts together. A GRU cannot look ahead: so no causal mask is needed (attention in its
# place, as in lesson 10, needs one), and places after a step may hold zeros.


# %%
def translate(x, n, look):
    """The likeliest pair at each step, given those before, (B, 4n)."""
    y = np.zeros((len(x), 4 * n + 1), "int32")
    visible = look(x)
    for step in range(4 * n):
        logits = translator.predict_on_batch([x, visible, y[:, :-1]])
        y[:, step + 1] = logits[:, step, 1:].argmax(axis=-1) + 1  # 0 only starts
    return y[:, 1:]


def joined_once(part, n):
    """Every date of a part once, n to a text."""
    many = len(part[0])
    rows = np.random.default_rng(0).permutation(many)[: many // n * n]
    return join(part, rows.reshape(-1, n))


def train(look):
    translator.set_weights(beginning)
    for variable in translator.optimizer.variables:  # Adam's means and its count of steps
        # A rate that is a plain number would stand there, too.
        if not variable.path.endswith("learning_rate"):
            variable.assign(np.zeros(variable.shape))
    stream = tf.data.Dataset.from_generator(lambda: batches(look), output_signature=signature)
    settings = {"epochs": EPOCHS, "steps_per_epoch": UPDATES // EPOCHS, "shuffle": False}
    return training.fit(translator, stream, **settings).history["loss"]


# %%
NUMBERS = (1, 2, 3, 4)  # of dates in a text; four were never trained
LOOKS = {"last state alone": look_at_the_end, "attention": look_everywhere}
losses, trained, exact, pairs_right = {}, {}, {}, {}
for name, look in LOOKS.items():
    losses[name], trained[name] = train(look), translator.get_weights()
    for n in NUMBERS:
        x, y = joined_once(dates_validation, n)
        written = translate(x, n, look)
        hits = written == y
        exact[name, n], pairs_right[name, n] = hits.all(axis=1).mean(), hits.mean()
    print(f"{name}: exactly right", *(f"{exact[name, n]:.3f}" for n in NUMBERS))
    print(f"{name}: pairs right  ", *(f"{pairs_right[name, n]:.3f}" for n in NUMBERS))
common = [np.bincount(column).argmax() for column in dates[1].T]
guessed = (dates_validation[1] == common).mean()
print(f"the commonest pair at each place: {guessed:.3f} of the pairs right")
by_date = hits.reshape(-1, 4, 4).mean(axis=(0, 2))  # of the last: attention, four dates
print("attention, of four dates, pairs right date by date:", by_date.round(2))
print(
    f"third as the fourth should be: {(written[:, 8:12] == y[:, 12:]).mean():.2f} of the pairs"
)
assert (written[:, 8:12] == y[:, 12:]).mean() > run.pick(fast=0.6, full=0.25)
assert exact["attention", 3] > 0.85 and exact["last state alone", 3] < run.pick(
    fast=0.05, full=0.4
)
assert exact["last state alone", 1] > exact["last state alone", 2] + 0.2
assert exact["last state alone", 1] > run.pick(fast=0.5, full=0.85)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for name, style in zip(LOOKS, ("s--", "o-"), strict=True):
    axes[0].plot(np.arange(1, EPOCHS + 1) * UPDATES // EPOCHS, losses[name], style, label=name)
    axes[1].plot(NUMBERS, [exact[name, n] for n in NUMBERS], style, label=name)
axes[0].set(
    xlabel="updates", ylabel="loss on the training batches (nats a pair)", ylim=(0, None)
)
axes[0].set_title("Same weights at first, same batches")
axes[1].axvspan(3.5, 4.2, color=plots.GREY, alpha=0.2, lw=0)
axes[1].text(3.85, 0.5, "never trained", rotation=90, ha="center", va="center")
axes[1].set(xlabel="dates in the text", xticks=NUMBERS, ylabel="share of texts exactly right")
axes[1].set(xlim=(0.8, 4.2), ylim=(-0.03, 1.05))
axes[1].set_title("Attention holds, as far as it was trained")
axes[0].legend()
plots.show(fig)

# %% [markdown]
# With the last state alone, six or seven in ten single dates come out right, and of the texts of two and three almost none.
# With attention, nearly all do. Parameters, initial weights and batches are the same; only what the decoder may look at
# differs.

# %% [markdown]
# Is the vector too small, or the training too short? Mostly the training: in the full profile (2,000 updates) single dates
# succeed without attention too, and most texts of three still fail. Whether a wider state or another rate would mend that,
# we have not tried.
#
# Four dates, which neither has seen in training, fail with attention, too. It writes the first two, and then mostly the
# last one twice: presumably because in all it has seen, the third date was the last.

# %% [markdown]
# ## Where does it look?
#
# The weights of the cross-attention, for the text of three dates from above. A row is a pair of digits that the model
# writes, a column a piece of the text.

# %%
translator.set_weights(trained["attention"])


def show_weights(ax, x, y):
    """The weights of one text, x (1, T) and y (1, 4n), as a picture."""
    A = attention_weights.predict_on_batch([x, look_everywhere(x), shift(y)])[0, 0]
    image = ax.imshow(A, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(x.shape[1]), [SOURCE[k] for k in x[0]])
    for label in ax.get_xticklabels():
        label.set_rotation(90 if len(label.get_text()) > 2 else 0)
    ax.set_yticks(range(y.shape[1]), [TARGET[k] for k in y[0]])
    ax.set(xlabel="piece of the text", ylabel="pair written")
    return image


y_written = translate(x_example, 3, look_everywhere)
print("written:", " ".join(TARGET[k] for k in y_written[0]))
print("right:  ", " ".join(TARGET[k] for k in y_example[0]))
fig, ax = plt.subplots(figsize=(9, 4.6))
fig.colorbar(show_weights(ax, x_example, y_written), label="attention weight")
ax.set_title("Each date's rows look at that date, the year first")
plots.show(fig)

# %% [markdown]
# Nobody told the model which piece belongs to which pair. Each row sums to 1, and most have one dark cell. From top to
# bottom the rows jump to a date's year, back to its month and its day, and on to the next date: years come first in
# the answer and last in most texts. One vector would have to hold all that at once.
#
# Numbers alone say less. The same three pairs of digits, once with slashes, month first, once with dots, day first:

# %%
ambiguous = [pieces("3/9/2021"), pieces("3.9.2021")]
numbered = [[SOURCE_ID[piece] for piece in date] for date in ambiguous]
x_numbers, _ = join((numbered, np.zeros((2, 4), int)), np.array([[0, 1]]))
y_numbers = translate(x_numbers, 2, look_everywhere)
print("written:", " ".join(TARGET[k] for k in y_numbers[0]))
fig, ax = plt.subplots(figsize=(6, 3.6))
fig.colorbar(show_weights(ax, x_numbers, y_numbers), label="attention weight")
ax.set_title("Same digits, other marks: it looks elsewhere")
plots.show(fig)

# %% [markdown]
# The day and the month change places in the answer, since the marks say so. In the texts a first number is mostly a
# day, as in `9 March`, and with dots the day is read right there. With slashes it is the month, which shows only at the
# `/`, and there it is read. That is how we read this one picture. A weight belongs to a *state*, which knows all pieces
# up to its own.

# %% [markdown]
# Pictures are anecdotes. Over all validation texts, how much of the weight lies within the date that is being
# written? Spread evenly, it would be a third. (A separating `;` counts to the date after it.)

# %%
x, y = joined_once(dates_validation, 3)
A = attention_weights.predict_on_batch([x, look_everywhere(x), shift(y)])[:, 0]  # (B, 12, T)
date_of_piece = np.cumsum(x == SOURCE_ID[";"], axis=1)  # (B, T): 0, 1 or 2
date_of_pair = np.arange(12) // 4  # (12,)
own = date_of_piece[:, None, :] == date_of_pair[:, None]  # (B, 12, T)
on_own = (A * own).sum(axis=-1)
print(f"weight on the own date: {on_own.mean():.3f}")
assert on_own.mean() > 0.8

# %% [markdown]
# ### Does that explain the answer?
#
# A weight says which state was read. Whether the answer depends on it is another question, and one that can be tested.
# For each pair of each text, find the piece with its largest weight. Hide that piece from the attention, or exchange it
# in the text for one drawn from all texts. As controls, do the same with another piece of the same date, and with another of
# the whole text, both drawn at random. Is the pair written as before?

# %%
number, chosen = (index.ravel() for index in np.indices(y.shape))  # of the text, of its pair
each = np.arange(len(number))
y_before = translate(x, 3, look_everywhere)
x_each, own_each = x[number], own[number, chosen]  # (12 B, T)
most = A[number, chosen].argmax(axis=1)
others = x_each > 0
others[each, most] = False
draws = rng.random(x_each.shape)
picked = {
    "most attended": most,
    "same date": (draws * (others & own_each)).argmax(axis=1),
    "whole text": (draws * others).argmax(axis=1),
}
foreign = rng.choice(x[x > 0], len(x_each))
as_before, unchanged = {}, {}
for which, where in picked.items():
    all_but_one, exchanged = x_each > 0, x_each.copy()
    all_but_one[each, where] = False
    exchanged[each, where] = foreign
    for what, inputs in (
        ("hidden", (x_each, all_but_one)),
        ("exchanged", (exchanged, x_each > 0)),
    ):
        logits = translator.predict_on_batch([*inputs, shift(y_before)[number]])[each, chosen]
        pair = logits[:, 1:].argmax(axis=-1) + 1
        as_before[which, what] = (pair == y_before[number, chosen]).reshape(-1, 4)
        unchanged[which, what] = as_before[which, what].mean()
        print(f"{which:>13}, {what:<9}: {unchanged[which, what]:.2f} written as before")

# %%
for what in ("hidden", "exchanged"):
    for control in ("same date", "whole text"):
        assert unchanged["most attended", what] < unchanged[control, what] - 0.4
still_written = as_before["most attended", "hidden"].mean(axis=0)
commonest_right = (dates_validation[1] == common).mean(axis=0)
print("                         century, year, month, day")
print("most attended, hidden:  ", still_written.round(2))
print("guess the commonest pair:", commonest_right.round(2))
assert still_written[2] > commonest_right[2] + run.pick(fast=0.05, full=-0.05)

# %% [markdown]
# The pieces with large weights matter most; other pieces of the same date little, more when exchanged
# than when hidden. Here the weights point to where
# the answer comes from. But not without exception. When the most attended state is hidden, a part of the pairs is still
# written: about as many centuries as a guess would get right, hardly a year, and more months than a guess. Where those
# come from, this does not show.

# %% [markdown]
# On other tasks, other weights often give the same predictions, and weights agree badly with other measures of
# importance (Jain & Wallace, 2019). What follows from that depends on what one calls an explanation (Wiegreffe &
# Pinter, 2019). So test, as here.

# %% [markdown]
# ## Once, on the test dates

# %% tags=["headline"]
parsed = np.array([read_with_dateutil(text) for text in splits.test[0]])
print(f"parser: {np.mean(parsed == splits.test[1]):.3f} of single dates")
tested = {}
for name, look in LOOKS.items():
    translator.set_weights(trained[name])
    for n in (1, 2, 3):
        x, y = joined_once(dates_test, n)
        tested[name, n] = translate(x, n, look) == y
    shares = [f"{tested[name, n].all(axis=1).mean():.3f}" for n in (1, 2, 3)]
    print(f"{name}: exactly right with one, two, three dates:", *shares)
    assert (tested[name, 3].all(axis=1).mean() > 0.85) == (name == "attention")

# %% [markdown]
# Which dates go wrong? Single ones without attention, and of the texts of three with attention, by the way they are
# written.


# %%
KINDS = {
    "year first": r"^\d{4}/",
    "slashes": r"/",
    "dots": r"\.",
    "with weekday": r"(?i)^(mon|tue|wed|thu|fri|sat|sun)",
    "month in letters": r"",
}


def kind(text):
    return next(name for name, pattern in KINDS.items() if re.search(pattern, text))


kinds = np.array([kind(text) for text in splits.test[0]])
shuffled = np.random.default_rng(0).permutation(len(kinds))  # as joined_once has them
single = tested["last state alone", 1].all(axis=1)
of_three = tested["attention", 3].reshape(-1, 4).all(axis=1)
print(f"{'':>17} dates  last state, one date  attention, three dates")
for name in KINDS:
    chosen_kind = kinds[shuffled] == name
    one, three = single[chosen_kind].mean(), of_three[chosen_kind[: len(of_three)]].mean()
    print(f"{name:>17} {chosen_kind.sum():5} {one:21.3f} {three:23.3f}")
places_right = tested["last state alone", 1].mean(axis=0)
print(
    "last state, pairs right:", *(f"{share:.2f}" for share in places_right), "(century to day)"
)

# %% [markdown]
# With attention, little is left to sort: a few dates of a thousand. Without, no way of writing stands out. What differs
# is the place in the answer: nearly every century is right, the day least often. A century is one of two, a day one of
# 31, and it is written last: which of these matters, this does not show.

# %% [markdown]
# ## What to keep
#
# - Attention is a soft dictionary: scores of queries against keys, a softmax for each row, a weighted mean of values.
# - Divide by $\sqrt d$: undivided, at large $d$ most rows start almost without gradients.
# - Masks act before the softmax. Let no row be masked wholly.
# - Heads share the width of one layer: eight have as many parameters as one.
# - Attention alone does not know the order.
# - A decoder with attention reads what it needs when it needs it. Equally trained, one vector held less.
# - Weights show which states were read. Test whether that mattered.
#
# Next: the [exercises](exercises/09_attention.ipynb), then lesson 10, where attention replaces the GRU.

# %% [markdown]
# ### Sources
#
# - Sequence to sequence: Sutskever, Vinyals & Le (2014), [arXiv:1409.3215](https://arxiv.org/abs/1409.3215); Cho et al.
#   (2014), [arXiv:1406.1078](https://arxiv.org/abs/1406.1078).
# - Attention in translation: Bahdanau, Cho & Bengio (2015), [arXiv:1409.0473](https://arxiv.org/abs/1409.0473); Luong,
#   Pham & Manning (2015), [arXiv:1508.04025](https://arxiv.org/abs/1508.04025).
# - Scaled dot-product and multi-head attention: Vaswani et al. (2017), [arXiv:1706.03762](https://arxiv.org/abs/1706.03762).
# - Kernel regression: Nadaraya (1964), *On estimating regression*; Watson (1964), *Smooth regression analysis*.
# - Weights as explanations: Jain & Wallace (2019), [arXiv:1902.10186](https://arxiv.org/abs/1902.10186); Wiegreffe &
#   Pinter (2019), [arXiv:1908.04626](https://arxiv.org/abs/1908.04626).
# - Data: see [datasets](../datasets/README.md).
# - The articles (see lesson 00): S1-3.4, 4.5, 7.23, 7.26, 7.27; S3-1.3.2, 1.3.5c; S4-4.1.

# %% [markdown] tags=["exercises"]
# # 09 · Attention: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("09.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../09_attention.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 09.1 Attention weights
#
# Scaled dot-product scores, then a softmax that does not overflow (lesson 02).


# %%
def attention_weights(Q, K):
    """Weights of each query over all keys.

    Args:
        Q: float array (T_q, d), one query a row.
        K: float array (T_k, d), one key a row.
    Returns:
        float array (T_q, T_k); each row sums to 1.

    With Q = np.array([[2.0, 0, 0, 0]]) and K = np.array([[0.0, 1, 0, 0], [1.0, 0, 0, 0]])
    the scores are 0 and 1, the weights about 0.269 and 0.731.
    """
    ### BEGIN SOLUTION
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %%
check("09.1", attention_weights)

# %% [markdown]
# ## 09.2 Masks
#
# From scores to weights, where not every key may be looked at. Hidden keys may have large scores, and visible
# ones scores far below 0.


# %%
def masked_weights(scores, real, causal):
    """Softmax of each row over the keys that are visible.

    Args:
        scores: float array (B, T, T), [b, i, j] is query i against key j of example b.
        real: bool array (B, T), False where a position is padding: hidden as a key.
        causal: bool; if True, query i sees keys 0 to i alone.
    Returns:
        float array (B, T, T): 0 where hidden, and each row sums to 1. A row in which no
        key is visible is 0 throughout.

    With scores = np.zeros((1, 3, 3)), real = np.array([[True, True, False]]) and causal True
    the rows are [1, 0, 0], [0.5, 0.5, 0] and [0.5, 0.5, 0].
    """
    ### BEGIN SOLUTION
    T = scores.shape[1]
    visible = np.broadcast_to(real[:, None, :], scores.shape)
    if causal:
        visible = visible & np.tril(np.ones((T, T), bool))
    scores = np.where(visible, scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    e = np.exp(scores - np.where(np.isfinite(largest), largest, 0))
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total > 0, total, 1)
    ### END SOLUTION


# %%
check("09.2", masked_weights)

# %% [markdown]
# ## 09.3 Split into heads
#
# Many programs project to the full width first and then cut it into heads. Head $h$ gets the columns from $hd$ on, with
# $d$ the width of a head.


# %%
def split_heads(X, heads):
    """Cut the last axis into heads, and bring the heads before the positions.

    Args:
        X: float array (B, T, D).
        heads: int H that divides D.
    Returns:
        float array (B, H, T, D // H): [b, h, t] holds columns h * D // H to (h + 1) * D // H - 1
        of X[b, t].

    split_heads(np.array([[[1.0, 2, 3, 4], [5, 6, 7, 8]]]), 2) is
    [[[[1, 2], [5, 6]], [[3, 4], [7, 8]]]].
    """
    ### BEGIN SOLUTION
    B, T, D = X.shape
    return X.reshape(B, T, heads, D // heads).swapaxes(1, 2)
    ### END SOLUTION


# %%
check("09.3", split_heads)

# %% [markdown]
# ## 09.4 Multi-head attention
#
# What Keras's `MultiHeadAttention` computes, without masks. The eight weights come as its `get_weights()` gives them.
# Take a softmax that does not overflow.


# %%
def multi_head_attention(X, S, weights):
    """Attention of X to S in several heads, joined and projected.

    Args:
        X: float array (B, T_q, D), who asks.
        S: float array (B, T_k, D), who is asked.
        weights: list of W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o: the first three kernels
            (D, H, d) with biases (H, d), the last kernel (H, d, D) with bias (D,).
    Returns:
        float array (B, T_q, D).
    """
    ### BEGIN SOLUTION
    W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = weights
    Q = np.einsum("btD,Dhd->bhtd", X, W_q) + b_q[:, None]
    K = np.einsum("btD,Dhd->bhtd", S, W_k) + b_k[:, None]
    V = np.einsum("btD,Dhd->bhtd", S, W_v) + b_v[:, None]
    scores = Q @ K.swapaxes(2, 3) / np.sqrt(Q.shape[-1])  # (B, H, T_q, T_k)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    Z = e / e.sum(axis=-1, keepdims=True) @ V  # (B, H, T_q, d)
    return np.einsum("bhtd,hdD->btD", Z, W_o) + b_o
    ### END SOLUTION


# %%
check("09.4", multi_head_attention)

# %% [markdown]
# ## 09.5 Additive attention
#
# Bahdanau's way to score: $s_{ij} = v^\top \tanh(W_q^\top q_i + W_k^\top k_j)$, here with queries and keys as rows.
# Return the contexts: the means of the values, weighted by the softmax of each row of scores. Take a softmax that does
# not overflow.


# %%
def additive_attention(Q, K, V, W_q, W_k, v):
    """Contexts of additive attention.

    Args:
        Q: float array (T_q, D_q), queries.
        K: float array (T_k, D_k), keys.
        V: float array (T_k, D_v), values.
        W_q: float array (D_q, U).
        W_k: float array (D_k, U).
        v: float array (U,).
    Returns:
        float array (T_q, D_v).

    With a v of zeros all scores are equal, and each row is the mean of the values.
    """
    ### BEGIN SOLUTION
    hidden = np.tanh((Q @ W_q)[:, None] + (K @ W_k)[None])  # (T_q, T_k, U)
    scores = hidden @ v
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ V
    ### END SOLUTION


# %%
check("09.5", additive_attention)
