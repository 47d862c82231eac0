"""Checks of lesson 05: generalisation by hand."""

import numpy as np

from course_lib.checks import Mistake, compare, exercise, numbers, shape_name, show, show_call


def row_numbers(answer, args, n, call):
    """Call the answer and return the row numbers that it gave, ints of 0 to n - 1 in a 1-D array.

    Args:
        answer: Answer.
        args: tuple, the arguments of the call.
        n: int, the number of rows.
        call: text of the call.
    Returns:
        int array (rows,).
    Raises:
        Mistake: they are no row numbers.
    """
    result = answer(*args)
    rows = numbers(result, [call])
    hint = ""
    if rows.ndim != 1:
        hint = f"Expected a 1-D array of row numbers, received {shape_name(rows.shape)}."
    elif np.asarray(result).dtype == bool:
        hint = "That is a mask: return the numbers of the rows, as np.flatnonzero gives them."
    elif not np.all(np.isfinite(rows)) or np.any(rows != np.round(rows)):
        hint = f"Row numbers are whole numbers from 0 to {n - 1}."
    elif np.asarray(result).dtype.kind == "f":
        hint = "Row numbers are to index with: return ints, not floats."
    elif np.any((rows < 0) | (rows >= n)):
        hint = f"There is no such row: with n = {n} the rows are 0 to {n - 1}."
    if hint:
        raise Mistake(hint, [call, f"gave      {show(np.asarray(result))}"])
    return rows.astype(int)


@exercise("05.1", "Folds", points=3)
def folds(answer, rng):
    """Disjoint, covering, of sizes that differ by at most one, shuffled by the seed."""
    for n, k in ((7, 3), (6, 2), (23, 5), (5, 5)):
        parts, args = [], []
        seed = int(rng.integers(1000))
        for number in range(k):
            args.append((n, k, number, seed))
            parts.append(row_numbers(answer, args[-1], n, show_call(answer.name, args[-1])))
        case = [f"{show_call(answer.name, a)} gave {show(part)}" for a, part in zip(args, parts, strict=True)]
        again = [np.array_equal(answer(*a), part) for a, part in 2 * list(zip(args, parts, strict=True))]
        if not all(again):  # one fold alone comes out the same by chance once in 210 times
            hint = "The same call gave other rows the second time: shuffle with np.random.default_rng(seed)."
            raise Mistake(hint, case)
        _judge_folds(n, k, parts, case)
    _judge_shuffling(answer, int(rng.integers(1000)))


def _judge_folds(n, k, parts, case):
    """Raise a Mistake unless these are k folds of n rows."""
    counts = np.bincount(np.concatenate(parts), minlength=n)
    sizes = [len(part) for part in parts]
    if np.all(counts == k - 1) and k > 2:
        raise Mistake("Those are the rows to fit on: return the rows that are held out.", case)
    if len({tuple(sorted(part)) for part in parts}) == 1:
        raise Mistake("All folds are the same: return the fold whose number is asked for.", case)
    if counts.max() > 1:
        hint = (
            "A row is dealt twice: cut one permutation, made with np.random.default_rng(seed), into k parts."
        )
        raise Mistake(hint, case)
    if counts.min() == 0:
        hint = "The folds leave rows out: where k does not divide n, some folds have one row more."
        raise Mistake(hint, case)
    if max(sizes) - min(sizes) > 1:
        hint = "The sizes differ by more than one: spread the rest over the folds, as np.array_split does."
        raise Mistake(hint, case)


def _judge_shuffling(answer, first):
    """Raise a Mistake where rows are dealt together more often than by chance."""
    together, n = np.zeros((6, 6)), 6
    for seed in range(first, first + 60):
        rest = set(range(n))  # the third fold, once the other two are known
        for number in range(2):
            args = n, 3, number, seed
            part = row_numbers(answer, args, n, show_call(answer.name, args))
            together[np.ix_(part, part)] += 1
            rest -= set(part.tolist())
        together[np.ix_(list(rest), list(rest))] += 1
    case = [show_call(answer.name, (n, 3, 0, first)), "asked with 60 seeds"]
    pairs = together[np.triu_indices(6, 1)] / 60  # 0.2 each by chance, ± 0.05
    if pairs.max() == 1:
        hint = "Some rows are always in one fold: shuffle the rows by the seed, before you cut."
        raise Mistake(hint, case)
    if pairs.max() > 0.45:  # five standard deviations
        raise Mistake("Some rows are in one fold too often: use rng.permutation(n) of the whole.", case)


