# ---
# jupyter:
#   course:
#     question: What does a network gain by seeing a picture as a picture, and how much accuracy do two cores buy in two minutes?
# ---

# %% [markdown]
# # 06 · Convolutional networks
#
# | | |
# |---|---|
# | **You will be able to** | write convolution and pooling in a few lines and predict every shape; say what sharing weights gives, and what it costs; count the weights of a convolutional network and what one of its outputs sees |
# | **You need first** | [lesson 03](03_neural_networks.ipynb): dense layers; [lesson 04](04_optimization.ipynb): Adam and the cosine; [lesson 05](05_generalization.ipynb): what validation is for |
# | **Time** | an hour to read; it runs in under two minutes on a CPU |
# | **Data** | pictures of clothes from Fashion-MNIST (Zalando, MIT); CIFAR-10 |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=6)

# %% [markdown]
# Here the seed draws initial weights, permutations and the order of the pictures. The text describes what seed 6 gives
# in the fast profile.

# %% tags=["setup"]
import time
from itertools import product

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy import signal

from course_lib import data, plots, training
from course_lib.registry import DATASETS

plots.use_style()
BATCH = 32
cross_entropy_in_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## The question
#
# Lesson 03's network has a weight for every pixel and unit. It took a picture as a list of 784 numbers, in an order
# that we chose. Would another order do as well? And the same coat, two pixels further to the right?

# %% tags=["nbval-check-output"]
splits = data.load_fashion_mnist(sample=run.pick(fast=3000, full=None))
(clothes, clothes_labels), (clothes_validation, clothes_validation_labels), _ = splits
clothes, clothes_validation = (
    part[..., None].astype("float32") / 255 for part in (clothes, clothes_validation)
)
print("pictures, height, width, channels:", clothes_validation.shape)


def shuffled(pictures):
    """All pictures with their pixels in one other order, the same for every picture."""
    order = np.random.default_rng(run.seed).permutation(28 * 28)
    return pictures.reshape(-1, 28 * 28)[:, order].reshape(pictures.shape)


def moved(pictures, down, right):
    """Pictures (N, H, W, C) moved by some pixels, zeros where nothing comes from."""
    _, H, W, _ = pictures.shape
    result = np.zeros_like(pictures)
    result[:, down:, right:] = pictures[:, : H - down, : W - right]
    return result


# %%
example = clothes[np.flatnonzero(clothes_labels == 4)[1]][None]  # a coat, (1, 28, 28, 1)
fig, axes = plt.subplots(1, 3, figsize=(8, 3))
for ax, picture, title in (
    (axes[0], example, "As it is"),
    (axes[1], shuffled(example), "Pixels in another order"),
    (axes[2], moved(example, 0, 2), "Two pixels to the right"),
):
    ax.imshow(picture[0, ..., 0], cmap="gray_r")
    ax.set_title(title)
    ax.set(xticks=[], yticks=[])
plots.show(fig)

# %% [markdown]
# We see no coat in the middle, and no difference between left and right. The dense network has it the other way round.
# If the columns of $X$ change places, let the rows of $W_1$ change places with them: $XW_1$ is the same sum in another
# order, and so are all gradients. From weights that are as random as before, it learns as before.

# %%
dense_small = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ],
    name="dense",
)
dense_small.compile("sgd", cross_entropy_in_keras, metrics=["accuracy"], steps_per_execution=20)
W1, *others = dense_small.get_weights()
same_order = {"batch_size": BATCH, "epochs": 6, "shuffle": False}
few, few_labels = clothes[: 60 * BATCH], clothes_labels[: 60 * BATCH]
rows_shuffled = shuffled(W1.T).T
dense_small.set_weights([rows_shuffled, *others])
loss_shuffled = training.fit(dense_small, shuffled(few), few_labels, **same_order).history[
    "loss"
]
dense_small.set_weights([W1, *others])
loss_in_place = training.fit(dense_small, few, few_labels, **same_order).history["loss"]
# The same sums in another order: float32's last digits, and now and then a ReLU on its bend (lesson 03).
np.testing.assert_allclose(loss_shuffled, loss_in_place, rtol=2e-3)
_, right_in_place = dense_small.evaluate(few, few_labels, verbose=0)
_, right_moved = dense_small.evaluate(moved(few, 0, 2), few_labels, verbose=0)
print(
    f"right: {right_in_place:.2f} of its pictures, {right_moved:.2f} when moved by two pixels"
)
assert right_moved < right_in_place - 0.1

# %% [markdown]
# The losses agree: a dense network cannot know which pixels are neighbours. And a moved picture is a new one: it needs
# to be learned again, at each place. A **convolution** builds both in. It looks at neighbourhoods, through one small
# window of weights, a **kernel**, that is the same everywhere. Two kernels, set by hand:

# %%
KERNELS = {
    "Brighter to the right": np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "Brighter below": np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]),
}
coat = example[0, ..., 0]
fig, axes = plt.subplots(1, 3, figsize=(9, 3))
axes[0].imshow(coat, cmap="gray")
axes[0].set_title("The picture, 0 is black")
for ax, (title, edge_kernel) in zip(axes[1:], KERNELS.items(), strict=True):
    response = [
        [np.sum(coat[i : i + 3, j : j + 3] * edge_kernel) for j in range(26)] for i in range(26)
    ]
    shown = ax.imshow(response, cmap="PuOr_r", vmin=-3, vmax=3)
    ax.set_title(title)
fig.colorbar(shown, ax=axes[2], label="sum over the window")
for ax in axes:
    ax.set(xticks=[], yticks=[])
plots.show(fig)

# %% [markdown]
# Each pixel in the middle and on the right is a sum over a 3 × 3 window of the picture, weighted by the kernel. Orange: it
# gets brighter in the kernel's direction; violet: darker; white: no change. The middle kernel finds the coat's outer
# edges and, fainter, where sleeves meet body; the right one its hem. Nine weights do that everywhere. A convolutional
# layer learns such weights.

# %% [markdown]
# ## What the layer computes
#
# $$z_{nijf} = b_f + \sum_{u=0}^{K_h-1} \sum_{v=0}^{K_w-1} \sum_{c=0}^{C-1} x_{n,\,si+u,\,sj+v,\,c}\; w_{uvcf}$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $x$ | pictures; $n$ counts them, $c$ their channels, such as red, green, blue | $(N, H, W, C)$ | `x` |
# | $w$ | the kernel: $F$ **filters**, each over all channels | $(K_h, K_w, C, F)$ | `kernel` |
# | $b$ | a bias for each filter | $(F,)$ | `bias` |
# | $s$ | **stride**: how far the window moves from one output to the next | a number | `stride` |
# | $z$ | one **feature map** for each filter $f$ | $(N, H', W', F)$ | `z` |


