"""Checks of lesson 10: layer normalisation, positions, causal attention, masked loss and parameters by hand."""

import numpy as np
from scipy.special import log_softmax, softmax

from course_lib.checks import Mistake, compare, compare_integer, exercise, numbers


@exercise("10.1", "Layer normalisation", points=3)
def layer_norm(answer, rng):
    """Mean 0 and variance 1 of each token, then scale and shift; small spreads, where epsilon counts."""
    cases = [
        (
            np.array([[[1.0, 3.0, 8.0], [2.0, 2.0, 5.0]], [[0.0, 4.0, 1.0], [7.0, 3.0, 3.0]]]),
            np.array([2.0, 1.0, 3.0]),
            np.array([0.0, 5.0, -1.0]),
            0.5,
        )
    ]
    for (B, T, D), spread, epsilon in (
        ((2, 3, 4), 1.0, 1e-3), ((1, 4, 5), 0.03, 1e-3), ((3, 1, 6), 1.0, 1e-12), ((4, 4, 4), 0.1, 1e-2),
    ):  # fmt: skip
        # A mean far above the spread would strain float32.
        x = spread * (2 * rng.normal() + rng.normal(size=(B, T, D)))
        cases.append((x, rng.normal(size=D), rng.normal(size=D), epsilon))
    for x, gamma, beta, epsilon in cases:

        def slip(axis=-1, ddof=0, inside=epsilon, outside=0.0, scale=gamma, shift=beta, x=x):
            with np.errstate(all="ignore"):
                mean = x.mean(axis=axis, keepdims=True)
                deviation = np.sqrt(x.var(axis=axis, ddof=ddof, keepdims=True) + inside)
                return scale * (x - mean) / (deviation + outside) + shift

        mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
        mistakes = [
            (slip(axis=0), "That is over the texts: each token by itself, axis=-1 with keepdims=True."),
            (slip(axis=(0, 1)), "That is batch normalisation: mean and variance of each token over its features, axis=-1."),
            (slip(axis=1), "That is over the tokens of a text: each token by itself, axis=-1 with keepdims=True."),
            (slip(axis=(1, 2)), "That is over a whole text: each token by itself, axis=-1 alone."),
            (slip(axis=None), "That is over everything: each token by itself, axis=-1 with keepdims=True."),
            (slip(ddof=1), "The variance is divided by D - 1: divide by D, as np.var does."),
            (slip(inside=0, outside=epsilon), "epsilon is added to the standard deviation: add it to the variance, before the root."),
            (slip(inside=epsilon**2), "epsilon is squared: add it to the variance as it is."),
            (slip(inside=0), "epsilon is missing: add it to the variance, before the root."),
            (slip(inside=1e-3), "epsilon is always 1e-3: use the one given."),
            (slip(scale=1, shift=0), "gamma and beta are missing: multiply by gamma, then add beta."),
            (slip(scale=1), "gamma is missing: it multiplies each feature."),
            (slip(shift=0), "beta is missing: it is added at the end."),
            (slip(scale=beta, shift=gamma), "gamma and beta are exchanged: gamma multiplies, beta is added."),
            (gamma * (slip(scale=1, shift=0) + beta), "beta is scaled by gamma: add it after the product."),
            ((gamma * (x - mean) + beta) / np.sqrt(variance + epsilon), "beta is divided by the root: add it after the division."),
            (gamma * (x - mean) / (variance + epsilon) + beta, "The root is missing: divide by the standard deviation."),
            (gamma * x / np.sqrt(variance + epsilon) + beta, "The mean is missing: subtract it before you divide."),
            (gamma * (x - mean) + beta, "The division by the standard deviation is missing."),
        ]  # fmt: skip
        otherwise = "Subtract each token's mean over axis=-1, divide by sqrt(variance + epsilon), times gamma, plus beta."
        compare(answer, (x, gamma, beta, epsilon), slip(), mistakes, otherwise)


