"""Answers to the exercises of lesson 07."""

import functools
from collections import Counter

import numpy as np

from tests.wrong_answers import right, wrong

# --- 07.1 ----------------------------------------------------------------------------------------------


def table_of(token_lists, vocabulary):
    return [
        [sum(token not in vocabulary for token in tokens), *(tokens.count(word) for word in vocabulary)]
        for tokens in token_lists
    ]


@right("07.1")
def count_by_list(texts, vocabulary):
    return table_of([text.lower().split() for text in texts], vocabulary)


@right("07.1")
def count_by_counter(texts, vocabulary):
    rows = []
    for text in texts:
        found = Counter(text.lower().split())
        known = [found.pop(word, 0) for word in vocabulary]
        rows.append([found.total(), *known])
    return rows


@wrong("07.1", says="return ints")
def count_as_floats(texts, vocabulary):
    return np.array(count_by_counter(texts, vocabulary), dtype=float)


@functools.cache
def vectorization(*vocabulary):
    import keras

    return keras.layers.TextVectorization(vocabulary=list(vocabulary), output_mode="count")


@right("07.1")
def count_by_keras(texts, vocabulary):
    counts = np.zeros((len(texts), len(vocabulary) + 1), dtype=int)
    filled = [number for number, text in enumerate(texts) if text]
    counts[filled] = vectorization(*vocabulary)([texts[number] for number in filled])
    return counts


@wrong("07.1", says="Those are characters")
def count_characters(texts, vocabulary):
    return table_of([list(text) for text in texts], vocabulary)


@wrong("07.1", says="Those are characters")
def count_lower_characters(texts, vocabulary):
    return table_of([list(text.lower()) for text in texts], vocabulary)


@wrong("07.1", says="lower-case the text first")
def count_as_written(texts, vocabulary):
    return table_of([text.split() for text in texts], vocabulary)


@wrong("07.1", says="do not set 1")
def count_presence(texts, vocabulary):
    return np.minimum(count_by_list(texts, vocabulary), 1)


@wrong("07.1", says="Unknown words are dropped")
def count_known(texts, vocabulary):
    table = np.array(count_by_list(texts, vocabulary))
    table[:, 0] = 0
    return table


@wrong("07.1", says="column of unknown words is missing")
def count_without_unknown(texts, vocabulary):
    return np.array(count_by_list(texts, vocabulary))[:, 1:]


@wrong("07.1", says="their column comes first")
def count_unknown_last(texts, vocabulary):
    return np.roll(count_by_list(texts, vocabulary), -1, axis=1)


@wrong("07.1", says="gave an empty word")
def count_split_at_each_space(texts, vocabulary):
    return table_of([text.lower().split(" ") for text in texts], vocabulary)


@wrong("07.1", says="inside longer words")
def count_parts(texts, vocabulary):
    counts = np.array(count_by_list(texts, vocabulary))
    counts[:, 1:] = [[text.lower().count(word) for word in vocabulary] for text in texts]
    return counts


@wrong("07.1", says="first column has all words")
def count_all_first(texts, vocabulary):
    counts = np.array(count_by_list(texts, vocabulary))
    counts[:, 0] = counts.sum(axis=1)
    return counts


@wrong("07.1", says="once for each different one")
def count_different_unknown(texts, vocabulary):
    counts = np.array(count_by_list(texts, vocabulary))
    counts[:, 0] = [len(set(text.lower().split()) - set(vocabulary)) for text in texts]
    return counts


@wrong("07.1", says="a row for each text")
def count_transposed(texts, vocabulary):
    return np.array(count_by_list(texts, vocabulary)).T


@wrong("07.1", says="placed from column 0")
def count_from_column_0(texts, vocabulary):
    table = np.array(count_by_list(texts, vocabulary))
    table[:, 0] += table[:, 1]
    return np.column_stack([table[:, :1], table[:, 2:], 0 * table[:, :1]])


# --- 07.2 ----------------------------------------------------------------------------------------------


def norms(E):
    lengths = np.linalg.norm(E, axis=1, keepdims=True)
    return np.where(lengths > 0, lengths, 1)


