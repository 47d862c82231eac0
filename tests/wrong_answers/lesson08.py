"""Answers to the exercises of lesson 08."""

import functools

import numpy as np

from tests.wrong_answers import right, wrong


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# --- 08.1 ----------------------------------------------------------------------------------------------


def blocks(x, h, kernel, recurrent_kernel, bias):
    return np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=1)


@right("08.1")
def lstm_by_slices_in_float32(x, h, c, kernel, recurrent_kernel, bias):
    K = h.shape[1]
    z = x.astype("float32") @ kernel.astype("float32") + h.astype("float32") @ recurrent_kernel + bias
    z = z.astype("float32")
    i, f, o = sigmoid(z[:, :K]), sigmoid(z[:, K : 2 * K]), sigmoid(z[:, 3 * K :])
    c = f * c + i * np.tanh(z[:, 2 * K : 3 * K])
    return o * np.tanh(c), c


@functools.cache  # a layer takes longer to build than to call
def keras_layer(name, units, shape):
    import keras

    layer = getattr(keras.layers, name)(units, dtype="float64")
    layer.build(shape)
    return layer


@right("08.1")
def lstm_by_keras(x, h, c, kernel, recurrent_kernel, bias):
    cell = keras_layer("LSTMCell", h.shape[1], x.shape)
    cell.set_weights([kernel, recurrent_kernel, bias])
    h, (_, c) = cell(x, [h, c])
    return np.asarray(h), np.asarray(c)


@right("08.1")
def lstm_in_loops(x, h, c, kernel, recurrent_kernel, bias):
    N, K = h.shape
    h_new, c_new = [[0.0] * K for _ in range(N)], [[0.0] * K for _ in range(N)]
    for n in range(N):
        for k in range(K):
            i, f, g, o = (
                x[n] @ kernel[:, b * K + k] + h[n] @ recurrent_kernel[:, b * K + k] + bias[b * K + k]
                for b in range(4)
            )
            c_new[n][k] = sigmoid(f) * c[n, k] + sigmoid(i) * np.tanh(g)
            h_new[n][k] = sigmoid(o) * np.tanh(c_new[n][k])
    return h_new, c_new


@wrong("08.1", says="in the order i, f, o, c")
def output_gate_third(x, h, c, kernel, recurrent_kernel, bias):
    i, f, o, g = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="in the order f, i, c, o")
def forget_gate_first(x, h, c, kernel, recurrent_kernel, bias):
    f, i, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="K columns that stand together")
def every_fourth_column(x, h, c, kernel, recurrent_kernel, bias):
    z = x @ kernel + h @ recurrent_kernel + bias
    i, f, g, o = (z[:, b::4] for b in range(4))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="swapped")
