# ---
# jupyter:
#   course:
#     question: "The same network, the same pictures: which steps bring the loss down soonest?"
# ---

# %% [markdown]
# # 04 · Optimisation
#
# | | |
# |---|---|
# | **You will be able to** | say why descent is slow and when it diverges; write momentum, RMSprop and Adam in a few lines; choose a batch, a rate and a schedule by measuring; know what warm-up and clipping mend, and what they do not |
# | **You need first** | [lesson 03](03_neural_networks.ipynb): the 784–128–10 network and its gradient |
# | **Time** | an hour to read; it runs in under a minute on a CPU |
# | **Data** | 12,000 pictures of clothes, from Fashion-MNIST (Zalando, MIT); in the full profile all 70,000 |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=4)

# %% [markdown]
# Here the seed draws initial weights and the order of the pictures. The text describes what seed 4 gives in the fast
# profile.

# %% tags=["setup"]
import time
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course_lib import data, plots, training

plots.use_style()
PIXELS, UNITS, CLASSES = 784, 128, 10
SIZES = (PIXELS, UNITS, CLASSES)
BATCH = 32
UPDATES = run.pick(fast=250, full=2000)  # of a training run that is compared with others
cross_entropy_in_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## The question
#
# Lesson 03 trained its network with steps of one kind: against the gradient of 32 pictures, at a rate of 0.01. Are
# there better steps? Soonest can mean two things: after the fewest **updates**, or after the fewest **seconds**. We
# first look at a loss that can be drawn.

# %% tags=["nbval-check-output"]
(x, y), (x_validation, y_validation), (x_test, y_test) = data.load_fashion_mnist(
    full=run.pick(fast=False, full=True)
)
X, X_validation, X_test = (
    part.reshape(-1, PIXELS).astype("float32") / 255 for part in (x, x_validation, x_test)
)
mean, std = X.mean(axis=0), X.std()  # standardised as in lesson 03
S, S_validation, S_test = ((part - mean) / std for part in (X, X_validation, X_test))
pictures_validation = tf.constant(S_validation)
print("training, validation, test:", S.shape, S_validation.shape, S_test.shape)

# %% [markdown]
# ## A bowl with two curvatures
#
# $$J(\theta) = \tfrac12 \theta^\top H \theta \qquad \nabla J(\theta) = H\theta \qquad \theta \leftarrow \theta - \alpha \nabla J(\theta)$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $\theta$ | the parameters | $(2,)$ here | `theta` |
# | $H$ | second derivatives; eigenvalues $\lambda$ are the curvatures | $(2, 2)$ | `H` |
# | $L$, $\kappa$ | the largest curvature; the **condition number**, largest over smallest | numbers | `L`, `kappa` |
# | $\alpha$ | learning rate | a number | `rate` |
# | $g$ | the gradient where we stand | as $\theta$ | `g` |

# %% [markdown]
# Why does lesson 01's limit hold? Along an axis of the bowl with curvature $\lambda$, one step gives
#
# $$\theta \leftarrow \theta - \alpha\lambda\theta = (1 - \alpha\lambda)\,\theta, \qquad\text{and}\qquad |1 - \alpha\lambda| < 1 \iff 0 < \alpha < 2/\lambda.$$
#
# The steepest axis is the strictest: $\alpha < 2/L$. The flattest then shrinks to $1 - \alpha\lambda_{\min}$ times its
# length at each step, close to 1 if $\kappa$ is large.


# %% tags=["nbval-check-output"]
def descent(theta, g, state, rate):
    return theta - rate * g


def path_of(step, H, theta, rate, steps):
    state, path = {}, [theta]
    for _ in range(steps):
        theta = step(theta, H @ theta, state, rate)
        path.append(theta)
    return np.array(path)  # (steps + 1, 2)


L = 20.0
bowl, begin = np.diag([1.0, L]), np.array([-1.0, 0.3])
for share in (0.95, 1.05):
    path = path_of(descent, bowl, begin, rate=share * 2 / L, steps=60)
    factors = 1 - share * 2 / L * np.array([1, L])
    np.testing.assert_allclose(path[-1], begin * factors**60, rtol=1e-12)  # float64
    print(
        f"rate {share} of 2/L: a step multiplies by {factors.round(3)}; "
        f"60 steps lead to {path[-1, 0]:.1e} and {path[-1, 1]:.1e}"
    )

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True)
grid = np.stack(
    np.meshgrid(np.linspace(-1.2, 0.6, 120), np.linspace(-0.75, 0.75, 120)), axis=-1
)
heights = np.einsum("...i,ij,...j->...", grid, bowl, grid) / 2
for ax, share, steps, says in (
    (axes[0], 0.2, 25, "a slow crawl"),
    (axes[1], 0.95, 25, "zigzag, faster along"),
    (axes[2], 1.05, 8, "out of the bowl"),
):
    path = path_of(descent, bowl, begin, share * 2 / L, steps)
    ax.contour(
        *grid.T, heights.T, levels=np.geomspace(0.01, 8, 10), cmap="cividis", linewidths=0.8
    )
    ax.plot(*path.T, "o-", color=plots.RED, ms=3, lw=1)
    ax.plot(0, 0, "*", color=plots.BLUE, ms=12)
    ax.set(xlabel=r"$\theta_1$ (curvature 1)", xlim=(-1.2, 0.6), ylim=(-0.75, 0.75))
    ax.set_title(f"{share} of 2/L: {says}")
axes[0].set_ylabel(rf"$\theta_2$ (curvature {L:.0f})")
plots.show(fig)

# %% [markdown]
# Left, a small rate: the steep direction is done in a few steps, the flat one takes long. Middle, near the limit: each step
# jumps over the valley, and along it the path is nearly five times as fast. Right, beyond the limit: each jump is
# longer than the last.

# %% [markdown]
# The best compromise shrinks both axes alike, $1 - \alpha\lambda_{\min} = \alpha L - 1$: $\alpha = 2/(\lambda_{\min} +
# L)$, nearly the middle panel's. Each step then leaves $\frac{\kappa - 1}{\kappa + 1}$ of the distance. How many steps
# until a hundredth is left?


# %% tags=["nbval-check-output"]
def steps_needed(path, share=0.01):
    """Updates until the distance to the minimum falls below a share of the first, and stays there."""
    distance = np.linalg.norm(path, axis=1)
    late = np.flatnonzero(~(distance < share * distance[0]))  # nan is late, too
    return late[-1] + 1 if late[-1] + 1 < len(path) else np.inf