@right("07.2")
def cosine_in_loops(E):
    n = len(E)
    result = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            product = np.linalg.norm(E[i]) * np.linalg.norm(E[j])
            result[i][j] = float(E[i] @ E[j] / product) if product else 0.0
    return result


@right("07.2")
def cosine_by_sklearn(E):
    from sklearn.metrics.pairwise import cosine_similarity

    return cosine_similarity(E)


@right("07.2")
def cosine_by_einsum(E):
    unit = (E / norms(E)).astype("float32")
    return np.einsum("id,jd->ij", unit, unit)


@right("07.2")
def cosine_by_keras(E):
    import keras

    lengths = keras.ops.norm(E, axis=1, keepdims=True)
    unit = keras.ops.divide_no_nan(E, lengths)
    return keras.ops.matmul(unit, keras.ops.transpose(unit))


@wrong("07.2", says="do not divide 0 by 0")
def cosine_unguarded(E):
    with np.errstate(all="ignore"):
        unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    return unit @ unit.T


@wrong("07.2", says="add nothing to the length")
def cosine_with_epsilon(E):
    unit = E / (np.linalg.norm(E, axis=1, keepdims=True) + 1e-7)
    return unit @ unit.T


@wrong("07.2", says="Those are inner products")
def inner_products(E):
    return E @ E.T


@wrong("07.2", says="one length only")
def cosine_half(E):
    return E @ E.T / norms(E)


@wrong("07.2", says="squared lengths")
def cosine_squared(E):
    unit = E / norms(E) ** 2
    return unit @ unit.T


@wrong("07.2", says="each row has its own")
def cosine_whole(E):
    unit = E / np.linalg.norm(E)
    return unit @ unit.T


@wrong("07.2", says="columns are divided")
def cosine_columns(E):
    lengths = np.linalg.norm(E, axis=0)
    unit = E / np.where(lengths > 0, lengths, 1)
    return unit @ unit.T


@wrong("07.2", says="given 1 with itself")
def cosine_ones(E):
    unit = E / norms(E)
    result = unit @ unit.T
    np.fill_diagonal(result, 1)
    return result


@wrong("07.2", says="a distance: return the cosine")
def cosine_distance(E):
    unit = E / norms(E)
    return 1 - unit @ unit.T


@wrong("07.2", says="in place")
def cosine_in_place(E):
    E /= norms(E)
    return E @ E.T


@wrong("07.2", says="add nothing to the length")
def cosine_with_larger_epsilon(E):
    unit = E / (np.linalg.norm(E, axis=1, keepdims=True) + 1e-4)
    return unit @ unit.T


@wrong("07.2", says="square of one length")
def cosine_one_square(E):
    return E @ E.T / norms(E) ** 2


# --- 07.3 ----------------------------------------------------------------------------------------------


def weighted(counts, power=0.75):
    weights = np.where(counts > 0, counts.astype(float) ** power, 0)
    return weights / weights.sum()


def without_positives(positives, counts, K, rng, power=0.75):
    table = np.tile(weighted(counts, power), (len(positives), 1))
    table[np.arange(len(positives)), positives] = 0
    bounds = np.cumsum(table, axis=1)
    bounds /= bounds[:, -1:]
    return np.sum(rng.random((len(positives), K, 1)) >= bounds[:, None], axis=2)


@right("07.3")
def negatives_by_redrawing(positives, counts, K, rng):
    p = weighted(counts)
    drawn = rng.choice(len(counts), size=(len(positives), K), p=p)
    while np.any(hit := drawn == positives[:, None]):
        drawn[hit] = rng.choice(len(counts), size=hit.sum(), p=p)
    return drawn


@right("07.3")
def negatives_by_bounds(positives, counts, K, rng):
    return without_positives(positives, counts, K, rng).tolist()


@wrong("07.3", says="return ints")
def negatives_as_float32(positives, counts, K, rng):
    return without_positives(positives, counts, K, rng).astype("float32")


@right("07.3")
def negatives_by_gumbel(positives, counts, K, rng):
    with np.errstate(divide="ignore"):
        scores = 0.75 * np.log(np.tile(counts, (len(positives), 1)))
    scores[np.arange(len(positives)), positives] = -np.inf
    return np.argmax(scores[:, None] + rng.gumbel(size=(len(positives), K, len(counts))), axis=2)


