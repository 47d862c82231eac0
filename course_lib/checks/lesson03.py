"""Checks of lesson 03: neural networks by hand."""

import copy

import numpy as np

from course_lib.checks import Mistake, compare, compare_integer, exercise, numbers, shape_name, show_call
from course_lib.checks.lesson02 import stable_cross_entropy, stable_softmax


def network(rng, n, d, m, K):
    """Random inputs (n, d) and weights of a network d–m–K, biases included."""
    return (
        rng.normal(size=(n, d)),
        rng.normal(size=(d, m)), rng.normal(size=m), rng.normal(size=(m, K)), rng.normal(size=K),
    )  # fmt: skip


def relu(z):
    """The larger of z and 0."""
    return np.maximum(z, 0)


@exercise("03.1", "Forward pass", points=2)
def forward(answer, rng):
    """ReLU in between and nothing behind; biases of both layers; one example, one unit."""
    small = (
        np.array([[1.0, 2.0], [3.0, -1.0]]),
        np.array([[1.0, -1.0], [0.5, 0.25]]), np.array([0.25, 0.625]),  # one score is negative
        np.array([[1.0, -2.0], [-0.5, 1.5]]), np.array([0.5, -0.25]),
    )  # fmt: skip
    for X, W1, b1, W2, b2 in (small, network(rng, 6, 4, 5, 3), network(rng, 1, 3, 1, 2)):
        Z1 = X @ W1 + b1
        expected = relu(Z1) @ W2 + b2
        mistakes = [
            (Z1 @ W2 + b2, "The activation is missing: without ReLU between them, the two layers are one linear layer."),
            (relu(expected), "The last layer has no activation: scores may be negative."),
            (stable_softmax(expected), "Those are probabilities: return the scores, before the softmax."),
            (relu(Z1), "Those are the outputs of the hidden layer: the output layer is still to come."),
            (1 / (1 + np.exp(-Z1)) @ W2 + b2, "That has a sigmoid in the hidden layer: ReLU is max(z, 0)."),
            ((1 / (1 + np.exp(-Z1))) @ W2 + b2, "That has a sigmoid in the hidden layer: ReLU is max(z, 0)."),
            (np.tanh(Z1) @ W2 + b2, "That has tanh in the hidden layer: ReLU is max(z, 0)."),
            (np.abs(Z1) @ W2 + b2, "That has the absolute value in the hidden layer: ReLU makes negative scores 0."),
            (np.minimum(Z1, 0) @ W2 + b2, "That is the minimum of z and 0: ReLU is the maximum."),
            ((Z1 > 0) @ W2 + b2, "That gives 1 where the score is positive: ReLU gives the score itself."),
            (relu(X @ W1) @ W2 + b2, "The biases b1 of the hidden layer are missing."),
            ((relu(X @ W1) + b1) @ W2 + b2, "The biases b1 belong inside: max(X @ W1 + b1, 0)."),
            (relu(Z1) @ W2, "The biases b2 of the output layer are missing."),
            (expected.T, "It is transposed: a row for each example, a column for each score."),
        ]  # fmt: skip
        if X.shape == W1.shape == W2.shape:  # then these fit, too
            mistakes += [
                (relu(X @ W1.T + b1) @ W2 + b2, "X @ W1, not X @ W1.T: a unit's weights are a column of W1."),
                (relu(X @ W1 + b1) @ W2.T + b2, "H @ W2, not H @ W2.T: a score's weights are a column of W2."),
                (relu(W1 @ X + b1) @ W2 + b2, "The order is turned: X @ W1, since an example is a row of X."),
                ([Z1, relu(Z1), expected], "Return the scores alone, not Z1 and H too."),
                (relu(X * W1 + b1) @ W2 + b2, "* multiplies entry by entry: the matrix product is @."),
            ]  # fmt: skip
        otherwise = "The hidden outputs are X @ W1 + b1 with 0 for what is negative, entry by entry; the output layer takes W2 and b2 to them."
        compare(answer, (X, W1, b1, W2, b2), expected, mistakes, otherwise)