for kappa in (10, 100, 1000):
    path = path_of(descent, np.diag([1.0, kappa]), begin, rate=2 / (1 + kappa), steps=3000)
    expected = np.log(0.01) / np.log((kappa - 1) / (kappa + 1))
    print(f"condition number {kappa:4}: {steps_needed(path):4} steps, expected {expected:.0f}")
    assert abs(steps_needed(path) - expected) <= 1

# %% [markdown]
# Ten times the condition number, ten times the steps. Standardising, in lessons 01 and 03, made $\kappa$ smaller. The
# rest of this lesson changes the steps instead.

# %% [markdown]
# ### "A rate of 0.01 changes a parameter by 0.01 times itself"
#
# So says one of the articles. The step is $-\alpha\nabla J$: it depends on the slope, not on the parameter's own size.
# Take $J = (\theta - 3)^2$.

# %% tags=["nbval-check-output"]
for theta in (0.0, 3.0, 6.0):
    g = 2 * (theta - 3)
    print(
        f"theta {theta:.0f}: 0.01 of it is {0.01 * theta:.2f}; the step is {-0.01 * g + 0.0:+.2f}"
    )
assert descent(0.0, -6.0, {}, 0.01) == 0.06

# %% [markdown]
# A parameter at 0 moves. One at the minimum, 3, does not.

# %% [markdown]
# ## Other steps, by hand
#
# **Momentum** keeps a velocity $v$, which remembers a share $\beta$ of itself. Across the valley the slopes alternate
# and cancel; along it they add up, to at most $\frac{1}{1-\beta}$ times the step. **Nesterov** takes the slope where
# the next push will have led: Keras keeps that point, $\theta + \beta v$, as its $\theta$, so that $g$ is taken there.
#
# $$v \leftarrow \beta v - \alpha g \qquad \theta \leftarrow \theta + v \quad\text{or, with Nesterov,}\quad \theta \leftarrow \theta + \beta v - \alpha g$$


# %%
def momentum(theta, g, state, rate, beta=0.9):
    state["v"] = beta * state.get("v", 0) - rate * g
    return theta + state["v"]


def nesterov(theta, g, state, rate, beta=0.9):
    state["v"] = beta * state.get("v", 0) - rate * g
    return theta + beta * state["v"] - rate * g


# %% [markdown]
# **RMSprop** divides each parameter's gradient by the size it has had lately: $s$ is a running mean of squares. So all
# parameters move by about $\alpha$, steep or flat, $\theta \leftarrow \theta - \alpha g / \sqrt{s + \epsilon}$.
# **Adam** adds momentum: $m$ is a running mean of gradients, $s$ of squares. Both start at 0, and dividing by $1 -
# \beta^t$ after $t$ steps corrects it:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1) g \qquad s \leftarrow \beta_2 s + (1-\beta_2) g^2 \qquad \theta \leftarrow \theta - \alpha \frac{m / (1-\beta_1^t)}{\sqrt{s / (1-\beta_2^t)} + \epsilon}$$


# %%
def rmsprop(theta, g, state, rate, rho=0.9, epsilon=1e-7):
    state["s"] = rho * state.get("s", 0) + (1 - rho) * g**2
    return theta - rate * g / np.sqrt(state["s"] + epsilon)  # inside the root, as in Keras


def adam(theta, g, state, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["s"] = beta2 * state.get("s", 0) + (1 - beta2) * g**2
    corrected = rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return theta - corrected * state["m"] / (np.sqrt(state["s"]) + epsilon)


def adamw(theta, g, state, rate, decay=0.1):
    return adam(theta - rate * decay * theta, g, state, rate)


# %% [markdown]
# Keras adds $\epsilon$ to the uncorrected root, where it weighs more in the first steps; we follow Keras. It matters
# for tiny gradients only. **AdamW** first shrinks the weights by a share, outside the division. Lesson 11 uses it.
#
# Are these the optimizers of Keras? Ten steps of softmax regression on 200 pictures, with lesson 02's gradient, by hand
# in `float64` and by Keras in `float32`, from the same gradients.


# %%
def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


P = np.eye(CLASSES)[y]


def softmax_gradient(W, rows):
    Q = softmax(S[rows].astype("float64") @ W)  # (n, 784) -> (n, 10)
    return S[rows].T @ (Q - P[rows]) / len(Q)  # (784, 10)


IN_KERAS = {
    descent: keras.optimizers.SGD(0.1),
    momentum: keras.optimizers.SGD(0.1, momentum=0.9),
    nesterov: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    rmsprop: keras.optimizers.RMSprop(0.01),
    adam: keras.optimizers.Adam(0.01),
    adamw: keras.optimizers.AdamW(0.01, weight_decay=0.1),
}

# %%
rows = np.arange(200)
initial = np.random.default_rng(run.seed).normal(size=(PIXELS, CLASSES)) * 0.1
for step, optimizer in IN_KERAS.items():
    theta, state, variable = initial, {}, keras.Variable(initial, dtype="float32")
    for _ in range(10):
        g = softmax_gradient(theta, rows)
        theta = step(theta, g, state, float(optimizer.learning_rate))
        optimizer.apply([tf.constant(g, "float32")], [variable])
    gap = np.abs(variable.numpy() - theta).max()
    moved = np.abs(theta - initial).max()
    print(f"{step.__name__:>8}: moved by up to {moved:.2f}, gap to Keras {gap:.0e}")
    # float32 has seven digits, but Keras's Adam computes 1 - 0.999**t in it, of which four are left.
    assert gap < 1e-4 * moved

# %% [markdown]
# ### Adam's first step
#
# At the first step $m/(1-\beta_1) = g$ and $s/(1-\beta_2) = g^2$, so Adam moves by $\alpha\, g/|g|$: by the rate,
# whatever the gradient's scale. Without the correction?

# %% tags=["nbval-check-output"]
rate = 0.01
print("gradient   descent     Adam   Adam, not corrected")
for g in (0.001, 1.0, 1000.0):
    steps = -descent(0.0, g, {}, rate), -adam(0.0, g, {}, rate)
    not_corrected = rate * (0.1 * g) / np.sqrt(0.001 * g**2)
    print(f"{g:8g} {steps[0]:9g} {steps[1]:8.4f} {not_corrected:8.4f}")
    assert abs(steps[1] / rate - 1) < 0.01  # epsilon takes a third of a percent off the first

# %% [markdown]
# So a rate means something else in each method: a factor for descent, a length for Adam. Multiply the loss by 1,000,
# and descent needs another rate, Adam does not. Without the correction the first step would be three times too long,
# since $\sqrt{s}$ is too small by more than $m$ is. RMSprop has none, and its first step is that long.

# %% [markdown]
# ### Paths on the bowl
#
# Dividing parameter by parameter evens out the curvatures if the bowl's axes are those of the parameters. And if it is
# turned, the start with it? Descent has its best rate; momentum, RMSprop and Adam have rates that suit the bowl,
# `rate_for`.


# %%
def turned_bowl(kappa, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s], [s, c]])
    return turn @ np.diag([1.0, kappa]) @ turn.T, turn


