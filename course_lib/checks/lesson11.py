"""Checks of lesson 11: word pieces, padding, pooling, the learning rate's schedule and a baseline by hand."""

import numpy as np

from course_lib.checks import (
    Mistake,
    Stopped,
    close,
    compare,
    exercise,
    explain,
    numbers,
    shape_name,
    show,
    show_call,
    show_case,
)

LOOKUPS = 10_000  # far more than a word of a dozen letters needs


class Endless(Exception):
    """The vocabulary has been asked too often."""


class Vocabulary(set):
    """A set that ends a loop which asks it for ever; shown in alphabetical order."""

    asked = 0

    def _count(self):
        self.asked += 1
        if self.asked > LOOKUPS:
            raise Endless

    def __contains__(self, piece):
        self._count()
        return super().__contains__(piece)

    def __iter__(self):
        self._count()
        return super().__iter__()

    def __repr__(self):
        return f"{{{', '.join(map(repr, sorted(self)))}}}"


def pieces_of(word, vocabulary, *, look="##", write="##", head="", longest=True, unknown="whole"):
    """Pieces from left to right; the keywords are what goes wrong."""
    vocabulary, pieces, start = frozenset(vocabulary), [], 0
    while start < len(word):
        ends = range(start + 1, len(word) + 1)
        marks = ("##", "") if look == "either" else (look,)
        found = [
            end
            for end in ends
            for mark in (marks if start else (head,))
            if mark + word[start:end] in vocabulary
        ]
        if not found and unknown == "whole":
            return ["[UNK]"]
        if not found and unknown == "rest":
            return [*pieces, "[UNK]"]
        if not found and unknown == "found":
            return pieces
        end = max(found) if found and longest else found[0] if found else start + 1
        pieces.append((write if start else head) + word[start:end] if found else "[UNK]")
        start = end
    return pieces


def pieces_with_a_way_back(word, vocabulary, start=0):
    """The first split that fits, long pieces first."""
    for end in range(len(word), start, -1):
        piece = "##" * (start > 0) + word[start:end]
        if piece in vocabulary:
            rest = pieces_with_a_way_back(word, vocabulary, end) if end < len(word) else []
            if rest != ["[UNK]"]:
                return [piece, *rest]
    return ["[UNK]"]


def pieces_from_the_right(word, vocabulary):
    """The longest piece that ends the word, then the longest before it."""
    pieces, end = [], len(word)
    while end > 0:
        found = [
            piece for start in range(end) if (piece := "##" * (start > 0) + word[start:end]) in vocabulary
        ]
        if not found:
            return ["[UNK]"]
        pieces.insert(0, found[0])
        end -= len(found[0].removeprefix("##"))
    return pieces


def letters(word, vocabulary):
    """Letters, whatever the vocabulary."""
    return [word[0], *("##" + letter for letter in word[1:])]


NO_MARK = "A piece inside the word is looked up and returned with ## in front; only the first has none."
PIECE_HINTS = (
    (lambda w, v: pieces_of(w, v, longest=False), "That is the shortest piece that fits: try the whole rest first, then one letter less at a time."),
    (lambda w, v: pieces_of(w, v, write=""), "The pieces are found with ## but returned without: keep it, for ##s and s are two tokens."),
    (lambda w, v: pieces_of(w, v, look=""), "The pieces are returned with ## but looked up without: look up `\"##\" + piece`."),
    (lambda w, v: pieces_of(w, v, look="", write=""), NO_MARK),
    (lambda w, v: pieces_of(w, v, look="either"), "Inside the word a piece without ## does not count: look up `\"##\" + piece` alone."),
    (lambda w, v: pieces_of(w, v, head="##"), "The first piece has no ##: look it up as it is."),
    (lambda w, v: pieces_of(w, v, unknown="rest"), "Your [UNK] stands for the rest alone: where nothing matches, the whole word is [\"[UNK]\"], without the pieces found so far."),
    (lambda w, v: pieces_of(w, v, unknown="found"), "Where nothing matches, you return the pieces found so far: the whole word is [\"[UNK]\"]."),
    (lambda w, v: pieces_of(w, v, unknown="letter"), "Your [UNK] stands for one letter: where nothing matches, the whole word is [\"[UNK]\"]."),
    (lambda w, v: [w] if w in v else ["[UNK]"], "Only whole words are found: if the word is not there, look for its longest beginning, then go on behind it."),
    (pieces_with_a_way_back, "A shorter piece before would fit here, but longest match first does not go back: it is [\"[UNK]\"]."),
    (pieces_from_the_right, "That begins at the end of the word: begin at its start, with the longest piece that fits there."),
    (lambda w, v: ["[UNK]"], "No word is ever found. word[start:end] ends before `end`: begin with end = len(word), and count down from there."),
    (letters, "Those are letters, some of them not in the vocabulary: take the longest piece that it holds."),
)  # fmt: skip