@exercise("10.2", "Sinusoidal positions", points=3)
def sinusoidal_positions(answer, rng):
    """Equals the formula; products that depend on the shift alone, distinct rows."""
    cases = [(5, 6), (1, 2), (50, 4), (7, 64)]
    cases += [(int(rng.integers(2, 40)), 2 * int(rng.integers(2, 30))) for _ in range(2)]
    for length, width in cases:

        def slip(
            sine=np.sin, cosine=np.cos, first=0, power=2, base=10_000.0, less=0, length=length, width=width
        ):
            k, t = np.arange(width // 2), np.arange(length)[:, None] + first
            angles = t * base ** (-power * k / max(width - less, 1))
            return np.stack([sine(angles), cosine(angles)], axis=-1).reshape(length, width)

        expected = slip()
        columns = np.arange(width)
        each = np.arange(length)[:, None] * 10_000.0 ** (-columns / width)
        angles = np.arange(length)[:, None] * 10_000.0 ** (-2 * columns[: width // 2] / width)
        with np.errstate(over="ignore", invalid="ignore"):
            upside = np.arange(length)[:, None] * 10_000.0 ** (2 * columns[: width // 2] / width)
            upside = np.stack([np.sin(upside), np.cos(upside)], axis=-1).reshape(length, width)
        mistakes = [
            (np.concatenate([np.sin(angles), np.cos(angles)], axis=1), "All sines stand before all cosines: put them side by side, P[:, 0::2] and P[:, 1::2]."),
            (np.concatenate([np.cos(angles), np.sin(angles)], axis=1), "All cosines stand before all sines: sines go to P[:, 0::2], cosines to P[:, 1::2]."),
            (slip(np.cos, np.sin), "Sines and cosines are exchanged: the sine stands in the even columns."),
            (slip(first=1), "Positions count from 0: the first row is 0, 1, 0, 1, ..."),
            (slip(power=1), "The frequency is 10000 ** (-2k / D) for the pair k: with np.arange(0, D, 2) the 2 is in it already."),
            (slip(power=4), "The 2 of the exponent is there twice: np.arange(0, D, 2) holds 2k already."),
            (np.where(columns % 2, np.cos(each), np.sin(each)), "A sine and its cosine share a frequency: columns 2k and 2k + 1 both have 10000 ** (-2k / D)."),
            (slip(cosine=np.sin), "Odd columns hold the cosine, not the sine once more."),
            (slip(less=2), "The slowest frequency is not 1 / 10000: divide 2k by D, not by D - 2."),
            (slip(base=1000.0), "The base is 10000."),
            (slip(base=np.e), "The base of the power is 10000, not e."),
            (upside, "The frequencies grow: the exponent is negative, 10000 ** (-2k / D)."),
            (np.trunc(expected), "The array holds ints, which cut everything off to -1, 0 and 1: make it with np.zeros or np.empty, which hold floats."),
            (expected.T, "It is transposed: a row for each position."),
        ]  # fmt: skip
        otherwise = "Column 2k is sin(10000 ** (-2k / D) * t), column 2k + 1 its cosine, with t = 0, 1, ... down the rows."
        compare(answer, (length, width), expected, mistakes, otherwise)


@exercise("10.3", "Causal self-attention", points=4)
def causal_attention(answer, rng):
    """Equals the formula; values of another width, large scores, all far below 0; a later token changes nothing before it."""
    cases = [
        (
            np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]),
            np.array([[1.0, 2.0], [2.0, 0.0], [0.0, 1.0]]),
            np.array([[3.0, 0.0, 1.0, 4.0, 2.0], [5.0, 2.0, 0.0, 6.0, 1.0], [10.0, 1.0, 7.0, 5.0, 0.0]]),
        )
    ]
    for T, D, E, size in ((1, 3, 2, 1), (5, 4, 3, 1), (6, 3, 6, 1), (4, 4, 4, 1), (5, 2, 3, 40)):
        Q, K = size * rng.normal(size=(2, T, D))
        cases.append((Q, K, rng.normal(size=(T, E))))
    Q, K = rng.normal(size=(2, 4, 3))
    Q[:, 0], K[:, 0] = 50, -50  # all scores below -1000
    cases.insert(-1, (Q, K, rng.normal(size=(4, 2))))
    for Q, K, V in cases:
        T, D = Q.shape
        scores = Q @ K.T / np.sqrt(D)
        seen = np.tril(np.ones((T, T), bool))

        def mix(scores, V=V, axis=-1):
            with np.errstate(all="ignore"):
                return softmax(scores, axis=axis) @ V

        expected = mix(np.where(seen, scores, -np.inf))
        with np.errstate(all="ignore"):
            late = softmax(scores, axis=-1) * seen
            before = np.where(np.tril(seen, -1), scores, -np.inf)
            plain = (np.exp(scores) * seen) @ V
        mistakes = [
            (mix(scores), "The mask is missing: row t may look at columns 0 to t alone."),
            (mix(np.where(seen.T, scores, -np.inf)), "The mask is turned round: each token sees itself and those before it, np.tril."),
            (mix(np.nan_to_num(before, neginf=-1e9)), "A token may look at itself too: the diagonal is not masked."),
            (mix(np.where(np.tri(T, k=1, dtype=bool), scores, -np.inf)), "Each token sees the next one: mask everything above the diagonal."),
            *((mix(masked), "The score of masked words is not small enough: put -inf there, since visible scores may lie below any number.")
              for fill in (-1, -10, -100, -1000)
              for masked in (np.where(seen, scores, fill), scores + np.where(seen, 0, fill))),
            (mix(scores * seen), "Masked scores are 0, which is a score like another: put -inf there, before softmax."),
            (late @ V, "Rows of weights no longer sum to 1: mask the scores before softmax, not the weights after it."),
            (mix(np.where(seen, Q @ K.T, -np.inf)), "The scaling is missing: divide the scores by sqrt(D)."),
            (mix(np.where(seen, Q @ K.T / D, -np.inf)), "Divide by sqrt(D), not by D."),
            (mix(np.where(seen, Q @ K.T / np.sqrt(V.shape[1]), -np.inf)), "The scale is the width of the queries and keys, not of the values."),
            (mix(np.where(seen, Q @ K.T / np.sqrt(T), -np.inf)), "The scale is sqrt of the width D, not of the number of tokens."),
            (mix(np.where(seen, scores * D, -np.inf)), "Divide by sqrt(D), do not multiply."),
            (mix(np.where(seen, scores.T, -np.inf)), "Queries and keys are exchanged: row t of the scores is query t with all keys."),
            (mix(np.where(seen, scores, -np.inf), axis=0), "softmax runs down the columns: each row sums to 1, axis=1."),
            (plain, "The weights are not normalised: divide each row by its sum."),
            (np.tril(np.ones((T, T))) @ V / np.arange(1, T + 1)[:, None], "That is the plain mean of the values: weight them by softmax of the scores."),
            (softmax(np.where(seen, scores, -np.inf), axis=-1), "Those are the weights: multiply them with V."),
        ]  # fmt: skip
        if T == D == V.shape[1]:
            mistakes.append((mix(np.where(seen, scores, -np.inf), V=K), "The keys are mixed: the weights multiply V."))  # fmt: skip
        otherwise = (
            "Products of queries and keys, divided by sqrt(D); -inf above the diagonal, not on it; "
            "softmax of each row, its maximum subtracted first; times V."
        )
        # float32 knows a score of 1,000 to a ten-thousandth, and so the weights.
        rtol = 0.02 if np.abs(scores).max() > 700 else 1e-5
        compare(answer, (Q, K, V), expected, mistakes, otherwise, rtol)
    for t in range(1, T):  # of the last case
        changed = [part.copy() for part in (Q, K, V)]
        for part in changed:
            part[t] = rng.normal(size=part.shape[1])
        if not np.allclose(numbers(answer(*changed))[:t], expected[:t], atol=rtol * np.abs(expected).max()):
            raise Mistake(f"Row {t} was changed, and a row before it moved: a token sees none that comes later.")  # fmt: skip


@exercise("10.4", "Loss on the masked words alone", points=3)
def masked_loss(answer, rng):
    """Equals the formula; float weights, bool weights, large logits; other logits where nothing counts."""
    small = (
        np.log([[[1.0, 3.0], [1.0, 4.0], [1.0, 9.0]]]),  # one target is not the likelier word
        np.array([[1, 1, 0]]),
        np.array([[1, 0, 1]]),
    )
    cases = [small]
    for (B, T, V), share, size in (((2, 6, 5), 0.5, 1), ((4, 5, 3), 0.3, 3), ((3, 4, 6), 0.4, 500)):
        weights = rng.random((B, T)) < share
        weights[rng.integers(B), rng.integers(T)] = True
        weights[-1, -1] = False
        kind = rng.choice(["float64", "int64", "bool"])
        logits, targets = size * rng.normal(size=(B, T, V)), rng.integers(V, size=(B, T))
        cases.append((logits, targets, weights.astype(kind)))
    for logits, targets, weights in cases:

        def taken(log_q, targets=targets):
            return np.take_along_axis(log_q, targets[..., None], axis=-1)[..., 0]

        log_q, w = taken(log_softmax(logits, axis=-1)), weights.astype(float)
        other = taken(log_softmax(logits, axis=1))
        by_text = [np.sum(a * b) / np.sum(a) for a, b in zip(w, log_q, strict=True) if a.sum()]
        expected = -np.sum(w * log_q) / w.sum()
        q = np.exp(log_q)
        mistakes = [
            (-log_q.mean(), "All positions count: weigh each with `weights`, and divide by their sum."),
            (-np.mean(w * log_q), "Divide by the number of words that count, the sum of the weights, not by all positions."),
            (-np.sum(w * log_q), "That is the sum: divide by the sum of the weights."),
            (-np.sum(w * log_q) / len(w), "That is divided by the number of texts: divide by the sum of the weights."),
            (np.sum(w * log_q) / w.sum(), "The sign is turned: a cross-entropy is not negative."),
            (-np.sum((1 - w) * log_q) / max(1, (1 - w).sum()), "Those are the words that do not count: weight 1 means that it does."),
            (-np.mean(by_text), "That is a mean of the texts' means: all words that count weigh the same, in whatever text."),
            (-np.sum(by_text) / len(w), "That is a mean of the texts' means, 0 for a text without words: all words that count weigh the same, in whatever text."),
            *((-np.sum(w * np.log(capped)) / w.sum(), "An epsilon inside the logarithm caps the loss: take log softmax in one, the logit minus the log of the sum of exp.")
              for epsilon in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12) for capped in (q + epsilon, np.clip(q, epsilon, 1))),
            (np.log(logits.shape[-1]), "That is log V, as if all words were as likely: the logits are lost. Each position's maximum is taken over axis=-1."),
            (-np.sum(w * other) / w.sum(), "softmax runs over the positions: it runs over the words, axis=-1."),
            (-np.sum(w * taken(logits)) / w.sum(), "log softmax is missing: subtract the log of the sum of exp."),
            (-np.sum(w * np.exp(log_q)) / w.sum(), "The logarithm is missing: -log of the probability of the target."),
            (-np.sum(w * log_q) / w.sum() / np.log(2), "That is in bits: take the natural logarithm."),
            (np.exp(np.minimum(expected, 700)), "That is the perplexity: the loss is its logarithm."),
            (-w * log_q, "Those are the losses of the words: sum them and divide by the sum of the weights."),
        ]  # fmt: skip
        otherwise = (
            "Sum weights times -log softmax(logits) at the target, divide by the sum of the weights. "
            "Subtract each maximum first: exp of large logits is inf."
        )
        compare(answer, (logits, targets, weights), expected, mistakes, otherwise)


def parameters(
    vocabulary, length, width, blocks, heads, units, *,
    matrices=4, attention_biases=4, ff_weights=2, ff_biases=(1, 1), norms=2, halves=2, last_norm=True, positions=True,
    embedding=True, dense=True, dense_bias=True,
):  # fmt: skip
    """Parameters of 10.5's network; the keywords are what goes wrong."""
    attention = matrices * width**2 + attention_biases * width
    feed_forward = ff_weights * width * units + ff_biases[0] * units + ff_biases[1] * width
    total = blocks * (attention + feed_forward + norms * halves * width)
    total += embedding * vocabulary * width + positions * length * width + last_norm * halves * width
    return total + dense * vocabulary * width + dense_bias * vocabulary


@exercise("10.5", "Parameters of a Transformer", points=2)
def count_parameters(answer, rng):
    """As many as Keras counts; hidden layers that are not four times as wide, any number of heads."""
    cases = [(50, 19, 6, 4, 2, 13), (1000, 24, 48, 2, 4, 192), (7, 3, 2, 1, 1, 5), (90, 5, 12, 1, 3, 48)]
    for _ in range(3):
        heads = int(rng.integers(2, 6))
        width = heads * int(rng.integers(2, 9))
        cases.append((int(rng.integers(50, 3000)), int(rng.integers(4, 100)), width,
                      int(rng.integers(2, 7)), heads, int(rng.integers(5, 200))))  # fmt: skip
    for args in cases:
        vocabulary, length, width, _, heads, units = args

        def slip(args=args, **keywords):
            return int(parameters(*args, **keywords))

        no_bias = {"attention_biases": 0, "ff_biases": (0, 0), "dense_bias": False}
        short = {"matrices": 12, "attention_biases": 13, "ff_weights": 0, "ff_biases": (0, 0), "norms": 0}
        mistakes = [
            (slip(dense_bias=False), "The biases of the dense layer at the end are missing: one for each word."),
            (slip(**no_bias), "The biases are missing, of attention, feed-forward part and dense layer."),
            (slip(attention_biases=0), "4 D are missing in each block: attention has as many biases, and its two layer normalisations as many weights."),
            (slip(attention_biases=3), "D are missing in each block: the matrix behind the heads has biases, and so has the second feed-forward layer."),
            (slip(matrices=3, attention_biases=3), "Attention has a fourth matrix, behind the heads: D x D with a bias."),
            (slip(matrices=3), "Attention has a fourth matrix, behind the heads: D x D."),
            (slip(matrices=4 * heads, attention_biases=4 * heads), "Heads share the width: attention has 4 (D^2 + D), whatever their number."),
            (slip(matrices=1 + 3 * heads, attention_biases=1 + 3 * heads), "Heads share the width: attention has 4 (D^2 + D), whatever their number."),
            (slip(matrices=4 / heads, attention_biases=4 / heads), "That is one head: there are `heads` of them, of D / heads columns each."),
            (slip(ff_biases=(0, 0)), "The biases of the feed-forward part are missing: units + D."),
            (slip(ff_biases=(0, 1)), "The first layer of the feed-forward part has biases too: `units`."),
            (slip(ff_weights=1), "The feed-forward part has two layers: D to units, and back to D."),
            (slip(**short), "12 D^2 + 13 D holds for units = 4 D alone: count the two feed-forward layers with `units`, weights and biases."),
            (slip(norms=0, last_norm=False), "The layer normalisations are missing: 2 D each, two in a block and one at the end."),
            (slip(norms=3), "A block has two layer normalisations, not three: that at the end of the stack comes once."),
            (slip(norms=1), "2 D are missing in each block, as many as a layer normalisation has: there are two, one for attention and one for the feed-forward part."),
            (slip(last_norm=False), "The last layer normalisation is missing: 2 D."),
            (slip(halves=1), "A layer normalisation has gamma and beta: 2 D."),
            (slip(positions=False), "The positions are missing: a row of D for each."),
            (slip(dense=False, dense_bias=False), "The dense layer at the end is missing: D to the words, with biases."),
            (slip(dense=False), "Embedding and dense layer have D weights for each word, both: they do not share them here."),
            (slip((vocabulary, length, width, 1, heads, units)), "That is one block: there are `blocks` of them."),
            (slip() - slip((vocabulary, length, width, 0, heads, units)), "Those are the blocks alone: add embedding, positions, last normalisation and dense layer."),
        ]  # fmt: skip
        otherwise = (
            "A block: attention with four matrices, a feed-forward part with two, all with biases, and two "
            "normalisations. Beside the blocks: embedding, positions, a normalisation, a dense layer with biases."
        )
        compare_integer(answer, args, slip(), mistakes, otherwise)
