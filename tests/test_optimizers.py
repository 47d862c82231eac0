"""optimizers: the steps of Keras's AdamW."""

import keras
import numpy as np
import pytest

from course_lib.optimizers import FusedAdamW


def trained(kind, policy="float32", steps=7, **options):
    """A small network after some steps, by that kind of optimizer, and the optimizer."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, activation="tanh", dtype=policy, bias_initializer="normal"),
            keras.layers.LayerNormalization(dtype=policy),
            keras.layers.Dense(1, dtype="float32"),
        ]
    )
    optimizer = kind(**{"learning_rate": 0.01, "weight_decay": 0.3} | options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, "mse", jit_compile=False)
    x = np.random.default_rng(1).normal(size=(steps, 8, 5))
    for batch in x:
        model.train_on_batch(batch, batch[:, :1] ** 2)
    return model, optimizer


@pytest.mark.parametrize("options", [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}, {"clipnorm": 0.1}])
def test_the_steps_are_those_of_keras(options):
    ours, theirs = (
        trained(kind, **options)[0].get_weights() for kind in (FusedAdamW, keras.optimizers.AdamW)
    )
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)  # float32


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision(policy):
    ours, theirs = (trained(kind, policy)[0].get_weights() for kind in (FusedAdamW, keras.optimizers.AdamW))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_decay_shrinks_kernels_alone():
    without, with_decay = (trained(FusedAdamW, weight_decay=decay, steps=1)[0] for decay in (0.0, 0.3))
    for before, after in zip(without.weights, with_decay.weights, strict=True):
        assert np.array_equal(before, after) == ("kernel" not in before.path)


def test_a_schedule_and_a_rate_set_by_hand():
    for rate in (keras.optimizers.schedules.CosineDecay(0.05, 7), 0.05):
        ours, theirs = (
            trained(kind, learning_rate=rate)[0].get_weights()
            for kind in (FusedAdamW, keras.optimizers.AdamW)
        )
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras reads its variables so
def test_it_is_saved_and_goes_on_as_before(tmp_path):
    model, _ = trained(FusedAdamW)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, FusedAdamW)
    loaded.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])  # Keras does not save it
    x = np.ones((8, 5))
    for one in (model, loaded):
        one.train_on_batch(x, x[:, :1])
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_there_is_no_operation_for():
    with pytest.raises(ValueError, match="amsgrad=False"):
        FusedAdamW(amsgrad=True)
