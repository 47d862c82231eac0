"""The parts of a Transformer as Keras layers: positions and the block, as lesson 10 builds them by hand.

Importing this module imports Keras, since its classes are Keras layers: call `runtime.start` first.
Import it before you load a saved model that has one of them: that is how Keras learns of the class.
"""

import functools
import numbers

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class SinusoidalPositions(keras.layers.Layer):
    """Adds to each token the sines and cosines of its position; nothing is learned, no length is too long.

    Column 2k of the position matrix is sin(t / wavelength ** (2k / D)), column 2k + 1 the cosine of the same.

    Args:
        wavelength: float > 0, the slowest wave's length is below 2 pi times it.
        **kwargs: as for keras.layers.Layer.
    Input shape: float (B, T, D), D even.
    Output shape: float (B, T, D); a mask is passed on. The waves are computed in float32, in a float64 layer in float64.
    Raises:
        ValueError: `wavelength` is not positive; the input is not of rank 3, D is odd, or another than before.
    Source: Vaswani et al. (2017), arXiv:1706.03762, 3.5.
    """

    def __init__(self, wavelength=10_000.0, **kwargs):
        super().__init__(**kwargs)
        if not _is(numbers.Real, wavelength) or not wavelength > 0:
            raise ValueError(f"SinusoidalPositions: expected wavelength to be > 0, received {wavelength!r}.")
        self.wavelength = float(wavelength)
        self.supports_masking = True

    def build(self, input_shape):
        width = _width(self, input_shape)
        if width % 2:
            raise ValueError(
                f"SinusoidalPositions: expected an even width, a sine and a cosine for each frequency, "
                f"received {width}: make the embedding one wider."
            )

    def call(self, x):
        length, width = ops.shape(x)[1], x.shape[-1]
        dtype = "float64" if self.compute_dtype == "float64" else "float32"  # float16 would blur large angles
        rates = self.wavelength ** (-ops.arange(0, width, 2, dtype=dtype) / width)  # (D / 2,)
        angles = ops.arange(length, dtype=dtype)[:, None] * rates  # (T, D / 2)
        waves = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)  # (T, D / 2, 2)
        return x + ops.cast(ops.reshape(waves, (length, width)), x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "wavelength": self.wavelength}


