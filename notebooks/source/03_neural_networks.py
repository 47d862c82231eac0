# ---
# jupyter:
#   course:
#     question: What does a hidden layer add, and how does a network learn its weights?
# ---

# %% [markdown]
# # 03 · Neural networks
#
# | | |
# |---|---|
# | **You will be able to** | say what a hidden layer adds; write the forward and the backward pass of a network and check them; train it in Keras in three ways; choose initial weights so that gradients survive twenty layers |
# | **You need first** | [lesson 02](02_logistic_regression.ipynb): softmax, cross-entropy and its gradient $q - p$ |
# | **Time** | an hour to read; it runs in about a minute on a CPU |
# | **Data** | 12,000 pictures of clothes, from Fashion-MNIST (Zalando, MIT); in the full profile all 70,000 |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=3)

# %% [markdown]
# Here the seed draws initial weights, the order of the pictures, and the bootstrap. The text describes what seed 3 gives
# in the fast profile.

# %% tags=["setup"]
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course_lib import data, plots, training
from course_lib.registry import DATASETS

plots.use_style()
PIXELS, UNITS, CLASSES = 784, 128, 10
LEARNING_RATE, BATCH = 0.01, 32
cross_entropy_in_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## The question
#
# A shop has pictures of clothes, 28 × 28 grey pixels each, and ten drawers to sort them into. Softmax regression, of
# lesson 02, can do it: ten linear scores, and the largest wins. Does a layer between pixels and scores sort better? And
# how are its weights found, when nobody says what that layer should compute?

# %% tags=["nbval-check-output"]
(x, y), (x_validation, y_validation), (x_test, y_test) = data.load_fashion_mnist(
    full=run.pick(fast=False, full=True)
)
X, X_validation, X_test = (
    part.reshape(-1, PIXELS).astype("float32") / 255 for part in (x, x_validation, x_test)
)
NAMES = DATASETS["fashion_mnist"].classes
print(f"each picture: {x[0].shape}, flattened: {X[0].shape}, from {X.min():g} to {X.max():g}")

# %%
fig, axes = plt.subplots(2, 5, figsize=(8, 3.8))
fig.suptitle("Ten drawers: some differ at a glance, some hardly", x=0.01, ha="left")
for k, ax in enumerate(axes.flat):
    ax.imshow(x[np.flatnonzero(y == k)[0]], cmap="gray_r")
    ax.set_title(NAMES[k], fontsize=9)
    ax.axis("off")
plots.show(fig)

# %% [markdown]
# Trousers are like nothing else. Shirt and pullover have nearly the same outline, and many coats have it, too: it takes
# many pixels together to tell them apart.

# %% [markdown]
# ## Why a hidden layer?
#
# The best-known small problem that linear scores cannot solve has four points. **XOR** is 1 if one of two inputs is 1,
# and 0 if none or both are. A linear score $s$ has $s(0,0) + s(1,1) = s(0,1) + s(1,0)$, whatever its weights. Both
# terms before the equals sign would have to be negative, and both behind it positive.
#
# Now put in between two **hidden units**, $h_1 = \max(0, x_1 + x_2)$ and $h_2 = \max(0, x_1 + x_2 - 1)$, and score
# $2h_1 - 4h_2 - 1$. These weights are set by hand (after Goodfellow et al., 6.1).


# %% tags=["nbval-check-output"]
def relu(z):
    return np.maximum(z, 0)


corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
xor = np.array([0, 1, 1, 0])


def hidden_units(points):
    weights, biases = np.array([[1, 1], [1, 1]]), np.array([0, -1])
    return relu(points @ weights + biases)  # (..., 2) -> (..., 2)


def score(H):
    weights, bias = np.array([2, -4]), -1
    return H @ weights + bias  # (..., 2) -> (...)


for point, label in zip(corners, xor, strict=True):
    at = hidden_units(point)
    print(f"x {point}, XOR {label}: hidden units {at}, score {score(at):+.0f}")
assert np.array_equal(score(hidden_units(corners)) > 0, xor == 1)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8))
grid = np.stack(np.meshgrid(np.linspace(-0.5, 2.5, 200), np.linspace(-0.5, 2.5, 200)), axis=-1)
for ax, scores, points in (
    (axes[0], score(hidden_units(grid)), corners),
    (axes[1], score(grid), hidden_units(corners)),
):
    ax.contourf(
        *grid.T, scores.T, levels=[-99, 0, 99], colors=[plots.SKY, plots.ORANGE], alpha=0.35
    )
    for label, marker, colour in ((0, "o", plots.BLUE), (1, "^", plots.RED)):
        ax.plot(
            *points[xor == label].T, marker, color=colour, ms=10, ls="", label=f"XOR {label}"
        )
axes[0].set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1])
for ax in axes:
    ax.set(yticks=[0, 1])
axes[0].set_title("Inputs: no single line parts them")
axes[1].set(xlabel="$h_1$", ylabel="$h_2$", ylim=(-0.5, 1.5), xticks=[0, 1, 2])
axes[1].set_title("Hidden units: one line does")
axes[1].legend()
plots.show(fig)

# %% [markdown]
# The same points, seen twice. On the left the circles lie on one diagonal, the triangles on the other, and the network
# says 1 in a band between two lines. On the right each point lies where its hidden units put it: both triangles at $(1,
# 0)$, with one straight line between them and the circles.