def rate_for(step, kappa):
    return {descent: 2 / (1 + kappa), momentum: 1 / kappa, rmsprop: 0.01, adam: 0.1}[step]


needed = {}
corner = np.array([-1.0, 1.0])
print("condition number          10       100      1000")
for degrees in (0, 30):
    for step in (descent, momentum, rmsprop, adam):
        for kappa in (10, 100, 1000):
            H, turn = turned_bowl(kappa, degrees)
            path = path_of(step, H, turn @ corner, rate_for(step, kappa), steps=3000)
            needed[step, degrees, kappa] = steps_needed(path)
        row = [f"{needed[step, degrees, kappa]:8}" for kappa in (10, 100, 1000)]
        print(f"{step.__name__:>8}, turned by {degrees:2}°:", *row)

# %%
for kappa in (10, 100, 1000):
    assert needed[descent, 0, kappa] == needed[descent, 30, kappa]
    assert needed[momentum, 0, kappa] == needed[momentum, 30, kappa]
for step in (rmsprop, adam):
    # The epsilon alone knows the gradient's scale.
    assert abs(needed[step, 0, 10] - needed[step, 0, 1000]) <= 2
    assert needed[step, 30, 1000] > 5 * needed[step, 0, 1000]
assert needed[momentum, 0, 1000] < needed[descent, 0, 1000] / 5
assert abs(needed[momentum, 0, 10] / (np.log(0.01) / np.log(np.sqrt(0.9))) - 1) < 0.1

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True)
STYLES = {
    descent: (plots.GREY, "o-"),
    momentum: (plots.ORANGE, "s-"),
    adam: (plots.RED, "d-"),
    rmsprop: (plots.SKY, "^-"),
}
grid = np.stack(np.meshgrid(np.linspace(-1.8, 1.2, 150), np.linspace(-1.2, 1.4, 150)), axis=-1)
for ax, degrees in zip(axes, (0, 30), strict=True):
    H, turn = turned_bowl(100, degrees)
    heights = np.einsum("...i,ij,...j->...", grid, H, grid) / 2
    ax.contour(
        *grid.T, heights.T, levels=np.geomspace(0.03, 100, 9), cmap="cividis", linewidths=0.7
    )
    for step, (colour, style) in STYLES.items():
        path = path_of(step, H, turn @ corner, rate_for(step, 100), steps=60)
        ax.plot(*path.T, style, color=colour, ms=3, lw=1, label=step.__name__)
    ax.plot(0, 0, "*", color=plots.BLUE, ms=14)
    ax.set(xlabel=r"$\theta_1$", xlim=(-1.8, 1.2), ylim=(-1.2, 1.4))
axes[0].set(ylabel=r"$\theta_2$", title="Axes aligned: Adam goes straight")
axes[1].set_title("Turned by 30°: Adam bends into the valley")
axes[1].legend(loc="lower right")
plots.show(fig)

# %% [markdown]
# Curvatures 1 and 100, 60 updates each. Left: RMSprop and Adam walk the diagonal; they do not feel the curvatures, and
# their counts in the table do not change with them. Descent and momentum zigzag. Right: the same paths, turned, for
# descent and momentum. But Adam now bends into the valley and creeps along it; RMSprop, with its small steps, has not
# reached it yet. The counts of both grow with the condition number.

# %% [markdown]
# Momentum helps in a long valley of any direction. In a short one it is slower than descent: with $\beta = 0.9$ the
# distance shrinks, in the long run, to no less than $\sqrt{0.9}$ a step. So its counts for the two shorter valleys are
# nearly the same.

# %% [markdown]
# ## How many pictures to a step?
#
# The gradient of the loss is a mean over all $n$ pictures. Three ways to use it:
#
# - **batch** gradient descent: all $n$ for each update;
# - **mini-batch**: some of them, such as 32;
# - **stochastic**: one.
#
# Two of the articles describe the second and call it batch gradient descent. Count the updates of one epoch with $n =
# 1000$: Keras keeps the number in `optimizer.iterations`.

# %% tags=["nbval-check-output"]
small = keras.Sequential([keras.Input((PIXELS,)), keras.layers.Dense(CLASSES)])
for name, batch in (("batch", 1000), ("mini-batch", 32), ("stochastic", 1)):
    small.compile(keras.optimizers.SGD(0.001), cross_entropy_in_keras, steps_per_execution=50)
    small.fit(S[:1000], y[:1000], batch_size=batch, epochs=1, verbose=0)
    print(f"{name:>10}, {batch:4} a step: {int(small.optimizer.iterations):4} updates an epoch")
    assert int(small.optimizer.iterations) == np.ceil(1000 / batch)

# %% [markdown]
# $1000 / 32 = 31.25$: the last mini-batch holds the remaining 8 pictures and is an update, too.

# %% [markdown]
# ### "One sample makes it unstable"
#
# An article says so of the stochastic kind. Its gradient is noisy, but not wrong: drawn at random, it is right **on
# average**, since the mean of the gradients of single pictures *is* the full gradient. And the noise of a mean of $B$
# draws falls as $1/\sqrt B$.

# %%
rows = np.arange(1000)
W = initial
errors = softmax(S[rows].astype("float64") @ W) - P[rows]  # (1000, 10)
each = S[rows, :, None] * errors[:, None, :]  # (1000, 784, 10): one gradient a picture
full_gradient = softmax_gradient(W, rows)
# Sums of a thousand products in another order: the last of float64's 16 digits differ.
np.testing.assert_allclose(each.mean(axis=0), full_gradient, atol=1e-13)

