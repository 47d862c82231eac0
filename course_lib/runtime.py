"""The machine that a notebook runs on: device, profile, seeds, precision."""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

PROFILES = ("fast", "full")


@dataclass(frozen=True)
class Device:
    """What TensorFlow computes on.

    Attributes:
        kind: `"CPU"` or `"GPU"`.
        name: the product's name, or the number of cores.
        compute_capability: of an NVIDIA GPU, such as (7, 5).
        bfloat16: a CPU with instructions for products of bfloat16 matrices.
    """

    kind: str
    name: str
    compute_capability: tuple | None = None
    bfloat16: bool = False


@dataclass(frozen=True)
class Run:
    """How a notebook runs.

    Attributes:
        device: Device.
        profile: `"fast"` (minutes on two cores) or `"full"`.
        precision: the Keras dtype policy.
        seed: of Python, NumPy and TensorFlow.
    """

    device: Device
    profile: str
    precision: str
    seed: int

    def pick(self, fast, full):
        """`fast` in the fast profile, `full` in the full one."""
        return fast if self.profile == "fast" else full


@contextlib.contextmanager
def silent_stderr():
    """Drop what is written to file descriptor 2, by C++ code as well."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def import_tensorflow():
    """TensorFlow, imported without the log lines that its C++ part writes before a log level can bind."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for a GPU, and complains where there is none
    return tf


def end_epochs_at_once(tf):
    """Iterate over datasets without tf.data's autotuning, for which the end of an epoch may have to wait.

    A thread tunes the pipeline after 10 ms, 20 ms, 40 ms and so on. Measured with TensorFlow 2.21, less often with 2.20,
    an epoch then takes until the next of these times, up to twice as long: `tests/benchmarks/autotuning.py`. The likely
    cause is that the thread, woken at the end, does not see yet that it may stop. The batches stay the same.

    Args:
        tf: the module TensorFlow.
    """
    iterate = tf.data.Dataset.__iter__
    if getattr(iterate, "autotunes", True):
        options = tf.data.Options()
        options.autotune.enabled = False

        def without_autotuning(dataset):
            return iterate(dataset.with_options(options))

        without_autotuning.autotunes = False
        tf.data.Dataset.__iter__ = without_autotuning


def find_device():
    """The first GPU that TensorFlow sees, else the CPU."""
    tf = import_tensorflow()
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return Device("GPU", details.get("device_name", "GPU"), details.get("compute_capability"))
    info = Path("/proc/cpuinfo")
    flags = info.read_text() if info.exists() else ""
    return Device("CPU", f"{os.cpu_count()} cores", bfloat16="avx512_bf16" in flags or "amx_bf16" in flags)


def choose_precision(device):
    """The Keras dtype policy with which large matrix products are fastest on a device.

    Args:
        device: Device.
    Returns:
        `"mixed_bfloat16"`, `"mixed_float16"` or `"float32"`.
    Source: NVIDIA, "Train With Mixed Precision": float16 tensor cores from compute capability 7.0, bfloat16
        from 8.0. Intel, "bfloat16 - Hardware Numerics Definition" (2018), for the processors.
    """
    if device.kind == "GPU" and device.compute_capability:
        if device.compute_capability >= (8, 0):
            return "mixed_bfloat16"
        return "mixed_float16" if device.compute_capability >= (7, 0) else "float32"
    return "mixed_bfloat16" if device.bfloat16 else "float32"


def asked_profile():
    """`COURSE_PROFILE`, or None where it is not set.

    Raises:
        ValueError: it is neither `"fast"` nor `"full"`.
    """
    profile = os.environ.get("COURSE_PROFILE") or None
    if profile not in (None, *PROFILES):
        raise ValueError(
            f"COURSE_PROFILE: expected 'fast' or 'full', received {profile!r}: unset it or mend it."
        )
    return profile


def choose_profile(device):
    """The profile that is asked for, else `"full"` with a GPU and `"fast"` without."""
    return asked_profile() or ("full" if device.kind == "GPU" else "fast")


def start(seed=0, mixed_precision=False):
    """Fix the seeds, make operations deterministic, choose profile and precision; print them on one line.

    Args:
        seed: int, for Python, NumPy and TensorFlow.
        mixed_precision: True in lessons whose matrix products are large enough to gain by it.
    Returns:
        Run.
    """
    tf = import_tensorflow()
    import keras

    device = find_device()
    precision = choose_precision(device) if mixed_precision else "float32"
    run = Run(device, choose_profile(device), precision, seed)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    end_epochs_at_once(tf)
    keras.config.set_dtype_policy(precision)
    print(f"{device.kind} ({device.name}), {run.profile} profile, {precision}, seed {seed}")
    return run
