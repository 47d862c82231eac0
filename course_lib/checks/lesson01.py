"""Checks of lesson 01: linear regression by hand."""

import numpy as np

from course_lib.checks import Mistake, ask, compare, exercise, explain, numbers, show


def with_ones(X):
    """The design matrix: a column of ones, then the features."""
    return np.column_stack([np.ones(len(X)), X])


def random_problem(rng, n, d):
    """Features (n, d) of unequal scale and a target (n,) that is linear in them but for noise."""
    X = rng.normal(size=(n, d)) * np.geomspace(0.5, 2.0, d) + rng.normal(size=d)
    y = with_ones(X) @ rng.normal(size=d + 1) + 0.3 * rng.normal(size=n) + 5.0
    return X, y


SMALL_X, SMALL_Y = np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 2.0, 7.0])


@exercise("01.1", "Standardise without a leak", points=2)
def standardise(answer, rng):
    """Means and standard deviations of the training rows only, feature by feature."""
    small = np.array([[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]]), np.array([[4.0, 20.0], [6.0, 50.0]])
    large = random_problem(rng, 20, 3)[0], random_problem(rng, 7, 3)[0]
    for train, new in (small, large, (large[0], large[0]), (large[0], large[1][:1])):
        mean, std = train.mean(axis=0), train.std(axis=0)
        both = np.vstack([train, new])
        own = np.where(new.std(axis=0) > 0, new.std(axis=0), 1.0)
        mistakes = [
            ((new - new.mean(axis=0)) / own, "A leak: the new rows are put on a scale of their own. Use that of the training rows."),
            ((new - both.mean(axis=0)) / both.std(axis=0), "A leak: the new rows have moved the scale. Use the training rows alone."),
            ((train - mean) / std, "Those are the training rows: return the new ones on their scale."),
            (new - mean, "Not yet divided by the standard deviations."),
            (new / std, "The means of the training rows are not taken off."),
            (new - mean / std, "Take off the mean first, then divide: parentheses are missing."),
            ((new - mean) / std**2, "Divided by the variance: the standard deviation is its root."),
            ((new - mean) / train.std(axis=0, ddof=1), "Divide by n, as `train.std(axis=0)` does, not by n - 1."),
            ((new - train.mean()) / train.std(), "One mean for all features mixes their units: take `axis=0`."),
        ]  # fmt: skip
        compare(
            answer, (train, new), (new - mean) / std, mistakes,
            "From each feature take the mean of the training rows (axis=0), and divide by their standard deviation.",
        )  # fmt: skip


@exercise("01.2", "Mean squared error", points=2)
def mean_squared_error(answer, rng):
    """The mean of the squares, with y_hat as a vector or as Keras's column."""
    small, guess = np.array([1.0, 2.0, 4.0]), np.array([1.5, 1.0, 1.0])
    a, b = rng.normal(size=(2, 7)) * 3
    one = np.array([3.0]), np.array([1.0])
    for y, y_hat in ((small, guess), (small, guess[:, None]), (a, b), (a, b[:, None]), one):
        error = y - y_hat.reshape(-1)
        table = y - y_hat.reshape(-1, 1)
        mistakes = [
            (np.sum(error**2), "That is the sum of the squares: divide by their number, n."),
            (
                np.mean(error**2) / 2,
                "That is half the mean squared error: this loss, like Keras's, has no ½.",
            ),
            (np.sqrt(np.mean(error**2)), "That is the root of it: leave the root out."),
            (np.mean(np.abs(error)), "That is the mean absolute error: square the errors."),
            (np.mean(error) ** 2, "The mean is squared: square first, then take the mean."),
            (np.mean(error), "Square the errors: as they stand, positive and negative ones cancel."),
            (error**2, "Those are the squares, one a row: take their mean."),
            (np.sum(error**2) / max(len(y) - 1, 1), "Divide by n, not by n - 1."),
            (
                np.var(error),
                "`np.var` takes off the mean of the errors first: a constant error would cost nothing.",
            ),
            (
                np.mean(table**2, axis=0),
                "A vector (n,) minus a column (n, 1) is a table (n, n), by broadcasting: bring y_hat to shape (n,) and leave y as it is.",
            ),
            (
                np.mean(table**2),
                "A vector (n,) minus a column (n, 1) is a table (n, n), by broadcasting: bring y_hat to shape (n,) and leave y as it is.",
            ),
        ]
        compare(answer, (y, y_hat), np.mean(error**2), mistakes, "Subtract, square, take the mean.")