rng = np.random.default_rng(run.seed)
batches, noise = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], []
single = np.sqrt(np.mean(np.sum((each - full_gradient) ** 2, axis=(1, 2))))
for batch in batches:
    drawn = [each[rng.integers(1000, size=batch)].mean(axis=0) for _ in range(50)]
    noise.append(np.sqrt(np.mean([np.sum((g - full_gradient) ** 2) for g in drawn])))
    assert abs(noise[-1] * np.sqrt(batch) / single - 1) < 0.25  # 50 draws: about 5 % of chance
print(
    f"full gradient: length {np.linalg.norm(full_gradient):.2f}; noise of one picture {single:.2f}"
)

# %%
fig, ax = plt.subplots()
ax.loglog(batches, noise, "o", label="measured, 50 draws each")
ax.loglog(
    batches,
    single / np.sqrt(batches),
    "-",
    color=plots.GREY,
    label=r"of one picture, over $\sqrt{B}$",
)
ax.axhline(
    np.linalg.norm(full_gradient), color=plots.RED, ls=":", label="length of the full gradient"
)
ax.set(xlabel="pictures in the batch, B", ylabel="distance to the full gradient")
ax.set_title("Half the noise costs four times the pictures")
ax.legend()
plots.show(fig)

# %% [markdown]
# The dots lie on the line $1/\sqrt B$. Where it crosses the dotted line, noise and signal are equal: with fewer than
# some 20 pictures most of a single step is noise, and only the sum of many goes the right way. A batch of 512 costs
# sixteen times one of 32 and has a quarter of its noise. Is that worth it?

# %% [markdown]
# ### Updates or seconds?
#
# Now lesson 03's network. To measure time without Python's share, many updates run in one compiled call. The first
# call, which compiles, is not timed. (These two cells are bookkeeping: skim them.)


# %%
def compile_updates(optimizer, sizes=SIZES, clip=False):
    layers = [keras.layers.Dense(k, activation="relu") for k in sizes[1:-1]]
    model = keras.Sequential([keras.Input(sizes[:1]), *layers, keras.layers.Dense(sizes[-1])])
    optimizer.build(model.trainable_variables)
    pictures, labels = tf.constant(S), tf.constant(y)
    order = tf.TensorSpec([None, None], tf.int32)  # the pictures of each update, a row each
    rates, norm_at_most = tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.float32)

    @tf.function(input_signature=[order, rates, norm_at_most])
    def updates(order, rates, norm_at_most):
        record = tf.TensorArray(tf.float32, tf.shape(order)[0])
        for i in tf.range(tf.shape(order)[0]):
            rows = order[i]
            with tf.GradientTape() as tape:
                scores = model(tf.gather(pictures, rows))
                loss = cross_entropy_in_keras(tf.gather(labels, rows), scores)
            gradients = tape.gradient(loss, model.trainable_variables)
            norm = tf.linalg.global_norm(gradients)
            if clip:
                gradients = [g * tf.minimum(1.0, norm_at_most / norm) for g in gradients]
            optimizer.learning_rate.assign(rates[i])
            optimizer.apply(gradients)
            record = record.write(i, tf.stack([loss, norm]))
        return record.stack()  # (updates, 2): loss and length of the gradient

    updates(np.zeros((1, 1), "int32"), np.zeros(1, "float32"), 1.0)
    return model, optimizer, updates


# %% [markdown]
# A training run sets the weights and the optimizer back to the start, deals the pictures, and measures the **loss on
# the validation pictures** now and then, outside the clock. The same seed gives the same initial weights and the same
# deal.


# %%
def initial_weights(sizes, rng, gain=1.0):
    weights = []
    for m, k in pairwise(sizes):
        weights += [gain * rng.normal(size=(m, k)) * np.sqrt(2 / m), np.zeros(k)]  # He
    return weights