@keras.saving.register_keras_serializable("course_lib")
class PositionEmbedding(keras.layers.Layer):
    """Adds to each token a vector that is learned for its position.

    Args:
        max_length: int, the number of positions.
        initializer: of the vectors.
        **kwargs: as for keras.layers.Layer.
    Input shape: float (B, T, D), T <= max_length.
    Output shape: float (B, T, D); a mask is passed on.
    Raises:
        ValueError: `max_length` is not positive; the input is not of rank 3, has another D than before, or is longer
            than `max_length`, where its length is known when the layer is called or traced. After several lengths
            Keras traces a model for any length: then the lookup in the table fails, on a CPU with TensorFlow's
            InvalidArgumentError ("indices ... not in [0, max_length)"); on a GPU such
            rows are zeros or, where XLA compiles, the last row.
    Source: Devlin et al. (2019), arXiv:1810.04805, 3.
    """

    def __init__(self, max_length, initializer="uniform", **kwargs):
        super().__init__(**kwargs)
        _positive(self, max_length=max_length)
        self.max_length = int(max_length)
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (self.max_length, _width(self, input_shape))
        self.table = self.add_weight(shape=shape, initializer=self.initializer, name="table")

    def call(self, x):
        if x.shape[1] is not None and x.shape[1] > self.max_length:
            raise ValueError(
                f"PositionEmbedding: expected at most max_length={self.max_length} tokens, received "
                f"{x.shape[1]}: cut the texts, or make max_length larger before training."
            )
        # Not table[:T]: a slice ends at the last row without an error, and one row would be added everywhere.
        rows = ops.take(self.table, ops.arange(ops.shape(x)[1]), axis=0)
        return x + ops.cast(rows, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {
            "max_length": self.max_length,
            "initializer": keras.initializers.serialize(self.initializer),
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("course_lib")
class TransformerBlock(keras.layers.Layer):
    """Self-attention, then a dense network at each token; each with layer normalisation and a residual sum.

    With `pre_norm` each part reads normalised tokens, and its result is added to the tokens as they were:
    x + part(norm(x)). Such a stack wants one more LayerNormalization at its end. Without, the sum is
    normalised: norm(x + part(x)).

    Args:
        num_heads: int, divides the width D.
        feed_forward_units: int, hidden units of the dense network; None for 4 * D.
        dropout: float, the share of each part's result that is dropped in training.
        causal: bool, whether a token sees only itself and those before it.
        pre_norm: bool, where the normalisation stands.
        activation: of the hidden units.
        epsilon: float, added to the variance in the normalisation.
        **kwargs: as for keras.layers.Layer.
    Input shape: float (B, T, D); mask bool (B, T), False at padding, which no token then sees.
    Output shape: float (B, T, D); the mask is passed on. What stands at padding has no meaning.
    Raises:
        ValueError: a size is not positive, or `dropout` not in [0, 1); the input is not of rank 3, `num_heads` does
            not divide its width, or the width is another than before.
    Source: Vaswani et al. (2017), arXiv:1706.03762; pre_norm: Xiong et al. (2020), arXiv:2002.04745.
    """

    _attention, _normalization = keras.layers.MultiHeadAttention, keras.layers.LayerNormalization

    def __init__(
        self,
        num_heads,
        feed_forward_units=None,
        dropout=0.0,
        causal=False,
        pre_norm=True,
        activation="gelu",
        epsilon=1e-3,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _positive(self, num_heads=num_heads)
        if feed_forward_units is not None:
            _positive(self, feed_forward_units=feed_forward_units)
            feed_forward_units = int(feed_forward_units)
        if not _is(numbers.Real, dropout) or not 0 <= dropout < 1:
            raise ValueError(f"TransformerBlock: expected dropout from 0 to below 1, received {dropout!r}.")
        self.num_heads, self.feed_forward_units = int(num_heads), feed_forward_units
        self.dropout, self.causal, self.pre_norm = dropout, causal, pre_norm
        self.activation, self.epsilon = keras.activations.get(activation), epsilon
        self.supports_masking = True

    def build(self, input_shape):
        width, layers = _width(self, input_shape), keras.layers
        if width % self.num_heads:
            raise ValueError(
                f"TransformerBlock: expected a width that num_heads={self.num_heads} divides, received {width}."
            )
        units = self.feed_forward_units or 4 * width
        own = {"dtype": self.dtype_policy}
        self.attention = self._attention(self.num_heads, width // self.num_heads, name="attention", **own)
        self.hidden = layers.Dense(units, activation=self.activation, name="hidden", **own)
        self.output_dense = layers.Dense(width, name="output", **own)
        self.attention_norm, self.feed_forward_norm = (
            self._normalization(epsilon=self.epsilon, name=name, **own)
            for name in ("attention_norm", "feed_forward_norm")
        )
        self.drop = layers.Dropout(self.dropout, name="drop", **own)
        self.attention.build(input_shape, input_shape)
        for layer in (self.attention_norm, self.feed_forward_norm, self.hidden):
            layer.build(input_shape)
        self.output_dense.build((*input_shape[:-1], units))

    def call(self, x, mask=None, training=None):
        def attend(x):
            seen = None if mask is None else mask[:, None, :]  # (B, 1, T): the same for every query
            return self.attention(x, x, attention_mask=seen, use_causal_mask=self.causal, training=training)

        def feed_forward(x):
            return self.output_dense(self.hidden(x))

        for part, norm in ((attend, self.attention_norm), (feed_forward, self.feed_forward_norm)):
            if self.pre_norm:
                x = x + self.drop(part(norm(x)), training=training)
            else:
                x = norm(x + self.drop(part(x), training=training))
        return x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {
            "num_heads": self.num_heads,
            "feed_forward_units": self.feed_forward_units,
            "dropout": self.dropout,
            "causal": self.causal,
            "pre_norm": self.pre_norm,
            "activation": keras.activations.serialize(self.activation),
            "epsilon": self.epsilon,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("course_lib")
class FastAttention(keras.layers.Layer):
    """What keras.layers.MultiHeadAttention computes, in fewer and larger products: quicker to train on a processor.

    TensorFlow multiplies each text of a batch by Keras's kernels, which have an axis for the heads, on its own, and sums
    up as many products to have a kernel's gradient. Here the tokens of all texts are the rows of one matrix. There are
    no dropout and no attention weights among the outputs.

    Args:
        num_heads: int.
        key_dim: int, width of a head's queries, keys and values.
        **kwargs: as for keras.layers.Layer.
    Input shape: query, float (B, T, D); value, float (B, S, E), from which keys and values are made; its mask bool
        (B, S); attention_mask bool, (B, T, S) or (B, 1, S), True where a query sees a value. A query that
        sees none gets a mean of all.
    Output shape: float (B, T, D).
    Raises:
        ValueError: a size is not positive.
    Source: Vaswani et al. (2017), arXiv:1706.03762, 3.2.
    """

    def __init__(self, num_heads, key_dim, **kwargs):
        super().__init__(**kwargs)
        _positive(self, num_heads=num_heads, key_dim=key_dim)
        self.num_heads, self.key_dim = int(num_heads), int(key_dim)
        self.supports_masking = True

    def build(self, query_shape, value_shape):
        def dense(units, shape, name):
            layer = keras.layers.Dense(units, name=name, dtype=self.dtype_policy)
            layer.build(shape)
            return layer

        inner = self.num_heads * self.key_dim
        self.query_dense = dense(inner, query_shape, "query")
        self.key_dense, self.value_dense = (dense(inner, value_shape, name) for name in ("key", "value"))
        self.output_dense = dense(query_shape[-1], (*query_shape[:-1], inner), "attention_output")

    def call(self, query, value, value_mask=None, attention_mask=None, use_causal_mask=False):
        T = ops.shape(query)[1]
        S = T if value is query else ops.shape(value)[1]

        def split(x, length, axes=(0, 2, 1, 3)):  # (B, heads, tokens, key_dim)
            return ops.transpose(ops.reshape(x, (-1, length, self.num_heads, self.key_dim)), axes)

        masks = [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
        if value_mask is not None:
            masks.append(ops.cast(value_mask, "bool")[:, None, :])
        if use_causal_mask:
            masks.append((ops.arange(S) <= ops.arange(T)[:, None])[None])
        queries = split(self.query_dense(query), T) * self.key_dim**-0.5
        keys = split(self.key_dense(value), S, (0, 2, 3, 1))  # (B, heads, key_dim, tokens)
        values = split(self.value_dense(value), S)
        scores = ops.matmul(queries, keys)
        if masks:
            unseen = ops.logical_not(functools.reduce(ops.logical_and, masks))[:, None]
            lowest = -3e4 if self.compute_dtype == "float16" else -1e9  # infinite, no query could see nothing
            scores = scores + ops.cast(unseen, scores.dtype) * lowest
        mixed = ops.transpose(ops.matmul(ops.softmax(scores), values), (0, 2, 1, 3))
        return self.output_dense(ops.reshape(mixed, (-1, T, self.num_heads * self.key_dim)))

    def compute_output_shape(self, query_shape, value_shape):
        return query_shape

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "key_dim": self.key_dim}


@keras.saving.register_keras_serializable("course_lib")
class FastLayerNormalization(keras.layers.LayerNormalization):
    """keras.layers.LayerNormalization of the last axis, with its derivative written out: fewer operations.

    Input shape: float (B, T, D).
    Output shape: float (B, T, D). It is computed in float32, in a float64 layer in float64.
    Source: Ba et al. (2016), arXiv:1607.06450.
    """

    def call(self, x):
        wide = "float64" if self.compute_dtype == "float64" else "float32"

        def mean(x):
            return ops.mean(x, axis=-1, keepdims=True)

        @ops.custom_gradient
        def normalise(x, gamma, beta):
            centred = ops.cast(x, wide) - mean(ops.cast(x, wide))
            scale = ops.rsqrt(mean(centred * centred) + self.epsilon)
            unit = centred * scale

            def gradient(upstream):
                upstream = ops.cast(upstream, wide)
                by_unit = upstream * gamma
                by_x = scale * (by_unit - mean(by_unit) - unit * mean(by_unit * unit))
                by_gamma, by_beta = (ops.sum(part, axis=(0, 1)) for part in (upstream * unit, upstream))
                return ops.cast(by_x, x.dtype), by_gamma, by_beta

            return ops.cast(unit * gamma + beta, x.dtype), gradient

        return normalise(x, *(ops.cast(part, wide) for part in (self.gamma, self.beta)))


@keras.saving.register_keras_serializable("course_lib")
class FastTransformerBlock(TransformerBlock):
    """TransformerBlock of the fast parts: the same numbers, but kernels of attention without an axis for the heads."""

    _attention, _normalization = FastAttention, FastLayerNormalization


@keras.saving.register_keras_serializable("course_lib")
def gelu(x):
    """Weigh x by the normal distribution function of x, quicker in low precision than keras.activations.gelu.

    It is computed in float32, for which TensorFlow's element-wise operations on processors are made, and its
    derivative by a formula, in half as many passes over the numbers as TensorFlow's own.

    Args:
        x: float tensor.
    Returns:
        Of the same shape and type.
    Source: Hendrycks & Gimpel (2016), arXiv:1606.08415.
    """
    return _gelu(x)


@ops.custom_gradient
def _gelu(x):
    wide = x if x.dtype == "float64" else ops.cast(x, "float32")
    share = 0.5 * ops.erf(wide * 0.5**0.5) + 0.5

    def gradient(upstream):
        slope = share + wide * (ops.exp(wide * wide * -0.5) * (2 * np.pi) ** -0.5)
        return upstream * ops.cast(slope, x.dtype)

    return ops.cast(wide * share, x.dtype), gradient


def _is(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)


def _positive(layer, **sizes):
    for name, size in sizes.items():
        if not _is(numbers.Integral, size) or size < 1:
            raise ValueError(f"{type(layer).__name__}: expected {name} to be an int >= 1, received {size!r}.")


def _width(layer, input_shape):
    """D of an input shape (B, T, D); from now on the layer refuses another."""
    if len(input_shape) != 3 or input_shape[-1] is None:
        raise ValueError(
            f"{type(layer).__name__}: expected tokens of shape (B, T, D) with a known width D, "
            f"received {tuple(input_shape)}."
        )
    layer.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: input_shape[-1]})
    return input_shape[-1]