# %% [markdown]
# ### Two linear layers are one
#
# The bend in $\max(0, z)$ does it, not the second layer. Without it the second layer multiplies what the first has
# multiplied:
#
# $$(XW_1 + b_1)W_2 + b_2 = X\,(W_1W_2) + (b_1W_2 + b_2)$$
#
# That is one linear layer, with weights $W_1W_2$ and biases $b_1W_2 + b_2$. A hundred of them are still one.

# %%
rng = np.random.default_rng(run.seed)
weights_1, weights_2 = rng.normal(size=(PIXELS, UNITS)), rng.normal(size=(UNITS, CLASSES))
biases_1, biases_2 = rng.normal(size=UNITS), rng.normal(size=CLASSES)
some = X[:100].astype("float64")
two_layers = (some @ weights_1 + biases_1) @ weights_2 + biases_2
one_layer = some @ (weights_1 @ weights_2) + (biases_1 @ weights_2 + biases_2)
# Sums of about a thousand products in another order: the last digits of float64 differ.
np.testing.assert_allclose(two_layers, one_layer, atol=1e-11 * np.abs(two_layers).max())
bent = relu(some @ weights_1 + biases_1) @ weights_2 + biases_2
print(f"largest score {np.abs(two_layers).max():.0f}")
print(f"two layers against one:     gap {np.abs(two_layers - one_layer).max():.0e}")
print(f"with a bend between them:   gap {np.abs(bent - one_layer).max():.0f}")

# %% [markdown]
# With the bend it is another function; that no linear layer at all could replace it, XOR has shown.

# %% [markdown]
# ### Which bend?
#
# The function between the layers is the **activation** $\varphi$. Three are common: the sigmoid of lesson 02, the
# hyperbolic tangent, and the **rectified linear unit**, ReLU, $\max(0, z)$. Learning will need their derivatives too.


# %%
def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


ACTIVATIONS = {  # the function and its derivative
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (relu, lambda z: (z > 0).astype(float)),  # at 0, where there is none, 0 as in Keras
}
z = np.linspace(-4, 4, 401)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6))
for (name, (function, derivative)), style in zip(
    ACTIVATIONS.items(), ("-", "--", ":"), strict=True
):
    # atol: float32 carries about 7 digits
    np.testing.assert_allclose(function(z), keras.activations.get(name)(z), atol=1e-6)
    axes[0].plot(z, function(z), style, lw=2, label=name)
    axes[1].plot(z, derivative(z), style, lw=2, label=name)
    print(
        f"{name:>7}: steepest slope {derivative(z).max():.2f}, at z = 4: {derivative(4.0 + 0 * z)[0]:.3f}"
    )
axes[0].set(xlabel="z", ylabel=r"$\varphi(z)$", ylim=(-1.2, 2.5))
axes[0].set_title("Two flatten out; ReLU is open above")
axes[1].set(xlabel="z", ylabel=r"$\varphi'(z)$")
axes[1].set_title("The sigmoid never has a slope above ¼")
axes[1].legend()
plots.show(fig)

# %% [markdown]
# Left: sigmoid and tanh flatten out at both ends, they **saturate**; ReLU is 0 on one side and a straight line on the
# other. Right: far from zero the slopes of the first two vanish, and the sigmoid's is small everywhere. ReLU's slope is
# 0 or 1. Keep the ¼ in mind.

# %% [markdown]
# ## The model
#
# $$Z_1 = XW_1 + b_1 \qquad H = \varphi(Z_1) \qquad Z_2 = HW_2 + b_2 \qquad Q = \mathrm{softmax}(Z_2)$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $X$ | pictures of a batch, a row each | $(n, 784)$ | `X` |
# | $W_1$, $b_1$ | weights and biases of the hidden layer | $(784, 128)$, $(128,)$ | `W1`, `b1` |
# | $Z_1$, $H$ | its scores, and its outputs (in lesson 02, $H$ was an entropy) | $(n, 128)$ | `Z1`, `H` |
# | $W_2$, $b_2$ | weights and biases of the output layer | $(128, 10)$, $(10,)$ | `W2`, `b2` |
# | $Z_2$, $Q$ | the ten scores; as probabilities | $(n, 10)$ | `Z2`, `Q` |
# | $P$ | the truth: 1 in the column of the label, else 0 | $(n, 10)$ | `P` |

# %%
fig, ax = plt.subplots(figsize=(6, 2.6))
LAYERS = (
    ("inputs $X$", 3, plots.GREY),
    ("hidden $H$", 4, plots.BLUE),
    ("scores $Z_2$", 2, plots.RED),
)
heights = [np.arange(count) - (count - 1) / 2 for _, count, _ in LAYERS]
for column, (below, above) in enumerate(pairwise(heights)):
    for a in below:
        for b in above:
            ax.plot([column, column + 1], [a, b], color=plots.GREY, lw=0.7, zorder=0)
    ax.text(column + 0.5, 1.55, f"$W_{column + 1}$", ha="center")
for column, ((name, _, colour), places) in enumerate(zip(LAYERS, heights, strict=True)):
    ax.scatter([column] * len(places), places, s=260, color=colour)
    for place in places if column else ():
        ax.text(
            column, place, f"$b_{column}$", ha="center", va="center", color="white", fontsize=8
        )
    ax.text(column, -2.2, name, ha="center")
ax.set(ylim=(-2.4, 1.9))
ax.axis("off")
ax.set_title("A weight for each line, a bias for each coloured unit")
plots.show(fig)

# %% [markdown]
# The network with 3 inputs, 4 hidden units and 2 scores, for 784, 128 and 10. A weight belongs to a pair of units, a
# bias to one unit: the articles give both to the lines.


