"""Checks of lesson 09: attention by hand."""

import numpy as np

from course_lib.checks import compare, exercise

FINE, COARSE = 1e-5, 0.02  # float32 knows a score of 100,000 to a hundredth, and so the weights


def softmax(scores, axis=-1, visible=True):
    """Softmax along an axis over what is visible; a row in which nothing is, is 0."""
    scores = np.where(visible, scores, -np.inf)
    largest = np.max(scores, axis=axis, keepdims=True)
    e = np.exp(scores - np.where(np.isfinite(largest), largest, 0))
    total = e.sum(axis=axis, keepdims=True)
    return e / np.where(total > 0, total, 1)


@exercise("09.1", "Attention weights", points=2)
@np.errstate(all="ignore")  # plausible mistakes overflow
def attention_weights(answer, rng):
    """Rows sum to 1, of scores divided by the root of d; T_q, T_k and d differ; large scores; one key."""
    small = (
        np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 3.0, 0.0]]),
        np.array([[0.0, 1.0, 0.0, 2.0], [1.0, 0.0, 0.0, -1.0], [0.5, 0.0, 1.0, 0.0]]),
    )
    cases = [small]
    for T_q, T_k, d, size in ((6, 3, 5, 1), (3, 6, 16, 1), (5, 5, 2, 1), (2, 1, 3, 1), (3, 4, 9, 60)):
        cases.append((size * rng.normal(size=(T_q, d)), size * rng.normal(size=(T_k, d))))
    for Q, K in cases:
        raw, (T_q, d), T_k = Q @ K.T, Q.shape, len(K)
        scores = raw / np.sqrt(d)
        expected = softmax(scores)
        e, shifted = np.exp(scores), np.exp(scores - scores.max(axis=1, keepdims=True))
        columns = (
            "Columns sum to 1, rows do not: each query shares out its attention over the keys, so axis=1."
        )
        mistakes = [
            (softmax(scores, axis=0), columns),
            (shifted / shifted.sum(axis=0), columns),
            (e / e.sum(), "All weights together sum to 1: each row should. Sum along axis=1."),
            (softmax(raw), "The scores are not scaled: divide them by np.sqrt(d) before the softmax."),
            (softmax(raw / d), "That divides by d: the variance of a score is d, so divide by its root."),
            (softmax(raw / 2), "That divides by 2: d is not always 4, it is Q.shape[1]."),
            (softmax(raw * np.sqrt(d)), "That multiplies by the root of d: divide."),
            (softmax(raw / np.sqrt(T_k)), "That is the root of the number of keys: d is the width, Q.shape[1]."),
            (softmax(raw / np.sqrt(T_q)), "That is the root of the number of queries: d is the width, Q.shape[1]."),
            (softmax(raw) / np.sqrt(d), "The scaling comes before the softmax, not after it: rows must sum to 1."),
            (scores, "Those are the scores: the softmax is missing."),
            (raw, "Those are the scores: the scaling and the softmax are missing."),
            (e, "The exponentials are not divided by the sum of their row."),
            (scores / scores.sum(axis=1, keepdims=True), "The exponential is missing: a softmax divides exp(score) by the sum of them."),
            (expected.T, "It is transposed: a row for each query, a column for each key."),
            (softmax(scores.T), "Queries and keys are exchanged: the scores have a row for each query, a column for each key."),
            (expected @ K, "Those are contexts: return the weights alone."),
        ]  # fmt: skip
        if T_q == T_k:
            mistakes.append(
                (e / e.sum(axis=1), "keepdims=True is missing: each row is divided by its own sum.")
            )
        otherwise = (
            "Scores are products of queries and keys, over the root of d; then each row's exponentials are "
            "divided by their own sum (keepdims=True)."
        )
        large = np.abs(scores).max() > 700
        if large:
            otherwise = "exp overflows for large scores: take each row's largest score off before np.exp."
        compare(answer, (Q, K), expected, mistakes, otherwise, COARSE if large else FINE)


