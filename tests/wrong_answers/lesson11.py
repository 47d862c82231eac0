"""Answers to the exercises of lesson 11."""

import math
import re
from collections import Counter

import numpy as np

from tests.wrong_answers import right, wrong

# --- 11.1 ----------------------------------------------------------------------------------------------


def cut(word, vocabulary, *, look="##", write="##", head="", step=-1, unknown=None):
    """Longest match first; `unknown` (pieces, letter) tells what to do where nothing matches."""
    pieces, start = [], 0
    while start < len(word):
        for end in range(start + 1, len(word) + 1)[::step]:
            if (look if start else head) + word[start:end] in vocabulary:
                break
        else:
            if unknown is None:
                return ["[UNK]"]
            if unknown != "letter":
                return pieces + unknown
            pieces.append("[UNK]")
            start += 1
            continue
        pieces.append((write if start else head) + word[start:end])
        start = end
    return pieces


@right("11.1")
def by_recursion(word, vocabulary, mark=""):
    for end in range(len(word), 0, -1):
        if mark + word[:end] in vocabulary:
            if end == len(word):
                return [mark + word]
            rest = by_recursion(word[end:], vocabulary, "##")
            return rest if rest == ["[UNK]"] else [mark + word[:end], *rest]
    return ["[UNK]"]


@right("11.1")
def by_the_longest_that_begins_the_rest(word, vocabulary):
    rest, pieces = word, []
    while rest.removeprefix("##"):
        fitting = [p for p in vocabulary if rest.startswith(p) and p.startswith("##") == (rest != word)]
        if not fitting:
            return ["[UNK]"]
        pieces.append(max(fitting, key=len))
        rest = "##" + rest[len(pieces[-1]) :]
    return pieces


@right("11.1")
def by_regular_expressions(word, vocabulary):
    choices = {False: [], True: []}  # inside a word?
    for piece in sorted(vocabulary, key=len, reverse=True):
        choices[piece.startswith("##")].append(re.escape(piece.removeprefix("##")))
    pieces, rest = [], word
    while rest:
        found = re.match("|".join(choices[bool(pieces)]), rest)
        if not found or not found[0]:
            return ["[UNK]"]
        pieces.append("##" * bool(pieces) + found[0])
        rest = rest[found.end() :]
    return pieces


@wrong("11.1", says="begin with end = len(word)")
def without_the_last_letter(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word) - 1, start, -1):
            if "##" * (start > 0) + word[start:end] in vocabulary:
                break
        else:
            return ["[UNK]"]
        pieces.append("##" * (start > 0) + word[start:end])
        start = end
    return pieces


@wrong("11.1", says="shortest piece")
def shortest_first(word, vocabulary):
    return cut(word, vocabulary, step=1)


@wrong("11.1", says="returned without")
def marks_dropped(word, vocabulary):
    return cut(word, vocabulary, write="")


@wrong("11.1", says="looked up without")
def marks_put_on_afterwards(word, vocabulary):
    return cut(word, vocabulary, look="")


@wrong("11.1", says="only the first has none")
def marks_forgotten(word, vocabulary):
    return cut(word, vocabulary, look="", write="")


@wrong("11.1", says="The first piece has no ##")
def mark_at_the_start(word, vocabulary):
    return cut(word, vocabulary, head="##")


@wrong("11.1", says="does not count")
def with_or_without_a_mark(word, vocabulary):
    marked = {piece if piece.startswith("##") else "##" + piece for piece in vocabulary}
    first = max(
        (word[:end] for end in range(1, len(word) + 1) if word[:end] in vocabulary), key=len, default=""
    )
    if not first or first == word:
        return [first or "[UNK]"]
    rest = cut(word[len(first) :], marked, head="##")
    return rest if rest == ["[UNK]"] else [first, *rest]


@wrong("11.1", says="for the rest alone")
def rest_unknown(word, vocabulary):
    return cut(word, vocabulary, unknown=["[UNK]"])


@wrong("11.1", says="found so far")
def stops_there(word, vocabulary):
    return cut(word, vocabulary, unknown=[])


