"""Checks of lesson 07: tokens, cosines, negatives, their gradient, and analogies by hand."""

import numpy as np

from course_lib.checks import (
    Mistake,
    compare,
    compare_integer,
    exercise,
    numbers,
    shape_name,
    show_call,
    whole,
)


def counted(texts, vocabulary):
    """Counts by hand of lists of tokens, unknown ones first."""
    places = {word: number for number, word in enumerate(vocabulary, start=1)}
    result = np.zeros((len(texts), 1 + len(vocabulary)))
    for row, tokens in zip(result, texts, strict=True):
        for token in tokens:
            row[places.get(token, 0)] += 1
    return result


@exercise("07.1", "Count words", points=2)
def count_words(answer, rng):
    """By hand: words that repeat, parts of words, upper case, more than one space, an empty text."""
    words = np.array(["a", "film", "the", "films", "bad", "filmed", "art", "Bad", "THE", "plot", "no"])
    cases = [
        (["The film", "a Film a film"], ["film", "a"]),
        (["a bad  film and another bad one", "", "films filmed the film"], ["the", "film", "bad", "a"]),
    ]
    for vocabulary in (["bad", "a", "plot"], ["film", "films", "no", "art"]):
        drawn = rng.choice(words, size=(4, 12))
        cases.append(([" ".join(row[: 3 * number + 3]) for number, row in enumerate(drawn)], vocabulary))
    for texts, vocabulary in cases:
        tokens = [text.lower().split() for text in texts]
        expected = counted(tokens, vocabulary)
        n = expected[:, :1]
        inside = np.array([[text.lower().count(word) for word in vocabulary] for text in texts])
        characters = "Those are characters: iterating over a str gives its characters. Split the text first."
        parts = "A word counts inside longer words too: `str.count` looks at characters. Split, then compare tokens."
        mistakes = [
            (counted(texts, vocabulary), characters),
            (counted([text.lower() for text in texts], vocabulary), characters),
            (counted([text.split() for text in texts], vocabulary), "Upper case makes another word of it: lower-case the text first."),
            (np.minimum(expected, 1), "A word that repeats counts each time: add 1, do not set 1."),
            (np.column_stack([np.minimum(n, 1), expected[:, 1:]]), "Unknown words that repeat count each time: add 1, do not set 1."),
            (np.column_stack([[len(set(row) - set(vocabulary)) for row in tokens], expected[:, 1:]]), "Unknown words that repeat count each time, not once for each different one."),
            (np.column_stack([[len(row) for row in tokens], expected[:, 1:]]), "The first column has all words: it is for those that are not in the vocabulary."),
            (np.column_stack([0 * n, expected[:, 1:]]), "Unknown words are dropped: count them in the first column."),
            (np.column_stack([n + expected[:, 1:2], expected[:, 2:], 0 * n]), "The words are placed from column 0, which is for unknown ones: number them from 1."),
            (expected[:, 1:], "The column of unknown words is missing: it comes first."),
            (np.column_stack([expected[:, 1:], n]), "The unknown words are counted last: their column comes first."),
            (counted([text.lower().split(" ") for text in texts], vocabulary), "Two spaces in a row, or an empty text, gave an empty word: use .split() without an argument."),
            (np.column_stack([n, inside]), parts),
            (np.column_stack([[len(row) for row in tokens] - inside.sum(axis=1), inside]), parts),
            (expected / np.maximum(expected.sum(axis=1, keepdims=True), 1), "Those are shares: return counts."),
            (expected.sum(axis=0), "The texts are added up: a row for each."),
            (expected.T, "It is transposed: a row for each text, a column for each word."),
        ]  # fmt: skip
        otherwise = (
            "Lower-case, split, and for each word add 1 to its column, or to column 0 if it is unknown."
        )
        result = compare(answer, (texts, vocabulary), expected, mistakes, otherwise)
        whole(result, [show_call(answer.name, (texts, vocabulary))])