@exercise("01.3", "Gradient of the loss", points=3)
def gradient(answer, rng):
    """Equals finite differences of the mean squared error."""
    X, y = random_problem(rng, 9, 2)
    five = (
        np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 1.0], [4.0, 2.0], [6.0, 0.0]]),
        np.array([1.0, 2.0, 7.0, 8.0, 9.0]),
    )
    cases = [(*five, np.array([1.0, 1.0, 0.0])), (X, y, rng.normal(size=3)), (X[:1], y[:1], np.zeros(3))]
    for X, y, beta in cases:
        A = with_ones(X)
        steps = 1e-4 * np.eye(len(beta))
        expected = [
            (np.mean((A @ (beta + h) - y) ** 2) - np.mean((A @ (beta - h) - y) ** 2)) / 2e-4 for h in steps
        ]
        error, n = A @ beta - y, len(y)
        mistakes = [
            (
                -2 / n * A.T @ error,
                "The sign is wrong: the gradient points uphill. It needs A @ beta - y, not y - A @ beta.",
            ),
            (
                1 / n * A.T @ error,
                "The factor 2 is missing: the derivative of e² is 2e, and this loss has no ½.",
            ),
            (2 * A.T @ error, "The mean is missing: divide by n."),
            (A.T @ error, "Both the factor 2 and the mean over n are missing."),
            (
                2 / len(beta) * A.T @ error,
                "Divided by the number of coefficients: the mean is over the n rows.",
            ),
            (2 / A.size * A.T @ error, "Divided by the number of entries of A: the mean is over the n rows."),
            (2 / max(n - 1, 1) * A.T @ error, "Divided by n - 1: the mean divides by n."),
            (2 / n * A * error[:, None], "Those are n gradients, one a row: add them up."),
            (
                2 / n * np.sum(error) * np.ones(len(beta)),
                "Each error counts with its own row of A: A.T @ error.",
            ),
            (2 / n * A.T @ (A @ beta), "The target is missing: the error is A @ beta - y."),
        ]
        compare(
            answer, (A, y, beta), expected, mistakes,
            "Each entry tells how fast the loss changes with one coefficient: compare with finite differences, as in the lesson.",
            rtol=1e-4,
        )  # fmt: skip


@exercise("01.4", "Normal equations", points=3)
def fit(answer, rng):
    """Residuals orthogonal to the columns of the design matrix; equal to `lstsq`."""
    for X, y in ((SMALL_X, SMALL_Y), random_problem(rng, 12, 3), random_problem(rng, 4, 3)):
        A = with_ones(X)
        beta = np.linalg.lstsq(A, y, rcond=None)[0]
        centred = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
        through_origin = np.linalg.lstsq(X, y, rcond=None)[0]
        mistakes = [
            (through_origin, "Without a column of ones the line is forced through the origin: d + 1 coefficients are wanted."),
            (np.append(beta[1:], beta[0]), "The intercept comes first: put the column of ones before the features."),
            (centred, "The intercept is missing from the result."),
            (np.append(0.0, through_origin), "The intercept is not zero: add a column of ones to X and solve for all at once."),
            (np.append(y.mean(), centred), "The mean of y is the intercept of centred features only: take off the slopes times the means."),
            (A.T @ y, "A.T @ y is the right-hand side alone: solve (A.T @ A) beta = A.T @ y."),
            (np.linalg.solve(A.T @ A + np.eye(len(beta)), A.T @ y), "That is ridge regression: nothing is added to A.T @ A here."),
        ]  # fmt: skip
        otherwise = "Solve (A.T @ A) beta = A.T @ y, where A is X with a column of ones before it."
        _, received, case = ask(answer, (X, y), beta, otherwise)
        if received.shape == beta.shape:
            products = A.T @ (y - A @ received)
            if np.all(np.abs(products) <= 1e-4 * np.abs(A).T @ np.abs(y)):
                continue  # orthogonal residuals: the minimum, and the only one since n > d
            otherwise = f"The residuals must be orthogonal to the columns of A, but A.T @ residuals is {show(products)}."
        explain(received, beta, mistakes, otherwise, 1e-4, case)