@wrong("11.1", says="one letter")
def letter_unknown(word, vocabulary):
    return cut(word, vocabulary, unknown="letter")


@wrong("11.1", says="Only whole words")
def whole_words(word, vocabulary):
    return [word] if word in vocabulary else ["[UNK]"]


@wrong("11.1", says="does not go back")
def with_a_way_back(word, vocabulary, mark=""):
    for end in range(len(word), 0, -1):
        if mark + word[:end] in vocabulary:
            rest = with_a_way_back(word[end:], vocabulary, "##") if word[end:] else []
            if rest != ["[UNK]"]:
                return [mark + word[:end], *rest]
    return ["[UNK]"]


@wrong("11.1", says="begins at the end")
def from_the_right(word, vocabulary):
    pieces, end = [], len(word)
    while end > 0:
        for start in range(end):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocabulary:
                break
        else:
            return ["[UNK]"]
        pieces, end = [piece, *pieces], start
    return pieces


@wrong("11.1", says="Those are letters")
def single_letters(word, vocabulary):
    return [letter if place == 0 else "##" + letter for place, letter in enumerate(word)]


@wrong("11.1", says="does not end")
def endless(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = "##" * (start > 0) + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
    return pieces


@wrong("11.1", says="does not end")
def endless_over_the_vocabulary(word, vocabulary):
    pieces = []
    while "".join(pieces).replace("##", "") != word:
        mark, rest = "##" * bool(pieces), word[len("".join(pieces).replace("##", "")) :]
        fitting = [p for p in vocabulary if (mark + rest).startswith(p) and p.startswith("##") == bool(mark)]
        pieces += sorted(fitting, key=len)[-1:]
    return pieces


@wrong("11.1", says="joined without ##, are not the word")
def one_piece_too_few(word, vocabulary):
    return cut(word, vocabulary)[:1]


@wrong("11.1", says="is a list of one piece")
def a_str_for_unknown(word, vocabulary):
    pieces = cut(word, vocabulary)
    return "[UNK]" if pieces == ["[UNK]"] else pieces


# --- 11.2 ----------------------------------------------------------------------------------------------


def filled(sequences, pad_id, length=None):
    length = length or max(map(len, sequences))
    return np.array(
        [[*sequence[:length], *[pad_id] * (length - len(sequence))] for sequence in sequences], int
    )


def lengths_of(sequences):
    return np.array([len(sequence) for sequence in sequences])[:, None]


@right("11.2")
def pad_by_lists(sequences, pad_id=0):
    length = max(map(len, sequences))
    ids = [list(sequence) + [pad_id] * (length - len(sequence)) for sequence in sequences]
    mask = [[place < len(sequence) for place in range(length)] for sequence in sequences]
    return ids, mask


@right("11.2")
def pad_by_flat_assignment(sequences, pad_id=0):
    lengths = lengths_of(sequences)
    mask = np.arange(lengths.max()) < lengths
    ids = np.full(mask.shape, pad_id, dtype="int32")
    ids[mask] = np.concatenate([np.array(sequence, int) for sequence in sequences])
    return ids, mask


@right("11.2")
def pad_by_keras(sequences, pad_id=0):
    import keras

    ids = keras.utils.pad_sequences(sequences, padding="post", value=pad_id)
    ones = keras.utils.pad_sequences([[1] * len(sequence) for sequence in sequences], padding="post")
    return [ids, ones == 1]


@wrong("11.2", says="exchanged")
def mask_first(sequences, pad_id=0):
    length = max(map(len, sequences))
    ids = np.array([[*sequence, *[pad_id] * (length - len(sequence))] for sequence in sequences])
    return np.array([np.arange(length) < len(sequence) for sequence in sequences]), ids


@wrong("11.2", says="stands before the tokens and moves")
def pad_in_front(sequences, pad_id=0):
    length = max(map(len, sequences))
    ids = np.array([[pad_id] * (length - len(s)) + s for s in sequences])
    return ids, np.arange(length) >= length - lengths_of(sequences)


@wrong("11.2", says="the mask says behind")
def as_keras_by_default(sequences, pad_id=0):
    import keras

    ids = keras.utils.pad_sequences(sequences, value=pad_id)
    return ids, np.arange(ids.shape[1]) < lengths_of(sequences)


@wrong("11.2", says="The mask is turned")
def true_at_padding(sequences, pad_id=0):
    ids = filled(sequences, pad_id)
    return ids, np.arange(ids.shape[1]) >= lengths_of(sequences)


@wrong("11.2", says="True everywhere")
def mask_of_ones(sequences, pad_id=0):
    ids = filled(sequences, pad_id)
    return ids, np.ones(ids.shape, bool)


@wrong("11.2", says="whose id equals pad_id")
def mask_from_the_ids(sequences, pad_id=0):
    ids = filled(sequences, pad_id)
    return ids, ids != pad_id


@wrong("11.2", says="Id 0 is not always")
def mask_from_zero(sequences, pad_id=0):
    ids = filled(sequences, pad_id)
    return ids, ids != 0


@wrong("11.2", says="Tokens are cut off")
def cut_to_the_shortest(sequences, pad_id=0):
    length = min(map(len, sequences))
    return filled(sequences, pad_id, length), np.ones((len(sequences), length), bool)


@wrong("11.2", says="more padding than needed")
def always_128(sequences, pad_id=0):
    ids = filled(sequences, pad_id, 128)
    return ids, np.arange(128) < lengths_of(sequences)


@wrong("11.2", says="an empty one too")
def empty_ones_dropped(sequences, pad_id=0):
    return pad_by_flat_assignment([sequence for sequence in sequences if sequence], pad_id)


@wrong("11.2", says="The padding is 0")
def padded_by_zero(sequences, pad_id=0):
    ids = filled(sequences, 0)
    return ids, np.arange(ids.shape[1]) < lengths_of(sequences)


@wrong("11.2", says="of type float64")
def zeros_are_floats(sequences, pad_id=0):
    ids, mask = pad_by_flat_assignment(sequences, pad_id)
    return ids.astype(float), mask


@wrong("11.2", says="make it bool")
def mask_of_ints(sequences, pad_id=0):
    ids, mask = pad_by_flat_assignment(sequences, pad_id)
    return ids, mask.astype(int)


@wrong("11.2", says="`return ids, mask`")
def only_ids(sequences, pad_id=0):
    return filled(sequences, pad_id)


@wrong("11.2", says="one place too far")
def one_too_far(sequences, pad_id=0):
    ids = filled(sequences, pad_id)
    return ids, np.arange(ids.shape[1]) <= lengths_of(sequences)


@wrong("11.2", says="in place")
def lists_grow(sequences, pad_id=0):
    mask = np.arange(lengths_of(sequences).max()) < lengths_of(sequences)
    for sequence in sequences:
        sequence += [pad_id] * (mask.shape[1] - len(sequence))
    return np.array(sequences), mask


@wrong("11.2", says="T is the longest text's length")
def as_long_as_the_first(sequences, pad_id=0):
    ids = np.full((len(sequences), len(sequences[0])), pad_id)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = sequence
    return ids, np.arange(ids.shape[1]) < lengths_of(sequences)


@wrong("11.2", says="Each text fills its row")
def tokens_in_reverse(sequences, pad_id=0):
    return pad_by_flat_assignment([sequence[::-1] for sequence in sequences], pad_id)


# --- 11.3 ----------------------------------------------------------------------------------------------


@right("11.3")
def pool_in_loops(h, mask):
    out = []
    for rows, real in zip(h, mask, strict=True):
        kept = [row for row, yes in zip(rows, real, strict=True) if yes]
        out.append(sum(kept) / len(kept) if kept else 0 * rows[0])
    return out


@right("11.3")
def pool_by_einsum(h, mask):
    weights = mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    return np.einsum("ntd,nt->nd", h, weights).astype("float32")


@right("11.3")
def pool_as_sentence_transformers(h, mask):
    expanded = np.repeat(mask[:, :, None], h.shape[2], axis=2).astype(float)
    return (h * expanded).sum(axis=1) / np.clip(expanded.sum(axis=1), 1e-9, None)


@right("11.3")
def pool_by_masked_arrays(h, mask):
    hidden = np.broadcast_to(~mask[..., None], h.shape)
    return np.ma.filled(np.ma.array(h, mask=hidden).mean(axis=1), 0.0)


@right("11.3")
def pool_by_tensorflow(h, mask):
    import tensorflow as tf

    real = tf.constant(mask)[..., None]
    total = tf.reduce_sum(tf.where(real, tf.cast(h, "float32"), 0.0), axis=1)
    return tf.math.divide_no_nan(total, tf.reduce_sum(tf.cast(real, "float32"), axis=1))


@wrong("11.3", says="Padding is averaged too")
def plain_mean(h, mask):
    return h.mean(axis=1)


@wrong("11.3", says="not by T")
def divided_by_all_places(h, mask):
    return (h * mask[..., None]).mean(axis=1)


@wrong("11.3", says="That is the sum: divide")
def pooled_sum(h, mask):
    return (h * mask[..., None]).sum(axis=1)


@wrong("11.3", says="Padding is in the sum")
def padding_in_the_sum(h, mask):
    return h.sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]


