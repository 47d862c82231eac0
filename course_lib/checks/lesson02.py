"""Checks of lesson 02: logistic regression by hand."""

import numpy as np

from course_lib.checks import compare, exercise


def stable_softmax(Z, axis=1):
    """Softmax along an axis."""
    e = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def stable_cross_entropy(labels, Z):
    """Cross-entropy of each row's softmax at its label, (n,)."""
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(labels)), labels]


def strict(answer):
    """The answer, with NumPy's warnings of overflow and of invalid values as exceptions."""

    def call(*args):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return answer(*args)

    call.name = answer.name
    return call


@exercise("02.1", "A sigmoid that does not overflow", points=2)
@np.errstate(all="ignore")  # plausible mistakes overflow
def sigmoid(answer, rng):
    """Half at zero, σ(-z) = 1 - σ(z), no overflow, any shape."""
    huge = (
        "exp overflows for large arguments: let its argument never be positive, for instance -np.abs(z). "
        "np.where alone does not help: it computes both branches."
    )
    for z in (
        np.array([0.0, 1.0, -2.0]),
        np.array([0.5, -0.5]),
        rng.normal(size=(2, 3)) * 4,
        np.array([1000.0, -1000.0, 800.0, 0.0]),
        np.array([-15.0, -14.0]),
    ):
        e = np.exp(-np.abs(z))
        expected = np.where(z >= 0, 1, e) / (1 + e)
        mistakes = [
            (1 - expected, "That is σ(-z): the sign in the exponent is wrong."),
            (np.tanh(z), "That is tanh, which runs from -1 to 1: σ runs from 0 to 1."),
            (np.exp(-z), "That is exp(-z) alone: σ is 1 / (1 + exp(-z))."),
            (1 + e, "That is the denominator: take 1 divided by it."),
            (1 / 1 + np.exp(-z), "That is 1 + exp(-z), the denominator: σ is 1 / (1 + exp(-z)), with the parentheses."),
            (1 / (1 + e), "For negative z that is 1 - σ(z): exp(-|z|) / (1 + exp(-|z|)) is wanted there."),
            (e / (1 + e), "For positive z that is 1 - σ(z): 1 / (1 + exp(-|z|)) is wanted there."),
            (z > 0, "Those are the labels: return the probabilities."),
            (expected * (1 - expected), "That is the derivative of σ: return σ itself."),
            (np.where(np.abs(z) > 100, 0, expected), "Where z is large and positive, σ(z) is 1."),
        ]  # fmt: skip
        otherwise = "σ(z) = 1 / (1 + exp(-z)), entry by entry."
        if np.abs(z).max() > 100:
            otherwise = huge
        elif z.max() < -10:
            mistakes, otherwise = [], "σ(-15) is about 3e-7: are the scores clipped too early?"
        compare(strict(answer), (z,), expected, mistakes, otherwise)


@exercise("02.2", "Softmax", points=2)
@np.errstate(all="ignore")
def softmax(answer, rng):
    """Rows sum to one; adding a constant to a row changes nothing; large scores do not overflow."""
    for Z in (
        np.array([[0.0, 1.0, 3.0], [2.0, 2.0, 0.0]]),
        rng.normal(size=(4, 3)) * 2,
        np.array([[3000.0, 3001.0], [-3000.0, 3000.0], [0.0, 5.0]]),
        np.array([[-1000.0, -998.0], [1.0, 2.0]]),
    ):
        e, shifted = np.exp(Z), np.exp(Z - Z.max(axis=1, keepdims=True))
        columns = "Columns sum to 1, but rows do not: an example is a row, so sum along axis=1."
        mistakes = [
            (stable_softmax(Z, axis=0), columns),
            (shifted / shifted.sum(axis=0), columns),
            (e / e.sum(), "All entries together sum to 1: each row should. Sum along axis=1."),
            (e, "Those are the exponentials: divide each row by its sum."),
            (Z / Z.sum(axis=1, keepdims=True), "Divided, but without the exponential."),
            (np.log(stable_softmax(Z) + 1e-300), "That is the logarithm of softmax: return the probabilities."),
            (1 / (1 + np.exp(-np.clip(Z, -700, 700))), "That is the sigmoid of each score: softmax divides by the sum of its row."),
            (np.eye(Z.shape[1])[Z.argmax(axis=1)], "That is 1 for the largest score: softmax leaves something to the others."),
            (Z.argmax(axis=1), "That is the predicted class: return the probabilities."),
            (stable_softmax(-Z), "The signs are turned: a larger score means a larger probability."),
        ]  # fmt: skip
        otherwise = (
            "exp overflows, or a row has vanished: subtract from each row its own largest score, not the mean, the smallest or the largest "
            "of all: Z.max(axis=1, keepdims=True)."
            if abs(Z).max() > 100
            else "exp(Z), each row divided by its sum: keepdims=True keeps sums and maxima a column beside the rows."
        )
        compare(strict(answer), (Z,), stable_softmax(Z), mistakes, otherwise)