# %% tags=["nbval-check-output"]
def initial_weights(inputs, units, outputs, rng):
    """Random weights, whose size is explained further down, and biases of zero."""
    W1 = rng.normal(size=(inputs, units)) * np.sqrt(2 / inputs)
    W2 = rng.normal(size=(units, outputs)) * np.sqrt(2 / units)
    return W1, np.zeros(units), W2, np.zeros(outputs)


def forward(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1  # (n, 784) -> (n, 128)
    H = relu(Z1)
    Z2 = H @ W2 + b2  # (n, 128) -> (n, 10)
    return Z1, H, Z2


def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(P, Z):
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - np.sum(P * Z, axis=1))


start = initial_weights(PIXELS, UNITS, CLASSES, np.random.default_rng(run.seed))
for name, weights in zip(("W1", "b1", "W2", "b2"), start, strict=True):
    print(f"{name}: {weights.shape!s:>10}, {weights.size:7,} numbers")
print(f"together: {sum(weights.size for weights in start):,}")

# %% [markdown]
# ## The gradient, backwards
#
# The loss $J$ is lesson 02's mean cross-entropy, and its derivative by the scores, $\delta_2 = \partial J / \partial
# Z_2 = \frac1n (Q - P)$, is known. From there the chain rule leads back, one operation at a time. Take one entry of
# each:
#
# $$Z_{2,ik} = \textstyle\sum_j H_{ij} W_{2,jk} + b_{2,k} \quad\text{gives}\quad \frac{\partial J}{\partial W_{2,jk}} = \sum_i H_{ij}\,\delta_{2,ik} \qquad
# \frac{\partial J}{\partial H_{ij}} = \sum_k \delta_{2,ik} W_{2,jk}$$
#
# $$H_{ij} = \varphi(Z_{1,ij}) \quad\text{gives}\quad \delta_{1,ij} = \frac{\partial J}{\partial Z_{1,ij}} = \frac{\partial J}{\partial H_{ij}}\,\varphi'(Z_{1,ij})$$
#
# where $i$ runs over examples, $j$ over hidden units, $k$ over classes: a sum over every way by which an entry reaches
# the loss.

# %% [markdown]
# The sums are matrix products; $\odot$ multiplies entry by entry:
#
# $$\frac{\partial J}{\partial W_2} = H^\top \delta_2 \qquad \frac{\partial J}{\partial b_2} = \textstyle\sum_i \delta_{2,i} \qquad
# \delta_1 = (\delta_2 W_2^\top) \odot \varphi'(Z_1)$$
#
# $$\frac{\partial J}{\partial W_1} = X^\top \delta_1 \qquad \frac{\partial J}{\partial b_1} = \textstyle\sum_i \delta_{1,i}$$
#
# That is **backpropagation**. A layer costs two matrix products where the forward pass has one (the first layer only
# one), while finite differences cost two forward passes a weight.


# %%
def backward(X, P, W1, b1, W2, b2):
    Z1, H, Z2 = forward(X, W1, b1, W2, b2)
    delta2 = (softmax(Z2) - P) / len(X)  # (n, 10)
    delta1 = (delta2 @ W2.T) * (Z1 > 0)  # (n, 10) -> (n, 128)
    return X.T @ delta1, delta1.sum(axis=0), H.T @ delta2, delta2.sum(axis=0)


P = np.eye(CLASSES)[y]
few, truth = X[:20].astype("float64"), P[:20]
gradients = backward(few, truth, *start)
h = 1e-5
for which, name in enumerate(("W1", "b1", "W2", "b2")):
    moving = np.flatnonzero(gradients[which])  # a pixel that is blank on all 20 has gradient 0
    places = rng.choice(moving, size=min(30, len(moving)), replace=False)
    for place in places:
        moved = [weights.copy() for weights in start]
        moved[which].flat[place] += h
        above = cross_entropy(truth, forward(few, *moved)[-1])
        moved[which].flat[place] -= 2 * h
        below = cross_entropy(truth, forward(few, *moved)[-1])
        slope = (above - below) / (2 * h)
        # Central differences err by h² = 1e-10 times a third derivative, and by rounding, 1e-16 / h.
        np.testing.assert_allclose(gradients[which].flat[place], slope, atol=1e-8)
    print(
        f"{name}: {len(places)} entries agree; the largest of all is {np.abs(gradients[which]).max():.3f}"
    )

# %% [markdown]
# ## Training by hand
#
# One step is lesson 01's: against the gradient, by the learning rate $\alpha$. New is that each step looks only at a
# **batch** of 32 pictures: their gradient points the right way on average, and costs little (lesson 04). The pictures
# keep their order here, so that four programs can be compared.

# %%
EPOCHS = 5
part = slice(0, 60 * BATCH)  # 1,920 pictures are enough to compare programs


def train(X, P, weights, learning_rate, epochs, batch):
    """Gradient descent by batches; returns the weights and the mean loss of each epoch."""
    history = []
    for _ in range(epochs):
        losses = []
        for i in range(0, len(X), batch):
            rows, truth = X[i : i + batch], P[i : i + batch]
            losses.append(cross_entropy(truth, forward(rows, *weights)[-1]))
            gradients = backward(rows, truth, *weights)
            weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
        history.append(np.mean(losses))
    return weights, history