@exercise("05.2", "Ridge regression", points=4)
def ridge(answer, rng):
    """The least squares of rows that carry the penalty; the intercept is free."""
    small = np.array([[1.0], [2.0], [6.0]]), np.array([3.0, 4.0, 8.0]), 1.5
    cases = [small]
    for n, d, penalty in ((8, 3, 0.7), (3, 5, 1.5), (20, 2, 30.0), (9, 2, 0.0)):
        cases.append((rng.normal(size=(n, d)) + 2, rng.normal(size=n) + 5, penalty))
    for X, y, penalty in cases:
        n, d = X.shape

        def fit(weight, free=True, X=X, y=y, n=n, d=d):
            """Least squares with d rows more, whose residuals are the weights times √weight."""
            table = np.vstack([np.column_stack([np.ones(n), X]), np.sqrt(weight) * np.eye(d + 1)[1:]])
            table = table if free else np.vstack([table, np.sqrt(weight) * np.eye(d + 1)[:1]])
            return np.linalg.lstsq(table, np.append(y, np.zeros(len(table) - n)), rcond=None)[0]

        expected = fit(penalty)
        mean = X.mean(axis=0)
        through_zero = np.linalg.lstsq(
            np.vstack([X, np.sqrt(penalty) * np.eye(d)]), np.append(y, np.zeros(d)), rcond=None
        )[0]
        mistakes = [
            (fit(penalty, free=False), "The intercept is penalised too: no penalty on the first coefficient."),
            (fit(0), "The penalty is missing: add penalty times the identity to X.T @ X."),
            (fit(n * penalty), "The penalty is n times too strong: the squares are summed, not averaged."),
            (fit(penalty / n), "The penalty is n times too weak: the squares are summed, not averaged."),
            (fit(2 * penalty), "The penalty is twice too strong: both terms of the gradient have the factor 2."),
            (fit(penalty / 2), "The penalty is half as strong as it should be: both terms of the gradient have the factor 2."),
            (fit(penalty**2), "That adds the square of the penalty: add penalty times the identity."),
            (fit(np.sqrt(penalty)), "That adds the root of the penalty: add penalty times the identity."),
            (np.append(y.mean(), expected[1:]), "The intercept is the mean of y less the means of X times the weights."),
            (np.append(0, expected[1:]), "The weights are right, the intercept is missing: mean of y less the means of X times the weights."),
            (np.append(expected[1:], expected[0]), "The intercept comes first."),
            (expected[1:], "The intercept is missing: put it before the weights."),
            (through_zero, "That has no intercept: subtract the means of X and of y first."),
            (np.append(0, through_zero), "Fitted without an intercept: subtract the means of X and of y first."),
            (np.append(y.mean() - mean @ through_zero, through_zero), "Subtract the means of X and of y before solving, too."),
        ]  # fmt: skip
        if penalty:
            with np.errstate(all="ignore"):
                minus = np.linalg.pinv((X - mean).T @ (X - mean) - penalty * np.eye(d)) @ (X - mean).T @ y
            mistakes.append(
                (np.append(y.mean() - mean @ minus, minus), "The sign of the penalty is turned: it is added.")
            )
        centred = X - mean
        with np.errstate(all="ignore"):
            everywhere = np.linalg.pinv(centred.T @ centred + penalty) @ centred.T @ (y - y.mean())
            by_std = fit(penalty, X=centred / X.std(axis=0))
            one_mean = X - X.mean()
            of_one_mean = (
                np.linalg.pinv(one_mean.T @ one_mean + penalty * np.eye(d)) @ one_mean.T @ (y - y.mean())
            )
        if penalty:
            mistakes += [
                (np.append(y.mean() - mean @ everywhere, everywhere), "The penalty was added to every entry of X.T @ X: multiply it by np.eye(d)."),
                (by_std, "No standardising here: subtract the means, but do not divide."),
                (np.append(y.mean() - mean @ of_one_mean, of_one_mean), "Each column has its own mean: X.mean(axis=0)."),
            ]  # fmt: skip
        otherwise = "With X and y less their means, w = (X.T @ X + penalty I)^-1 X.T @ y; the intercept is mean(y) - mean(X) @ w."
        compare(answer, (X, y, penalty), expected, mistakes, otherwise)