@exercise("09.2", "Masks", points=3)
@np.errstate(all="ignore")
def masked_weights(answer, rng):
    """Hidden keys weigh 0 whatever their scores; rows sum to 1, or are 0 where nothing is visible."""
    small = np.array([[[1.0, 0.0, 2.0], [0.5, 1.0, 0.0], [0.0, 2.0, 3.0]]])
    end = np.array([[True, True, False]])
    front = np.array([[False, True, True], [False, False, False]])
    cases = [(small, end, False), (small, end, True)]
    for B, T, causal in ((3, 5, True), (3, 4, False)):
        lengths = rng.permutation(np.arange(1, T + 1))[:B]
        lengths[0] = T - 1
        cases.append((rng.normal(size=(B, T, T)), np.arange(T) < lengths[:, None], causal))
    loud = rng.normal(size=(2, 3, 3))
    loud[:, :, 2] += 2000.0  # far above the others, and hidden
    cases.append((loud, np.array([[True, True, False]] * 2), False))
    low = np.where(end[:, None], rng.integers(-8, 9, size=(2, 3, 3)) / 4 - 20000.0, 0.0)  # exact in float32
    cases.append((low, np.broadcast_to(end, (2, 3)), False))
    apart = rng.integers(-8, 9, size=(2, 3, 3)) / 4 - np.array([2000.0, 0.0])[:, None, None]
    cases.append((apart, np.broadcast_to(end, (2, 3)), False))
    cases.append((rng.normal(size=(2, 3, 3)), front, True))
    for scores, real, causal in cases:
        B, T, _ = scores.shape
        keys = np.broadcast_to(real[:, None, :], scores.shape)
        triangle = np.broadcast_to(np.tril(np.ones((T, T), bool)) if causal else True, scores.shape)
        visible = keys & triangle
        expected, plain = softmax(scores, visible=visible), softmax(scores)
        queries = np.broadcast_to(real[:, :, None], scores.shape)
        upper = np.triu(np.ones((T, T), bool)) if causal else True
        strict = np.tril(np.ones((T, T), bool), -1) if causal else True
        uniform = softmax(np.where(visible, scores, -1e9))
        dark = ~visible.any(axis=-1, keepdims=True)
        mistakes = [
            (plain, "No key is hidden: use `real`, and the triangle if `causal`."),
            (plain * visible, "Hidden keys are set to 0 after the softmax, so the rows no longer sum to 1: hide them in the scores."),
            (softmax(scores * visible), "A score of 0 is not a weight of 0: exp(0) is 1. Set hidden scores to -np.inf, or to -1e9."),
            (softmax(scores * visible, visible=True) * visible, "A score of 0 is not a weight of 0: exp(0) is 1. Set hidden scores to -np.inf, or to -1e9."),
            (softmax(scores, visible=queries & triangle), "`real` hides queries here: it belongs to the keys, the last axis: real[:, None, :]."),
            (softmax(scores, visible=keys & queries & triangle), "Queries that are padding lose their rows: `real` hides keys alone."),
            (softmax(scores, visible=keys & upper), "The triangle is turned: query i sees keys 0 to i, so j <= i (np.tril)."),
            (softmax(scores, visible=keys & strict), "The diagonal is hidden too: query i sees key i itself."),
            (softmax(scores, visible=~visible), "The mask is turned: True means visible."),
            (softmax(scores, visible=~keys & triangle), "`real` is turned: True means a real position, which is visible."),
            (softmax(scores, axis=1, visible=visible), "Columns sum to 1: each query's weights stand in a row, the last axis."),
            (np.where(visible, scores, -1e9), "Those are scores: the softmax is still to come."),
        ]  # fmt: skip
        if causal:
            mistakes += [
                (softmax(scores, visible=keys), "The future is visible: with `causal`, query i sees keys 0 to i alone."),
                (softmax(scores, visible=keys | triangle), "The masks are joined by `|`: a key is visible only where both allow it, so `&`."),
                (softmax(scores, visible=triangle), "The padding is visible: hide the keys where `real` is False."),
            ]  # fmt: skip
        else:
            triangle = np.tril(np.ones((T, T), bool))
            mistakes.append((softmax(scores, visible=keys & triangle), "`causal` is False here: all real keys are visible, later ones too."))  # fmt: skip
        if dark.any():
            mistakes += [
                (uniform, "A row with no visible key is shared out evenly: make it 0, for instance by np.where(visible, weights, 0)."),
                (np.where(dark, plain, expected), "A row with no visible key attends as if nothing were hidden: make it 0."),
                (np.where(dark, np.eye(T), expected), "A row with no visible key attends to itself: make it 0."),
            ]  # fmt: skip
        otherwise = "Set hidden scores to a large negative number, take the softmax of each row, then set hidden weights to 0."
        if scores.max() > 1000:
            mistakes = []  # what remains after the first cases hides the keys, but too late
            otherwise = (
                "A hidden key has a large score: hide it before the softmax, and before the largest score is "
                "taken off, or the visible ones vanish beside it."
            )
        elif scores.min() < -10000:
            fill = "Your fill is larger than the visible scores: a hidden key then outweighs them. Take -np.inf or -1e9."
            mistakes = [(softmax(scores, visible=~visible), fill), (np.full_like(scores, 1 / 3), fill)]
            mistakes.append((0 * scores, "All weights are 0, as the scores are far below 0. Hide by -np.inf or -1e9, so that no fill is larger than the visible scores; and take each row's largest visible score off before np.exp."))  # fmt: skip
            otherwise = "Visible scores far below 0: take each row's largest visible score off before np.exp."
        elif scores.min() < -1000:
            otherwise = "One text's scores lie far below the other's: take each row's own largest visible score off before np.exp."
        elif dark.any():
            otherwise = "In one row no key is visible: its weights are 0, not nan. Mind dividing 0 by 0."
        compare(answer, (scores, real, causal), expected, mistakes, otherwise)