by_hand, losses_by_hand = train(
    X[part].astype("float64"), P[part], start, LEARNING_RATE, EPOCHS, BATCH
)
print("mean loss of each epoch:", *(f"{loss:.4f}" for loss in losses_by_hand))
print(f"equal probabilities for all ten: {np.log(CLASSES):.4f}")

# %% [markdown]
# ## The same in Keras, three ways
#
# **Sequential** stacks layers. **Functional** calls each layer on a **tensor**, Keras's array, such as another layer's
# output; so a network may also branch and join. Both train with `fit`. All get the weights that we started from.

# %%
in_sequence = keras.Sequential(
    [
        keras.Input((PIXELS,)),
        keras.layers.Dense(UNITS, activation="relu"),
        keras.layers.Dense(CLASSES),
    ],
    name="sequential",
)

inputs = keras.Input((PIXELS,))
hidden = keras.layers.Dense(UNITS, activation="relu")(inputs)
functional = keras.Model(inputs, keras.layers.Dense(CLASSES)(hidden), name="functional")

histories = {"by hand": losses_by_hand}
for model in (in_sequence, functional):
    model.set_weights(start)
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss=cross_entropy_in_keras)
    fit = training.fit(model, X[part], y[part], batch_size=BATCH, epochs=EPOCHS, shuffle=False)
    histories[model.name] = fit.history["loss"]

# %% [markdown]
# The third way writes the loop and leaves only the backward pass to TensorFlow. A `GradientTape` records what is
# computed while it is open, and then goes back through it as we did. It makes one thing plain that is often blurred:
# backpropagation changes no weight.

# %%
taped = keras.models.clone_model(in_sequence)
taped.set_weights(start)
optimizer = keras.optimizers.SGD(LEARNING_RATE)
with tf.GradientTape() as tape:
    loss = cross_entropy_in_keras(y[:20], taped(X[:20]))
from_tape = tape.gradient(loss, taped.trainable_variables)

unchanged = all(
    np.array_equal(w, s.astype("float32"))
    for w, s in zip(taped.get_weights(), start, strict=True)
)
print("after tape.gradient the weights are unchanged:", unchanged)
assert unchanged
for ours, theirs in zip(gradients, from_tape, strict=True):
    np.testing.assert_allclose(theirs, ours, atol=1e-6)  # float32

optimizer.apply(from_tape, taped.trainable_variables)
for w, s, g in zip(taped.get_weights(), start, gradients, strict=True):
    np.testing.assert_allclose(w, s - LEARNING_RATE * g, atol=1e-6)
print("after optimizer.apply they have moved by the learning rate times the gradient")


# %%
@tf.function  # compiled at the first call, then run without Python: faster than line by line
def train_step(pictures, labels):
    with tf.GradientTape() as tape:
        loss = cross_entropy_in_keras(labels, taped(pictures, training=True))
    gradients = tape.gradient(loss, taped.trainable_variables)
    optimizer.apply(gradients, taped.trainable_variables)
    return loss


taped.set_weights(start)
batches = tf.data.Dataset.from_tensor_slices((X[part], y[part])).batch(BATCH)
histories["GradientTape"] = [
    np.mean([train_step(*batch) for batch in batches]) for _ in range(EPOCHS)
]
for name, history in histories.items():
    print(f"{name:>12}:", *(f"{loss:.4f}" for loss in history))
    # float32 errs by some 1e-6 in a score. Now and then that puts one on the other side of ReLU's bend, and
    # a unit learns from one picture more or less: some 1e-4 of the loss each time.
    np.testing.assert_allclose(history, losses_by_hand, rtol=2e-3)

# %%
start_32 = [weights.astype("float32") for weights in start]
in_float32, _ = train(
    X[part], P[part].astype("float32"), start_32, LEARNING_RATE, EPOCHS, BATCH
)
for name, ours in (("float64", by_hand), ("float32", in_float32)):
    gap = 0
    for model in (in_sequence, functional, taped):
        for w, v in zip(model.get_weights(), ours, strict=True):
            np.testing.assert_allclose(w, v, atol=2e-3)  # in float32, such flips may differ too
            gap = max(gap, np.abs(w - v).max())
    print(f"by hand in {name} against Keras, largest gap of a weight: {gap:.0e}")
moved = max(np.abs(w - v).max() for w, v in zip(by_hand, start, strict=True))
print(f"from the start the weights have moved by up to {moved:.2f}")

# %% [markdown]
# Four programs, one network: the same losses and the same 101,770 numbers, nearly. Between `float64` and `float32` a
# score near 0 may fall on the other side of ReLU's bend: hence the larger gap. With `float32` by hand it is gone.

# %% [markdown]
# ## "Training reaches the best weights"
#
# One of the articles has backpropagation adjust the weights until performance is best. It adjusts none, and nothing
# promises the best: the loss is no bowl any more.
#
# Give XOR to our own `train`, from ten random starts each, with two hidden units, which we know to be enough, and with
# sixteen. All four points are one batch: plain gradient descent.

# %%
xor_rows, solved = np.eye(2)[xor], {}
for units in (2, 16):
    ends = [initial_weights(2, units, 2, np.random.default_rng(seed)) for seed in range(10)]
    for steps in (1000, 1000):
        ends = [train(corners, xor_rows, end, 0.5, steps, batch=4)[0] for end in ends]
        at_end = [cross_entropy(xor_rows, forward(corners, *end)[-1]) for end in ends]
        print(
            f"{units:2} units, {steps} steps more:", *(f"{loss:.2f}" for loss in sorted(at_end))
        )
    stuck = [end for end, loss in zip(ends, at_end, strict=True) if loss > 0.1]
    solved[units] = 10 - len(stuck)
    print(f"   {solved[units]} of 10 starts solve it")
    for end in stuck[:1]:
        guesses = softmax(forward(corners, *end)[-1])[:, 1]
        print("   one that does not gives XOR the probabilities", guesses.round(2))
