"""Answers to the exercises of lesson 01."""

import functools

import numpy as np

from tests.wrong_answers import right, wrong


def with_ones(X):
    return np.column_stack([np.ones(len(X)), X])


@right("01.1")
def standardise_in_loops(train, new):
    columns = []
    for j in range(train.shape[1]):
        mean = sum(train[:, j]) / len(train)
        variance = sum((train[:, j] - mean) ** 2) / len(train)
        columns.append([(value - mean) / variance**0.5 for value in new[:, j]])
    return [list(row) for row in zip(*columns, strict=True)]


@right("01.1")
def standardise_by_sklearn(train, new):
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(train).transform(new)


@right("01.1")
def standardise_in_float32(train, new):
    train, new = train.astype("float32"), new.astype("float32")
    return (new - train.mean(0)) / train.std(0)


@functools.cache
def normalisation(features):
    from keras import layers

    return layers.Normalization(axis=-1)


@right("01.1")
def standardise_in_keras(train, new):
    layer = normalisation(train.shape[1])
    layer.adapt(train)
    return layer(new)


@wrong("01.1", says="scale of their own")
def own_scale(train, new):
    spread = new.std(axis=0)
    return (new - new.mean(axis=0)) / np.where(spread > 0, spread, 1)


@wrong("01.1", says="moved the scale")
def pooled_scale(train, new):
    both = np.concatenate([train, new])
    return (new - both.mean(axis=0)) / both.std(axis=0)


@wrong("01.1", says="Those are the training rows")
def training_rows(train, new):
    return (train - train.mean(axis=0)) / train.std(axis=0)


@wrong("01.1", says="Not yet divided")
def only_centred(train, new):
    return new - train.mean(axis=0)


@wrong("01.1", says="means of the training rows are not taken off")
def only_scaled(train, new):
    return new / train.std(axis=0)


@wrong("01.1", says="parentheses")
def no_parentheses(train, new):
    return new - train.mean(axis=0) / train.std(axis=0)


@wrong("01.1", says="variance")
def by_variance(train, new):
    return (new - train.mean(axis=0)) / train.var(axis=0)


@wrong("01.1", says="n - 1")
def sample_deviation(train, new):
    return (new - train.mean(axis=0)) / train.std(axis=0, ddof=1)


@wrong("01.1", says="axis=0")
def one_mean(train, new):
    return (new - train.mean()) / train.std()


@wrong("01.1", says="stopped with ValueError")
def wrong_axis(train, new):
    return (new - train.mean(axis=1)) / train.std(axis=1)


@wrong("01.1", says="divide by their standard deviation")
def to_unit_range(train, new):
    return (new - train.min(axis=0)) / (train.max(axis=0) - train.min(axis=0))


@right("01.2")
def mse_with_reshape(y, y_hat):
    return ((y.reshape(-1, 1) - y_hat.reshape(-1, 1)) ** 2).mean()


@right("01.2")
def mse_as_dot(y, y_hat):
    error = y - np.ravel(y_hat)
    return error @ error / len(y)


@right("01.2")
def mse_in_float32(y, y_hat):
    return np.float32(np.mean((y.astype("float32") - np.ravel(y_hat).astype("float32")) ** 2))


@right("01.2")
def mse_in_keras(y, y_hat):
    import keras

    return keras.losses.mean_squared_error(y, np.ravel(y_hat))


@wrong("01.2", says="divide by their number")
def sum_of_squares(y, y_hat):
    return np.sum((y - np.ravel(y_hat)) ** 2)


@wrong("01.2", says="no ½")
def half(y, y_hat):
    return np.mean((y - np.ravel(y_hat)) ** 2) / 2


@wrong("01.2", says="root")
def root(y, y_hat):
    return np.sqrt(np.mean((y - np.ravel(y_hat)) ** 2))


@wrong("01.2", says="absolute error")
def absolute(y, y_hat):
    return np.mean(np.abs(y - np.ravel(y_hat)))


@wrong("01.2", says="broadcasting")
def broadcast(y, y_hat):
    return np.mean((y - y_hat) ** 2)


@wrong("01.2", says="square first")
def squared_mean(y, y_hat):
    return np.mean(y - np.ravel(y_hat)) ** 2


@wrong("01.2", says="cancel")
def mean_error(y, y_hat):
    return np.mean(y - np.ravel(y_hat))


@wrong("01.2", says="take their mean")
def squares(y, y_hat):
    return (y - np.ravel(y_hat)) ** 2


@wrong("01.2", says="n - 1")
def unbiased(y, y_hat):
    return np.sum((y - np.ravel(y_hat)) ** 2) / max(len(y) - 1, 1)


@wrong("01.2", says="a constant error")
def variance(y, y_hat):
    return np.var(y - np.ravel(y_hat))


@wrong("01.2", says="the shape is not")
def in_an_array(y, y_hat):
    return np.mean((y.reshape(-1, 1) - np.reshape(y_hat, (-1, 1))) ** 2, axis=0)