@wrong("11.3", says="That is the largest")
def max_pool(h, mask):
    return np.where(mask[..., None], h, -np.inf).max(axis=1)


@wrong("11.3", says="[CLS], alone")
def first_token(h, mask):
    return h[:, 0]


@wrong("11.3", says="over the features")
def mean_of_features(h, mask):
    return h.mean(axis=-1)


@wrong("11.3", says="over the texts")
def mean_of_texts(h, mask):
    return h.mean(axis=0)


@wrong("11.3", says="The mask is turned")
def mean_of_padding(h, mask):
    return pool_by_einsum(h, ~mask)


@wrong("11.3", says="all texts together")
def one_number_of_tokens(h, mask):
    return (h * mask[..., None]).sum(axis=1) / mask.sum()


@wrong("11.3", says="one mean for each text")
def one_mean(h, mask):
    return h[mask].mean(axis=0)


@wrong("11.3", says="wherever they stand")
def as_many_from_the_first(h, mask):
    return [rows[: max(n, 1)].mean(axis=0) for rows, n in zip(h, mask.sum(axis=1), strict=True)]


@wrong("11.3", says="without tokens gets zeros")
def zero_by_zero(h, mask):
    with np.errstate(invalid="ignore"):
        return (h * mask[..., None]).sum(axis=1) / mask.sum(axis=1)[:, None]