@exercise("05.3", "Soft threshold", points=2)
def soft_threshold(answer, rng):
    """The minimum of ½ w² - ρ w + α |w|, entry by entry."""
    cases = [
        (np.array([3.0, -3.0, 0.5, -0.5, 0.0]), 1.0),
        (rng.normal(size=(3, 4)) * 2, 0.8),
        (np.append(rng.normal(size=6), 0.0), 0.0),
        (np.array([2.0, -0.25]), 2.0),
    ]
    for rho, alpha in cases:
        # A kink and two parabolas: the minimum is one of three points.
        points = np.stack([np.zeros(rho.shape), np.maximum(rho - alpha, 0), np.minimum(rho + alpha, 0)])
        values = points**2 / 2 - rho * points + alpha * np.abs(points)
        expected = np.take_along_axis(points, values.argmin(axis=0)[None], axis=0)[0]
        size = np.abs(rho)
        mistakes = [
            (np.where(size > alpha, rho, 0), "That is a hard threshold: what stays is moved towards zero by alpha."),
            (np.maximum(rho - alpha, 0), "Negative values are lost: -3 with alpha 1 gives -2."),
            (np.abs(expected), "The sign is lost: -3 with alpha 1 gives -2."),
            (np.sign(rho) * (size - alpha), "Below alpha the sign turns: what would cross zero stays at zero."),
            (np.sign(rho) * np.abs(size - alpha), "Below alpha the result is zero: |rho| - alpha, but never less than 0."),
            (rho - alpha, "That subtracts alpha everywhere: move towards zero, and stop there."),
            (np.clip(rho, -alpha, alpha), "That is what is taken away: return what is left."),
            (rho / (1 + alpha), "That is ridge, which shrinks by a factor and gives no zeros."),
            (np.sign(rho) * np.maximum(size + alpha, 0), "That moves away from zero: subtract alpha."),
            (np.where(size > alpha, expected, rho), "Below alpha the result is zero, not rho."),
        ]  # fmt: skip
        otherwise = (
            "Each entry moves towards zero by alpha, and stops there. np.maximum works entry by entry, "
            "max and np.max do not."
        )
        compare(answer, (rho, alpha), expected, mistakes, otherwise)


@exercise("05.4", "Dropout", points=3)
def dropout(answer, rng):
    """Entries are zero or scaled up, the mean is kept, and inference changes nothing."""

    def call(H, rate, training):
        seed = int(rng.integers(2**32))
        text = f"{show_call(answer.name, (H, rate))[:-1]}, rng, {training})"
        if H.size > 20:
            text = f"{answer.name}(H, {rate}, rng, {training}), where H has the shape {H.shape}"
        result = answer(H, rate, np.random.default_rng(seed), training)
        array = numbers(result, [text])
        case = [text, f"gave      {show(array)}"] if H.size <= 20 else [text]
        if array.shape != H.shape:
            raise Mistake(f"Expected {shape_name(H.shape)}, received {shape_name(array.shape)}.", case)
        return array, case

    small = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    large = rng.uniform(1, 2, size=(150, 100)) * rng.choice([-1, 1], size=(150, 100))
    for H, rate in ((small, 0.8), (large, 0.2), (large, 0.7)):  # of six entries 0.8 drops at least one
        out, case = call(H, rate, False)
        if np.any((out == 0) != (H == 0)):
            raise Mistake("At inference nothing is dropped: return H as it is.", case)
        if not np.allclose(out, H, rtol=1e-5):
            scaled = any(np.allclose(out, H * factor, rtol=1e-5) for factor in (1 - rate, 1 / (1 - rate)))
            hint = "At inference nothing is scaled: training has divided by 1 - rate already." if scaled else (
                "At inference nothing changes: return H as it is."
            )  # fmt: skip
            raise Mistake(hint, case)
    for H, rate in ((large, 0.2), (large, 0.7)):
        _judge_dropout(H, rate, *call(H, rate, True))
    out, case = call(small, 0.0, True)
    if not np.allclose(out, small, rtol=1e-5):
        raise Mistake("With rate 0 nothing is dropped, and nothing is scaled.", case)
    first, case = call(large, 0.5, True)
    if np.array_equal(first, call(large, 0.5, True)[0]):
        hint = "Two generators dropped the same entries: draw from the rng given, not from one of your own."
        raise Mistake(hint, case)
    _judge_generator([answer(large[:5], 0.5, np.random.default_rng(0), True) for _ in range(2)], case)
    in_rows = np.std(np.sum(first == 0, axis=1)) / 5  # 100 draws of one half: 5, ± 0.2
    if in_rows < 0.7:
        raise Mistake("Every row drops nearly the same number: draw for each entry by itself.", case)


def _judge_generator(results, case):
    """Raise a Mistake where equal generators gave different results."""
    if not np.array_equal(*results):
        hint = "The same rng gave another result: draw from the rng given, not from np.random or one of your own."
        raise Mistake(hint, case)