@exercise("02.3", "Cross-entropy of scores", points=3)
@np.errstate(all="ignore")
def cross_entropy(answer, rng):
    """The logarithm of K for equal scores; large scores cost much, and not infinitely much."""
    cases = [
        (np.array([0, 2]), np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 1.0]])),
        (rng.integers(4, size=6), rng.normal(size=(6, 4)) * 2),
        (np.array([0, 1]), np.array([[0.0, 800.0], [-900.0, 100.0]])),
        (np.array([0, 0]), np.array([[0.0, 800.0], [-900.0, -1700.0]])),
        (np.array([0, 1]), np.array([[1.0, 0.0, 2.0], [0.0, 2.0, 1.0]])),
    ]
    for labels, Z in cases:
        rows = np.arange(len(labels))
        costs, Q = stable_cross_entropy(labels, Z), stable_softmax(Z)
        P = np.eye(Z.shape[1])[labels]
        mistakes = [
            (costs, "Those are the costs, one an example: take their mean."),
            *((np.mean(-np.log(np.clip(Q[rows, labels], least, 1))), "Clipping the probabilities caps the loss, and its gradient is zero there: compute it from the scores.") for least in (1e-7, 1e-12, 1e-15)),
            (np.mean(np.log(np.exp(Z - Z.max(axis=1, keepdims=True)).sum(axis=1))[:, None] - (Z - Z.max(axis=1, keepdims=True))[:, labels]), "Z[:, labels] takes all n labels in every row: Z[np.arange(n), labels] takes each row's own."),
            (costs.sum(), "That is the sum: divide by the number of examples."),
            (costs.sum() / Z.size, "Divided by n · K: the mean is over the n examples."),
            (-costs.mean(), "The sign is turned: a cost is positive."),
            (np.mean(Q[rows, labels]), "That is the mean probability of the right class: the logarithm is missing."),
            (-np.log(np.mean(Q[rows, labels])), "The mean comes after the logarithm, not before."),
            (costs.mean() / np.log(2), "That is in bits, with the logarithm to base 2: take the natural one."),
            (np.mean(-np.log(Z[rows, labels])), "That takes the scores for probabilities: softmax is missing."),
            (np.mean(-Z[rows, labels]), "The logarithm of the sum of exponentials is missing."),
            (np.mean(costs + Z[rows, labels]), "The score of the right class is missing: take it off."),
            *((np.mean(-np.sum(Q * np.log(P + least), axis=1)), "p and q are swapped: the prediction stands in the logarithm, not the truth.") for least in (1e-15, 1e-12, 1e-7)),
            (np.mean((P - Q) ** 2), "That is the mean squared error of the probabilities: cross-entropy takes the logarithm of the right one."),
        ]  # fmt: skip
        large = abs(Z).max() > 100
        otherwise = (
            "Large scores: exp overflows, or a probability has rounded to 0. Take the largest score off each row, then log(sum(exp(z))) - z[label]."
            if large
            else "An example costs log(sum(exp(z))) - z[label]; take the mean. In a logarithm stands the prediction, never the truth."
        )
        compare(strict(answer), (labels, Z), costs.mean(), mistakes, otherwise)