@exercise("11.1", "Word pieces", points=4)
def wordpiece(answer, rng):
    """Equals the reference: words whole, in pieces and unknown, at the start, inside and at the end; dead ends."""
    play = ["p", "play", "ing", "##ing", "##laying", *("##" + letter for letter in "layings")]
    cases = [(word, play) for word in ("playing", "play", "plays", "laying", "playful", "p", "playsong")]
    cases.append(("ab", ["a", "b"]))
    cases.append(("abc", ["a", "ab", "##bc"]))  # longest first finds no end
    cases.append(("unbreakable", ["un", "##break", "##able"]))  # more letters than the vocabulary has pieces
    cases.append(("banana", ["##b", "b", "##an", "##ana", "##a", "an"]))
    for _ in range(40):
        heads = ["".join(rng.choice(list("abc"), size=rng.integers(1, 4))) for _ in range(4)]
        inner = ["##" + "".join(rng.choice(list("abc"), size=rng.integers(1, 4))) for _ in range(5)]
        word = "".join(rng.choice(list("abc"), size=rng.integers(1, 9)))
        cases.append((word, [*heads, *inner, *rng.choice(["a", "b", "##a", "##b", "##c"], size=3).tolist()]))
    cases = [(word, Vocabulary(vocabulary)) for word, vocabulary in cases]
    received = [_pieces(answer, case) for case in cases]
    right = sum(map(list.__eq__, received, (pieces_of(*case) for case in cases)))
    for case, result in zip(cases, received, strict=True):
        expected = pieces_of(*case)
        if result == expected:
            continue
        fitting = [(slip, hint) for slip, hint in PIECE_HINTS if slip(*case) == result]
        # Of the mistakes that give this, the one that explains most answers, and half of those that are wrong.
        fits = [sum(map(list.__eq__, received, (slip(*each) for each in cases))) for slip, _ in fitting]
        hint = "At each place take the longest piece of the vocabulary that fits, with ## in front unless it begins the word; go on behind it."
        if 2 * max(fits, default=0) > len(cases) + right:
            hint = fitting[int(np.argmax(fits))][1]
        elif expected == ["[UNK]"]:
            hint = 'Where no piece matches, the whole word is unknown: return ["[UNK]"].'
        elif "".join(result).replace("##", "") != case[0]:
            hint = "The pieces, joined without ##, are not the word: go on just behind the piece found, up to the last letter."
        raise Mistake(hint, _case(answer, case, result, expected))


def _case(answer, args, result, expected):
    """Three lines, as `show_case`, for what is no array."""
    return [show_call(answer.name, args), f"gave      {show(result)}", f"expected  {show(expected)}"]


def _pieces(answer, case):
    """A list of str, or a Mistake."""
    call = show_call(answer.name, case)
    try:
        result = answer(*case)
    except Stopped as stopped:
        if not isinstance(stopped.__context__, Endless):
            raise
        hint = f"Your loop does not end: it has asked the vocabulary {LOOKUPS:,} times. Where no piece matches, nothing moves on: return there."
        raise Mistake(hint, [call]) from None
    if not isinstance(result, list | tuple) or not all(isinstance(piece, str) for piece in result):
        what = type(result).__name__
        if isinstance(result, list | tuple):
            what += f" of {', '.join(sorted({type(piece).__name__ for piece in result}))}"
        hint = f'Expected a list of str, received {what}: ["[UNK]"], too, is a list of one piece.'
        raise Mistake(hint, [call, f"gave      {show(result)}"])
    return list(result)