def train(kit, rates, seed, batch=BATCH, stops=None, gain=1.0, norm_at_most=np.inf):
    """Train; returns rows (updates, seconds, validation loss), and the record of the updates."""
    (model, optimizer, updates), rng = kit, np.random.default_rng(seed)
    sizes = [layer.kernel.shape[0] for layer in model.layers] + [CLASSES]
    model.set_weights(initial_weights(sizes, rng, gain))
    for variable in optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    epochs = -(-len(rates) * batch // len(S)) + 1
    deal = [rng.permutation(len(S))[: len(S) // batch * batch] for _ in range(epochs)]
    order = np.concatenate(deal).reshape(-1, batch).astype("int32")
    rates, rows, record, seconds = np.float32(rates), [], [], 0.0
    for first, last in pairwise([0, *(stops or [len(rates)])]):
        start = time.perf_counter()
        record.append(updates(order[first:last], rates[first:last], norm_at_most).numpy())
        seconds += time.perf_counter() - start
        loss = cross_entropy_in_keras(y_validation, model(pictures_validation))
        rows.append((last, seconds, float(loss)))
        if not np.isfinite(loss):
            break
    return np.array(rows), np.concatenate(record)


# %% [markdown]
# Four batch sizes, plain descent. Three take the rate 0.1. With one picture a step it diverges, for noise beyond some
# size is not averaged away; there, 0.003.

# %%
GOAL = 0.9
sgd = compile_updates(keras.optimizers.SGD())
RUNS = ((1, 0.1, 1500), (1, 0.003, 1500), (32, 0.1, 300), (512, 0.1, 45), (len(S), 0.1, 10))
by_size = {}
for batch, rate, steps in RUNS:  # steps for comparable times
    stops = sorted({int(stop) for stop in np.geomspace(1, steps, 8).round()})
    by_size[batch], _ = train(sgd, np.full(steps, rate), run.seed, batch, stops)
    print(f"batch {batch:5}, rate {rate:5}: loss {by_size[batch][-1, 2]:.2g}")
    assert (by_size[batch][-1, 2] < GOAL) == ((batch, rate) != (1, 0.1))

# %%
reached = {}
for batch, rows in by_size.items():
    count, seconds, _ = rows[np.argmax(rows[:, 2] < GOAL)]  # at the first look that finds it
    reached[batch] = count
    print(
        f"batch {batch:5}: loss {GOAL} within {count:4.0f} updates, {seconds:5.2f} s, "
        f"{count * batch:7,.0f} pictures"
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
COLOURS = (plots.SKY, plots.BLUE, plots.ORANGE, plots.RED)
for (batch, rows), colour in zip(by_size.items(), COLOURS, strict=True):
    label = f"batch {batch:,}"
    axes[0].plot(rows[:, 0], rows[:, 2], "o-", ms=3, color=colour, label=label)
    axes[1].plot(rows[:, 1], rows[:, 2], "o-", ms=3, color=colour, label=label)
for ax, unit in zip(axes, ("updates", "seconds on this machine"), strict=True):
    ax.set(xscale="log", xlabel=unit)
axes[0].set(ylabel="validation loss", ylim=(0.35, 3))
axes[0].set_title("By updates, large batches arrive first")
axes[1].set_title("By seconds, both extremes lose")
axes[0].legend()
plots.show(fig)

# %% [markdown]
# The two panels show the same four runs. By updates, more pictures are better, up to a point: 512 are almost as good as
# all 8,000, since little noise is left in the way. By seconds, on a CPU, the full batch and the single picture both
# need several times as long as 32 or 512: the one takes every picture for each step, the other needs a small rate, and
# processors are at their best with larger products. (A GPU takes large batches at less cost, so there the best batch is
# larger.)

# %%
seen = {batch: batch * updates for batch, updates in reached.items()}
assert reached[512] < reached[32] < reached[1]
assert reached[512] <= 4 * reached[len(S)]  # with a sixteenth of the pictures
assert seen[len(S)] > 4 * seen[512] > 4 * seen[32]

# %% [markdown]
# ## Which optimizer?
#
# The same network, initial weights and deals of 32 pictures; only the steps differ. Each optimizer tries four rates,
# half a power of ten apart, around what is usual for it. Of the 8,000 pictures, 250 updates are one epoch.

# %%
RATES = {
    "SGD": (0.01, 0.03, 0.1, 0.3),
    "momentum": (0.001, 0.003, 0.01, 0.03),
    "RMSprop": (0.0001, 0.0003, 0.001, 0.003),
    "Adam": (0.0001, 0.0003, 0.001, 0.003),
}
kits = {
    "SGD": sgd,
    "momentum": compile_updates(keras.optimizers.SGD(momentum=0.9)),
    "RMSprop": compile_updates(keras.optimizers.RMSprop()),
    "Adam": compile_updates(keras.optimizers.Adam()),
}


def at_the_end(kit, rates, seed):
    """Mean validation loss at the last three of ten stops: a single one depends on the last few batches."""
    rows, _ = train(kit, rates, seed, stops=[UPDATES * k // 10 for k in (8, 9, 10)])
    return rows[-3:, 2].mean()


found = {
    name: np.array([at_the_end(kits[name], np.full(UPDATES, rate), run.seed) for rate in rates])
    for name, rates in RATES.items()
}
chosen = {name: RATES[name][np.argmin(ends)] for name, ends in found.items()}
for name, ends in found.items():
    print(f"{name:>8}:", *(f"{end:.3f}" for end in ends), f" chosen: {chosen[name]}")

# %%
LOOKS = {
    "SGD": (plots.GREY, "o-"),
    "momentum": (plots.ORANGE, "s-"),
    "RMSprop": (plots.SKY, "^-"),
    "Adam": (plots.RED, "d-"),
}
fig, ax = plt.subplots()
for name, (colour, style) in LOOKS.items():
    ax.semilogx(RATES[name], found[name], style, color=colour, label=name)
ax.set(
    xlabel="learning rate", ylabel=f"validation loss after {UPDATES} updates", ylim=(0.4, 0.9)
)
ax.set_title("Each has its valley, and the floors are about level")
ax.legend()
plots.show(fig)

# %% [markdown]
# RMSprop and Adam have their valleys at the same rates, the others elsewhere. Two steps of the grid away from it, the
# rate costs more than any choice between optimizers could gain. Now each with its chosen rate, from three fresh seeds.

# %%
SEEDS = [run.seed + k for k in (101, 102, 103)]
stops = [UPDATES * k // 10 for k in range(1, 11)]
constant = {}
for name, rate in chosen.items():
    runs = [train(kits[name], np.full(UPDATES, rate), seed, stops=stops)[0] for seed in SEEDS]
    constant[name] = np.array(runs)  # (seeds, stops, 3)
    ends = constant[name][:, -3:, 2].mean(axis=1)
    each_update = constant[name][:, -1, 1].mean() / UPDATES * 1000
    print(
        f"{name:>8}, rate {rate:6}: loss {ends.mean():.3f}, seeds {ends.min():.3f} to {ends.max():.3f}; {each_update:.2f} ms an update"
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for name, (colour, style) in LOOKS.items():
    for ax, column in zip(axes, (0, 1), strict=True):
        middle = constant[name].mean(axis=0)
        ax.plot(middle[:, column], middle[:, 2], style, color=colour, ms=4, label=name)
        spread = constant[name][..., 2]
        ax.fill_between(
            middle[:, column], spread.min(axis=0), spread.max(axis=0), color=colour, alpha=0.15
        )
axes[0].set(xlabel="updates", ylabel="validation loss", ylim=(0.4, 0.9))
axes[0].set_title("By updates: little between them")
axes[1].set(xlabel="seconds on this machine")
axes[1].set_title("By seconds: Adam's updates take longer")
axes[1].legend()
plots.show(fig)
final = {name: runs[:, -3:, 2].mean() for name, runs in constant.items()}
gap = max(final.values()) - min(final.values())
wrong_rate = min(ends[[0, -1]].max() - ends.min() for ends in found.values())
print(
    f"best to worst optimizer {gap:.3f}; the worse end of its grid costs each at least {wrong_rate:.3f}"
)
assert gap < 0.75 * wrong_rate

# %% [markdown]
# ### "Adam is always better"
#
# By updates, at a constant rate, Adam is ahead here: of SGD by some hundredths, of momentum by about one, and there the
# seeds overlap. By seconds its lead is gone: it keeps and reads two numbers a weight more than plain descent, and in a
# network as small as this an update then takes much longer. What is left, the schedule of the next section removes. So
# compare optimizers only with a rate chosen for each, and look at the clock.

# %% [markdown]
# ## The floor of noise
#
# The curves flatten and rattle. One reason could be the noise of the batches. Take $J = \frac12\theta^2$ and add noise
# $\varepsilon$ (not Adam's $\epsilon$) of mean 0 and variance 1 to each gradient. A step gives $\theta \leftarrow (1 -
# \alpha)\theta - \alpha\varepsilon$. The variance no longer changes where $V = (1-\alpha)^2 V + \alpha^2$:
#
# $$V = \frac{\alpha}{2 - \alpha}$$
#
# A constant rate stops at a floor that is about proportional to it. So begin fast, and slow down. A **schedule** gives
# the rate of each update: here half a cosine, from a peak to 0.


# %%
def cosine(peak, updates, warm_up=0):
    """The rate of each update: up in a straight line, then down half a cosine."""
    step = np.arange(updates)
    down = peak * (1 + np.cos(np.pi * (step - warm_up) / (updates - warm_up))) / 2
    return np.where(step < warm_up, peak * step / max(warm_up, 1), down)


for warm_up in (0, 20):
    in_keras = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warm_up else 0.3,
        warmup_target=0.3 if warm_up else None,
        warmup_steps=warm_up,
        decay_steps=100 - warm_up,  # counted from the end of the warm-up
    )
    rates = [float(in_keras(step)) for step in range(100)]
    np.testing.assert_allclose(rates, cosine(0.3, 100, warm_up), atol=1e-7)  # float32, below 1
print("first rates with warm-up:", cosine(0.3, 100, warm_up=20)[:4])

# %%
rng = np.random.default_rng(run.seed)
WALKERS = 4000
schedules = {
    "constant 0.3": (np.full(500, 0.3), plots.ORANGE),
    "constant 0.03": (np.full(500, 0.03), plots.SKY),
    "cosine from 0.3": (cosine(0.3, 500), plots.BLUE),
}
fig, ax = plt.subplots()
for name, (rates, colour) in schedules.items():
    theta, expected, squares = np.full(WALKERS, 3.0), 9.0, []
    for rate in rates:
        theta = theta - rate * (theta + rng.normal(size=WALKERS))
        expected = (1 - rate) ** 2 * expected + rate**2
        squares.append(np.mean(theta**2))
    ax.loglog(range(1, 501), squares, color=colour, label=name)
    print(f"{name:>15}: mean square at the end {squares[-1]:.4f}, expected {expected:.4f}")
    assert abs(squares[-1] / expected - 1) < 0.12  # of 4,000 squares: within 2.2 %, mostly
    if name.startswith("constant"):
        np.testing.assert_allclose(expected, rate / (2 - rate), rtol=1e-6)
ax.set(xlabel="update", ylabel=r"mean of $\theta^2$, 4,000 walks")
ax.set_title("The cosine falls as fast as the large rate, and lower than the small")
ax.legend()
plots.show(fig)

# %% [markdown]
# The orange line is down after ten updates and stays on its floor. The light one goes lower, late. The dark one has
# both: fast at first, and at the end below both floors.

# %% [markdown]
# On the network: each optimizer again, from the same three seeds, with a cosine. Since the rate comes down to 0, it may
# start higher than the best constant one. We take twice as high, and to see what that does alone, a cosine from the
# same rate as well.

# %%
decayed = {}
for name, rate in chosen.items():
    same = np.mean([at_the_end(kits[name], cosine(rate, UPDATES), seed) for seed in SEEDS])
    ends = [at_the_end(kits[name], cosine(2 * rate, UPDATES), seed) for seed in SEEDS]
    decayed[name] = np.array(ends)
    print(
        f"{name:>8}: constant {final[name]:.3f}; cosine {same:.3f}; cosine from {2 * rate:.3g} "
        f"{decayed[name].mean():.3f}, seeds {min(ends):.3f} to {max(ends):.3f}"
    )
    assert decayed[name].mean() < final[name] - 0.01
means = {name: ends.mean() for name, ends in decayed.items()}
gains = [final[name] - means[name] for name in means]
gap_now = max(means.values()) - min(means.values())
print(
    f"gain by the schedule {min(gains):.3f} to {max(gains):.3f}; best to worst optimizer {gap_now:.3f}"
)
best = min(means, key=means.get)
print("chosen on the validation pictures:", best)

# %% [markdown]
# Schedule and higher start together help every optimizer, about as much as the choice between them could, or more. From
# the same rate, the cosine alone does most of it for SGD and RMSprop, and little for Adam. It costs nothing but the
# decision, beforehand, when to stop. Which optimizer is now first, three seeds cannot tell.

# %% [markdown]
# ## A bad start: warm-up and clipping
#
# Lesson 03's gradients exploded with depth. One article adds that this happens with small learning rates. Take ten
# hidden layers with weights 1.5 times as large as He's: each layer multiplies the gradient by about 1.5. Remedies:
#
# - ten times the **rate**, as that article would have it, or a tenth of it;
# - **warm-up**: 50 updates in which the rate climbs from 0;
# - **clipping by norm**: a gradient longer than $c$ is scaled to length $c$, here between the first and the usual length;
# - He's weights, to compare.

# %%
DEEP = (PIXELS, *(10 * [UNITS]), CLASSES)
deep = compile_updates(keras.optimizers.SGD(), DEEP, clip=True)
REMEDIES = {  # peak of the cosine, updates of warm-up, c, factor of He's weights
    "as it is": (0.03, 0, np.inf, 1.5),
    "rate × 10": (0.3, 0, np.inf, 1.5),
    "rate ÷ 10": (0.003, 0, np.inf, 1.5),
    "warm-up": (0.03, 50, np.inf, 1.5),
    "clip at 100": (0.03, 0, 100, 1.5),
    "He": (0.03, 0, np.inf, 1),
    "He, clip at 1": (0.03, 0, 1, 1),
}
outcome, records = {}, {}
for name, (peak, warm_up, c, gain) in REMEDIES.items():
    rates, ends = cosine(peak, 150, warm_up), []
    for seed in SEEDS[:2]:
        rows, records[name] = train(
            deep, rates, seed, gain=gain, norm_at_most=c, stops=[25, 150]
        )
        ends.append(rows[-1, 2])
    outcome[name] = np.array(ends)
    print(
        f"{name:>13}: first gradient {records[name][0, 1]:7.1f}, validation loss",
        *(f"{end:.2f}" for end in ends),
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
for name, colour in (
    ("rate × 10", plots.RED),
    ("as it is", plots.ORANGE),
    ("warm-up", plots.GREEN),
    ("clip at 100", plots.SKY),
    ("He", plots.BLUE),
):
    losses, norms = np.where(np.isfinite(records[name]), records[name], np.nan).T
    axes[0].semilogy(norms[:60], color=colour, label=name)
    axes[1].plot(np.convolve(losses, np.ones(10) / 10, "valid"), color=colour)
axes[0].set(xlabel="update", ylabel="length of the gradient, before clipping", ylim=(0.1, 1e9))
axes[0].set_title("Two are lost at once")
axes[0].legend()
axes[1].set(xlabel="update", ylabel="training loss, mean of 10 updates", ylim=(0, 5))
axes[1].set_title("Warm-up and clipping rescue; He needs no rescue")
plots.show(fig)
failed = [np.any(~(outcome[name] < 2)) for name in ("as it is", "rate × 10")]
assert all(failed)
for name in ("warm-up", "clip at 100"):
    assert np.all(outcome[name] < 1.2)
    assert outcome[name].mean() > outcome["He"].mean() + 0.05
assert outcome["He"].mean() + 0.3 < outcome["rate ÷ 10"].mean() < np.log(CLASSES)
assert outcome["He, clip at 1"].mean() > outcome["He"].mean() + 0.15

# %% [markdown]
# As it is, the loss is lost within a few updates, and a larger rate loses it sooner. Warm-up and clipping at 100 both
# train: they bound the first steps, until the gradient has become short. (Warm-up's loss climbs once more when its rate
# arrives at the peak.) But He's weights do better than either. And a $c$ far below the usual length of the gradient
# shortens *every* step: with $c = 1$ even He's network learns slowly.

# %% [markdown]
# And the rate? A tenth of it survives, and learns slowly; ten times as much dies sooner; neither causes what was there
# before the first step. Warm-up and clipping are for gradients that are too long for a while: a bad start, or rare
# peaks later, as in recurrent networks. They do not cure weights as bad as lesson 03's $N(0, 1)$ in twenty layers,
# where a hundred clipped steps left an astronomical loss.

# %% [markdown]
# ### Three ways to clip
#
# Keras has three, and only one keeps the gradient's direction when a network has several arrays of weights:
#
# $$g \leftarrow g \cdot \min\left(1, \frac{c}{\Vert g \Vert}\right)$$
#
# with $\Vert g\Vert$ over all of them: `global_clipnorm`. `clipnorm` does the same array by array, `clipvalue` cuts
# each entry at $\pm c$.


# %% tags=["nbval-check-output"]
def length(gradients):
    return np.sqrt(sum(np.sum(g**2) for g in gradients))


def clip_by_norm(gradients, c):
    scale = min(1.0, c / max(length(gradients), 1e-30))  # no division by zero
    return [scale * g for g in gradients]


gradients = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([12.0, 0.0])]
by_hand = {
    "global_clipnorm": clip_by_norm(gradients, 1),
    "clipnorm": [clip_by_norm([g], 1)[0] for g in gradients],
    "clipvalue": [np.clip(g, -1, 1) for g in gradients],
}
for name, clipped in by_hand.items():
    variables = [keras.Variable(np.zeros(g.shape)) for g in gradients]
    keras.optimizers.SGD(1.0, **{name: 1.0}).apply(gradients, variables)
    for variable, g in zip(variables, clipped, strict=True):
        np.testing.assert_allclose(-variable.numpy(), g, rtol=1e-6)  # float32
    along = sum(np.sum(a * b) for a, b in zip(gradients, clipped, strict=True))
    angle = np.degrees(np.arccos(min(1, along / length(gradients) / length(clipped))))
    print(
        f"{name:>15}: length {length(gradients):.0f} -> {length(clipped):.2f}, direction off by {angle:.0f}°"
    )

# %% [markdown]
# ## Once, on the test pictures
#
# The recipe: the optimizer just chosen with its cosine, for two epochs. Beside it lesson 03's recipe, descent at 0.01,
# for ten, and descent with a cosine, for two; all from He's weights. First all three in the same compiled loop, for the
# clock.

# %%
per_epoch = len(S) // BATCH
ways = {
    f"{best}, cosine": (kits[best], cosine(2 * chosen[best], 2 * per_epoch)),
    "SGD, cosine": (sgd, cosine(2 * chosen["SGD"], 2 * per_epoch)),
    "lesson 03": (sgd, np.full(10 * per_epoch, 0.01)),
}
for name, (kit, rates) in ways.items():
    rows, _ = train(kit, rates, run.seed)
    print(f"{name:>15}: {rows[-1, 1]:.1f} s; validation loss {rows[-1, 2]:.3f}")

# %% [markdown]
# And the recipe as one would write it, with `fit` and Keras's schedule; its seconds include compiling.

# %%
IN_FULL = {
    "SGD": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "RMSprop": keras.optimizers.RMSprop,
    "Adam": keras.optimizers.Adam,
}
schedule = keras.optimizers.schedules.CosineDecay(2 * chosen[best], decay_steps=2 * per_epoch)
layers = [keras.layers.Dense(UNITS, activation="relu"), keras.layers.Dense(CLASSES)]
recipe = keras.Sequential([keras.Input((PIXELS,)), *layers], name="recipe")
recipe.set_weights(initial_weights(SIZES, np.random.default_rng(run.seed)))
recipe.compile(IN_FULL[best](schedule), cross_entropy_in_keras, steps_per_execution=50)
keras.utils.set_random_seed(run.seed)  # of the deal
checked = {"validation_data": (S_validation, y_validation), "validation_batch_size": 1000}
fit = training.fit(recipe, S, y, batch_size=BATCH, epochs=2, **checked)
fitted = {"lesson 03": sgd[0], "recipe": recipe}

# %% tags=["headline"]
losses, right = {}, {}
for name, model in fitted.items():
    Q = softmax(model.predict(S_test, batch_size=1000, verbose=0).astype("float64"))
    losses[name] = -np.log(Q[np.arange(len(y_test)), y_test])
    right[name] = Q.argmax(axis=1) == y_test
    print(
        f"{name:>9}: test loss {losses[name].mean():.3f}, {right[name].mean():.3f} of {len(y_test)} pictures right"
    )

# %%
draws = np.random.default_rng(run.seed).integers(len(y_test), size=(2000, len(y_test)))
saved = losses["lesson 03"] - losses["recipe"]
low, high = np.quantile(saved[draws].mean(axis=1), [0.025, 0.975])
print(f"gain in loss {saved.mean():.3f}, 95 % of the draws between {low:.3f} and {high:.3f}")
assert losses["recipe"].mean() < losses["lesson 03"].mean() + 0.02

# %% [markdown]
# In two epochs the recipe does on new pictures what took lesson 03's ten: where the interval holds 0, 2,000 pictures
# tell no difference. So better steps save time; they do not make another model. And descent with a cosine does as well:
# rate and schedule did it. More epochs may learn the training pictures by heart: that is lesson 05.

# %% [markdown]
# ## What to keep
#
# - Which steps, then? A batch of some tens to hundreds, a rate found by trying, a cosine; then any of the four.
# - The step is $-\alpha\nabla J$. Beyond $2/L$ it diverges; the condition number says how long the rest takes.
# - Momentum helps in long valleys of any direction. RMSprop and Adam even out the parameters' scales.
# - A batch's gradient is unbiased; its noise falls as $1/\sqrt B$. Count seconds, too.
# - Warm-up and clipping bound steps that are too long for a while. Good initial weights come first.
#
# Next: the [exercises](exercises/04_optimization.ipynb), then lesson 05, where training too well becomes the problem.

# %% [markdown]
# ### Sources
#
# - Goodfellow, Bengio, Courville, *Deep Learning* (2016): conditioning 4.2 and 4.3, batches 8.1.3, momentum and
#   Nesterov 8.3, adaptive rates 8.5, cliffs and exploding gradients 8.2.4.
# - Momentum: Polyak (1964), and Sutskever et al. (2013), ICML.
# - RMSprop: Tieleman, Hinton (2012), *Neural networks for machine learning*, lecture 6.5.
# - Adam: Kingma, Ba (2015), [arXiv:1412.6980](https://arxiv.org/abs/1412.6980). AdamW: Loshchilov, Hutter (2019),
#   [arXiv:1711.05101](https://arxiv.org/abs/1711.05101).
# - Cosine schedule: Loshchilov, Hutter (2017), [arXiv:1608.03983](https://arxiv.org/abs/1608.03983). Warm-up: Goyal et
#   al. (2017), [arXiv:1706.02677](https://arxiv.org/abs/1706.02677).
# - Clipping: Pascanu, Mikolov, Bengio (2013), [arXiv:1211.5063](https://arxiv.org/abs/1211.5063).
# - Data: as in lesson 03. The articles (see lesson 00): S0-3.4; S1-7.5 to 7.7, 7.9; S3-1.3.1, 1.3.5.

# %% [markdown] tags=["exercises"]
# # 04 · Optimisation: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("04.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../04_optimization.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 04.1 How many updates?
#
# For any batch size: 1 is stochastic descent, all examples are batch descent, and a batch may be larger than the data.
# The last batch of an epoch may be short.


# %%
def updates(examples, batch, epochs):
    """Number of updates of a training run.

    Args:
        examples: int >= 1, the number of training examples.
        batch: int >= 1, examples for each update.
        epochs: int >= 1, rounds through the data.
    Returns:
        int.

    updates(10, 4, 2) is 6: batches of 4, 4 and 2, twice.
    """
    ### BEGIN SOLUTION
    return -(-examples // batch) * epochs
    ### END SOLUTION


# %%
check("04.1", updates)

# %% [markdown]
# ## 04.2 A gradient for each example
#
# Lesson 01's mean squared error is a mean of the errors of single rows. Give the gradient of each row's squared error,
# a row each.


# %%
def gradients_of_each(A, y, beta):
    """Gradients of the squared errors of single examples.

    Args:
        A: float array (n, d), a row for each example.
        y: float array (n,).
        beta: float array (d,).
    Returns:
        float array (n, d): row i is the gradient of (A[i] @ beta - y[i]) ** 2 by beta.

    With A = np.array([[1.0, 2.0], [1.0, 0.0]]), y = np.array([5.0, 0.0]) and beta = np.array([1.0, 1.0])
    it is [[-4, -8], [2, 0]]. Its mean over the rows is the gradient of the mean squared error.
    """
    ### BEGIN SOLUTION
    errors = A @ beta - y
    return 2 * errors[:, None] * A
    ### END SOLUTION


# %%
check("04.2", gradients_of_each)

# %% [markdown]
# The check also averages the rows of random mini-batches: on average they point where the full gradient does.

# %% [markdown]
# ## 04.3 One step of Adam
#
# With $\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\epsilon = 10^{-7}$. The running means come in and go out.


# %%
def adam_step(theta, g, m, s, t, rate):
    """One update by Adam.

    Args:
        theta: float array (d,), the parameters.
        g: float array (d,), their gradient.
        m, s: float arrays (d,), the running means of gradients and of squared gradients so far.
        t: int, the number of this step: 1 for the first, when m and s are 0.
        rate: float > 0.
    Returns:
        tuple of float arrays (d,): the new theta, m and s.

    With theta 1, g 4, m 0, s 0, t 1 and rate 0.1 (as arrays of one entry), it is 0.9, 0.4, 0.016.
    """
    ### BEGIN SOLUTION
    m = 0.9 * m + 0.1 * g
    s = 0.999 * s + 0.001 * g**2
    m_hat, s_hat = m / (1 - 0.9**t), s / (1 - 0.999**t)
    return theta - rate * m_hat / (np.sqrt(s_hat) + 1e-7), m, s
    ### END SOLUTION


# %%
check("04.3", adam_step)

# %% [markdown]
# ## 04.4 The limit of the rate
#
# For gradient descent on lesson 01's mean squared error. First its matrix of second derivatives, from the gradient
# $\frac2n A^\top(A\beta - y)$; then the largest eigenvalue, by
# `np.linalg.eigvalsh`. The check descends a little below your limit and a little
# above.


# %%
def rate_limit(A):
    """The rate beyond which gradient descent on the mean squared error of A @ beta diverges.

    Args:
        A: float array (n, d), a row for each example.
    Returns:
        float.

    rate_limit(np.array([[3.0], [1.0]])) is 0.2: the second derivative is 2 / 2 * (9 + 1) = 10.
    """
    ### BEGIN SOLUTION
    H = 2 / len(A) * A.T @ A
    return 2 / np.linalg.eigvalsh(H)[-1]
    ### END SOLUTION


# %%
check("04.4", rate_limit)

# %% [markdown]
# ## 04.5 Clipping by the norm of all
#
# The gradients of a network come as a list of arrays, one for each array of weights. They share one length, and keep
# their direction. Gradients that are short enough stay as they are, zeros too.


# %%
def clip_by_norm(gradients, c):
    """Scale gradients to a common length of at most c.

    Args:
        gradients: list of float arrays of any shapes.
        c: float > 0.
    Returns:
        list of float arrays of the same shapes.

    clip_by_norm([np.array([3.0]), np.array([[4.0]])], 1.0) is [array([0.6]), array([[0.8]])].
    """
    ### BEGIN SOLUTION
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    if length <= c:
        return list(gradients)
    return [g * (c / length) for g in gradients]
    ### END SOLUTION


# %%
check("04.5", clip_by_norm)