@exercise("02.4", "Gradient of cross-entropy", points=3)
@np.errstate(all="ignore")
def gradient(answer, rng):
    """Equals finite differences of the loss."""
    cases = [
        (
            np.array([[1.0, 2.0], [1.0, 0.0], [1.0, -1.0]]),
            np.array([0, 1, 1]),
            np.array([[0.0, 0.5], [1.0, 0.0]]),
        ),
        (rng.normal(size=(7, 3)), rng.integers(4, size=7), rng.normal(size=(3, 4))),
        (rng.normal(size=(1, 2)), np.array([2]), np.zeros((2, 3))),
        # Scores of ±1000; the second row's are far below the first's.
        (np.diag([1000.0, 1000.0]), np.array([1, 1]), np.array([[1.0, -1.0], [-1.0, -3.0]])),
    ]
    for A, labels, W in cases:
        n, K = len(A), W.shape[1]
        slopes = np.empty(W.size)
        for k, step in enumerate(1e-5 * np.eye(W.size)):
            up, down = A @ (W + step.reshape(W.shape)), A @ (W - step.reshape(W.shape))
            slopes[k] = (stable_cross_entropy(labels, up) - stable_cross_entropy(labels, down)).mean() / 2e-5
        expected, Q, P = slopes.reshape(W.shape), stable_softmax(A @ W), np.eye(K)[labels]
        mistakes = [
            (-expected, "The sign is turned: it is Q - P, the prediction less the truth."),
            (n * expected, "That is the gradient of the sum: divide by n."),
            (n * expected / (n * K), "Divided by n · K: the mean is over the n examples."),
            (2 * expected, "There is no factor 2: that belongs to the squared error."),
            (A.T @ Q / n, "The truth is missing: take 1 off the probability of the right class."),
            (A.T @ (1 / (1 + np.exp(-A @ W)) - P) / n, "That is the sigmoid of each score: Q is the softmax of each row."),
            (A.T @ (A @ W - P) / n, "Softmax is missing: those are the scores less the truth."),
            (A.T @ (stable_softmax(A @ W, axis=0) - P) / n, "The softmax runs over the examples: it belongs over the classes, axis=1."),
            (A.T @ ((Q - P) * Q * (1 - Q)) / n, "The derivative of softmax is already in Q - P: nothing more to multiply."),
            (A.T @ ((Q - P) * Q) / n, "The derivative of softmax is already in Q - P: nothing more to multiply."),
            ((Q - P).T @ A / n, "It is transposed: it has the shape of W, (d, K), so A.T stands on the left."),
            ((Q - P) / n, "That is the gradient by the scores: multiply by A.T, since the scores are A @ W."),
        ]  # fmt: skip
        otherwise = "Q is the softmax of each row of A @ W; take 1 off it at the right class; then A.T from the left, and divide by n."
        if abs(A @ W).max() > 100:
            otherwise = "Its softmax overflows: take the largest score off each row first."
        compare(strict(answer), (A, labels, W), expected, mistakes, otherwise, rtol=1e-4)


@exercise("02.5", "Precision and recall", points=2)
def precision_and_recall(answer, rng):
    """By hand, with no alarm and with nothing to find as well."""
    many = rng.integers(2, size=30), rng.random(30).round(2)
    cases = [
        (np.array([1, 1, 1, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.7, 0.1, 0.6, 0.75, 0.2]), 0.5),
        (*many, 0.3),
        (np.array([1, 0, 1, 0, 0]), np.array([0.5, 0.5, 0.6, 0.1, 0.7]), 0.5),
        (np.array([1, 0]), np.array([0.2, 0.1]), 0.5),
        (np.array([0, 0]), np.array([0.9, 0.1]), 0.5),
    ]
    for y, q, threshold in cases:

        def both(alarm, y=y):
            found = np.sum(alarm & (y == 1))
            return np.array([found / max(alarm.sum(), 1), found / max(np.sum(y == 1), 1)])

        alarm = q > threshold
        expected = both(alarm)
        right_0, false_alarms = np.sum(~alarm & (y == 0)), np.sum(alarm & (y == 0))
        of_zeros = np.array([right_0 / max(np.sum(~alarm), 1), right_0 / max(np.sum(y == 0), 1)])
        at_half = "The threshold is an argument: an alarm is q > threshold, not q > 0.5."
        mistakes = [
            (expected[::-1], "They are swapped: precision divides by the alarms, recall by what there is to find."),
            (of_zeros, "Those are the rates of the zeros: count where y is 1."),
            ([np.mean(alarm == (y == 1)), expected[1]], "The first is accuracy: precision is the share of alarms that are right."),
            ([expected[0], np.mean(alarm == (y == 1))], "The second is accuracy: recall is the share of the ones that are found."),
            (both(q < threshold), "An alarm is a probability above the threshold."),
            (both(q >= threshold), "A probability equal to the threshold is no alarm: >, not >=."),
            (both(q > 0.5), at_half),
            (both(q.round() == 1), at_half),
            (expected * [alarm.mean(), np.mean(y == 1)], "Divided by all examples: divide by the alarms, and by what there is to find."),
            (1 - expected, "Those are the shares of errors: take 1 less each."),
            ([false_alarms / max(alarm.sum(), 1), false_alarms / max(np.sum(y == 1), 1)], "Those count the false alarms as found: count the alarms where y is 1."),
        ]  # fmt: skip
        otherwise = "Precision: of the alarms, the share with y = 1. Recall: of those with y = 1, the share with an alarm."
        if not alarm.any() or not np.any(y == 1):
            otherwise = (
                "With no alarm precision is 0, with nothing to find recall is 0: do not divide by zero."
            )
        compare(strict(answer), (y, q, threshold), expected, mistakes, otherwise)