def padded(sequences, pad_id, length=None, left=False):
    """Ids and mask."""
    length = max(map(len, sequences)) if length is None else length
    ids = np.full((len(sequences), length), pad_id)
    mask = np.zeros(ids.shape, bool)
    for row, sequence in enumerate(sequences):
        kept = sequence[:length]
        place = slice(length - len(kept), None) if left else slice(len(kept))
        ids[row, place], mask[row, place] = kept, True
    return ids, mask


class Encoder:
    """Embedding, positions, one layer of masked attention and the mean over tokens: a number for each text."""

    def __init__(self, rng, size, length, width=4):
        self.embedding = rng.normal(size=(size, width))
        self.positions = rng.normal(size=(length, width))
        self.head = rng.normal(size=width)

    def __call__(self, ids, mask):
        """Int array (N, T) and bool array (N, T) -> float array (N,)."""
        h = self.embedding[ids] + self.positions[: ids.shape[1]]
        scores = np.where(mask[:, None], h @ h.swapaxes(1, 2), -1e9)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        h = h + e / e.sum(axis=-1, keepdims=True) @ h
        total = np.where(mask[..., None], h, 0).sum(axis=1)
        return np.tanh(total / np.maximum(mask.sum(axis=1, keepdims=True), 1)) @ self.head


@exercise("11.2", "Padding and its mask", points=3)
@np.errstate(all="ignore")
def pad(answer, rng):
    """An encoder answers the same for a text alone and in the batch; a token with the padding's id; an empty text."""
    cases = [([[101, 7, 102], [101, 4, 9, 5, 102]], 0), ([[4, 2, 6], [5, 4, 4, 2], [3, 2]], 2), ([[3, 1]],)]
    cases.append(([[8, 3, 5], [], [2, 7]], 1))
    for pad_id in (0, 9):
        lengths = rng.permutation([1, 3, 6, int(rng.integers(2, 9))])
        cases.append(([rng.integers(1, 20, size=n).tolist() for n in lengths], pad_id))
    for args in cases:
        sequences, pad_id = args[0], (*args, 0)[1]
        ids, mask = padded(sequences, pad_id)
        N, T = ids.shape
        got_ids, got_mask = _two_arrays(answer, args, (ids, mask))
        case = _case(answer, args, (got_ids, got_mask), (ids, mask))
        if got_ids.dtype == bool and got_mask.dtype != bool:
            raise Mistake("The two are exchanged: return ids, mask.", case)
        if got_ids.shape != (N, T):
            raise Mistake(_shape_hint(got_ids.shape, (N, T)), case)
        lengths = np.array([[len(sequence)] for sequence in sequences])
        places = np.arange(T)
        mistakes = [
            (padded(sequences, pad_id, left=True), "The padding stands before the tokens and moves them to other positions: put it behind."),
            ((padded(sequences, pad_id, left=True)[0], mask), "The padding stands before the tokens, the mask says behind: put it behind."),
            ((ids, ~mask), "The mask is turned: True at tokens, False at padding."),
            ((ids, mask & False), "The mask is False everywhere: True at tokens."),
            ((ids, ids != pad_id), "A token whose id equals pad_id is taken for padding: make the mask from the lengths."),
            ((ids, ids != 0), "Id 0 is not always the padding: make the mask from the lengths."),
            ((ids, mask | True), "The mask is True everywhere, so padding is read as text: False where there is no token."),
            ((ids, places <= lengths), "The mask is True one place too far: places 0 to length - 1."),
            ((ids, places < lengths - 1), "The mask ends one place too early: the last token counts too."),
            ((padded(sequences, 0)[0], mask), "The padding is 0: fill with `pad_id`."),
            ((padded(sequences, 0)[0], padded(sequences, 0)[0] != 0), "The padding is 0: fill with `pad_id`, and make the mask from the lengths."),
        ]  # fmt: skip
        otherwise = "Each text fills its row from place 0 on, in its own order, and pad_id the rest; the mask is True at the text's own places."
        encoder = Encoder(rng, 1 + max(max(sequence, default=0) for sequence in sequences) + pad_id, T)
        hint = _disagreement(encoder, sequences, got_ids, got_mask)
        if hint or np.any(got_ids[~mask] != pad_id):
            for wrong, told in mistakes:
                if np.array_equal(got_ids, wrong[0]) and np.array_equal(got_mask, wrong[1]):
                    raise Mistake(told, [*case, *hint])
            raise Mistake(otherwise, [*case, *hint])
        if got_ids.dtype.kind not in "iu":
            told = f"The ids are right, but of type {got_ids.dtype}, and an embedding is looked up by ints: make the array with dtype=int."
            raise Mistake(told, case)
        if got_mask.dtype != bool:
            told = f"The mask is right, but of type {got_mask.dtype}, for which `~mask` goes wrong: make it bool."
            raise Mistake(told, case)


