# ---
# jupyter:
#   course:
#     question: What can a network remember that reads one step after another, and does it beat a simple forecast?
# ---

# %% [markdown]
# # 08 · Recurrent networks
#
# | | |
# |---|---|
# | **You will be able to** | write the plain recurrent cell, the LSTM and the GRU, forward and for the plain cell backward; measure how far back a gradient reaches, say what sets it, and why reach is not yet memory; forecast a series without using its future; mask padding; tell when a line or a word count does as well |
# | **You need first** | [lesson 03](03_neural_networks.ipynb): backpropagation, `GradientTape`; [lesson 05](05_generalization.ipynb): what validation is for; [lesson 07](07_word_embeddings.ipynb): words as vectors |
# | **Time** | an hour to read; it runs in about a minute on a CPU, and a GPU gains little |
# | **Data** | monthly carbon dioxide on Hawaii (Keeling & Whorf); 8,530 sentences out of film reviews (Pang & Lee) |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=8)

# %% [markdown]
# Here the seed draws weights, made-up sequences and the order of examples. The text describes what seed 8 gives; both
# profiles do the same.

# %% tags=["setup"]
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from course_lib import data, plots, training

plots.use_style()
rng = np.random.default_rng(run.seed)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## The question
#
# A dense or convolutional network takes all its inputs at once. A sentence or a series comes one step after another, and
# may be of any length. A **recurrent** network reads step by step. What it has read stands in a **state**, which it
# hands on to the next step.
#
# Take the smallest one: one unit, $h_t = \tanh(u\,h_{t-1} + x_t)$. It gets a pulse, $x_0 = 1$, and then only zeros. What
# of it is left?


# %% tags=["nbval-check-output"]
def after_a_pulse(u, steps=20):
    """The state at each step, and the derivative of each state by the pulse."""
    h, slope = np.tanh(1.0), 1 - np.tanh(1.0) ** 2
    states, slopes = [h], [slope]
    for _ in range(steps):
        h = np.tanh(u * h)
        slope = slope * u * (1 - h**2)  # the chain rule, once more
        states.append(h)
        slopes.append(slope)
    return np.array(states), np.array(slopes)


PULSES = {u: after_a_pulse(u) for u in (0.5, 0.9, 1.5)}
for u, (states, slopes) in PULSES.items():
    print(
        f"u = {u}: after 20 steps the state is {states[-1]:.6f}, its derivative {slopes[-1]:.0e}"
    )
    assert slopes[-1] < 0.05

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6))
for (u, (states, slopes)), style in zip(PULSES.items(), ("o-", "s-", "^-"), strict=True):
    axes[0].plot(states, style, ms=4, label=f"u = {u}")
    axes[1].semilogy(slopes, style, ms=4)
axes[0].set(xlabel="steps after the pulse", ylabel="state $h_t$", ylim=(0, 1.05))
for ax in axes:
    ax.set_xticks(range(0, 21, 5))
axes[0].set_title("A state fades, or settles")
axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.42))
axes[1].set(xlabel="steps after the pulse", ylabel=r"$\partial h_t / \partial x_0$")
axes[1].set_title("Either way its derivative vanishes")
plots.show(fig)

# %% [markdown]
# With $u < 1$ the state fades. With $u = 1.5$ it settles at about 0.86 and stays. What is remembered is one bit, the
# pulse's sign; its size is lost: a slightly larger pulse would end at the same place. So on the right the derivative
# vanishes in all three cases, and gradient descent learns nothing from what was long ago (Bengio et al., 1994). A
# network of many units has more ways. How far back does it reach?

# %% [markdown]
# ## The plain recurrent cell
#
# $$h_t = \tanh(x_t W + h_{t-1} U + b) \qquad h_{-1} = 0$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $x_t$ | the inputs at step $t$; $N$ sequences of $T$ steps, $D$ numbers each | $(N, D)$; all: $(N, T, D)$ | `x[:, t]` |
# | $h_t$ | the state after step $t$, with $K$ units; also the output | $(N, K)$ | `h` |
# | $W$ | kernel | $(D, K)$ | `kernel` |
# | $U$ | recurrent kernel | $(K, K)$ | `recurrent` |
# | $b$ | bias | $(K,)$ | `bias` |
#
# The weights are the same at every step, as a convolution's are at every place.


# %%
def plain_step(x_t, state, kernel, recurrent, bias):
    (h,) = state
    return (np.tanh(x_t @ kernel + h @ recurrent + bias),)  # a state may have several parts


def unroll(step, x, weights, state):
    """All outputs (N, T, K) and the last state: the same step again and again."""
    outputs = []
    for t in range(x.shape[1]):
        state = step(x[:, t], state, *weights)
        outputs.append(state[0])
    return np.stack(outputs, axis=1), state


def equal_to_keras(step, kind, parts, D=3, K=5, N=2, T=7):
    """Run a step by hand and a Keras layer from the same weights; return the weights' shapes."""
    x = rng.normal(size=(N, T, D))
    layer = kind(K, return_sequences=True, return_state=True, dtype="float64")
    layer.build(x.shape)
    weights = [rng.normal(size=w.shape) / 2 for w in layer.get_weights()]
    layer.set_weights(weights)
    start = tuple(rng.normal(size=(N, K)) / 2 for _ in range(parts))
    outputs, state = unroll(step, x, weights, start)
    in_keras = layer(x, initial_state=list(start))
    for ours, theirs in zip((outputs, *state), in_keras, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)  # float64 in both: rounding alone
    return [w.shape for w in weights]


# %% tags=["nbval-check-output"]
print(
    "SimpleRNN, all steps and the last state:",
    equal_to_keras(plain_step, keras.layers.SimpleRNN, 1),
)

# %% [markdown]
# `return_sequences=True` gives the output of every step, $(N, T, K)$; without it a Keras layer gives the last one alone,
# $(N, K)$. The state can also be handed over: ten steps at once, or four and then six from the state that was reached, are
# the same. So a sequence may be longer than what is held in memory.

# %%
x_long, zeros = rng.normal(size=(2, 10, 3)), (np.zeros((2, 5)),)
weights_plain = [rng.normal(size=shape) / 2 for shape in ((3, 5), (5, 5), (5,))]
at_once, _ = unroll(plain_step, x_long, weights_plain, zeros)
first_part, reached = unroll(plain_step, x_long[:, :4], weights_plain, zeros)
second_part, _ = unroll(plain_step, x_long[:, 4:], weights_plain, reached)
assert np.array_equal(at_once, np.concatenate([first_part, second_part], axis=1))
print("in one go or in two parts: equal to the last digit")

# %% [markdown]
# ### Recurrent, not recursive
#
# One of the articles calls these networks *recursive*. That is another kind: a **recursive** network joins the parts of
# a tree, $p = \tanh(\text{left}\,U + \text{right}\,W + b)$, from the leaves up (Socher et al., 2011). A chain is a tree too:
# on it the recursive network is the recurrent one. On a balanced tree it is not, and the way from a leaf to the root is
# shorter.


# %%
def recursive(tree, kernel, recurrent, bias):
    """A tree is a leaf, which is an array, or a pair of trees. Returns the vector of its root, and its depth."""
    if isinstance(tree, np.ndarray):
        return tree, 0
    (left, depth_left), (right, depth_right) = (
        recursive(part, kernel, recurrent, bias) for part in tree
    )
    depth = 1 + max(depth_left, depth_right)
    return np.tanh(left @ recurrent + right @ kernel + bias), depth