@wrong("07.3", says="A negative equals its positive")
def negatives_with_positive(positives, counts, K, rng):
    return rng.choice(len(counts), size=(len(positives), K), p=weighted(counts))


@wrong("07.3", says="A negative equals its positive")
def negatives_redrawn_once(positives, counts, K, rng):
    drawn = negatives_with_positive(positives, counts, K, rng)
    hit = drawn == positives[:, None]
    drawn[hit] = rng.choice(len(counts), size=hit.sum(), p=weighted(counts))
    return drawn


@wrong("07.3", says="raise the counts to the power 0.75")
def negatives_by_count(positives, counts, K, rng):
    return without_positives(positives, counts, K, rng, power=1)


@wrong("07.3", says="the power is 0.75")
def negatives_by_root(positives, counts, K, rng):
    return without_positives(positives, counts, K, rng, power=0.5)


@wrong("07.3", says="weight them by count")
def negatives_among_known(positives, counts, K, rng):
    return without_positives(positives, counts, K, rng, power=0)


@wrong("07.3", says="never occurs was drawn")
def negatives_evenly(positives, counts, K, rng):
    drawn = rng.integers(len(counts) - 1, size=(len(positives), K))
    return drawn + (drawn >= positives[:, None])


@wrong("07.3", says="draw from the rng given")
def negatives_of_its_own(positives, counts, K, rng):
    return without_positives(positives, counts, K, np.random.default_rng())


@wrong("07.3", says="are all the same")
def negatives_repeated(positives, counts, K, rng):
    return np.repeat(without_positives(positives, counts, 1, rng), K, axis=1)


@wrong("07.3", says="Equal positives get equal negatives")
def negatives_by_word(positives, counts, K, rng):
    return without_positives(np.arange(len(counts)), counts, K, rng)[positives]


@wrong("07.3", says="K negatives for each positive")
def negatives_flat(positives, counts, K, rng):
    return without_positives(positives, counts, 1, rng)[:, 0]


@wrong("07.3", says="the next word took its place")
def negatives_shifted(positives, counts, K, rng):
    drawn = negatives_with_positive(positives, np.maximum(counts, 0), K, rng)
    return np.where(drawn == positives[:, None], (drawn + 1) % len(counts), drawn)


@wrong("07.3", says="draw with replacement")
def negatives_distinct(positives, counts, K, rng):
    rows = []
    for positive in positives:
        p = weighted(counts)
        p[positive] = 0
        rows.append(rng.choice(len(counts), size=K, replace=False, p=p / p.sum()))
    return rows


@wrong("07.3", says="Another rng gave the same numbers")
def negatives_of_one_seed(positives, counts, K, rng):
    return without_positives(positives, counts, K, np.random.default_rng(0))


@wrong("07.3", says="places among the words without the positive")
def negatives_unmapped(positives, counts, K, rng):
    drawn = without_positives(positives, counts, K, rng)
    return drawn - (drawn > positives[:, None])


@wrong("07.3", says="does the cumulative sum end at 1")
def negatives_not_normalised(positives, counts, K, rng):
    rows = []
    for positive in positives:
        p = weighted(counts)
        p[positive] = 0
        rows.append(np.searchsorted(np.cumsum(p), rng.random(K), side="right"))
    return rows


@wrong("07.3", says="in place")
def negatives_zeroing_counts(positives, counts, K, rng):
    drawn = without_positives(positives, counts, K, rng)
    counts[positives[0]] = 0
    return drawn


# --- 07.4 ----------------------------------------------------------------------------------------------


def rest_of(v, U):
    rest = 1 / (1 + np.exp(-U @ v))
    rest[0] -= 1
    return rest


@right("07.4")
def gradient_in_loops(v, U):
    by_v, rows = np.zeros(len(v)), []
    for number, u in enumerate(U):
        rest = 1 / (1 + np.exp(-u @ v)) - (number == 0)
        by_v += rest * u
        rows.append(rest * v)
    return [by_v, *rows]