def _two_arrays(answer, args, expected):
    """Ids and mask, two arrays of one shape with two axes, as they came; or a Mistake."""
    try:
        result = answer(*args)
    except Stopped as stopped:
        hint = f"{stopped.hint} T is the longest text's length; shorter rows end in padding."
        raise Mistake(hint, stopped.case) from None
    case = _case(answer, args, result, expected)
    if isinstance(result, tuple | list) and len(result) == 2:
        pair = [numbers(part, case) for part in result]
        if pair[0].ndim == 2 and pair[0].shape == pair[1].shape:
            return np.asarray(result[0]), np.asarray(result[1])
    hint = "Expected numbers as two arrays of the same shape (N, T): `return ids, mask`."
    raise Mistake(hint, case)


def _shape_hint(received, expected):
    """What to say of a wrong shape."""
    if received == expected[::-1]:
        return "It is transposed: a row for each text."
    if received[0] != expected[0]:
        return f"There are {received[0]} rows for {expected[0]} texts: a row for each, an empty one too."
    told = f"expected {shape_name(expected)}, received {shape_name(received)}"
    if received[1] < expected[1]:
        return f"Tokens are cut off: T is the length of the longest text; {told}."
    return f"There is more padding than needed: T is the length of the longest text; {told}."


def _disagreement(encoder, sequences, ids, mask):
    """A line that tells of the first text whose answer has changed; empty if none has."""
    rows, mask = ids.astype(int), mask.astype(bool)
    if np.any(rows != ids) or rows.min() < 0 or rows.max() >= len(encoder.embedding):
        return ["some ids are of no token"]
    for number, (sequence, got) in enumerate(zip(sequences, encoder(rows, mask), strict=True)):
        alone = encoder(np.array([sequence], int), np.ones((1, len(sequence)), bool))[0] if sequence else 0.0
        if abs(alone - got) > 1e-9:
            return [f"a small encoder says {alone:.4f} of text {number} alone and {got:.4f} in your batch"]
    return []


