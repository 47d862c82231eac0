"""Answers to the exercises of lesson 05."""

import functools

import numpy as np

from tests.wrong_answers import right, wrong

# --- 05.1 ----------------------------------------------------------------------------------------------


@right("05.1")
def every_kth_of_the_shuffled(n, k, number, seed):
    return np.random.default_rng(seed).permutation(n)[number::k]


@right("05.1")
def dealt_like_cards(n, k, number, seed):
    order = list(range(n))
    np.random.default_rng(seed).shuffle(order)
    return [row for place, row in enumerate(order) if place % k == number]


@functools.cache
def folds_of_sklearn(n, k, seed):
    from sklearn.model_selection import KFold

    return [held_out for _, held_out in KFold(k, shuffle=True, random_state=seed).split(np.zeros(n))]


@right("05.1")
def fold_of_sklearn(n, k, number, seed):
    return folds_of_sklearn(n, k, seed)[number]


def shuffled(n, seed):
    return np.random.default_rng(seed).permutation(n)


@wrong("05.1", says="shuffle the rows by the seed")
def blocks(n, k, number, seed):
    return np.array_split(np.arange(n), k)[number]


@wrong("05.1", says="shuffle the rows by the seed")
def strides(n, k, number, seed):
    return np.arange(n)[number::k]


@wrong("05.1", says="shuffle the rows by the seed")
def blocks_in_random_order(n, k, number, seed):
    return np.array_split(np.arange(n), k)[shuffled(k, seed)[number]]