@wrong("11.3", says="without tokens gets zeros")
def mean_of_chosen(h, mask):
    return np.array([rows[real].mean(axis=0) for rows, real in zip(h, mask, strict=True)])


@wrong("11.3", says="Huge padding shows")
def subtracted_afterwards(h, mask):
    padding = (h * ~mask[..., None]).sum(axis=1)
    return (h.sum(axis=1) - padding) / np.maximum(mask.sum(axis=1), 1)[:, None]


@wrong("11.3", says="in place")
def padding_overwritten(h, mask):
    h[~mask] = 0
    return h.sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]


@wrong("11.3", says="one more than there are")
def one_more(h, mask):
    return (h * mask[..., None]).sum(axis=1) / (mask.sum(axis=1)[:, None] + 1)


# --- 11.4 ----------------------------------------------------------------------------------------------


@right("11.4")
def rate_as_a_minimum(step, total_steps, peak, warmup_share=0.1):
    warmup = round(warmup_share * total_steps)
    up = step / warmup if warmup else math.inf
    return np.float32(peak * max(0, min(up, (total_steps - step) / (total_steps - warmup))))


@right("11.4")
def rate_by_interpolation(step, total_steps, peak, warmup_share=0.1):
    if warmup_share == 0:
        return np.interp(step, [0, total_steps], [peak, 0])
    return np.interp(step, [0, warmup_share * total_steps, total_steps], [0, peak, 0])