@exercise("03.2", "Backward pass", points=4)
@np.errstate(all="ignore")
def hidden_gradient(answer, rng):
    """Equals finite differences of the loss."""
    small = (
        np.array([[1.0, 2.0], [0.5, -1.0], [-3.0, 0.5]]),
        np.array([0, 1, 0]),
        np.array([[1.0, -1.0, 0.5], [0.5, 0.25, -0.75]]), np.array([0.25, 1.0, 0.5]),
        np.array([[1.0, -1.0], [-0.5, 1.5], [0.25, 0.5]]), np.array([0.5, -0.25]),
    )  # fmt: skip
    cases = [small]
    for n, d, m, K in ((7, 3, 5, 4), (1, 2, 3, 3)):
        X, W1, b1, W2, b2 = network(rng, n, d, m, K)
        b1 = b1 + np.where(np.abs(X @ W1 + b1).min(axis=0) < 1e-3, 0.01, 0)  # off the bend
        labels = rng.integers(K, size=n)
        if n == 1:  # the least likely class: of a sure and right prediction float32 leaves little
            labels = (relu(X @ W1 + b1) @ W2 + b2).argmin(axis=1)
        cases.append((X, labels, W1, b1, W2, b2))
    opposed = np.array([[1.0, -1.0], [-1.0, 1.0]])
    large = np.array([[1000.0, 1.0], [1.0, 2000.0]])  # scores of ±1000 and ±2000
    cases.append((np.eye(2), np.array([1, 0]), large, np.zeros(2), opposed, np.zeros(2)))
    for X, labels, W1, b1, W2, b2 in cases:

        def loss(W1, X=X, labels=labels, b1=b1, W2=W2, b2=b2):
            return stable_cross_entropy(labels, relu(X @ W1 + b1) @ W2 + b2).mean()

        slopes = np.empty(W1.size)
        for k, step in enumerate(1e-6 * np.eye(W1.size)):
            step = step.reshape(W1.shape)
            slopes[k] = (loss(W1 + step) - loss(W1 - step)) / 2e-6
        expected, n = slopes.reshape(W1.shape), len(X)
        Z1 = X @ W1 + b1
        H = relu(Z1)
        Q, P = stable_softmax(H @ W2 + b2), np.eye(W2.shape[1])[labels]
        delta2, mask = (Q - P) / n, Z1 > 0
        back = delta2 @ W2.T
        mistakes = [
            (X.T @ back, "The derivative of ReLU is missing: multiply by (Z1 > 0) before going back to W1."),
            (X.T @ (back * H), "That multiplies by the outputs of ReLU: its derivative is 1 where Z1 > 0, else 0."),
            (X.T @ (back * Z1), "That multiplies by the scores Z1: the derivative of ReLU is 1 where Z1 > 0, else 0."),
            (X.T @ (back * ~mask), "The mask is turned: the gradient passes where Z1 > 0."),
            (X.T @ (back * H * (1 - H)), "That is the derivative of a sigmoid: ReLU's is 1 where Z1 > 0, else 0."),
            (n * expected, "That is the gradient of the sum: divide by n."),
            (expected / n, "Divided by n twice: once is enough."),
            (-expected, "The sign is turned: it starts with Q - P, the prediction less the truth."),
            (X.T @ ((Q / n) @ W2.T * mask), "The truth is missing: take 1 off the probability of the right class."),
            (X.T @ ((H @ W2 + b2 - P) / n @ W2.T * mask), "Softmax is missing: those are the scores less the truth."),
            (X.T @ ((delta2 * Q * (1 - Q)) @ W2.T * mask), "The derivative of softmax is already in Q - P: nothing more to multiply."),
            (H.T @ delta2, "That is the gradient by W2, of the output layer: go one layer further back."),
            (back * mask, "That is the gradient by the scores Z1: multiply by X.T, since Z1 is X @ W1 + b1."),
            ((back * mask).sum(axis=0), "That is the gradient by b1: multiply by X.T instead of summing."),
            (expected.T, "It is transposed: it has the shape of W1, (d, m), so X.T stands on the left."),
            *slips(X, labels, W1, b1, W2, b2),
        ]  # fmt: skip
        otherwise = (
            "delta2 is (Q - P) / n; W2.T takes it back to the hidden units; where Z1 is not positive it is 0; "
            "X.T takes that to W1."
        )
        if W1 is large:
            otherwise = "Its softmax overflows: take the largest score off each row first."
        compare(answer, (X, labels, W1, b1, W2, b2), expected, mistakes, otherwise, rtol=1e-4)