def states_swapped(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return c, sigmoid(o) * np.tanh(c)


@wrong("08.1", says="new cell state")
def output_of_the_old_cell(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    return sigmoid(o) * np.tanh(c), sigmoid(f) * c + sigmoid(i) * np.tanh(g)


@wrong("08.1", says="The tanh is missing")
def cell_not_squashed(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * c, c


@wrong("08.1", says="a tanh, not a sigmoid")
def candidate_by_sigmoid(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = (sigmoid(z) for z in blocks(x, h, kernel, recurrent_kernel, bias))
    c = f * c + i * g
    return o * np.tanh(c), c


@wrong("08.1", says="how much to keep")
def forgets_what_it_should_keep(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = (1 - sigmoid(f)) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="gate of its own")
def like_a_gru(x, h, c, kernel, recurrent_kernel, bias):
    _, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="not the output h")
def forget_gate_on_h(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c = sigmoid(f) * h + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="The state is missing in the gates")
def without_recurrence(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = np.split(x @ kernel + bias, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="The bias is missing")
def without_bias(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, 0)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


@wrong("08.1", says="That is h alone")
def output_alone(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    return sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g))


@wrong("08.1", says="in place")
def cell_in_place(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = blocks(x, h, kernel, recurrent_kernel, bias)
    c *= sigmoid(f)
    c += sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# --- 08.2 ----------------------------------------------------------------------------------------------


@right("08.2")
def parameters_by_keras(kind, inputs, units):
    import keras

    name = {"rnn": "SimpleRNNCell", "lstm": "LSTMCell", "gru": "GRUCell"}[kind]
    cell = getattr(keras.layers, name)(units)
    with keras.StatelessScope(initialize_variables=False):  # shapes alone: no weights are drawn
        cell.build((None, inputs))
    return cell.count_params()


@right("08.2")
def parameters_by_shapes(kind, inputs, units):
    columns = {"rnn": units, "gru": 3 * units, "lstm": 4 * units}[kind]
    shapes = [(inputs, columns), (units, columns), (2, columns) if kind == "gru" else (columns,)]
    return sum(np.prod(shape) for shape in shapes)


@right("08.2")
def parameters_by_parts(kind, inputs, units):
    columns = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * units
    return np.int64(inputs * columns + units * columns + (2 if kind == "gru" else 1) * columns)


@wrong("08.2", says="The biases are missing")
def parameters_without_biases(kind, inputs, units):
    return {"rnn": 1, "lstm": 4, "gru": 3}[kind] * units * (inputs + units)


@wrong("08.2", says="two rows of biases")
def gru_with_one_bias(kind, inputs, units):
    return {"rnn": 1, "lstm": 4, "gru": 3}[kind] * units * (inputs + units + 1)


@wrong("08.2", says="second row of biases has 3 * units")
def gru_with_a_short_second_row(kind, inputs, units):
    return {"rnn": 1, "lstm": 4, "gru": 3}[kind] * units * (inputs + units + 1) + units * (kind == "gru")


@wrong("08.2", says="The recurrent kernel is missing")
def parameters_without_recurrence(kind, inputs, units):
    return {"rnn": 1, "lstm": 4, "gru": 3}[kind] * units * (inputs + 1)


@wrong("08.2", says="That is one block")
def parameters_of_one_block(kind, inputs, units):
    return units * (inputs + units + 1)


@wrong("08.2", says="Only the GRU has three blocks")
def lstm_with_three_blocks(kind, inputs, units):
    return {"rnn": 1, "lstm": 3, "gru": 3}[kind] * units * (inputs + units + 1 + (kind == "gru"))


@wrong("08.2", says="a count is an int")
def parameters_as_float(kind, inputs, units):
    return float({"rnn": 1, "lstm": 4, "gru": 3}[kind] * units * (inputs + units + 1 + (kind == "gru")))


@wrong("08.2", says="exchanged")
def inputs_and_units_exchanged(kind, inputs, units):
    return {"rnn": 1, "lstm": 4, "gru": 3}[kind] * inputs * (inputs + units + 1 + (kind == "gru"))


# --- 08.3 ----------------------------------------------------------------------------------------------


@right("08.3")
def bias_with_other_numbers(units):
    return np.repeat([-50, 60, 7, -3], units)


@right("08.3")
def bias_as_a_list(units):
    return [-25.0] * units + [25.0] * units + [0.0] * 2 * units


@right("08.3")
def bias_in_float32(units):
    return np.concatenate([np.full(units, v, "float32") for v in (-20, 20, 1, 1)])


@wrong("08.3", says="The gates are exchanged")
def gates_exchanged(units):
    return np.repeat([30.0, -30, 0, 0], units)


@wrong("08.3", says="1 means keep")
def forget_gate_shut(units):
    return np.repeat([-30.0, -30, 0, 0], units)


@wrong("08.3", says="Those are the gates")
def gates_for_biases(units):
    return np.repeat([0.0, 1, 0, 0], units)


@wrong("08.3", says="lets the candidate in")
def input_gate_at_zero(units):
    return np.repeat([0.0, 30, 0, 0], units)


@wrong("08.3", says="not open enough")
def forget_gate_at_zero(units):
    return np.repeat([-30.0, 0, 0, 0], units)


@wrong("08.3", says="adds up")
def too_small(units):
    return np.repeat([-5.0, 5, 0, 0], units)


@wrong("08.3", says="one after the other")
def gates_of_a_unit_together(units):
    return np.tile([-30.0, 30, 0, 0], units)


@wrong("08.3", says="four blocks")
def one_number_a_gate(units):
    return np.array([-30.0, 30, 0, 0])


@wrong("08.3", says="not finite")
def infinite(units):
    return np.repeat([-np.inf, np.inf, 0, 0], units)


# --- 08.4 ----------------------------------------------------------------------------------------------


@right("08.4")
def windows_by_a_view(series, length, horizon):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    return np.column_stack([view[:, :length], view[:, -1]])


@right("08.4")
def windows_by_index(series, length, horizon):
    first = np.arange(len(series) - length - horizon + 1)[:, None]
    return series[np.hstack([first + np.arange(length), first + length + horizon - 1])]


@right("08.4")
def windows_in_lists(series, length, horizon):
    n = len(series) - length - horizon + 1
    return [[*series[s : s + length], series[s + length + horizon - 1]] for s in range(n)]


@wrong("08.4", says="one step early")
def target_one_early(series, length, horizon):
    n = len(series) - length - horizon + 1
    return np.array([[*series[s : s + length], series[s + length + horizon - 2]] for s in range(n)])


@wrong("08.4", says="one step late")
def target_one_late(series, length, horizon):
    n = len(series) - length - horizon
    return np.array([[*series[s : s + length], series[s + length + horizon]] for s in range(n)])


@wrong("08.4", says="The last window is missing")
def last_window_missing(series, length, horizon):
    return windows_by_a_view(series, length, horizon)[:-1]


@wrong("08.4", says="The horizon is not used")
def always_the_next(series, length, horizon):
    n = len(series) - length - horizon + 1
    return np.array([series[s : s + length + 1] for s in range(n)])


@wrong("08.4", says="Length and horizon are exchanged")
def length_and_horizon_exchanged(series, length, horizon):
    return windows_by_a_view(series, horizon, length)


@wrong("08.4", says="holds its own target")
def window_up_to_the_target(series, length, horizon):
    n = len(series) - length - horizon + 1
    return np.array(
        [[*series[s + horizon : s + horizon + length], series[s + length + horizon - 1]] for s in range(n)]
    )


@wrong("08.4", says="Those are the windows alone")
def windows_alone(series, length, horizon):
    return windows_by_a_view(series, length, horizon)[:, :-1]


@wrong("08.4", says="target stands first")
def target_first(series, length, horizon):
    return np.roll(windows_by_a_view(series, length, horizon), 1, axis=1)


@wrong("08.4", says="so with the future")
def standardised_by_everything(series, length, horizon):
    return windows_by_a_view((series - series.mean()) / series.std(), length, horizon)


@wrong("08.4", says="do not overlap")
def side_by_side(series, length, horizon):
    return windows_by_a_view(series, length, horizon)[::length]


# --- 08.5 ----------------------------------------------------------------------------------------------


@right("08.5")
def masked_by_arithmetic(x, mask, kernel, recurrent_kernel, bias):
    h = np.zeros((len(x), len(bias)))
    for t in range(x.shape[1]):
        m = mask[:, t, None].astype(float)
        h = m * np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias) + (1 - m) * h
    return h


@right("08.5")
def masked_one_by_one(x, mask, kernel, recurrent_kernel, bias):
    states = []
    for sequence, real in zip(x, mask, strict=True):
        h = np.zeros(len(bias), "float32")
        for step in sequence[real]:
            h = np.tanh(step @ kernel + h @ recurrent_kernel + bias)
        states.append(h)
    return states


@functools.cache
def traced(layer):
    import tensorflow as tf

    return tf.function(lambda x, mask: layer(x, mask=mask))


@right("08.5")
def masked_by_keras(x, mask, kernel, recurrent_kernel, bias):
    layer = keras_layer("SimpleRNN", len(bias), x.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    return traced(layer)(x, mask)


@right("08.5")
def masked_in_float32(x, mask, kernel, recurrent_kernel, bias):
    x, kernel, recurrent_kernel, bias = (
        part.astype("float32") for part in (x, kernel, recurrent_kernel, bias)
    )
    h = np.zeros((len(x), len(bias)), "float32")
    for step, real in zip(x.swapaxes(0, 1), mask.T, strict=True):
        h[real] = np.tanh(np.einsum("nd,dk->nk", step, kernel) + h @ recurrent_kernel + bias)[real]
    return h


def steps(x, kernel, recurrent_kernel, bias, change):
    h = np.zeros((len(x), len(bias)))
    for t in range(x.shape[1]):
        h = change(t, np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias), h)
    return h


@wrong("08.5", says="The mask is not used")
def mask_ignored(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: new)


@wrong("08.5", says="Inputs of 0 still change the state")
def inputs_zeroed(x, mask, kernel, recurrent_kernel, bias):
    x = x * mask[..., None]
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: new)


@wrong("08.5", says="The state becomes 0")
def state_zeroed(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: new * mask[:, t, None])


@wrong("08.5", says="wrong way round")
def mask_turned(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: np.where(mask[:, t, None], h, new))


@wrong("08.5", says="a mask of its own")
def mask_for_all(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: new if mask[:, t].all() else h)


@wrong("08.5", says="a mask of its own")
def mask_of_any(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: new if mask[:, t].any() else h)


def kept(mask):
    return lambda t, new, h: np.where(mask[:, t, None], new, h)


@wrong("08.5", says="The bias is missing")
def masked_without_bias(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel, 0 * bias, kept(mask))


@wrong("08.5", says="The tanh is missing")
def masked_without_tanh(x, mask, kernel, recurrent_kernel, bias):
    h = np.zeros((len(x), len(bias)))
    for t in range(x.shape[1]):
        h = np.where(mask[:, t, None], x[:, t] @ kernel + h @ recurrent_kernel + bias, h)
    return h


@wrong("08.5", says="The recurrent kernel is missing")
def masked_without_recurrence(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, 0 * recurrent_kernel, bias, kept(mask))


@wrong("08.5", says="transposed")
def recurrent_kernel_transposed(x, mask, kernel, recurrent_kernel, bias):
    return steps(x, kernel, recurrent_kernel.T, bias, kept(mask))


@wrong("08.5", says="Padding need not stand behind")
def cut_to_length(x, mask, kernel, recurrent_kernel, bias):
    ends = mask.sum(axis=1)
    return steps(x, kernel, recurrent_kernel, bias, lambda t, new, h: np.where(t < ends[:, None], new, h))


@wrong("08.5", says="go on to the end")
def stops_at_padding(x, mask, kernel, recurrent_kernel, bias):
    open_still = np.cumprod(mask, axis=1).astype(bool)
    return steps(
        x, kernel, recurrent_kernel, bias, lambda t, new, h: np.where(open_still[:, t, None], new, h)
    )
