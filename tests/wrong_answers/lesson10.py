"""Answers to the exercises of lesson 10."""

import functools

import numpy as np
from scipy.special import log_softmax, softmax

from tests.wrong_answers import right, wrong

# --- 10.1 ----------------------------------------------------------------------------------------------


def normalised(x, gamma, beta, epsilon, axis=-1, ddof=0):
    mean = x.mean(axis=axis, keepdims=True)
    return gamma * (x - mean) / np.sqrt(x.var(axis=axis, ddof=ddof, keepdims=True) + epsilon) + beta


@right("10.1")
def layer_norm_in_loops(x, gamma, beta, epsilon):
    out = []
    for text in x:
        rows = []
        for token in text:
            mean = sum(token) / len(token)
            variance = sum((token - mean) ** 2) / len(token)
            rows.append([g * (v - mean) / (variance + epsilon) ** 0.5 + b for v, g, b in zip(token, gamma, beta, strict=True)])  # fmt: skip
        out.append(rows)
    return out


@functools.cache  # a layer takes longer to build than to call
def keras_layer_norm(epsilon, shape):
    import keras

    layer = keras.layers.LayerNormalization(epsilon=epsilon, dtype="float64")
    layer.build(shape)
    return layer


@right("10.1")
def layer_norm_by_keras(x, gamma, beta, epsilon):
    layer = keras_layer_norm(epsilon, x.shape)
    layer.set_weights([gamma, beta])
    return layer(x).numpy()


@right("10.1")
def layer_norm_by_einsum(x, gamma, beta, epsilon):
    centred = x - x.mean(axis=2)[:, :, None]
    variance = np.einsum("btd,btd->bt", centred, centred) / x.shape[2]
    return np.einsum("btd,bt,d->btd", centred, (variance + epsilon) ** -0.5, gamma) + beta


@right("10.1")
def layer_norm_in_float32(x, gamma, beta, epsilon):
    x, gamma, beta = (part.astype("float32") for part in (x, gamma, beta))
    return normalised(x, gamma, beta, np.float32(epsilon))


@wrong("10.1", says="batch normalisation")
def batch_norm(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon, axis=(0, 1))


@wrong("10.1", says="over the texts")
def over_the_texts(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon, axis=0)


@wrong("10.1", says="over the tokens of a text")
def over_the_tokens(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon, axis=1)


@wrong("10.1", says="over a whole text")
def over_a_text(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon, axis=(1, 2))


@wrong("10.1", says="over everything")
def over_everything(x, gamma, beta, epsilon):
    return gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta


@wrong("10.1", says="divided by D - 1")
def sample_variance(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, epsilon, ddof=1)


@wrong("10.1", says="epsilon is added to the standard deviation")
def epsilon_outside(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + epsilon) + beta


@wrong("10.1", says="epsilon is missing")
def without_epsilon(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, 0)


@wrong("10.1", says="epsilon is always 1e-3")
def own_epsilon(x, gamma, beta, epsilon):
    return normalised(x, gamma, beta, 1e-3)


@wrong("10.1", says="The root is missing")
def without_root(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + epsilon) + beta


@wrong("10.1", says="gamma and beta are missing")
def without_scale_and_shift(x, gamma, beta, epsilon):
    return normalised(x, 1, 0, epsilon)


@wrong("10.1", says="beta is scaled by gamma")
def shifted_first(x, gamma, beta, epsilon):
    return gamma * normalised(x, 1, beta, epsilon)


@wrong("10.1", says="The mean is missing")
def not_centred(x, gamma, beta, epsilon):
    return gamma * x / np.sqrt(x.var(-1, keepdims=True) + epsilon) + beta


@wrong("10.1", says="in place")
def layer_norm_in_place(x, gamma, beta, epsilon):
    x -= x.mean(axis=-1, keepdims=True)
    x /= np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon)
    return gamma * x + beta


@wrong("10.1", says="beta is divided by the root")
def beta_divided(x, gamma, beta, epsilon):
    return (gamma * (x - x.mean(-1, keepdims=True)) + beta) / np.sqrt(x.var(-1, keepdims=True) + epsilon)


# --- 10.2 ----------------------------------------------------------------------------------------------


def waves(length, width, rate, first=0):
    """Each column by itself: `rate` of its number."""
    t, columns = np.arange(length)[:, None] + first, np.arange(width)
    angles = t * rate(columns)
    return np.where(columns % 2, np.cos(angles), np.sin(angles))


