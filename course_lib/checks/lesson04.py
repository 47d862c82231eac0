"""Checks of lesson 04: updates, gradients of single examples, Adam, the limit of the rate, clipping."""

import numpy as np

from course_lib.checks import (
    Mistake,
    compare,
    compare_integer,
    exercise,
    numbers,
    shape_name,
    show,
    show_call,
)


@exercise("04.1", "How many updates?", points=2)
def updates(answer, rng):
    """As many as a loop over the epochs and batches makes."""
    cases = [(10, 4, 5), (1000, 32, 1), (12, 4, 3), (7, 1, 2), (50, 50, 3), (20, 64, 2)]
    cases += [
        (int(rng.integers(50, 500)), int(rng.integers(2, 40)), int(rng.integers(2, 9))) for _ in range(5)
    ]
    for examples, batch, epochs in cases:
        expected = sum(1 for _ in range(epochs) for _ in range(0, examples, batch))
        whole = examples // batch
        mistakes = [
            (whole * epochs, "The last, short batch of an epoch is an update, too: round up, not down."),
            (max(whole, 1) * epochs, "The last, short batch of an epoch is an update, too: round up, not down."),
            ((whole + 1) * epochs, "One too many an epoch where the batches divide the examples: round up, do not add 1."),
            (-(-examples * epochs // batch), "An epoch ends with its own short batch: round up within each epoch, then multiply."),
            (examples * epochs // batch, "The last, short batch of an epoch is an update, too: round up within each epoch."),
            (epochs * (examples + batch - 1) // batch, "Python multiplies first: put brackets round the division that rounds up."),
            (round(examples / batch) * epochs, "Round up, not to the nearest: a short batch always counts."),
            (-(-examples // batch), "Those are the updates of one epoch: multiply by the epochs."),
            (examples * epochs, "One update for each example is stochastic descent: here an update takes a whole batch."),
            (epochs, "One update for each epoch is batch descent: here an update takes `batch` examples."),
            (examples / batch * epochs, "An update is made or not: round the updates of an epoch up."),
        ]  # fmt: skip
        otherwise = "Examples over batch, rounded up, are the updates of an epoch; multiply by the epochs."
        compare_integer(answer, (examples, batch, epochs), expected, mistakes, otherwise)


@exercise("04.2", "A gradient for each example", points=2)
def gradients_of_each(answer, rng):
    """Each row by finite differences; the mean of mini-batches near the full gradient, on average."""
    cases = [
        (np.array([[1.0, 2.0], [1.0, 0.0], [1.0, -1.0]]), np.array([5.0, 0.0, 4.0]), np.array([1.0, 1.0]))
    ]
    cases += [(rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)) for n, d in ((7, 3), (4, 4), (1, 3))]  # fmt: skip
    for A, y, beta in cases:
        # Squares are quadratic: central differences are exact but for rounding.
        steps = 1e-3 * np.eye(len(beta))
        columns = [((A @ (beta + step) - y) ** 2 - (A @ (beta - step) - y) ** 2) / 2e-3 for step in steps]
        expected = np.stack(columns, axis=1)
        n, errors = len(A), A @ beta - y
        mistakes = [
            (expected / 2, "The 2 of the derivative of a square is missing."),
            (expected / n, "Divided by n: that belongs to the mean, and each row is its own example here."),
            (expected / 2 / n, "Divided by n: that belongs to the mean, and each row is its own example here."),
            (-expected, "The sign is turned: the error is the prediction less y."),
            (expected.mean(axis=0), "That is the gradient of the mean: keep a row for each example, do not average."),
            (expected.sum(axis=0), "That is the gradient of the sum: keep a row for each example, do not add up."),
            (expected.T, "It is transposed: a row for each example, a column for each coefficient."),
            (2 * errors, "Those are the derivatives by the predictions: multiply each by its row of A."),
            (errors**2, "Those are the losses: their gradients are wanted."),
            (2 * A * beta, "The errors are missing: 2 (prediction - y) times the row of A."),
            (2 * np.abs(errors)[:, None] * A, "The error keeps its sign: no absolute value."),
        ]  # fmt: skip
        if n == A.shape[1]:
            mistakes.append((2 * errors * A, "errors * A multiplies columns: make the errors a column, errors[:, None]."))  # fmt: skip
        otherwise = "Row i is 2 (A[i] @ beta - y[i]) times A[i]; errors[:, None] makes the errors a column."
        compare(answer, (A, y, beta), expected, mistakes, otherwise)
    A, y, beta = rng.normal(size=(40, 3)), rng.normal(size=40), rng.normal(size=3)
    each = numbers(answer(A, y, beta))
    full = 2 / 40 * A.T @ (A @ beta - y)
    drawn = np.mean([each[rng.integers(40, size=8)].mean(axis=0) for _ in range(500)], axis=0)
    # 4,000 draws: 6 standard errors of their mean.
    if np.any(np.abs(drawn - full) > 6 * each.std(axis=0) / np.sqrt(4000)):
        raise Mistake("Mini-batches of your rows do not average to the full gradient.", [show_call(answer.name, (A, y, beta))])  # fmt: skip


@exercise("04.3", "One step of Adam", points=3)
@np.errstate(all="ignore")  # plausible mistakes divide by zero
def adam_step(answer, rng):
    """The first step is the rate whatever the scale; later steps by the formula; zero gradients stay."""
    one, zero = np.ones(1), np.zeros(1)
    cases = [
        (one, -5 * one, 2 * one, 0.05 * one, 3, 0.1),  # tells mistakes apart that the first step does not
        (one, 4 * one, zero, zero, 1, 0.1),
        (np.array([1.0, 2.0]), np.array([-3.0, 0.02]), np.zeros(2), np.zeros(2), 1, 0.01),
    ]
    for t, rate in ((2, 0.05), (7, 0.3), (2000, 0.1)):
        theta, g, m = rng.normal(size=(3, 4))
        cases.append((theta, g, m, m**2 + rng.random(4) + 0.1, t, rate))
    # Small, so that epsilon counts if it stands inside the root; late, so that Keras's place for it does not.
    theta, g, m = rng.normal(size=(3, 4)) * np.array([[1], [1e-4], [1e-4]])
    cases.append((theta, g, m, 1e-7 * (1 + rng.random(4)), 2000, 0.1))
    cases.append((np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.zeros(2), np.zeros(2), 1, 0.1))
    for theta, g, m, s, t, rate in cases:
        new_m, new_s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2

        def step(m=new_m, s=new_s, t1=t, t2=t, theta=theta, rate=rate):
            m_hat, s_hat = m / (1 - 0.9**t1), s / (1 - 0.999**t2)
            return np.stack([theta - rate * m_hat / (np.sqrt(s_hat) + 1e-7), m, s])

        expected = step()
        plain = theta - rate * new_m / (np.sqrt(new_s) + 1e-7)
        swapped = step(0.1 * m + 0.9 * g, 0.001 * s + 0.999 * g**2)
        exchanged = step(0.999 * m + 0.001 * g, 0.9 * s + 0.1 * g**2)
        with_plain_root = theta - rate * new_m / (1 - 0.9**t) / (new_s / (1 - 0.999**t) + 1e-7)
        mistakes = [
            (np.stack([plain, new_m, new_s]), "Without the correction of the running means: divide m by 1 - 0.9**t and s by 1 - 0.999**t."),
            (step(t1=1, t2=1), "The correction has the power t: 1 - 0.9**t and 1 - 0.999**t."),
            (np.stack([theta - rate * new_m / (1 - 0.9**t) / (np.sqrt(new_s) + 1e-7), new_m, new_s]), "s is not corrected: divide it by 1 - 0.999**t."),
            (np.stack([theta - rate * new_m / (np.sqrt(new_s / (1 - 0.999**t)) + 1e-7), new_m, new_s]), "m is not corrected: divide it by 1 - 0.9**t."),
            (step(t1=t + 1, t2=t + 1), "t is the number of this step already: do not add 1."),
            (np.stack([2 * theta - expected[0], new_m, new_s]), "The sign is turned: the step goes against the gradient."),
            (np.stack([theta - rate * new_m / (1 - 0.9**t) / np.sqrt(new_s / (1 - 0.999**t) + 1e-7), new_m, new_s]), "Epsilon is added to the root, not to s inside it."),
            (np.stack([with_plain_root, new_m, new_s]), "The root is missing: divide by the square root of s."),
            (np.stack([theta - (theta - expected[0]) / rate, new_m, new_s]), "The rate is missing: multiply the step by it."),
            (step(s=0.9 * s + 0.1 * g**2), "For s the shares are 0.999 and 0.001; 0.9 and 0.1 are for m."),
            (step(m=0.9 * m + g), "m is a running mean: 0.9 of the old m and 0.1 of g."),
            (step(s=0.999 * s + g**2), "s is a running mean: 0.999 of the old s and 0.001 of g**2."),
            (step(m=0.9 * m + g, s=0.999 * s + g**2), "m and s are running means: 0.1 of g and 0.001 of g**2 come in."),
            (np.stack([theta - rate * g / (1 - 0.9**t) / (np.sqrt(new_s / (1 - 0.999**t)) + 1e-7), new_m, new_s]), "The step is along m, the running mean, not along g."),
            (np.stack([theta - rate * g / (np.sqrt(new_s / (1 - 0.999**t)) + 1e-7), new_m, new_s]), "The step is along m, the running mean, not along g."),
            (step(s=0.999 * s + 0.001 * np.sum(g**2)), "Each parameter has its own s: g**2 entry by entry, not its sum."),
            (step(s=0.999 * s + 0.001 * g), "s is the running mean of g**2, not of g."),
            (step(s=0.999 * s + 0.001 * np.abs(g)), "s is the running mean of g**2, not of the size of g."),
            (step(s=0.999 * s + 0.001 * new_m**2), "s is the running mean of g**2, not of m**2."),
            (swapped, "The shares are swapped: 0.9 of the old m and 0.1 of g, 0.999 of the old s and 0.001 of g**2."),
            (exchanged, "The two betas are exchanged: 0.9 belongs to m, 0.999 to s."),
            (np.stack([step(m, s)[0], new_m, new_s]), "The running means have not taken in this gradient: update m and s first."),
            (np.stack([expected[0], new_m / (1 - 0.9**t), new_s / (1 - 0.999**t)]), "The step is right, but return m and s as they are, not corrected: the next step corrects them again."),
            (np.stack([expected[0], m, s]), "The step is right, but return the new m and s, not the old ones."),
            (np.stack([expected[0], new_s, new_m]), "The step is right, but m and s are exchanged: return theta, m, s."),
            (np.stack([theta, new_m, new_s]), "Theta comes back as it was: take the step, with the new m and s."),
            (np.stack([expected[0] - theta, new_m, new_s]), "That is the step: return the new theta, theta plus the step."),
        ]  # fmt: skip
        otherwise = (
            "Update m and s, divide copies of them by 1 - 0.9**t and 1 - 0.999**t, step by rate * m / (root of s + 1e-7); "
            "return theta, m, s."
        )
        if not g.all():
            otherwise = (
                "Where a gradient is 0, the root is 0, too: add epsilon, 1e-7, to the root before you divide."
            )
        differ = [(wrong, hint) for wrong, hint in mistakes if not np.allclose(wrong, expected, rtol=1e-4)]
        compare(_stacked(answer), (theta, g, m, s, t, rate), expected, differ, otherwise)


def _stacked(answer):
    """The answer, its three arrays as rows of one."""

    def call(*args):
        result = answer(*args)
        case = [show_call(answer.name, args), f"gave      {show(result)}"]
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 3:
            raise Mistake(
                "Expected numbers as three arrays, the new theta, m and s: `return theta, m, s`.", case
            )
        rows = [numbers(row, case) for row in result]
        for row in rows:
            if row.shape != args[0].shape:
                hint = f"Each of the three has the shape of theta: expected {shape_name(args[0].shape)}, received "
                raise Mistake(f"{hint}{shape_name(row.shape)}.", case)
        return np.stack(rows)

    call.name = answer.name
    return call


@exercise("04.4", "The limit of the rate", points=2)
@np.errstate(all="ignore")  # plausible mistakes diverge
def rate_limit(answer, rng):
    """Descent shrinks the error just below the limit and grows it just above."""
    cases = [np.array([[3.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0], [1.0, 0.0, -1.0]])]
    cases += [np.array([[1.0, 0.0], [0.0, 3.0]])]  # the largest is not the first
    cases += [rng.normal(size=(n, d)) * scale for n, d, scale in ((9, 3, 1.0), (20, 4, 5.0), (6, 1, 0.2))]
    for A in cases:
        n = len(A)
        curvatures = np.linalg.eigvalsh(2 / n * A.T @ A)
        expected = 2 / curvatures[-1]
        beta = rng.normal(size=A.shape[1])
        ends = []
        for share in (0.98, 1.02):
            error = beta
            for _ in range(400):
                error = error - share * expected * 2 / n * A.T @ (A @ error)
            ends.append(np.linalg.norm(A @ error) / np.linalg.norm(A @ beta))
        if not ends[0] < 1 < ends[1]:
            raise RuntimeError(f"04.4: the limit {expected} is none: {ends}.")
        H = 2 / n * A.T @ A
        mistakes = [
            (expected / 2, "That is 1 / L. Between 1 / L and 2 / L descent still shrinks the error: the limit is 2 / L."),
            (curvatures[-1], "That is the largest curvature L: the limit is 2 / L."),
            *((2 / flatter, "That is for a flatter direction: the steepest diverges first. (np.linalg.eig does not sort: take the largest.)")
              for flatter in curvatures[:-1]),
            (expected * 2, "The 2 of the gradient is missing in the second derivatives: they are 2 / n A.T @ A."),
            (expected / n, "The second derivatives are of the mean: divide A.T @ A by n."),
            (2 * expected / n, "The second derivatives are 2 / n A.T @ A: both the 2 and the n are missing."),
            (2 / np.sqrt(np.linalg.eigvalsh(A.T @ A)[-1]), "Those are singular values of A: the curvatures are their squares, times 2 / n."),
            (expected * A.shape[1] / n, "n is the number of rows of A, not of its columns."),
            (2 / (curvatures[0] + curvatures[-1]), "That is the best compromise for all directions; the limit is 2 / L."),
            (2 / np.trace(H), "The trace adds up all curvatures: only the largest counts."),
            (2 / np.diag(H).max(), "The largest diagonal entry is not the largest eigenvalue, unless H is diagonal."),
            (2 / np.linalg.norm(H), "That norm adds up the squares of all entries: take the largest eigenvalue, np.linalg.eigvalsh."),
            (2 / curvatures.mean(), "The mean of the curvatures: the largest alone sets the limit."),
            (2 / curvatures, "One limit for each direction: the smallest of them holds for descent."),
        ]  # fmt: skip
        otherwise = (
            "The second derivatives are 2 / n A.T @ A, for n rows; the limit is 2 over their largest eigenvalue, "
            "the last that np.linalg.eigvalsh gives."
        )
        compare(answer, (A,), expected, mistakes, otherwise)


@exercise("04.5", "Clipping by the norm of all", points=3)
@np.errstate(all="ignore")  # plausible mistakes divide by zero
def clip_by_norm(answer, rng):
    """At most c long, same direction; short and zero gradients untouched."""
    cases = [([np.array([2.0, 6.0]), np.array([[3.0]])], 2.0)]
    for c in (0.1, 2.0, 50.0):
        cases.append(([rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2, 1))], c))
    cases.append(([np.zeros((2, 2)), np.zeros(3)], 1.0))
    cases.append(([np.array([0.1, 0.0]), np.array([5.0])], 2.0))
    for gradients, c in cases:
        length = np.linalg.norm(_flat(gradients))
        expected = _flat(gradients) * (c / length if length > c else 1)
        norms = [np.linalg.norm(g) for g in gradients]
        biggest = np.abs(_flat(gradients)).max()

        def scaled(by, gradients=gradients):
            return _flat([g * factor for g, factor in zip(gradients, by, strict=True)])

        k = len(gradients)
        mistakes = [
            (scaled([min(1, c / norm) for norm in norms]), "Each array is clipped by its own length, which turns the direction: take one length of all together."),
            (scaled([c / norm for norm in norms]), "Each array is scaled by its own length: take one length of all together, and leave short gradients alone."),
            (np.clip(_flat(gradients), -c, c), "Each entry is cut at c, which turns the direction: scale all by the same number."),
            (np.minimum(_flat(gradients), c), "Each entry is cut at c, which turns the direction: scale all by the same number."),
            (scaled([c / length] * k), "Shorter gradients are made longer: scale by min(1, c / length)."),
            (scaled([min(1, c / length**2)] * k), "The root is missing: the length is the root of the sum of squares."),
            (scaled([min(1, c / sum(norms))] * k), "Lengths do not add up: add the squares of all entries, then take the root."),
            (scaled([min(1, c / np.abs(_flat(gradients)).sum())] * k), "That is the sum of sizes: the length is the root of the sum of squares."),
            (scaled([min(1, c / max(norms))] * k), "The longest array alone is not the length of all together."),
            (scaled([min(1, c / biggest)] * k), "The largest entry is not the length: take the root of the sum of all squares."),
            (scaled([1 / length] * k), "Scaled to length 1: the length wanted is c."),
            (scaled([min(1, 1 / length)] * k), "Scaled to length 1: the length wanted is c."),
            (scaled([c] * k), "Multiplied by c: divide by the length, too."),
            (_flat(gradients), "Too long gradients come back as they were: scale them by c / length."),
            (0 * _flat(gradients), "Short gradients stay as they are: they do not become zero." if length <= c
             else "Too long gradients are dropped: scale them to length c instead."),
        ]  # fmt: skip
        otherwise = "One length for all arrays, the root of the sum of all squares; if it is above c, multiply each array by c / length."
        if length == 0:
            otherwise = "Zero gradients have length 0, and c / 0 is not finite: leave gradients alone that are not longer than c."
        compare(_flattened(answer, gradients), (gradients, c), expected, mistakes, otherwise)


def _flat(gradients):
    return np.concatenate([np.ravel(g) for g in gradients])


def _flattened(answer, gradients):
    """The answer, its list of arrays checked for their shapes and laid end to end."""

    def call(*args):
        result = answer(*args)
        case = [show_call(answer.name, args), f"gave      {show(result)}"]
        if not isinstance(result, list | tuple) or len(result) != len(gradients):
            hint = (
                f"Expected numbers as a list of {len(gradients)} arrays, one for each that came in, received "
            )
            kind = type(result).__name__
            what = f"a {kind} of {len(result)}" if isinstance(result, list | tuple) else kind
            raise Mistake(f"{hint}{what}.", case)
        arrays = [numbers(g, case) for g in result]
        for g, array in zip(gradients, arrays, strict=True):
            if array.shape != g.shape:
                hint = f"Expected numbers in {shape_name(g.shape)}, as they came in, received "
                raise Mistake(f"{hint}{shape_name(array.shape)}.", case)
        return _flat(arrays)

    call.name = answer.name
    return call
