# ---
# jupyter:
#   course:
#     question: What does a network gain by seeing a picture as a picture, and how much accuracy do two cores buy in two minutes?
#     gpu: true
# ---

# %% [markdown]
# # 06 · Convolutional networks
#
# | | |
# |---|---|
# | **You will be able to** | write convolution and pooling in a few lines and predict every shape; say what sharing weights gives, and what it costs; count the weights of a convolutional network and what one of its outputs sees; improve it step by step and measure each; ask where it looks |
# | **You need first** | [lesson 03](03_neural_networks.ipynb): dense layers; [lesson 04](04_optimization.ipynb): Adam and the cosine; [lesson 05](05_generalization.ipynb): what validation is for |
# | **Time** | an hour and a half to read; it runs in one to two minutes on a CPU |
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
plt.rcParams["image.interpolation"] = "nearest"  # pixels as they are
BATCH = 32
cross_entropy_in_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
PRECISION = runtime.choose_precision(run.device)  # of the convolutions that are trained
if PRECISION == "mixed_float16":  # would want its loss scaled
    PRECISION = "float32"
print("convolutions in", PRECISION)

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
# to be learned again, at each place. A **convolution** has both built in: it looks at neighbourhoods, through one small
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
# (Chellapilla et al., 2006). At stride 1 the first matrix holds most pixels $K_h K_w$ times; that is the price.


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
    for how, summary in (
        ("largest", np.max),
        ("first", lambda windows, axis: windows[..., 0, 0, :]),
    ):
        pooled = pool2d(still, size, summary=summary)
        by_shift = np.abs(pool2d(shifted, size, summary=summary) - pooled).mean()
        by_picture = np.abs(pooled[1:] - pooled[:-1]).mean()  # another picture in its place
        changes[how, size] = by_shift / by_picture
    print(
        f"{size} x {size}: the largest changes by {changes['largest', size]:.0%} of what "
        f"another picture would change, the first by {changes['first', size]:.0%}"
    )
assert changes["largest", 8] < 0.5 * changes["largest", 1]
assert changes["first", 8] > 0.7 * changes["first", 1]

# %% [markdown]
# Of each window we took the largest response, and for comparison the first one, whatever it is. Both make the map
# smaller; only the maximum tolerates the shift, the better the larger its window. The change does not become 0: a network
# with pooling is not blind to shifts (Azulay & Weiss, 2019).

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
    settings = {"padding": "same", "activation": "relu", "dtype": PRECISION}
    convolution = keras.layers.Conv2D(filters, 3, **settings)
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
sees = sensitive > 1e-3 * sensitive.max()  # not > 0: a GPU's algorithms may round a sum of 0
lines, columns = (np.flatnonzero(sees.any(axis=axis)) for axis in (1, 0))
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
# Each of the 7 × 7 outputs sees 10 × 10 pixels, fewer at the border: less than a sleeve, more than an edge. How much
# each pixel counts is shown before training: the middle counts most, since more ways lead there. Only the dense layer
# sees the whole picture. Deeper networks see more before they get that far.

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
# With as many weights and updates, the convolution ends ahead by a point or two. On shuffled pixels the same
# network, from the same initial weights, ends behind both.
#
# And the coat, two pixels further to the right?

# %%
shifted_checks = moved(clothes_validation, 0, 2)
falls_when_moved = {}
for model in (clothes_dense, clothes_cnn):
    shares = [
        model.evaluate((part - center) / spread, clothes_validation_labels, verbose=0)[1]
        for part in (clothes_validation, shifted_checks)
    ]
    print(f"{model.name:>11}: {shares[0]:.3f} right, {shares[1]:.3f} when moved by two pixels")
    falls_when_moved[model.name] = shares[0] - shares[1]
assert 0.02 < falls_when_moved["convolution"] < falls_when_moved["dense"]

# %% [markdown]
# Both fall, the convolution less. Its maps move along, but the dense layer behind them has a weight for each place of a
# map. To tolerate shifts, a network must do without it, or be shown shifted pictures. Both come below.

