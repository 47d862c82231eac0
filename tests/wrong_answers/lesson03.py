"""Answers to the exercises of lesson 03."""

import functools

import numpy as np

from tests.wrong_answers import right, wrong


def relu(z):
    return np.maximum(z, 0)


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# --- 03.1 ----------------------------------------------------------------------------------------------


@right("03.1")
def forward_in_loops(X, W1, b1, W2, b2):
    scores = []
    for x in X:
        hidden = [max(sum(x[i] * W1[i, j] for i in range(len(x))) + b1[j], 0) for j in range(len(b1))]
        scores.append(
            [sum(h * w for h, w in zip(hidden, W2[:, k], strict=True)) + b2[k] for k in range(len(b2))]
        )
    return scores


@right("03.1")
def forward_in_float32(X, W1, b1, W2, b2):
    X, W1, b1, W2, b2 = (a.astype("float32") for a in (X, W1, b1, W2, b2))
    H = X @ W1 + b1
    return H * (H > 0) @ W2 + b2


@functools.cache
def keras_network(inputs, units, outputs):
    import keras

    hidden = keras.layers.Dense(units, activation="relu")
    return keras.Sequential([keras.Input((inputs,)), hidden, keras.layers.Dense(outputs)])


@right("03.1")
def forward_in_keras(X, W1, b1, W2, b2):
    model = keras_network(*W1.shape, len(b2))
    model.set_weights([W1, b1, W2, b2])
    return model(X)


@right("03.1")
def forward_with_ones(X, W1, b1, W2, b2):
    ones = np.ones((len(X), 1))
    H = np.hstack([ones, X]) @ np.vstack([b1, W1])
    H[H < 0] = 0
    return np.einsum("nm,mk->nk", np.hstack([ones, H]), np.vstack([b2, W2]))


@wrong("03.1", says="The activation is missing")
def linear(X, W1, b1, W2, b2):
    return (X @ W1 + b1) @ W2 + b2


@wrong("03.1", says="The last layer has no activation")
def relu_twice(X, W1, b1, W2, b2):
    return relu(relu(X @ W1 + b1) @ W2 + b2)


@wrong("03.1", says="Those are probabilities")
def probabilities(X, W1, b1, W2, b2):
    return softmax(relu(X @ W1 + b1) @ W2 + b2)


@wrong("03.1", says="outputs of the hidden layer")
def hidden_only(X, W1, b1, W2, b2):
    return relu(X @ W1 + b1)


@wrong("03.1", says="sigmoid in the hidden layer")
def with_sigmoid(X, W1, b1, W2, b2):
    return (1 / (1 + np.exp(-(X @ W1 + b1)))) @ W2 + b2


@wrong("03.1", says="That has tanh")
def with_tanh(X, W1, b1, W2, b2):
    return np.tanh(X @ W1 + b1) @ W2 + b2


@wrong("03.1", says="biases b1 of the hidden layer are missing")
def without_b1(X, W1, b1, W2, b2):
    return relu(X @ W1) @ W2 + b2


@wrong("03.1", says="belong inside")
def b1_outside(X, W1, b1, W2, b2):
    return (relu(X @ W1) + b1) @ W2 + b2


@wrong("03.1", says="biases b2 of the output layer are missing")
def without_b2(X, W1, b1, W2, b2):
    return relu(X @ W1 + b1) @ W2


@wrong("03.1", says="ReLU gives the score itself")
def steps(X, W1, b1, W2, b2):
    return (X @ W1 + b1 > 0) @ W2 + b2