leaves = list(rng.normal(size=(8, 1, 5)))
weights_tree = [rng.normal(size=shape) / 2 for shape in ((5, 5), (5, 5), (5,))]
chain, level = leaves[0], leaves
for leaf in leaves[1:]:
    chain = (chain, leaf)
while len(level) > 1:
    level = list(zip(level[::2], level[1::2], strict=True))
root_chain, depth_chain = recursive(chain, *weights_tree)
root_balanced, depth_balanced = recursive(level[0], *weights_tree)
_, (last,) = unroll(plain_step, np.stack(leaves[1:], axis=1), weights_tree, (leaves[0],))
np.testing.assert_allclose(root_chain, last, atol=1e-14)  # the same products
assert not np.allclose(root_balanced, last)
print(f"eight leaves: depth {depth_chain} as a chain, {depth_balanced} as a balanced tree")

# %% [markdown]
# ## Backwards through time
#
# Written out step by step, a recurrent network is a deep one: lesson 03's rules hold. Two things are new. A state acts on
# the loss $J$ in two ways, through its own output and through the next state; the two gradients add. And the weights are
# used at every step, so their gradients are sums over steps.

# %% [markdown]
# With $a_t$ for what the tanh is taken of, $\tanh' = 1 - \tanh^2$, and
# $\delta_t = \partial J / \partial a_t$, which is 0 after the last step:
#
# $$\delta_t = \Bigl(\frac{\partial J}{\partial h_t}\Big|_{\text{output}} + \delta_{t+1} U^\top\Bigr) \odot (1 - h_t^2)$$
#
# $$\frac{\partial J}{\partial U} = \sum_t h_{t-1}^\top \delta_t \qquad \frac{\partial J}{\partial W} = \sum_t x_t^\top \delta_t
# \qquad \frac{\partial J}{\partial b} = \sum_t \delta_t \qquad \frac{\partial J}{\partial x_t} = \delta_t W^\top$$
#
# This is **backpropagation through time**.


# %%
def backward(x, H, from_outputs, kernel, recurrent, cut=None):
    """Gradients by x, kernel, recurrent and bias; with `cut`, none goes back past steps 0, cut, 2 cut …

    x (N, T, D) and the states H (N, T, K) of a run from zero; from_outputs (N, T, K) is the loss's gradient by each output.
    """
    by_x, by_kernel = np.zeros_like(x), np.zeros_like(kernel)
    by_recurrent, by_bias = np.zeros_like(recurrent), np.zeros(len(recurrent))
    from_later = np.zeros_like(H[:, 0])
    for t in reversed(range(x.shape[1])):
        before = H[:, t - 1] if t > 0 else np.zeros_like(H[:, 0])
        delta = (from_outputs[:, t] + from_later) * (1 - H[:, t] ** 2)
        by_kernel += x[:, t].T @ delta
        by_recurrent += before.T @ delta
        by_bias += delta.sum(axis=0)
        by_x[:, t] = delta @ kernel.T
        from_later = delta @ recurrent.T
        if cut and t % cut == 0:
            from_later = np.zeros_like(from_later)
    return by_x, by_kernel, by_recurrent, by_bias


# %% [markdown]
# Is it right? As in lesson 03, we ask finite differences, and the tape. The loss is a sum of all outputs with random
# weights.

# %%
x_back, zeros_back = rng.normal(size=(4, 12, 3)), (np.zeros((4, 5)),)
from_outputs = rng.normal(size=(4, 12, 5))
states_back, _ = unroll(plain_step, x_back, weights_plain, zeros_back)
gradients = backward(x_back, states_back, from_outputs, *weights_plain[:2])

with_differences = np.empty((5, 5))
for row, column in np.ndindex(5, 5):
    losses = []
    for nudge in (1e-5, -1e-5):
        changed = weights_plain[1].copy()
        changed[row, column] += nudge
        varied, _ = unroll(
            plain_step, x_back, [weights_plain[0], changed, weights_plain[2]], zeros_back
        )
        losses.append(np.sum(varied * from_outputs))
    with_differences[row, column] = (losses[0] - losses[1]) / 2e-5
# Central differences err by nudge² = 1e-10 times a third derivative, and by rounding, 1e-16 / nudge.
np.testing.assert_allclose(gradients[2], with_differences, atol=1e-7)
print(f"recurrent kernel: 25 entries agree, the largest is {np.abs(gradients[2]).max():.2f}")

# %%
in_parts = keras.layers.SimpleRNN(5, return_sequences=True, return_state=True, dtype="float64")
in_parts.build(x_back.shape)
in_parts.set_weights(weights_plain)
watched = tf.constant(x_back)
with tf.GradientTape() as tape:
    tape.watch(watched)
    loss = tf.reduce_sum(in_parts(watched)[0] * from_outputs)
by_tape = tape.gradient(loss, [watched, *in_parts.trainable_variables])
for ours, theirs in zip(gradients, by_tape, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-12)  # float64
print("x, kernel, recurrent kernel, bias: all equal to the tape")

# %% [markdown]
# ### Truncated
#
# A series of a million steps would be a network a million layers deep, and all its states must be kept. So the sequence
# is cut into pieces. The state is handed on from piece to piece; the gradient is not. That is **truncated**
# backpropagation through time. In Keras, hand over the state behind `tf.stop_gradient`; or set `stateful=True`, which
# needs a fixed batch size, the same sequences in the same rows of each batch, and `reset_state()` before new ones.

# %%
only_last = np.zeros_like(from_outputs)
only_last[:, -1] = from_outputs[:, -1]  # a loss at the last step alone
whole = backward(x_back, states_back, only_last, *weights_plain[:2])
cut_short = backward(x_back, states_back, only_last, *weights_plain[:2], cut=4)
with tf.GradientTape() as tape:
    tape.watch(watched)
    state = tf.zeros((4, 5), "float64")
    for start in (0, 4, 8):
        piece, state = in_parts(
            watched[:, start : start + 4], initial_state=tf.stop_gradient(state)
        )
    loss = tf.reduce_sum(piece[:, -1] * only_last[:, -1])