# %% [markdown]
# ### "Simple, and it generalises well in high dimension"
#
# So one of the articles says of convolution, for pictures and for texts. Both runs of the convolution have 784 inputs,
# and the same weights to learn. What differs is whether neighbours belong together and whether a pattern means the same
# at each place. Where that holds, in pictures, sound, to a degree in texts, sharing weights pays. It is knowledge of
# the data, built in; not a gift of the method.

# %% [markdown]
# ## Photographs
#
# **CIFAR-10** has 60,000 colour photographs of 32 × 32 pixels, of ten kinds of things. Our loader sets 5,000 of the
# 50,000 training pictures apart for validation. Where CIFAR-10 cannot be had, drawings stand in for it, and the line
# below says so. Then every number below is one about drawings, and says nothing about CIFAR-10.

# %%
photos = data.load_cifar10(sample=run.pick(fast=2000, full=None), seed=run.seed)
REAL = not isinstance(photos, data.StandIn)
(x, y), (x_validation, y_validation), (x_test, y_test) = photos
CHECKED = run.pick(fast=2000, full=5000)  # validation pictures
x_validation, y_validation = x_validation[:CHECKED], y_validation[:CHECKED]
THINGS = DATASETS["cifar10"].classes
print(f"each picture: {x[0].shape}, {x.dtype}, from {x.min()} to {x.max()}")

# %%
fig, axes = plt.subplots(2, 10, figsize=(10, 2.6))
fig.suptitle("Ten kinds of things, two of each", x=0.01, ha="left")
for column, thing in enumerate(THINGS):
    for ax, place in zip(axes[:, column], np.flatnonzero(y == column), strict=False):
        ax.imshow(x[place])
        ax.axis("off")
    axes[0, column].set_title(thing, fontsize=9)
plots.show(fig)

# %% [markdown]
# Birds come in any colour, on any ground. Who guesses is right in one of ten.
#
# ### Two printed networks
#
# Two of the articles build nearly the same network: convolutions of 3 × 3 without padding, a pooling of 2 after each,
# then ten scores; one with 32, 64 and 128 filters, the other with 32 and 64. Count their numbers:


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

# %% [markdown]
# As printed, the first runs, but validates on the test set (lesson 05: the best of 200) and is not seeded. The other
# lacks its data. Both pass `input_shape` to a layer, where Keras 3 wants `keras.Input`.
#
# More networks will follow, so we write one function for all. A **stage** of it convolves, halves the map by pooling,
# and bends. The printed order bends first. ReLU keeps the order of numbers, so the largest after it is ReLU of the
# largest: the same result, from a quarter of the work.


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
def network(filters, pad=False, normalise=False, blocks=False, stem=None, **others):
    """A stage for each number of filters, then ten scores. `others`: name, and precision of the convolutions."""
    convolve, bend = stage_parts(pad, normalise, others.pop("precision", "float32"))
    pictures = keras.Input((32, 32, 3), dtype="uint8")
    z = keras.layers.Rescaling(1 / 255)(pictures)
    if stem is not None:
        z = fixed_stem(z, stem)
    for number, count in enumerate(filters, start=1):
        z = bend(keras.layers.MaxPooling2D(2)(convolve(z, count)))
        if blocks:
            z = z + bend(convolve(z, count))
        z = keras.layers.Identity(name=f"stage_{number}")(z)
    if blocks:  # of each map its largest value; smaller scores to begin with
        z = keras.layers.Rescaling(1 / 8)(keras.layers.GlobalMaxPooling2D()(z))
    else:
        z = keras.layers.Flatten()(z)
    return keras.Model(pictures, keras.layers.Dense(10)(z), **others)


# %%
relu, pool = keras.layers.ReLU(), keras.layers.MaxPooling2D(2)
maps = rng.normal(size=(2, 6, 6, 4)).astype("float32")
assert np.array_equal(pool(relu(maps)), relu(pool(maps)))

