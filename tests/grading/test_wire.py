"""Plain data goes through; nothing else does."""

import enum
import json

import numpy as np
import pytest

from course_lib.grading import wire

VALUES = [
    None,
    True,
    3,
    -(10**400),
    2.5,
    float("inf"),
    1 + 2j,
    "ψ\ud800",
    [1, [2.0]],
    (),
    (1, "a"),
    {1, 2},
    {"a": 1, (1, 2): [3]},
    np.float32(1.5),
    np.int64(-3),
    np.bool_(True),
    np.arange(6).reshape(2, 3)[:, ::2],
    np.zeros((0, 3), np.uint8),
    np.array(7.0),
    np.array([1, 2], ">i2"),
    np.array([np.nan, np.inf]),
    np.array([1j]),
]


def through(value, keep=None):
    """Encode, send, receive, decode."""
    return wire.decode(wire.loads(wire.dumps({"value": wire.encode(value, keep)}))["value"])


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_data_comes_back(value):
    back = through(value)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray | np.generic):
        assert back.dtype == value.dtype.newbyteorder("=")
        assert back.shape == value.shape
        np.testing.assert_array_equal(back, value)
    else:
        assert back == value


def test_arrays_can_be_written_to():
    back = through(np.zeros(3))
    back[0] = 1
    assert back.tolist() == [1, 0, 0]


def test_a_generator_draws_the_same():
    rng = np.random.default_rng(5)
    rng.random(3)
    assert through(rng).random(4).tolist() == rng.random(4).tolist()


class Number(float):
    """Equal to everything."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Number(2), 2.0),
        (Colour.RED, 1),
        (np.zeros(2).view(np.recarray), np.zeros(2)),
        (np.ma.array([1], mask=[1]), np.array([1])),
    ],
    ids=["float", "int", "recarray", "masked"],
)
def test_subclasses_come_back_as_their_bases(value, plain):
    assert type(through(value)) is type(plain)
    assert np.array_equal(through(value), plain)


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 0, [object()], np.array([None]), np.array(["a"]), np.zeros(2, "i4,f8"), b"a"],
    ids=["object", "function", "inside", "object array", "text array", "record", "bytes"],
)
def test_other_objects_are_refused(value):
    with pytest.raises(TypeError):
        wire.encode(value)


def test_what_stays_comes_back_as_a_handle():
    class Model:
        def predict(self, x):
            return x

    assert through([Model()], keep=lambda value: wire.Handle(4)) == [wire.Handle(4)]


def array(dtype="<f8", shape=(1,), data="AAAAAAAA8D8="):
    return {"array": [dtype, list(shape), data]}


FORGED = {
    "object array": array("|O8"),
    "object array by name": array("O"),
    "structured": array("f,f"),
    "text": array("<U2"),
    "dates": array("<M8"),
    "no dtype": array("nope"),
    "dtype of another type": array(["f8"]),
    "negative shape": array(shape=(-1,)),
    "huge shape": array(shape=(2**40,)),
    "product overflows": array(shape=(2**20,) * 20),
    "bool in shape": array(shape=(True,)),
    "float in shape": array(shape=(1.0,)),
    "too many axes": array(shape=(1,) * 40),
    "shape without data": array(shape=(2,)),
    "data without shape": array(shape=(0,)),
    "no base64": array(data="é"),
    "data of another type": array(data=5),
    "array of two": {"array": [1, 2]},
    "array of nothing": {"array": None},
    "scalar with a shape": {"scalar": ["<f8", [1], "AAAAAAAA8D8="]},
    "bare list": [1, 2],
    "two kinds": {"list": [], "tuple": []},
    "unknown kind": {"function": []},
    "dict of no pairs": {"dict": [1]},
    "dict with list as key": {"dict": [[{"list": []}, 1]]},
    "set of lists": {"set": [{"list": []}]},
    "complex of text": {"complex": ["1", 2]},
    "handle of text": {"handle": "0"},
    "generator of nothing": {"generator": {}},
    "generator of another kind": {"generator": {"bit_generator": "MT19937"}},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_forgeries_are_refused(forged):
    with pytest.raises(ValueError):
        wire.decode(json.loads(json.dumps(forged)))


@pytest.mark.parametrize("line", [b"[1]", b"{", b"", b"[" * 100_000, b"1" * 5000, b'"a"'])
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError):
        wire.loads(line)


def test_deep_data_is_refused():
    value = []
    for _ in range(100):
        value = [value]
    with pytest.raises(TypeError):
        wire.encode(value)
    forged = 1
    for _ in range(100):
        forged = {"list": [forged]}
    with pytest.raises(ValueError):
        wire.decode(forged)