@exercise("01.5", "Gradient descent, with ½ and without", points=3)
def descend(answer, rng):
    """Same minimum with and without ½; the same path at twice the rate."""

    def walk(A, y, rate, steps, factor=2.0, start=0.0, sign=-1.0):
        beta = np.full(A.shape[1], start)
        for _ in range(steps):
            beta = beta + sign * rate * factor / len(y) * A.T @ (A @ beta - y)
        return beta

    def one_by_one(A, y, rate, steps, factor):
        beta = np.zeros(A.shape[1])
        for j in list(range(len(beta))) * steps:
            beta[j] -= rate * factor / len(y) * A[:, j] @ (A @ beta - y)
        return beta

    large_X, large_y = random_problem(rng, 10, 2)
    for X, y, steps in ((SMALL_X, SMALL_Y, 1), (SMALL_X, SMALL_Y, 2), (large_X, large_y, 3)):
        A = with_ones(X)
        rate = 0.5 / np.linalg.eigvalsh(2 / len(y) * A.T @ A)[-1]
        rate = float(np.format_float_positional(rate, precision=2, fractional=False))
        for half in (False, True):
            factor = 1.0 if half else 2.0
            mistakes = [
                (
                    walk(A, y, rate, steps, factor, sign=1.0),
                    "The loss grows: subtract the gradient, do not add it.",
                ),
                (
                    walk(A, y, rate, steps, 3.0 - factor),
                    "With `half` the loss is ½ · mean of squares, and its gradient half as long; without, it has the factor 2."
                    if half
                    else "Without `half` the gradient has the factor 2: the loss is the mean of squares.",
                ),
                (walk(A, y, rate, steps + 1, factor), "That is one step too many."),
                (
                    walk(A, y, rate, steps - 1, factor),
                    "After one step beta is still 0. Is that one step too few, is the new beta not stored, or is y missing from the error?"
                    if steps == 1
                    else "That is one step too few: does each step start from the last beta, and does `return` stand after the loop?",
                ),
                (
                    [walk(A, y, rate, k, factor) for k in range(steps + 1)],
                    "That is the whole path: return the last coefficients alone.",
                ),
                (walk(A, y, 1.0, steps, factor), "The learning rate is left out."),
                (
                    steps * walk(A, y, rate, 1, factor),
                    "Every step uses the first gradient: compute it in the loop, at the current beta.",
                ),
                (
                    one_by_one(A, y, rate, steps, factor),
                    "The coefficients move one after the other: compute the gradient once a step, then move all.",
                ),
                (
                    walk(A, y, rate, steps, factor * len(y)),
                    "The mean is missing from the gradient: divide by n.",
                ),
                (walk(A, y, rate, steps, factor, start=1.0), "Start from zeros."),
            ]
            compare(
                answer, (A, y, rate, steps, half), walk(A, y, rate, steps, factor), mistakes,
                "From beta = 0, repeat `steps` times: beta = beta - learning_rate * gradient.",
            )  # fmt: skip
    A = with_ones((large_X - large_X.mean(axis=0)) / large_X.std(axis=0))
    minimum = np.linalg.lstsq(A, large_y, rcond=None)[0]
    rate = 1.0 / np.linalg.eigvalsh(2 / len(large_y) * A.T @ A)[-1]
    for half in (False, True):
        found = numbers(answer(A, large_y, rate, 500, half))
        if not np.allclose(found, minimum, rtol=1e-3, atol=1e-3):
            raise Mistake(
                f"After 500 steps with half={half} it is not at the minimum: does every step use all rows?"
            )