@right("11.4")
def rate_by_where(step, total_steps, peak, warmup_share=0.1):
    warmup = warmup_share * total_steps
    down = peak * (1 - (step - warmup) / (total_steps - warmup))
    return np.where(step < warmup, peak * step / max(warmup, 1), np.maximum(down, 0.0))


def rising(step, W, down):
    """Up to 1 at step W, then `down`."""
    return step / W if step < W else down


@wrong("11.4", says="below the peak")
def decay_from_the_start(step, total_steps, peak, warmup_share=0.1):
    return peak * rising(step, warmup_share * total_steps, max(0, 1 - step / total_steps))


@wrong("11.4", says="pulls the warm-up down")
def decay_times_warmup(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * min(1, step / W if W else 1) * max(0, 1 - step / total_steps)


@wrong("11.4", says="below the peak")
def minimum_of_both(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * max(0, min(step / W if W else 1, 1 - step / total_steps))


@wrong("11.4", says="500 steps")
def as_printed(step, total_steps, peak, warmup_share=0.1):
    return peak * rising(step, 500, max(0, (total_steps - step) / (total_steps - 500)))


@wrong("11.4", says="The warm-up is missing")
def without_warmup(step, total_steps, peak, warmup_share=0.1):
    return peak * max(0, 1 - step / total_steps)


@wrong("11.4", says="It starts at the peak")
def flat_first(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * min(1, max(0, (total_steps - step) / (total_steps - W)))


@wrong("11.4", says="There is no decay")
def warmup_alone(step, total_steps, peak, warmup_share=0.1):
    return peak * rising(step, warmup_share * total_steps, 1)


@wrong("11.4", says="cosine")
def cosine(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    share = min(1, (step - W) / (total_steps - W))
    return peak * rising(step, W, (1 + np.cos(np.pi * share)) / 2)


@wrong("11.4", says="root of the step")
def as_the_transformer(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * rising(step, W, (W / max(step, 1)) ** 0.5)


@wrong("11.4", says="one step ahead: 0 at step 0")
def counted_from_one(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    down = max(0, (total_steps - step) / (total_steps - W))
    return peak * ((step + 1) / W if step < W else down)


@wrong("11.4", says="one step too early")
def ends_at_the_last_step(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * rising(step, W, max(0, (total_steps - 1 - step) / (total_steps - 1 - W)))


@wrong("11.4", says="The peak is missing in")
def peak_in_one_half(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return step / W if step < W else peak * max(0, (total_steps - step) / (total_steps - W))


@wrong("11.4", says="The peak is missing: multiply")
def factor_alone(step, total_steps, peak, warmup_share=0.1):
    return rate_as_a_minimum(step, total_steps, 1.0, warmup_share)


@wrong("11.4", says="always 0.1")
def own_share(step, total_steps, peak, warmup_share=0.1):
    return rate_as_a_minimum(step, total_steps, peak)


@wrong("11.4", says="taken for a number of steps")
def share_as_steps(step, total_steps, peak, warmup_share=0.1):
    return peak * rising(step, warmup_share, max(0, (total_steps - step) / (total_steps - warmup_share)))


@wrong("11.4", says="Behind the end it is negative")
def below_zero(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * rising(step, W, (total_steps - step) / (total_steps - W))


@wrong("11.4", says="it stays 0")
def bounces(step, total_steps, peak, warmup_share=0.1):
    return abs(below_zero(step, total_steps, peak, warmup_share))


@wrong("11.4", says="Do not divide by 0")
def no_warmup_divides(step, total_steps, peak, warmup_share=0.1):
    W = warmup_share * total_steps
    return peak * max(0, min(step / W, (total_steps - step) / (total_steps - W)))


@wrong("11.4", says="the peak is at step 0")
def at_least_one_step(step, total_steps, peak, warmup_share=0.1):
    W = max(1, warmup_share * total_steps)
    return peak * rising(step, W, max(0, (total_steps - step) / (total_steps - W)))


# --- 11.5 ----------------------------------------------------------------------------------------------


def above(label, y_test, predicted):
    return np.mean(predicted == y_test) - np.mean(y_test == label)


def commonest(y):
    return np.argmax(np.bincount(y))


@right("11.5")
def above_in_loops(y_train, y_test, predicted):
    counts = Counter(sorted(y_train.tolist()))
    label = max(counts, key=counts.get)  # the first of those as common
    return sum(int(p == y) - int(label == y) for p, y in zip(predicted, y_test, strict=True)) / len(y_test)


@right("11.5")
def above_by_unique(y_train, y_test, predicted):
    labels, counts = np.unique(y_train, return_counts=True)
    return np.float32(above(labels[counts.argmax()], y_test, predicted))


@right("11.5")
def above_by_scikit_learn(y_train, y_test, predicted):
    from sklearn.dummy import DummyClassifier
    from sklearn.metrics import accuracy_score

    never_reads = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y_train), 1)), y_train)
    always = never_reads.predict(np.zeros((len(y_test), 1)))
    return accuracy_score(y_test, predicted) - accuracy_score(y_test, always)


@wrong("11.5", says="commonest test label")
def commonest_of_the_test(y_train, y_test, predicted):
    return above(commonest(y_test), y_test, predicted)


@wrong("11.5", says="how often it comes")
def count_for_the_label(y_train, y_test, predicted):
    return above(np.bincount(y_train).max(), y_test, predicted)


@wrong("11.5", says="a place in the list of np.unique")
def place_for_the_label(y_train, y_test, predicted):
    return above(np.unique(y_train, return_counts=True)[1].argmax(), y_test, predicted)


@wrong("11.5", says="that of the training labels")
def share_in_training(y_train, y_test, predicted):
    return np.mean(predicted == y_test) - np.bincount(y_train).max() / len(y_train)


@wrong("11.5", says="with label 1")
def label_one(y_train, y_test, predicted):
    return above(1, y_test, predicted)


@wrong("11.5", says="0.5 is the baseline")
def a_half(y_train, y_test, predicted):
    return np.mean(predicted == y_test) - 0.5


@wrong("11.5", says="guessing")
def one_of_the_classes(y_train, y_test, predicted):
    return np.mean(predicted == y_test) - 1 / len(np.unique(y_train))


@wrong("11.5", says="those are errors")
def difference_of_errors(y_train, y_test, predicted):
    return np.mean(predicted != y_test) - np.mean(y_test != commonest(y_train))


@wrong("11.5", says="has the share of errors")
def error_less_baseline(y_train, y_test, predicted):
    return np.mean(predicted != y_test) - np.mean(y_test == commonest(y_train))


@wrong("11.5", says="ratio")
def ratio(y_train, y_test, predicted):
    return np.mean(predicted == y_test) / np.maximum(np.mean(y_test == commonest(y_train)), 1e-12)


@wrong("11.5", says="divided by the baseline")
def relative(y_train, y_test, predicted):
    return ratio(y_train, y_test, predicted) - 1


@wrong("11.5", says="left to gain")
def share_of_the_gain(y_train, y_test, predicted):
    label = commonest(y_train)
    return above(label, y_test, predicted) / np.mean(y_test != label)


@wrong("11.5", says="counts texts")
def counts(y_train, y_test, predicted):
    return np.sum(predicted == y_test) - np.sum(y_test == commonest(y_train))


@wrong("11.5", says="The baseline is missing")
def accuracy_alone(y_train, y_test, predicted):
    return np.mean(predicted == y_test)


@wrong("11.5", says="the first to come")
def first_of_a_tie(y_train, y_test, predicted):
    return above(Counter(y_train.tolist()).most_common(1)[0][0], y_test, predicted)


@wrong("11.5", says="take the smaller one.")
def largest_of_a_tie(y_train, y_test, predicted):
    labels, numbers = np.unique(y_train, return_counts=True)
    return above(labels[numbers == numbers.max()][-1], y_test, predicted)


@wrong("11.5", says="The sign is gone")
def distance(y_train, y_test, predicted):
    return abs(above(commonest(y_train), y_test, predicted))


@wrong("11.5", says="It may be below 0")
def never_negative(y_train, y_test, predicted):
    return max(0, above(commonest(y_train), y_test, predicted))