assert solved[2] < 10 == solved[16]

# %% [markdown]
# With two units most starts get stuck: a thousand steps more change nothing, and at least one corner is wrong or
# undecided. With sixteen, every start finds a way. Here the larger network is easier to fit; but nothing warns us when
# training has stopped at weights that are not the best.

# %% [markdown]
# ## Why not start at zero?
#
# Lesson 02 started from zeros. Try that here, or one constant for all weights, and count the *different* hidden units
# after training.

# %%
ALIKE = {
    "zeros": [0 * weights for weights in start],
    "all 0.001": [0 * weights + 0.001 for weights in start],
}
ends_at = {"random": (by_hand, losses_by_hand)}
for name, weights in ALIKE.items():
    ends_at[name] = train(
        X[part].astype("float64"), P[part], weights, LEARNING_RATE, EPOCHS, BATCH
    )
for name, (weights, history) in ends_at.items():
    different = len(np.unique(weights[0].round(9), axis=1).T)  # sums differ in the last digits
    print(f"{name:>9}: {different:3} different hidden units, loss {history[-1]:.3f}")
    assert different == (UNITS if name == "random" else 1)

# %% [markdown]
# Units that start alike get the same gradient and stay alike: 128 of them can do what one can. From zeros nothing moves
# but the last biases, since $W_2 = 0$ lets no gradient through and $H = 0$ gives $W_2$ none. So weights start at
# random. Biases may start at zero.

# %% [markdown]
# ## Twenty layers
#
# How large should the random weights be? With twenty hidden layers it decides. Going back from layer $l$ to layer $l -
# 1$ multiplies once more:
#
# $$\delta_{l-1} = (\delta_l W_l^\top) \odot \varphi'(Z_{l-1})$$

# %% [markdown]
# A layer with $m$ inputs and $k$ outputs has independent weights with mean 0 and variance $v$. A sum of $k$ independent
# products with mean 0 has $k$ times the mean square of one. So a step back multiplies the mean square of $\delta$ by
# about $k\,v$ times the mean of $\varphi'^2$, and a step forward that of the outputs by about $m\,v$ times what
# $\varphi$ leaves of it. If that is not 1, twenty steps act like compound interest.


# %%
def deep_weights(variance, rng, depth=20):
    sizes = [PIXELS] + depth * [UNITS] + [CLASSES]
    return [rng.normal(size=(m, k)) * np.sqrt(variance(m, k)) for m, k in pairwise(sizes)]


def deep_backward(X, P, weights, activation):
    """Outputs, deltas and gradients of each layer, and the loss. There are no biases."""
    phi, slope = ACTIVATIONS[activation]
    outputs, scores = [X], []
    for W in weights:
        scores.append(outputs[-1] @ W)
        outputs.append(phi(scores[-1]))
    deltas = [(softmax(scores[-1]) - P) / len(X)]
    for layer in range(len(weights) - 1, 0, -1):
        deltas.insert(0, (deltas[0] @ weights[layer].T) * slope(scores[layer - 1]))
    gradients = [H.T @ delta for H, delta in zip(outputs[:-1], deltas, strict=True)]
    return outputs[1:-1], deltas, gradients, cross_entropy(P, scores[-1])


# %% [markdown]
# Five networks with 20 hidden layers of 128 units. Each sees the same 256 pictures once, **before any update**. Three
# choices of the variance $v$:
#
# - 1, the first thing that comes to mind;
# - **Glorot**, $2 / (m + k)$: one over the mean of $m$ and $k$, to serve both directions. With $m = k$ it makes $k v =
#   1$, right where $\varphi'$ is near 1, as for tanh near 0. Keras's default;
# - **He**, $2 / m$: doubled, because ReLU's slope is 0 for half of the inputs.


# %%
def one(m, k):
    return 1


def glorot(m, k):
    return 2 / (m + k)


def he(m, k):
    return 2 / m


CASES = {
    "ReLU, N(0, 1)": ("relu", one, plots.ORANGE, "^-"),
    "ReLU, He": ("relu", he, plots.BLUE, "o-"),
    "ReLU, Glorot": ("relu", glorot, plots.SKY, "s-"),
    "tanh, Glorot": ("tanh", glorot, plots.GREEN, "d-"),
    "sigmoid, Glorot": ("sigmoid", glorot, plots.RED, "v-"),
}

# %%
seen, seen_rows = X[:256].astype("float64"), P[:256]
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
ratio = {}
for name, (activation, variance, colour, style) in CASES.items():
    weights = deep_weights(variance, np.random.default_rng(run.seed))
    outputs, deltas, _, _ = deep_backward(seen, seen_rows, weights, activation)
    norms = [np.linalg.norm(delta) for delta in deltas[:-1]]
    ratio[name] = norms[0] / norms[-1]
    spread = [H.std(axis=0).mean() for H in outputs]  # between pictures, mean over the units
    axes[0].semilogy(range(1, 21), spread, style, color=colour, ms=4)
    axes[1].semilogy(range(1, 21), norms, style, color=colour, ms=4, label=name)
