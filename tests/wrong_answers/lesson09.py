"""Answers to the exercises of lesson 09."""

import functools

import numpy as np

from tests.wrong_answers import right, wrong


def rows_softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# --- 09.1 ----------------------------------------------------------------------------------------------


@right("09.1")
def weights_in_loops(Q, K):
    out = []
    for q in Q:
        scores = [sum(a * b for a, b in zip(q, k, strict=True)) / len(q) ** 0.5 for k in K]
        e = [np.exp(score - max(scores)) for score in scores]
        out.append([value / sum(e) for value in e])
    return out


@right("09.1")
def weights_by_einsum(Q, K):
    return rows_softmax(np.einsum("id,jd->ij", Q / Q.shape[1] ** 0.25, K / Q.shape[1] ** 0.25))


@right("09.1")
def weights_in_float32(Q, K):
    return rows_softmax((Q @ K.T / np.sqrt(Q.shape[1])).astype("float32"))


@right("09.1")
def weights_by_tensorflow(Q, K):
    import tensorflow as tf

    Q, K = tf.cast(Q, "float32"), tf.cast(K, "float32")
    return tf.nn.softmax(tf.matmul(Q, K, transpose_b=True) / Q.shape[1] ** 0.5)


@wrong("09.1", says="Columns sum to 1")
def sums_over_queries(Q, K):
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=0)


@wrong("09.1", says="axis=1")
def softmax_over_queries(Q, K):
    return rows_softmax((Q @ K.T / np.sqrt(Q.shape[1])).T).T


@wrong("09.1", says="not scaled")
def unscaled(Q, K):
    return rows_softmax(Q @ K.T)


@wrong("09.1", says="divide by its root")
def divided_by_d(Q, K):
    return rows_softmax(Q @ K.T / Q.shape[1])


@wrong("09.1", says="number of keys")
def root_of_keys(Q, K):
    return rows_softmax(Q @ K.T / np.sqrt(len(K)))


@wrong("09.1", says="number of queries")
def root_of_queries(Q, K):
    return rows_softmax(Q @ K.T / np.sqrt(len(Q)))


@wrong("09.1", says="before the softmax")
def scaled_afterwards(Q, K):
    return rows_softmax(Q @ K.T) / np.sqrt(Q.shape[1])


@wrong("09.1", says="softmax is missing")
def scores_alone(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


@wrong("09.1", says="exp overflows")
def overflowing(Q, K):
    e = np.exp(Q @ K.T / np.sqrt(Q.shape[1]))
    return e / e.sum(axis=1, keepdims=True)


@wrong("09.1", says="transposed")
def transposed(Q, K):
    return rows_softmax(Q @ K.T / np.sqrt(Q.shape[1])).T


@wrong("09.1", says="exchanged")
def keys_ask(Q, K):
    return rows_softmax(K @ Q.T / np.sqrt(Q.shape[1]))


@wrong("09.1", says="All weights together")
def one_softmax(Q, K):
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    e = np.exp(scores - scores.max())
    return e / e.sum()


@wrong("09.1", says="in place")
def scaled_in_place(Q, K):
    Q /= np.sqrt(Q.shape[1])
    return rows_softmax(Q @ K.T)


@wrong("09.1", says="not always 4")
def halved(Q, K):
    return rows_softmax(Q @ K.T / 2)


@wrong("09.1", says="keepdims=True")
def without_keepdims(Q, K):
    e = np.exp(Q @ K.T / np.sqrt(Q.shape[1]))
    return e / e.sum(axis=1)


# --- 09.2 ----------------------------------------------------------------------------------------------


def seen(scores, real, causal):
    visible = np.broadcast_to(real[:, None, :], scores.shape)
    return visible & np.tril(np.ones(scores.shape[1:], bool)) if causal else visible


@right("09.2")
def masked_by_keras_way(scores, real, causal):
    visible = seen(scores, real, causal)
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@right("09.2")
def masked_in_loops(scores, real, causal):
    out = np.zeros(scores.shape)
    for b, i in np.ndindex(scores.shape[:2]):
        keys = [j for j in range(len(scores[b])) if real[b, j] and (j <= i or not causal)]
        if keys:
            out[b, i, keys] = rows_softmax(scores[b, i, keys])
    return out


@right("09.2")
def masked_with_nan_to_num(scores, real, causal):
    scores = np.where(seen(scores, real, causal), scores, -np.inf)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(rows_softmax(scores))


@right("09.2")
def masked_in_float32(scores, real, causal):
    T = scores.shape[1]
    scores = scores.astype("float32")
    hidden = ~real[:, None, :] | (np.triu(np.ones((T, T), bool), k=1) & causal)
    largest = scores.max(axis=-1, keepdims=True, where=~hidden, initial=-1e9)
    e = np.exp(scores - largest, where=~hidden, out=np.zeros_like(scores))
    return e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-30)