checked = x_validation, y_validation
printed = {}
for filters, batch_size, epochs in ((PRINTED_SHORT, 32, 1), (PRINTED, 64, 3)):
    keras.utils.set_random_seed(run.seed)
    model = network(filters, precision=PRECISION, name=f"{len(filters)}_convolutions")
    assert model.count_params() == counted[filters]
    model.compile("adam", cross_entropy_in_keras, metrics=["accuracy"])
    epochs = run.pick(fast=epochs, full=10)  # as printed: 10
    settings = {"batch_size": batch_size, "epochs": epochs, "validation_freq": epochs}
    training.fit(model, x, y, validation_data=checked, **settings)
    printed[filters] = model

# %% [markdown]
# Repaired: validation pictures of their own, a seed. The batch sizes are the printed ones; in the fast profile there are
# few pictures and few epochs. The convolutions compute in the precision named at the top; printed is float32.

# %% [markdown]
# ### Better, step by step
#
# What helps? Each step is a small bundle of changes to the one before, and is measured. First the means, then the
# measurement.
#
# **Normalisation** (lesson 05), after pooling, where there is a quarter of the numbers to normalise.

# %% [markdown]
# **One cycle** (Smith & Topin, 2017): lesson 04's warm-up and cosine, with Nesterov's momentum. Up to a large rate in a
# fifth of the updates, then down to zero: large rates get far in few epochs, and the zero at the end takes the noise
# out. A larger **batch** keeps the processor busier, has a less noisy gradient, and so bears a larger rate: 256 in the
# full profile, 64 in the fast one. Weight decay shrinks the weights in each update, as AdamW does in lesson 04, but not
# the biases, nor the shifts and scales of normalisation.


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
# **Flips and crops.** A mirrored car is a car, and so is one two pixels further down. So each picture is mirrored with
# probability ½ and shifted by up to two pixels, anew in each epoch; what is missing at the border is mirrored from
# inside. That makes 50 variants of each picture.


# %% tags=["recipe"]
def augment(pictures, padding, rng):
    """Pictures (N, H, W, C), each by itself mirrored or not, and shifted by up to `padding` pixels."""
    N, H, W, _ = pictures.shape
    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = np.pad(pictures, sides, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (H, W), axis=(1, 2))
    down, right = rng.integers(2 * padding + 1, size=(2, N))
    result = windows[np.arange(N), down, right]  # (N, C, H, W)
    result = np.moveaxis(result, 1, -1)  # (N, H, W, C)
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
        # The rest is left out: other pictures each time.
        return len(self.truths) // self.batch_size

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return augment(self.pictures[rows], self.padding, self.rng), self.truths[rows]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.truths))


# %%
again = augment(np.repeat(x[:2], 6, axis=0), 2, rng)
fig, axes = plt.subplots(2, 6, figsize=(8, 2.8))
fig.suptitle("Two pictures, six times each: mirrored, shifted", x=0.01, ha="left")
for ax, picture in zip(axes.flat, again, strict=True):
    ax.imshow(picture)
    ax.axis("off")
plots.show(fig)

# %% [markdown]
# **Residual blocks.** In each stage a second convolution, padded so that the border stays; its inputs are added to its
# outputs, so gradients have a way past it (He et al., 2016). After the last stage, the largest value of each map,
# wherever it is, in place of a weight for each place.

# %% [markdown]
# **A whitened stem** (Page, 2019). Neighbouring pixels are nearly equal, so all filters of a first layer start with
# nearly the same input, and descent crawls along a narrow valley, as in lesson 01. There, standardising helped. Here, the
# 12 numbers of a 2 × 2 window are made uncorrelated, too.

# %% [markdown]
# With $C = V \Lambda V^\top$ their covariance matrix, $\Lambda$ diagonal with the variances along the columns of $V$,
# the numbers
#
# $$\Lambda^{-1/2}\, V^\top (w - \bar w)$$
#
# have covariance $\Lambda^{-1/2} V^\top C V \Lambda^{-1/2} = I$: a convolution with 12 fixed filters (the code has 0.5 for
# $\bar w$). A small number added to $\Lambda$ keeps noise from being blown up. ReLU would lose what is negative, so each
# filter comes with both signs: 24.


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
for name, numbers in (
    ("pixels", patches(some_photos, (2, 2)).reshape(-1, 12)),
    ("whitened", white),
):
    correlations = np.abs(np.corrcoef(numbers.T) - np.eye(12))
    print(f"largest correlation of two of the 12 numbers, {name}: {correlations.max():.2f}")


