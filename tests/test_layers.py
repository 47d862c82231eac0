"""layers: each against NumPy or a property; saved and loaded; in low precision; with clear errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import ndtr, softmax

from course_lib import layers

B, T, D, HEADS = 3, 6, 8, 2
MASK = np.arange(T) < np.array([T, 4, 1])[:, None]  # padding behind the second and third text


def block(seed=0, **options):
    """A block in float64 whose weights are all random: zeros and ones would hide mistakes."""
    made = layers.TransformerBlock(HEADS, dtype="float64", **options)
    made.build((None, None, D))
    rng = np.random.default_rng(seed)
    for weight in made.weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return made


def by_hand(x, made, mask):
    """The block in NumPy, a head and a query at a time."""

    def norm(x, layer):
        gamma, beta = layer.get_weights()
        variance = ((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True)
        return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(variance + made.epsilon) + beta

    def attend(x):
        Wq, bq, Wk, bk, Wv, bv, Wo, bo = made.attention.get_weights()
        out = np.zeros_like(x) + bo
        for b, h, t in np.ndindex(len(x), HEADS, x.shape[1]):
            seen = mask[b] & ((np.arange(x.shape[1]) <= t) | (not made.causal))
            query = x[b, t] @ Wq[:, h] + bq[h]
            keys, values = x[b, seen] @ Wk[:, h] + bk[h], x[b, seen] @ Wv[:, h] + bv[h]
            out[b, t] += softmax(keys @ query / np.sqrt(len(query))) @ values @ Wo[h]
        return out

    def feed_forward(x):
        W1, b1, W2, b2 = *made.hidden.get_weights(), *made.output_dense.get_weights()
        hidden = x @ W1 + b1
        return hidden * ndtr(hidden) @ W2 + b2

    for part, layer in ((attend, made.attention_norm), (feed_forward, made.feed_forward_norm)):
        x = x + part(norm(x, layer)) if made.pre_norm else norm(x + part(x), layer)
    return x


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(B, T, D))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("units", [None, 5])
def test_the_block_is_the_formula(x, causal, pre_norm, units):
    made = block(causal=causal, pre_norm=pre_norm, feed_forward_units=units)
    expected = by_hand(x, made, MASK)
    # float64, but the activation's constants are float32's.
    np.testing.assert_allclose(made(x, mask=MASK).numpy()[MASK], expected[MASK], atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_who_sees_whom(x, causal):
    made = block(causal=causal)
    changed = x.copy()
    changed[:, 3] = np.random.default_rng(2).normal(size=D)  # + 1 would be lost in the normalisation
    moved = np.abs(made(changed).numpy() - made(x).numpy()).max(axis=(0, 2))
    assert (moved[:3].max() == 0) == causal
    assert moved[3:].min() > 1e-6


@pytest.mark.parametrize("causal", [False, True])
def test_padding_changes_nothing_and_its_mask_is_found(causal):
    """Embedding -> positions -> block: the mask goes from layer to layer without being named."""
    embed = keras.layers.Embedding(20, D, mask_zero=True)
    positions, made = layers.PositionEmbedding(12), layers.TransformerBlock(HEADS, causal=causal)
    ids = np.array([[3, 7, 7, 1]])
    short, long = (made(positions(embed(np.pad(ids, ((0, 0), (0, n)))))) for n in (0, 8))
    np.testing.assert_allclose(short, long[:, :4], atol=1e-5)  # float32
    assert np.array_equal(long._keras_mask, np.arange(12)[None] < 4)


@pytest.mark.parametrize("width", [16, 64])
def test_parameters(width):
    made = layers.TransformerBlock(4)
    made.build((None, None, width))
    assert made.count_params() == 12 * width**2 + 13 * width


def test_dropout_is_for_training_alone(x):
    made = block(dropout=0.5)
    assert np.array_equal(made(x), made(x))
    assert not np.allclose(made(x, training=True), made(x, training=True))
    np.testing.assert_allclose(made(x), by_hand(x, made, np.ones((B, T), bool)), atol=1e-6)


def test_sinusoidal_positions():
    P = layers.SinusoidalPositions(dtype="float64")(np.zeros((1, 50, 10))).numpy()[0]
    in_float32 = layers.SinusoidalPositions()(np.zeros((1, 50, 10), "float32")).numpy()[0]
    np.testing.assert_allclose(in_float32, P, atol=1e-5)  # angles up to 49
    for t, k in np.ndindex(50, 5):
        angle = t / 10_000 ** (2 * k / 10)
        np.testing.assert_allclose(P[t, 2 * k : 2 * k + 2], [np.sin(angle), np.cos(angle)], atol=1e-12)


def test_learned_positions_are_rows_of_a_table(x):
    made = layers.PositionEmbedding(9, dtype="float64")
    np.testing.assert_allclose(made(x), x + made.get_weights()[0][:T], atol=1e-12)
    assert made.count_params() == 9 * D


@pytest.mark.parametrize("max_length", [1, 5])
def test_learned_positions_of_any_length(max_length):
    """predict traces once for any length after it has seen several."""
    inputs = keras.Input((None, D))
    made = layers.PositionEmbedding(max_length)
    model = keras.Model(inputs, made(inputs))
    for length in (*range(1, max_length + 1), 1):
        received = model.predict(np.zeros((2, length, D), "float32"), verbose=0)
        np.testing.assert_array_equal(received, [made.get_weights()[0][:length]] * 2)
    with pytest.raises(
        (ValueError, tf.errors.InvalidArgumentError)
    ):  # the length is known, or the lookup fails
        model.predict(np.zeros((2, max_length + 1, D), "float32"), verbose=0)
    any_length = tf.function(made, input_signature=[tf.TensorSpec((None, None, D))])
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"not in \[0, {max_length}\)"):
        any_length(np.zeros((2, max_length + 2, D), "float32"))


def test_sizes_may_be_numpy_integers(x):
    made = layers.TransformerBlock(np.int64(HEADS), np.int64(7), np.float32(0.5))
    made(x)
    assert type(made.get_config()["num_heads"]) is type(made.get_config()["feed_forward_units"]) is int
    assert layers.PositionEmbedding(np.int32(T))(x).shape == x.shape


@pytest.mark.parametrize(
    "make",
    [
        layers.SinusoidalPositions,
        lambda: layers.PositionEmbedding(9),
        lambda: layers.TransformerBlock(HEADS),
    ],
)
def test_the_width_is_known_and_stays(make, x):
    for shape in ((B, D), (B, T, T, D), (B, T, None)):
        with pytest.raises(ValueError, match=r"expected tokens of shape \(B, T, D\)"):
            make().build(shape)
    made = make()
    assert made(x).shape == x.shape
    with pytest.raises(ValueError, match="incompatible"):
        made(np.zeros((B, T, 2 * D)))


def network(positions, causal, policy):
    inputs = keras.Input((None,), dtype="int32")  # any length
    h = keras.layers.Embedding(30, D, mask_zero=True, dtype=policy)(inputs)
    h = positions(h)
    h = layers.TransformerBlock(HEADS, 11, 0.1, causal, False, "relu", 1e-5, dtype=policy)(h)
    return keras.Model(inputs, keras.layers.Dense(30, dtype="float32")(h))


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras reads its variables so
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", [layers.SinusoidalPositions, layers.PositionEmbedding])
def test_a_network_is_saved_and_loaded(tmp_path, kind, policy):
    positions = kind(10, dtype=policy) if kind is layers.PositionEmbedding else kind(dtype=policy)
    model = network(positions, causal=True, policy=policy)
    made = model.layers[3]
    assert made.compute_dtype == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in model.weights if "seed" not in weight.path} == {"float32"}
    ids = np.array([[4, 9, 2, 0], [1, 2, 3, 4]])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(ids).numpy(), loaded(ids).numpy())
    assert loaded.layers[3].get_config() == made.get_config()
    assert np.isfinite(model(ids).numpy()).all()


def same_numbers(block):
    """A FastTransformerBlock with the weights of a block."""
    made = layers.FastTransformerBlock.from_config(block.get_config())
    made.build((None, None, D))
    for ours, theirs in zip(made.weights, block.weights, strict=True):
        assert ours.path.split("/", 1)[1] == theirs.path.split("/", 1)[1]
        ours.assign(np.reshape(theirs, ours.shape))
    return made


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_the_fast_block_gives_the_same_and_learns_the_same(x, causal, mask):
    slow = block(causal=causal, pre_norm=False)
    outputs, gradients = [], []
    for made in (slow, same_numbers(slow)):
        with tf.GradientTape() as tape:
            output = made(x, mask=mask)
            loss = tf.reduce_sum(tf.cast(MASK[..., None], "float64") * output**3)
        outputs.append(output.numpy()[MASK])
        gradients.append(tape.gradient(loss, [weight.value for weight in made.weights]))
    np.testing.assert_allclose(*outputs, atol=1e-12)
    for slow_one, fast_one in zip(*gradients, strict=True):
        np.testing.assert_allclose(np.reshape(slow_one, fast_one.shape), fast_one, atol=1e-9)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_fast_attention_between_two_texts_is_that_of_keras(policy):
    theirs = keras.layers.MultiHeadAttention(HEADS, 3, dtype=policy)
    ours = layers.FastAttention(HEADS, 3, dtype=policy)
    rng = np.random.default_rng(2)
    query, value = (
        rng.normal(size=(B, length, width)).astype("float32") for length, width in ((4, D), (T, 5))
    )
    for made in (theirs, ours):
        made.build(query.shape, value.shape)
    for mine, weight in zip(ours.weights, theirs.weights, strict=True):
        weight.assign(rng.normal(size=weight.shape) / 2)
        mine.assign(np.reshape(weight, mine.shape))
    for masks in (
        {},
        {"value_mask": MASK},
        {"attention_mask": rng.random((B, 4, T)) < 0.6, "value_mask": MASK},
    ):
        if "attention_mask" in masks:
            masks["attention_mask"][..., 0] = True  # no query that sees nothing
            masks["use_causal_mask"] = True
        expected = theirs(query, value, **masks)
        np.testing.assert_allclose(
            np.asarray(ours(query, value, **masks), "float32"),
            np.asarray(expected, "float32"),
            atol=1e-5 if policy == "float32" else 0.05,
        )
        assert ours(query, value, **masks).dtype == policy.removeprefix("mixed_")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_fast_attention_that_sees_nothing_is_a_number(policy):
    x, nothing = np.ones((B, T, D), "float32"), np.zeros((B, T), bool)
    attention = layers.FastAttention(HEADS, 3, dtype=policy)
    masks = {"value_mask": nothing, "attention_mask": nothing[:, None], "use_causal_mask": True}
    assert np.isfinite(np.asarray(attention(x, x, **masks), "float32")).all()


def test_fast_attention_finds_the_mask_of_its_values():
    ids = np.array([[3, 4, 0, 0], [5, 6, 7, 8]])
    embed, attention = keras.layers.Embedding(9, D, mask_zero=True), layers.FastAttention(HEADS, 4)
    h = embed(ids)
    np.testing.assert_allclose(
        attention(h, h)[0, :2], attention(embed(ids[:1, :2]), embed(ids[:1, :2]))[0], atol=1e-6
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_fast_block_is_saved_and_loaded(tmp_path):
    inputs = keras.Input((None, D))
    h = layers.FastTransformerBlock(HEADS, 11, activation=layers.gelu)(inputs)
    model = keras.Model(inputs, h)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(2, 5, D))
    np.testing.assert_array_equal(model(x), loaded(x))
    assert loaded.layers[1].activation is layers.gelu


@pytest.mark.parametrize(
    ("dtype", "atol"), [("float64", 1e-12), ("float32", 1e-6), ("bfloat16", 0.02), ("float16", 2e-3)]
)
def test_gelu_and_its_derivative(dtype, atol):
    x = tf.cast(np.linspace(-6, 6, 97), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.gelu(x)
    slope = tape.gradient(y, x, output_gradients=2 * tf.ones_like(x))
    exact = x.numpy().astype("float64")
    density = np.exp(-(exact**2) / 2) / np.sqrt(2 * np.pi)
    assert y.dtype == slope.dtype == dtype
    np.testing.assert_allclose(y.numpy().astype("float64"), exact * ndtr(exact), atol=atol)
    np.testing.assert_allclose(slope.numpy().astype("float64") / 2, ndtr(exact) + exact * density, atol=atol)


def test_a_network_learns_one_batch():
    keras.utils.set_random_seed(0)
    model = network(layers.SinusoidalPositions(), causal=True, policy="float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    ids = np.random.default_rng(0).integers(1, 30, size=(4, 7))
    before = model.evaluate(ids[:, :-1], ids[:, 1:], verbose=0)
    model.fit(ids[:, :-1], ids[:, 1:], epochs=60, verbose=0)
    assert model.evaluate(ids[:, :-1], ids[:, 1:], verbose=0) < before / 3


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: layers.TransformerBlock(3)(np.zeros((1, 2, 8))), "num_heads=3 divides, received 8"),
        (lambda: layers.TransformerBlock(0), "num_heads to be an int >= 1, received 0"),
        (lambda: layers.TransformerBlock(2, feed_forward_units=2.5), "feed_forward_units .* received 2.5"),
        (lambda: layers.TransformerBlock(2, dropout=1), "dropout from 0 to below 1, received 1"),
        (lambda: layers.TransformerBlock(2, dropout="0.1"), "dropout .* received '0.1'"),
        (lambda: layers.TransformerBlock(2, dropout=False), "dropout .* received False"),
        (lambda: layers.TransformerBlock(2.0), "num_heads to be an int >= 1, received 2.0"),
        (lambda: layers.SinusoidalPositions(0), "wavelength to be > 0, received 0"),
        (lambda: layers.SinusoidalPositions("long"), "wavelength to be > 0, received 'long'"),
        (lambda: layers.PositionEmbedding(True), "max_length to be an int >= 1, received True"),
        (lambda: layers.PositionEmbedding(4)(np.zeros((1, 5, 8))), "at most max_length=4 tokens, received 5"),
        (lambda: layers.SinusoidalPositions()(np.zeros((1, 5, 7))), "even width.* received 7"),
    ],
)
def test_errors_name_what_was_received(make, says):
    with pytest.raises(ValueError, match=says):
        make()
