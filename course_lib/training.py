"""Training without the noise: fit a Keras model quietly, and keep what is worth keeping."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Fit:
    """A finished training run.

    Attributes:
        history: dict from metric to its list of values by epoch.
        seconds: wall time.
    """

    history: dict
    seconds: float

    @property
    def epochs(self):
        """How many epochs were run."""
        return len(next(iter(self.history.values())))


def fit(model, *args, **kwargs):
    """Call `model.fit` without its progress bar, and print one line at the end.

    Args:
        model: a compiled keras.Model.
        *args: as for `model.fit`.
        **kwargs: as for `model.fit`.
    Returns:
        Fit.
    """
    start = time.perf_counter()
    # TensorFlow traces a step a second time if the first trace makes variables, such as the optimizer's. A model without
    # variables yet, or not compiled, is left to Keras.
    if model.built and model.compiled and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    history = model.fit(*args, verbose=0, **kwargs).history
    result = Fit(history, time.perf_counter() - start)
    last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in history.items())
    epochs = f"{result.epochs} epoch{'s' if result.epochs > 1 else ''}"
    print(f"{model.name}: {epochs} in {result.seconds:.1f} s; {last}")
    return result