@exercise("09.3", "Split into heads", points=2)
def split_heads(answer, rng):
    """Head h has its stretch of columns, of each position."""
    small = np.array([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]]])
    cases = [(small, 2)]
    for shape, heads in (((2, 3, 12), 4), ((3, 4, 4), 4), ((2, 5, 6), 1), ((4, 2, 6), 3)):
        cases.append((rng.normal(size=shape), heads))
    for X, heads in cases:
        B, T, D = X.shape
        cut = X.reshape(B, T, heads, D // heads)
        expected = cut.swapaxes(1, 2)
        mistakes = [
            (X.reshape(B, heads, T, D // heads), "reshape alone mixes positions: first (B, T, H, D // H), then bring the heads forward."),
            (cut, "The positions stand before the heads: swap the two axes in the middle."),
            (X.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2), "The columns are dealt out in turn: head h gets a stretch of neighbours, so reshape to (B, T, H, D // H)."),
            (X.reshape(B, T, D // heads, heads).transpose(0, 2, 1, 3), "H and D // H are exchanged: H heads of width D // H."),
            (expected.swapaxes(2, 3), "Positions and columns are exchanged: it is (B, H, T, D // H)."),
            (cut.swapaxes(0, 2), "Examples and heads are exchanged: swap positions and heads, the two axes in the middle."),
            (cut.transpose(2, 0, 1, 3), "The heads stand first, the examples second: it is (B, H, T, D // H)."),
            (expected[:, 0], "That is the first head alone."),
            (expected[:, ::-1], "The heads are in reverse order: head 0 gets the first columns."),
            (X.swapaxes(1, 2).reshape(B, heads, D // heads, T), "The positions stand last: it is (B, H, T, D // H)."),
        ]  # fmt: skip
        otherwise = (
            "Cut the last axis alone into two, H and D // H; then bring the heads before the positions."
        )
        compare(answer, (X, heads), expected, mistakes, otherwise)


class Weights(list):
    """Weights that the message of a failed check shows by their shapes."""

    def __repr__(self):
        return f"[arrays of shapes {', '.join(str(np.shape(array)) for array in self)}]"


def heads_of(
    X,
    S,
    weights,
    *,
    scale=None,
    axis=-1,
    biases=True,
    keys=None,
    values=None,
    value_bias=True,
    ask=slice(None),
    cut=False,
):
    """The context of each head (B, H, T_q, d); the keywords are what goes wrong."""
    W_q, b_q, W_k, b_k, W_v, b_v, _, _ = weights
    on = 1.0 if biases else 0.0
    Q = np.einsum("btD,Dhd->bhtd", X, W_q) + on * b_q[:, None]
    K = np.einsum("btD,Dhd->bhtd", S if keys is None else keys, W_k) + on * b_k[:, None]
    V = np.einsum("btD,Dhd->bhtd", S if values is None else values, W_v) + on * value_bias * b_v[:, None]
    if cut:  # (B, T, H, d) by reshape alone
        Q, K, V = (part.swapaxes(1, 2).reshape(part.shape) for part in (Q, K, V))
    scores = Q[:, ask] @ K.swapaxes(2, 3) / (np.sqrt(Q.shape[-1]) if scale is None else scale)
    return softmax(scores, axis=axis) @ V


def joined(Z, W_o, b_o):
    """The heads, projected and summed."""
    return np.einsum("bhtd,hdD->btD", Z, W_o) + b_o


def joined_flat(Z, W_o, b_o):
    """The heads, put side by side by a reshape that mixes them with the positions."""
    B, H, T_q, d = Z.shape
    return Z.reshape(B, T_q, H * d) @ W_o.reshape(H * d, -1) + b_o


@exercise("09.4", "Multi-head attention", points=4)
@np.errstate(all="ignore")
def multi_head_attention(answer, rng):
    """Self- and cross-attention, one head and several, biases, heads whose widths do not add up to D; large scores."""
    cases = []
    for B, T_q, T_k, D, H, d, size in (
        (1, 2, 3, 5, 3, 2, 1),
        (2, 5, 3, 6, 3, 2, 1),
        (2, 3, 3, 4, 2, 3, 1),
        (3, 2, 5, 4, 1, 4, 1),
        (1, 2, 4, 3, 2, 4, 10000),
    ):
        shapes = [(D, H, d), (H, d)] * 3 + [(H, d, D), (D,)]
        weights = Weights(rng.normal(size=shape) for shape in shapes)
        weights[0] *= size
        cases.append((rng.normal(size=(B, T_q, D)), rng.normal(size=(B, T_k, D)), weights))
    X, _, weights = cases[2]
    cases.append((X, X, weights))
    for X, S, weights in cases:
        W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = weights
        (B, T_q, D), (H, d) = X.shape, b_q.shape
        Z = heads_of(X, S, weights)
        expected = joined(Z, W_o, b_o)

        def variant(X=X, S=S, weights=weights, W_o=W_o, b_o=b_o, **wrong):
            return joined(heads_of(X, S, weights, **wrong), W_o, b_o)

        flat = W_o.reshape(H * d, D)
        mistakes = [
            (variant(scale=1.0), "The scores are not scaled: divide them by the root of d, the width of a head."),
            (variant(scale=np.sqrt(D)), "That divides by the root of D: the width of a head is d, b_q.shape[1]."),
            (variant(scale=np.sqrt(H * d)), "That divides by the root of all heads' width: take that of one head, d."),
            (variant(scale=float(d)), "That divides by d: divide by its root."),
            (variant(scale=np.sqrt(H)), "That divides by the root of the number of heads: take the width of a head, d."),
            (variant(scale=np.sqrt(T_q)), "That divides by the root of the number of queries: take the width of a head, d."),
            (variant(axis=-2), "The softmax runs over the queries: each query's weights over the keys sum to 1."),
            (variant(axis=1), "The softmax runs over the heads: in each head, each query's weights over the keys sum to 1."),
            (variant(ask=slice(1)), "Every head asks with the queries of head 0: each has its own, W_q[:, h] and b_q[h]."),
            (variant(cut=True), "reshape alone mixes heads and positions on the way in: first (B, T, H, d), then swap the middle axes."),
            (joined_flat(heads_of(X, S, weights, cut=True), W_o, b_o), "reshape alone mixes heads and positions: first (B, T, H, d), then swap the middle axes; and back before W_o."),
            (variant(biases=False), "The biases b_q, b_k and b_v are missing."),
            (joined(heads_of(X, S, weights, biases=False), W_o, 0), "The biases are missing."),
            (variant(weights=[W_q, 0 * b_q, *weights[2:]]), "The bias b_q is missing: add it to the queries."),
            (variant(value_bias=False), "The bias b_v is missing: add it to the values."),
            (expected - b_o, "The bias b_o is missing: it is added once, at the end."),
            (expected + (H - 1) * b_o, "The bias b_o is added once for each head: add it once, at the end."),
            (joined(Z, W_o, 0) / H + b_o, "The heads are summed after their projection, not averaged."),
            (joined(Z[:, :1], W_o[:1], b_o), "That is the first head alone."),
            (joined(Z[:, -1:], W_o[-1:], b_o), "That is the last head alone: sum over all heads."),
            (joined(Z[:, ::-1], W_o, b_o), "The heads are in another order than their projections in W_o."),
            (Z.transpose(0, 2, 3, 1).reshape(B, T_q, -1) @ flat + b_o, "The heads are joined in the wrong order: (B, T_q, H, d), then flatten the last two."),
            (joined_flat(Z, W_o, b_o), "reshape mixes heads and positions: bring the heads behind the positions first."),
            (variant(S=X), "Keys and values come from S: this is self-attention of X."),
            (variant(X=S), "The queries come from X: this is self-attention of S."),
            (variant(X=S, S=X), "X and S are exchanged: X asks, S is asked."),
            (Z.transpose(0, 2, 1, 3).reshape(B, T_q, -1), "The last projection, W_o and b_o, is missing."),
            (Z, "Those are the heads: they are still to be joined and projected."),
            (expected[0], "That is the first example alone."),
        ]  # fmt: skip
        if X.shape == S.shape:
            mistakes += [
                (variant(values=X), "The values come from S, not from X."),
                (variant(keys=X), "The keys come from S, not from X."),
            ]
        swapped = [W_k, b_k, W_q, b_q, W_v, b_v, W_o, b_o]
        values_first = [W_q, b_q, W_v, b_v, W_k, b_k, W_o, b_o]
        mistakes += [
            (variant(weights=swapped), "The weights of queries and keys are exchanged: the order is query, key, value, output."),
            (variant(weights=values_first), "The weights of keys and values are exchanged: the order is query, key, value, output."),
        ]  # fmt: skip
        otherwise = (
            "Queries from X, keys and values from S, plus biases (b_q[:, None] for (B, H, T, d)); "
            "attend; apply W_o, sum over heads, add b_o."
        )
        large = np.abs(W_q).max() > 1000
        if large:
            otherwise = "exp overflows for large scores: take each row's largest score off before np.exp."
        compare(answer, (X, S, weights), expected, mistakes, otherwise, COARSE if large else FINE)


@exercise("09.5", "Additive attention", points=3)
@np.errstate(all="ignore")
def additive_attention(answer, rng):
    """Contexts of scores from a small network; queries, keys and values of different widths; large scores."""
    cases = []
    for T_q, T_k, D_q, D_k, D_v, U, size in (
        (2, 3, 3, 3, 3, 2, 1), (4, 3, 2, 3, 1, 5, 1), (3, 3, 3, 3, 3, 3, 1), (2, 1, 2, 2, 2, 3, 1), (3, 5, 4, 2, 6, 3, 9000),
    ):  # fmt: skip
        shapes = (T_q, D_q), (T_k, D_k), (T_k, D_v), (D_q, U), (D_k, U)
        cases.append((*(rng.normal(size=shape) for shape in shapes), size * (rng.normal(size=U) + 1)))
    for Q, K, V, W_q, W_k, v in cases:
        asked, keys = (Q @ W_q)[:, None], (K @ W_k)[None]
        hidden = np.tanh(asked + keys)  # (T_q, T_k, U)
        scores = hidden @ v
        expected = softmax(scores) @ V
        mistakes = [
            (softmax((asked + keys) @ v) @ V, "tanh is missing: without it, the query adds the same to all its scores and drops out of the softmax."),
            (softmax(np.tanh((asked + keys) @ v)) @ V, "tanh comes before the product with v, not after it."),
            (softmax((np.tanh(asked) + np.tanh(keys)) @ v) @ V, "Add first, then tanh: of each sum, not of query and key by themselves."),
            (softmax(np.tanh(asked * keys) @ v) @ V, "Query and key are added, not multiplied."),
            (softmax(asked[:, 0] @ keys[0].T) @ V, "Those are dot products of queries and keys: here they are added; then come tanh and v."),
            (softmax(asked[:, 0] @ keys[0].T / np.sqrt(len(v))) @ V, "Those are dot products of queries and keys: here they are added; then come tanh and v."),
            (softmax(np.tanh(asked - keys) @ v) @ V, "Query and key are added, not subtracted."),
            (softmax(scores / np.sqrt(len(v))) @ V, "No scaling here: dividing by a root belongs to the dot product."),
            (softmax(hidden.sum(axis=-1)) @ V, "v is missing: weigh the hidden units with it."),
            (softmax(1 / (1 + np.exp(-asked - keys)) @ v) @ V, "That has a sigmoid: take tanh."),
            (softmax(np.maximum(asked + keys, 0) @ v) @ V, "That has ReLU: take tanh."),
            (softmax(scores, axis=0) @ V, "The softmax runs over the queries: each query's weights over the keys sum to 1."),
            (scores @ V, "The softmax is missing: the values are averaged with weights that sum to 1."),
            (np.exp(scores) @ V, "The exponentials are not divided by the sum of their row."),
            (softmax(scores), "Those are the weights: return the weighted means of the values."),
            (scores, "Those are the scores: softmax and values are still to come."),
        ]  # fmt: skip
        if Q.shape[1] == K.shape[1]:
            other = np.tanh((Q @ W_k)[:, None] + (K @ W_q)[None]) @ v
            dots = "That is dot-product attention: here query and key are projected and added; then come tanh and v."
            mistakes += [(softmax(Q @ K.T / scale) @ V, dots) for scale in (1, np.sqrt(Q.shape[1]))]
            mistakes.append((softmax(other) @ V, "W_q and W_k are exchanged."))
        if K.shape == V.shape:
            mistakes.append((softmax(scores) @ K, "Those are means of the keys: take the values, V."))
        if len(Q) == len(K):
            mistakes.append((softmax(scores.T) @ V, "Queries and keys are exchanged: scores[i, j] belongs to query i and key j."))  # fmt: skip
        otherwise = (
            "Queries are rows: Q @ W_q, without .T. Add each projected query to each projected key, "
            "(T_q, T_k, U); tanh; times v; the softmax of each row; times V."
        )
        large = np.abs(scores).max() > 700
        if large:
            otherwise = "exp overflows for large scores: take each row's largest score off before np.exp."
        compare(answer, (Q, K, V, W_q, W_k, v), expected, mistakes, otherwise, COARSE if large else FINE)