@right("07.4")
def gradient_by_einsum(v, U):
    rest = rest_of(v, U)
    by_U = np.einsum("k,d->kd", rest, v)
    return np.concatenate([np.einsum("k,kd->d", rest, U)[None], by_U]).astype("float32")


@right("07.4")
def gradient_by_tape(v, U):
    import tensorflow as tf

    v, U = tf.Variable(v), tf.Variable(U)
    with tf.GradientTape() as tape:
        scores = tf.linalg.matvec(U, v)
        loss = tf.nn.softplus(-scores[0]) + tf.reduce_sum(tf.nn.softplus(scores[1:]))
    by_v, by_U = tape.gradient(loss, [v, U])
    return np.vstack([by_v, by_U])


@wrong("07.4", says="sign is turned")
def gradient_downhill(v, U):
    return -gradient_by_tape(v, U)


@wrong("07.4", says="The truth is missing")
def gradient_without_truth(v, U):
    q = 1 / (1 + np.exp(-U @ v))
    return np.vstack([q @ U, np.outer(q, v)])


@wrong("07.4", says="wrong way round")
def gradient_of_other_labels(v, U):
    q = 1 / (1 + np.exp(-U @ v))
    q[1:] -= 1
    return np.vstack([q @ U, np.outer(q, v)])


@wrong("07.4", says="The sigmoid is missing")
def gradient_of_scores(v, U):
    rest = U @ v
    rest[0] -= 1
    return np.vstack([rest @ U, np.outer(rest, v)])


@wrong("07.4", says="a sum over the contexts")
def gradient_of_mean(v, U):
    return gradient_by_tape(v, U) / len(U)


@wrong("07.4", says="true context alone")
def gradient_of_positive(v, U):
    rest = rest_of(v, U)
    return np.vstack([rest[0] * U[0], np.outer(rest, v)])


@wrong("07.4", says="the other factor is v")
def gradient_by_itself(v, U):
    rest = rest_of(v, U)
    return np.vstack([rest @ U, rest[:, None] * U])


@wrong("07.4", says="by v comes first")
def gradient_in_other_order(v, U):
    return np.roll(gradient_by_tape(v, U), -1, axis=0)


@wrong("07.4", says="by v is missing")
def gradient_of_contexts(v, U):
    return np.outer(rest_of(v, U), v)


@wrong("07.4", says="already in q - y")
def gradient_derived_twice(v, U):
    q = 1 / (1 + np.exp(-U @ v))
    rest = rest_of(v, U) * q * (1 - q)
    return np.vstack([rest @ U, np.outer(rest, v)])


@wrong("07.4", says="The sign in the exponent")
def gradient_of_other_sigmoid(v, U):
    rest = 1 / (1 + np.exp(U @ v))
    rest[0] -= 1
    return np.vstack([rest @ U, np.outer(rest, v)])


@wrong("07.4", says="That is softmax")
def gradient_of_softmax(v, U):
    rest = np.exp(U @ v) / np.sum(np.exp(U @ v))
    rest[0] -= 1
    return np.vstack([rest @ U, np.outer(rest, v)])


@wrong("07.4", says="has already been moved")
def gradient_after_the_step(v, U):
    rest = rest_of(v, U)
    by_v = rest @ U
    return np.vstack([by_v, np.outer(rest, v - by_v)])


@wrong("07.4", says="overwritten by its gradient")
def gradient_overwritten(v, U):
    rest = rest_of(v, U)
    v = rest @ U
    return np.vstack([v, np.outer(rest, v)])


# --- 07.5 ----------------------------------------------------------------------------------------------


def unit_of(E):
    return E / np.linalg.norm(E, axis=1, keepdims=True)


@right("07.5")
def analogy_in_loops(E, a, b, c):
    best, found = -np.inf, None
    unit = [row / np.sqrt(np.sum(row**2)) for row in E]
    target = unit[b] - unit[a] + unit[c]
    for number, row in enumerate(unit):
        if number not in (a, b, c) and row @ target > best:
            best, found = row @ target, number
    return found