def slips(X, labels, W1, b1, W2, b2):
    """What slips of the pen give in 03.2, where the method is right: pairs (gradient, hint)."""
    P, n = np.eye(len(b2))[labels], len(X)

    def gradient(b1=b1, b2=b2, axis=1, whole_columns=False, mask_by_delta=False):
        Z1 = X @ W1 + b1
        Z2 = relu(Z1) @ W2 + b2
        e = np.exp(Z2 - Z2.max(axis=axis, keepdims=True))
        delta2 = e / e.sum(axis=axis, keepdims=True)
        delta2 = (delta2 - (P.any(axis=0) if whole_columns else P)) / n
        back = delta2 @ W2.T
        return X.T @ (back * ((back if mask_by_delta else Z1) > 0))

    return [
        (gradient(b1=0 * b1), "The biases b1 are missing in the forward pass: Z1 = X @ W1 + b1."),
        (gradient(b2=0 * b2), "The biases b2 are missing in the forward pass: Z2 = H @ W2 + b2."),
        (gradient(axis=0), "Softmax of each row, axis=1: its probabilities sum to 1 over the classes."),
        (gradient(whole_columns=True), "Q[:, labels] takes 1 off whole columns: write Q[np.arange(n), labels]."),
        (gradient(mask_by_delta=True), "The mask asks for Z1 > 0, not for the sign of what comes back."),
        (gradient() / len(b2), "Divided by n K: the mean runs over the n examples alone."),
    ]  # fmt: skip


@exercise("03.3", "Two linear layers are one", points=2)
def collapse(answer, rng):
    """The table, behind a column of ones, gives the scores of the two layers."""
    small = (
        np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1.0, 3.0]),
        np.array([[2.0, 0.0], [1.0, -1.0]]), np.array([0.5, 4.0]),
    )  # fmt: skip
    for W1, b1, W2, b2 in (small, network(rng, 1, 4, 2, 3)[1:], network(rng, 1, 1, 5, 1)[1:]):
        # What any input gives: zeros give the biases, a one in a place its row of weights.
        inputs = np.vstack([np.zeros(len(W1)), np.eye(len(W1))])
        scores = (inputs @ W1 + b1) @ W2 + b2
        expected = np.vstack([scores[0], scores[1:] - scores[0]])
        product = W1 @ W2
        mistakes = [
            (np.vstack([b2, product]), "The biases b1 are lost: they pass through the second layer too."),
            (np.vstack([b1 @ W2, product]), "The biases b2 are lost: the second layer adds them, behind the weights W2."),
            (np.vstack([product, expected[:1]]), "The biases belong in the first row, the weights below."),
            (scores, "Those are scores, biases included: the rows below the first should be W1 @ W2 alone."),
            (product, "Those are the weights: put the biases above them as a first row."),
            (expected[0], "Those are the biases: put the weights W1 @ W2 below them."),
            (expected.T, "It is transposed: the biases are the first row, not the first column."),
            (np.vstack([expected[0], relu(W1) @ W2]), "There is no ReLU here: both layers are linear."),
        ]  # fmt: skip
        if W1.shape == W2.shape:  # then these fit, too
            mistakes += [
                (np.vstack([b1 + b2, product]), "b1 are outputs of the first layer: they pass through W2 before b2 is added."),
                (np.vstack([expected[0], W2 @ W1]), "The order is turned: the input meets W1 first, X @ W1 @ W2."),
                (np.vstack([expected[0], W1 * W2]), "* multiplies entry by entry: the matrix product is @."),
                (np.vstack([expected[0], W1 + W2]), "Layers in a row multiply: W1 @ W2, not W1 + W2."),
                (np.vstack([b1 + b2, W1 + W2]), "Layers in a row multiply: W1 @ W2, not W1 + W2."),
                (np.vstack([W2 @ b1 + b2, product]), "b1 is a row: b1 @ W2, not W2 @ b1."),
            ]  # fmt: skip
        otherwise = "Multiply out (X @ W1 + b1) @ W2 + b2: what is left without X is the first row, and what X is multiplied by stands below."
        compare(answer, (W1, b1, W2, b2), expected, mistakes, otherwise)