@wrong("01.2", says="broadcasting")
def broadcast_by_column(y, y_hat):
    return np.mean((y - y_hat) ** 2, axis=0)


@wrong("01.2", says="Subtract, square, take the mean")
def fourth_power(y, y_hat):
    return np.mean((y - np.ravel(y_hat)) ** 4)


@wrong("01.2", says="returned nothing")
def printed(y, y_hat):
    np.mean((y - np.ravel(y_hat)) ** 2)


@right("01.3")
def gradient_in_loops(A, y, beta):
    result = np.zeros(len(beta))
    for row, target in zip(A, y, strict=True):
        for j in range(len(beta)):
            result[j] += 2 * (row @ beta - target) * row[j] / len(y)
    return result


@right("01.3")
def gradient_by_einsum(A, y, beta):
    return 2 * np.einsum("ni,n->i", A, A @ beta - y) / len(y)


@right("01.3")
def gradient_in_float32(A, y, beta):
    A, y, beta = (array.astype("float32") for array in (A, y, beta))
    return 2 / len(y) * (A @ beta - y) @ A


@right("01.3")
def gradient_by_tape(A, y, beta):
    import tensorflow as tf

    beta = tf.Variable(beta)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.linalg.matvec(A, beta) - y) ** 2)
    return tape.gradient(loss, beta)


@wrong("01.3", says="sign")
def downhill(A, y, beta):
    return 2 / len(y) * A.T @ (y - A @ beta)


@wrong("01.3", says="factor 2 is missing")
def gradient_of_half(A, y, beta):
    return A.T @ (A @ beta - y) / len(y)


@wrong("01.3", says="mean is missing")
def gradient_of_sum(A, y, beta):
    return 2 * A.T @ (A @ beta - y)


@wrong("01.3", says="Both")
def gradient_of_half_sum(A, y, beta):
    return A.T @ (A @ beta - y)


@wrong("01.3", says="add them up")
def gradients_by_row(A, y, beta):
    return 2 / len(y) * A * (A @ beta - y)[:, None]


@wrong("01.3", says="own row of A")
def without_rows(A, y, beta):
    return np.full(len(beta), 2 * np.mean(A @ beta - y))


@wrong("01.3", says="target is missing")
def without_target(A, y, beta):
    return 2 / len(y) * A.T @ (A @ beta)


@wrong("01.3", says="number of coefficients")
def mean_over_columns(A, y, beta):
    return 2 / A.shape[1] * A.T @ (A @ beta - y)


@wrong("01.3", says="number of entries")
def mean_over_entries(A, y, beta):
    return 2 / A.size * A.T @ (A @ beta - y)


@wrong("01.3", says="n - 1")
def mean_over_one_less(A, y, beta):
    return 2 / max(len(y) - 1, 1) * A.T @ (A @ beta - y)


@wrong("01.3", says="the shape is not")
def gradient_as_column(A, y, beta):
    return (2 / len(y) * A.T @ (A @ beta - y))[:, None]


@wrong("01.3", says="stopped with ValueError")
def not_transposed(A, y, beta):
    return 2 / len(y) * A @ (A @ beta - y)


@wrong("01.3", says="how fast the loss changes")
def with_penalty(A, y, beta):
    return 2 / len(y) * A.T @ (A @ beta - y) + 0.1


@right("01.4")
def fit_by_lstsq(X, y):
    return np.linalg.lstsq(with_ones(X), y, rcond=None)[0]


@right("01.4")
def fit_by_inverse(X, y):
    A = np.insert(X, 0, 1.0, axis=1)
    return np.linalg.inv(A.T @ A) @ A.T @ y


@right("01.4")
def fit_centred(X, y):
    slopes = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
    return np.append(y.mean() - X.mean(axis=0) @ slopes, slopes)


@right("01.4")
def fit_by_sklearn(X, y):
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(X, y)
    return [model.intercept_, *model.coef_]


@right("01.4")
def fit_in_float32(X, y):
    return np.linalg.lstsq(with_ones(X).astype("float32"), y.astype("float32"), rcond=None)[0]


@wrong("01.4", says="through the origin")
def through_origin(X, y):
    return np.linalg.solve(X.T @ X, X.T @ y)


@wrong("01.4", says="intercept comes first")
def ones_last(X, y):
    A = np.column_stack([X, np.ones(len(X))])
    return np.linalg.solve(A.T @ A, A.T @ y)


@wrong("01.4", says="intercept is missing")
def slopes_only(X, y):
    return np.linalg.lstsq(with_ones(X), y, rcond=None)[0][1:]


@wrong("01.4", says="not zero")
def zero_intercept(X, y):
    return np.append(0.0, np.linalg.lstsq(X, y, rcond=None)[0])


@wrong("01.4", says="slopes times the means")
def mean_as_intercept(X, y):
    slopes = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
    return np.append(y.mean(), slopes)


@wrong("01.4", says="right-hand side alone")
def not_solved(X, y):
    return with_ones(X).T @ y


