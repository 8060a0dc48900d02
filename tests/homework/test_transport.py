"""Only plain data crosses the pipe, and what is no frame is refused."""

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan.homework.judging import transport
from minigan.homework.judging.transport import TransportError


def frame(header, body=b""):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(struct.pack("<II", len(header), len(body)) + header + body)


text = st.text('array \0\n"\\{}\x7f\xe9\u202e\u2028\ud800\U0001f600')
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda part: st.lists(part) | st.dictionaries(text.filter(lambda key: key != "array"), part),
)


@given(plain)
def test_plain_values_arrive_as_they_are(value):
    assert transport.carried(value) == value


@pytest.mark.parametrize("dtype", transport.DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_arrays_arrive_as_they_are(dtype, shape):
    sent = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    for array in (sent, np.asfortranarray(sent), sent[..., ::-1] if shape else sent):
        arrived = transport.carried({"a": [array, 1]})["a"][0]
        assert arrived.dtype == array.dtype and arrived.shape == array.shape
        assert np.array_equal(arrived, array)
        arrived[...] = 0  # an array of one's own


class Sub(np.ndarray):
    pass


class Text(str):
    pass


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Text("a"),
        np.zeros(3).view(Sub),
        np.array([None]),
        np.array([1j]),
        np.zeros(2, ">f8"),
        np.ma.zeros(3),
        {1: 2},
        {"array": 0},
        {"a": {3}},
        b"bytes",
        lambda: 1,
        np.zeros(transport.BODY_LIMIT // 8 + 1),
        "x" * (transport.HEADER_LIMIT + 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_else_is_sent(value):
    with pytest.raises(TransportError):
        transport.send(io.BytesIO(), value)


@pytest.mark.parametrize(
    "pipe",
    [
        io.BytesIO(struct.pack("<II", 1 << 30, 0)),
        io.BytesIO(struct.pack("<II", 2, 1 << 31)),
        frame(b"\xff\xfe"),
        frame(b"[" * 100_000),
        frame(b"9" * 10_000),
        frame({}),
        frame([]),
        frame({"value": 1, "arrays": []}, b"more"),
        frame({"value": {"array": 0}, "arrays": []}),
        frame({"value": {"array": "x"}, "arrays": [["float64", [1]]]}, b"12345678"),
        frame({"value": 1, "arrays": [["float64", [2]]]}, b"12345678"),
        frame({"value": 1, "arrays": [["float64", [-1]]]}, b"12345678"),
        frame({"value": 1, "arrays": [["float64", [1 << 40, 1 << 40]]]}, b""),
        frame({"value": 1, "arrays": [["object", [1]]]}, b"12345678"),
        frame({"value": 1, "arrays": [["O", [1]]]}, b"12345678"),
        frame({"value": 1, "arrays": [[["float64"], [1]]]}, b"12345678"),
        frame({"value": 1, "arrays": 3}),
    ],
)
def test_bytes_that_are_no_frame_are_refused(pipe):
    with pytest.raises(TransportError):
        transport.receive(pipe)


def test_a_stream_that_ends_is_an_end():
    with pytest.raises(EOFError):
        transport.receive(io.BytesIO())
    with pytest.raises(EOFError):
        transport.receive(io.BytesIO(struct.pack("<II", 10, 0) + b"{"))