@wrong("03.1", says="Return the scores alone")
def all_three(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    return Z1, relu(Z1), relu(Z1) @ W2 + b2


@wrong("03.1", says="not X @ W1.T")
def weights_turned(X, W1, b1, W2, b2):
    return relu(X @ W1.T + b1) @ W2 + b2


@wrong("03.1", says="order is turned")
def weights_first(X, W1, b1, W2, b2):
    return relu(W1 @ X + b1) @ W2 + b2


@wrong("03.1", says="It is transposed")
def scores_transposed(X, W1, b1, W2, b2):
    return (relu(X @ W1 + b1) @ W2 + b2).T


# --- 03.2 ----------------------------------------------------------------------------------------------


def deltas(X, labels, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    delta2 = softmax(relu(Z1) @ W2 + b2) - np.eye(len(b2))[labels]
    return Z1, delta2 / len(X)


@right("03.2")
def gradient_by_finite_differences(X, labels, W1, b1, W2, b2):
    def loss(W1):
        Z2 = relu(X @ W1 + b1) @ W2 + b2
        return np.mean(np.logaddexp.reduce(Z2, axis=1) - Z2[np.arange(len(X)), labels])

    gradient = np.empty(W1.shape)
    for place in np.ndindex(W1.shape):
        step = np.zeros(W1.shape)
        step[place] = 1e-6
        gradient[place] = (loss(W1 + step) - loss(W1 - step)) / 2e-6
    return gradient


@right("03.2")
def gradient_by_einsum(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return np.einsum("nd,nk,mk,nm->dm", X, delta2, W2, Z1 > 0)


@right("03.2")
def gradient_in_loops(X, labels, W1, b1, W2, b2):
    gradient = np.zeros(W1.shape)
    for x, label in zip(X, labels, strict=True):
        z1 = x @ W1 + b1
        delta2 = softmax((relu(z1) @ W2 + b2)[None])[0]
        delta2[label] -= 1
        for j in range(len(b1)):
            if z1[j] > 0:
                gradient[:, j] += x * (W2[j] @ delta2) / len(X)
    return gradient


@right("03.2")
def gradient_in_float32(X, labels, W1, b1, W2, b2):
    X, W1, b1, W2, b2 = (a.astype("float32") for a in (X, W1, b1, W2, b2))
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ np.where(Z1 > 0, delta2.astype("float32") @ W2.T, 0)


@right("03.2")
def gradient_by_tape(X, labels, W1, b1, W2, b2):
    import tensorflow as tf

    W1 = tf.Variable(W1)
    with tf.GradientTape() as tape:
        Z2 = tf.nn.relu(X @ W1 + b1) @ W2 + b2
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, Z2))
    return tape.gradient(loss, W1)


@wrong("03.2", says="derivative of ReLU is missing")
def without_mask(X, labels, W1, b1, W2, b2):
    _, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 @ W2.T)


@wrong("03.2", says="outputs of ReLU")
def times_outputs(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 @ W2.T * relu(Z1))


@wrong("03.2", says="mask is turned")
def other_mask(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 @ W2.T * (Z1 < 0))


@wrong("03.2", says="gradient of the sum")
def of_the_sum(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 * len(X) @ W2.T * (Z1 > 0))