@wrong("09.2", says="after the softmax")
def masked_afterwards(scores, real, causal):
    return rows_softmax(scores) * seen(scores, real, causal)


@wrong("09.2", says="exp(0) is 1")
def scores_times_mask(scores, real, causal):
    return rows_softmax(scores * seen(scores, real, causal))


@wrong("09.2", says="belongs to the keys")
def queries_hidden(scores, real, causal):
    visible = np.broadcast_to(real[:, :, None], scores.shape)
    visible = visible & np.tril(np.ones(scores.shape[1:], bool)) if causal else visible
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@wrong("09.2", says="hides keys alone")
def queries_hidden_too(scores, real, causal):
    visible = seen(scores, real, causal) & real[:, :, None]
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@wrong("09.2", says="triangle is turned")
def triangle_turned(scores, real, causal):
    visible = np.broadcast_to(real[:, None, :], scores.shape)
    visible = visible & np.triu(np.ones(scores.shape[1:], bool)) if causal else visible
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@wrong("09.2", says="diagonal")
def itself_hidden(scores, real, causal):
    visible = np.broadcast_to(real[:, None, :], scores.shape)
    visible = visible & np.tril(np.ones(scores.shape[1:], bool), -1) if causal else visible
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@wrong("09.2", says="The future is visible")
def never_causal(scores, real, causal):
    return masked_by_keras_way(scores, real, False)


@wrong("09.2", says="`causal` is False here")
def always_causal(scores, real, causal):
    return masked_by_keras_way(scores, real, True)


@wrong("09.2", says="The padding is visible")
def padding_seen_if_causal(scores, real, causal):
    return masked_by_keras_way(scores, real | causal, causal)


@wrong("09.2", says="True means visible")
def mask_turned(scores, real, causal):
    visible = ~seen(scores, real, causal)
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


@wrong("09.2", says="shared out evenly")
def dark_rows_even(scores, real, causal):
    return rows_softmax(np.where(seen(scores, real, causal), scores, -1e9))


@wrong("09.2", says="not nan")
def dark_rows_nan(scores, real, causal):
    with np.errstate(invalid="ignore"):
        return rows_softmax(np.where(seen(scores, real, causal), scores, -np.inf))


@wrong("09.2", says="hide it before the softmax")
def renormalised(scores, real, causal):
    weights = rows_softmax(scores) * seen(scores, real, causal)
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total > 0, total, 1)


@wrong("09.2", says="in place")
def masked_in_place(scores, real, causal):
    visible = seen(scores, real, causal)
    scores[~visible] = -1e9
    return np.where(visible, rows_softmax(scores), 0)


@wrong("09.2", says="larger than the visible scores")
def fill_too_large(scores, real, causal):
    visible = seen(scores, real, causal)
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e4)), 0)


@wrong("09.2", says="larger than the visible scores")
def added_too_little(scores, real, causal):
    visible = seen(scores, real, causal)
    return rows_softmax(scores - 1e4 * ~visible)


@wrong("09.2", says="larger than the visible scores")
def fill_of_a_hundred(scores, real, causal):
    return rows_softmax(np.where(seen(scores, real, causal), scores, -100))


@wrong("09.2", says="largest visible score")
def nothing_taken_off(scores, real, causal):
    e = np.where(seen(scores, real, causal), np.exp(scores), 0)
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total > 0, total, 1)


@wrong("09.2", says="joined by `|`")
def masks_joined_by_or(scores, real, causal):
    visible = np.broadcast_to(real[:, None, :], scores.shape)
    if causal:
        visible = visible | np.tril(np.ones(scores.shape[1:], bool))
    return np.where(visible, rows_softmax(np.where(visible, scores, -1e9)), 0)