@exercise("03.4", "He initialisation", points=3)
def he(answer, rng):
    """Shape, mean, variance; a signal keeps its mean square through twenty layers."""

    def draw(inputs, units, rng):
        # The answer gets a copy, so that a generator given twice would draw the same twice.
        weights = answer(inputs, units, np.random.default_rng(rng.integers(2**32)))
        array = numbers(weights)
        call = [show_call(answer.name, (inputs, units)).replace(")", ", rng)")]
        if array.shape != (inputs, units):
            advice = "It is transposed." if array.shape == (units, inputs) else "Let `size` be that shape."
            hint = f"Expected {shape_name((inputs, units))}, received {shape_name(array.shape)}. {advice}"
            raise Mistake(hint, call)
        return array, [*call, f"has mean {array.mean():.4f} and standard deviation {array.std():.4f}",
                       f"expected  about 0 and {np.sqrt(2 / inputs):.4f}"]  # fmt: skip

    for inputs, units in ((400, 150), (100, 700)):
        array, case = draw(inputs, units, rng)
        expected = np.sqrt(2 / inputs)
        if array.std() < 1e-9:
            raise Mistake(
                "All weights are the same, so that all units stay alike: draw them at random from rng.", case
            )
        if len(np.unique(array.round(9), axis=1).T) < units:
            raise Mistake("Some units have the same weights: draw each weight anew.", case)
        # 60,000 weights: the mean is known to 0.4 % of a standard deviation, and that to 0.3 % of itself.
        if abs(array.mean()) > 0.03 * expected + 0.03 * array.std():
            raise Mistake(
                "The mean is not 0: rng.normal(size=...) has mean 0, rng.random(...) has not.", case
            )
        for wrong, hint in (
            (2 / inputs, "That is the variance, where the standard deviation belongs: take the square root."),
            (np.sqrt(2 / units), "Divided by the number of units: He divides by the number of inputs."),
            (np.sqrt(1 / inputs), "The variance is 1 / inputs: ReLU drops half of the signal, so double it."),
            (np.sqrt(2 / (inputs + units)), "That is Glorot's variance, 2 / (inputs + units): He's is 2 / inputs."),
            (np.sqrt(2 / (inputs * units)), "Divided by all weights of the layer: He divides by the number of inputs."),
            (1.0, "Those have variance 1: multiply by the square root of 2 / inputs."),
            (np.sqrt(2), "The variance is 2, whatever the number of inputs: divide by that number before the root."),
            (expected / np.sqrt(3), "Uniform between -s and s has the standard deviation s / √3: s must be √(6 / inputs)."),
        ):  # fmt: skip
            if abs(array.std() / wrong - 1) < 0.03 and abs(wrong / expected - 1) > 0.06:
                raise Mistake(hint, case)
        if abs(array.std() / expected - 1) > 0.03:
            raise Mistake(
                "The standard deviation is to be the square root of 2 / inputs, the number of inputs.", case
            )

    twin = np.random.default_rng([7, int(rng.integers(2**31))])
    same = copy.deepcopy(twin)
    if not np.array_equal(draw(5, 4, twin)[0], draw(5, 4, same)[0]):
        hint = (
            "The same rng gave other weights: draw from the rng given, not from np.random or one of your own."
        )
        raise Mistake(hint, [show_call(answer.name, (5, 4)).replace(")", ", rng)")])
    if np.array_equal(draw(5, 4, rng)[0], draw(5, 4, rng)[0]):
        hint = "Two generators gave the same weights: draw from the rng given, not from one of your own."
        raise Mistake(hint, [show_call(answer.name, (5, 4)).replace(")", ", rng)")])

    signal = rng.normal(size=(50, 100))
    for _ in range(20):
        array, case = draw(100, 100, rng)
        signal = relu(signal @ array)
    # The draw of 20 layers of 100 moves the mean square by a factor of 2.5 or so: 100 is five such factors.
    if not 1 / 100 < np.mean(signal**2) < 100:
        hint = f"After 20 layers the mean square of a signal is {np.mean(signal**2):.2g} instead of about 1."
        raise Mistake(
            f"{hint} Draw each weight on its own, from the rng given, each time the function is called.", case
        )