@wrong("03.2", says="sign is turned")
def truth_first(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (-delta2 @ W2.T * (Z1 > 0))


@wrong("03.2", says="The truth is missing")
def without_truth(X, labels, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    return X.T @ (softmax(relu(Z1) @ W2 + b2) / len(X) @ W2.T * (Z1 > 0))


@wrong("03.2", says="gradient by W2")
def of_the_last_layer(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return relu(Z1).T @ delta2


@wrong("03.2", says="transposed")
def transposed(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return (delta2 @ W2.T * (Z1 > 0)).T @ X


@wrong("03.2", says="gradient by b1")
def of_the_biases(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return (delta2 @ W2.T * (Z1 > 0)).sum(axis=0)


@wrong("03.2", says="back to the hidden units")
def without_transposing(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 @ W2 * (Z1 > 0))


@wrong("03.2", says="b1 are missing")
def gradient_without_b1(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, 0 * b1, W2, b2)
    return X.T @ (delta2 @ W2.T * (Z1 > 0))


@wrong("03.2", says="b2 are missing")
def gradient_without_b2(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, 0 * b2)
    return X.T @ (delta2 @ W2.T * (Z1 > 0))


@wrong("03.2", says="Softmax of each row")
def softmax_of_columns(X, labels, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    Q = softmax((relu(Z1) @ W2 + b2).T).T
    Q[np.arange(len(X)), labels] -= 1
    return X.T @ (Q / len(X) @ W2.T * (Z1 > 0))


@wrong("03.2", says="whole columns")
def truth_off_whole_columns(X, labels, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    Q = softmax(relu(Z1) @ W2 + b2)
    Q[:, labels] -= 1
    return X.T @ (Q / len(X) @ W2.T * (Z1 > 0))


@wrong("03.2", says="not for the sign")
def mask_of_delta(X, labels, W1, b1, W2, b2):
    _, delta2 = deltas(X, labels, W1, b1, W2, b2)
    back = delta2 @ W2.T
    return X.T @ (back * (back > 0))


@wrong("03.2", says="Divided by n K")
def mean_over_classes(X, labels, W1, b1, W2, b2):
    Z1, delta2 = deltas(X, labels, W1, b1, W2, b2)
    return X.T @ (delta2 / len(b2) @ W2.T * (Z1 > 0))


# --- 03.3 ----------------------------------------------------------------------------------------------


@right("03.3")
def collapse_by_asking(W1, b1, W2, b2):
    def layers(x):
        return (x @ W1 + b1) @ W2 + b2

    biases = layers(np.zeros(len(W1)))
    return [biases, *(layers(x) - biases for x in np.eye(len(W1)))]


@right("03.3")
def collapse_by_einsum(W1, b1, W2, b2):
    table = np.einsum("dm,mk->dk", np.vstack([b1, W1]), W2)
    table[0] += b2
    return table


@right("03.3")
def collapse_in_float32(W1, b1, W2, b2):
    W1, b1, W2, b2 = (a.astype("float32") for a in (W1, b1, W2, b2))
    return np.concatenate([(b1 @ W2 + b2)[None], W1 @ W2])


@right("03.3")
def collapse_in_keras(W1, b1, W2, b2):
    from keras import ops

    biases = ops.matmul(b1, W2) + b2
    return ops.concatenate([ops.expand_dims(biases, 0), ops.matmul(W1, W2)])


@wrong("03.3", says="b1 are lost")
def second_biases(W1, b1, W2, b2):
    return np.vstack([b2, W1 @ W2])


@wrong("03.3", says="b2 are lost")
def first_biases(W1, b1, W2, b2):
    return np.vstack([b1 @ W2, W1 @ W2])


@wrong("03.3", says="they pass through W2")
def sum_of_biases(W1, b1, W2, b2):
    return np.vstack([b1 + b2, W1 @ W2])


@wrong("03.3", says="The order is turned")
def other_order(W1, b1, W2, b2):
    return np.vstack([b1 @ W2 + b2, W2 @ W1])


@wrong("03.3", says="in the first row")
def biases_last(W1, b1, W2, b2):
    return np.vstack([W1 @ W2, b1 @ W2 + b2])


@wrong("03.3", says="put the biases above")
def weights_only(W1, b1, W2, b2):
    return W1 @ W2


@wrong("03.3", says="entry by entry")
def products(W1, b1, W2, b2):
    return np.vstack([b1 @ W2 + b2, W1 * W2])


# --- 03.4 ----------------------------------------------------------------------------------------------


@right("03.4")
def he_uniform(inputs, units, rng):
    limit = np.sqrt(6 / inputs)
    return rng.uniform(-limit, limit, size=(inputs, units))


@right("03.4")
def he_in_loops(inputs, units, rng):
    return [rng.normal(0, (2 / inputs) ** 0.5, size=units) for _ in range(inputs)]


@right("03.4")
def he_in_keras(inputs, units, rng):
    import keras

    return keras.initializers.HeNormal(seed=int(rng.integers(2**31)))((inputs, units))


@right("03.4")
def he_in_float32(inputs, units, rng):
    return rng.standard_normal((inputs, units), dtype="float32") * np.float32((2 / inputs) ** 0.5)


@wrong("03.4", says="take the square root")
def variance_for_deviation(inputs, units, rng):
    return rng.normal(0, 2 / inputs, size=(inputs, units))


@wrong("03.4", says="Divided by the number of units")
def by_units(inputs, units, rng):
    return rng.normal(0, np.sqrt(2 / units), size=(inputs, units))


@wrong("03.4", says="so double it")
def without_the_two(inputs, units, rng):
    return rng.normal(size=(inputs, units)) / np.sqrt(inputs)


@wrong("03.4", says="Glorot")
def glorot(inputs, units, rng):
    return rng.normal(size=(inputs, units)) * np.sqrt(2 / (inputs + units))


@wrong("03.4", says="variance 1")
def standard_normal(inputs, units, rng):
    return rng.normal(size=(inputs, units))


@wrong("03.4", says="The mean is not 0")
def positive(inputs, units, rng):
    return rng.random((inputs, units)) * np.sqrt(2 / inputs)


@wrong("03.4", says="Uniform between")
def narrow_uniform(inputs, units, rng):
    limit = np.sqrt(2 / inputs)
    return rng.uniform(-limit, limit, size=(inputs, units))


@wrong("03.4", says="transposed")
def turned(inputs, units, rng):
    return rng.normal(size=(units, inputs)) * np.sqrt(2 / inputs)


@wrong("03.4", says="from the rng given")
def own_generator(inputs, units, rng):
    return np.random.default_rng(0).normal(size=(inputs, units)) * np.sqrt(2 / inputs)


@wrong("03.4", says="All weights are the same")
def constant(inputs, units, rng):
    return np.full((inputs, units), np.sqrt(2 / inputs))


@wrong("03.4", says="same weights")
def one_unit_copied(inputs, units, rng):
    return np.tile(rng.normal(size=(inputs, 1)) * np.sqrt(2 / inputs), units)


@wrong("03.4", says="same rng gave other weights")
def from_the_global_generator(inputs, units, rng):
    return np.random.normal(size=(inputs, units)) * np.sqrt(2 / inputs)  # noqa: NPY002


@wrong("03.4", says="same rng gave other weights")
def from_an_unseeded_generator(inputs, units, rng):
    return np.random.default_rng().normal(size=(inputs, units)) * np.sqrt(2 / inputs)


# --- 03.5 ----------------------------------------------------------------------------------------------


@right("03.5")
def units_in_a_set(W1, b1, W2):
    return len({(*W1[:, j], b1[j], *W2[j]) for j in range(len(b1))})


@right("03.5")
def units_in_loops(W1, b1, W2):
    seen = []
    for j in range(len(b1)):
        unit = np.concatenate([W1[:, j], [b1[j]], W2[j]])
        if not any(np.array_equal(unit, other) for other in seen):
            seen.append(unit)
    return len(seen)


@right("03.5")
def units_by_axis_one(W1, b1, W2):
    return np.unique(np.vstack([W1, b1, W2.T]), axis=1).shape[1]


@right("03.5")
def units_by_their_distances(W1, b1, W2):
    units = np.column_stack([W1.T, b1, W2])
    alike = np.all(units[:, None] == units, axis=2)  # (m, m)
    return np.sum(~np.tril(alike, -1).any(axis=1))  # with no equal one before it


@wrong("03.5", says="all hidden units")
def every_unit(W1, b1, W2):
    return W1.shape[1]


@wrong("03.5", says="differ in their bias")
def without_bias(W1, b1, W2):
    return len(np.unique(np.column_stack([W1.T, W2]), axis=0))


@wrong("03.5", says="outgoing weights")
def without_outgoing(W1, b1, W2):
    return len(np.unique(np.column_stack([W1.T, b1]), axis=0))


@wrong("03.5", says="not a row")
def rows(W1, b1, W2):
    return len(np.unique(W1, axis=0))


@wrong("03.5", says="different numbers")
def values(W1, b1, W2):
    return len(np.unique(W1))


@wrong("03.5", says="of all units together")
def values_of_all(W1, b1, W2):
    return len(np.unique(np.column_stack([W1.T, b1, W2])))


@wrong("03.5", says="a count is an int")
def float_count(W1, b1, W2):
    return float(len(np.unique(np.column_stack([W1.T, b1, W2]), axis=0)))


@wrong("03.5", says="without a twin")
def without_twin(W1, b1, W2):
    units = np.column_stack([W1.T, b1, W2])
    return int(sum(np.unique(units, axis=0, return_counts=True)[1] == 1))


@wrong("03.5", says="a rank")
def rank(W1, b1, W2):
    return int(np.linalg.matrix_rank(np.column_stack([W1.T, b1, W2])))


@wrong("03.5", says="same sum")
def different_sums(W1, b1, W2):
    return len(np.unique(W1.sum(axis=0) + b1 + W2.sum(axis=1)))
