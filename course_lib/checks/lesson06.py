"""Checks of lesson 06: convolution, pooling, parameters and augmentation by hand."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import convolve2d, correlate2d

from course_lib.checks import Mistake, compare, compare_integer, exercise, numbers, shape_name, show


def windows(x, size, stride=(1, 1)):
    """Every window that fits into a picture.

    Args:
        x: array (N, H, W, C).
        size: pair of int, rows and columns of a window.
        stride: pair of int, steps in rows and in columns.
    Returns:
        array (N, rows, columns, C, *size).
    """
    return sliding_window_view(x, size, axis=(1, 2))[:, :: stride[0], :: stride[1]]


def correlate(x, kernel, stride=(1, 1)):
    """Cross-correlation (N, rows, columns, C_out), summed over the channels."""
    return np.einsum("nhwcij,ijcf->nhwf", windows(x, kernel.shape[:2], stride), kernel)


def pad(x, rows, columns, **how):
    """Pictures with pixels around them: `rows` and `columns` are pairs (before, after)."""
    return np.pad(x, ((0, 0), rows, columns, (0, 0)), **how)


@exercise("06.1", "Convolution layer", points=4)
def conv2d(answer, rng):
    """Equals the sum over the windows; several pictures, channels and filters; strides that leave pixels over."""
    small = (
        np.array([[1.0, 2.0, 0.0, 3.0], [4.0, 0.0, 1.0, 2.0], [0.0, 5.0, 2.0, 1.0]])[None, :, :, None],
        np.array([[1.0, -2.0], [0.5, 3.0]])[:, :, None, None], np.array([0.25]), 1,
    )  # fmt: skip
    cases = [small, (*small[:3], 2)]
    for shape, (*size, filters), stride in (
        ((3, 6, 5, 2), (2, 2, 2), 1),
        ((2, 7, 9, 3), (2, 3, 4), 2),
        ((2, 4, 6, 2), (3, 1, 1), 3),
        ((1, 4, 4, 1), (4, 4, 3), 2),
    ):
        kernel = rng.normal(size=(*size, shape[3], filters))
        cases.append((rng.normal(size=shape), kernel, rng.normal(size=filters), stride))
    for x, kernel, bias, stride in cases:
        every, summed = correlate(x, kernel), correlate(x, kernel, (stride, stride))
        expected = summed + bias
        (_, rows, columns, _), (_, H, W, _) = expected.shape, x.shape
        height, width, channels, _ = kernel.shape
        flipped = kernel[::-1, ::-1]
        same = pad(x, ((height - 1) // 2, height // 2), ((width - 1) // 2, width // 2))
        corner = np.zeros(x.shape)
        corner[:, :height, :width] = x[:, :height, :width]
        printed = correlate(pad(corner, (height - 1, 0), (width - 1, 0)), flipped)[:, :rows, :columns]
        mistakes = [
            (correlate(x, flipped, (stride, stride)) + bias, "That is true convolution: a CNN's layer does not flip its kernel."),
            (correlate(x, kernel[::-1], (stride, stride)) + bias, "The kernel is upside down: nothing is flipped here."),
            (correlate(x, kernel[:, ::-1], (stride, stride)) + bias, "The kernel is mirrored: nothing is flipped here."),
            (summed, "The bias is missing: each filter adds its own to all its outputs."),
            (summed + channels * bias, "The bias is added once for each channel: add it once, after the sum over the channels."),
            (summed + height * width * channels * bias, "The bias is added once for each weight: add it after the sum."),
            (summed - bias, "The sign of the bias is turned: add it."),
            (every + bias, "The stride is missing: only every `stride`-th window counts, in rows and in columns."),
            (correlate(x, kernel, (stride, 1)) + bias, "The stride is for the columns too, not for the rows alone."),
            (correlate(x, kernel, (1, stride)) + bias, "The stride is for the rows too, not for the columns alone."),
            ((every + bias)[:, :rows, :columns], "Window (m, n) begins at pixel (m * stride, n * stride), not at (m, n)."),
            (correlate(x, kernel, (height, width)) + bias, "The window moves by `stride`, not by the size of the kernel."),
            (correlate(x[..., :1], kernel[:, :, :1], (stride, stride)) + bias, "That is the first channel alone: sum over all channels."),
            (summed / channels + bias, "The channels are summed, not averaged."),
            (summed / (height * width * channels) + bias, "That is a mean: sum the products, do not divide."),
            (correlate(x, kernel[..., :1], (stride, stride)) + bias[:1], "That is the first filter alone: the last axis has one entry for each filter."),
            (np.maximum(expected, 0), "No activation here: outputs may be negative."),
            (expected[:1], "That is the first picture alone: x holds N of them."),
            (expected[0], "That is the first picture, without its axis: the result is (N, rows, columns, C_out)."),
            (np.broadcast_to(summed.sum(axis=0) + bias, expected.shape), "The sum runs over the pictures too: each picture has its own output."),
            (summed.sum(axis=0) + bias, "The sum runs over the pictures too: each picture has its own output."),
            (printed + bias, "That reads only the top-left pixels: the window moves, x[m * stride + i, n * stride + j] * kernel[i, j]."),
            (correlate(same, kernel, (stride, stride)) + bias, "No padding here: only windows that lie wholly in the picture."),
            (expected[:, :-1, :-1], "One row and one column too few: there are (H - K_h) // stride + 1 rows."),
            (expected[:, : (H - height + 1) // stride, : (W - width + 1) // stride], "The last window is missing: divide first, then add 1, (H - K_h) // stride + 1."),
            (expected.swapaxes(1, 2), "Rows and columns of the result are exchanged."),
            (np.moveaxis(expected, 3, 1), "The filters come last: (N, rows, columns, C_out)."),
        ]  # fmt: skip
        if height <= x.shape[2] and width <= x.shape[1]:
            turned = correlate(x, kernel.swapaxes(0, 1), (stride, stride)) + bias
            mistakes.append((turned, "Rows and columns of the kernel are exchanged: its first axis goes with the rows of x."))  # fmt: skip
            turned = correlate(x.swapaxes(1, 2), kernel, (stride, stride)) + bias
            mistakes.append((turned, "Rows and columns of the picture are exchanged: x is (N, H, W, C_in)."))
        if kernel.shape[2] == kernel.shape[3]:
            turned = correlate(x, kernel.swapaxes(2, 3), (stride, stride)) + bias
            mistakes.append((turned, "The channels of the kernel are exchanged: C_in is its third axis, C_out its last."))  # fmt: skip
        otherwise = (
            "Sum x[m * stride + i, n * stride + j, c] * kernel[i, j, c] and add the bias; "
            "there are (H - K_h) // stride + 1 rows."
        )
        compare(answer, (x, kernel, bias, stride), expected, mistakes, otherwise)


@exercise("06.2", "True convolution", points=2)
def convolve(answer, rng):
    """Equals SciPy's, of kernels that are no squares, too."""
    small = (
        np.array([[1.0, 2.0, 0.0, 3.0], [4.0, 0.0, 1.0, 2.0], [0.0, 5.0, 2.0, 1.0]]),
        np.array([[1.0, -2.0], [0.5, 3.0]]),
    )
    shapes = ((6, 5), (3, 3)), ((4, 7), (2, 3)), ((5, 4), (3, 1)), ((3, 3), (3, 3))
    cases = [small, *((rng.normal(size=x), rng.normal(size=kernel)) for x, kernel in shapes)]
    for x, kernel in cases:
        expected = convolve2d(x, kernel, "valid")
        (height, width), (rows, columns) = kernel.shape, expected.shape
        whole = convolve2d(x, kernel)
        around = np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(kernel, x.shape)).real
        corner = np.zeros(x.shape)
        corner[:height, :width] = x[:height, :width]
        mistakes = [
            (correlate2d(x, kernel, "valid"), "That is cross-correlation: flip the kernel, in rows and in columns."),
            (correlate2d(x, kernel[::-1], "valid"), "The kernel is flipped in its rows alone: flip the columns too."),
            (correlate2d(x, kernel[:, ::-1], "valid"), "The kernel is flipped in its columns alone: flip the rows too."),
            (expected[::-1, ::-1], "The result is turned round: flip the kernel, not the picture."),
            (correlate2d(x, kernel, "valid")[::-1, ::-1], "Picture and kernel are both flipped: flip the kernel alone."),
            (convolve2d(corner, kernel)[:rows, :columns], "That reads only the top-left pixels: the window moves over the picture."),
            (whole[:rows, :columns], "That begins where the kernel hangs over the edge: begin where it lies wholly in the picture."),
            (whole, "Those are all places where the kernel touches the picture: take only those where it lies wholly in it."),
            (convolve2d(x, kernel, "same"), "No padding here: only places where the kernel lies wholly in the picture."),
            (around, "That wraps round at the edges: only places where the kernel lies wholly in the picture."),
            (around[:rows, :columns], "Negative indices wrap round to the other edge: begin at m = K - 1 and n = L - 1."),
            (expected[:-1, :-1], "One row and one column too few: there are H - K + 1 rows."),
            (expected.T, "It is transposed: rows stay rows."),
        ]  # fmt: skip
        if height <= x.shape[1] and width <= x.shape[0]:
            transposed = "A transpose is no flip: reverse the rows and the columns, as np.flip does."
            quarter = "That is a quarter turn: a flip in rows and columns is a half turn."
            mistakes += [
                (correlate2d(x, kernel.T, "valid"), transposed),
                (convolve2d(x, kernel.T, "valid"), transposed),
                (correlate2d(x, np.rot90(kernel), "valid"), quarter),
                (correlate2d(x, np.rot90(kernel, -1), "valid"), quarter),
            ]  # fmt: skip
        otherwise = (
            "Flip the kernel in rows and columns, then sum window times kernel at each of the (H - K + 1) x "
            "(W - L + 1) places."
        )
        compare(answer, (x, kernel), expected, mistakes, otherwise)


