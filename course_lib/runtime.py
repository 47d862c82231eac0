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
    details = [
        tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")
    ]
    info = Path("/proc/cpuinfo")
    return describe_device(details, info.read_text() if info.exists() else "", os.cpu_count())


def describe_device(gpus, cpu_info, cores):
    """The device, from what the machine says of itself.

    Args:
        gpus: list of dict, TensorFlow's details of each GPU. Any entry may be missing, and for other makers'
            GPUs all may be.
        cpu_info: str, the text of `/proc/cpuinfo`, empty where there is none.
        cores: int or None.
    Returns:
        Device.
    Source: TensorFlow's documentation of `get_device_details`; for the processors' flags Linux,
        arch/x86/include/asm/cpufeatures.h.
    """
    if gpus:
        name = gpus[0].get("device_name", "without a name")
        if len(gpus) > 1:  # Keras uses no other unless it is told to
            name = f"{name}, the first of {len(gpus)}"
        return Device("GPU", name, gpus[0].get("compute_capability"))
    name = "cores uncounted" if cores is None else f"{cores} core{'s' if cores > 1 else ''}"
    return Device("CPU", name, bfloat16=not {"avx512_bf16", "amx_bf16"}.isdisjoint(cpu_info.split()))


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


def prepare_gpus(tf):
    """Set TensorFlow up for GPUs: memory as it is needed, float32 in full; where there is none, nothing.

    TensorFlow would take nearly all memory of all GPUs at once, so that a second notebook finds none. That can
    be changed until it first uses a device. Where it has, a line says so; the lesson then runs all the same.

    From compute capability 8.0 on TensorFlow rounds the factors of a float32 product to 10 of 23 bits (TF32).
    What a lesson computes by hand would then differ from Keras in the fourth digit. It is switched off, also in
    what XLA compiles; products in bfloat16 or float16, where the speed is, stay as they are.

    Args:
        tf: the module TensorFlow.
    Source: TensorFlow, guide "Use a GPU", on limiting memory growth; `Context.set_memory_growth` in
        tensorflow/python/eager/context.py: the same value again is no error, and all GPUs must have the same.
        TensorFlow's documentation of `enable_tensor_float_32_execution`; `GetPrecisionConfig` in
        tensorflow/compiler/tf2xla/kernels/conv_op_helpers.cc.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):  # in use; or divided into virtual devices, by whoever did that
        print("TensorFlow ran before runtime.start and may hold all of the GPU's memory: restart the kernel.")


def say(run):
    """One line: the device, the profile, the precision, the seed.

    Args:
        run: Run.
    """
    return f"{run.device.kind} ({run.device.name}), {run.profile} profile, {run.precision}, seed {run.seed}"


def start(seed=0, mixed_precision=False):
    """Fix the seeds, prepare the device, choose profile and precision; print them on one line.

    On a CPU operations are made deterministic: on one machine, with one number of threads, a run repeats to the last
    bit. On a GPU they are not, since Keras would leave XLA off, and operations without a deterministic kernel raise: two
    runs drift apart there, from rounding on. `fit` then compiles with XLA, as Keras's `jit_compile="auto"` decides; a
    model with a layer that runs on cuDNN (LSTM, GRU) or on strings does without.

    Args:
        seed: int, for Python, NumPy and TensorFlow.
        mixed_precision: True in lessons whose matrix products are large enough to gain by it.
    Returns:
        Run.
    Source: Keras, `_resolve_auto_jit_compile` and `model_supports_jit` in keras/src/trainers/trainer.py;
        TensorFlow's documentation of `enable_op_determinism`.
    """
    tf = import_tensorflow()
    prepare_gpus(tf)  # before anything uses a device
    import keras

    device = find_device()
    precision = choose_precision(device) if mixed_precision else "float32"
    run = Run(device, choose_profile(device), precision, seed)
    keras.utils.set_random_seed(seed)
    if device.kind == "CPU":
        tf.config.experimental.enable_op_determinism()
    end_epochs_at_once(tf)
    keras.config.set_dtype_policy(precision)
    print(say(run))
    return run