axes[0].set(
    xlabel="hidden layer",
    ylabel="spread of outputs between pictures",
    xticks=[1, 5, 10, 15, 20],
)
axes[0].set_title("Forward: the sigmoid makes all pictures alike")
axes[1].set(
    xlabel="hidden layer",
    ylabel=r"gradient norm $\Vert\delta_l\Vert$",
    xticks=[1, 5, 10, 15, 20],
)
axes[1].set_title("Backward: the sigmoid's gradient vanishes")
axes[1].legend()
plots.show(fig)

# %%
FACTORS = {  # of the norm: √(k v · mean of φ'²), with k = 128
    "ReLU, N(0, 1)": np.sqrt(UNITS * 1 / 2),
    "ReLU, He": np.sqrt(2 / 2),
    "ReLU, Glorot": np.sqrt(1 / 2),
    "tanh, Glorot": 1.0,
    "sigmoid, Glorot": 1 / 4,
}
for name, factor in FACTORS.items():
    measured = ratio[name] ** (1 / 19)  # 19 steps from layer 20 to layer 1
    print(
        f"{name:>15}: first layer / last {ratio[name]:.0e}; a step multiplies by {measured:.2f}, expected {factor:.2f}"
    )
    assert (
        abs(np.log(measured / factor)) < 0.15
    )  # chance of the draw, and mean slopes below the largest

# %% [markdown]
# Read the right panel from right to left, as the gradient goes. The red line loses a factor of four a layer, the ¼ of
# the sigmoid's slope; the orange one gains a factor of eight. He's blue line stays level, in both panels. Glorot serves
# tanh; under ReLU it halves the mean square at each layer. Left, the red line falls as well: after twenty sigmoid
# layers no unit can tell one picture from another.

# %% [markdown]
# ### "Vanishing comes from a large learning rate"
#
# So one of the articles says, and that exploding comes from a small one. But no learning rate has been set here: there
# was no step. The table of all derivatives of a layer's outputs by its inputs is its **Jacobian**; the chain rule
# multiplies twenty of them, and the product shrinks or grows (Bengio et al., 1994; Glorot & Bengio, 2010; Pascanu et
# al., 2013). The article is right in one thing: it begins with the initial weights.

# %% [markdown]
# What does it do to training? A hundred steps each, and for the exploding one a remedy: **clipping by norm**. If the
# gradient of all weights together is longer than $c$, scale it to length $c$. (In Keras: `global_clipnorm=c`. Lesson 04
# has more of it.)


# %%
def clip(gradients, c):
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g * min(1, c / norm) for g in gradients]


def train_deep(name, c=np.inf, steps=100, learning_rate=0.05):
    activation, variance, *_ = CASES[name]
    weights, losses = deep_weights(variance, np.random.default_rng(run.seed)), []
    for step in range(steps):
        rows = slice(32 * step, 32 * step + 32)
        *_, gradients, loss = deep_backward(
            X[rows].astype("float64"), P[rows], weights, activation
        )
        losses.append(loss)
        if not np.isfinite(loss):
            break
        weights = [
            w - learning_rate * g for w, g in zip(weights, clip(gradients, c), strict=True)
        ]
    return losses


# %%
with np.errstate(all="ignore"):  # the exploding one overflows, as it should
    trained = {name: train_deep(name) for name in CASES}
    trained["ReLU, N(0, 1), clipped"] = train_deep("ReLU, N(0, 1)", c=1)
for name, losses in trained.items():
    print(
        f"{name:>22}: loss at first {losses[0]:7.3g}, "
        f"mean of the last {min(10, len(losses)):2} of {len(losses):3} steps {np.mean(losses[-10:]):.3g}"
    )
print(f"{'guessing':>22}: {np.log(CLASSES):.3g}")
last = {name: np.mean(losses[-10:]) for name, losses in trained.items()}
assert max(last["tanh, Glorot"], last["ReLU, He"]) < 2.2  # the rest learn nothing yet:
assert min(last["sigmoid, Glorot"], last["ReLU, Glorot"], last["ReLU, N(0, 1), clipped"]) > 2.25

# %% [markdown]
# The two whose gradients stayed level learn: tanh with Glorot fast, ReLU with He more slowly. ReLU with Glorot and the
# sigmoid get no further than guessing: their first layers hear next to nothing of the error. N(0, 1) overflows at once.
# Clipping keeps it finite, but steps of bounded length do not repair such weights in a hundred steps. Clip against rare
# peaks; choose the initial weights for all the rest.

# %% [markdown]
# ## A program from an article, repaired
#
# It defines our network in PyTorch, 784–128–10 with ReLU, and trains it by `SGD` with rate 0.01 for 10 epochs. It
# cannot run: its `train_loader` is not defined, and pictures of 28 × 28 do not fit a layer of 784 inputs. It prints
# nothing and compares with nothing.
#
# We load, flatten, train on batches of 32, measure on the validation pictures, and put softmax regression beside it.
# The initial weights are Keras's default, Glorot: one hidden layer is not deep.

# %%
TRIED = {}


def try_out(name, hidden_units, X, X_validation):
    keras.utils.set_random_seed(run.seed)
    hidden = [keras.layers.Dense(units, activation="relu") for units in hidden_units]
    model = keras.Sequential(
        [keras.Input((PIXELS,)), *hidden, keras.layers.Dense(CLASSES)], name=name
    )
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE),
        loss=cross_entropy_in_keras,
        metrics=["accuracy"],
        steps_per_execution=50,  # 50 steps at a time without a word to Python: only to save time
    )
    checked = (X_validation, y_validation)
    fit = training.fit(
        model,
        X,
        y,
        batch_size=BATCH,
        epochs=10,
        validation_data=checked,
        validation_batch_size=1000,
    )
    TRIED[name] = model, fit.history


