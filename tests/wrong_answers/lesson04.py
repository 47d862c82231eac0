"""Answers to the exercises of lesson 04."""

import math

import numpy as np

from tests.wrong_answers import right, wrong

# --- 04.1 ----------------------------------------------------------------------------------------------


@right("04.1")
def updates_in_loops(examples, batch, epochs):
    count = 0
    for _ in range(epochs):
        left = examples
        while left > 0:
            left -= batch
            count += 1
    return count


@right("04.1")
def updates_by_ceil(examples, batch, epochs):
    return math.ceil(examples / batch) * epochs


@right("04.1")
def updates_by_remainder(examples, batch, epochs):
    whole, left = np.divmod(examples, batch)
    return epochs * (whole + (left > 0))  # a NumPy int


@wrong("04.1", says="round up, not down")
def rounded_down(examples, batch, epochs):
    return examples // batch * epochs


@wrong("04.1", says="do not add 1")
def always_one_more(examples, batch, epochs):
    return (examples // batch + 1) * epochs


@wrong("04.1", says="within each epoch")
def rounded_at_the_end(examples, batch, epochs):
    return math.ceil(examples * epochs / batch)


@wrong("04.1", says="updates of one epoch")
def one_epoch(examples, batch, epochs):
    return math.ceil(examples / batch)


@wrong("04.1", says="stochastic descent")
def one_for_each_example(examples, batch, epochs):
    return examples * epochs


@wrong("04.1", says="batch descent")
def one_for_each_epoch(examples, batch, epochs):
    return epochs


@wrong("04.1", says="made or not")
def fractions(examples, batch, epochs):
    return examples / batch * epochs


@wrong("04.1", says="a count is an int")
def float_count(examples, batch, epochs):
    return np.ceil(examples / batch) * epochs


@wrong("04.1", says="put brackets")
def without_brackets(examples, batch, epochs):
    return epochs * (examples + batch - 1) // batch


# --- 04.2 ----------------------------------------------------------------------------------------------


@right("04.2")
def gradients_in_loops(A, y, beta):
    return [
        [2 * (sum(a * b for a, b in zip(row, beta, strict=True)) - target) * entry for entry in row]
        for row, target in zip(A, y, strict=True)
    ]


@right("04.2")
def gradients_by_einsum(A, y, beta):
    return 2 * np.einsum("n,nd->nd", A @ beta - y, A)


@right("04.2")
def gradients_in_float32(A, y, beta):
    A, y, beta = (a.astype("float32") for a in (A, y, beta))
    return (2 * (A @ beta - y) * A.T).T


@right("04.2")
def gradients_by_tape(A, y, beta):
    import tensorflow as tf

    copies = tf.Variable(np.tile(beta, (len(A), 1)))  # one for each row, so that gradients do not add up
    with tf.GradientTape() as tape:
        squares = (tf.reduce_sum(A * copies, axis=1) - y) ** 2
    return tape.gradient(squares, copies)


@wrong("04.2", says="The 2 of the derivative")
def without_the_two(A, y, beta):
    return (A @ beta - y)[:, None] * A


@wrong("04.2", says="Divided by n")
def divided(A, y, beta):
    return 2 / len(y) * (A @ beta - y)[:, None] * A


@wrong("04.2", says="The sign is turned")
def truth_first(A, y, beta):
    return 2 * (y - A @ beta)[:, None] * A


@wrong("04.2", says="do not average")
def gradient_of_the_mean(A, y, beta):
    return 2 / len(y) * A.T @ (A @ beta - y)


@wrong("04.2", says="do not add up")
def gradient_of_the_sum(A, y, beta):
    return 2 * A.T @ (A @ beta - y)


@wrong("04.2", says="transposed")
def transposed(A, y, beta):
    return (2 * (A @ beta - y)[:, None] * A).T


@wrong("04.2", says="multiply each by its row of A")
def errors_only(A, y, beta):
    return 2 * (A @ beta - y)


@wrong("04.2", says="their gradients are wanted")
def losses(A, y, beta):
    return (A @ beta - y) ** 2


@wrong("04.2", says="errors[:, None]")
def errors_along_columns(A, y, beta):
    return 2 * (A @ beta - y) * A


# --- 04.3 ----------------------------------------------------------------------------------------------


@right("04.3")
def adam_as_keras_has_it(theta, g, m, s, t, rate):
    m = m + (g - m) * (1 - 0.9)
    s = s + (np.square(g) - s) * (1 - 0.999)
    alpha = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - alpha * m / (np.sqrt(s) + 1e-7), m, s


@right("04.3")
def adam_in_loops(theta, g, m, s, t, rate):
    rows = []
    for theta_j, g_j, m_j, s_j in zip(theta, g, m, s, strict=True):
        m_j = 0.9 * m_j + 0.1 * g_j
        s_j = 0.999 * s_j + 0.001 * g_j * g_j
        step = rate * m_j / (1 - 0.9**t) / (math.sqrt(s_j / (1 - 0.999**t)) + 1e-7)
        rows.append((theta_j - step, m_j, s_j))
    return [list(column) for column in zip(*rows, strict=True)]


@right("04.3")
def adam_in_one_array(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    root = np.sqrt(s / (1 - 0.999**t)) + 1e-7
    return np.stack([theta - rate * m / (1 - 0.9**t) / root, m, s])


@right("04.3")
def adam_in_float32(theta, g, m, s, t, rate):
    theta, g, m, s = (a.astype("float32") for a in (theta, g, m, s))
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return theta - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


def adam(theta, g, m, s, t, rate, correct_m=True, correct_s=True, epsilon=1e-7):
    m_hat = m / (1 - 0.9**t) if correct_m else m
    s_hat = s / (1 - 0.999**t) if correct_s else s
    return theta - rate * m_hat / (np.sqrt(s_hat) + epsilon)


def means(g, m, s):
    return 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2


@wrong("04.3", says="Without the correction")
def not_corrected(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, t, rate, False, False), m, s


@wrong("04.3", says="power t")
def corrected_without_power(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, 1, rate), m, s


@wrong("04.3", says="s is not corrected")
def only_m_corrected(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, t, rate, correct_s=False), m, s


@wrong("04.3", says="m is not corrected")
def only_s_corrected(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, t, rate, correct_m=False), m, s


@wrong("04.3", says="do not add 1")
def one_step_later(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, t + 1, rate), m, s


@wrong("04.3", says="against the gradient")
def uphill(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, -m, s, t, rate), m, s


@wrong("04.3", says="The root is missing")
def without_root(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return theta - rate * m / (1 - 0.9**t) / (s / (1 - 0.999**t) + 1e-7), m, s


@wrong("04.3", says="add epsilon")
def without_epsilon(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    with np.errstate(all="ignore"):
        return adam(theta, g, m, s, t, rate, epsilon=0), m, s


@wrong("04.3", says="of g**2, not of g")
def mean_of_gradients(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g
    with np.errstate(all="ignore"):
        return adam(theta, g, m, s, t, rate), m, s


@wrong("04.3", says="The shares are swapped")
def swapped(theta, g, m, s, t, rate):
    m, s = 0.1 * m + 0.9 * g, 0.001 * s + 0.999 * g**2
    return adam(theta, g, m, s, t, rate), m, s


@wrong("04.3", says="betas are exchanged")
def exchanged(theta, g, m, s, t, rate):
    m, s = 0.999 * m + 0.001 * g, 0.9 * s + 0.1 * g**2
    return adam(theta, g, m, s, t, rate), m, s


@wrong("04.3", says="update m and s first")
def old_means(theta, g, m, s, t, rate):
    return adam(theta, g, m, s, t, rate), *means(g, m, s)


@wrong("04.3", says="not corrected: the next step")
def corrected_means(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(theta, g, m, s, t, rate), m / (1 - 0.9**t), s / (1 - 0.999**t)


@wrong("04.3", says="three arrays")
def theta_alone(theta, g, m, s, t, rate):
    return adam(theta, g, *means(g, m, s), t, rate)


@wrong("04.3", says="That is the step")
def the_step(theta, g, m, s, t, rate):
    m, s = means(g, m, s)
    return adam(0 * theta, g, m, s, t, rate), m, s


@wrong("04.3", says="in place")
def in_place(theta, g, m, s, t, rate):
    m *= 0.9
    m += 0.1 * g
    s *= 0.999
    s += 0.001 * g**2
    return adam(theta, g, m, s, t, rate), m, s


@wrong("04.3", says="The rate is missing")
def adam_without_rate(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return theta - m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


@wrong("04.3", says="0.9 and 0.1 are for m")
def adam_with_one_beta(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.9 * s + 0.1 * g**2
    return theta - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


@wrong("04.3", says="m and s are running means")
def adam_of_sums(theta, g, m, s, t, rate):
    m, s = 0.9 * m + g, 0.999 * s + g**2
    return theta - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


@wrong("04.3", says="not along g")
def along_the_gradient(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return theta - rate * g / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


@wrong("04.3", says="its own s")
def one_s_for_all(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * np.sum(g**2)
    return theta - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7), m, s


@wrong("04.3", says="added to the root")
def epsilon_inside(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return theta - rate * m / (1 - 0.9**t) / np.sqrt(s / (1 - 0.999**t) + 1e-7), m, s


@right("04.3")
def epsilon_where_keras_has_it(theta, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return theta - rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(s) + 1e-7), m, s


# --- 04.4 ----------------------------------------------------------------------------------------------


@right("04.4")
def limit_by_singular_values(A):
    return len(A) / np.linalg.norm(A, 2) ** 2


@right("04.4")
def limit_by_power_iteration(A):
    H = sum(2 / len(A) * np.outer(row, row) for row in A)
    power = H / np.trace(H)
    for _ in range(20):  # in the end the power 2**20, which the largest eigenvalue rules
        power = power @ power
        power /= np.trace(power)
    return 2 / np.sum(power * H)


@right("04.4")
def limit_in_float32(A):
    A = A.astype("float32")
    return 2 / np.linalg.eigvalsh(np.einsum("nd,ne->de", A, A) * 2 / len(A)).max()


@wrong("04.4", says="That is 1 / L")
def half_of_it(A):
    return 1 / np.linalg.eigvalsh(2 / len(A) * A.T @ A)[-1]


@wrong("04.4", says="largest curvature L")
def curvature(A):
    return np.linalg.eigvalsh(2 / len(A) * A.T @ A)[-1]


@wrong("04.4", says="flatter direction")
def by_the_smallest(A):
    return 2 / np.linalg.eigvalsh(2 / len(A) * A.T @ A)[0]


@wrong("04.4", says="The 2 of the gradient")
def without_the_two_of_the_mean(A):
    return 2 / np.linalg.eigvalsh(A.T @ A / len(A))[-1]


@wrong("04.4", says="divide A.T @ A by n")
def of_the_sum(A):
    return 2 / np.linalg.eigvalsh(2 * A.T @ A)[-1]


@wrong("04.4", says="both the 2 and the n")
def of_products_alone(A):
    return 2 / np.linalg.eigvalsh(A.T @ A)[-1]


@wrong("04.4", says="singular values")
def by_singular_value(A):
    return 2 / np.linalg.svd(A)[1][0]


@wrong("04.4", says="trace")
def by_the_trace(A):
    return 2 / np.trace(2 / len(A) * A.T @ A)


@wrong("04.4", says="diagonal")
def by_the_diagonal(A):
    return 2 / np.diag(2 / len(A) * A.T @ A).max()


@wrong("04.4", says="One limit for each direction")
def all_of_them(A):
    return 2 / np.linalg.eigvalsh(2 / len(A) * A.T @ A)


@wrong("04.4", says="does not sort")
def first_of_unsorted(A):
    return 2 / np.linalg.eig(2 / len(A) * A.T @ A)[0][0].real  # complex from NumPy 2.5 on


@wrong("04.4", says="best compromise")
def best_compromise(A):
    curvatures = np.linalg.eigvalsh(2 / len(A) * A.T @ A)
    return 2 / (curvatures[0] + curvatures[-1])


@wrong("04.4", says="number of rows")
def divided_by_columns(A):
    return 2 / np.linalg.eigvalsh(2 / A.shape[1] * A.T @ A)[-1]


# --- 04.5 ----------------------------------------------------------------------------------------------


def length_of(gradients):
    return np.sqrt(sum(np.sum(g**2) for g in gradients))


@right("04.5")
def clip_in_loops(gradients, c):
    total = 0.0
    for g in gradients:
        for entry in g.flat:
            total += entry**2
    factor = c / max(c, math.sqrt(total))
    return tuple(factor * g for g in gradients)


@right("04.5")
def clip_in_one_vector(gradients, c):
    flat = np.concatenate([g.ravel() for g in gradients])
    if np.linalg.norm(flat) > c:
        flat = flat / np.linalg.norm(flat) * c
    ends = np.cumsum([g.size for g in gradients])[:-1]
    return [part.reshape(g.shape) for part, g in zip(np.split(flat, ends), gradients, strict=True)]


@right("04.5")
def clip_by_tensorflow(gradients, c):
    import tensorflow as tf

    return tf.clip_by_global_norm([tf.constant(g, "float32") for g in gradients], c)[0]


@wrong("04.5", says="by its own length")
def each_by_itself(gradients, c):
    return [g * min(1, c / max(np.linalg.norm(g), 1e-30)) for g in gradients]


@wrong("04.5", says="Each entry is cut")
def by_value(gradients, c):
    return [np.clip(g, -c, c) for g in gradients]


@wrong("04.5", says="made longer")
def always_scaled(gradients, c):
    return [g * c / max(length_of(gradients), 1e-30) for g in gradients]


@wrong("04.5", says="leave gradients alone")
def divided_by_zero(gradients, c):
    with np.errstate(all="ignore"):
        length = length_of(gradients)
        return [g * np.minimum(c / length, 1) if length else g * c / length for g in gradients]


@wrong("04.5", says="The root is missing")
def squared_length(gradients, c):
    return [g * min(1, c / max(length_of(gradients) ** 2, 1e-30)) for g in gradients]


@wrong("04.5", says="Lengths do not add up")
def sum_of_lengths(gradients, c):
    total = sum(np.linalg.norm(g) for g in gradients)
    return [g * min(1, c / max(total, 1e-30)) for g in gradients]


@wrong("04.5", says="largest entry")
def by_the_largest_entry(gradients, c):
    largest = max(np.abs(g).max() for g in gradients)
    return [g * min(1, c / max(largest, 1e-30)) for g in gradients]


@wrong("04.5", says="come back as they were")
def untouched(gradients, c):
    return list(gradients)


@wrong("04.5", says="dropped")
def dropped(gradients, c):
    return [g if length_of(gradients) <= c else 0 * g for g in gradients]


@wrong("04.5", says="a list of 2 arrays")
def one_long_vector(gradients, c):
    flat = np.concatenate([g.ravel() for g in gradients])
    return flat * min(1, c / max(np.linalg.norm(flat), 1e-30))


@wrong("04.5", says="in place")
def scaled_in_place(gradients, c):
    length = length_of(gradients)
    for g in gradients:
        g *= min(1, c / max(length, 1e-30))
    return gradients


@wrong("04.5", says="Short gradients stay")
def short_ones_to_zero(gradients, c):
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g * (c / length) if length > c else 0 * g for g in gradients]