def show_filters(filters, columns, title):
    """Two lines of filters (K, K, 3, F) in colour; grey is 0."""
    fig, axes = plt.subplots(2, columns, figsize=(columns, 2.5))
    fig.suptitle(title, x=0.01, ha="left")
    for ax, one in zip(axes.flat, np.moveaxis(filters, -1, 0), strict=False):
        ax.imshow(0.5 + 0.5 * one / np.abs(one).max())
        ax.axis("off")
    plots.show(fig)


STEM = whitening(some_photos, floor=6e-4)
show_filters(STEM, 6, "The 12 filters, from the smallest variance to the largest")

# %% [markdown]
# The last one is brightness, by far the largest variance: it is divided by most. Before it come one colour against its
# opposite, then top against bottom, left against right. The first are fine coloured patterns that photographs hardly have.


# %% [markdown]
# **Smoothed labels.** The truth becomes 0.91 on the label and 0.01 on each other class: so no score needs to grow
# for ever (Szegedy et al., 2016).
#
# ### The measurement
#
# Each step trains anew, from the same seed, on the same pictures, for as many epochs; in the fast profile with half the
# printed filters, and after normalisation two steps at a time. Then its accuracy on the training pictures, as they were
# shown, and on the validation pictures.


# %% tags=["recipe"]
STEPS = {  # each is added to those before
    "as printed": {},
    "normalisation": {"normalise": True},
    "one cycle": {"one_cycle": True},
    "flips and crops": {"padding": 2},
    "residual blocks": {"pad": True, "blocks": True},
    "whitened stem": {"stem": True},
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
    fit = training.fit(model, *shown, epochs=epochs, **settings)
    exact = network(filters, name=name, **options)  # in float32
    exact.set_weights(model.get_weights())
    return exact, fit


# %%
FILTERS = run.pick(fast=(16, 32, 64), full=PRINTED)
EPOCHS, BATCH_SIZE = run.pick(fast=(4, 64), full=(6, 256))
checked_truths = x_validation, keras.utils.to_categorical(y_validation, 10)
settings = {
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "seed": run.seed,
    "precision": PRECISION,
}
settings |= {"validation_data": checked_truths, "validation_freq": EPOCHS}
measured = dict(STEPS)
if run.profile == "fast":  # fewer trainings: two steps at a time, the last one not at all
    del measured["smoothed labels"]
    join = {
        "cycle and crops": ("one cycle", "flips and crops"),
        "blocks and stem": ("residual blocks", "whitened stem"),
    }
    for both, (one, other) in join.items():
        measured[both] = measured.pop(one) | measured.pop(other)
options, networks, fits = {}, {}, {}
for step, added in measured.items():
    options |= added
    networks[step], fits[step] = train_step(step, options, FILTERS, x, y, **settings)

# %%
on_training = {step: fit.history["accuracy"][-1] for step, fit in fits.items()}
on_validation = {step: fit.history["val_accuracy"][-1] for step, fit in fits.items()}
previous = None
print(f"{'':>16}   weights  s an epoch  training  validation   gain")
for step, fit in fits.items():
    gain = f"{on_validation[step] - on_validation[previous]:+.3f}" if previous else ""
    weights = sum(keras.ops.size(v) for v in networks[step].trainable_variables)
    print(
        f"{step:>16} {weights:>9,} {fit.seconds / EPOCHS:>11.1f} "
        f"{on_training[step]:>9.3f} {on_validation[step]:>11.3f} {gain:>6}"
    )
    previous = step
best = max(on_validation, key=on_validation.get)
chance = np.sqrt(2 * 0.25 / CHECKED)  # of a difference, at most: its standard deviation
print(f"best: {best}; by the luck of the pictures a gain is off by ± {chance:.3f}")
if REAL:
    assert on_validation["normalisation"] > on_validation["as printed"] + 0.02
    cropped = run.pick(fast="cycle and crops", full="flips and crops")
    assert on_validation[cropped] > on_validation["normalisation"] + 0.02
    assert run.profile == "full" or on_training[cropped] < on_training["normalisation"]
    assert on_validation[best] > on_validation["as printed"] + 0.1

# %%
fig, ax = plt.subplots(figsize=(7, 4))
for shares_of, style, label in (
    (on_training, "o--", "training"),
    (on_validation, "o-", "validation"),
):
    ax.plot(list(shares_of.values()), range(len(fits)), style, color=plots.BLUE, label=label)
ax.set(yticks=range(len(fits)), yticklabels=fits, xlabel="accuracy")
ax.invert_yaxis()
ax.set_title("Normalisation fits the training pictures, flips and crops close the gap")
ax.legend()
plots.show(fig)

# %% [markdown]
# Normalisation lets the network fit the pictures, far better those that it is trained on. One cycle with flips and crops
# takes from that and gives to the validation pictures. In four epochs of so few pictures, blocks and stem gain no more
# than luck can give. A strict rule would take them out; but they are for longer runs.
#
# `python tests/benchmarks/cifar10.py --steps` measures each step with all 50,000 pictures: there the blocks gain much,
# and smoothed labels no more than chance ([its table](../tests/benchmarks/cifar10_steps.md)). From here on we take the
# best on the validation pictures; as the best of several it is a little flattered there (lesson 05).

# %% [markdown]
# Is the model ever held up, waiting for a batch to be mirrored and shifted? A thread prepares the next ones while it
# trains. That is enough if preparing takes less time than a training step.

# %%
batches = Batches(x, keras.utils.to_categorical(y, 10), BATCH_SIZE, 2, run.seed)
begin = time.perf_counter()
for number in range(20):
    batches[number]
preparing = (time.perf_counter() - begin) / 20
training_step = fits[best].seconds / EPOCHS / len(batches)
print(f"preparing a batch takes {preparing / training_step:.0%} of the time of a training step")
assert preparing < training_step

# %% [markdown]
# ## What has it learned?
#
# First the filters of the first layer of the network as printed: they have three channels, so they can be shown in
# colour. Then the maps of one picture, after each stage of the best network.

# %%
first_filters = printed[PRINTED].layers[2].get_weights()[0]  # (3, 3, 3, 32)
show_filters(first_filters, 8, "The first 16 filters, as printed")

# %%
final = networks[best]
stages = [f"stage_{number}" for number in range(1, len(FILTERS) + 1)]
inside = keras.Model(final.inputs[0], [final.get_layer(stage).output for stage in stages])
guesses = final.predict(x_validation, verbose=0).argmax(axis=1)
ship = np.flatnonzero((y_validation == THINGS.index("ship")) & (guesses == y_validation))[0]
fig, axes = plt.subplots(len(FILTERS), 8, figsize=(10, 1.4 * len(FILTERS)))
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
# After so few updates the printed network's filters look like the noise that they began with; more training gives them
# edges and colours: try the full profile. The first stage's maps still show the ship: its outline, the bright sky.
# Further on they get smaller, and say where something is rather than what it looks like.

# %% [markdown]
# ### Where does it look?
#
# **Grad-CAM** (Selvaraju et al., 2017) asks which places speak for a class. Take the maps $A_k$ of a stage, and the
# score $s$ of the class. How much does $s$ grow with map $k$, on average over its places? The maps, weighted by that and
# added, give one map; what is negative speaks against the class, and is cut off:
#
# $$\alpha_k = \frac{1}{hw} \sum_{i,j} \frac{\partial s}{\partial A_{ijk}} \qquad M_{ij} = \max\Bigl(0,\; \sum_k \alpha_k A_{ijk}\Bigr)$$


# %%
middle_and_scores = keras.Model(
    final.inputs[0], [final.get_layer("stage_2").output, final.output]
)


def grad_cam(pictures, classes):
    """Pictures (N, 32, 32, 3) and a class for each -> maps M (N, h, w), alpha and A."""
    with tf.GradientTape() as tape:
        A, scores = middle_and_scores(pictures, training=False)  # (N, h, w, maps), (N, 10)
        chosen = tf.reduce_sum(tf.gather(scores, classes, axis=1, batch_dims=1))
    alpha = tf.reduce_mean(tape.gradient(chosen, A), axis=(1, 2)).numpy()  # (N, maps)
    A = A.numpy()
    return np.maximum(np.einsum("nhwk,nk->nhw", A, alpha), 0), alpha, A


# By hand: raise a whole map by a little, and see what the score does. Its slope is h w alpha.
head = keras.Model(final.get_layer("stage_2").output, final.output)
_, alpha, A = grad_cam(x_validation[ship : ship + 1], guesses[ship : ship + 1])
one_map = 1e-2 * np.eye(A.shape[-1])[:, None, None]  # (maps, 1, 1, maps)
raised, lowered = A + one_map, A - one_map
slopes = (head(raised) - head(lowered)).numpy()[:, guesses[ship]] / 2e-2
by_differences = slopes / A[0, ..., 0].size
off = np.abs(by_differences - alpha[0]) / np.abs(alpha).max()
print(f"alpha by hand and by gradient: median difference {np.median(off):.1%} of the largest")
assert np.median(off) < 0.05  # ReLU and pooling bend here and there

# %%
sure = keras.ops.softmax(final.predict(x_validation, verbose=0)).numpy().max(axis=1)
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
# It is not always the thing itself that is bright: what stands around it speaks, too. And a bright place is only a claim.
# To test it, paint a grey square over the brightest place, or over that of another picture. If the map is right, the
# score falls more with the first.


# %%
def paint_over(pictures, places, side, half=5):
    """Pictures with a grey square of 2 · half pixels about a place (down, across) of a map."""
    result = pictures.copy()
    middles = np.round((np.transpose(places) + 0.5) * 32 / side).astype(int)
    for picture, (down, across) in zip(result, middles, strict=True):
        top, left = max(0, down - half), max(0, across - half)
        picture[top : down + half, left : across + half] = 128
    return result


covered = np.flatnonzero(guesses == y_validation)[:300]
M = grad_cam(x_validation[covered], guesses[covered])[0]
everyone, spoken_for = np.arange(len(covered)), guesses[covered]
brightest = np.divmod(M.reshape(len(M), -1).argmax(axis=1), M.shape[2])
falls = {}
anothers = np.array(brightest)[:, rng.permutation(len(covered))]
for name, places in (("own", brightest), ("another's", anothers)):
    hidden = paint_over(x_validation[covered], places, M.shape[1])
    change = final.predict(x_validation[covered], verbose=0) - final.predict(hidden, verbose=0)
    falls[name] = change[everyone, spoken_for].mean()
    print(f"with {name} brightest place painted over, the score falls by {falls[name]:.2f}")
if REAL:
    assert falls["own"] > falls["another's"]

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
ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
for line, column in np.ndindex(10, 10):
    colour = "white" if shares[line, column] > 0.5 else "black"
    number = f"{100 * shares[line, column]:.0f}"
    ax.text(column, line, number, ha="center", va="center", color=colour, fontsize=8)
ax.set(xticks=range(10), yticks=range(10), yticklabels=THINGS, xlabel="guess", ylabel="truth")
ax.set_xticklabels(THINGS, rotation=45, ha="right")
ax.set_title("Of each kind, per cent that were taken for which")
plots.show(fig)
animal = np.isin(THINGS, ["bird", "cat", "deer", "dog", "frog", "horse"])
errors = confusion * (1 - np.eye(10, dtype=int))
within = sum(errors[np.ix_(group, group)].sum() for group in (animal, ~animal)) / errors.sum()
# Were an error equally likely to be any other kind: 5 of 9 within animals, 3 of 9 within vehicles.
by_chance = (errors[animal].sum() * 5 + errors[~animal].sum() * 3) / 9 / errors.sum()
print(
    f"errors that stay among animals or among vehicles: {within:.2f}, by chance {by_chance:.2f}"
)
pairs = np.triu(shares + shares.T, k=1)
for place in np.argsort(-pairs, axis=None)[:3]:
    one, other_kind = np.unravel_index(place, pairs.shape)
    print(
        f"{THINGS[one]} and {THINGS[other_kind]}: {pairs[one, other_kind]:.2f}, both ways added"
    )
if REAL:
    assert within > by_chance + 0.1

# %% [markdown]
# On CIFAR-10 most errors stay among the animals or among the vehicles: what looks alike is confused.

# %% [markdown]
# ## Once, on the test data
#
# One more idea costs no training: add the scores of a picture and of its mirror image.


# %%
def right_on(model, pictures, labels, mirrored=False):
    """Which pictures are right, (N,) of bool."""
    scores = model.predict(pictures, batch_size=500, verbose=0)
    if mirrored:
        scores = scores + model.predict(pictures[:, :, ::-1], batch_size=500, verbose=0)
    return scores.argmax(axis=1) == labels


gain = right_on(final, *checked, mirrored=True).mean() - (guesses == y_validation).mean()
print(f"mirror image, on the validation pictures: {gain:+.3f}")

# %% tags=["headline"]
TESTED = run.pick(fast=2000, full=10_000)
test_pictures = x_test[:TESTED], y_test[:TESTED]
hits = {
    "as printed, all filters": right_on(printed[PRINTED], *test_pictures),
    "best step": right_on(final, *test_pictures),
    "best step, mirrored too": right_on(final, *test_pictures, mirrored=True),
}
for name, correct in hits.items():
    print(f"{name}: {correct.mean():.3f} of {TESTED:,} test pictures right")
draws = np.random.default_rng(run.seed).integers(TESTED, size=(2000, TESTED))
difference = hits["best step"].astype(float) - hits["as printed, all filters"]
low, high = np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])
print(f"best step over printed: 95 % of the draws gain {low:+.3f} to {high:+.3f}")
if REAL:
    assert low > 0.03