# %%
try:
    in_sequence(x[:BATCH])
except ValueError as error:
    print(f"not flattened, {x[:BATCH].shape}: {type(error).__name__}")
try_out("softmax", [], X, X_validation)
try_out("article", [UNITS], X, X_validation)

# %% [markdown]
# In these ten epochs the article's network is a point better than ten linear scores. Is the hidden layer worth so
# little? Recall lesson 01: with features that are not centred, descent crawls along a valley. Our pixels run from 0 to
# 1 and none is negative. So subtract each pixel's mean and divide by the standard deviation of all, measured on the
# training pictures. Centring rounds the valley; dividing by less than 1 makes each step of the first layer move its
# scores further.

# %%
mean, std = X.mean(axis=0), X.std()
S, S_validation, S_test = ((part - mean) / std for part in (X, X_validation, X_test))
try_out("softmax-standardised", [], S, S_validation)
try_out("article-standardised", [UNITS], S, S_validation)
at_the_end = {name: history["val_accuracy"][-1] for name, (_, history) in TRIED.items()}
chosen = max(at_the_end, key=at_the_end.get)
for name, value in at_the_end.items():
    print(f"{name:>21}: {value:.3f} of the validation pictures right")
print("chosen:", chosen)
print(
    f"pixels were divided by {std:.2f}: a step moves the first scores {std**-2:.0f} times as far"
)

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
COLOURS = (plots.SKY, plots.ORANGE, plots.BLUE, plots.RED)
for (name, (_, history)), colour in zip(TRIED.items(), COLOURS, strict=True):
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        plots.learning_curves(ax, history, metric, label=name, colour=colour)
axes[0].set(ylabel="cross-entropy", ylim=(0.3, 1.2))
axes[0].set_title("Standardised pixels lead from the first epoch")
axes[1].set(ylabel="accuracy", ylim=(0.65, 0.9))
axes[1].set_title("In ten epochs standardising adds more than the layer")
axes[0].plot([], [], "--", color=plots.GREY, label="on the training pictures")
axes[0].legend()
plots.show(fig)

# %% [markdown]
# Solid is validation, dashed is training. (Keras averages the training curve over the epoch, so it lags by half of
# one.) After one epoch the standardised models are where the others come after several. From blue to red is the hidden
# layer's part, and it takes some epochs to show. The dashed red line has left the solid one: the network begins to know
# the training pictures by heart, which is lesson 05.

# %% [markdown]
# ## Once, on the test pictures
#
# The network chosen, against softmax regression on the same standardised pixels. The bootstrap draws test pictures
# again; both models get the same draw, so that its luck cancels in their difference.

# %% tags=["headline"]
assert chosen.endswith("standardised")  # else the test pictures below are not on its scale
right = {}
for name in (chosen, "softmax-standardised"):
    guesses = TRIED[name][0].predict(S_test, batch_size=1000, verbose=0).argmax(axis=1)
    right[name] = guesses == y_test
    print(f"{name:>21}: {right[name].mean():.3f} of {len(y_test)} test pictures right")

# %%
gain = right[chosen].astype(float) - right["softmax-standardised"]
draws = np.random.default_rng(run.seed).integers(len(y_test), size=(2000, len(y_test)))
for name, values in ((chosen, right[chosen]), ("gain over softmax", gain)):
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    print(
        f"{name:>21}: {values.mean():.3f}, 95 % of the draws between {low:.3f} and {high:.3f}"
    )
assert right[chosen].mean() > 0.75  # one drawer for all has 0.1
assert gain.mean() > 0

# %% [markdown]
# So the hidden layer sorts better: of 8,000 pictures it makes about one in a hundred more right, of all 60,000, in the
# full profile, more than that. The interval covers the luck of the test pictures, not that of the initial weights: try
# another seed. Better steps are for lesson 04, and treating pictures as pictures for lesson 06.

# %% [markdown]
# ### "As neurons in the brain work"
#
# The articles explain networks by the brain. The name and the idea of a unit that sums and fires come from there,
# loosely. Nothing in this lesson used it: these are functions that are chosen because they can be fitted (Goodfellow et
# al., chapter 1). And **deep learning** is the family of all models with several such layers, not one algorithm.

# %% [markdown]
# ## What to keep
#
# - A hidden layer moves the points so that linear scores can part them. Without a bend between them, two layers are one.
# - Backpropagation is the chain rule from the loss backwards. It computes gradients; the optimizer changes weights; no
#   optimum is promised.
# - Start weights at random, or all units stay alike. Scale them: He for ReLU, Glorot for tanh.
# - Gradients vanish or explode as products of Jacobians do, before any learning rate is set.
# - Standardise the inputs, and compare with a simple model.
#
# Next: the [exercises](exercises/03_neural_networks.ipynb), then lesson 04, where the steps get better.

# %% [markdown]
# ### Sources
#
# - Fashion-MNIST: Xiao, Rasul, Vollgraf (2017), [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
# - XOR, backpropagation, initial weights: Goodfellow, Bengio, Courville, *Deep Learning* (2016), 6.1, 6.5, 8.4; the
#   brain: chapter 1.
# - Glorot, Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, AISTATS.
# - He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*, [arXiv:1502.01852](https://arxiv.org/abs/1502.01852).
# - Bengio, Simard, Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*.
# - Clipping: Pascanu, Mikolov, Bengio (2013), *On the difficulty of training recurrent neural networks*,
#   [arXiv:1211.5063](https://arxiv.org/abs/1211.5063).
# - The articles (see lesson 00): S0-3.1; S1-3.1, 7.8 to 7.11, 7.20; S2-3.1, 4.1; S3-1.3.1.