by_tape = tape.gradient(loss, [watched, *in_parts.trainable_variables])
for ours, theirs in zip(cut_short, by_tape, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
print("step    whole      cut every 4 steps: norm of the gradient by x_t")
for t in range(12):
    print(
        f"{t:4}   {np.linalg.norm(whole[0][:, t]):.1e}   {np.linalg.norm(cut_short[0][:, t]):.1e}"
    )
assert np.all(cut_short[0][:, :8] == 0) and np.all(whole[0] != 0)
assert np.linalg.norm(whole[0][:, 0]) < 0.002 * np.linalg.norm(whole[0][:, -1])

# %% [markdown]
# Before the cut the gradient is exactly zero: whatever was read there, this loss cannot teach the network to keep it. The
# state itself still comes from there. In the first column it fades on the way back, not at every step: at step 0 about a
# thousandth of the last step's is left.

# %% [markdown]
# ## Why it vanishes, and a way out
#
# From $h_{t-1}$ to $h_t$ a small change is multiplied by the matrix $U\,\mathrm{diag}(1 - h_t^2)$; over a lag of $k$
# steps, by a product of $k$ such matrices. If each shrinks every change to $\gamma < 1$ of it or less, the product
# shrinks like $\gamma^k$, exponentially in the lag; if each stretches, it explodes.
#
# The **long short-term memory** (Hochreiter & Schmidhuber, 1997) has a second state, the **cell** $c_t$. In 1997 it was
# carried over unchanged: a factor of 1. Since Gers et al. (2000) it is multiplied, unit by unit, by a **gate**: a number
# from 0 to 1 that the network computes for itself.


# %% [markdown]
# $$i_t = \sigma(x_t W_i + h_{t-1} U_i + b_i) \qquad f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)$$
#
# $$\tilde c_t = \tanh(x_t W_c + h_{t-1} U_c + b_c) \qquad o_t = \sigma(x_t W_o + h_{t-1} U_o + b_o)$$
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t \qquad h_t = o_t \odot \tanh(c_t)$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $i_t$, $f_t$, $o_t$ | input, forget and output gate | $(N, K)$ | `i`, `f`, `o` |
# | $\tilde c_t$ | candidate: what may enter the cell | $(N, K)$ | `candidate` |
# | $c_t$, $h_t$ | cell state; output, which is also handed on | $(N, K)$ | `c`, `h` |
# | $W$ | the four kernels side by side: $i, f, c, o$ | $(D, 4K)$ | `kernel` |
# | $U$, $b$ | the same | $(K, 4K)$, $(4K,)$ | `recurrent`, `bias` |
#
# The forget gate says how much to *keep*.


# %%
def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(z / 2)  # cannot overflow


def lstm_step(x_t, state, kernel, recurrent, bias):
    h, c = state
    i, f, candidate, o = np.split(x_t @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
    return sigmoid(o) * np.tanh(c), c


# %% [markdown]
# The **gated recurrent unit** (Cho et al., 2014) makes do with one state and two gates, update $z_t$ and reset $r_t$:
#
# $$z_t = \sigma(x_t W_z + b_z + h_{t-1} U_z + b'_z) \qquad r_t = \sigma(x_t W_r + b_r + h_{t-1} U_r + b'_r)$$
#
# $$\tilde h_t = \tanh\bigl(x_t W_h + b_h + r_t \odot (h_{t-1} U_h + b'_h)\bigr) \qquad h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$
#
# So it is in Keras, where `reset_after=True` is the default: the reset gate comes after the product with $U_h$.
# Therefore the two biases do not merge into one, and `bias` has two rows, $b$ and $b'$. In the paper the gate comes
# before the product.


# %%
def gru_step(x_t, state, kernel, recurrent, bias):
    (h,) = state
    z, r, candidate = np.split(x_t @ kernel + bias[0], 3, axis=-1)
    z_h, r_h, candidate_h = np.split(h @ recurrent + bias[1], 3, axis=-1)
    z, r = sigmoid(z + z_h), sigmoid(r + r_h)
    return (z * h + (1 - z) * np.tanh(candidate + r * candidate_h),)


# %% tags=["nbval-check-output"]
for step, kind, parts in ((lstm_step, keras.layers.LSTM, 2), (gru_step, keras.layers.GRU, 1)):
    print(f"{kind.__name__}, all steps and the last state:", equal_to_keras(step, kind, parts))

# %% [markdown]
# ### How many parameters?
#
# A gate or candidate has a weight for each input and each unit of the state, and a bias, for each of its $K$ units:
# $K(D + K + 1)$. The plain cell has one of these, the LSTM four, the GRU three and its second row of biases.


# %% tags=["nbval-check-output"]
def count_by_hand(kind, D, K):
    blocks = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[kind]
    return blocks * K * (D + K + 1) + (3 * K if kind == "GRU" else 0)


for D, K in ((1, 64), (64, 64)):
    for kind in (keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM):
        layer = kind(K)
        layer.build((None, None, D))
        print(f"{kind.__name__:>9}, {D:2} inputs, {K} units: {layer.count_params():>6,}")
        assert layer.count_params() == count_by_hand(kind.__name__, D, K)
assert count_by_hand("LSTM", 1, 64) == 16_896

# %% [markdown]
# ### A memory, set by hand
#
# Two inputs: a number, and a flag that says "store this one". The forget gate is open, bias 20, and the input gate
# shut, bias −20. The flag turns both round, weights −40 and 40. No gate looks at $h$.

# %%
STORE_KERNEL = np.array([[0.0, 0, 1, 0], [40, -40, 0, 0]])  # i, f, candidate, o
STORE_BIAS = np.array([-20.0, 20, 0, 20])
signal = rng.uniform(-1, 1, size=60)
flag, second = np.zeros(60), 30 + signal[30:50].argmax()
flag[[8, second]] = 1
h, c, kept = np.zeros((1, 1)), np.zeros((1, 1)), []
for inputs in np.column_stack([signal, flag]):
    h, c = lstm_step(inputs[None], (h, c), STORE_KERNEL, np.zeros((1, 4)), STORE_BIAS)
    kept.append(c[0, 0])
np.testing.assert_allclose(kept[8:second], np.tanh(signal[8]), atol=1e-6)  # σ(20) = 1 - 2e-9

fig, ax = plt.subplots(figsize=(7.5, 3.2))
ax.plot(signal, ".", color=plots.GREY, label="numbers that come in")
ax.plot(np.flatnonzero(flag), signal[flag == 1], "o", color=plots.RED, ms=8, label="flagged")
ax.step(
    range(60),
    kept,
    where="mid",
    color=plots.BLUE,
    label="cell state: tanh of the flagged number",
)
ax.set(xlabel="step", ylabel="value", ylim=(-1.1, 1.75))
ax.set_title("An open forget gate and a shut input gate keep the state")
ax.legend(loc="upper center", ncols=3, fontsize=8)
plots.show(fig)

# %% [markdown]
# Between the flags the line is flat: the other numbers leave no trace. One plain unit has no such switch: every
# number that comes in moves its state. But these weights were set by hand. With which weights does training begin?

# %% [markdown]
# ## Gradient against lag
#
# We take noise and fresh layers of 32 units, and measure the norm of the matrix $\partial h_{T-1} / \partial x_t$ at
# each lag $T - 1 - t$; steps count from 0, so the last is $T - 1$. For the plain cell, we multiply the matrices. For
# all cells, the tape gives $v\,\partial h_{T-1} / \partial x_t$ for a random direction $v$; the mean of its squared
# length over many $v$ is the squared Frobenius norm.
#
# Keras starts the biases at 0, except those of the LSTM's forget gate: 1, `unit_forget_bias=True`.


# %%
T, UNITS, SYMBOLS, NOISE = 40, 32, 6, 8  # the task below has six symbols


def gradient_by_lag(layer, x):
    """Norm of the derivative of the last output by the inputs at each lag 0, 1, …: root mean square over sequences."""
    directions = np.random.default_rng(run.seed).normal(size=(len(x), UNITS)).astype("float32")
    watched = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        along = tf.reduce_sum(layer(watched) * directions)
    squares = np.sum(tape.gradient(along, watched).numpy() ** 2, axis=-1)  # (N, T)
    return np.sqrt(squares.mean(axis=0))[::-1]


def with_forget_bias(layer, value):
    """The same LSTM with another bias of the forget gate."""
    kernel, recurrent, bias = layer.get_weights()
    bias[UNITS : 2 * UNITS] = value
    layer.set_weights([kernel, recurrent, bias])
    return layer


# %%
def fresh_layers():
    """A layer of each kind, as Keras draws it."""
    keras.utils.set_random_seed(run.seed)
    kinds = (keras.layers.SimpleRNN, keras.layers.GRU, *[keras.layers.LSTM] * 3)
    layers = [kind(UNITS) for kind in kinds]
    for layer in layers:
        layer.build((None, T, SYMBOLS + NOISE))
    with_forget_bias(layers[3], 0)
    with_forget_bias(layers[4], 4)
    names = ("plain", "GRU", "LSTM", "LSTM, forget bias 0", "LSTM, forget bias 4")
    return dict(zip(names, layers, strict=True))


# %%
def jacobian_by_lag(x, kernel, recurrent, bias):
    """As `gradient_by_lag`, for the plain cell, by the product of matrices."""
    H, _ = unroll(plain_step, x, (kernel, recurrent, bias), (np.zeros((len(x), UNITS)),))
    product = np.broadcast_to(np.eye(UNITS), (len(x), UNITS, UNITS))
    squares = []
    for t in reversed(range(T)):
        product = (1 - H[:, t] ** 2)[
            :, :, None
        ] * product  # (N, K, K): from a_t to the last state
        squares.append(np.sum((kernel @ product) ** 2, axis=(1, 2)).mean())
        product = recurrent @ product
    return np.sqrt(squares)


# %%
noise = np.zeros((64, T, SYMBOLS + NOISE), "float32")  # no symbol yet
noise[..., SYMBOLS:] = rng.normal(size=(64, T, NOISE))
layers_at_start = fresh_layers()
reach_at_start = {
    name: gradient_by_lag(layer, noise) for name, layer in layers_at_start.items()
}
exact = jacobian_by_lag(noise, *layers_at_start["plain"].get_weights())
# 64 random directions: each square is off by a fifth or so, far back by more, since a few sequences count most.
np.testing.assert_allclose(reach_at_start["plain"], exact, rtol=0.6)
factors = {
    name: (reach[-1] / reach[9]) ** (1 / (T - 10)) for name, reach in reach_at_start.items()
}
for name, reach in reach_at_start.items():
    print(
        f"{name:>20}: lag 0 {reach[0]:.1e}, lag 39 {reach[-1]:.1e}, a factor {factors[name]:.2f} a step"
    )
assert factors["LSTM"] > factors["plain"] + 0.03 and factors["plain"] > factors["GRU"] + 0.05
assert factors["plain"] > factors["LSTM, forget bias 0"] + 0.05
assert factors["LSTM, forget bias 4"] > 1

# %% [markdown]
# And where less comes in? The same layers, and noise of a tenth of the size:

# %%
quiet_reach = {
    name: gradient_by_lag(layer, noise / 10) for name, layer in layers_at_start.items()
}
quiet = {name: (reach[-1] / reach[9]) ** (1 / (T - 10)) for name, reach in quiet_reach.items()}
for name in quiet:
    print(
        f"{name:>20}: a factor {factors[name]:.2f} a step, with quiet noise {quiet[name]:.2f}"
    )
_, U, _ = layers_at_start["plain"].get_weights()
np.testing.assert_allclose(U.T @ U, np.eye(UNITS), atol=1e-5)  # float32: U is orthogonal
assert quiet["plain"] > factors["plain"] + 0.1 and quiet["plain"] > quiet["LSTM"] + 0.05
assert all(abs(quiet[name] - factors[name]) < 0.1 for name in ("GRU", "LSTM"))

# %% [markdown]
# The plain cell's factor is set by the size of what comes in: its recurrent kernel is orthogonal in Keras and shrinks
# nothing, only the slopes of tanh do, the more the larger the inputs. With quiet inputs it reaches farther than Keras's
# LSTM.

# %%
STYLES = {
    "plain": ("-", plots.GREY),
    "GRU": ("-", plots.GREEN),
    "LSTM": ("-", plots.BLUE),
    "LSTM, forget bias 0": ("--", plots.BLUE),
    "LSTM, forget bias 4": (":", plots.BLUE),
}
fig, ax = plt.subplots(figsize=(7.5, 4))
for name, reach in reach_at_start.items():
    style, colour = STYLES[name]
    ax.semilogy(range(T), reach, style, color=colour, lw=2, label=name)
ax.semilogy(
    range(T), quiet_reach["plain"], "--", color=plots.GREY, lw=2, label="plain, quiet noise"
)
ax.set(xlabel="lag (steps back)", ylabel=r"norm of $\partial h_{T-1} / \partial x_t$")
ax.set_title("Before training: the bias moves the LSTM's, the noise the plain cell's")
ax.legend(loc="lower left")
plots.show(fig)

# %% [markdown]
# On a log scale all are near straight lines: a factor for each step. "An LSTM does not forget, a plain network does"
# would be too simple. With forget bias 0 an LSTM starts at $f \approx \sigma(0) = 0.5$ and forgets faster than the
# plain cell; so does the GRU, whose update gate starts at 0.5. Bias 1 gives $\sigma(1) = 0.73$, bias 4 gives 0.98.
# (Gradients go through $h$ as well, so the measured factors are larger; with bias 4 above 1: there the gradient grows.)
# In a gated cell this factor can be *set*, and learnt.


# %% [markdown]
# ## Can they learn to remember?
#
# A task that needs memory, and nothing else. At one step, chosen at random from 40, one of six symbols appears; all the
# time there is noise. After the last step: which symbol was it? A guess is right in a sixth. All three cells get the same 32
# units, sequences, updates and rate; the LSTM has four times the plain cell's weights.


# %%
def recall_task(count, seed):
    """Sequences (count, T, SYMBOLS + NOISE), the symbol, and how many steps ago it appeared."""
    draw = np.random.default_rng(seed)
    symbol, lag = draw.integers(SYMBOLS, size=count), draw.integers(T, size=count)
    x = np.zeros((count, T, SYMBOLS + NOISE), "float32")
    x[..., SYMBOLS:] = draw.normal(size=(count, T, NOISE))
    x[np.arange(count), T - 1 - lag, symbol] = 3
    return x, symbol, lag


def recall_model(layer):
    """The layer, with a dense layer on its last output."""
    keras.utils.set_random_seed(run.seed)
    model = keras.Sequential(
        [keras.Input((T, SYMBOLS + NOISE)), layer, keras.layers.Dense(SYMBOLS)],
        name=type(layer).__name__,
    )
    model.compile("adam", cross_entropy, steps_per_execution=10)
    return model


def train_recall(model, updates, rate):
    """Train, and return the share of new sequences that are right, by lag: 0 to 4, 5 to 9, …"""
    model.optimizer.learning_rate = rate
    x, symbol, _ = recall_task(64 * updates, run.seed)  # no sequence comes twice
    training.fit(model, x, symbol, batch_size=64, shuffle=False)
    hits = model(recall_x).numpy().argmax(axis=1) == recall_symbol
    fives = recall_lag // 5
    return np.array([hits[fives == k].mean() for k in range(T // 5)])


# %%
recall_x, recall_symbol, recall_lag = recall_task(2000, run.seed + 1000)  # new ones
recall_models = {name: recall_model(layers_at_start[name]) for name in ("plain", "GRU", "LSTM")}
plain_at_start = recall_models["plain"].get_weights()
recalled, reach_trained = {}, {}
for name, model in recall_models.items():
    recalled[name] = train_recall(model, updates=120, rate=0.005)
    reach_trained[name] = gradient_by_lag(model.layers[0], recall_x[:64])
for name, share in recalled.items():
    print(f"{name:>6}: {', '.join(f'{value:.2f}' for value in share)} right, by lag")
    print(f"        gradient at lag 39 {reach_trained[name][-1]:.1e}")
for name in ("GRU", "LSTM"):
    assert recalled[name].mean() > recalled["plain"].mean() + 0.3
    assert reach_trained[name][-1] > 0.03 * reach_trained[name][0]

# %% [markdown]
# The plain cell gets a second chance: the same initial weights, a smaller rate, four times the updates.

# %%
recall_models["plain"].set_weights(plain_at_start)
# Adam's means and its count of steps go back to 0; train_recall sets the rate.
for variable in recall_models["plain"].optimizer.variables:
    variable.assign(np.zeros(variable.shape))
SECOND = "plain, 4 times the updates"
recalled[SECOND] = train_recall(recall_models["plain"], updates=480, rate=0.002)
reach_trained[SECOND] = gradient_by_lag(recall_models["plain"].layers[0], recall_x[:64])
assert recalled[SECOND][-1] > recalled["plain"][-1]
assert recalled[SECOND].mean() < min(recalled["GRU"].mean(), recalled["LSTM"].mean())
print(f"{SECOND}: {', '.join(f'{share:.2f}' for share in recalled[SECOND])} right, by lag")

# %%
STYLES[SECOND] = ("--", plots.GREY)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for name, share in recalled.items():
    style, colour = STYLES[name]
    axes[0].plot(np.arange(T // 5) * 5 + 2, share, "o" + style, ms=4, color=colour, label=name)
    axes[1].semilogy(range(T), reach_trained[name], style, color=colour, lw=2)
axes[0].axhline(1 / SYMBOLS, color="black", lw=0.8)
axes[0].text(39, 1 / SYMBOLS + 0.02, "guessing", ha="right")
axes[0].set(xlabel="lag (steps back)", ylabel="share of symbols recalled", ylim=(0, 1.05))
axes[0].set_title("The gated cells recall at every lag")
axes[0].legend(loc="upper right", bbox_to_anchor=(1, 0.93), fontsize=9)
axes[1].set(xlabel="lag (steps back)", ylabel=r"norm of $\partial h_{T-1} / \partial x_t$")
axes[1].set_title("After training, gradients reach back in all")
plots.show(fig)

# %% [markdown]
# Left: after 120 updates the gated cells recall what was 40 steps ago as surely as what was just there; the plain cell
# drops to about a third and stays there, above guessing. Right: the gates have learnt to keep, and gradients reach back,
# the GRU's too, though it began with the shortest reach of the three. The plain cell's gradient now reaches as far, and it
# recalls worst: reach is needed to learn, and is not enough.

# %% [markdown]
# With a smaller rate and four times the updates the plain cell recalls more of what is far back, and still far less than
# the gated cells. These two ways of teaching it did not find better weights; others might. The
# articles say that recurrent networks keep the context. They keep what they have learnt to keep.

# %% [markdown]
# ### Both ways
#
# What comes later can matter, too: "a bank" may go on "of the river" or "that lends". A **bidirectional** layer has two
# cells with weights of their own; one reads the sequence backwards. Their outputs are put side by side, step by step.
# Its output at a step depends on later steps, so it cannot answer as each step comes in; a window that is wholly in the
# past it may read.

# %% tags=["nbval-check-output"]
x_both = rng.normal(size=(2, 6, 3))
both = keras.layers.Bidirectional(
    keras.layers.LSTM(5, return_sequences=True, dtype="float64"), dtype="float64"
)
both.build(x_both.shape)
weights_both = [rng.normal(size=w.shape) / 2 for w in both.get_weights()]
both.set_weights(weights_both)
start_both = np.zeros((2, 5)), np.zeros((2, 5))
ahead, _ = unroll(lstm_step, x_both, weights_both[:3], start_both)
back, _ = unroll(lstm_step, x_both[:, ::-1], weights_both[3:], start_both)
np.testing.assert_allclose(
    np.concatenate([ahead, back[:, ::-1]], axis=-1), both(x_both), atol=1e-12
)
print(
    "input",
    x_both.shape,
    "output",
    tuple(both(x_both).shape),
    "parameters",
    both.count_params(),
)
assert both.count_params() == 2 * count_by_hand("LSTM", 3, 5)

# %% [markdown]
# ## A forecast
#
# Carbon dioxide in the air on Hawaii, a number for each month. It goes up, and it breathes with the plants of the north.
# The parts follow each other in time: training to 1987, validation 1988 to 1993, test from 1994. We stand at the end of
# a month, know the last 24, and forecast the next 12.

# %%
co2 = data.load_co2()
months, series = (np.concatenate(columns) for columns in zip(*co2, strict=True))
LENGTH, HORIZON = 24, 12
ENDS = np.cumsum([len(values) for _, values in co2])  # where training, validation, test end
fig, ax = plt.subplots(figsize=(8, 3.4))
for begin, end, part, colour in zip(
    (0, *ENDS),
    ENDS,
    ("training", "validation", "test"),
    (plots.GREY, plots.BLUE, plots.RED),
    strict=False,
):
    ax.plot(months[begin:end], series[begin:end], color=colour, label=part)
ax.set(xlabel="year", ylabel="CO₂ (parts per million)")
ax.set_title("It rises, and swings once a year")
ax.legend()
plots.show(fig)
print("months without a measurement:", ", ".join(map(str, months[np.isnan(series)])))

# %% [markdown]
# ### Windows that do not see the future
#
# An example is a window of 24 months and the 12 behind it. Three rules keep the future out. The split is by time: a
# part's *targets* all lie in it; windows may reach back into the part before, which is known by then. Examples with a
# missing month are left out: a gap filled from both sides would hold its future. And what is estimated, such as a
# scale, comes from the training part.


# %% tags=["nbval-check-output"]
def windows_in(series, begin, end):
    """Windows (n, LENGTH) and their targets (n, HORIZON), which all lie in begin to end - 1; nothing missing."""
    first = np.arange(max(begin, LENGTH), end - HORIZON + 1)  # the first target of each
    past = series[first[:, None] + np.arange(-LENGTH, 0)]
    future = series[first[:, None] + np.arange(HORIZON)]
    whole = np.isfinite(past).all(axis=1) & np.isfinite(future).all(axis=1)
    return past[whole], future[whole]


PARTS = dict(
    zip(
        ("training", "validation", "test"), zip((0, *ENDS[:-1]), ENDS, strict=True), strict=True
    )
)
examples = {part: windows_in(series, *limits) for part, limits in PARTS.items()}
for part, (past, future) in examples.items():
    print(f"{part:>10}: windows {past.shape}, targets {future.shape}")

numbered = np.arange(100.0)  # the value is the month: past and future can be read off
past, future = windows_in(numbered, 50, 100)
assert np.all(past.max(axis=1) < future.min(axis=1)) and np.all(future.min(axis=1) >= 50)

# %% [markdown]
# ### Opponents
#
# - **Last value**: it stays as it is.
# - **Seasonal with drift**: the value of twelve months before, plus the mean yearly rise of the training part.
# - **Linear**: least squares from the same 24 numbers to the same 12, lesson 01.
#
# The levels of the training part never come back. So the linear model and the LSTM see each window as differences to its
# last month, which is known, divided by one number from the training part; they forecast such differences.


# %%
past, future = examples["training"]
SCALE = np.std(past - past[:, -1:])
RISE = np.nanmean(series[12 : ENDS[0]] - series[: ENDS[0] - 12])


def relative(values, past):
    return (values - past[:, -1:]) / SCALE


linear = LinearRegression().fit(relative(past, past), relative(future, past))
FORECASTS = {
    "last value": lambda past: np.repeat(past[:, -1:], HORIZON, axis=1),
    "seasonal with drift": lambda past: past[:, -12:] + RISE,
    "linear": lambda past: past[:, -1:] + SCALE * linear.predict(relative(past, past)),
}
print(f"rise {RISE:.2f} ppm a year")

# %%
keras.utils.set_random_seed(run.seed)
forecaster = keras.Sequential(
    [keras.Input((LENGTH, 1)), keras.layers.LSTM(32), keras.layers.Dense(HORIZON)],
    name="forecast",
)
UPDATES = 300
rate = keras.optimizers.schedules.CosineDecay(0.02, UPDATES)
forecaster.compile(keras.optimizers.Adam(rate), "mse", steps_per_execution=25)
past, future = examples["training"]
pairs = relative(past, past)[..., None], relative(future, past)  # (277, 24, 1), (277, 12)
shuffled = tf.data.Dataset.from_tensor_slices(pairs).shuffle(len(past), seed=run.seed)
training.fit(
    forecaster, shuffled.repeat().batch(64), steps_per_epoch=UPDATES, epochs=1, shuffle=False
)
FORECASTS["LSTM"] = lambda past: (
    past[:, -1:] + SCALE * forecaster(relative(past, past)[..., None]).numpy()
)


# %%
def errors(part):
    """Root mean squared error in ppm by months ahead, of each forecast."""
    past, future = examples[part]
    return {
        name: np.sqrt(np.mean((forecast(past) - future) ** 2, axis=0))
        for name, forecast in FORECASTS.items()
    }


validation_errors = errors("validation")
print("validation, error in ppm   1 month ahead   12 months   all")
for name, error in validation_errors.items():
    together = np.sqrt(np.mean(error**2))
    print(f"{name:>25} {error[0]:15.2f} {error[-1]:11.2f} {together:5.2f}")
of_all = {name: np.sqrt(np.mean(error**2)) for name, error in validation_errors.items()}
assert (
    of_all["linear"] < of_all["LSTM"] < of_all["seasonal with drift"] < of_all["last value"] / 3
)

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.9))
LOOKS = {
    "last value": (":", plots.GREY),
    "seasonal with drift": ("--", plots.ORANGE),
    "linear": ("-", plots.GREEN),
    "LSTM": ("-", plots.BLUE),
}
ahead_by = np.arange(1, HORIZON + 1)
past, future = (values[[-1]] for values in examples["validation"])
axes[0].plot(np.arange(1 - LENGTH, 1), past[0], "o", color=plots.GREY, ms=3, label="known")
axes[0].plot(ahead_by, future[0], "o", color="black", ms=4, label="measured later")
for name, (style, colour) in LOOKS.items():
    axes[0].plot(ahead_by, FORECASTS[name](past)[0], style, color=colour, label=name)
    axes[1].semilogy(ahead_by, validation_errors[name], style, color=colour, lw=2)
axes[0].set(xlabel="months ahead (0: December 1992)", ylabel="CO₂ (ppm)", ylim=(351, 365))
axes[0].set_title("The last twelve months of validation")
axes[0].legend(fontsize=8, loc="upper left", ncols=2)
axes[1].set(xlabel="months ahead", ylabel="root mean squared error (ppm)")
ticks = [0.4, 0.6, 1, 2, 4]
axes[1].set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
axes[1].minorticks_off()
axes[1].set_title("The seasonal rule: worse at first, then level")
plots.show(fig)

# %% [markdown]
# Over all months ahead, the linear forecast wins; twelve months ahead it, the LSTM and the seasonal rule are level (as
# printed; 61 overlapping windows are only six years of months). The LSTM beats the seasonal rule over all and comes
# close to the line. A trend and a yearly swing *are* linear in the window, and 277 overlapping windows are few. A
# network is worth its trouble where there is much data, or what matters is not linear. Beside the last value alone it
# would look splendid.

# %% [markdown]
# ## A network from an article, repaired
#
# It reads ten steps of one number through two layers of 64 units and chooses among ten classes. The article calls it an
# RNN; it is an LSTM, one kind of RNN. It stops at `x_train`, which is not defined; nor does it say what the ten numbers
# or classes are. And with labels 0 to 9, its loss raises.

# %% tags=["nbval-check-output"]
printed = keras.Sequential(
    [
        keras.Input(
            (10, 1)
        ),  # as printed: input_shape in the first layer, which Keras 3 warns about
        keras.layers.LSTM(64, return_sequences=True),
        keras.layers.LSTM(64),
        keras.layers.Dense(10, activation="softmax"),
    ],
    name="printed",
)
by_hand = [count_by_hand("LSTM", 1, 64), count_by_hand("LSTM", 64, 64), 64 * 10 + 10]
print(by_hand, "together", f"{sum(by_hand):,}")
assert printed.count_params() == sum(by_hand) == 50_570
printed_loss = keras.losses.get("categorical_crossentropy")
try:
    printed_loss(np.arange(10), np.full((10, 10), 0.1))
except ValueError as error:
    print("ValueError:", str(error).split(".")[0])
else:
    raise AssertionError("integer labels went through")

# %% [markdown]
# `sparse_categorical_crossentropy` takes labels as they are. And the shape fits a question: from ten changes of CO₂, month
# on month, in which tenth of all changes will the next one fall? The edges of the tenths come from the training part, so
# a guess is right in a tenth. Its opponents: the usual tenth of that calendar month, and lesson 02's softmax regression
# on the same ten numbers.

# %%
changes = np.diff(series)  # changes[t] is known at the end of month t + 1
within = changes[: ENDS[0] - 1]
edges = np.nanquantile(within, np.arange(1, 10) / 10)
standardised = (changes - np.nanmean(within)) / np.nanstd(within)
calendar = months[1:].astype(int) % 12


def tenths(begin, end):
    """Ten changes, the tenth in which the next one falls, and its calendar month; targets in begin to end - 1."""
    target = np.arange(max(begin, 10), end)
    x = standardised[target[:, None] + np.arange(-10, 0)]
    whole = np.isfinite(x).all(axis=1) & np.isfinite(changes[target])
    x, target = x[whole], target[whole]
    return x, np.searchsorted(edges, changes[target]), calendar[target]


tenths_of = {part: tenths(max(begin - 1, 0), end - 1) for part, (begin, end) in PARTS.items()}
x_tenths, y_tenths, calendar_tenths = tenths_of["training"]
usual = np.array([np.bincount(y_tenths[calendar_tenths == k]).argmax() for k in range(12)])
softmax_regression = LogisticRegression(max_iter=2000).fit(x_tenths, y_tenths)
print(f"{len(y_tenths)} training examples, in each tenth {np.bincount(y_tenths)}")

# %%
keras.utils.set_random_seed(run.seed)
printed.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
training.fit(printed, x_tenths[..., None], y_tenths, epochs=10, batch_size=32)


def tenths_right(part):
    """Share of right guesses of each opponent."""
    x, y, month = tenths_of[part]
    return {
        "usual tenth of the month": np.mean(usual[month] == y),
        "softmax regression": softmax_regression.score(x, y),
        "printed network": np.mean(printed(x[..., None]).numpy().argmax(axis=1) == y),
    }


validation_tenths = tenths_right("validation")
for name, share in validation_tenths.items():
    months_in_all = len(tenths_of["validation"][1])
    print(f"{name:>24}: {share * months_in_all:.0f} of {months_in_all} validation months right")
assert (
    0.2 < validation_tenths["printed network"] < validation_tenths["usual tenth of the month"]
)

# %% [markdown]
# All know far more than chance. With 50,570 parameters the network does about as well as softmax regression. The
# calendar, which neither is given, does better with a table of twelve entries: right in 28 of 72 months, the network in
# 22. These are few months, but the test data will say the same.

# %% [markdown]
# ## Sentences of different lengths
#
# Sentences out of reviews, for or against a film. A batch is an array, so all its sentences must be equally long: they are
# **padded** with number 0. But to the network 0 is a word like others, with a vector of its own, and it goes on
# reading. A **mask** says which steps are real. At the others, the layer carries its state over.


# %%
def unroll_masked(step, x, weights, state, mask):
    """As `unroll`; where the mask (N, T) is False, the state stays as it is."""
    outputs = []
    for t in range(x.shape[1]):
        real = mask[:, t, None]
        moved = step(x[:, t], state, *weights)
        state = tuple(np.where(real, new, old) for new, old in zip(moved, state, strict=True))
        outputs.append(state[0])
    return np.stack(outputs, axis=1), state


words_small = np.array([[4, 2, 5, 0, 0], [3, 1, 2, 6, 7], [9, 0, 0, 0, 0]])
embedding_small = keras.layers.Embedding(10, 3, mask_zero=True, dtype="float64")
lstm_small = keras.layers.LSTM(5, dtype="float64")
in_keras = lstm_small(embedding_small(words_small)).numpy()
(vectors,), weights_small = embedding_small.get_weights(), lstm_small.get_weights()
start_small = np.zeros((3, 5)), np.zeros((3, 5))
_, (h_masked, _) = unroll_masked(
    lstm_step, vectors[words_small], weights_small, start_small, words_small != 0
)
np.testing.assert_allclose(h_masked, in_keras, atol=1e-12)  # float64
zeros_first = np.array([[0, 0, 4, 2, 5], [3, 1, 2, 6, 7], [0, 0, 0, 0, 9]])
np.testing.assert_allclose(lstm_small(embedding_small(zeros_first)), in_keras, atol=1e-12)
print("masked by hand: equal to Keras; zeros in front or behind: the same output")

# %% [markdown]
# On a GPU, Keras's LSTM and GRU use NVIDIA's cuDNN where they can. By Keras's source that takes masks only with the zeros
# behind. Others raise in `fit`, and in a call as above Keras does without cuDNN; `use_cudnn=False` takes any. (We ran it on
# a CPU alone.) So: pad behind, which is what `TextVectorization` does, and mask.

# %%
(texts, y), (texts_validation, y_validation), (texts_test, y_test) = data.load_rotten_tomatoes()
WORDS, LONGEST = 8000, 32
to_numbers = keras.layers.TextVectorization(WORDS, output_sequence_length=LONGEST)
to_numbers.adapt(tf.constant(list(texts)))
numbers, numbers_validation, numbers_test = (
    to_numbers(tf.constant(list(part))).numpy()
    for part in (texts, texts_validation, texts_test)
)
lengths = np.count_nonzero(numbers, axis=1)
print(f"{np.mean(numbers == 0):.0%} of all numbers are padding")
print(f"cut off at {LONGEST} words: at most {np.mean(lengths == LONGEST):.0%} of the sentences")


# %%
def reader(mask_zero):
    """From word numbers (N, T) to a score (N, 1)."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(WORDS, 32, mask_zero=mask_zero),
            keras.layers.Dropout(0.3),
            keras.layers.LSTM(32),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ],
        name="reader",
    )


keras.utils.set_random_seed(run.seed)
masked = reader(mask_zero=True)
vector_of_0 = masked.layers[0].get_weights()[0][0]
masked.compile(
    keras.optimizers.Adam(0.003),
    keras.losses.BinaryCrossentropy(from_logits=True),
    # The output is a score: above 0, not above 0.5, means "for".
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    steps_per_execution=8,
)
fit = training.fit(masked, numbers, y, epochs=2, batch_size=64)
assert np.array_equal(masked.layers[0].get_weights()[0][0], vector_of_0)  # as it was drawn

# %% [markdown]
# ### Padding must not matter
#
# The same weights, with the mask and without it, on the validation sentences. What happens when zeros are added, behind or
# in front?


# %%
unmasked = reader(mask_zero=False)
unmasked.set_weights(masked.get_weights())


def right(scores, labels):
    return np.mean((scores[:, 0] > 0) == labels)


def in_front(numbers):
    """The zeros of each row moved from behind to the front."""
    order = np.argsort(numbers != 0, axis=1, kind="stable")
    return np.take_along_axis(numbers, order, axis=1)


original = masked(numbers_validation).numpy()
print(f"masked, whatever the padding: {right(original, y_validation):.3f}")
print("added zeros   unmasked, behind   unmasked, in front")
for added in (0, 30):
    longer = np.pad(numbers_validation, ((0, 0), (0, added)))
    behind, front = unmasked(longer).numpy(), unmasked(in_front(longer)).numpy()
    print(f"{added:11} {right(behind, y_validation):18.3f} {right(front, y_validation):20.3f}")
for padded in (longer[:200], in_front(longer[:200])):
    np.testing.assert_allclose(masked(padded), original[:200], atol=1e-5)  # float32
assert min(np.abs(scores - original).max() for scores in (behind, front)) > 0.5
assert right(behind, y_validation) < right(front, y_validation) < right(original, y_validation)

# %% [markdown]
# With the mask the output does not depend on the zeros. The same weights without it give other scores, and worse ones the
# more zeros they read: behind the mask the vector of 0 was never trained, so now random numbers are read. In front they
# do less harm, since the words come after.

# %% [markdown]
# ### Word order against word counts
#
# The opponent knows no order: TF-IDF counts each word, rare ones for more, and feeds logistic regression.

# %%
counter = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y)
by_reader = right(original, y_validation)
by_counts = counter.score(texts_validation, y_validation)
one_answer = max(np.mean(y_validation), 1 - np.mean(y_validation))
print(
    f"validation: LSTM {by_reader:.3f}, TF-IDF {by_counts:.3f}, one answer for all {one_answer:.3f}"
)
assert one_answer + 0.15 < by_reader < by_counts + 0.03

# %% [markdown]
# About the same, from counts alone. Six thousand sentences may be few to learn both vectors and order from. Lesson 11
# starts from vectors learnt on much more text.

# %% [markdown]
# ## Once, on the test data

# %% tags=["headline"]
test_errors = {name: np.sqrt(np.mean(error**2)) for name, error in errors("test").items()}
print("CO₂, ppm off:", ", ".join(f"{name} {error:.2f}" for name, error in test_errors.items()))
test_tenths = tenths_right("test")
print("tenths right:", ", ".join(f"{name} {share:.2f}" for name, share in test_tenths.items()))
reader_right, counter_right = (
    right(masked(numbers_test).numpy(), y_test),
    counter.score(texts_test, y_test),
)
print(f"reviews right: LSTM {reader_right:.3f}, TF-IDF {counter_right:.3f}")
assert test_errors["LSTM"] < test_errors["seasonal with drift"] < test_errors["last value"]
assert test_tenths["printed network"] < test_tenths["usual tenth of the month"]
assert reader_right < counter_right + 0.03

# %% [markdown]
# The same picture: the line, the calendar and the word counts are ahead of the LSTM, or level with it. Small data, a
# simple structure: here memory has little to win. Nothing was chosen on these parts.

# %% [markdown]
# ## What to keep
#
# - A recurrent cell is one step, again and again. Its gradient is lesson 03's, summed over steps; a cut stops it.
# - What is far back fades by a factor a step. In a gated cell the network computes that factor. Biases set where it
#   starts.
# - A forecast needs opponents, and windows that see no future. A mask makes padding harmless.
# - Memory pays where far back matters and there is enough to learn it from. Elsewhere a line, a calendar or a count of
#   words is as good, and cheaper.
#
# Next: the [exercises](exercises/08_lstm.ipynb), then lesson 09, where a network looks back without carrying all in one
# state.

# %% [markdown]
# ### Sources
#
# - Vanishing gradients, and the trade-off with latching: Bengio, Simard, Frasconi (1994), *Learning long-term
#   dependencies with gradient descent is difficult*. Recurrent and recursive networks, backpropagation through time:
#   Goodfellow, Bengio, Courville, *Deep Learning* (2016), chapter 10.
# - LSTM: Hochreiter & Schmidhuber (1997), [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735);
#   its forget gate: Gers, Schmidhuber, Cummins (2000),
#   [doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015); its bias of 1: Jozefowicz, Zaremba,
#   Sutskever (2015), *An empirical exploration of recurrent network architectures*.
# - GRU: Cho et al. (2014), [arXiv:1406.1078](https://arxiv.org/abs/1406.1078).
# - Recursive networks: Socher, Lin, Ng, Manning (2011), *Parsing natural scenes and natural language with recursive
#   neural networks*.
# - Data: Keeling & Whorf (2004); Pang & Lee (2005); see [datasets](../datasets/README.md).
# - The articles (see lesson 00): S0-3.3, 4.2; S1-3.3, 7.22.

# %% [markdown] tags=["exercises"]
# # 08 · Recurrent networks: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("08.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../08_lstm.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 08.1 One step of an LSTM
#
# From the weights of a Keras layer: its four blocks stand side by side in the order input gate, forget gate, candidate,
# output gate.


# %%
def lstm_step(x, h, c, kernel, recurrent_kernel, bias):
    """The next output and the next cell state.

    Args:
        x: float array (N, D), the inputs of this step.
        h: float array (N, K), the output of the step before.
        c: float array (N, K), the cell state of the step before.
        kernel: float array (D, 4 * K).
        recurrent_kernel: float array (K, 4 * K).
        bias: float array (4 * K,).
    Returns:
        (h, c), two float arrays (N, K).

    With all weights and biases 0 each gate is 0.5 and the candidate 0, so c = np.array([[2.0]]) becomes 1,
    and h is 0.5 * tanh(1) = 0.381.
    """
    ### BEGIN SOLUTION
    i, f, candidate, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
    c = f * c + i * np.tanh(candidate)
    return o * np.tanh(c), c
    ### END SOLUTION


# %%
check("08.1", lstm_step)

# %% [markdown]
# ## 08.2 Parameters of a recurrent layer
#
# As Keras counts them, with biases. The GRU is Keras's, with `reset_after=True`.


# %%
def count_parameters(kind, inputs, units):
    """Number of weights and biases of one layer.

    Args:
        kind: "rnn", "lstm" or "gru".
        inputs: int, numbers a step.
        units: int.
    Returns:
        int.

    count_parameters("rnn", 1, 2) is 8: 2 weights of the input, 4 of the state, 2 biases.
    count_parameters("lstm", 1, 64) is 16896.
    """
    ### BEGIN SOLUTION
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    biases = 2 if kind == "gru" else 1
    return blocks * units * (inputs + units + biases)
    ### END SOLUTION


# %%
check("08.2", count_parameters)

# %% [markdown]
# ## 08.3 A bias that keeps
#
# Set an LSTM's bias so that its cell state stays as it is, whatever comes in: forget gate 1, input gate 0. The check
# runs 100 steps, with kernels of small random weights, and wants the state unchanged to a thousandth of its size.


# %%
def keeping_bias(units):
    """A bias for an LSTM that keeps its cell state.

    The inputs and h together move each gate's sum by at most 5.

    Args:
        units: int.
    Returns:
        float array (4 * units,), in Keras's order: input gate, forget gate, candidate, output gate.
    """
    ### BEGIN SOLUTION
    bias = np.zeros(4 * units)
    bias[:units] = -30
    bias[units : 2 * units] = 30
    return bias
    ### END SOLUTION


# %%
check("08.3", keeping_bias)

# %% [markdown]
# ## 08.4 Windows
#
# A row for each example: the window, then the one value that is to be forecast from it.


# %%
def windows(series, length, horizon):
    """Windows of the past, each with a target `horizon` steps after its last value.

    Args:
        series: float array (T,), in order of time, with T >= length + horizon.
        length: int >= 1, values in a window.
        horizon: int >= 1; 1 means the value right after the window.
    Returns:
        float array (T - length - horizon + 1, length + 1), the earliest window first; the target is the last column.

    windows(np.array([1.0, 2, 3, 4, 5]), 2, 2) is [[1, 2, 4], [2, 3, 5]].
    """
    ### BEGIN SOLUTION
    rows = []
    for end in range(
        length, len(series) - horizon + 1
    ):  # the window is series[end - length : end]
        rows.append([*series[end - length : end], series[end + horizon - 1]])
    return np.array(rows)
    ### END SOLUTION


# %%
check("08.4", windows)

# %% [markdown]
# ## 08.5 A plain cell with a mask
#
# Where the mask is False, the step is padding: the state stays as it is, for that sequence alone. Zeros may stand behind,
# in front or between.


# %%
def masked_rnn(x, mask, kernel, recurrent_kernel, bias):
    """The last state of a plain recurrent layer, tanh(x W + h U + b), from a state of zeros.

    Args:
        x: float array (N, T, D).
        mask: bool array (N, T), True where a step is real.
        kernel: float array (D, K).
        recurrent_kernel: float array (K, K).
        bias: float array (K,).
    Returns:
        float array (N, K).
    """
    ### BEGIN SOLUTION
    h = np.zeros((len(x), len(bias)))
    for t in range(x.shape[1]):
        new = np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
        h = np.where(mask[:, t, None], new, h)
    return h
    ### END SOLUTION


# %%
check("08.5", masked_rnn)