@exercise("06.3", "Max-pooling", points=3)
def max_pool(answer, rng):
    """The largest of each window; mostly negative values, windows that overlap or leave gaps, pixels left over."""
    small = np.array([[-1.0, 5.0, 2.0, 0.5, 7.0], [-3.0, -2.0, 4.0, 6.0, -6.0], [9.0, 8.0, -7.0, 3.0, 5.0]])
    cases = [(small[None, :, :, None], 2, 2), (small[None, :, :, None], 2, 3)]
    for shape, size, stride in (
        ((2, 4, 6, 3), 2, 2), ((3, 7, 8, 2), 3, 2), ((2, 5, 8, 2), 2, 3), ((1, 4, 6, 2), 3, 1), ((2, 3, 3, 2), 3, 2),
    ):  # fmt: skip
        cases.append((rng.normal(size=shape) - 1, size, stride))
    for x, size, stride in cases:

        def pool(size=size, stride=stride, largest=np.max, x=x):
            """Windows of `size` at every `stride`; each an int, or a pair for rows and columns."""
            size, stride = np.broadcast_to(size, 2), np.broadcast_to(stride, 2)
            return largest(windows(x, tuple(size), stride), axis=(4, 5))

        expected, every = pool(), pool(stride=1)
        (N, rows, columns, C), (_, H, W, _) = expected.shape, x.shape
        after = [(0, max(0, (n - 1) // stride * stride + size - n)) for n in (H, W)]  # a window at every step
        partial = "A window that hangs over the edge is left out: there are (H - size) // stride + 1 rows."
        mistakes = [
            (pool(largest=np.mean), "That is the mean of each window: take its largest value."),
            (pool(largest=np.min), "That is the smallest value of each window: take the largest."),
            (pool(largest=np.sum), "That is the sum of each window: take its largest value."),
            (np.maximum(expected, 0), "Negative values have become 0: begin with the values of the window, not with 0."),
            (every, "The stride is missing: the window moves by `stride` pixels."),
            (every[:, :rows, :columns], "Window (m, n) begins at pixel (m * stride, n * stride), not at (m, n)."),
            (pool(stride=size), "The window moves by `stride`, not by its own size."),
            (pool(stride=(stride, 1)), "The stride is for the columns too, not for the rows alone."),
            (pool(stride=(1, stride)), "The stride is for the rows too, not for the columns alone."),
            (pool((size, 1), (stride, 1)), "That pools in the rows alone: a window has columns too."),
            (pool((1, size), (1, stride)), "That pools in the columns alone: a window has rows too."),
            (pool((size, 1))[:, :rows, :columns], "That is the first column of each window: take all its columns."),
            (pool((1, size))[:, :rows, :columns], "That is the first row of each window: take all its rows."),
            (x[:, :: stride, :: stride][:, :rows, :columns], "That is the first pixel of each window: take the largest."),
            (pool(x=pad(x, *after, constant_values=-np.inf)), partial),
            (pool(x=pad(x, *after)), partial),
            (expected.max(axis=3), "Each channel is pooled by itself: no maximum over the channels."),
            (np.broadcast_to(expected.max(axis=3, keepdims=True), expected.shape), "Each channel is pooled by itself: no maximum over the channels."),
            (np.broadcast_to(expected.max(axis=0), expected.shape), "Each picture is pooled by itself: no maximum over the pictures."),
            (expected[:1], "That is the first picture alone: x holds N of them."),
            (x.max(axis=(1, 2)), "That is the largest value of the whole picture: take one for each window."),
            (expected[:, :-1, :-1], "One row and one column too few: there are (H - size) // stride + 1 rows."),
            (expected.swapaxes(1, 2), "Rows and columns of the result are exchanged."),
        ]  # fmt: skip
        if stride <= min(H, W):
            mistakes.append(
                (pool(size=stride), "The window is size x size pixels: `stride` is how far it moves.")
            )
        if size == stride:
            cut = x[:, : rows * size, : columns * size].reshape(N, size, rows, size, columns, C)
            mistakes.append((cut.max(axis=(1, 3)), "reshape mixes the windows: (N, rows, size, columns, size, C)."))  # fmt: skip
        otherwise = (
            "Output (m, n) is the largest of x[m * stride : m * stride + size, n * stride : n * stride + size], "
            "for windows that fit."
        )
        compare(answer, (x, size, stride), expected, mistakes, otherwise)


def parameters(
    size, channels, filters, kernel_size, classes, *, shrink=None, pooled=None, half=lambda n: n // 2,
    conv_bias=True, dense_bias=True, area=None, first=False, flatten=None, dense=True,
):  # fmt: skip
    """Parameters of the network of 06.4; the keywords are what goes wrong.

    A convolution takes `shrink` off the size, pooling follows the first `pooled` of them and makes `half` of it. A filter
    has `area` weights for each channel, and reads as many channels as the picture has if `first`. The dense layer
    reads `flatten` of the last size for each channel. The rest says what is counted.
    """
    total, inputs = 0, channels
    for number, outputs in enumerate(filters):
        weights = (kernel_size**2 if area is None else area) * (channels if first else inputs)
        total += outputs * (weights + conv_bias)
        size -= kernel_size - 1 if shrink is None else shrink
        size = half(size) if pooled is None or number < pooled else size
        inputs = outputs
    return total + dense * classes * (inputs * (flatten or np.square)(size) + dense_bias)


@exercise("06.4", "Parameters of a CNN", points=2)
def count_parameters(answer, rng):
    """As many as the layers have; odd sizes, kernels of other sizes, other depths."""
    cases = [
        (40, 3, [2, 4], 3, 5),
        (32, 3, [32, 64, 128], 3, 10),
        (28, 1, [8, 16], 5, 10),
        (64, 3, [6], 2, 7),
    ]
    for depth in (2, 3):
        cases.append((int(rng.integers(40, 80)), int(rng.integers(1, 5)), rng.integers(2, 30, size=depth).tolist(),
                      int(rng.integers(2, 6)), int(rng.integers(2, 20))))  # fmt: skip
    for args in cases:
        size, channels, filters, kernel_size, classes = args

        def slip(args=args, **keywords):
            return parameters(*args, **keywords)

        mistakes = [
            (slip(conv_bias=False, dense_bias=False), "The biases are missing: one for each filter and one for each class."),
            (slip(conv_bias=False), "The biases of the convolutions are missing: one for each filter."),
            (slip(dense_bias=False), "The biases of the dense layer are missing: one for each class."),
            (slip(pooled=0), "The pooling is missing: it halves the size, so the dense layer has fewer inputs."),
            (slip(pooled=len(filters) - 1), "The last convolution is followed by pooling too."),
            (slip(shrink=0), "Without padding a convolution leaves size - kernel_size + 1 pixels."),
            (slip(shrink=kernel_size), "A convolution leaves size - kernel_size + 1 pixels: one more than you have."),
            (slip(shrink=2), "That is right for 3 x 3 kernels only: a convolution leaves size - kernel_size + 1 pixels."),
            (slip(half=lambda n: -(-n // 2)), "Pooling of an odd size rounds down: the last row is left out."),
            (slip(half=lambda n: n / 2), "Pooling of an odd size rounds down, at each layer: size // 2."),
            (slip(first=True), "A filter reads all channels of the layer before, not those of the picture."),
            (slip((size, 1, filters, kernel_size, classes), first=True),
             "A filter has weights for each channel that it reads: multiply by their number."),
            (slip((size, 1, filters, kernel_size, classes)), "The channels of the picture are missing in the first layer."),
            (slip(area=kernel_size), "A kernel is a square: kernel_size * kernel_size weights for each channel."),
            (slip(area=9), "That is right for 3 x 3 kernels only: use kernel_size."),
            (slip(flatten=lambda n: 1), "Flatten keeps every pixel: the dense layer reads size * size * channels numbers."),
            (slip(flatten=lambda n: n), "The last picture is a square: the dense layer reads size * size * channels numbers."),
            (slip(dense=False), "The dense layer is missing: a weight for each input and class, a bias for each class."),
            (slip() - slip(dense=False), "That is the dense layer alone: add the convolutions."),
            (slip((size, channels, filters[:1], kernel_size, classes), dense=False), "That is the first convolution alone: see that `return` stands after the loop."),
        ]  # fmt: skip
        otherwise = (
            "A filter has kernel_size**2 weights for each channel that it reads, and a bias. The size shrinks by "
            "kernel_size - 1, and pooling halves it. After the last pooling comes the dense layer."
        )
        compare_integer(answer, args, int(slip()), mistakes, otherwise)


@exercise("06.5", "Augmentation", points=4)
def augment(answer, rng):
    """Each picture becomes one of its own variants, all equally likely, each by a draw of its own."""
    for shape, padding, dtype in (
        ((3, 4, 1), 1, "uint8"),
        ((5, 4, 3), 2, "uint8"),
        ((3, 5, 2), 0, "float32"),
    ):
        # Within a picture no value comes twice, so that its variants differ.
        x = rng.permuted(np.tile(np.arange(1, 256), (60, 1)), axis=1)[:, : np.prod(shape)]
        x = x.reshape(60, *shape).astype(dtype)
        call = f"{answer.name}(x, {padding}, rng), where x is {dtype} of shape {x.shape}"
        possible = variants(x, padding).astype(float)
        draws = []
        for seed in rng.integers(2**32, size=20):
            out = answer(x, padding, np.random.default_rng(seed))
            draws.append(_drawn(x, padding, out, possible, call))
        again = numbers(answer(x, padding, np.random.default_rng(seed)))
        if not np.array_equal(numbers(out), again):
            hint = "The same rng gave another result: draw from the rng given, not from np.random or one of your own."
            raise Mistake(hint, [call])
        _judge_draws(np.stack(draws, axis=1), 2 * padding + 1, [call])


def variants(x, padding, mode="constant"):
    """What may become of pictures: array (2, places, places, N, H, W, C), mirrored in its second half."""
    padded = pad(x, (padding, padding), (padding, padding), mode=mode)
    plain = windows(padded, x.shape[1:3]).transpose(1, 2, 0, 4, 5, 3)
    return np.stack([plain, plain[..., ::-1, :]])


def among(out, possible):
    """Which variant a picture equals: bool array (2, places, places, N)."""
    return np.all(out == possible, axis=(-3, -2, -1))


def _drawn(x, padding, result, possible, call):
    """The variants that came out: int array (3, N) of mirror, row and column; or a Mistake."""
    out = numbers(result, [call])
    N, H, W, C = x.shape
    if out.shape != x.shape:
        hint = f"Expected {shape_name(x.shape)}, received {shape_name(out.shape)}."
        if padding and out.shape == (N, H + 2 * padding, W + 2 * padding, C):
            hint = "Those are the padded pictures: cut a window of H x W out of each."
        if out.size == 0:
            hint = "`padding:-padding` is empty where padding is 0: end at the beginning plus H, or plus W."
        raise Mistake(hint, [call])
    kind = np.asarray(result).dtype
    if kind != x.dtype:
        hint = f"The pictures came as {x.dtype} and went as {kind}: keep the type, as np.empty_like(x) does."
        raise Mistake(hint, [call])
    hits = among(out, possible)
    right = hits.any(axis=(0, 1, 2))
    if right.all():
        return np.array(np.unravel_index(hits.reshape(-1, N).argmax(axis=0), hits.shape[:3]))
    number = int(np.flatnonzero(~right)[0])
    case = [
        call,
        f"picture {number} was  {show(x[number])}",
        f"and became  {show(out[number].astype(x.dtype))}",
    ]
    for other, hint in (
        (variants(x[:, ::-1], padding), "A picture is upside down: mirror left and right, the columns."),
        (variants(x[..., ::-1], padding), "The colours are reversed: mirror the columns, the third axis of x."),
        (variants(x, padding, "wrap"), "What leaves on one side comes in on the other: pad with zeros instead of np.roll."),
        (variants(x, padding, "edge"), "The edge is repeated: pad with zeros."),
        (variants(x, padding, "reflect"), "The picture is reflected at its edge: pad with zeros."),
        (variants(x, min(2 * padding, H - 1, W - 1)), "A picture is shifted by more than `padding` pixels."),
    ):  # fmt: skip
        if np.all(right | among(out, other).any(axis=(0, 1, 2))):
            raise Mistake(hint, case)
    if among(out[number], possible).any():
        raise Mistake(
            "The pictures have changed places: picture n of the result comes from picture n of x.", case
        )
    hint = "Each picture is a window of H x W of itself with `padding` zeros around it, mirrored left-right or not."
    raise Mistake(hint, case)


def _judge_draws(draws, places, case):
    """Raise a Mistake unless the draws are what chance gives.

    Args:
        draws: int array (3, calls, N) of mirror, row and column.
        places: int, how many rows, and as many columns, a window may begin at.
        case: lines that show the call.
    """
    mirror, rows, columns = draws
    if not mirror.any():
        raise Mistake(
            "No picture is ever mirrored: mirror each with probability 1/2, along the axis of its columns.",
            case,
        )
    if mirror.all():
        raise Mistake("Every picture is mirrored: mirror each with probability 1/2.", case)
    if places > 1 and np.ptp(rows) == np.ptp(columns) == 0:
        raise Mistake("No picture is ever shifted: the window begins at a random row and column.", case)
    for what, drawn, count in (("mirror", mirror, 2), ("row", rows, places), ("column", columns, places)):
        if count == 1:
            continue
        if np.ptp(drawn) == 0:
            raise Mistake(f"The {what} of the window is always the same: draw it, too.", case)
        if np.all(drawn == drawn[:, :1]):
            raise Mistake(f"One draw of the {what} serves the whole batch: each picture needs its own.", case)
        if np.all(drawn == drawn[:1]):
            hint = f"Other generators gave the same draws of the {what}: draw from the rng given, not from one of your own."
            raise Mistake(hint, case)
        share = np.bincount(drawn.ravel(), minlength=count) / drawn.size
        shares = [*case, f"{what}: shares {show(share.round(3))}", f"expected  about {1 / count:.3f} each"]
        if share.min() == 0:
            hint = f"Some places never come: there are 2 * padding + 1, and rng.integers({count}) runs from 0 to {count - 1}."
            raise Mistake(hint, shares)
        if _off(share, 1 / count, drawn.size):
            hint = "About half of the pictures are to be mirrored." if what == "mirror" else (
                "Some places come more often than others: all are equally likely."
            )  # fmt: skip
            raise Mistake(hint, shares)
    if np.ptp(mirror.sum(axis=1)) == 0:
        raise Mistake(
            "Each batch has the same number of mirrored pictures: let each picture draw by itself.", case
        )
    share = np.bincount(np.ravel((mirror * places + rows) * places + columns), minlength=2 * places**2)
    if _off(share / mirror.size, 1 / len(share), mirror.size):
        raise Mistake("Mirror, row and column need a draw each: here one depends on another.", case)


def _off(share, probability, count):
    """Whether some share is further from its probability than chance takes it: five standard deviations."""
    return bool(np.any(np.abs(share - probability) > 5 * np.sqrt(probability * (1 - probability) / count)))