# %% [markdown] tags=["exercises"]
# # 03 · Neural networks: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("03.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../03_neural_networks.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 03.1 Forward pass
#
# One hidden layer with ReLU. The output layer gives scores: no activation and no softmax.


# %%
def forward(X, W1, b1, W2, b2):
    """Scores of a network with one hidden layer of ReLU units.

    Args:
        X: float array (n, d), a row for each example.
        W1, b1: float arrays (d, m) and (m,), of the hidden layer.
        W2, b2: float arrays (m, K) and (K,), of the output layer.
    Returns:
        float array (n, K).

    With X = np.array([[1.0]]), W1 = np.array([[2.0, -3.0]]), b1 = np.array([1.0, 1.0]),
    W2 = np.array([[1.0], [1.0]]), b2 = np.array([-5.0]) it is [[-2.0]].
    """
    ### BEGIN SOLUTION
    H = np.maximum(X @ W1 + b1, 0)
    return H @ W2 + b2
    ### END SOLUTION


# %%
check("03.1", forward)

# %% [markdown]
# ## 03.2 Backward pass
#
# Back to the weights of the hidden layer, for the mean cross-entropy of the softmax of the scores. The check moves each
# weight a little and watches the loss.


# %%
def hidden_gradient(X, labels, W1, b1, W2, b2):
    """Gradient of the mean cross-entropy by W1.

    Args:
        X: float array (n, d).
        labels: int array (n,), the right classes, 0 to K - 1.
        W1, b1: float arrays (d, m) and (m,), of the hidden layer, with ReLU.
        W2, b2: float arrays (m, K) and (K,), of the output layer.
    Returns:
        float array (d, m).

    With X = np.array([[2.0]]), labels = np.array([0]), W1 = np.array([[1.0]]), b1 = np.zeros(1),
    W2 = np.array([[0.0, 0.0]]), b2 = np.zeros(2) it is [[0.0]]; with W2 = np.array([[1.0, 1.0]]) too,
    since both scores rise alike; with W2 = np.array([[1.0, 0.0]]) it is [[-0.238]].
    """
    ### BEGIN SOLUTION
    Z1 = X @ W1 + b1
    Z2 = np.maximum(Z1, 0) @ W2 + b2
    e = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    delta2 = e / e.sum(axis=1, keepdims=True)
    delta2[np.arange(len(labels)), labels] -= 1
    delta1 = (delta2 / len(labels)) @ W2.T * (Z1 > 0)
    return X.T @ delta1
    ### END SOLUTION


# %%
check("03.2", hidden_gradient)

# %% [markdown]
# ## 03.3 Two linear layers are one
#
# With no activation between them. Find the one layer that gives the same scores for any input. Return it as one table,
# the biases in its first row, as for lesson 02's design matrix.


# %%
def collapse(W1, b1, W2, b2):
    """The linear layer equal to two in a row.

    Args:
        W1, b1: float arrays (d, m) and (m,), of the first layer.
        W2, b2: float arrays (m, K) and (K,), of the second.
    Returns:
        float array (d + 1, K): the biases, then the weights.

    With W1 = np.array([[2.0]]), b1 = np.array([1.0]), W2 = np.array([[3.0]]), b2 = np.array([4.0])
    it is [[7.0], [6.0]], since 3 (2 x + 1) + 4 = 6 x + 7.
    """
    ### BEGIN SOLUTION
    return np.vstack([b1 @ W2 + b2, W1 @ W2])
    ### END SOLUTION


# %%
check("03.3", collapse)

# %% [markdown]
# ## 03.4 He initialisation
#
# Random weights for a layer with ReLU. The check draws many, and sends a signal through twenty layers of them.


# %%
def he(inputs, units, rng):
    """Initial weights with mean 0 and variance 2 / inputs.

    Args:
        inputs: int, the number of inputs m of the layer.
        units: int, the number of its units k.
        rng: np.random.Generator, such as np.random.default_rng(0).
    Returns:
        float array (inputs, units).

    he(200, 50, rng) has a standard deviation of about 0.1.
    """
    ### BEGIN SOLUTION
    return rng.normal(size=(inputs, units)) * np.sqrt(2 / inputs)
    ### END SOLUTION


# %%
check("03.4", he)

# %% [markdown]
# ## 03.5 Units that stay alike
#
# Hidden units that start with the same incoming weights, the same bias and the same outgoing weights stay equal in
# training. Count the units, equal ones once.


# %%
def different_units(W1, b1, W2):
    """Number of hidden units, equal ones counted once.

    Args:
        W1: float array (d, m), incoming weights: a column for each hidden unit.
        b1: float array (m,), their biases.
        W2: float array (m, K), outgoing weights: a row for each hidden unit.
    Returns:
        int, from 1 to m.

    different_units(np.zeros((3, 5)), np.zeros(5), np.zeros((5, 2))) is 1.
    """
    ### BEGIN SOLUTION
    units = np.column_stack([W1.T, b1, W2])  # a row for each hidden unit
    return len(np.unique(units, axis=0))
    ### END SOLUTION


# %%
check("03.5", different_units)

# %% [markdown]
# The check also trains the network for some steps, and counts again: equal units have stayed equal.
