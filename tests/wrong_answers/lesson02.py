"""Answers to the exercises of lesson 02."""

import numpy as np

from tests.wrong_answers import right, wrong


def rows_softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# --- 02.1 ----------------------------------------------------------------------------------------------


@right("02.1")
def sigmoid_in_loops(z):
    out = np.empty(z.size)
    for k, value in enumerate(z.flat):
        out[k] = 1 / (1 + np.exp(-value)) if value >= 0 else np.exp(value) / (1 + np.exp(value))
    return out.reshape(z.shape)


@right("02.1")
def sigmoid_by_scipy(z):
    from scipy.special import expit

    return expit(z)


@right("02.1")
def sigmoid_in_float32(z):
    z = z.astype("float32")
    return np.exp(-np.logaddexp(np.float32(0), -z))


@right("02.1")
def sigmoid_by_tanh(z):
    return 0.5 + 0.5 * np.tanh(z / 2)


@right("02.1")
def sigmoid_clipped(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


@right("02.1")
def sigmoid_by_keras(z):
    import keras

    return keras.ops.sigmoid(z)


@wrong("02.1", says="let its argument never be positive")
def as_typed(z):
    return 1 / (1 + np.exp(-z))


@wrong("02.1", says="let its argument never be positive")
def both_branches(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


@wrong("02.1", says="sign in the exponent")
def other_sign(z):
    return 1 / (1 + np.exp(np.clip(z, -500, 500)))


@wrong("02.1", says="That is tanh")
def tanh(z):
    return np.tanh(z)


@wrong("02.1", says="with the parentheses")
def without_parentheses(z):
    return 1 / 1 + np.exp(-z)


@wrong("02.1", says="exp(-z) alone")
def exponential(z):
    return np.exp(-z)


@wrong("02.1", says="the denominator")
def denominator(z):
    return 1 + np.exp(-np.abs(z))


@wrong("02.1", says="For negative z")
def positive_branch_only(z):
    return 1 / (1 + np.exp(-np.abs(z)))


@wrong("02.1", says="For positive z")
def negative_branch_only(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e)


@wrong("02.1", says="clipped too early")
def clipped_early(z):
    return 1 / (1 + np.exp(-np.clip(z, -12, 12)))


@wrong("02.1", says="the labels")
def labels(z):
    return z > 0


@wrong("02.1", says="derivative")
def derivative(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


# --- 02.2 ----------------------------------------------------------------------------------------------


@right("02.2")
def softmax_in_loops(Z):
    return [[1 / sum(np.exp(np.clip(other - own, -700, 700)) for other in row) for own in row] for row in Z]


@right("02.2")
def softmax_by_scipy(Z):
    from scipy.special import softmax

    return softmax(Z, axis=1)


@right("02.2")
def softmax_in_float32(Z):
    return rows_softmax(Z.astype("float32"))


@right("02.2")
def softmax_by_keras(Z):
    import keras

    return keras.ops.softmax(Z, axis=-1)


@wrong("02.2", says="Columns sum to 1")
def sums_of_columns(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=0)


@wrong("02.2", says="its own largest score")
def softmax_as_typed(Z):
    e = np.exp(Z)
    return e / e.sum(axis=1, keepdims=True)


@wrong("02.2", says="its own largest score")
def softmax_less_the_mean(Z):
    e = np.exp(Z - Z.mean())
    return e / e.sum(axis=1, keepdims=True)


@wrong("02.2", says="Columns sum to 1")
def columns(Z):
    e = np.exp(Z - Z.max(axis=0))
    return e / e.sum(axis=0)


@wrong("02.2", says="All entries together")
def all_together(Z):
    e = np.exp(Z - Z.max())
    return e / e.sum()


@wrong("02.2", says="divide each row by its sum")
def exponentials(Z):
    return np.exp(Z)


@wrong("02.2", says="without the exponential")
def shares(Z):
    return Z / Z.sum(axis=1, keepdims=True)


@wrong("02.2", says="sigmoid of each score")
def sigmoids(Z):
    return 1 / (1 + np.exp(-np.clip(Z, -700, 700)))


@wrong("02.2", says="largest score")
def hard_maximum(Z):
    return np.eye(Z.shape[1])[Z.argmax(axis=1)]


@wrong("02.2", says="predicted class")
def argmax(Z):
    return Z.argmax(axis=1)


@wrong("02.2", says="signs are turned")
def negated(Z):
    return rows_softmax(-Z)


@wrong("02.2", says="logarithm of softmax")
def log_softmax(Z):
    return np.log(rows_softmax(Z) + 1e-300)


@wrong("02.2", says="keepdims=True")
def without_keepdims(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)


@wrong("02.2", says="its own largest score")
def softmax_less_each_mean(Z):
    e = np.exp(Z - Z.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@wrong("02.2", says="its own largest score")
def softmax_less_the_largest_of_all(Z):
    e = np.exp(Z - Z.max())
    return e / e.sum(axis=1, keepdims=True)


# --- 02.3 ----------------------------------------------------------------------------------------------


def costs_of(labels, Z):
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(labels)), labels]


def probabilities(labels, Z):
    return rows_softmax(Z)[np.arange(len(labels)), labels]


@right("02.3")
def cross_entropy_in_loops(labels, Z):
    total = 0.0
    for label, row in zip(labels, Z, strict=True):
        total += row.max() + np.log(sum(np.exp(row - row.max()))) - row[label]
    return total / len(labels)


@right("02.3")
def cross_entropy_by_logaddexp(labels, Z):
    return np.mean(np.logaddexp.reduce(Z, axis=1) - np.take_along_axis(Z, labels[:, None], axis=1)[:, 0])


@right("02.3")
def cross_entropy_in_float32(labels, Z):
    Z = Z.astype("float32")
    Z = Z - Z.max(axis=1, keepdims=True)
    truth = np.eye(Z.shape[1], dtype="float32")[labels]
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - np.einsum("nk,nk->n", truth, Z))


@right("02.3")
def cross_entropy_by_keras(labels, Z):
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, Z)