# --- 09.3 ----------------------------------------------------------------------------------------------


@right("09.3")
def split_in_slices(X, heads):
    width = X.shape[2] // heads
    return np.stack([X[:, :, h * width : (h + 1) * width] for h in range(heads)], axis=1)


@right("09.3")
def split_by_numpy(X, heads):
    return np.moveaxis(np.array(np.split(X, heads, axis=2)), 0, 1).tolist()


@right("09.3")
def split_in_loops(X, heads):
    width = len(X[0][0]) // heads
    return [[[list(row[h * width : (h + 1) * width]) for row in text] for h in range(heads)] for text in X]


@right("09.3")
def split_in_float32(X, heads):
    return X.astype("float32").reshape(*X.shape[:2], heads, -1).transpose(0, 2, 1, 3)


@wrong("09.3", says="mixes positions")
def reshaped_alone(X, heads):
    B, T, D = X.shape
    return X.reshape(B, heads, T, D // heads)


@wrong("09.3", says="positions stand before the heads")
def not_swapped(X, heads):
    B, T, D = X.shape
    return X.reshape(B, T, heads, D // heads)


@wrong("09.3", says="dealt out in turn")
def dealt_out(X, heads):
    B, T, D = X.shape
    return X.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2)


@wrong("09.3", says="H heads of width")
def numbers_exchanged(X, heads):
    B, T, D = X.shape
    return X.reshape(B, T, D // heads, heads).swapaxes(1, 2)


@wrong("09.3", says="Positions and columns")
def columns_before_positions(X, heads):
    B, T, D = X.shape
    return X.reshape(B, T, heads, D // heads).transpose(0, 2, 3, 1)


@wrong("09.3", says="heads stand first")
def heads_first(X, heads):
    return np.array(np.split(X, heads, axis=2))


# --- 09.4 ----------------------------------------------------------------------------------------------


def contexts(X, S, weights, scale=None, biases=True):
    W_q, b_q, W_k, b_k, W_v, b_v = weights[:6]
    Q = np.tensordot(X, W_q, 1) + b_q * biases  # (B, T, H, d)
    K = np.tensordot(S, W_k, 1) + b_k * biases
    V = np.tensordot(S, W_v, 1) + b_v * biases
    scores = np.einsum("bihk,bjhk->bhij", Q, K) / (scale or np.sqrt(Q.shape[-1]))
    return np.einsum("bhij,bjhk->bihk", rows_softmax(scores), V)  # (B, T_q, H, d)


@right("09.4")
def heads_joined_then_projected(X, S, weights):
    Z, W_o = contexts(X, S, weights), weights[6]
    return Z.reshape(*X.shape[:2], -1) @ W_o.reshape(-1, W_o.shape[2]) + weights[7]


@right("09.4")
def heads_in_a_loop(X, S, weights):
    W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = weights
    Y = np.zeros(X.shape) + b_o
    for h in range(W_q.shape[1]):
        Q, K, V = X @ W_q[:, h] + b_q[h], S @ W_k[:, h] + b_k[h], S @ W_v[:, h] + b_v[h]
        Y = Y + rows_softmax(Q @ K.swapaxes(1, 2) / Q.shape[2] ** 0.5) @ V @ W_o[h]
    return Y


@functools.cache  # a layer takes longer to build than to call
def keras_attention(heads, width, *shapes):
    import keras

    layer = keras.layers.MultiHeadAttention(heads, width, dtype="float64")
    layer.build(*shapes)
    return layer


@right("09.4")
def multi_head_by_keras(X, S, weights):
    layer = keras_attention(*weights[1].shape, X.shape, S.shape)
    layer.set_weights(weights)
    return layer(X, S)


@right("09.4")
def multi_head_in_float32(X, S, weights):
    X, S = X.astype("float32"), S.astype("float32")
    return heads_in_a_loop(X, S, [array.astype("float32") for array in weights]).astype("float32")


@wrong("09.4", says="not scaled")
def heads_unscaled(X, S, weights):
    return np.tensordot(contexts(X, S, weights, scale=1), weights[6], 2) + weights[7]


@wrong("09.4", says="root of D")
def scaled_by_whole_width(X, S, weights):
    return np.tensordot(contexts(X, S, weights, scale=np.sqrt(X.shape[2])), weights[6], 2) + weights[7]


@wrong("09.4", says="biases b_q, b_k and b_v")
def biases_forgotten(X, S, weights):
    return np.tensordot(contexts(X, S, weights, biases=False), weights[6], 2) + weights[7]


@wrong("09.4", says="b_o is missing")
def last_bias_forgotten(X, S, weights):
    return np.tensordot(contexts(X, S, weights), weights[6], 2)


@wrong("09.4", says="not averaged")
def heads_averaged(X, S, weights):
    Z = contexts(X, S, weights)
    return np.tensordot(Z, weights[6], 2) / Z.shape[2] + weights[7]


@wrong("09.4", says="self-attention of X")
def always_self(X, S, weights):
    return heads_in_a_loop(X, X, weights)


@wrong("09.4", says="W_o and b_o, is missing")
def not_projected(X, S, weights):
    return contexts(X, S, weights).reshape(*X.shape[:2], -1)


@wrong("09.4", says="mixes heads and positions")
def joined_without_a_swap(X, S, weights):
    Z, W_o = contexts(X, S, weights).swapaxes(1, 2), weights[6]  # (B, H, T_q, d)
    return Z.reshape(*X.shape[:2], -1) @ W_o.reshape(-1, W_o.shape[2]) + weights[7]


@wrong("09.4", says="query, key, value, output")
def queries_and_keys_exchanged(X, S, weights):
    return heads_in_a_loop(X, S, [*weights[2:4], *weights[:2], *weights[4:]])


@wrong("09.4", says="X asks")
def asked_the_other_way(X, S, weights):
    return heads_in_a_loop(S, X, weights)


@wrong("09.4", says="in place")
def biases_in_place(X, S, weights):
    weights[7] += 1
    return heads_in_a_loop(X, S, weights) - 1


def heads_by_hand(X, S, weights, softmax=rows_softmax, queries=lambda Q: Q, split=None):
    W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = weights
    split = split or (lambda P: P.swapaxes(1, 2))
    Q, K, V = (split(np.tensordot(P, W, 1) + b) for P, W, b in ((X, W_q, b_q), (S, W_k, b_k), (S, W_v, b_v)))
    Z = softmax(queries(Q) @ K.swapaxes(2, 3) / np.sqrt(Q.shape[-1])) @ V
    return np.einsum("bhtd,hdD->btD", Z, W_o) + b_o


@wrong("09.4", says="divide by its root")
def heads_divided_by_d(X, S, weights):
    return np.tensordot(contexts(X, S, weights, scale=weights[1].shape[1]), weights[6], 2) + weights[7]


@wrong("09.4", says="over the heads")
def softmax_over_heads(X, S, weights):
    return heads_by_hand(X, S, weights, lambda s: np.swapaxes(rows_softmax(np.swapaxes(s, 1, 3)), 1, 3))


@wrong("09.4", says="queries of head 0")
def one_query_for_all(X, S, weights):
    return heads_by_hand(X, S, weights, queries=lambda Q: Q[:, :1])


@wrong("09.4", says="on the way in")
def cut_without_a_swap(X, S, weights):
    return heads_by_hand(X, S, weights, split=lambda P: P.reshape(len(P), P.shape[2], P.shape[1], -1))


@wrong("09.4", says="last head alone")
def last_head_kept(X, S, weights):
    return contexts(X, S, weights)[:, :, -1] @ weights[6][-1] + weights[7]


@wrong("09.4", says="b_q[:, None]")
def biases_along_the_wrong_axis(X, S, weights):
    return np.einsum("btD,Dhd->bhtd", X, weights[0]) + weights[1]


@wrong("09.4", says="exp overflows")
def heads_overflowing(X, S, weights):
    def overflowing_softmax(scores):
        e = np.exp(scores)
        return e / e.sum(axis=-1, keepdims=True)

    return heads_by_hand(X, S, weights, overflowing_softmax)


# --- 09.5 ----------------------------------------------------------------------------------------------


def hidden_units(Q, K, W_q, W_k):
    return np.tanh((Q @ W_q)[:, None] + (K @ W_k)[None])


@right("09.5")
def additive_in_loops(Q, K, V, W_q, W_k, v):
    out = []
    for q in Q:
        scores = np.array([v @ np.tanh(W_q.T @ q + W_k.T @ k) for k in K])
        out.append(sum(a * row for a, row in zip(rows_softmax(scores), V, strict=True)))
    return out


@right("09.5")
def additive_by_einsum(Q, K, V, W_q, W_k, v):
    hidden = np.tanh(np.einsum("id,du->iu", Q, W_q)[:, None] + np.einsum("jd,du->ju", K, W_k))
    return np.einsum("ij,jd->id", rows_softmax(np.einsum("iju,u->ij", hidden, v)), V).astype("float32")


@right("09.5")
def additive_by_tensorflow(Q, K, V, W_q, W_k, v):
    import tensorflow as tf

    Q, K, V, W_q, W_k, v = (tf.cast(part, "float32") for part in (Q, K, V, W_q, W_k, v))
    hidden = tf.tanh((Q @ W_q)[:, None] + (K @ W_k)[None])
    return tf.nn.softmax(tf.reduce_sum(hidden * v, axis=-1)) @ V


@wrong("09.5", says="tanh is missing")
def additive_without_tanh(Q, K, V, W_q, W_k, v):
    return rows_softmax(((Q @ W_q)[:, None] + (K @ W_k)[None]) @ v) @ V


@wrong("09.5", says="before the product with v")
def tanh_of_the_score(Q, K, V, W_q, W_k, v):
    return rows_softmax(np.tanh(((Q @ W_q)[:, None] + (K @ W_k)[None]) @ v)) @ V


@wrong("09.5", says="Add first")
def tanh_by_themselves(Q, K, V, W_q, W_k, v):
    return rows_softmax((np.tanh(Q @ W_q)[:, None] + np.tanh(K @ W_k)[None]) @ v) @ V


@wrong("09.5", says="not multiplied")
def multiplied(Q, K, V, W_q, W_k, v):
    return rows_softmax(np.tanh((Q @ W_q)[:, None] * (K @ W_k)[None]) @ v) @ V


@wrong("09.5", says="No scaling")
def additive_scaled(Q, K, V, W_q, W_k, v):
    return rows_softmax(hidden_units(Q, K, W_q, W_k) @ v / np.sqrt(len(v))) @ V


@wrong("09.5", says="v is missing")
def without_v(Q, K, V, W_q, W_k, v):
    return rows_softmax(hidden_units(Q, K, W_q, W_k).sum(axis=-1)) @ V


@wrong("09.5", says="over the queries")
def additive_over_queries(Q, K, V, W_q, W_k, v):
    return rows_softmax((hidden_units(Q, K, W_q, W_k) @ v).T).T @ V


@wrong("09.5", says="softmax is missing")
def additive_without_softmax(Q, K, V, W_q, W_k, v):
    return hidden_units(Q, K, W_q, W_k) @ v @ V


@wrong("09.5", says="return the weighted means")
def additive_weights(Q, K, V, W_q, W_k, v):
    return rows_softmax(hidden_units(Q, K, W_q, W_k) @ v)


@wrong("09.5", says="take the values")
def means_of_keys(Q, K, V, W_q, W_k, v):
    return rows_softmax(hidden_units(Q, K, W_q, W_k) @ v) @ K


@wrong("09.5", says="exp overflows")
def additive_overflowing(Q, K, V, W_q, W_k, v):
    e = np.exp(hidden_units(Q, K, W_q, W_k) @ v)
    return e / e.sum(axis=1, keepdims=True) @ V


@wrong("09.5", says="without .T")
def weights_transposed(Q, K, V, W_q, W_k, v):
    return rows_softmax(np.tanh((Q @ W_q.T)[:, None] + (K @ W_k.T)[None]) @ v) @ V


@wrong("09.5", says="dot products")
def projected_dot_products(Q, K, V, W_q, W_k, v):
    return rows_softmax((Q @ W_q) @ (K @ W_k).T) @ V


@wrong("09.5", says="dot-product attention")
def plain_dot_products(Q, K, V, W_q, W_k, v):
    return rows_softmax(Q @ K.T) @ V
