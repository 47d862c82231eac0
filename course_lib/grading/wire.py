"""Plain data over a socket: between the examiner, which is trusted, and the jail, which is not.

What comes out of `decode` is of exactly these types, whatever was sent: None, bool, int, float, complex, str, list,
tuple, dict, NumPy's own scalars and arrays of bool, integers and floating-point numbers, Handle; and of what the
examiner sends, set and np.random.Generator. No pickle, no subclass, no object of the other side.
"""

import base64
import json
import math
from dataclasses import dataclass

import numpy as np

KINDS = "biufc"
ITEM_SIZES = (1, 2, 4, 8, 16)
DEPTH = 20
ENTRIES = 10_000  # of a dict: with equal hashes, a million would take for ever
MESSAGE = 64 * 2**20  # bytes of one message


@dataclass(frozen=True)
class Handle:
    """Something that stays in the jail, such as a trained model: its number there."""

    number: int


def encode(value, keep=None, depth=0):
    """Plain data as JSON can hold it.

    Args:
        value: plain data; subclasses count as their bases, what has an `__array__` as that array.
        keep: function (object) -> Handle or None for what is to stay here, asked before `__array__`.
        depth: of what this is a part of.
    Returns:
        what `json.dumps` takes.
    Raises:
        TypeError: something else is in it. The message is its type's name.
    """
    if depth > DEPTH:
        raise TypeError(f"{type(value).__name__} nested more than {DEPTH} deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind not in KINDS or array.dtype.itemsize not in ITEM_SIZES:
            raise TypeError(f"{type(value).__name__} of {array.dtype}")
        array = array.astype(array.dtype.newbyteorder("<"))
        data = base64.b64encode(array.tobytes()).decode()
        return {
            "scalar" if isinstance(value, np.generic) else "array": [array.dtype.str, list(array.shape), data]
        }
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return {
                "set" if kind is frozenset else kind.__name__: [
                    encode(part, keep, depth + 1) for part in value
                ]
            }
    if isinstance(value, dict):
        pairs = [[encode(part, keep, depth + 1) for part in pair] for pair in value.items()]
        return {"dict": pairs}
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    handle = keep and keep(value)
    if handle:
        return {"handle": handle.number}
    if hasattr(value, "__array__"):
        return encode(np.asarray(value), None, depth + 1)
    raise TypeError(type(value).__name__)


def decode(value, depth=0, of_answer=False):
    """Plain data from what `encode` gave, or from a forgery of it.

    Args:
        value: as JSON holds it.
        depth: of what this is a part of.
        of_answer: refuse what no answer may be: sets, generators.
    Raises:
        ValueError: it is none.
    """
    if depth > DEPTH:
        raise ValueError("nested too deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is not dict or len(value) != 1:
        raise ValueError("no encoded value")
    ((kind, content),) = value.items()
    if kind in ("array", "scalar"):
        return _array(content, kind == "scalar")
    if kind == "handle" and type(content) is int:
        return Handle(content)
    if of_answer and kind in ("generator", "set"):
        raise ValueError(f"no answer is a {kind}")
    if kind == "generator":
        generator = np.random.Generator(np.random.PCG64())
        try:
            generator.bit_generator.state = content
        except Exception:
            raise ValueError("no generator's state") from None
        return generator
    if type(content) is not list:
        raise ValueError(f"no list of parts in {kind!r:.40}")
    if kind == "complex" and list(map(type, content)) == [float, float]:
        return complex(*content)
    try:
        if kind == "dict":
            if len(content) > ENTRIES:
                raise ValueError("too many entries")
            pairs = [(decode(key, depth + 1), decode(part, depth + 1, of_answer)) for key, part in content]
            return dict(pairs)
        make = {"list": list, "tuple": tuple, "set": set}[kind]
        return make([decode(part, depth + 1, of_answer) for part in content])
    except (KeyError, TypeError):  # an unknown kind; a key that cannot be one
        raise ValueError(f"no value of kind {kind!r:.40}") from None


def _array(content, is_scalar):
    """An array that owns its memory, or a scalar; see `decode`."""
    try:
        name, shape, data = content
        if type(name) is not str or len(name) > 4:
            raise TypeError
        dtype = np.dtype(name)
        raw = base64.b64decode(data, validate=True)
    except (TypeError, ValueError):
        raise ValueError("no array") from None
    whole = (
        type(shape) is list and len(shape) <= 32 and all(type(n) is int and 0 <= n <= MESSAGE for n in shape)
    )
    if dtype.kind not in KINDS or dtype.itemsize not in ITEM_SIZES or not whole:
        raise ValueError("no array of numbers")
    if math.prod(shape) * dtype.itemsize != len(raw) or (is_scalar and shape):
        raise ValueError("an array whose shape does not fit its data")
    array = np.frombuffer(raw, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    return array[()] if is_scalar else array


def dumps(message):
    """One message as a line of bytes."""
    return json.dumps(message).encode("ascii") + b"\n"


def loads(line):
    """A message.

    Raises:
        ValueError: it is no JSON object, or one nested too deep.
    """
    try:
        message = json.loads(line)
    except (MemoryError, RecursionError):
        raise ValueError("too large or nested too deep") from None
    if type(message) is not dict:
        raise ValueError("no JSON object")
    return message