@wrong("02.3", says="take their mean")
def costs(labels, Z):
    return costs_of(labels, Z)


@wrong("02.3", says="divide by the number of examples")
def summed(labels, Z):
    return costs_of(labels, Z).sum()


@wrong("02.3", says="over the n examples")
def divided_by_all(labels, Z):
    return costs_of(labels, Z).sum() / Z.size


@wrong("02.3", says="a cost is positive")
def negative(labels, Z):
    return -costs_of(labels, Z).mean()


@wrong("02.3", says="logarithm is missing")
def mean_probability(labels, Z):
    return np.mean(probabilities(labels, Z))


@wrong("02.3", says="comes after the logarithm")
def mean_first(labels, Z):
    return -np.log(np.mean(probabilities(labels, Z)))


@wrong("02.3", says="in bits")
def in_bits(labels, Z):
    return costs_of(labels, Z).mean() / np.log(2)


@wrong("02.3", says="has rounded to 0")
def from_probabilities(labels, Z):
    return np.mean(-np.log(probabilities(labels, Z)))


@wrong("02.3", says="Clipping")
def clipped(labels, Z):
    return np.mean(-np.log(np.clip(probabilities(labels, Z), 1e-7, 1)))


@wrong("02.3", says="Clipping")
def clipped_less(labels, Z):
    return np.mean(-np.log(np.clip(probabilities(labels, Z), 1e-15, 1)))


@wrong("02.3", says="Take the largest score off each row")
def one_maximum_for_all(labels, Z):
    Z = Z - Z.max()
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(labels)), labels])


@wrong("02.3", says="never the truth")
def swapped_bare(labels, Z):
    return np.mean(-np.sum(rows_softmax(Z) * np.log(np.eye(Z.shape[1])[labels]), axis=1))


@wrong("02.3", says="each row's own")
def all_labels_in_every_row(labels, Z):
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(Z).sum(axis=1))[:, None] - Z[:, labels])


@wrong("02.3", says="has rounded to 0")
def without_subtracting(labels, Z):
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(labels)), labels])


@wrong("02.3", says="p and q are swapped")
def swapped(labels, Z):
    P = np.eye(Z.shape[1])[labels]
    return np.mean(-np.sum(rows_softmax(Z) * np.log(P + 1e-15), axis=1))


@wrong("02.3", says="mean squared error")
def squared(labels, Z):
    return np.mean((np.eye(Z.shape[1])[labels] - rows_softmax(Z)) ** 2)


@wrong("02.3", says="logarithm of the sum of exponentials is missing")
def score_alone(labels, Z):
    return np.mean(-Z[np.arange(len(labels)), labels])


@wrong("02.3", says="score of the right class is missing")
def sum_alone(labels, Z):
    return np.mean(np.logaddexp.reduce(Z, axis=1))


# --- 02.4 ----------------------------------------------------------------------------------------------


def rest(A, labels, W):
    return rows_softmax(A @ W) - np.eye(W.shape[1])[labels]


@right("02.4")
def gradient_in_loops(A, labels, W):
    total = np.zeros_like(W)
    for row, label in zip(A, labels, strict=True):
        q = rows_softmax((row @ W)[None])[0]
        q[label] -= 1
        total += np.outer(row, q)
    return total / len(A)


@right("02.4")
def gradient_by_einsum(A, labels, W):
    return np.einsum("nd,nk->dk", A, rest(A, labels, W)) / len(A)


@right("02.4")
def gradient_in_float32(A, labels, W):
    A, W = A.astype("float32"), W.astype("float32")
    return A.T @ rest(A, labels, W) / np.float32(len(A))


@right("02.4")
def gradient_by_tape(A, labels, W):
    import tensorflow as tf

    W = tf.Variable(W)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, A @ W))
    return tape.gradient(loss, W)


@wrong("02.4", says="sign is turned")
def gradient_downhill(A, labels, W):
    return -A.T @ rest(A, labels, W) / len(A)