# %%
def conv2d_loops(x, kernel, bias, stride=1):
    """What keras.layers.Conv2D computes with padding="valid", a sum for each output."""
    N, H, W, _ = x.shape
    K_h, K_w, _, F = kernel.shape
    z = np.zeros((N, (H - K_h) // stride + 1, (W - K_w) // stride + 1, F))
    for n, i, j, f in np.ndindex(z.shape):
        top, left = stride * i, stride * j
        window = x[n, top : top + K_h, left : left + K_w]  # (K_h, K_w, C)
        z[n, i, j, f] = np.sum(window * kernel[..., f]) + bias[f]
    return z


# %% [markdown]
# ### How large is the output?
#
# Windows start at $0, s, 2s, \dots$, and the last must end inside: $H' = \lfloor (H - K)/s \rfloor + 1$. That is
# padding `"valid"`: none. With `"same"` Keras wants $H' = \lceil H/s \rceil$, so that stride 1 keeps the size. The last
# window then ends at $(H'-1)s + K$. What is missing to there are zeros:
#
# $$p = \max(0,\; (H'-1)s + K - H)$$
#
# Half of them before, half behind. If $p$ is odd, one more behind.


# %%
def output_size(size, kernel_size, stride=1, padding="valid"):
    if padding == "same":
        return -(-size // stride)  # rounded up
    return (size - kernel_size) // stride + 1


def zeros_for_same(size, kernel_size, stride=1):
    """How many zeros before and behind."""
    last_end = (output_size(size, kernel_size, stride, "same") - 1) * stride + kernel_size
    missing = max(0, last_end - size)
    return missing // 2, missing - missing // 2


# %% tags=["nbval-check-output"]
print("size kernel stride   valid   same   zeros")
for size, kernel_size, stride in (
    (28, 3, 1),
    (28, 5, 1),
    (28, 3, 2),
    (27, 3, 2),
    (28, 2, 1),
    (28, 1, 2),
):
    sizes = {}
    for padding in ("valid", "same"):
        layer = keras.layers.Conv2D(1, kernel_size, strides=stride, padding=padding)
        sizes[padding] = output_size(size, kernel_size, stride, padding)
        assert layer.compute_output_shape((1, size, size, 1))[1] == sizes[padding]
    before, behind = zeros_for_same(size, kernel_size, stride)
    print(
        f"{size:4}{kernel_size:7}{stride:7}{sizes['valid']:8}{sizes['same']:7}   {before} + {behind}"
    )

# %% [markdown]
# The third row is a trap. Stride 2 over an even size needs one zero, and it goes behind: the first window starts at
# pixel 0. A program that pads by one on both sides, as some do, starts at $-1$ and reads other windows. Weights copied
# from it then give other results, with the same shapes.
#
# Now all of it against Keras.


# %%
def pad_same(x, kernel_size, stride=1):
    pairs = zip(x.shape[1:3], kernel_size, strict=True)
    down, right = (zeros_for_same(size, K, stride) for size, K in pairs)
    return np.pad(x, ((0, 0), down, right, (0, 0)))


# %% tags=["nbval-check-output"]
rng = np.random.default_rng(run.seed)
x_small = rng.normal(size=(2, 6, 7, 3))  # an even height, an odd width, three channels
cases = list(product(((3, 3), (2, 5), (1, 1)), (1, 2, 3), ("valid", "same")))
for kernel_size, stride, padding in cases:
    layer = keras.layers.Conv2D(
        4, kernel_size, strides=stride, padding=padding, dtype="float64"
    )
    layer.build(x_small.shape)
    kernel, bias = rng.normal(size=(*kernel_size, 3, 4)), rng.normal(size=4)
    layer.set_weights([kernel, bias])
    padded = pad_same(x_small, kernel_size, stride) if padding == "same" else x_small
    z = conv2d_loops(padded, kernel, bias, stride)
    np.testing.assert_allclose(layer(x_small), z, atol=1e-12)  # float64 in both: rounding alone
print(f"{len(cases)} kernel sizes, strides and paddings: all equal to Conv2D")
kernel = rng.normal(size=(3, 3, 3, 4))
both_sides = np.pad(x_small, ((0, 0), (1, 1), (1, 1), (0, 0)))
ours, theirs = (
    conv2d_loops(padded, kernel, np.zeros(4), stride=2)
    for padded in (pad_same(x_small, (3, 3), 2), both_sides)
)
print("zeros on both sides, stride 2: same shape", ours.shape == theirs.shape, end=", ")
print("same numbers", np.allclose(ours, theirs))
assert ours.shape == theirs.shape and not np.allclose(ours, theirs)

# %% [markdown]
# ## The same as one matrix product
#
# A window and a filter hold $K_h K_w C$ numbers each, and an output is their inner product. So write each window as a
# row of a matrix and each filter as a column of another: all outputs are one product. This is called **im2col**
# (Chellapilla et al., 2006). The first matrix holds most pixels $K_h K_w$ times; that is the price.


# %% tags=["recipe"]
def patches(x, kernel_size, stride=1):
    """The window of each output: (N, H, W, C) -> (N, H', W', K_h, K_w, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel_size, axis=(1, 2))
    return np.moveaxis(windows[:, ::stride, ::stride], 3, -1)  # the channels last


def conv2d(x, kernel, bias, stride=1):
    windows = patches(x, kernel.shape[:2], stride)
    filters = kernel.reshape(-1, kernel.shape[-1])  # (K_h K_w C, F)
    rows = windows.reshape(-1, len(filters))  # (N H' W', K_h K_w C)
    return (rows @ filters + bias).reshape(*windows.shape[:3], -1)


# %%
kernel, bias = rng.normal(size=(3, 3, 1, 8)), rng.normal(size=8)
layer = keras.layers.Conv2D(8, 3, dtype="float64")
layer.build((None, 28, 28, 1))
layer.set_weights([kernel, bias])
results, seconds = {}, {}
for program in (conv2d_loops, conv2d, "Keras"):
    begin = time.perf_counter()
    if program == "Keras":
        results[program] = layer(clothes[:10]).numpy()
    else:
        results[program] = program(clothes[:10].astype("float64"), kernel, bias)
    seconds[program] = time.perf_counter() - begin
for z in results.values():
    np.testing.assert_allclose(z, results["Keras"], atol=1e-12)  # float64
print(f"loops take {seconds[conv2d_loops] / seconds[conv2d]:.0f} times as long as one product")
assert seconds[conv2d_loops] > 2 * seconds[conv2d]

# %% [markdown]
# ## "Convolution" is cross-correlation
#
# What we computed is, in mathematics, a **cross-correlation**. A convolution runs through the kernel backwards:
#
# $$\text{correlation: } \sum_{u,v} w(u, v)\, x(m+u,\, n+v) \qquad \text{convolution: } \sum_{u,v} w(u, v)\, x(m-u,\, n-v)$$
#
# So a convolution is a correlation with the kernel turned by 180°, and the other way round. One bright pixel shows
# which is which.

# %% tags=["nbval-check-output"]
spot = np.zeros((5, 5), int)
spot[2, 2] = 1
counting = np.arange(1, 10).reshape(3, 3)
layer = keras.layers.Conv2D(1, 3, use_bias=False, dtype="float64")
layer.build((None, None, None, 1))
layer.set_weights([counting.reshape(3, 3, 1, 1)])
in_keras = layer(spot.reshape(1, 5, 5, 1).astype("float64")).numpy()[0, ..., 0].astype(int)
correlated = signal.correlate2d(spot, counting, mode="valid")
convolved = signal.convolve2d(spot, counting, mode="valid")
for title, result in (("kernel", counting), ("Conv2D", in_keras), ("convolution", convolved)):
    print(f"{title:>12}:", *(" ".join(map(str, line)) for line in result), sep="   ")
turned = counting[::-1, ::-1]
assert np.array_equal(in_keras, correlated)
assert np.array_equal(in_keras, signal.convolve2d(spot, turned, mode="valid"))
assert not np.array_equal(in_keras, convolved)

# %% [markdown]
# The convolution stamps the kernel onto the spot; Keras stamps it turned. Where the kernel is learned this makes no
# difference: whatever one layer can compute, the other can with turned weights. It matters if you set a kernel by hand,
# or carry weights from one program to another.

# %% [markdown]
# ### A printed sum that sees one corner
#
# One of the articles prints the convolution, for a $k \times k$ kernel, as
#
# $$y(m, n) = \sum_{i=0}^{k-1} \sum_{j=0}^{k-1} x(i, j)\; w(m-i,\, n-j)$$
#
# The sum runs over the indices of the kernel, but uses them for the picture. With $w = 0$ outside its indices, we can
# run it as printed.


# %% tags=["nbval-check-output"]
def printed_sum(x, w):
    k, y = len(w), np.zeros_like(x)
    for m, n in np.ndindex(y.shape):
        for i, j in np.ndindex(k, k):
            if 0 <= m - i < k and 0 <= n - j < k:  # w is 0 elsewhere
                y[m, n] += x[i, j] * w[m - i, n - j]
    return y


tiles = rng.integers(1, 10, size=(10, 10))
as_printed = printed_sum(tiles, counting)
other = tiles.copy()
other[3:], other[:, 3:] = 0, 0  # all but the corner of 3 x 3 pixels
print("pixels changed:", np.sum(other != tiles), "of", tiles.size)
print("outputs changed:", np.sum(printed_sum(other, counting) != as_printed))
print("outputs that are not 0:", np.sum(as_printed != 0), "of", as_printed.size)
corner = signal.convolve2d(tiles[:3, :3], counting, mode="full")
assert np.array_equal(as_printed[:5, :5], corner) and not as_printed[5:].any()
repaired = signal.convolve2d(tiles, counting, mode="full")
assert np.array_equal(repaired[:3, :3], as_printed[:3, :3])
assert not np.array_equal(repaired[:5, :5], as_printed[:5, :5])

# %% [markdown]
# The whole picture but one corner can be wiped out, and no output changes; beyond row and column $2k - 2$ all outputs
# are 0. With $w(i, j)\, x(m-i, n-j)$ in the sum it is a convolution. Channels, bias and stride are missing as well.

# %% [markdown]
# ## What sharing saves, and what it gives
#
# Another article has $y_{ij} = f\big(\sum_k \sum_l w_{ijkl}\, x_{kl} + b_i\big)$, with a weight for each pair of an
# output and an input. If $k$, $l$ run over all pixels, that is a dense layer. If they run over a window at $(i, j)$, it
# is a **locally connected** layer: each window has its own weights. In a convolution $w$ has no $i$ and $j$.
#
# Take a picture of 32 × 32 × 3, and 32 filters of 3 × 3.

# %% tags=["nbval-check-output"]
side, channels, filters, K = 32, 3, 32, 3
outputs = output_size(side, K)  # 30
layer = keras.layers.Conv2D(filters, K)
layer.build((None, side, side, channels))
counts = {
    "dense": side * side * channels * outputs * outputs * filters,
    "locally connected": outputs * outputs * K * K * channels * filters,
    "convolution": K * K * channels * filters,
}
for name, count in counts.items():
    print(f"{name:>18}: {count:>11,} weights")
print(f"biases of the convolution: {filters}, so {layer.count_params()} in all")
assert layer.count_params() == counts["convolution"] + filters

# %% [markdown]
# What does sharing give, apart from being small? Move the input by a pixel, and the output of a convolution moves with
# it: it is **equivariant** to shifts. What it has learned in one place, it knows in all. A locally connected layer has
# to learn it place by place.

# %% tags=["nbval-check-output"]
x_random = rng.normal(size=(1, side, side, channels))
shared = rng.normal(size=(K, K, channels, filters))
of_its_own = rng.normal(size=(outputs, outputs, K, K, channels, filters))
assert of_its_own.size == counts["locally connected"] and shared.size == counts["convolution"]


def locally_connected(x, kernels):
    return np.einsum("nijuvc,ijuvcf->nijf", patches(x, kernels.shape[2:4]), kernels)


everywhere = np.broadcast_to(shared, of_its_own.shape)  # the same weights at every place
layers = {
    "convolution": lambda x: conv2d(x, shared, np.zeros(filters)),
    "locally connected": lambda x: locally_connected(x, of_its_own),
}
np.testing.assert_allclose(
    locally_connected(x_random, everywhere), layers["convolution"](x_random), atol=1e-11
)
for name, function in layers.items():
    moved_first = function(moved(x_random, 1, 2))[
        :, 1:, 2:
    ]  # without what came in at the border
    moved_after = function(x_random)[:, :-1, :-2]
    follows = np.allclose(moved_first, moved_after, atol=1e-11)  # float64, sums of 27
    print(f"{name:>18}: input moved, output moves along: {follows}")
    assert follows == (name == "convolution")

# %% [markdown]
# ## Pooling
#
# **Pooling** sums up each window of a feature map, channel by channel, by its maximum or its mean. It has no weights.
#
# $$z_{nijc} = \max_{0 \le u, v < K} x_{n,\, si+u,\, sj+v,\, c}$$
#
# It needs no new code: the same windows, another summary. Keras's default stride is the window's size $K$.


# %% tags=["nbval-check-output"]
def pool2d(x, size=2, stride=None, summary=np.max):
    return summary(patches(x, (size, size), stride or size), axis=(3, 4))


KINDS = ((keras.layers.MaxPooling2D, np.max), (keras.layers.AveragePooling2D, np.mean))
pool_cases = list(product(KINDS, (2, 3), (None, 1, 2)))
for (kind, summary), size, stride in pool_cases:
    pooled_in_keras = kind(size, strides=stride, dtype="float64")(x_small)
    np.testing.assert_allclose(
        pool2d(x_small, size, stride, summary), pooled_in_keras, atol=1e-14
    )
print(f"{len(pool_cases)} kinds, sizes and strides: all equal to Keras")
six = np.arange(36.0).reshape(1, 6, 6, 1)
for stride in (None, 1):
    pooled = keras.layers.MaxPooling2D(2, strides=stride)(six)
    print(f"stride {stride}: {six.shape} -> {tuple(pooled.shape)}, {pooled.ndim} dimensions")
    assert pooled.ndim == six.ndim

# %% [markdown]
# One of the articles has the window at $m, \dots, m+s-1$ for output $m$: stride 1, which makes 5 × 5 of 6 × 6. Usual is the
# stride that makes 3 × 3. And pooling reduces the *size*, not the number of dimensions: four go in, four come
# out.

# %% [markdown]
# ### Tolerance, not blindness
#
# What is pooling for? It makes the maps small, and it forgets a little of *where*. Move the pictures by one pixel: by
# how much do the responses of our two edge kernels change?

# %%
edge_kernels = np.stack(list(KERNELS.values()), axis=-1)[:, :, None].astype("float64")


def edge_maps(pictures):
    return np.maximum(conv2d(pictures, edge_kernels, np.zeros(2)), 0)  # (N, 26, 26, 2), ReLU


still, shifted = (edge_maps(part) for part in (clothes[:500], moved(clothes[:500], 0, 1)))
changes = {}
for size in (1, 2, 4, 8):
    pooled_still, pooled_shifted = pool2d(still, size), pool2d(shifted, size)
    changes[size] = np.abs(pooled_shifted - pooled_still).mean() / pooled_still.mean()
    print(f"maximum over {size} x {size}: changed by {changes[size]:.0%} of the mean response")
assert changes[1] > 1.2 * changes[2] > 1.2**2 * changes[4] > 1.2**3 * changes[8]

# %% [markdown]
# The larger the window, the smaller the change; it does not become 0. A network with pooling tolerates small shifts
# better, and is not blind to them (Azulay & Weiss, 2019).

# %% [markdown]
# ## A network from an article, repaired
#
# Two convolutions, each followed by pooling, then two dense layers. The article writes it in PyTorch, to be trained by
# Adam at 0.001 for ten epochs. It cannot run: `F` and `train_loader` are not defined. And it would measure nothing:
# there are no validation pictures. Here it is in Keras, with every weight counted by hand.


# %% tags=["nbval-check-output"]
def dense_on_top(units):
    hidden = keras.layers.Dense(units, activation="relu")
    return [keras.layers.Flatten(), hidden, keras.layers.Dense(10, dtype="float32")]


def convolve_and_pool(filters):
    convolution = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
    return [convolution, keras.layers.MaxPooling2D(2)]


clothes_cnn = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        *convolve_and_pool(32),  # -> (28, 28, 32) -> (14, 14, 32)
        *convolve_and_pool(64),  # -> (14, 14, 64) -> (7, 7, 64)
        *dense_on_top(128),  # -> 3136 -> 128 -> 10
    ],
    name="convolution",
)
by_hand = [3 * 3 * 1 * 32 + 32, 3 * 3 * 32 * 64 + 64, 7 * 7 * 64 * 128 + 128, 128 * 10 + 10]
weighted = [layer for layer in clothes_cnn.layers if layer.count_params()]
for layer, count in zip(weighted, by_hand, strict=True):
    print(f"{type(layer).__name__:>7}: {count:>8,}")
    assert layer.count_params() == count
print(f"    all: {sum(by_hand):>8,}")
assert clothes_cnn.count_params() == sum(by_hand) == 421_642

# %% [markdown]
# Nineteen of twenty weights lie in the first dense layer, the one that shares nothing.

# %% [markdown]
# ### What does one output see?
#
# Its **receptive field**: the pixels that can change it. Go through the layers with two numbers. Neighbours in the
# current map lie $d$ pixels apart in the picture, and one of them sees $r$ pixels across; at first $d = r = 1$. A layer
# with window $K$ and stride $s$ gives
#
# $$r \leftarrow r + (K - 1)\,d \qquad d \leftarrow s\,d$$


# %% tags=["nbval-check-output"]
def receptive_field(windows):
    """From (K, s) of each layer, in order, what an output sees, in pixels across: after each layer."""
    r, d, seen = 1, 1, []
    for K, s in windows:
        r, d = r + (K - 1) * d, d * s
        seen.append(r)
    return seen


WINDOWS = [(3, 1), (2, 2), (3, 1), (2, 2)]
print("after each layer:", receptive_field(WINDOWS), "pixels across")
front = keras.Model(clothes_cnn.inputs, clothes_cnn.layers[len(WINDOWS) - 1].output)
with tf.GradientTape() as tape:
    pictures = tf.constant(clothes[:256])
    tape.watch(pictures)
    middle = tf.reduce_sum(front(pictures)[:, 3, 3])  # (N, 7, 7, 64): one place, all filters
sensitive = np.abs(tape.gradient(middle, pictures)).mean(axis=0)[..., 0]  # (28, 28)
lines, columns = (np.flatnonzero(sensitive.any(axis=axis)) for axis in (1, 0))
print("a gradient reaches lines", lines, "and columns", columns, sep="\n")
assert len(lines) == len(columns) == receptive_field(WINDOWS)[-1]

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.4))
axes[0].imshow(coat, cmap="gray_r")
box = {"fill": False, "edgecolor": plots.RED, "lw": 2}
axes[0].add_patch(plt.Rectangle((columns[0] - 0.5, lines[0] - 0.5), 10, 10, **box))
axes[0].set_title("One output of 7 × 7 sees this much")
shown = axes[1].imshow(sensitive / sensitive.max(), cmap="cividis")
axes[1].set_title("and its middle most of all")
fig.colorbar(shown, ax=axes[1], label="mean size of the gradient, largest 1")
for ax in axes:
    ax.set(xlabel="pixel", ylabel="pixel")
plots.show(fig)

# %% [markdown]
# Before any training, each of the 7 × 7 outputs sees 10 × 10 pixels: less than a sleeve, more than an edge. The middle
# counts most, since more ways lead there. Only the dense layer sees the whole picture. Deeper networks see more before
# they get that far.

# %% [markdown]
# ### Train it
#
# The opponent is a dense network with 531 hidden units, which has a few weights more. Both get the same standardised
# pictures and as many updates. These are few, so the rate falls from 0.002 along lesson 04's cosine.
#
# The convolution gets one more run, on shuffled pixels: the same numbers in every picture, without neighbours. The
# dense network needs none: it learns the same either way.

# %%
center, spread = clothes.mean(), clothes.std()
S_clothes, S_clothes_validation = (
    (part - center) / spread for part in (clothes, clothes_validation)
)
clothes_dense = keras.Sequential([keras.Input((28, 28, 1)), *dense_on_top(531)], name="dense")
print(f"weights: {clothes_cnn.count_params():,} against {clothes_dense.count_params():,}")
assert clothes_dense.count_params() >= clothes_cnn.count_params()
epochs = run.pick(fast=3, full=10)
updates = epochs * -(-len(clothes) // BATCH)
for model in (clothes_cnn, clothes_dense):
    rate = keras.optimizers.schedules.CosineDecay(0.002, updates)
    model.compile(
        keras.optimizers.Adam(rate),
        cross_entropy_in_keras,
        metrics=["accuracy"],
        steps_per_execution=25,
    )
starts = {model.name: model.get_weights() for model in (clothes_cnn, clothes_dense)}


def train_clothes(model, change=lambda pictures: pictures):
    model.set_weights(starts[model.name])
    for variable in model.optimizer.variables:  # Adam's means and its count of steps
        variable.assign(np.zeros(variable.shape))
    keras.utils.set_random_seed(run.seed)  # of the deal
    checked = change(S_clothes_validation), clothes_validation_labels
    settings = {"batch_size": BATCH, "epochs": epochs, "validation_batch_size": 500}
    return training.fit(
        model, change(S_clothes), clothes_labels, validation_data=checked, **settings
    ).history


# %%
clothes_histories = {
    "dense": train_clothes(clothes_dense),
    "convolution, shuffled pixels": train_clothes(clothes_cnn, shuffled),
    "convolution": train_clothes(clothes_cnn),
}
clothes_right = {
    name: history["val_accuracy"][-1] for name, history in clothes_histories.items()
}
for name, share in clothes_right.items():
    print(f"{name:>28}: {share:.3f} of {len(clothes_validation)} validation pictures right")
assert clothes_right["convolution"] > clothes_right["dense"]
assert clothes_right["convolution"] > clothes_right["convolution, shuffled pixels"] + 0.015
assert clothes_right["convolution, shuffled pixels"] < clothes_right["dense"]

# %%
fig, ax = plt.subplots(figsize=(7, 3.6))
for (name, history), style in zip(clothes_histories.items(), ("s-", "^-", "o-"), strict=True):
    label = f"{name}, in place or shuffled" if name == "dense" else name
    colour = {"dense": plots.GREY, "convolution": plots.BLUE}.get(name, plots.ORANGE)
    ax.plot(range(1, epochs + 1), history["val_accuracy"], style, color=colour, label=label)
ax.set(xlabel="epoch", ylabel="accuracy on validation pictures", xticks=range(1, epochs + 1))
ax.set_title("With neighbours the convolution ends ahead, without them behind")
ax.legend(loc="lower right")
plots.show(fig)

# %% [markdown]
# With as many weights and updates, the convolution ends about one to two points ahead. On shuffled
# pixels the same network, from the same initial weights, ends behind both.

# %% [markdown]
# ### "Simple, and it generalises well in high dimension"
#
# So one of the articles says of convolution, for pictures and for texts. Both blue and orange have 784 inputs, and the
# same weights to learn. What differs is whether neighbours belong together and whether a pattern means the same at
# each place. Where that holds, in pictures, sound, to a degree in texts, sharing weights pays. It is knowledge of the
# data, built in; not a gift of the method.

# %% [markdown]
# ## Photographs
#
# **CIFAR-10** has 60,000 colour photographs of 32 × 32 pixels, of ten kinds of things. Our loader sets 5,000 of the
# 50,000 training pictures apart for validation. Where CIFAR-10 cannot be had, drawings stand in for it, and the line
# below says so. Then every number below is one about drawings, and says nothing about CIFAR-10.

# %%
photos = data.load_cifar10(sample=run.pick(fast=2500, full=None), seed=run.seed)
REAL = not isinstance(photos, data.StandIn)
(x, y), (x_validation, y_validation), (x_test, y_test) = photos
CHECKED = run.pick(fast=2000, full=5000)  # validation pictures
x_validation, y_validation = x_validation[:CHECKED], y_validation[:CHECKED]
THINGS = DATASETS["cifar10"].classes
print(f"each picture: {x[0].shape}, {x.dtype}, from {x.min()} to {x.max()}")

# %%
fig, axes = plt.subplots(3, 10, figsize=(10, 3.6))
fig.suptitle("Ten kinds of things, three of each", x=0.01, ha="left")
for column, thing in enumerate(THINGS):
    for ax, place in zip(axes[:, column], np.flatnonzero(y == column), strict=False):
        ax.imshow(x[place])
        ax.axis("off")
    axes[0, column].set_title(thing, fontsize=9)
plots.show(fig)

# %% [markdown]
# A bird is anywhere, of any colour, on any ground. No pixel means the same in two pictures.
#
# ### Two printed networks
#
# Two of the articles build nearly the same network: convolutions of 3 × 3 without padding, a pooling of 2 after each,
# then ten scores; one with 32, 64 and 128 filters, the other with 32 and 64. Count their weights:


# %% tags=["nbval-check-output"]
def count_by_hand(filters, size=32, channels=3, classes=10):
    total = 0
    for F in filters:
        total += 3 * 3 * channels * F + F
        size, channels = output_size(output_size(size, 3), 2, 2), F
        print(f"  maps {size:2} x {size:2} x {F:3}, so far {total:6,}")
    return total + size * size * channels * classes + classes


PRINTED, PRINTED_SHORT = (32, 64, 128), (32, 64)
counted = {filters: count_by_hand(filters) for filters in (PRINTED, PRINTED_SHORT)}
for filters, count in counted.items():
    print(f"{filters}: {count:,} with the ten scores")
assert counted[PRINTED] == 98_378 and counted[PRINTED_SHORT] == 42_442

# %% [markdown]
# The shorter network has fewer weights in convolutions, and more behind them: 6 × 6 × 64 numbers go into the scores
# instead of 2 × 2 × 128.
#
# As printed, the first runs. It validates on the test set, and is not seeded. The other lacks its data. Both pass
# `input_shape` to a layer, where Keras 3 wants `keras.Input`. Repaired, they are the first two of a series, so we write
# a function for all of it.

# %% [markdown]
# ### A function for every network of this lesson
#
# Each **stage** convolves, halves the map by pooling, and bends. The printed order bends first; ReLU never changes
# which of four numbers is largest, so the result is the same, from a quarter of the work.


# %% tags=["recipe"]
def stage_parts(pad, normalise, precision):
    """A function that convolves, and one that normalises and bends."""

    def convolve(z, filters):
        options = {"padding": "same" if pad else "valid", "use_bias": not normalise}
        return keras.layers.Conv2D(filters, 3, dtype=precision, **options)(z)

    def bend(z):
        if normalise:
            z = keras.layers.BatchNormalization(momentum=0.6)(z)
        return keras.layers.ReLU()(z)

    return convolve, bend


def fixed_stem(z, stem):
    """Filters (2, 2, 3, F) that are not trained, then ReLU."""
    layer = keras.layers.Conv2D(stem.shape[-1], 2, use_bias=False, trainable=False)
    z = keras.layers.ReLU()(layer(z - 0.5))  # about the mean of a photograph
    layer.set_weights([stem])
    return z


# %% tags=["recipe"]
def network(
    filters, pad=False, normalise=False, deep=False, residual=False, stem=None, **others
):
    """A network with a stage for each number of filters, then ten scores."""
    convolve, bend = stage_parts(pad, normalise, others.pop("precision", "float32"))
    pictures = keras.Input((32, 32, 3), dtype="uint8")
    z = keras.layers.Rescaling(1 / 255)(pictures)
    if stem is not None:
        z = fixed_stem(z, stem)
    for number, count in enumerate(filters, start=1):
        z = bend(keras.layers.MaxPooling2D(2)(convolve(z, count)))
        if deep:
            more = bend(convolve(z, count))
            z = z + more if residual else more
        z = keras.layers.Identity(name=f"stage_{number}")(z)
    if deep:  # of each map its largest value; smaller scores to begin with
        z = keras.layers.Rescaling(1 / 8)(keras.layers.GlobalMaxPooling2D()(z))
    else:
        z = keras.layers.Flatten()(z)
    return keras.Model(pictures, keras.layers.Dense(10)(z), **others)


# %%
as_printed = network(PRINTED)
assert as_printed.count_params() == counted[PRINTED]
assert network(PRINTED_SHORT).count_params() == counted[PRINTED_SHORT]
relu = keras.layers.ReLU()
maps = rng.normal(size=(2, 6, 6, 4)).astype("float32")
pool = keras.layers.MaxPooling2D(2)
assert np.array_equal(pool(relu(maps)), relu(pool(maps)))
print("pooling then ReLU equals ReLU then pooling")

# %% [markdown]
# ### Better, step by step
#
# What helps? Each step is one change, and is measured. First the means, then the measurement.
#
# **Normalisation** (lesson 05): after pooling, where there is a quarter of the numbers to normalise. **Padding** keeps
# the border, so that maps do not shrink to 2 × 2. **Depth**: a second convolution in each stage; and of each last map
# its largest value, wherever it is, in place of a weight for each place. A **residual** block adds what goes into
# the second convolution to what comes out (He et al., 2016).

# %% [markdown]
# **A whitened stem** (Page, 2019). Neighbouring pixels are nearly equal, so all filters of a first layer start with
# nearly the same input, and descent crawls along a narrow valley, as in lesson 01. There, standardising
# helped. Here, the 12 numbers of a 2 × 2 window are made uncorrelated, too. With $C = V \Lambda V^\top$ their
# covariance matrix, $\Lambda$ diagonal with the variances along the columns of $V$, the numbers
#
# $$\Lambda^{-1/2}\, V^\top (w - \bar w)$$
#
# have covariance $\Lambda^{-1/2} V^\top C V \Lambda^{-1/2} = I$. That is a convolution with 12 fixed filters. A small
# number added to $\Lambda$ keeps noise small; and the ReLU after it needs both signs.


# %% tags=["recipe"]
def whitening(pictures, floor):
    """Filters (2, 2, 3, 24) whose outputs are uncorrelated over the windows of pictures (N, H, W, 3)."""
    rows = patches(pictures, (2, 2)).reshape(-1, 12)
    variances, directions = np.linalg.eigh(np.cov(rows.T))
    filters = (directions / np.sqrt(variances + floor)).reshape(2, 2, 3, 12)
    return np.concatenate([filters, -filters], axis=-1)


# %%
some_photos = x[:1000] / 255 - 0.5
filters_white = whitening(some_photos, floor=0)
white = patches(some_photos, (2, 2)).reshape(-1, 12) @ filters_white.reshape(12, 24)[:, :12]
np.testing.assert_allclose(np.cov(white.T), np.eye(12), atol=1e-6)
before = np.corrcoef(patches(some_photos, (2, 2)).reshape(-1, 12).T)
print(f"correlation of two neighbouring pixels, red: {before[0, 3]:.2f}; after whitening: 0.00")
STEM = whitening(some_photos, floor=6e-4)
fig, axes = plt.subplots(2, 6, figsize=(8, 3))
fig.suptitle("The 12 filters, from the smallest variance to the largest", x=0.01, ha="left")
for number, ax in enumerate(axes.flat):
    shown = STEM[..., number]
    ax.imshow(0.5 + 0.5 * shown / np.abs(shown).max())
    ax.axis("off")
plots.show(fig)

# %% [markdown]
# The last one is brightness, by far the largest variance: it is divided by most. Before it come light against dark,
# left against right and top against bottom, then colours. The first are fine patterns that photographs hardly have.


# %% [markdown]
# **Flips and crops.** A mirrored car is a car, and so is one two pixels further down. So each picture is mirrored with
# probability ½ and shifted by up to two pixels, anew in each epoch; what is missing at the border is mirrored from
# inside. The network hardly ever sees the same picture twice. **Label smoothing** puts 0.9 of the truth on the label
# and 0.01 on each class more: no score needs to grow for ever (Szegedy et al., 2016).


# %% tags=["recipe"]
def augment(pictures, padding, rng):
    """Pictures (N, H, W, C), each by itself mirrored or not, and shifted by up to `padding` pixels."""
    N, H, W, _ = pictures.shape
    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = np.pad(pictures, sides, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (H, W), axis=(1, 2))
    down, right = rng.integers(2 * padding + 1, size=(2, N))
    result = np.moveaxis(
        windows[np.arange(N), down, right], 1, -1
    )  # (N, C, H, W) -> (N, H, W, C)
    mirrored = rng.random(N) < 0.5
    result[mirrored] = result[mirrored, :, ::-1]
    return result


# %% tags=["recipe"]
class Batches(keras.utils.PyDataset):
    """Shuffled batches of augmented pictures, which Keras prepares in a thread while the model trains."""

    def __init__(self, pictures, truths, batch_size, padding, seed):
        super().__init__()
        self.pictures, self.truths, self.batch_size = pictures, truths, batch_size
        self.padding, self.rng = padding, np.random.default_rng(seed)
        self.order = self.rng.permutation(len(truths))

    def __len__(self):
        return (
            len(self.truths) // self.batch_size
        )  # the rest is left out, other pictures each time

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return augment(self.pictures[rows], self.padding, self.rng), self.truths[rows]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.truths))


# %%
again = augment(np.repeat(x[:2], 8, axis=0), 2, rng)
fig, axes = plt.subplots(2, 8, figsize=(10, 2.8))
fig.suptitle("Two pictures, eight times each: mirrored, shifted", x=0.01, ha="left")
for ax, picture in zip(axes.flat, again, strict=True):
    ax.imshow(picture)
    ax.axis("off")
plots.show(fig)

# %% [markdown]
# **One cycle** (Smith, 2018). Lesson 04's warm-up and cosine, with Nesterov's momentum: up to a large rate in a fifth
# of the updates, then down to zero. Large rates get far in few epochs, and the zero at the end takes the noise out. The
# rate fits the **batch size**: a batch four times as large has a gradient half as noisy, wants a larger rate, and keeps
# the processor busier. Weight decay as in lesson 04, but not on biases, nor on the shifts and scales of normalisation.


# %% tags=["recipe"]
def compile_one_cycle(model, updates, peak, smoothing):
    warm_up = max(1, updates // 5)
    rate = keras.optimizers.schedules.CosineDecay(
        0.2 * peak, updates - warm_up, warmup_target=peak, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-3)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])


def compile_adam(model):
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])


# %% [markdown]
# ### The measurement
#
# Each step trains anew, from the same seed, on the same pictures for as many epochs. Only the last two change what the
# network is shown.


# %% tags=["recipe"]
STEPS = {  # each is added to those before
    "as printed": {},
    "normalisation": {"normalise": True},
    "padding": {"pad": True},
    "depth": {"deep": True},
    "residual": {"residual": True},
    "whitened stem": {"stem": True},
    "one cycle": {"one_cycle": True},
    "flips and crops": {"padding": 2},
    "smoothed labels": {"smoothing": 0.1},
}


# %% tags=["recipe"]
def train_step(
    name, options, filters, pictures, labels, epochs, batch_size, seed, precision, **settings
):
    """Train a network with these options of STEPS, and return it with its Fit."""
    options = {"padding": 0, "smoothing": 0.0, "one_cycle": False} | options
    padding, smoothing, one_cycle = map(options.pop, ("padding", "smoothing", "one_cycle"))
    if options.get("stem"):
        options["stem"] = whitening(pictures[:1000] / 255 - 0.5, floor=6e-4)
    keras.utils.set_random_seed(seed)
    name = name.replace(" ", "_")
    model = network(filters, precision=precision, name=name, **options)
    truths = keras.utils.to_categorical(labels, 10)
    if one_cycle:
        updates = epochs * (len(labels) // batch_size)
        compile_one_cycle(model, updates, 0.5 * batch_size / 256, smoothing)
    else:  # as printed
        batch_size = 64
        compile_adam(model)
    if padding:
        shown = (Batches(pictures, truths, batch_size, padding, seed),)
    else:
        shown, settings = (pictures, truths), settings | {"batch_size": batch_size}
    return model, training.fit(model, *shown, epochs=epochs, **settings)


# %%
FILTERS = run.pick(fast=(16, 32, 64), full=PRINTED)
EPOCHS, BATCH_SIZE = run.pick(fast=(5, 64), full=(5, 256))
PRECISION = run.pick(fast="float32", full=runtime.choose_precision(run.device))
if PRECISION == "mixed_float16":  # would want its loss scaled
    PRECISION = "float32"
checked = x_validation, keras.utils.to_categorical(y_validation, 10)
shared = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "seed": run.seed, "precision": PRECISION}
shared |= {"validation_data": checked, "validation_batch_size": 500}
options, networks, fits, LAST = {}, {}, {}, list(STEPS)[-1]
for step, added in STEPS.items():
    options |= added
    seldom = 1 if step in ("as printed", LAST) else EPOCHS
    networks[step], fits[step] = train_step(
        step, options, FILTERS, x, y, validation_freq=seldom, **shared
    )

# %%
right = {step: fit.history["val_accuracy"][-1] for step, fit in fits.items()}
previous = None
print(f"{'':>16}   weights  s an epoch  training  validation   gain")
for step, fit in fits.items():
    gain = "" if previous is None else f"{right[step] - right[previous]:+.3f}"
    weights = sum(keras.ops.size(v) for v in networks[step].trainable_variables)
    print(
        f"{step:>16} {weights:>9,} {fit.seconds / EPOCHS:>11.1f} "
        f"{fit.history['accuracy'][-1]:>9.3f} {right[step]:>11.3f} {gain:>6}"
    )
    previous = step
print(f"from another seed a figure differs by ± {np.sqrt(0.25 / CHECKED):.2f} or so")

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2))
axes[0].plot(list(right.values()), range(len(right)), "o-", color=plots.BLUE)
axes[0].set(yticks=range(len(right)), yticklabels=right, xlabel="validation accuracy")
axes[0].invert_yaxis()
axes[0].set_title("Step by step")
for step, colour in (("as printed", plots.GREY), (LAST, plots.BLUE)):
    label = step if step == "as printed" else "all steps"
    plots.learning_curves(axes[1], fits[step].history, "accuracy", label=label, colour=colour)
axes[1].plot([], [], "--", color=plots.GREY, label="on the training pictures")
axes[1].set(ylabel="accuracy", xticks=range(1, EPOCHS + 1))
axes[1].set_title("The same epochs, the first and the last")
axes[1].legend(loc="lower right")
plots.show(fig)

# %% [markdown]
# What a step costs in seconds is in the table, too.
#
# Is the model ever held up, waiting for a batch to be mirrored and shifted? A thread prepares the next ones while it
# trains. That is enough if preparing takes less time than a training step.

# %%
batches = Batches(x, keras.utils.to_categorical(y, 10), BATCH_SIZE, 2, run.seed)
begin = time.perf_counter()
for number in range(20):
    batches[number]
preparing = (time.perf_counter() - begin) / 20
training_step = fits[LAST].seconds / EPOCHS / len(batches)
print(f"preparing a batch takes {preparing / training_step:.0%} of the time of a training step")
assert preparing < training_step

# %% [markdown]
# ## What has it learned?
#
# First the filters of the first layer of the network as printed: they are as large as the pictures' channels, so they can
# be shown in colour. Then the maps of one picture, after each stage of ours.

# %%
first_filters = networks["as printed"].layers[2].get_weights()[0]  # (3, 3, 3, filters)
fig, axes = plt.subplots(2, 8, figsize=(8, 2.4))
fig.suptitle("The first 16 filters, as printed", x=0.01, ha="left")
for number, ax in enumerate(axes.flat):
    shown = first_filters[..., number]
    ax.imshow(0.5 + 0.5 * shown / np.abs(shown).max())
    ax.axis("off")
plots.show(fig)

# %%
ours = networks[LAST]
stages = [f"stage_{number}" for number in (1, 2, 3)]
inside = keras.Model(ours.inputs, [ours.get_layer(stage).output for stage in stages])
guesses = ours.predict(x_validation, verbose=0).argmax(axis=1)
ship = np.flatnonzero((y_validation == THINGS.index("ship")) & (guesses == y_validation))[0]
fig, axes = plt.subplots(3, 8, figsize=(10, 4.2))
fig.suptitle("A ship, and seven maps of each stage", x=0.01, ha="left")
for line, maps_of_ship in zip(axes, inside(x_validation[ship : ship + 1]), strict=True):
    line[0].imshow(x_validation[ship])
    strongest = np.argsort(-np.mean(maps_of_ship[0], axis=(0, 1)))[:7]
    for ax, number in zip(line[1:], strongest, strict=True):
        ax.imshow(maps_of_ship[0, ..., number], cmap="cividis")
    for ax in line:
        ax.axis("off")
    line[1].set_title(f"{maps_of_ship.shape[1]} × {maps_of_ship.shape[2]}", fontsize=9)
plots.show(fig)

# %% [markdown]
# The first stage still shows the picture: its edges, its bright parts, its colours. Further on the maps get smaller, and
# say that something is there more than what it looks like.
#
# ### Where does it look?
#
# **Grad-CAM** (Selvaraju et al., 2017) asks which places speak for a class. Take the maps $A_k$ of a stage, and the
# score $s$ of the class. How much does $s$ grow with map $k$, on average over its places? The maps, weighted by that and
# added, give one map; what is negative speaks for something else, and is cut off:
#
# $$\alpha_k = \frac{1}{hw} \sum_{i,j} \frac{\partial s}{\partial A_{ijk}} \qquad M_{ij} = \max\Bigl(0,\; \sum_k \alpha_k A_{ijk}\Bigr)$$


# %%
middle_and_scores = keras.Model(ours.inputs, [ours.get_layer("stage_2").output, ours.output])


def grad_cam(pictures, classes):
    """Pictures (N, 32, 32, 3) and a class for each -> maps M (N, h, w), alpha and A."""
    with tf.GradientTape() as tape:
        A, scores = middle_and_scores(pictures, training=False)  # (N, h, w, K), (N, 10)
        chosen = tf.reduce_sum(tf.gather(scores, classes, axis=1, batch_dims=1))
    alpha = tf.reduce_mean(tape.gradient(chosen, A), axis=(1, 2)).numpy()  # (N, K)
    A = A.numpy()
    return np.maximum(np.einsum("nhwk,nk->nhw", A, alpha), 0), alpha, A


# By hand: raise a whole map by a little, and see what the score does.
head = keras.Model(ours.get_layer("stage_2").output, ours.output)
_, alpha, A = grad_cam(x_validation[ship : ship + 1], guesses[ship : ship + 1])
K, h = A.shape[-1], 1e-2
raised = A + h * np.eye(K)[:, None, None]  # (K, h, w, K): in each, one map is raised
lowered = A - h * np.eye(K)[:, None, None]
slopes = (head(raised) - head(lowered)).numpy()[:, guesses[ship]] / (2 * h)
by_differences = slopes / A[0, ..., 0].size
off = np.abs(by_differences - alpha[0]) / np.abs(alpha).max()
print(f"alpha by differences: half of the {K} within {np.median(off):.1%} of the largest")
assert np.median(off) < 0.05  # ReLU and pooling bend here and there

# %%
sure = keras.ops.softmax(ours.predict(x_validation, verbose=0)).numpy().max(axis=1)
good = [np.flatnonzero((guesses == y_validation) & (y_validation == c)) for c in range(10)]
shown_places = [places[sure[places].argmax()] for places in good if len(places)][:8]
M = grad_cam(x_validation[shown_places], guesses[shown_places])[0]
fig, axes = plt.subplots(2, len(shown_places), figsize=(10, 3))
fig.suptitle("The surest of each kind, and what speaks for it (bright)", x=0.01, ha="left")
for column, place in enumerate(shown_places):
    axes[0, column].imshow(x_validation[place])
    axes[0, column].set_title(THINGS[guesses[place]], fontsize=9)
    axes[1, column].imshow(x_validation[place].mean(axis=-1), cmap="gray")
    axes[1, column].imshow(
        M[column], cmap="inferno", alpha=0.6, extent=(-0.5, 31.5, 31.5, -0.5)
    )
    for ax in axes[:, column]:
        ax.axis("off")
plots.show(fig)

# %% [markdown]
# A bright map is a claim. To test it, paint a grey square over the brightest place, or over one at random. If the map
# is right, the score falls more with the first.


# %%
def paint_over(pictures, lines, columns, half=5):
    """Pictures with a grey square of 2 · half pixels about a place of the 7 x 7 map."""
    result = pictures.copy()
    for picture, line, column in zip(result, lines, columns, strict=True):
        middle, across = round((line + 0.5) * 32 / 7), round((column + 0.5) * 32 / 7)
        picture[
            max(0, middle - half) : middle + half, max(0, across - half) : across + half
        ] = 128
    return result


covered = np.flatnonzero(guesses == y_validation)[:300]
M = grad_cam(x_validation[covered], guesses[covered])[0]
everyone, spoken_for = np.arange(len(covered)), guesses[covered]
brightest = np.divmod(M.reshape(len(M), -1).argmax(axis=1), M.shape[2])
PLACES = {"brightest": brightest, "random": rng.integers(7, size=(2, len(covered)))}
falls = {}
for name, (lines, columns) in PLACES.items():
    hidden = paint_over(x_validation[covered], lines, columns)
    change = ours.predict(x_validation[covered], verbose=0) - ours.predict(hidden, verbose=0)
    falls[name] = change[everyone, spoken_for].mean()
    print(f"the score falls by {falls[name]:.2f} with the {name} place painted over")
assert falls["brightest"] > falls["random"]

# %% [markdown]
# ### Where is it wrong?

# %%
wrong = np.flatnonzero(guesses != y_validation)
worst = wrong[np.argsort(-sure[wrong])][:8]
fig, axes = plt.subplots(1, 8, figsize=(11, 2.2))
fig.suptitle("Surest, and wrong: what it says, and what it is", x=0.01, ha="left")
for ax, place in zip(axes, worst, strict=True):
    ax.imshow(x_validation[place])
    said, truth = THINGS[guesses[place]], THINGS[y_validation[place]]
    ax.set_title(f"{said} {sure[place]:.2f}\n(is {truth})", fontsize=8)
    ax.axis("off")
plots.show(fig)

# %%
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (y_validation, guesses), 1)
fig, ax = plt.subplots(figsize=(6.4, 5.2))
shares = confusion / confusion.sum(axis=1, keepdims=True)
shown = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
for line, column in np.ndindex(10, 10):
    colour = "white" if shares[line, column] > 0.5 else "black"
    number = f"{100 * shares[line, column]:.0f}"
    ax.text(column, line, number, ha="center", va="center", color=colour, fontsize=8)
ax.set(xticks=range(10), yticks=range(10), yticklabels=THINGS, xlabel="guess", ylabel="truth")
ax.set_xticklabels(THINGS, rotation=45, ha="right")
ax.set_title("Of each kind, per cent that were taken for which")
fig.colorbar(shown, ax=ax)
plots.show(fig)
animal = np.isin(THINGS, ["bird", "cat", "deer", "dog", "frog", "horse"])
errors = confusion * (1 - np.eye(10, dtype=int))
within = sum(errors[np.ix_(group, group)].sum() for group in (animal, ~animal)) / errors.sum()
# Were an error equally likely to be any other kind: 5 of 9 within animals, 3 of 9 within vehicles.
by_chance = (errors[animal].sum() * 5 + errors[~animal].sum() * 3) / 9 / errors.sum()
print(
    f"errors that stay among animals or among vehicles: {within:.2f}, by chance {by_chance:.2f}"
)
if REAL:
    assert within > by_chance + 0.1

# %% [markdown]
# On CIFAR-10 most errors stay among the animals or among the vehicles: what looks alike is confused. In drawings an emoji
# cat looks like itself, and there may be no such rule.

# %% [markdown]
# ## Once, on the test data
#
# One more gain costs no training: add the scores of a picture and of its mirror image.


# %%
def right_on(model, pictures, labels, mirrored=False):
    """Which pictures are right, (N,) of bool."""
    scores = model.predict(pictures, batch_size=500, verbose=0)
    if mirrored:
        scores = scores + model.predict(pictures[:, :, ::-1], batch_size=500, verbose=0)
    return scores.argmax(axis=1) == labels


gain = (
    right_on(ours, *checked[:1], y_validation, True).mean() - (guesses == y_validation).mean()
)
print(f"mirror image, on the validation pictures: {gain:+.3f}")

# %% tags=["headline"]
TESTED = run.pick(fast=2000, full=10_000)
test_pictures = x_test[:TESTED], y_test[:TESTED]
hits = {
    "as printed": right_on(networks["as printed"], *test_pictures),
    "all steps": right_on(ours, *test_pictures, mirrored=True),
}
for name, correct in hits.items():
    print(f"{name}: {correct.mean():.3f} of {TESTED:,} test pictures right")
draws = np.random.default_rng(run.seed).integers(TESTED, size=(2000, TESTED))
difference = hits["all steps"].astype(float) - hits["as printed"]
low, high = np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])
print(f"95 % of the draws gain {low:+.3f} to {high:+.3f}")
assert low > 0.05

# %% [markdown]
# The interval covers the luck of the test pictures, not that of the seed.
#
# ### With all 50,000
#
# A few thousand pictures and half a minute were a rehearsal. `python tests/benchmarks/cifar10.py` runs this lesson's code on
# all of them: the printed recipe with its ten epochs, and ours for as long. Its [last result](../tests/benchmarks/cifar10.md)
# stands beside it. On a GPU, or with `COURSE_PROFILE=full`, the lesson itself trains on 45,000.

# %% [markdown]
# ## What to keep
#
# - A convolution is a sum over a window, with the same weights everywhere: few weights, and what is learned in one place
#   is known in all. Keras computes a cross-correlation, plus a bias, over all channels.
# - Shapes: $\lfloor (H - K)/s \rfloor + 1$ without padding, $\lceil H/s \rceil$ with `"same"`. Pooling makes maps smaller.
# - Sharing is knowledge of the data. Without neighbours it is a burden.
# - Change one thing at a time, from the same seed, and keep what gains. What helps in a long run need not show in a
#   short one, and the other way round.
# - Grad-CAM, worst errors, confusion matrix: look at what the model does, and test what you think you see.
#
# Next: the [exercises](exercises/06_cnn_cifar10.ipynb), then lesson 07, where words become vectors.

# %% [markdown]
# ### Sources
#
# - Data: Fashion-MNIST as in lesson 03; CIFAR-10: Krizhevsky (2009), *Learning multiple layers of features from tiny
#   images*; its stand-in: see [datasets](../datasets/README.md).
# - Convolution, sharing, pooling: Goodfellow, Bengio, Courville, *Deep Learning* (2016), chapter 9; LeCun et al. (1998),
#   *Gradient-based learning applied to document recognition*. Shapes: Dumoulin & Visin (2016),
#   [arXiv:1603.07285](https://arxiv.org/abs/1603.07285). im2col: Chellapilla, Puri, Simard (2006), *High performance
#   convolutional neural networks for document processing*.
# - Shifts: Azulay & Weiss (2019), *Why do deep convolutional networks generalize so poorly to small image
#   transformations?*, JMLR.
# - Residual blocks: He et al. (2016), [arXiv:1512.03385](https://arxiv.org/abs/1512.03385). Label smoothing: Szegedy et
#   al. (2016), [arXiv:1512.00567](https://arxiv.org/abs/1512.00567). One cycle: Smith & Topin (2017),
#   [arXiv:1708.07120](https://arxiv.org/abs/1708.07120). Whitened stem: Page (2019), *How to train your ResNet*; Jordan
#   (2024), [arXiv:2404.00498](https://arxiv.org/abs/2404.00498).
# - Grad-CAM: Selvaraju et al. (2017), [arXiv:1610.02391](https://arxiv.org/abs/1610.02391).
# - The articles (see lesson 00): S0-3.2, 4.1; S1-3.2, 4.3, 4.4, 5.3, 7.21; S2-3.3; S3-1.3.3, 1.3.5, 1.4.2.

# %% [markdown] tags=["exercises"]
# # 06 · Convolutional networks: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. NumPy is all you need. The [lesson](../06_cnn_cifar10.ipynb)
# has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check

# %% [markdown]
# ## 06.1 Convolution layer
#
# What Keras's `Conv2D` computes without padding and without activation.


# %%
def conv2d(x, kernel, bias, stride):
    """Cross-correlation of pictures with filters, plus a bias.

    Args:
        x: float array (N, H, W, C_in).
        kernel: float array (K_h, K_w, C_in, C_out), no larger than a picture.
        bias: float array (C_out,).
        stride: int >= 1, for rows and columns.
    Returns:
        float array (N, (H - K_h) // stride + 1, (W - K_w) // stride + 1, C_out).

    With x = np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1), bias = np.array([10.0]) and
    kernel = np.array([1.0, -1.0]).reshape(1, 2, 1, 1) it holds 9 and 8 for stride 1, 9 for stride 2.
    """
    ### BEGIN SOLUTION
    N, H, W, _ = x.shape
    K_h, K_w, _, C_out = kernel.shape
    out = np.empty((N, (H - K_h) // stride + 1, (W - K_w) // stride + 1, C_out))
    for m in range(out.shape[1]):
        for n in range(out.shape[2]):
            top, left = m * stride, n * stride
            window = x[:, top : top + K_h, left : left + K_w]  # (N, K_h, K_w, C_in)
            out[:, m, n] = np.tensordot(window, kernel, axes=3) + bias
    return out
    ### END SOLUTION


# %%
check("06.1", conv2d)

# %% [markdown]
# ## 06.2 True convolution
#
# Of one picture with one kernel, where the kernel lies wholly in the picture.


# %%
def convolve(x, kernel):
    """Convolution in the sense of mathematics, without padding.

    Args:
        x: float array (H, W).
        kernel: float array (K, L), no larger than x.
    Returns:
        float array (H - K + 1, W - L + 1).

    convolve(np.array([[1.0, 2.0, 4.0]]), np.array([[1.0, -1.0]])) is [[1.0, 2.0]]: 2 - 1 and 4 - 2.
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape)
    return np.sum(windows * kernel[::-1, ::-1], axis=(2, 3))
    ### END SOLUTION


# %%
check("06.2", convolve)

# %% [markdown]
# ## 06.3 Max-pooling
#
# Windows that do not fit into the picture are left out, as with `padding="valid"` in Keras.


# %%
def max_pool(x, size, stride):
    """The largest value of each window, channel by channel.

    Args:
        x: float array (N, H, W, C); values may be negative.
        size: int, rows and columns of a window, no larger than H and W.
        stride: int >= 1, from one window to the next.
    Returns:
        float array (N, (H - size) // stride + 1, (W - size) // stride + 1, C).

    With x = np.array([[1.0, 2.0, 5.0], [4.0, 3.0, 6.0]]).reshape(1, 2, 3, 1) and size 2
    it holds 4 and 6 for stride 1, 4 for stride 2.
    """
    ### BEGIN SOLUTION
    N, H, W, C = x.shape
    out = np.empty((N, (H - size) // stride + 1, (W - size) // stride + 1, C))
    for m in range(out.shape[1]):
        for n in range(out.shape[2]):
            top, left = m * stride, n * stride
            out[:, m, n] = x[:, top : top + size, left : left + size].max(axis=(1, 2))
    return out
    ### END SOLUTION


# %%
check("06.3", max_pool)

# %% [markdown]
# ## 06.4 Parameters of a CNN
#
# For each entry of `filters` there is a convolution with square kernels, no padding and biases, then max-pooling of size
# and stride 2. Last come flattening and a dense layer with one unit for each class.


# %%
def count_parameters(size, channels, filters, kernel_size, classes):
    """Number of weights and biases.

    Args:
        size: int, rows and columns of a picture.
        channels: int, of a picture.
        filters: list of int, the filters of each convolution, one or more.
        kernel_size: int, rows and columns of each kernel.
        classes: int.
    Returns:
        int.

    count_parameters(4, 1, [2], 3, 10) is 50: 20 of the convolution, which leaves 2 x 2 pixels
    and after pooling one, and 30 of the dense layer.
    count_parameters(32, 3, [32, 64, 128], 3, 10) is 98378.
    """
    ### BEGIN SOLUTION
    total, inputs = 0, channels
    for outputs in filters:
        total += kernel_size**2 * inputs * outputs + outputs
        size = (size - kernel_size + 1) // 2
        inputs = outputs
    return total + size**2 * inputs * classes + classes
    ### END SOLUTION


# %%
check("06.4", count_parameters)

# %% [markdown]
# ## 06.5 Augmentation
#
# New pictures from old: mirrored or not, and shifted a little. Each picture draws for itself: whether it is mirrored, the
# row and the column of its window.


# %%
def augment(x, padding, rng):
    """Pictures, each mirrored left-right with probability 1/2 and shifted at random.

    A picture gets `padding` zeros on each of its four sides. Of that a window of H x W is cut out;
    all (2 * padding + 1)**2 places are equally likely.

    Args:
        x: array (N, H, W, C), of floats or of ints such as uint8.
        padding: int >= 0.
        rng: np.random.Generator.
    Returns:
        array (N, H, W, C) of the same dtype.

    augment(np.array([1, 2, 3]).reshape(1, 1, 3, 1), 1, rng) may hold 0, 3, 2.
    """
    ### BEGIN SOLUTION
    _, H, W, _ = x.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    out = np.empty_like(x)
    for n, picture in enumerate(padded):
        top, left = rng.integers(2 * padding + 1, size=2)
        window = picture[top : top + H, left : left + W]
        out[n] = window[:, ::-1] if rng.random() < 0.5 else window
    return out
    ### END SOLUTION


# %%
check("06.5", augment)