def _judge_dropout(H, rate, out, case):
    """Raise a Mistake unless `out` is H after dropout in training. 15,000 entries: the share is known to 0.004."""
    dropped = out == 0
    share = dropped.mean()
    expected = [f"expected  about {rate:.0%} zeros, the others divided by {1 - rate:.1f}"]
    case = [*case, f"{share:.1%} of the entries are zero", *expected]
    if share == 0:
        raise Mistake("Nothing was dropped in training: draw which entries become zero.", case)
    if share == 1:
        raise Mistake("Everything was dropped: keep an entry where rng.random(...) >= rate.", case)
    if np.all(dropped == dropped[:1]):
        raise Mistake("Every row drops the same entries: draw for each entry, with the shape of H.", case)
    if np.all(dropped == dropped[:, :1]):
        raise Mistake("Whole rows are dropped: draw for each entry, with the shape of H.", case)
    if abs(share - rate) > 0.02:
        turned = abs(share - (1 - rate)) < 0.02
        hint = "The rate is the share that is dropped, not the share that is kept." if turned else (
            "The share of zeros is not the rate: drop an entry where rng.random(H.shape) < rate."
        )  # fmt: skip
        raise Mistake(hint, case)
    ratio = (out / H)[~dropped]
    for factor, hint in (
        (1, "The mean is not kept: divide what stays by 1 - rate."),
        (1 / rate, "Divided by the rate: divide by 1 - rate, the share that stays."),
        (1 - rate, "Multiplied by 1 - rate: divide by it, to make up for what is dropped."),
        (1 + rate, "Scaled by 1 + rate: divide by 1 - rate."),
    ):
        if np.allclose(ratio, factor, rtol=1e-5):
            raise Mistake(hint, case)
    if not np.allclose(ratio, 1 / (1 - rate), rtol=1e-5):
        raise Mistake("What stays is H divided by 1 - rate, entry by entry.", case)


@exercise("05.5", "Bootstrap sample", points=2)
def bootstrap(answer, rng):
    """Draws with replacement: about 63 % of the rows, each as likely as any other."""

    def draw(n):
        seed = int(rng.integers(2**32))
        return row_numbers(answer, (n, np.random.default_rng(seed)), n, f"{answer.name}({n}, rng)")

    n = 2000
    rows = draw(n)
    share = len(np.unique(rows)) / n
    case = [
        f"{answer.name}({n}, rng)",
        f"gave      {show(rows)}",
        f"{len(rows)} rows, {share:.1%} of all {n}",
        f"expected  {n} rows, about 63 % of all",
    ]
    if len(rows) == 1:
        raise Mistake("One row was drawn: draw n rows.", case)
    if set(rows) <= {0, 1, 2, 3, 4, 5, 6, 7, 8, 9} and len(rows) == n:
        raise Mistake(
            "Those look like counts, how often each row was drawn: return the rows themselves.", case
        )
    if len(rows) != n:
        each_once = share * n == len(rows)
        hint = "Each row that was drawn is there once: rows that were drawn twice stay twice." if each_once and abs(share - 0.632) < 0.05 else (
            f"Draw as many rows as there are, n = {n}."
        )  # fmt: skip
        raise Mistake(hint, case)
    if share == 1:
        raise Mistake("Each row is there once: draw with replacement.", case)
    if abs(share - (1 - 1 / np.e)) > 0.04:  # four times the standard deviation would be 0.03
        raise Mistake(
            "The sample should hold about 63 % of the rows: draw each of the n rows anew, from all.", case
        )
    if np.array_equal(draw(n), draw(n)):
        hint = "Two generators gave the same sample: draw from the rng given, not from one of your own."
        raise Mistake(hint, case)
    _judge_generator([answer(n, np.random.default_rng(0)) for _ in range(2)], case)
    many = np.concatenate([draw(3) for _ in range(150)])
    frequency = np.bincount(many, minlength=3) / len(many)  # a third each, ± 0.022
    case = [f"{answer.name}(3, rng)", f"rows 0 to 2 came with the shares {show(frequency.round(2))}"]
    if frequency.min() == 0:
        hint = f"Row {frequency.argmin()} is never drawn: rng.integers(n) runs from 0 to n - 1."
        raise Mistake(hint, case)
    if np.abs(frequency - 1 / 3).max() > 0.11:  # five standard deviations
        raise Mistake("Some rows are drawn more often than others: all n are equally likely.", case)
