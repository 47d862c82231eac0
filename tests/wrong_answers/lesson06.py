"""Answers to the exercises of lesson 06."""

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.wrong_answers import right, wrong

# --- 06.1 ----------------------------------------------------------------------------------------------


def layer(x, kernel, bias, stride, shape=None, start=None, inside=0):
    """A layer in loops; `shape` and `start` are what goes wrong with the windows, `inside` is added in the sum."""
    K_h, K_w = kernel.shape[:2]
    rows, columns = shape or ((x.shape[1] - K_h) // stride + 1, (x.shape[2] - K_w) // stride + 1)
    out = np.zeros((len(x), rows, columns, kernel.shape[3]))
    for m, n in np.ndindex(rows, columns):
        top, left = start(m, n) if start else (m * stride, n * stride)
        window = x[:, top : top + K_h, left : left + K_w, :, None]
        out[:, m, n] = (window * kernel + inside).sum(axis=(1, 2, 3)) + bias
    return out


@right("06.1")
def conv2d_by_einsum(x, kernel, bias, stride):
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nhwcij,ijcf->nhwf", windows, kernel) + bias


@right("06.1")
def conv2d_in_lists(x, kernel, bias, stride):
    K_h, K_w, C_in, C_out = kernel.shape

    def output(picture, top, left, f):
        total = bias[f]
        for i, j, c in np.ndindex(K_h, K_w, C_in):
            total += picture[top + i, left + j, c] * kernel[i, j, c, f]
        return total

    tops, lefts = range(0, x.shape[1] - K_h + 1, stride), range(0, x.shape[2] - K_w + 1, stride)
    return [[[[output(p, t, s, f) for f in range(C_out)] for s in lefts] for t in tops] for p in x]


@right("06.1")
def conv2d_by_shifts_in_float32(x, kernel, bias, stride):
    x, kernel = x.astype("float32"), kernel.astype("float32")
    K_h, K_w = kernel.shape[:2]
    H, W = x.shape[1] - K_h + 1, x.shape[2] - K_w + 1
    total = sum(x[:, i : i + H, j : j + W] @ kernel[i, j] for i in range(K_h) for j in range(K_w))
    return (total + bias.astype("float32"))[:, ::stride, ::stride]


@right("06.1")
def conv2d_by_columns(x, kernel, bias, stride):
    K_h, K_w, C_in, C_out = kernel.shape
    rows, columns = (x.shape[1] - K_h) // stride + 1, (x.shape[2] - K_w) // stride + 1
    top = stride * np.arange(rows)[:, None, None, None] + np.arange(K_h)[:, None]
    left = stride * np.arange(columns)[:, None, None] + np.arange(K_w)
    table = x[:, top, left].reshape(-1, K_h * K_w * C_in)  # a row for each window
    return (table @ kernel.reshape(-1, C_out) + bias).reshape(len(x), rows, columns, C_out)


@right("06.1")
def conv2d_by_keras(x, kernel, bias, stride):
    import keras

    return keras.ops.conv(x, kernel, strides=stride, padding="valid") + bias


@wrong("06.1", says="That is true convolution")
def flipped_kernel(x, kernel, bias, stride):
    return layer(x, kernel[::-1, ::-1], bias, stride)


@wrong("06.1", says="The kernel is upside down")
def kernel_upside_down(x, kernel, bias, stride):
    return layer(x, kernel[::-1], bias, stride)


@wrong("06.1", says="The bias is missing")
def without_bias(x, kernel, bias, stride):
    return layer(x, kernel, 0, stride)


@wrong("06.1", says="once for each channel")
def bias_of_each_channel(x, kernel, bias, stride):
    return sum(layer(x[..., c : c + 1], kernel[:, :, c : c + 1], bias, stride) for c in range(x.shape[3]))


@wrong("06.1", says="once for each weight")
def bias_in_the_sum(x, kernel, bias, stride):
    return layer(x, kernel, 0, stride, inside=bias)


@wrong("06.1", says="The stride is missing")
def without_stride(x, kernel, bias, stride):
    return layer(x, kernel, bias, 1)


@wrong("06.1", says="not for the rows alone")
def stride_of_rows(x, kernel, bias, stride):
    return layer(x, kernel, bias, 1)[:, ::stride]


@wrong("06.1", says="not for the columns alone")
def stride_of_columns(x, kernel, bias, stride):
    return layer(x, kernel, bias, 1)[:, :, ::stride]


@wrong("06.1", says="begins at pixel")
def windows_side_by_side(x, kernel, bias, stride):
    return layer(x, kernel, bias, stride, start=lambda m, n: (m, n))


@wrong("06.1", says="That is the first channel alone")
def first_channel(x, kernel, bias, stride):
    return layer(x[..., :1], kernel[:, :, :1], bias, stride)


@wrong("06.1", says="not averaged")
def mean_of_channels(x, kernel, bias, stride):
    return layer(x / x.shape[3], kernel, bias, stride)


@wrong("06.1", says="Rows and columns of the kernel are exchanged")
def kernel_transposed(x, kernel, bias, stride):
    return layer(x, kernel.transpose(1, 0, 2, 3), bias, stride)


@wrong("06.1", says="channels of the kernel are exchanged")
def channels_exchanged(x, kernel, bias, stride):
    if kernel.shape[2] == kernel.shape[3]:
        kernel = kernel.transpose(0, 1, 3, 2)
    return layer(x, kernel, bias, stride)


@wrong("06.1", says="One row and one column too few")
def one_too_few(x, kernel, bias, stride):
    shape = (x.shape[1] - kernel.shape[0]) // stride, (x.shape[2] - kernel.shape[1]) // stride
    return layer(x, kernel, bias, stride, shape)


@wrong("06.1", says="No padding here")
def one_too_many(x, kernel, bias, stride):
    shape = (x.shape[1] - kernel.shape[0]) // stride + 2, (x.shape[2] - kernel.shape[1]) // stride + 2
    return layer(np.pad(x, ((0, 0), (0, 9), (0, 9), (0, 0))), kernel, bias, stride, shape)


@wrong("06.1", says="there are (H - K_h) // stride + 1 rows")
def rows_and_columns_of_the_picture(x, kernel, bias, stride):
    shape = (x.shape[2] - kernel.shape[0]) // stride + 1, (x.shape[1] - kernel.shape[1]) // stride + 1
    return layer(x, kernel, bias, stride, shape)


@wrong("06.1", says="Rows and columns of the picture are exchanged")
def picture_transposed(x, kernel, bias, stride):
    return layer(x.transpose(0, 2, 1, 3), kernel, bias, stride)


@wrong("06.1", says="No padding here")
def same_padding(x, kernel, bias, stride):
    K_h, K_w = kernel.shape[:2]
    around = ((0, 0), ((K_h - 1) // 2, K_h // 2), ((K_w - 1) // 2, K_w // 2), (0, 0))
    return layer(np.pad(x, around), kernel, bias, stride)


@wrong("06.1", says="That is the first picture alone")
def first_picture(x, kernel, bias, stride):
    return layer(x[:1], kernel, bias, stride)


@wrong("06.1", says="without its axis")
def picture_without_axis(x, kernel, bias, stride):
    return layer(x, kernel, bias, stride)[0]


@wrong("06.1", says="over the pictures too")
def sum_of_pictures(x, kernel, bias, stride):
    return np.repeat(layer(x.sum(axis=0, keepdims=True), kernel, bias, stride), len(x), axis=0)


@wrong("06.1", says="top-left pixels")
def formula_as_printed(x, kernel, bias, stride):
    K_h, K_w, _, C_out = kernel.shape
    shape = (x.shape[1] - K_h) // stride + 1, (x.shape[2] - K_w) // stride + 1
    out = np.zeros((len(x), *shape, C_out)) + bias
    for m, n, i, j in np.ndindex(*shape, K_h, K_w):
        if 0 <= m - i < K_h and 0 <= n - j < K_w:
            out[:, m, n] += x[:, i, j] @ kernel[m - i, n - j]
    return out


@wrong("06.1", says="stopped with IndexError")
def formula_as_printed_without_limits(x, kernel, bias, stride):
    K_h, K_w, _, C_out = kernel.shape
    shape = (x.shape[1] - K_h) // stride + 1, (x.shape[2] - K_w) // stride + 1
    out = np.zeros((len(x), *shape, C_out)) + bias
    for m, n, i, j in np.ndindex(*shape, K_h, K_w):
        out[:, m, n] += x[:, i, j] @ kernel[m - i, n - j]
    return out


@wrong("06.1", says="No activation")
def with_relu(x, kernel, bias, stride):
    return np.maximum(layer(x, kernel, bias, stride), 0)


@wrong("06.1", says="The filters come last")
def channels_first(x, kernel, bias, stride):
    return layer(x, kernel, bias, stride).transpose(0, 3, 1, 2)


@wrong("06.1", says="in place")
def bias_in_place(x, kernel, bias, stride):
    kernel *= 2
    return layer(x, kernel / 2, bias, stride)


# --- 06.2 ----------------------------------------------------------------------------------------------


def slide(x, kernel):
    """Cross-correlation."""
    return np.einsum("mnij,ij->mn", sliding_window_view(x, kernel.shape), kernel)


def with_zeros(x, kernel):
    """The picture with all that a kernel may touch around it."""
    K, L = kernel.shape
    return np.pad(x, ((K - 1, K - 1), (L - 1, L - 1)))


@right("06.2")
def convolve_by_its_formula(x, kernel):
    K, L = kernel.shape
    out = np.zeros((x.shape[0] - K + 1, x.shape[1] - L + 1))
    for m, n in np.ndindex(out.shape):
        for i, j in np.ndindex(K, L):
            out[m, n] += kernel[i, j] * x[m + K - 1 - i, n + L - 1 - j]
    return out


@right("06.2")
def convolve_in_lists(x, kernel):
    turned = np.rot90(kernel, 2)
    K, L = kernel.shape
    return [
        [float((x[m : m + K, n : n + L] * turned).sum()) for n in range(x.shape[1] - L + 1)]
        for m in range(x.shape[0] - K + 1)
    ]


@right("06.2")
def convolve_by_fourier(x, kernel):
    K, L = kernel.shape
    around = np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real
    return around[K - 1 :, L - 1 :]


@right("06.2")
def convolve_in_float32(x, kernel):
    return slide(x.astype("float32"), np.flip(kernel).astype("float32"))


@wrong("06.2", says="That is cross-correlation")
def not_flipped(x, kernel):
    return slide(x, kernel)


@wrong("06.2", says="flip the columns too")
def flipped_rows(x, kernel):
    return slide(x, np.flipud(kernel))


@wrong("06.2", says="flip the rows too")
def flipped_columns(x, kernel):
    return slide(x, np.fliplr(kernel))


@wrong("06.2", says="A transpose is no flip")
def transposed(x, kernel):
    return slide(x, kernel.T)


@wrong("06.2", says="A transpose is no flip")
def transposed_and_flipped(x, kernel):
    return slide(x, kernel.T[::-1, ::-1])


@wrong("06.2", says="quarter turn")
def quarter_turn(x, kernel):
    return slide(x, np.rot90(kernel))


@wrong("06.2", says="not the picture")
def picture_flipped(x, kernel):
    return slide(x[::-1, ::-1], kernel)


@wrong("06.2", says="both flipped")
def both_flipped(x, kernel):
    return slide(x[::-1, ::-1], kernel[::-1, ::-1])


@wrong("06.2", says="all places where the kernel touches")
def full(x, kernel):
    return slide(with_zeros(x, kernel), kernel[::-1, ::-1])


@wrong("06.2", says="No padding here")
def of_the_same_size(x, kernel):
    K, L = kernel.shape
    rows, columns = (K - 1) // 2, (L - 1) // 2
    return full(x, kernel)[rows : rows + x.shape[0], columns : columns + x.shape[1]]


@wrong("06.2", says="hangs over the edge")
def first_places(x, kernel):
    return full(x, kernel)[: x.shape[0] - kernel.shape[0] + 1, : x.shape[1] - kernel.shape[1] + 1]


@wrong("06.2", says="Negative indices")
def negative_indices(x, kernel):
    K, L = kernel.shape
    out = np.zeros((x.shape[0] - K + 1, x.shape[1] - L + 1))
    for m, n in np.ndindex(out.shape):
        for i, j in np.ndindex(K, L):
            out[m, n] += kernel[i, j] * x[m - i, n - j]
    return out


@wrong("06.2", says="wraps round")
def circular(x, kernel):
    return np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real


@wrong("06.2", says="top-left pixels")
def printed(x, kernel):
    K, L = kernel.shape
    out = np.zeros((x.shape[0] - K + 1, x.shape[1] - L + 1))
    for m, n in np.ndindex(out.shape):
        for i, j in np.ndindex(K, L):
            if 0 <= m - i < K and 0 <= n - j < L:
                out[m, n] += x[i, j] * kernel[m - i, n - j]
    return out


@wrong("06.2", says="One row and one column too few")
def too_few_places(x, kernel):
    return slide(x[:-1, :-1], kernel[::-1, ::-1])


# --- 06.3 ----------------------------------------------------------------------------------------------


def pool(x, size, stride, largest=np.max):
    """Pooling; `size` and `stride` may be pairs."""
    (height, width), (down, along) = np.broadcast_to(size, 2), np.broadcast_to(stride, 2)
    tops, lefts = range(0, x.shape[1] - height + 1, down), range(0, x.shape[2] - width + 1, along)
    parts = [[largest(x[:, t : t + height, s : s + width], axis=(1, 2)) for s in lefts] for t in tops]
    return np.array(parts).transpose(2, 0, 1, 3)


@right("06.3")
def max_pool_by_windows(x, size, stride):
    return sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride].max(axis=(4, 5))


@right("06.3")
def max_pool_by_shifts(x, size, stride):
    H, W = x.shape[1] - size + 1, x.shape[2] - size + 1
    shifts = [x[:, i : i + H, j : j + W] for i in range(size) for j in range(size)]
    return np.maximum.reduce(shifts)[:, ::stride, ::stride].astype("float32")


@right("06.3")
def max_pool_in_lists(x, size, stride):
    out = []
    for picture in x.tolist():
        rows = []
        for top in range(0, len(picture) - size + 1, stride):
            rows.append([])
            for left in range(0, len(picture[0]) - size + 1, stride):
                window = [pixel for row in picture[top : top + size] for pixel in row[left : left + size]]
                rows[-1].append([max(values) for values in zip(*window, strict=True)])
        out.append(rows)
    return out


@right("06.3")
def max_pool_by_keras(x, size, stride):
    import keras

    return keras.ops.max_pool(x, size, stride)


@wrong("06.3", says="That is the mean")
def mean_pool(x, size, stride):
    return pool(x, size, stride, np.mean)


@wrong("06.3", says="Negative values have become 0")
def begun_with_zero(x, size, stride):
    out = np.zeros(pool(x, size, stride).shape)
    for i, j in np.ndindex(size, size):
        part = x[:, i::stride, j::stride][:, : out.shape[1], : out.shape[2]]
        out = np.maximum(out, part)
    return out


@wrong("06.3", says="The stride is missing")
def one_pixel_on(x, size, stride):
    return pool(x, size, 1)


@wrong("06.3", says="not by its own size")
def side_by_side(x, size, stride):
    return pool(x, size, size)


@wrong("06.3", says="`stride` is how far it moves")
def as_large_as_the_stride(x, size, stride):
    return pool(x, stride, stride)


@wrong("06.3", says="not for the rows alone")
def rows_moved(x, size, stride):
    return pool(x, size, (stride, 1))


@wrong("06.3", says="not at (m, n)")
def windows_at_m_and_n(x, size, stride):
    return pool(x, size, 1)[:, : (x.shape[1] - size) // stride + 1, : (x.shape[2] - size) // stride + 1]


@wrong("06.3", says="no maximum over the channels")
def over_channels(x, size, stride):
    return pool(x, size, stride).max(axis=-1)


@wrong("06.3", says="no maximum over the channels")
def over_channels_for_all(x, size, stride):
    out = np.zeros(pool(x, size, stride).shape)
    for m, n in np.ndindex(out.shape[1:3]):
        window = x[:, m * stride : m * stride + size, n * stride : n * stride + size]
        out[:, m, n] = window.max(axis=(1, 2, 3))[:, None]
    return out


@wrong("06.3", says="no maximum over the pictures")
def over_pictures(x, size, stride):
    return np.repeat(pool(x, size, stride).max(axis=0, keepdims=True), len(x), axis=0)


@wrong("06.3", says="hangs over the edge is left out")
def parts_of_windows(x, size, stride):
    tops, lefts = range(0, x.shape[1], stride), range(0, x.shape[2], stride)
    parts = [[x[:, t : t + size, s : s + size].max(axis=(1, 2)) for s in lefts] for t in tops]
    return np.array(parts).transpose(2, 0, 1, 3)


@wrong("06.3", says="hangs over the edge is left out")
def zeros_at_the_edge(x, size, stride):
    after = [(0, max(0, (n - 1) // stride * stride + size - n)) for n in x.shape[1:3]]
    return pool(np.pad(x, ((0, 0), *after, (0, 0))), size, stride)


@wrong("06.3", says="windows that fit")
def zeros_all_around(x, size, stride):
    return pool(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), size, stride)


@wrong("06.3", says="windows that fit")
def by_reshape(x, size, stride):
    N, H, W, C = x.shape
    return x.reshape(N, H // size, size, W // size, size, C).max(axis=(2, 4))


@wrong("06.3", says="reshape mixes the windows")
def by_a_mixed_reshape(x, size, stride):
    N, H, W, C = x.shape
    rows, columns = H // size, W // size
    return x[:, : rows * size, : columns * size].reshape(N, size, rows, size, columns, C).max(axis=(1, 3))


@wrong("06.3", says="in the rows alone")
def rows_pooled(x, size, stride):
    return pool(x, (size, 1), (stride, 1))


@wrong("06.3", says="first column of each window")
def a_column_of_each_window(x, size, stride):
    out = pool(x, size, stride)
    for m, n in np.ndindex(out.shape[1:3]):
        out[:, m, n] = x[:, m * stride : m * stride + size, n * stride].max(axis=1)
    return out


@wrong("06.3", says="of the whole picture")
def whole_picture(x, size, stride):
    return x.max(axis=(1, 2))


@wrong("06.3", says="One row and one column too few")
def last_window_lost(x, size, stride):
    return pool(x, size, stride)[:, :-1, :-1]


# --- 06.4 ----------------------------------------------------------------------------------------------


def count(size, channels, filters, kernel_size, classes, weights=None, after=None, last=None):
    """Parameters; the functions `weights` (inputs, outputs), `after` (size) and `last` (size, inputs) go wrong."""
    total, inputs = 0, channels
    for outputs in filters:
        total += weights(inputs, outputs) if weights else kernel_size**2 * inputs * outputs + outputs
        size = after(size) if after else (size - kernel_size + 1) // 2
        inputs = outputs
    return total + (last(size, inputs) if last else size**2 * inputs * classes + classes)


@right("06.4")
def count_by_the_windows(size, channels, filters, kernel_size, classes):
    total = 0
    for inputs, outputs in zip([channels, *filters], filters, strict=False):
        total += outputs * (1 + inputs * kernel_size * kernel_size)
        size = len(range(0, len(range(size - kernel_size + 1)) - 1, 2))
    return total + classes * (filters[-1] * size * size + 1)


@right("06.4")
def count_from_the_end(size, channels, filters, kernel_size, classes):
    if not filters:
        return (size**2 * channels + 1) * classes
    here = (kernel_size**2 * channels + 1) * filters[0]
    rest = np.array(filters[1:], dtype=int)
    return here + count_from_the_end(
        (size - kernel_size + 1) // 2, filters[0], rest.tolist(), kernel_size, classes
    )


@functools.cache
def counted_by_keras(size, channels, filters, kernel_size, classes):
    import keras
    from keras import layers

    total, shape = 0, (1, size, size, channels)
    for layer in (*(layers.Conv2D(outputs, kernel_size) for outputs in filters), layers.Dense(classes)):
        if isinstance(layer, layers.Dense):
            shape = layers.Flatten().compute_output_shape(shape)
        with keras.StatelessScope():
            layer.build(shape)
        total += layer.count_params()
        shape = layer.compute_output_shape(shape)
        if isinstance(layer, layers.Conv2D):
            shape = layers.MaxPooling2D(2).compute_output_shape(shape)
    return total


@right("06.4")
def count_by_keras(size, channels, filters, kernel_size, classes):
    return counted_by_keras(size, channels, tuple(filters), kernel_size, classes)


@wrong("06.4", says="The biases are missing")
def without_biases(size, channels, filters, kernel_size, classes):
    return count(
        size, channels, filters, kernel_size, classes,
        weights=lambda inputs, outputs: kernel_size**2 * inputs * outputs,
        last=lambda size, inputs: size**2 * inputs * classes,
    )  # fmt: skip


@wrong("06.4", says="biases of the convolutions")
def without_biases_of_filters(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, weights=lambda i, o: kernel_size**2 * i * o)


@wrong("06.4", says="biases of the dense layer")
def without_biases_of_classes(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes) - classes


@wrong("06.4", says="The pooling is missing")
def without_pooling(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, after=lambda n: n - kernel_size + 1)


@wrong("06.4", says="followed by pooling too")
def without_the_last_pooling(size, channels, filters, kernel_size, classes):
    steps = iter([2] * (len(filters) - 1) + [1])
    return count(
        size, channels, filters, kernel_size, classes, after=lambda n: (n - kernel_size + 1) // next(steps)
    )


@wrong("06.4", says="Without padding")
def with_padding(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, after=lambda n: n // 2)


@wrong("06.4", says="one more than you have")
def one_pixel_too_few(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, after=lambda n: (n - kernel_size) // 2)


@wrong("06.4", says="not those of the picture")
def channels_of_the_picture(size, channels, filters, kernel_size, classes):
    return count(
        size,
        channels,
        filters,
        kernel_size,
        classes,
        weights=lambda _, o: (kernel_size**2 * channels + 1) * o,
    )


@wrong("06.4", says="for each channel that it reads")
def without_channels(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, weights=lambda _, o: (kernel_size**2 + 1) * o)


@wrong("06.4", says="A kernel is a square")
def kernel_once(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, weights=lambda i, o: kernel_size * i * o + o)


@wrong("06.4", says="3 x 3 kernels only")
def three_by_three(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, weights=lambda i, o: 9 * i * o + o)


@wrong("06.4", says="Flatten keeps every pixel")
def global_pooling(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, last=lambda _, i: i * classes + classes)


@wrong("06.4", says="rounds down")
def rounded_up(size, channels, filters, kernel_size, classes):
    return count(
        size, channels, filters, kernel_size, classes, after=lambda n: -(-(n - kernel_size + 1) // 2)
    )


@wrong("06.4", says="rounds down, at each layer")
def not_rounded(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, after=lambda n: (n - kernel_size + 1) / 2)


@wrong("06.4", says="The dense layer is missing")
def convolutions(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, last=lambda *_: 0)


@wrong("06.4", says="That is the dense layer alone")
def dense_layer(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, weights=lambda *_: 0)


@wrong("06.4", says="The last picture is a square")
def one_side_of_it(size, channels, filters, kernel_size, classes):
    return count(size, channels, filters, kernel_size, classes, last=lambda n, i: n * i * classes + classes)


@wrong("06.4", says="a count is an int")
def as_a_float(size, channels, filters, kernel_size, classes):
    return float(count(size, channels, filters, kernel_size, classes))


@wrong("06.4", says="After the last pooling")
def always_the_lessons(size, channels, filters, kernel_size, classes):
    return 98378


# --- 06.5 ----------------------------------------------------------------------------------------------


def moved(x, padding, mirror, rows, columns, **how):
    """The pictures mirrored where `mirror`, as windows at those rows and columns; `how` is how they are padded."""
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), **how)
    out = np.empty_like(x)
    for n, picture in enumerate(padded):
        top, left = rows[n], columns[n]
        window = picture[top : top + x.shape[1], left : left + x.shape[2]]
        out[n] = window[:, ::-1] if mirror[n] else window
    return out


def drawn(x, padding, rng):
    """The three draws of each picture."""
    N, places = len(x), 2 * padding + 1
    return rng.random(N) < 0.5, rng.integers(places, size=N), rng.integers(places, size=N)


@right("06.5")
def augment_at_once(x, padding, rng):
    N, H, W, _ = x.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    top, left = rng.integers(-padding, padding + 1, size=(2, N, 1, 1)) + padding
    out = padded[np.arange(N)[:, None, None], top + np.arange(H)[:, None], left + np.arange(W)]
    return np.where(rng.integers(2, size=(N, 1, 1, 1)), out[:, :, ::-1], out)


@right("06.5")
def augment_mirrored_first(x, padding, rng):
    out = []
    _, H, W, C = x.shape
    for picture in x:
        if rng.integers(2):
            picture = np.fliplr(picture)
        padded = np.zeros((H + 2 * padding, W + 2 * padding, C), x.dtype)
        padded[padding : padding + H, padding : padding + W] = picture
        top, left = divmod(rng.integers((2 * padding + 1) ** 2), 2 * padding + 1)
        out.append(padded[top : top + H, left : left + W])
    return out


@right("06.5")
def augment_without_padding(x, padding, rng):
    N, H, W, _ = x.shape
    out = np.zeros_like(x)
    shifts = np.floor(rng.uniform(-padding, padding + 1, size=(N, 2))).astype(int).tolist()
    for n, (down, along) in enumerate(shifts):
        picture = x[n, :, ::-1] if rng.uniform() > 0.5 else x[n]
        kept = picture[max(0, -down) : H - max(0, down), max(0, -along) : W - max(0, along)]
        out[n, max(0, down) : H - max(0, -down), max(0, along) : W - max(0, -along)] = kept
    return out


@wrong("06.5", says="serves the whole batch")
def one_draw_for_all(x, padding, rng):
    N = len(x)
    mirror, (row, column) = rng.random() < 0.5, rng.integers(2 * padding + 1, size=2)
    return moved(x, padding, [mirror] * N, [row] * N, [column] * N)


@wrong("06.5", says="One draw of the mirror serves")
def batch_mirrored(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, [rng.random() < 0.5] * len(x), rows, columns)


@wrong("06.5", says="One draw of the row serves")
def batch_shifted(x, padding, rng):
    mirror, *_ = drawn(x, padding, rng)
    row, column = rng.integers(2 * padding + 1, size=2)
    return moved(x, padding, mirror, [row] * len(x), [column] * len(x))


@wrong("06.5", says="mirror left and right")
def upside_down(x, padding, rng):
    mirror, rows, columns = drawn(x, padding, rng)
    return moved(
        np.where(mirror[:, None, None, None], x[:, ::-1], x), padding, [False] * len(x), rows, columns
    )


@wrong("06.5", says="colours are reversed")
def colours_reversed(x, padding, rng):
    mirror, rows, columns = drawn(x, padding, rng)
    return moved(np.where(mirror[:, None, None, None], x[..., ::-1], x), padding, mirror, rows, columns)


@wrong("06.5", says="ever mirrored")
def never_mirrored(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, [False] * len(x), rows, columns)


@wrong("06.5", says="Every picture is mirrored")
def always_mirrored(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, [True] * len(x), rows, columns)


@wrong("06.5", says="ever shifted")
def never_shifted(x, padding, rng):
    mirror, *_ = drawn(x, padding, rng)
    return moved(x, 0, mirror, [0] * len(x), [0] * len(x))


@wrong("06.5", says="The row of the window is always the same")
def shifted_sideways(x, padding, rng):
    mirror, _, columns = drawn(x, padding, rng)
    return moved(x, padding, mirror, [padding] * len(x), columns)


@wrong("06.5", says="Some places never come")
def last_place_left_out(x, padding, rng):
    if padding == 0:
        return x
    mirror, _, _ = drawn(x, padding, rng)
    rows, columns = rng.integers(-padding, padding, size=(2, len(x))) + padding
    return moved(x, padding, mirror, rows, columns)


@wrong("06.5", says="Some places never come")
def first_place_left_out(x, padding, rng):
    mirror, rows, _ = drawn(x, padding, rng)
    return moved(x, padding, mirror, rows, rng.integers(1, 2 * padding + 1, size=len(x)))


@wrong("06.5", says="instead of np.roll")
def rolled(x, padding, rng):
    out = []
    for picture, mirror, row, column in zip(x, *drawn(x, padding, rng), strict=True):
        picture = picture[:, ::-1] if mirror else picture
        out.append(np.roll(picture, (row - padding, column - padding), axis=(0, 1)))
    return np.array(out)


@wrong("06.5", says="The edge is repeated")
def edge_repeated(x, padding, rng):
    return moved(x, padding, *drawn(x, padding, rng), mode="edge")


@wrong("06.5", says="reflected at its edge")
def reflected(x, padding, rng):
    return moved(x, padding, *drawn(x, padding, rng), mode="reflect")


@wrong("06.5", says="by more than `padding` pixels")
def shifted_too_far(x, padding, rng):
    return moved(x, 2 * padding, *drawn(x, 2 * padding, rng))


@wrong("06.5", says="here one depends on another")
def one_draw_for_both_axes(x, padding, rng):
    mirror, rows, _ = drawn(x, padding, rng)
    return moved(x, padding, mirror, rows, rows)


@wrong("06.5", says="here one depends on another")
def mirrored_where_shifted_down(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    chance = rng.random(len(x)) < 0.5
    return moved(x, padding, np.where(rows == padding, chance, rows > padding), rows, columns)


@wrong("06.5", says="changed places")
def shuffled(x, padding, rng):
    return moved(x[rng.permutation(len(x))], padding, *drawn(x, padding, rng))


@wrong("06.5", says="from the rng given")
def own_generator(x, padding, rng):
    return moved(x, padding, *drawn(x, padding, np.random.default_rng(0)))


@wrong("06.5", says="same rng gave another result")
def from_the_global_generator(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, np.random.random(len(x)) < 0.5, rows, columns)  # noqa: NPY002


@wrong("06.5", says="draws of the mirror")
def mirror_from_an_own_generator(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, np.random.default_rng(1).random(len(x)) < 0.5, rows, columns)


@wrong("06.5", says="Those are the padded pictures")
def not_cut(x, padding, rng):
    mirror, *_ = drawn(x, padding, rng)
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    return np.where(mirror[:, None, None, None], padded[:, :, ::-1], padded)


@wrong("06.5", says="keep the type")
def as_floats(x, padding, rng):
    return moved(x.astype(float), padding, *drawn(x, padding, rng))


@wrong("06.5", says="in place")
def mirrored_in_place(x, padding, rng):
    mirror, rows, columns = drawn(x, padding, rng)
    x[mirror] = x[mirror][:, :, ::-1]
    return moved(x, padding, [False] * len(x), rows, columns)


@wrong("06.5", says="About half")
def one_in_four_mirrored(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, rng.random(len(x)) < 0.25, rows, columns)


@wrong("06.5", says="same number of mirrored pictures")
def exactly_half_mirrored(x, padding, rng):
    _, rows, columns = drawn(x, padding, rng)
    return moved(x, padding, rng.permutation(len(x)) % 2 == 0, rows, columns)


@wrong("06.5", says="more often than others")
def rounded_shifts(x, padding, rng):
    mirror, *_ = drawn(x, padding, rng)
    rows, columns = np.round(rng.uniform(0, 2 * padding, size=(2, len(x)))).astype(int)
    return moved(x, padding, mirror, rows, columns)


@wrong("06.5", says="is empty where padding is 0")
def cut_by_negative_ends(x, padding, rng):
    out = []
    for picture, mirror, row, column in zip(x, *drawn(x, padding, rng), strict=True):
        padded = np.pad(
            picture[:, ::-1] if mirror else picture, ((padding, padding), (padding, padding), (0, 0))
        )
        rolled = np.roll(padded, (row - padding, column - padding), axis=(0, 1))
        out.append(rolled[padding:-padding, padding:-padding])
    return np.array(out)


@wrong("06.5", says="a window of H x W of itself")
def brightened(x, padding, rng):
    return moved(x, padding, *drawn(x, padding, rng)) + np.ones((), x.dtype)