@exercise("07.2", "Cosine similarity", points=2)
@np.errstate(all="ignore")  # plausible mistakes divide by zero
def cosine_similarity(answer, rng):
    """By the definition; free of scale, symmetric; a zero vector; very short and very long rows."""
    small = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    scaled = rng.normal(size=(4, 3)) * np.array([[1e-9], [1.0], [1e6], [5.0]])
    square = rng.normal(size=(3, 3)) + 1
    cases = [small, rng.normal(size=(5, 3)), square, scaled, np.vstack([np.zeros(4), rng.normal(size=4)])]
    for E in cases:
        lengths = np.sqrt(np.sum(E**2, axis=1))
        outer = np.outer(lengths, lengths)
        products = E @ E.T
        expected = np.divide(products, outer, out=np.zeros_like(outer), where=outer > 0)
        columns = E / np.where(np.linalg.norm(E, axis=0) > 0, np.linalg.norm(E, axis=0), 1)
        whole = E / np.linalg.norm(E)
        distance = np.linalg.norm(E[:, None] - E[None], axis=2)
        centred = E - E.mean(axis=1, keepdims=True)
        long = np.linalg.norm(centred, axis=1)
        ones = expected.copy()
        np.fill_diagonal(ones, 1)
        safe = np.where(lengths > 0, lengths, 1)
        mistakes = [
            (products, "Those are inner products: divide by the lengths of both vectors, so that scale plays no part."),
            (products / safe[:, None], "Divided by one length only: divide by that of the other vector too."),
            (products / safe, "Divided by one length only: divide by that of the other vector too."),
            (products / safe[:, None] ** 2, "Divided by the square of one length: divide by the lengths of both vectors."),
            (products / safe**2, "Divided by the square of one length: divide by the lengths of both vectors."),
            (products / np.outer(safe, safe) ** 2, "Divided by squared lengths: take the square root of the sum of squares."),
            (columns @ columns.T, "The columns are divided by their lengths: a row is a vector, axis=1 with keepdims=True."),
            (columns.T @ columns, "Those are the columns' cosines: a row is a vector."),
            (whole @ whole.T, "Divided by the length of the whole array: each row has its own, axis=1 with keepdims=True."),
            (ones, "A zero vector is given 1 with itself: it has no direction, let it be 0."),
            (distance, "Those are distances: the cosine is an inner product of unit vectors."),
            (1 - expected, "That is 1 less the cosine, a distance: return the cosine."),
            (np.arccos(np.clip(expected, -1, 1)), "Those are angles: return their cosines."),
            (np.abs(expected), "The sign is gone: vectors in opposite directions have -1."),
            (expected - np.diag(np.diag(expected)), "The diagonal is 0: each vector has 1 with itself, unless it is zero."),
            (np.divide(centred @ centred.T, np.outer(long, long), where=outer > 0, out=np.zeros_like(outer)), "The mean is subtracted: that is correlation, not the cosine."),
            (np.triu(expected), "Only half is filled: it is symmetric, [i, j] as [j, i]."),
        ]  # fmt: skip
        short = "Very short vectors have a direction too: add nothing to the length, and replace it only where it is 0."
        for tiny in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
            longer = lengths + tiny
            mistakes += [(products / np.outer(longer, longer), short), (products / (outer + tiny), short)]
        otherwise = "Divide each row by its length, then take the inner product of each row with each."
        if not np.all(lengths):
            otherwise += " A row of zeros gets 0 with all: do not divide 0 by 0."
        elif lengths.min() < 1e-6:
            otherwise = short
        # 1e-4: float32 loses digits where the products nearly cancel.
        compare(answer, (E,), expected, mistakes, otherwise, rtol=1e-4)