@wrong("01.4", says="ridge")
def ridge(X, y):
    A = with_ones(X)
    return np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ y)


@wrong("01.4", says="the shape is not")
def as_a_column(X, y):
    A = with_ones(X)
    return np.linalg.solve(A.T @ A, A.T @ y[:, None])


@wrong("01.4", says="orthogonal")
def guess(X, y):
    return np.ones(X.shape[1] + 1)


@wrong("01.4", says="where A is X with a column of ones")
def not_square(X, y):
    return np.linalg.solve(with_ones(X), y)


@wrong("01.4", says="stopped with LinAlgError")
def wrong_side(X, y):
    A = with_ones(X)
    return np.linalg.solve(A @ A.T, y)


def walk(A, y, rate, steps, half, start=0.0):
    beta = np.full(A.shape[1], start)
    for _ in range(steps):
        beta = beta - rate * (1 if half else 2) / len(y) * A.T @ (A @ beta - y)
    return beta


@right("01.5")
def descend_in_loops(A, y, learning_rate, steps, half):
    A, y, beta = A.tolist(), y.tolist(), [0.0] * A.shape[1]
    for _ in range(steps):
        errors = [sum(a * b for a, b in zip(row, beta, strict=True)) - t for row, t in zip(A, y, strict=True)]
        slope = [sum(e * row[j] for e, row in zip(errors, A, strict=True)) / len(y) for j in range(len(beta))]
        beta = [b - learning_rate * (1 if half else 2) * s for b, s in zip(beta, slope, strict=True)]
    return beta


@right("01.5")
def descend_in_place(A, y, learning_rate, steps, half):
    beta = np.zeros(A.shape[1])
    rate = learning_rate if half else 2 * learning_rate
    for _ in range(steps):
        beta -= rate * np.mean((A @ beta - y)[:, None] * A, axis=0)
    return beta


@right("01.5")
def descend_in_float32(A, y, learning_rate, steps, half):
    return walk(A.astype("float32"), y.astype("float32"), np.float32(learning_rate), steps, half)


@right("01.5")
def descend_by_matrix_power(A, y, learning_rate, steps, half):
    rate = (1 if half else 2) * learning_rate / len(y)
    curvature, pull = A.T @ A, A.T @ y
    minimum = np.linalg.solve(curvature, pull)
    one_step = np.eye(len(pull)) - rate * curvature  # what it leaves of the distance to the minimum
    return minimum - np.linalg.matrix_power(one_step, steps) @ minimum


@wrong("01.5", says="subtract the gradient")
def ascend(A, y, learning_rate, steps, half):
    return walk(A, y, -learning_rate, steps, half)


@wrong("01.5", says="½ · mean of squares")
def half_ignored(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps, False)


@wrong("01.5", says="Without `half`")
def always_half(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps, True)


@wrong("01.5", says="Without `half`")
def half_swapped(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps, not half)


@wrong("01.5", says="one step too many")
def one_more(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps + 1, half)


@wrong("01.5", says="one step too few")
def one_less(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps - 1, half)


@wrong("01.5", says="divide by n")
def summed_gradient(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate * len(y), steps, half)


@wrong("01.5", says="one step too few")
def returns_in_the_loop(A, y, learning_rate, steps, half):
    for step in range(steps):
        return walk(A, y, learning_rate, step + 1, half)
    return np.zeros(A.shape[1])


@wrong("01.5", says="whole path")
def path(A, y, learning_rate, steps, half):
    return [walk(A, y, learning_rate, k, half) for k in range(steps + 1)]


@wrong("01.5", says="first gradient")
def gradient_before_the_loop(A, y, learning_rate, steps, half):
    return steps * walk(A, y, learning_rate, 1, half)


@wrong("01.5", says="left out")
def no_rate(A, y, learning_rate, steps, half):
    return walk(A, y, 1.0, steps, half)


@wrong("01.5", says="one after the other")
def coordinates_in_turn(A, y, learning_rate, steps, half):
    beta = np.zeros(A.shape[1])
    for _ in range(steps):
        for j in range(len(beta)):
            beta[j] -= learning_rate * (1 if half else 2) * np.mean((A @ beta - y) * A[:, j])
    return beta


@wrong("01.5", says="stopped with ValueError")
def zeros_for_rows(A, y, learning_rate, steps, half):
    beta = np.zeros(len(y))
    for _ in range(steps):
        beta = beta - learning_rate * A.T @ (A @ beta - y)
    return beta


@wrong("01.5", says="Start from zeros")
def from_ones(A, y, learning_rate, steps, half):
    return walk(A, y, learning_rate, steps, half, start=1.0)


@wrong("01.5", says="a single number")
def loss_returned(A, y, learning_rate, steps, half):
    return np.mean((A @ walk(A, y, learning_rate, steps, half) - y) ** 2)


@wrong("01.5", says="From beta = 0")
def first_row_only(A, y, learning_rate, steps, half):
    return walk(A[:1], y[:1], learning_rate, steps, half)