# %% [markdown]
# The interval covers the luck of the test pictures, not that of the seed.
#
# ### With all 50,000
#
# So much do two thousand pictures, half the filters and a few seconds give: a rehearsal. `python
# tests/benchmarks/cifar10.py` runs this lesson's code on all of them: the printed recipe with its ten epochs, and ours
# for as long. Its [last result](../tests/benchmarks/cifar10.md) stands beside it. On a GPU, or with
# `COURSE_PROFILE=full`, the lesson itself trains on 45,000, with all filters.

# %% [markdown]
# ## What to keep
#
# - A convolution is a sum over a window, with the same weights everywhere: what is learned in one place is known in all.
#   Keras computes a cross-correlation, plus a bias, over all channels.
# - Shapes: $\lfloor (H - K)/s \rfloor + 1$ without padding, $\lceil H/s \rceil$ with `"same"`. Pooling makes maps smaller.
# - Sharing is knowledge of the data. Without neighbours it is a burden.
# - Change little at a time, from the same seed, and measure it. What helps in a long run need not show in a short one.
# - Look at what the model does, and test what you think you see.
#
# Next: the [exercises](exercises/06_cnn_cifar10.ipynb), then lesson 07, where words become vectors.

# %% [markdown]
# ### Sources
#
# - Data: Fashion-MNIST as in lesson 03; CIFAR-10: Krizhevsky (2009); its stand-in: see [datasets](../datasets/README.md).
# - Convolution, sharing, pooling: Goodfellow, Bengio, Courville, *Deep Learning* (2016), chapter 9; LeCun et al.
#   (1998). Shapes: Dumoulin & Visin (2016), [arXiv:1603.07285](https://arxiv.org/abs/1603.07285). im2col: Chellapilla,
#   Puri, Simard (2006), *High performance convolutional neural networks for document processing*.
# - Shifts: Azulay & Weiss (2019), JMLR 20(184).
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
# tells what is likely wrong; run it as often as you like. `hint("06.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../06_cnn_cifar10.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

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

    A picture gets `padding` zeros on each of its four sides (the lesson mirrors the border
    instead). Of that a window of H x W is cut out; all (2 * padding + 1)**2 places are
    equally likely.

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
