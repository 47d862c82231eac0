"""What `runtime.end_epochs_at_once` gains: seconds of short epochs with tf.data's autotuning and without, in one run.

    python tests/benchmarks/autotuning.py  # about a minute on two cores

Run nothing else beside it. The same network is trained on the same batches; the losses must be equal.
"""

import time

import numpy as np

from course_lib import runtime

tf = runtime.import_tensorflow()
import keras  # noqa: E402

SIZES = range(600, 4200, 400)  # examples an epoch


def epochs(x):
    """Seconds of an epoch of each size, and their losses."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(2000, "relu"), keras.layers.Dense(2000, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2000,)), *layers])
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    model.fit(x[:64], x[:64, :1], batch_size=64, verbose=0)  # compiles
    seconds, losses = [], []
    for size in SIZES:
        start = time.perf_counter()
        fitted = model.fit(x[:size], x[:size, :1], batch_size=64, verbose=0)
        seconds.append(time.perf_counter() - start)
        losses += fitted.history["loss"]
    return np.array(seconds), losses


def main():
    """Run the benchmark; see the module's first lines."""
    x = np.random.default_rng(0).normal(size=(max(SIZES), 2000)).astype("float32")
    with_tuning, losses = epochs(x)
    runtime.end_epochs_at_once(tf)
    without, again = epochs(x)
    assert losses == again
    print(f"TensorFlow {tf.__version__}; examples: autotuning, without, in seconds")
    for row in zip(SIZES, with_tuning, without, strict=True):
        print("{:5}: {:5.2f}  {:5.2f}".format(*row))
    print(f"without autotuning {with_tuning.sum() / without.sum():.2f} times as fast")


if __name__ == "__main__":
    main()