@exercise("03.5", "Units that stay alike", points=3)
def different_units(answer, rng):
    """As many as a network trained from there has."""
    W1, b1, W2 = rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=(6, 2))
    copies = np.array([0, 1, 0, 2, 1, 0])
    same = W1[:, copies], b1[copies], W2[copies]
    other_bias, other_exit = same[1].copy(), same[2].copy()
    other_bias[2] += 1
    other_exit[4] *= -1
    a, b = [1.0, 2, 0, 3, 4], [6.0, 2, 5, 1, 4]
    # Three equal units, one that differs from them in its bias, two others that are equal.
    small = (
        np.array([a, a, a, a, b, b]).T,
        np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        np.full((6, 1), 8.0),
    )
    multiples = np.array([[1.0, 2, 3, 0]]), np.array([2.0, 4, 0, 0]), np.array([[1.0], [2], [1], [0]])
    cases = (
        small,
        multiples,  # of rank 2, and two have the same sum
        same,
        (same[0], other_bias, same[2]),
        (same[0], same[1], other_exit),
        (np.ones((4, 3)) / 2, np.zeros(3), np.zeros((3, 2))),
        (W1, b1, W2),
    )
    for W1, b1, W2 in cases:
        units = np.column_stack([W1.T, b1, W2])
        expected = _count(units)
        trained = _count(_trained(W1, b1, W2, rng).round(9))
        if trained != expected:
            raise RuntimeError(f"03.5: {expected} different units became {trained}.")
        mistakes = [
            (len(b1), "That is the number of all hidden units: count those that differ."),
            (len(b1) - expected, "That is the number of copies: count the units that differ."),
            (_count(np.column_stack([W1.T, W2])), "Units with the same weights may still differ in their bias b1."),
            (_count(np.column_stack([W1.T, b1])), "Units with the same inputs and bias may still differ in their outgoing weights, a row of W2."),
            (_count(W1.T), "Compare the biases and the outgoing weights too, not only W1."),
            (_count(W1), "A hidden unit is a column of W1, not a row."),
            (len(np.unique(W1)), "Those are the different numbers in W1: compare whole columns."),
            (len(np.unique(units)), "Those are the different numbers of all units together: compare whole units, with axis=0."),
            (sum(np.sum(np.all(units == unit, axis=1)) == 1 for unit in units),
             "That is the number of units without a twin: equal ones count once, not never."),
            (np.linalg.matrix_rank(units), "That is a rank: a multiple of a unit is another unit."),
            (len(np.unique(units.sum(axis=1))), "Different units may have the same sum: compare entry by entry."),
        ]  # fmt: skip
        otherwise = "Put each unit's column of W1, its bias and its row of W2 into one row, and count the different rows."
        compare_integer(answer, (W1, b1, W2), expected, mistakes, otherwise)


def _count(rows):
    return len(np.unique(rows, axis=0))


def _trained(W1, b1, W2, rng, steps=5):
    """The hidden units, a row each, after some steps of gradient descent on random examples."""
    X, P = rng.normal(size=(8, len(W1))), np.eye(W2.shape[1])[rng.integers(W2.shape[1], size=8)]
    for _ in range(steps):
        Z1 = X @ W1 + b1
        delta2 = (stable_softmax(relu(Z1) @ W2) - P) / len(X)
        delta1 = delta2 @ W2.T * (Z1 > 0)
        W1, b1, W2 = W1 - 0.1 * X.T @ delta1, b1 - 0.1 * delta1.sum(axis=0), W2 - 0.1 * relu(Z1).T @ delta2
    return np.column_stack([W1.T, b1, W2])