@exercise("11.3", "Mean pooling", points=2)
@np.errstate(all="ignore")  # plausible mistakes divide by zero
def mean_pool(answer, rng):
    """By the definition; padding in front, huge padding, a text without tokens, one token."""
    small = np.array(
        [[[1.0, 2.0], [3.0, 8.0], [9.0, 5.0], [6.0, 4.0]], [[4.0, 0.0], [1.0, 7.0], [2.0, 3.0], [8.0, 1.0]]]
    )
    cases = [(small, np.array([[True, True, False, False], [True, True, True, False]]))]
    cases.append(
        (rng.normal(size=(2, 4, 2)), np.array([[True, False, False, False], [True, True, True, False]]))
    )
    for N, T, D, size in ((3, 5, 4, 1), (4, 4, 4, 1e30), (2, 6, 1, 1)):
        mask = np.arange(T) < rng.integers(1, T, size=(N, 1))
        h = rng.normal(size=(N, T, D))
        cases.append((np.where(mask[..., None], h, size * h), mask))
    cases.append(
        (rng.normal(size=(2, 4, 3)), np.array([[False, False, True, True], [True, False, True, True]]))
    )
    cases.append((rng.normal(size=(3, 2, 3)), np.array([[True, True], [False, False], [True, False]])))
    for h, mask in cases:
        (N, T, _), n = h.shape, mask.sum(axis=1)[:, None]
        real = np.where(mask[..., None], h, 0)
        total = real.sum(axis=1)
        expected = total / np.maximum(n, 1)
        first = np.arange(T) < n
        last = np.array(
            [row[kept][-1] if kept.any() else 0 * row[0] for row, kept in zip(h, mask, strict=True)]
        )
        mistakes = [
            (h.mean(axis=1), "Padding is averaged too: take the tokens whose mask is True, and divide by their number."),
            (total / T, "Padding is left out of the sum, but counted: divide by the number of tokens, mask.sum(axis=1), not by T."),
            (total, "That is the sum: divide by the number of tokens of each text."),
            (h.sum(axis=1), "That is the sum, padding too: set padding to 0 first, then divide by the number of tokens."),
            (h.sum(axis=1) / n, "Padding is in the sum: set it to 0 first."),
            (total / mask.sum(), "That divides by the tokens of all texts together: each text has its own number, mask.sum(axis=1)."),
            (total / n.max(), "That divides by the tokens of the longest text: each has its own number."),
            (total / N, "That divides by the number of texts: divide by the tokens of each, mask.sum(axis=1)."),
            (total / (n + 1), "That divides by one more than there are tokens: where there is none, divide by 1, elsewhere by their number."),
            ((h - real).sum(axis=1) / np.maximum(T - n, 1), "The mask is turned: True at real tokens."),
            (np.where(mask[..., None], h, -np.inf).max(axis=1), "That is the largest, not the mean."),
            (real.max(axis=1), "That is the largest, not the mean."),
            (h.max(axis=1), "That is the largest, padding too: take the mean of the tokens."),
            (h[:, 0], "That is the first token, [CLS], alone: take the mean of all real tokens."),
            (last, "That is the last token alone: take the mean of all real tokens."),
            ((total - h[:, 0]) / (n - 1), "The first token is left out: it counts as the others do."),
            (np.where(first[..., None], h, 0).sum(axis=1) / n, "The first tokens are taken, as many as there are real ones: take those whose mask is True, wherever they stand."),
            (h.mean(axis=2), "That is the mean over the features: average over the tokens, axis=1."),
            (real.mean(axis=2), "That is the mean over the features: average over the tokens, axis=1."),
            (h.mean(axis=0), "That is the mean over the texts: average over the tokens, axis=1."),
            (real.sum(axis=0) / mask.sum(axis=0)[:, None], "That is the mean over the texts: average over the tokens, axis=1."),
            (h[mask].mean(axis=0), "h[mask] puts the tokens of all texts together: one mean for each text."),
        ]  # fmt: skip
        otherwise = "Set padding to 0, sum over axis=1, divide by the number of tokens as a column, (N, 1)."
        if not n.all():
            mistakes = []
            otherwise = "A text without tokens gets zeros: do not divide 0 by 0."
        elif np.abs(h).max() > 1e9:
            otherwise = "Huge padding shows: leave it out of the sum; do not subtract it afterwards."
        compare(answer, (h, mask), expected, mistakes, otherwise)