@right("10.2")
def positions_in_loops(length, width):
    P = [[0.0] * width for _ in range(length)]
    for t in range(length):
        for k in range(width // 2):
            angle = t / 10_000 ** (2 * k / width)
            P[t][2 * k], P[t][2 * k + 1] = np.sin(angle), np.cos(angle)
    return P


@right("10.2")
def positions_by_complex_numbers(length, width):
    rates = np.exp(-np.log(10_000) * np.arange(0, width, 2) / width)
    z = np.exp(1j * np.outer(np.arange(length), rates))
    return np.stack([z.imag, z.real], axis=2).reshape(length, width).astype("float32")


@right("10.2")
def positions_by_column(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-2 * (c // 2) / width))


@right("10.2")
def positions_in_float32(length, width):
    rates = 10_000 ** (-np.arange(0, width, 2, dtype="float32") / np.float32(width))
    angles = np.arange(length, dtype="float32")[:, None] * rates
    P = np.empty((length, width), "float32")
    P[:, 0::2], P[:, 1::2] = np.sin(angles), np.cos(angles)
    return P


@wrong("10.2", says="All sines stand before all cosines")
def sines_then_cosines(length, width):
    angles = np.outer(np.arange(length), 10_000.0 ** (-np.arange(0, width, 2) / width))
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


@wrong("10.2", says="share a frequency")
def own_frequency_for_each_column(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-c / width))


@wrong("10.2", says="exchanged")
def cosine_first(length, width):
    return np.roll(positions_by_column(length, width).reshape(length, -1, 2), 1, axis=2).reshape(length, -1)


@wrong("10.2", says="Positions count from 0")
def from_one(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-2 * (c // 2) / width), first=1)


@wrong("10.2", says="the 2 is in it already")
def half_the_exponent(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-(c // 2) / width))


@wrong("10.2", says="there twice")
def twice_the_exponent(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-4 * (c // 2) / width))


@wrong("10.2", says="The frequencies grow")
def growing_frequencies(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (2 * (c // 2) / width))


@wrong("10.2", says="transposed")
def transposed(length, width):
    return positions_by_column(length, width).T


@wrong("10.2", says="not by D - 2")
def divided_by_the_last(length, width):
    return waves(length, width, lambda c: 10_000.0 ** (-2 * (c // 2) / max(width - 2, 1)))


@wrong("10.2", says="holds ints")
def into_an_int_array(length, width):
    P = np.zeros((length, width), int)
    P[:] = positions_by_column(length, width)
    return P


# --- 10.3 ----------------------------------------------------------------------------------------------


def attention(Q, K, V, masked=None, scale=None, fill=-np.inf):
    """Attention; `masked` (T, T) is True where a row may not look."""
    T, D = Q.shape
    masked = np.triu(np.ones((T, T), bool), k=1) if masked is None else masked
    scores = Q @ K.T / (np.sqrt(D) if scale is None else scale)
    return softmax(np.where(masked, fill, scores), axis=1) @ V


@right("10.3")
def a_row_at_a_time(Q, K, V):
    out = []
    for t, q in enumerate(Q):
        scores = K[: t + 1] @ q / len(q) ** 0.5
        weights = np.exp(scores - scores.max())
        out.append(weights @ V[: t + 1] / weights.sum())
    return out


@right("10.3")
def by_a_large_negative_number(Q, K, V):
    scores = np.einsum("td,sd->ts", Q, K) / np.sqrt(Q.shape[-1])
    scores = scores + -1e9 * np.triu(np.ones(scores.shape), k=1)
    return (softmax(scores, axis=-1) @ V).astype("float32")


@right("10.3")
def by_tensorflow(Q, K, V):
    import tensorflow as tf

    Q, K, V = (tf.cast(part, "float32") for part in (Q, K, V))
    scores = tf.matmul(Q, K, transpose_b=True) / Q.shape[1] ** 0.5
    seen = tf.linalg.band_part(tf.ones_like(scores), -1, 0)
    return tf.nn.softmax(tf.where(seen == 1, scores, -np.inf)) @ V


@wrong("10.3", says="The mask is missing")
def sees_everything(Q, K, V):
    return attention(Q, K, V, masked=np.zeros((len(Q), len(Q)), bool))


@wrong("10.3", says="turned round")
def sees_the_future(Q, K, V):
    return attention(Q, K, V, masked=np.tril(np.ones((len(Q), len(Q)), bool), k=-1))


@wrong("10.3", says="may look at itself")
def not_itself(Q, K, V):
    return attention(Q, K, V, masked=np.triu(np.ones((len(Q), len(Q)), bool)), fill=-1e9)


@wrong("10.3", says="sees the next one")
def one_too_many(Q, K, V):
    return attention(Q, K, V, masked=np.triu(np.ones((len(Q), len(Q)), bool), k=2))


@wrong("10.3", says="which is a score like another")
def masked_by_zero(Q, K, V):
    return attention(Q, K, V, fill=0.0)


@wrong("10.3", says="no longer sum to 1")
def masked_after_softmax(Q, K, V):
    return np.tril(softmax(Q @ K.T / np.sqrt(Q.shape[1]), axis=1)) @ V


@wrong("10.3", says="The scaling is missing")
def not_scaled(Q, K, V):
    return attention(Q, K, V, scale=1)


@wrong("10.3", says="not by D")
def scaled_by_the_width(Q, K, V):
    return attention(Q, K, V, scale=Q.shape[1])


@wrong("10.3", says="exchanged")
def queries_and_keys_exchanged(Q, K, V):
    return attention(K, Q, V)


@wrong("10.3", says="down the columns")
def softmax_of_the_columns(Q, K, V):
    scores = np.where(np.tril(np.ones((len(Q), len(Q)), bool)), Q @ K.T / np.sqrt(Q.shape[1]), -np.inf)
    return softmax(scores, axis=0) @ V


@wrong("10.3", says="not finite")
def overflows(Q, K, V):
    with np.errstate(all="ignore"):
        weights = np.tril(np.exp(Q @ K.T / np.sqrt(Q.shape[1])))
        return weights @ V / weights.sum(axis=1, keepdims=True)


@wrong("10.3", says="Those are the weights")
def only_weights(Q, K, V):
    return attention(Q, K, np.eye(len(Q)))


@wrong("10.3", says="not of the values")
def scaled_by_the_values(Q, K, V):
    return attention(Q, K, V, scale=np.sqrt(V.shape[1]))


@wrong("10.3", says="not small enough")
def masked_by_ten(Q, K, V):
    return attention(Q, K, V, fill=-10.0)


@wrong("10.3", says="not small enough")
def masked_by_a_thousand(Q, K, V):
    return attention(Q, K, V, fill=-1000.0)


@wrong("10.3", says="not small enough")
def lowered_by_ten(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[1]) - 10 * np.triu(np.ones((len(Q), len(Q))), k=1)
    return softmax(scores, axis=1) @ V


# --- 10.4 ----------------------------------------------------------------------------------------------


def of_target(log_q, targets):
    return np.take_along_axis(log_q, targets[..., None], axis=-1)[..., 0]


@right("10.4")
def loss_in_loops(logits, targets, weights):
    total, words = 0.0, 0
    for b, t in np.ndindex(targets.shape):
        if weights[b, t]:
            row = logits[b, t]
            total += np.log(np.exp(row - row.max()).sum()) + row.max() - row[targets[b, t]]
            words += 1
    return total / words


@right("10.4")
def loss_of_chosen_rows(logits, targets, weights):
    chosen = np.asarray(weights) > 0
    log_q = log_softmax(logits[chosen], axis=1)
    return -log_q[np.arange(len(log_q)), targets[chosen]].mean()


@right("10.4")
def loss_by_keras(logits, targets, weights):
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(True, reduction="mean_with_sample_weight")
    return loss(targets, logits.astype("float32"), weights.astype("float32"))


@wrong("10.4", says="All positions count")
def over_all_positions(logits, targets, weights):
    return -of_target(log_softmax(logits, axis=-1), targets).mean()


@wrong("10.4", says="not by all positions")
def as_keras_by_default(logits, targets, weights):
    return -np.mean(weights * of_target(log_softmax(logits, axis=-1), targets))


@wrong("10.4", says="That is the sum")
def not_divided(logits, targets, weights):
    return -np.sum(weights * of_target(log_softmax(logits, axis=-1), targets))


@wrong("10.4", says="The sign is turned")
def negative(logits, targets, weights):
    return -loss_of_chosen_rows(logits, targets, weights)


@wrong("10.4", says="do not count")
def the_others(logits, targets, weights):
    return loss_of_chosen_rows(logits, targets, 1 - np.asarray(weights, float))


@wrong("10.4", says="mean of the texts' means")
def mean_of_means(logits, targets, weights):
    texts = [
        loss_of_chosen_rows(a[None], b[None], c[None])
        for a, b, c in zip(logits, targets, weights, strict=True)
        if np.any(c)
    ]
    return np.mean(texts)


@wrong("10.4", says="over the positions")
def softmax_over_positions(logits, targets, weights):
    log_q = of_target(log_softmax(logits, axis=1), targets)
    return -np.sum(weights * log_q) / np.sum(weights)


@wrong("10.4", says="log softmax is missing")
def without_softmax(logits, targets, weights):
    return -np.sum(weights * of_target(logits, targets)) / np.sum(weights)


@wrong("10.4", says="not finite")
def exp_of_large_logits(logits, targets, weights):
    with np.errstate(all="ignore"):
        q = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        return -np.sum(np.where(weights, np.log(of_target(q, targets)), 0)) / np.sum(weights)


@wrong("10.4", says="perplexity")
def perplexity(logits, targets, weights):
    return np.exp(np.minimum(loss_of_chosen_rows(logits, targets, weights), 700))


@wrong("10.4", says="mean of the texts' means")
def mean_of_means_with_zeros(logits, targets, weights):
    log_q = of_target(log_softmax(logits, axis=-1), targets)
    return -np.mean(np.sum(weights * log_q, axis=1) / np.maximum(np.sum(weights, axis=1), 1))


@wrong("10.4", says="caps the loss")
def with_an_epsilon(logits, targets, weights):
    log_q = np.log(softmax(logits, axis=-1) + 1e-9)
    return -np.sum(weights * of_target(log_q, targets)) / np.sum(weights)


@wrong("10.4", says="caps the loss")
def clipped(logits, targets, weights):
    log_q = np.log(np.clip(softmax(logits, axis=-1), 1e-7, 1 - 1e-7))
    return -np.sum(weights * of_target(log_q, targets)) / np.sum(weights)


# --- 10.5 ----------------------------------------------------------------------------------------------


def count(vocabulary, length, width, blocks, heads, units, block=None):
    """Parameters; `block` (width, units) goes wrong."""
    own = 4 * width**2 + 9 * width + 2 * width * units + units if block is None else block(width, units)
    return vocabulary * (2 * width + 1) + length * width + 2 * width + blocks * own


@right("10.5")
def count_in_short(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, blocks, heads, units)


@right("10.5")
def count_head_by_head(vocabulary, length, width, blocks, heads, units):
    total = vocabulary * width + length * width
    for _ in range(blocks):
        for _ in range(heads):
            total += 3 * (width + 1) * (width // heads) + width // heads * width
        total += width + 2 * width + (width + 1) * units + (units + 1) * width + 2 * width
    return np.int64(total + 2 * width + (width + 1) * vocabulary)


@right("10.5")
@functools.cache  # some cases are the same whatever the seed
def count_by_the_course(vocabulary, length, width, blocks, heads, units):
    import keras

    from course_lib import layers

    block = layers.TransformerBlock(heads, units)
    ends = [
        layers.PositionEmbedding(length), keras.layers.LayerNormalization(), keras.layers.Dense(vocabulary)
    ]  # fmt: skip
    words = keras.layers.Embedding(vocabulary, width)
    with keras.StatelessScope(initialize_variables=False):  # shapes alone: no weights are drawn
        for layer in (block, *ends, words):
            layer.build((None, length, width))
    return blocks * block.count_params() + sum(layer.count_params() for layer in (*ends, words))


@wrong("10.5", says="The biases are missing")
def without_biases(vocabulary, length, width, blocks, heads, units):
    own = 4 * width**2 + 2 * width * units + 4 * width
    return 2 * vocabulary * width + length * width + 2 * width + blocks * own


@wrong("10.5", says="Heads share the width")
def full_width_for_each_head(vocabulary, length, width, blocks, heads, units):
    return count(
        vocabulary, length, width, blocks, heads, units,
        lambda d, u: 4 * heads * (d * d + d) + 2 * d * u + u + d + 4 * d,
    )  # fmt: skip


@wrong("10.5", says="holds for units = 4 D alone")
def the_lessons_formula(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, blocks, heads, units, lambda d, u: 12 * d**2 + 13 * d)


@wrong("10.5", says="fourth matrix")
def without_the_projection(vocabulary, length, width, blocks, heads, units):
    return count(
        vocabulary, length, width, blocks, heads, units,
        lambda d, u: 3 * (d * d + d) + 2 * d * u + u + d + 4 * d,
    )  # fmt: skip


@wrong("10.5", says="4 D are missing in each block")
def without_norms(vocabulary, length, width, blocks, heads, units):
    return count(
        vocabulary, length, width, blocks, heads, units,
        lambda d, u: 4 * (d * d + d) + 2 * d * u + u + d,
    )  # fmt: skip


@wrong("10.5", says="The last layer normalisation is missing")
def without_the_last_norm(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, blocks, heads, units) - 2 * width


@wrong("10.5", says="The positions are missing")
def without_positions(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, 0, width, blocks, heads, units)


@wrong("10.5", says="they do not share them")
def tied(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, blocks, heads, units) - vocabulary * width


@wrong("10.5", says="a count is an int")
def as_a_float(vocabulary, length, width, blocks, heads, units):
    return float(count(vocabulary, length, width, blocks, heads, units))


@wrong("10.5", says="That is one block")
def one_block(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, 1, heads, units)


@wrong("10.5", says="not three")
def three_norms(vocabulary, length, width, blocks, heads, units):
    return count(vocabulary, length, width, blocks, heads, units) + blocks * 2 * width