@exercise("07.3", "Draw negatives", points=4)
def draw_negatives(answer, rng):
    """Never the positive, never a word that does not occur; shares to the power 3/4; draws of their own; the rng given."""
    counts = np.array([81, 16, 0, 1, 256, 16])
    order = rng.permutation(len(counts))
    for occurrences, K, N in ((np.array([5, 9, 0, 1]), 2, 240), (counts[order], 1, 400), (counts, 12, 200)):
        V = len(occurrences)
        positives = rng.integers(V, size=N)
        call = f"{answer.name}(positives, np.array({occurrences.tolist()}), {K}, rng), with {N} positives"
        seed = rng.integers(2**32)
        drawn = []
        for number in range(4):
            result = answer(positives, occurrences, K, np.random.default_rng([seed, number]))
            drawn.append(_shaped(result, (N, K), V, call))
        again = [
            numbers(answer(positives[:30], occurrences, K, np.random.default_rng(seed))) for _ in range(2)
        ]
        if not np.array_equal(*again):
            hint = "The same rng gave another result: draw from the rng given, not from np.random or one of your own."
            raise Mistake(hint, [call])
        if all(np.array_equal(drawn[0], other) for other in drawn[1:]):
            hint = "Another rng gave the same numbers: draw from the rng given, not from one of your own."
            raise Mistake(hint, [call])
        _judge_negatives(np.concatenate(drawn), np.tile(positives, 4), occurrences, [call])


def _shaped(result, shape, V, call):
    """The drawn numbers as an int array, or a Mistake."""
    drawn = numbers(result, [call])
    if drawn.shape != shape:
        hint = f"Expected {shape_name(shape)}, received {shape_name(drawn.shape)}: K negatives for each positive."
        raise Mistake(hint, [call])
    if np.any(drawn != np.round(drawn)):
        raise Mistake("Expected numbers of words, which are ints: 0 to V - 1.", [call])
    if drawn.min() < 0 or drawn.max() >= V:
        hint = f"Number {drawn.min() if drawn.min() < 0 else drawn.max():g} is no word: they run from 0 to V - 1. If np.searchsorted gives V: does the cumulative sum end at 1?"
        raise Mistake(hint, [call])
    whole(result, [call])
    return drawn.astype(int)