@right("07.5")
def analogy_by_sorting(E, a, b, c):
    unit = unit_of(E.astype("float32"))
    target = unit[b] - unit[a] + unit[c]
    order = np.argsort(-(unit @ target) / np.linalg.norm(target))
    return int(next(number for number in order if number not in (a, b, c)))


@right("07.5")
def analogy_by_distance(E, a, b, c):
    unit = unit_of(E)  # of unit vectors the nearest has the largest product
    away = np.linalg.norm(unit - (unit[b] - unit[a] + unit[c]), axis=1)
    away[[a, b, c]] = np.inf
    return away.argmin()


@right("07.5")
def analogy_by_einsum_over_the_others(E, a, b, c):
    others = np.setdiff1d(np.arange(len(E)), [a, b, c])
    unit = E / np.sqrt(np.einsum("vd,vd->v", E, E))[:, None]
    scores = np.einsum("vd,d->v", unit[others], unit[b] - unit[a] + unit[c])
    return others[scores.argmax()]


@wrong("07.5", says="A word of the question came back")
def analogy_unrestricted(E, a, b, c):
    unit = unit_of(E)
    return np.argmax(unit @ (unit[b] - unit[a] + unit[c]))


@wrong("07.5", says="Long vectors win")
def analogy_raw(E, a, b, c):
    scores = E @ (E[b] - E[a] + E[c])
    scores[[a, b, c]] = -np.inf
    return np.argmax(scores)


@wrong("07.5", says="before you add and subtract")
def analogy_raw_target(E, a, b, c):
    scores = unit_of(E) @ (E[b] - E[a] + E[c])
    scores[[a, b, c]] = -np.inf
    return np.argmax(scores)


@wrong("07.5", says="are exchanged")
def analogy_exchanged(E, a, b, c):
    return analogy_in_loops(E, b, a, c)


@wrong("07.5", says="Exclude a and b as well")
def analogy_without_c(E, a, b, c):
    unit = unit_of(E)
    scores = unit @ (unit[b] - unit[a] + unit[c])
    scores[c] = -np.inf
    return np.argmax(scores)


@wrong("07.5", says="nearest to c alone")
def analogy_of_neighbour(E, a, b, c):
    unit = unit_of(E)
    scores = unit @ unit[c]
    scores[[a, b, c]] = -np.inf
    return np.argmax(scores)


@wrong("07.5", says="the furthest")
def analogy_furthest(E, a, b, c):
    unit = unit_of(E)
    scores = unit @ (unit[b] - unit[a] + unit[c])
    scores[[a, b, c]] = np.inf
    return np.argmin(scores)


@wrong("07.5", says="a count is an int")
def analogy_as_float(E, a, b, c):
    return float(analogy_in_loops(E, a, b, c))


def analogy_lowered(E, a, b, c, low):
    unit = unit_of(E)
    scores = unit @ (unit[b] - unit[a] + unit[c])
    scores[[a, b, c]] = low
    return np.argmax(scores)


@wrong("07.5", says="Set a, b and c to -inf")
def analogy_lowered_to_0(E, a, b, c):
    return analogy_lowered(E, a, b, c, 0)


@wrong("07.5", says="Set a, b and c to -inf")
def analogy_lowered_to_minus_1(E, a, b, c):
    return analogy_lowered(E, a, b, c, -1)


@wrong("07.5", says="Set a, b and c to -inf")
def analogy_of_cosines_lowered(E, a, b, c):
    unit = unit_of(E)
    target = unit[b] - unit[a] + unit[c]
    scores = unit @ target / np.linalg.norm(target)
    scores[[a, b, c]] = -1
    return np.argmax(scores)


@wrong("07.5", says="np.delete shifts")
def analogy_deleted(E, a, b, c):
    unit = unit_of(E)
    return np.argmax(np.delete(unit @ (unit[b] - unit[a] + unit[c]), [a, b, c]))


@wrong("07.5", says="columns are divided")
def analogy_of_columns(E, a, b, c):
    unit = E / np.linalg.norm(E, axis=0)
    scores = unit @ (unit[b] - unit[a] + unit[c])
    scores[[a, b, c]] = -np.inf
    return np.argmax(scores)