@exercise("11.4", "Warm-up, then linear decay", points=3)
@np.errstate(all="ignore")
def learning_rate(answer, rng):
    """Every step of trainings short and long; no warm-up; steps after the end."""
    k = int(rng.integers(2, 9))
    cases = [
        (10, 3.0, 0.2),  # a peak of 1 would hide a product that is missing
        (20, 3e-4),
        (4 * k, float(rng.uniform(1, 9)), 0.25),
        (8, 2e-5, 0.5),
        (12, 5e-5, 0.0),
    ]
    for total, peak, *share in cases:
        W = (share[0] if share else 0.1) * total
        t = np.arange(total + 1)

        def curve(up, down, W=W, t=t, peak=peak):
            """Up before W, down from there."""
            return peak * np.where(t < W, up, down)

        warm, fall = t / W if W else 1.0, (total - t) / (total - W)
        late = 1 - t / total
        cosine = (1 + np.cos(np.pi * (t - W) / (total - W))) / 2
        expected = curve(warm, fall)
        mistakes = [
            *((wrong, "The decay counts from step 0, so the rate at step W is below the peak: divide the steps left by total_steps - W.")
              for wrong in (curve(warm, late), peak * np.minimum(warm, late))),
            (peak * np.minimum(warm, 1) * late, "The decay counts from step 0 and pulls the warm-up down too: it begins where the warm-up ends."),
            *((wrong, "The warm-up takes 500 steps whatever the training, so the peak is never reached: W = warmup_share * total_steps.")
              for wrong in (peak * t / 500, peak * t / 500 * late)),
            (peak * late, "The warm-up is missing: from 0 at step 0 to the peak at step W."),
            (curve(1.0, fall), "It starts at the peak: in the warm-up it rises from 0."),
            (curve(1 - warm, fall), "The warm-up falls: it rises from 0 to the peak."),
            (curve(warm, 1.0), "There is no decay: behind the warm-up the rate falls to 0 at total_steps."),
            (curve(warm, 1 - fall), "Behind the warm-up the rate rises from 0: it falls from the peak."),
            (curve(warm, cosine), "That decay is a cosine: here it is a straight line."),
            (curve(warm, np.sqrt(np.maximum(W, 1e-9) / np.maximum(t, 1))), "That decay goes with the root of the step: here it is a straight line to 0."),
            (curve((t + 1) / W if W else 1.0, fall), "The warm-up is one step ahead: 0 at step 0, the peak at step W."),
            (curve(t / (W + 1), fall), "The warm-up is one step too long: the peak is at step W."),
            (curve(warm, (total - 1 - t) / (total - 1 - W)), "It reaches 0 one step too early: 0 is at total_steps."),
            (np.maximum(curve(warm, (total - 1 - t) / (total - 1 - W)), 0), "It reaches 0 one step too early: 0 is at total_steps."),
            (curve(warm, (total - t - 1) / (total - W)), "The decay is one step ahead: the peak is at step W, 0 at total_steps."),
            (expected / peak, "The peak is missing: multiply by it."),
            (np.where(t < W, warm, expected), "The peak is missing in the warm-up."),
            (np.where(t < W, expected, fall), "The peak is missing in the decay."),
        ]  # fmt: skip
        for other in (0.1, 0.06, 0.5):
            up, down = t / (other * total), (total - t) / (total - other * total)
            mistakes.append((peak * np.minimum(up, down), f"The warm-up's share is always {other}: use `warmup_share`."))  # fmt: skip
        if share and W:
            as_steps = peak * np.where(t < share[0], 0, (total - t) / (total - share[0]))
            mistakes.append((as_steps, "warmup_share is taken for a number of steps: W = warmup_share * total_steps."))  # fmt: skip
        otherwise = "Before step W the rate is the peak times the share of W that is done; from W on, the peak times the steps left as a share of those from W to total_steps."
        if not W:
            mistakes = []
            otherwise = "With warmup_share 0 there is no warm-up: the peak is at step 0. Do not divide by 0."
        _judge(answer, t, (total, peak, *share), expected, mistakes, otherwise)
        after = np.array([total + 1, total + k, 3 * total])
        below = peak * (total - after) / (total - W)
        mistakes = [
            (
                below,
                "Behind the end it is negative, and training would climb: let np.maximum or max keep it at 0.",
            )
        ]
        otherwise = "Behind the end, at steps after total_steps, it stays 0."
        _judge(answer, after, (total, peak, *share), np.zeros(len(after)), mistakes, otherwise)


def _judge(answer, steps, rest, expected, mistakes, otherwise):
    """As `compare`, for one call a step; the case shown is the first that is wrong."""
    values = []
    for step, right in zip(steps.tolist(), expected.tolist(), strict=True):
        args = (step, *rest)
        try:
            result = answer(*args)
        except Stopped as stopped:
            raise Mistake(f"{stopped.hint} {otherwise}", stopped.case) from None
        case = show_case(answer, args, result, right)
        value = numbers(result, case)
        if value.shape:
            raise Mistake(f"Expected a single number, received {shape_name(value.shape)}.", case)
        values.append((value, case))
    received = np.array([value for value, _ in values])
    if close(received, expected, 1e-5):
        return
    tolerance = 1e-5 * (np.abs(expected).max() or 1.0)
    wrong = ~(np.abs(received - expected) <= tolerance)  # nan is wrong
    explain(received, expected, mistakes, otherwise, 1e-5, values[int(np.argmax(wrong))][1])