def _judge_negatives(drawn, positives, occurrences, case):
    """Compare the draws with what is allowed and with their shares."""
    V = len(occurrences)

    def renewed(weights, positive):
        """As it should be: the others' shares among each other."""
        left = weights.copy()
        left[positive] = 0
        return left / left.sum()

    def moved_on(weights, positive):
        """The next word, where the positive was hit."""
        expected = weights / weights.sum()
        behind = (positive + 1) % V
        expected[behind] += expected[positive]
        expected[positive] = 0
        return expected

    def unmapped(weights, positive):
        """Places among the others, taken for numbers of words."""
        return np.append(np.delete(weights, positive), 0) / np.delete(weights, positive).sum()

    def off(power, shares=renewed):
        """Largest distance of a share from its expectation, in standard errors, over the positives."""
        weights = np.where(occurrences > 0, np.maximum(occurrences, 1.0) ** power, 0)
        worst = 0.0
        for positive in range(V):
            chosen = drawn[positives == positive].ravel()
            expected = shares(weights, positive)
            share = np.bincount(chosen, minlength=V) / len(chosen)
            spread = np.sqrt(np.maximum(expected * (1 - expected), 1e-4) / len(chosen))
            worst = max(worst, np.max(np.abs(share - expected) / spread))
        return worst

    if off(0.75) > 6 > off(0.75, unmapped):
        hint = "Those are places among the words without the positive, not numbers of words: add 1 from the positive on."
        raise Mistake(hint, case)
    if np.any(drawn == positives[:, None]):
        where = int(np.flatnonzero((drawn == positives[:, None]).any(axis=1))[0])
        line = f"a row with positive {positives[where]} was {drawn[where].tolist()}"
        hint = (
            "A negative equals its positive: give it the weight 0 for that row, or draw again until none is."
        )
        raise Mistake(hint, [*case, line])
    rows = drawn[: len(drawn) // 4][positives[: len(drawn) // 4] == positives[0]]  # of one call
    if drawn.shape[1] > 1 and np.all(rows == rows[0]):
        raise Mistake("Equal positives get equal negatives: draw for each row by itself.", case)
    if drawn.shape[1] > 1 and np.mean(np.all(drawn == drawn[:, :1], axis=1)) > 0.9:
        raise Mistake("The K negatives of a row are all the same: draw each by itself.", case)
    if drawn.shape[1] > 1 and all(len(set(row)) == len(row) for row in drawn.tolist()):
        raise Mistake("No word comes twice in a row: draw with replacement.", case)

    if off(0.75) > 6 > off(0.75, moved_on):
        hint = "Where the positive was hit, the next word took its place: draw again, until it is another."
        raise Mistake(hint, case)
    if np.any(occurrences[drawn] == 0):
        hint = "A word that never occurs was drawn: its share is 0. Do not add 1 to the counts, do not draw evenly."
        raise Mistake(hint, case)
    if off(0.75) < 6:
        return
    powers = (
        (1, "The shares follow the counts: raise the counts to the power 0.75 first."),
        (0, "All words are drawn alike: weight them by count to the power 0.75."),
        (0.5, "The shares follow the root of the counts: the power is 0.75."),
        (4 / 3, "The power is 3/4, not 4/3."),
        (-0.75, "Rare words are drawn most: the power is 0.75, without a minus."),
    )
    distance, hint = min((off(power), hint) for power, hint in powers)
    if distance < 6:
        raise Mistake(hint, case)
    hint = "Without the positive the others keep their shares among each other: each count**0.75 divided by the sum of the others'."
    raise Mistake(hint, case)


def sampling_loss(v, U):
    """Loss of one centre, its context and its negatives."""
    scores = U @ v
    return np.logaddexp(0, -scores[0]) + np.sum(np.logaddexp(0, scores[1:]))


@exercise("07.4", "Gradient of negative sampling", points=3)
@np.errstate(all="ignore")  # plausible mistakes overflow
def negative_sampling_gradient(answer, rng):
    """Finite differences; one negative, many, one dimension; no overflow of float64 in question."""
    cases = [(np.array([1.0, -0.5]), np.array([[1.0, -1.0], [1.0, 0.0], [-1.0, 2.0]]))]
    for K, d in ((1, 3), (5, 4), (3, 1), (2, 2)):
        cases.append((rng.normal(size=d), rng.normal(size=(K + 1, d))))
    for v, U in cases:
        together = np.vstack([v, U])
        expected = np.empty_like(together)
        for place in np.ndindex(together.shape):
            step = np.zeros_like(together)
            step[place] = 1e-5
            up, down = together + step, together - step
            expected[place] = (sampling_loss(up[0], up[1:]) - sampling_loss(down[0], down[1:])) / 2e-5
        q = 1 / (1 + np.exp(-U @ v))
        y = np.eye(len(U))[0]

        def both(rest, U=U, v=v):
            return np.vstack([rest @ U, np.outer(rest, v)])

        rest = q - y
        mistakes = [
            (-expected, "The sign is turned: that is the direction downhill. The gradient has q - y."),
            (both(q), "The truth is missing: the true context has q - 1, the negatives q."),
            (both(np.append(q[:1], q[1:] - 1)), "The labels are the wrong way round: the first row of U is the true context, y = 1."),
            (both(q - 1), "All are taken as true: the negatives have y = 0."),
            (both(U @ v - y), "The sigmoid is missing: q = 1 / (1 + exp(-score))."),
            (both(rest * q * (1 - q)), "The sigmoid's derivative is already in q - y: no further factor q (1 - q)."),
            (both(rest / len(U)), "The loss is a sum over the contexts, not a mean: do not divide."),
            (both(np.append(rest[:1], rest[1:] / max(len(U) - 1, 1))), "The loss is a sum over the negatives, not a mean: do not divide by K."),
            (both(1 - q - y), "The sign in the exponent: q = 1 / (1 + exp(-score)), so that a high score gives q near 1."),
            (both(np.exp(U @ v) / np.sum(np.exp(U @ v)) - y), "That is softmax: each pair is judged by itself, q = 1 / (1 + exp(-score))."),
            (np.vstack([rest @ U, np.outer(rest, v - rest @ U)]), "By U: v has already been moved. Take v as it was given."),
            (np.vstack([rest @ U, np.outer(rest, rest @ U)]), "By U: v was overwritten by its gradient. Take v as it was given."),
            (both(2 * rest), "There is no factor 2: no square is derived here."),
            (np.vstack([rest[0] * U[0], np.outer(rest, v)]), "The centre moves by its true context alone: sum over the negatives too."),
            (np.vstack([rest[1:] @ U[1:], np.outer(rest, v)]), "The centre moves by the negatives alone: add the true context's part."),
            (np.vstack([rest.sum() * U.sum(axis=0), np.outer(rest, v)]), "By v: each row of U has its own q - y. Multiply first, then sum: rest @ U."),
            (np.vstack([U.sum(axis=0), np.outer(rest, v)]), "By v: each row of U counts q - y times."),
            (np.vstack([rest @ U, rest[:, None] * U]), "By U the other factor is v: (q - y) v, not (q - y) U."),
            (np.vstack([rest @ U, np.tile(v, (len(U), 1))]), "By U: v counts q - y times in each row."),
            (np.vstack([np.outer(rest, v), rest @ U]), "The gradient by v comes first, then the rows of U."),
            (np.outer(rest, v), "The gradient by v is missing: it is the first row."),
            (rest @ U, "The gradient by U is missing: a row for each of its rows, below that by v."),
        ]  # fmt: skip
        otherwise = "With q = sigmoid(U @ v) and y = 1, 0, 0, …: by v it is the sum of (q - y) U over the rows, by each row of U it is (q - y) v."
        compare(answer, (v, U), expected, mistakes, otherwise)


@exercise("07.5", "Analogy", points=2)
def analogy(answer, rng):
    """By the definition, where a word of the question, lengths and signs would change the answer."""
    small = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [-2.0, 2.0], [0.0, -1.0]])
    opposite = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [0.0, -1.0]])  # target [0, 1]; -1 is reached
    longer = np.array([[1.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [2.0, -1.0]])  # target [-2, 1]; less than -2
    cases = [(small, 0, 1, 2), (opposite, 0, 1, 2), (longer, 0, 1, 2)]
    while len(cases) < 60:
        E = rng.normal(size=(int(rng.integers(5, 12)), int(rng.integers(2, 5))))
        E *= np.exp(rng.normal(size=(len(E), 1)))
        question = tuple(map(int, rng.choice(len(E), size=3, replace=False)))
        if _gap(E, *question) > 1e-4:  # float32 decides alike
            cases.append((E, *question))
    meant = [_completions(*case) for case in cases]
    received = [numbers(answer(*case)).ravel().tolist() for case in cases]
    hints = [
        (wrong, hint) for wrong, hint in ANALOGY_HINTS if [[results[wrong]] for results in meant] == received
    ]
    otherwise = (
        "With every row at length 1: the target b - a + c, its product with each row, and the number of the "
        "largest, other than a, b and c."
    )
    for number, (case, results) in enumerate(zip(cases, meant, strict=True)):
        if number == 0 or received[number] != [results["right"]]:
            mistakes = [(results[wrong], hint) for wrong, hint in hints]
            compare_integer(answer, case, results["right"], mistakes, otherwise)


NOT_LOW_ENOUGH = "A word of the question came back: where the others point away from the target, they score less. Set a, b and c to -inf."
ANALOGY_HINTS = (
    ("nothing excluded", "A word of the question came back: set the scores of a, b and c to -inf before argmax."),
    ("raw, nothing excluded", "A word of the question came back: set the scores of a, b and c to -inf before argmax. And divide each row by its length."),
    ("set to 0", NOT_LOW_ENOUGH),
    ("set to -1", NOT_LOW_ENOUGH),
    ("set to -2", NOT_LOW_ENOUGH),
    ("normalised, set to 0", NOT_LOW_ENOUGH),
    ("normalised, set to -1", NOT_LOW_ENOUGH),
    ("deleted", "np.delete shifts the numbers behind what it takes out: set the scores of a, b and c to -inf instead."),
    ("columns", "The columns are divided by their lengths: a row is a vector, axis=1 with keepdims=True."),
    ("c alone excluded", "Exclude a and b as well as c."),
    ("c not excluded", "Exclude c as well as a and b."),
    ("a not excluded", "Exclude a as well as b and c."),
    ("b not excluded", "Exclude b as well as a and c."),
    ("raw", "Long vectors win by their length: divide each row by its length, also before adding."),
    ("raw candidates", "Long vectors win by their length: multiply the target by unit vectors."),
    ("raw target", "Divide each row by its length before you add and subtract."),
    ("exchanged", "a and b are exchanged: the target is b - a + c."),
    ("added", "Subtract a: the target is b - a + c."),
    ("subtracted", "Add c: the target is b - a + c."),
    ("c alone", "That is the nearest to c alone: the target is b - a + c."),
    ("furthest", "That is the furthest: take the largest cosine, np.argmax."),
    ("raw distance", "By the distance of vectors as they are: divide each row by its length, and take the largest cosine."),
    ("number + 1", "The number is 1 too large: rows are counted from 0."),
)  # fmt: skip


def _gap(E, a, b, c):
    """How far the best candidate is ahead of the second."""
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    ranked = np.sort(np.delete(unit @ (unit[b] - unit[a] + unit[c]), [a, b, c]))
    return ranked[-1] - ranked[-2]


def _completions(E, a, b, c):
    """The right answer, and what plausible mistakes give, by name."""
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    target, raw = unit[b] - unit[a] + unit[c], E[b] - E[a] + E[c]

    columns = E / np.linalg.norm(E, axis=0)

    def best(scores, without=(a, b, c), low=-np.inf):
        scores = scores.copy()
        scores[list(without)] = low
        return int(np.argmax(scores))

    return {
        "right": best(unit @ target),
        "nothing excluded": best(unit @ target, ()),
        "raw, nothing excluded": best(E @ raw, ()),
        "set to 0": best(unit @ target, low=0),
        "set to -1": best(unit @ target, low=-1),
        "set to -2": best(unit @ target, low=-2),
        "normalised, set to 0": best(unit @ target / np.linalg.norm(target), low=0),
        "normalised, set to -1": best(unit @ target / np.linalg.norm(target), low=-1),
        "deleted": int(np.argmax(np.delete(unit @ target, [a, b, c]))),
        "columns": best(columns @ (columns[b] - columns[a] + columns[c])),
        "c alone excluded": best(unit @ target, (c,)),
        "c not excluded": best(unit @ target, (a, b)),
        "a not excluded": best(unit @ target, (b, c)),
        "b not excluded": best(unit @ target, (a, c)),
        "raw": best(E @ raw),
        "raw candidates": best(E @ target),
        "raw target": best(unit @ raw),
        "exchanged": best(unit @ (unit[a] - unit[b] + unit[c])),
        "added": best(unit @ (unit[a] + unit[b] + unit[c])),
        "subtracted": best(unit @ (unit[b] - unit[a] - unit[c])),
        "c alone": best(unit @ unit[c]),
        "furthest": best(-unit @ target),
        "raw distance": best(-np.linalg.norm(E - raw, axis=1)),
        "number + 1": best(unit @ target) + 1,
    }