@wrong("05.1", says="leave rows out")
def without_the_rest(n, k, number, seed):
    return shuffled(n, seed)[number * (n // k) : (number + 1) * (n // k)]


@wrong("05.1", says="differ by more than one")
def last_takes_the_rest(n, k, number, seed):
    start = number * (n // k)
    return shuffled(n, seed)[start : start + n // k if number < k - 1 else n]


@wrong("05.1", says="the second time")
def unseeded(n, k, number, seed):
    return np.array_split(np.random.default_rng().permutation(n), k)[number]


@wrong("05.1", says="dealt twice")
def seed_by_fold(n, k, number, seed):
    return np.array_split(shuffled(n, seed + number), k)[number]


@wrong("05.1", says="dealt twice")
def with_replacement(n, k, number, seed):
    return np.array_split(np.random.default_rng(seed).integers(n, size=n), k)[number]


@wrong("05.1", says="the rows to fit on")
def the_others(n, k, number, seed):
    return np.setdiff1d(np.arange(n), np.array_split(shuffled(n, seed), k)[number])


@wrong("05.1", says="All folds are the same")
def first_fold(n, k, number, seed):
    return np.array_split(shuffled(n, seed), k)[0]


@wrong("05.1", says="a mask")
def mask(n, k, number, seed):
    return np.isin(np.arange(n), np.array_split(shuffled(n, seed), k)[number])


@wrong("05.1", says="There is no such row")
def counted_from_one(n, k, number, seed):
    return np.array_split(shuffled(n, seed), k)[number] + 1


@wrong("05.1", says="too often")
def rolled(n, k, number, seed):
    return np.array_split(np.roll(np.arange(n), seed), k)[number]


@wrong("05.1", says="not floats")
def floats(n, k, number, seed):
    return np.array_split(shuffled(n, seed), k)[number].astype(float)


# --- 05.2 ----------------------------------------------------------------------------------------------


def penalised(X, y, penalty, intercept_too=False):
    A = np.column_stack([np.ones(len(X)), X])
    identity = np.eye(A.shape[1])
    identity[0, 0] = intercept_too
    return np.linalg.pinv(A.T @ A + penalty * identity) @ A.T @ y


@right("05.2")
def ridge_by_one_table(X, y, penalty):
    return penalised(X, y, penalty)


@right("05.2")
def ridge_by_sklearn(X, y, penalty):
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=penalty, solver="svd").fit(X, y)
    return [model.intercept_, *model.coef_]


@right("05.2")
def ridge_by_the_dual(X, y, penalty):
    centred, target = X - X.mean(axis=0), y - y.mean()
    if penalty == 0:
        w = np.linalg.lstsq(centred, target, rcond=None)[0]
    else:
        w = centred.T @ np.linalg.solve(centred @ centred.T + penalty * np.eye(len(y)), target)
    return np.append(y.mean() - X.mean(axis=0) @ w, w)


@right("05.2")
def ridge_by_rows_more(X, y, penalty):
    d = X.shape[1]
    rows = [[1.0, *row] for row in X] + [[0.0, *row] for row in np.sqrt(penalty) * np.eye(d)]
    return np.linalg.lstsq(rows, [*y, *np.zeros(d)], rcond=None)[0].tolist()


@wrong("05.2", says="The intercept is penalised")
def penalised_intercept(X, y, penalty):
    return penalised(X, y, penalty, intercept_too=True)


@wrong("05.2", says="The penalty is missing")
def least_squares(X, y, penalty):
    return penalised(X, y, 0)


@wrong("05.2", says="n times too strong")
def of_the_mean(X, y, penalty):
    return penalised(X, y, len(y) * penalty)


@wrong("05.2", says="n times too weak")
def divided_by_n(X, y, penalty):
    return penalised(X, y, penalty / len(y))


@wrong("05.2", says="twice too strong")
def doubled(X, y, penalty):
    return penalised(X, y, 2 * penalty)


@wrong("05.2", says="square of the penalty")
def squared(X, y, penalty):
    return penalised(X, y, penalty**2)


@wrong("05.2", says="the means of X times the weights")
def mean_for_intercept(X, y, penalty):
    return np.append(y.mean(), penalised(X, y, penalty)[1:])


@wrong("05.2", says="The intercept comes first")
def intercept_last(X, y, penalty):
    return np.roll(penalised(X, y, penalty), -1)


@wrong("05.2", says="put it before the weights")
def weights_only(X, y, penalty):
    return penalised(X, y, penalty)[1:]


@wrong("05.2", says="subtract the means")
def through_zero(X, y, penalty):
    return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)


@wrong("05.2", says="sign of the penalty")
def minus(X, y, penalty):
    centred = X - X.mean(axis=0)
    w = np.linalg.pinv(centred.T @ centred - penalty * np.eye(X.shape[1])) @ centred.T @ y
    return np.append(y.mean() - X.mean(axis=0) @ w, w)


@wrong("05.2", says="in place")
def centred_in_place(X, y, penalty):
    mean = X.mean(axis=0)
    X -= mean
    w = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
    return np.append(y.mean() - mean @ w, w)


@wrong("05.2", says="multiply it by np.eye")
def penalty_everywhere(X, y, penalty):
    centred = X - X.mean(axis=0)
    weights = np.linalg.pinv(centred.T @ centred + penalty) @ centred.T @ (y - y.mean())
    return np.append(y.mean() - X.mean(axis=0) @ weights, weights)


@wrong("05.2", says="No standardising")
def of_standardised(X, y, penalty):
    return penalised((X - X.mean(axis=0)) / X.std(axis=0), y, penalty)


@wrong("05.2", says="its own mean")
def one_mean_for_all(X, y, penalty):
    centred = X - X.mean()
    weights = np.linalg.pinv(centred.T @ centred + penalty * np.eye(X.shape[1])) @ centred.T @ (y - y.mean())
    return np.append(y.mean() - X.mean(axis=0) @ weights, weights)


# --- 05.3 ----------------------------------------------------------------------------------------------


@right("05.3")
def soft_in_loops(rho, alpha):
    out = np.zeros(rho.shape)
    for place, value in np.ndenumerate(rho):
        if value > alpha:
            out[place] = value - alpha
        elif value < -alpha:
            out[place] = value + alpha
    return out


@right("05.3")
def soft_by_clipping(rho, alpha):
    return rho - np.clip(rho, -alpha, alpha)


@right("05.3")
def soft_by_two_relus(rho, alpha):
    rho = rho.astype("float32")
    return np.maximum(rho - alpha, 0) - np.maximum(-rho - alpha, 0)


@right("05.3")
def soft_by_keras(rho, alpha):
    import keras

    return keras.ops.soft_shrink(rho, alpha)


@wrong("05.3", says="hard threshold")
def hard(rho, alpha):
    return np.where(np.abs(rho) > alpha, rho, 0)


@wrong("05.3", says="Negative values are lost")
def one_side(rho, alpha):
    return np.maximum(rho - alpha, 0)


@wrong("05.3", says="The sign is lost")
def sizes(rho, alpha):
    return np.maximum(np.abs(rho) - alpha, 0)


@wrong("05.3", says="the sign turns")
def beyond_zero(rho, alpha):
    return np.sign(rho) * (np.abs(rho) - alpha)


@wrong("05.3", says="subtracts alpha everywhere")
def shifted(rho, alpha):
    return rho - alpha


@wrong("05.3", says="what is taken away")
def clipped(rho, alpha):
    return np.clip(rho, -alpha, alpha)


@wrong("05.3", says="That is ridge")
def shrunk(rho, alpha):
    return rho / (1 + alpha)


@wrong("05.3", says="in place")
def zeroed_in_place(rho, alpha):
    rho[np.abs(rho) <= alpha] = 0
    return np.sign(rho) * np.maximum(np.abs(rho) - alpha, 0)


@wrong("05.3", says="np.maximum works entry by entry")
def largest_of_all(rho, alpha):
    return np.sign(rho) * np.max(np.abs(rho) - alpha, 0)


@wrong("05.3", says="not finite")
def by_a_factor(rho, alpha):
    with np.errstate(all="ignore"):
        return rho * np.maximum(1 - alpha / np.abs(rho), 0)


# --- 05.4 ----------------------------------------------------------------------------------------------


@right("05.4")
def dropout_in_loops(H, rate, rng, training):
    if not training:
        return H
    return [[h / (1 - rate) if rng.random() >= rate else 0.0 for h in row] for row in H]


@right("05.4")
def dropout_by_binomial(H, rate, rng, training):
    return H * rng.binomial(1, 1 - rate, size=H.shape) / (1 - rate) if training else H.copy()


@right("05.4")
def dropout_by_keras(H, rate, rng, training):
    import keras

    return keras.random.dropout(H, rate, seed=int(rng.integers(2**31))) if training else H


@wrong("05.4", says="The mean is not kept")
def without_scaling(H, rate, rng, training):
    return H * (rng.random(H.shape) >= rate) if training else H


@wrong("05.4", says="nothing is scaled")
def scaled_at_inference(H, rate, rng, training):
    return H * (rng.random(H.shape) >= rate) if training else H * (1 - rate)


@wrong("05.4", says="nothing is dropped")
def always(H, rate, rng, training):
    return H * (rng.random(H.shape) >= 0.5) * 2


@wrong("05.4", says="not the share that is kept")
def rate_kept(H, rate, rng, training):
    return H * (rng.random(H.shape) < rate) / rate if training else H


@wrong("05.4", says="Divided by the rate")
def divided_by_rate(H, rate, rng, training):
    return H * (rng.random(H.shape) >= rate) / rate if training else H


@wrong("05.4", says="Multiplied by 1 - rate")
def multiplied(H, rate, rng, training):
    return H * (rng.random(H.shape) >= rate) * (1 - rate) if training else H


@wrong("05.4", says="Every row drops the same")
def one_mask(H, rate, rng, training):
    return H * (rng.random(H.shape[1]) >= rate) / (1 - rate) if training else H


@wrong("05.4", says="Whole rows are dropped")
def rows_dropped(H, rate, rng, training):
    return H * (rng.random((len(H), 1)) >= rate) / (1 - rate) if training else H


@wrong("05.4", says="from the rng given")
def own_generator(H, rate, rng, training):
    return H * (np.random.default_rng(0).random(H.shape) >= rate) / (1 - rate) if training else H


@wrong("05.4", says="in place")
def dropped_in_place(H, rate, rng, training):
    if training:
        H *= (rng.random(H.shape) >= rate) / (1 - rate)
    return H


@wrong("05.4", says="same rng gave another result")
def from_the_global_generator(H, rate, rng, training):
    return np.where(np.random.random(H.shape) >= rate, H / (1 - rate), 0) if training else H  # noqa: NPY002


@wrong("05.4", says="nearly the same number")
def exact_number_in_each_row(H, rate, rng, training):
    if not training:
        return H
    places = rng.permuted(np.tile(np.arange(H.shape[1]), (len(H), 1)), axis=1)
    return np.where(places >= round(rate * H.shape[1]), H / (1 - rate), 0)


# --- 05.5 ----------------------------------------------------------------------------------------------


@right("05.5")
def bootstrap_by_choice(n, rng):
    return rng.choice(n, size=n, replace=True)


@right("05.5")
def bootstrap_in_a_loop(n, rng):
    return [int(rng.random() * n) for _ in range(n)]


@right("05.5")
def bootstrap_sorted(n, rng):
    return np.repeat(np.arange(n), rng.multinomial(n, np.full(n, 1 / n)))


@wrong("05.5", says="with replacement")
def permuted(n, rng):
    return rng.permutation(n)


@wrong("05.5", says="there once")
def different_rows(n, rng):
    return np.unique(rng.integers(n, size=n))


@wrong("05.5", says="is never drawn")
def never_the_last(n, rng):
    return rng.integers(0, n - 1, size=n)


@wrong("05.5", says="is never drawn")
def never_the_first(n, rng):
    return rng.integers(1, n, size=n)


@wrong("05.5", says="more often than others")
def rounded(n, rng):
    return np.round(rng.uniform(0, n - 1, size=n)).astype(int)


@wrong("05.5", says="There is no such row")
def from_one_to_n(n, rng):
    return rng.integers(1, n + 1, size=n)


@wrong("05.5", says="as many rows as there are")
def half_of_them(n, rng):
    return rng.integers(n, size=n // 2)


@wrong("05.5", says="return the rows themselves")
def counts(n, rng):
    return np.bincount(rng.integers(n, size=n), minlength=n)


@wrong("05.5", says="from the rng given")
def own_sample(n, rng):
    return np.random.default_rng(0).integers(n, size=n)


@wrong("05.5", says="One row was drawn")
def one_row(n, rng):
    return [int(rng.integers(n))]


@wrong("05.5", says="whole numbers")
def fractions(n, rng):
    return rng.random(n) * (n - 1)


@wrong("05.5", says="about 63 %")
def few_rows_again_and_again(n, rng):
    return rng.choice(rng.permutation(n)[: n // 3], size=n)


@wrong("05.5", says="same rng gave another result")
def from_the_global_state(n, rng):
    return np.random.randint(n, size=n)  # noqa: NPY002