@wrong("02.4", says="divide by n")
def gradient_of_sum(A, labels, W):
    return A.T @ rest(A, labels, W)


@wrong("02.4", says="over the n examples")
def gradient_over_all(A, labels, W):
    return A.T @ rest(A, labels, W) / (len(A) * W.shape[1])


@wrong("02.4", says="no factor 2")
def gradient_doubled(A, labels, W):
    return 2 * A.T @ rest(A, labels, W) / len(A)


@wrong("02.4", says="The truth is missing")
def gradient_without_truth(A, labels, W):
    return A.T @ rows_softmax(A @ W) / len(A)


@wrong("02.4", says="Softmax is missing")
def gradient_of_scores(A, labels, W):
    return A.T @ (A @ W - np.eye(W.shape[1])[labels]) / len(A)


@wrong("02.4", says="over the examples")
def gradient_wrong_axis(A, labels, W):
    Z = A @ W
    e = np.exp(Z - Z.max(axis=0))
    return A.T @ (e / e.sum(axis=0) - np.eye(W.shape[1])[labels]) / len(A)


@wrong("02.4", says="already in Q - P")
def gradient_twice_derived(A, labels, W):
    Q = rows_softmax(A @ W)
    return A.T @ (rest(A, labels, W) * Q * (1 - Q)) / len(A)


@wrong("02.4", says="transposed")
def gradient_transposed(A, labels, W):
    return rest(A, labels, W).T @ A / len(A)


@wrong("02.4", says="by the scores")
def gradient_by_scores(A, labels, W):
    return rest(A, labels, W) / len(A)


@wrong("02.4", says="sigmoid of each score")
def gradient_of_sigmoids(A, labels, W):
    return A.T @ (1 / (1 + np.exp(-np.clip(A @ W, -700, 700))) - np.eye(W.shape[1])[labels]) / len(A)


@wrong("02.4", says="Its softmax overflows")
def gradient_as_typed(A, labels, W):
    e = np.exp(A @ W)
    return A.T @ (e / e.sum(axis=1, keepdims=True) - np.eye(W.shape[1])[labels]) / len(A)


# --- 02.5 ----------------------------------------------------------------------------------------------


@right("02.5")
def rates_in_loops(y, q, threshold):
    alarms = found = ones = 0
    for truth, probability in zip(y, q, strict=True):
        alarms += probability > threshold
        ones += truth
        found += truth and probability > threshold
    return [found / alarms if alarms else 0, found / ones if ones else 0]


@right("02.5")
def rates_by_sklearn(y, q, threshold):
    from sklearn.metrics import precision_score, recall_score

    alarm = q > threshold
    return precision_score(y, alarm, zero_division=0), recall_score(y, alarm, zero_division=0)


@right("02.5")
def rates_from_a_table(y, q, threshold):
    counts = np.zeros((2, 2))
    np.add.at(counts, (y, (q > threshold).astype(int)), 1)
    found = counts[1, 1]
    return np.array([found / (counts[:, 1].sum() or 1), found / (counts[1].sum() or 1)])


def two(y, alarm):
    found = np.sum(alarm & (y == 1))
    return found / max(alarm.sum(), 1), found / max(y.sum(), 1)


@wrong("02.5", says="They are swapped")
def rates_swapped(y, q, threshold):
    return two(y, q > threshold)[::-1]


@wrong("02.5", says="do not divide by zero")
def rates_unguarded(y, q, threshold):
    alarm = q > threshold
    found = np.sum(alarm & (y == 1))
    return found / alarm.sum(), found / y.sum()


@wrong("02.5", says="The first is accuracy")
def accuracy_first(y, q, threshold):
    return np.mean((q > threshold) == y), two(y, q > threshold)[1]


@wrong("02.5", says="The second is accuracy")
def accuracy_second(y, q, threshold):
    return two(y, q > threshold)[0], np.mean((q > threshold) == y)


@wrong("02.5", says="rates of the zeros")
def rates_of_zeros(y, q, threshold):
    return two(1 - y, q <= threshold)


@wrong("02.5", says="a probability above the threshold")
def rates_below(y, q, threshold):
    return two(y, q < threshold)


@wrong("02.5", says="is no alarm")
def rates_at(y, q, threshold):
    return two(y, q >= threshold)


@wrong("02.5", says="The threshold is an argument")
def rates_at_half(y, q, threshold):
    return two(y, q > 0.5)


@wrong("02.5", says="Divided by all examples")
def rates_of_all(y, q, threshold):
    found = np.sum((q > threshold) & (y == 1)) / len(y)
    return found, found


@wrong("02.5", says="false alarms as found")
def rates_of_false_alarms(y, q, threshold):
    alarm = q > threshold
    found = np.sum(alarm & (y == 0))
    return found / max(alarm.sum(), 1), found / max(y.sum(), 1)


@wrong("02.5", says="shares of errors")
def error_rates(y, q, threshold):
    precision, recall = two(y, q > threshold)
    return 1 - precision, 1 - recall