@exercise("11.5", "Above the commonest class", points=2)
def above_majority(answer, rng):
    """By the definition; training and test differ in their commonest label; ties; labels that are missing in one."""
    test = [4, 4, 1, 2, 4, 0, 1, 4, 2, 1, 3, 4, 0, 1, 2, 4]  # each label has a share of its own
    small = [2, 0, 1, 2, 2], test, [1, 4, 1, 2, 4, 2, 1, 1, 2, 1, 3, 4, 0, 2, 2, 4]
    worse = [0, 0, 1], [0, 0, 1, 0], [1, 0, 1, 1]
    tie = [3, 7, 7, 3, 5], [3, 5, 7, 5, 7, 5, 5, 7], [3, 5, 7, 5, 7, 7, 3, 3]
    tie_turned = [7, 3, 3, 7, 5], *tie[1:]
    missing = [6, 6, 6, 1, 2], [1, 2, 2, 2], [1, 2, 1, 6]
    cases = [tuple(map(np.array, case)) for case in (small, worse, tie, tie_turned, missing)]
    for K in (2, 5):
        shares = rng.dirichlet(np.full(K, 5.0))
        y_train, y_test = rng.choice(K, size=40, p=shares), rng.choice(K, size=30, p=shares[::-1])
        cases.append((y_train, y_test, np.where(rng.random(30) < 0.6, y_test, rng.integers(K, size=30))))
    for y_train, y_test, predicted in cases:
        accuracy = np.mean(predicted == y_test)

        def always(label, y=y_test):
            return np.mean(y == label)

        counts = np.bincount(y_train)
        common = np.argmax(counts)
        base = always(common)
        labels, seen = np.unique(y_train, return_index=True)
        tied = labels[counts[labels] == counts.max()]
        first = min(tied, key=lambda label: seen[np.searchsorted(labels, label)])
        expected = accuracy - base
        mistakes = [
            (abs(expected), "The sign is gone: a model worse than the commonest label has less than 0."),
            (max(expected, 0), "It may be below 0, for a model worse than the commonest label."),
            (accuracy - always(np.argmax(np.bincount(y_test))), "That is the commonest test label: a classifier must not look at it. Take the commonest of y_train."),
            (accuracy - always(np.argmax(np.unique(y_train, return_counts=True)[1])), "That is a place in the list of np.unique: take the label that stands there."),
            (accuracy - always(counts.max()), "That is how often it comes, not which label it is: np.argmax of the counts."),
            (accuracy - always(common, y_train), "The share of the commonest label is that of the training labels: take it from y_train, then see how often y_test has it."),
            (accuracy - always(first), "Two labels are equally common: take the smaller one, not the first to come."),
            (accuracy - always(tied[-1]), "Two labels are equally common: take the smaller one."),
            (accuracy - always(1), "That compares with label 1, which need not be the commonest: take np.argmax of the counts in y_train."),
            (accuracy - always(0), "That compares with label 0, which need not be the commonest: take np.argmax of the counts in y_train."),
            (accuracy - 0.5, "0.5 is the baseline only where two classes are equally common: count the labels."),
            (accuracy - 1 / len(labels), "That is the accuracy of guessing: always answering the commonest label is better. Count y_train."),
            (accuracy - always(common, predicted), "The baseline is how often the commonest label is right: take its share of y_test, not of `predicted`."),
            (-expected, "The sign is turned, or those are errors: accuracy of the predictions less that of the commonest label."),
            (1 - accuracy - base, "That has the share of errors: take that of right answers, predicted == y_test."),
            (accuracy, "The baseline is missing: subtract the accuracy of always answering the commonest training label."),
            (base, "That is the baseline: subtract it from the accuracy of the predictions."),
            (len(y_test) * expected, "That counts texts: take shares of the test labels."),
            (100 * expected, "That is in percent: return a share."),
        ]  # fmt: skip
        if base:
            mistakes.append((accuracy / base, "That is a ratio: take the difference."))
            mistakes.append(
                (expected / base, "That is divided by the baseline: return the difference alone.")
            )
        if base < 1:
            mistakes.append((expected / (1 - base), "That is the share of what was left to gain: return the difference alone."))  # fmt: skip
        otherwise = "Mean of predicted == y_test, less the mean of y_test == the commonest label of y_train."
        compare(answer, (y_train, y_test, predicted), expected, mistakes, otherwise)
