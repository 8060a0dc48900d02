"""What crosses the pipe between judge and judged: a JSON header and raw array bytes, nothing that can act.

    frame = length of the header (4 bytes), length of the body (4 bytes), header, body

The header holds the value with each array replaced by {"array": i}, and dtype and shape of every array; the
body holds their bytes.  Types are exact: a subclass can lie about itself, so none is sent.
"""

from __future__ import annotations

import io
import json
import struct
from typing import Any, BinaryIO

import numpy as np

HEADER_LIMIT = 1 << 16  # bytes: a hundred times what any homework sends
BODY_LIMIT = 1 << 20
DTYPES = ("bool", "int32", "int64", "float16", "float32", "float64")
_LENGTHS = struct.Struct("<II")


class TransportError(Exception):
    """A value that may not cross, or bytes that are no frame."""


def send(file: BinaryIO, value: Any) -> None:
    """Write one frame.  TransportError names the type that may not cross."""
    arrays: list[np.ndarray] = []
    tree = _without_arrays(value, arrays)
    header = json.dumps({"value": tree, "arrays": [[a.dtype.name, list(a.shape)] for a in arrays]}).encode()
    body = b"".join(a.tobytes() for a in arrays)
    if len(header) > HEADER_LIMIT or len(body) > BODY_LIMIT:
        raise TransportError(f"{len(header) + len(body):,} bytes are too much to send back")
    file.write(_LENGTHS.pack(len(header), len(body)) + header + body)
    file.flush()


def receive(file: BinaryIO) -> Any:
    """Read one frame.  EOFError at the end of the stream, TransportError where the bytes are no frame."""
    header_length, body_length = _LENGTHS.unpack(_exactly(file, _LENGTHS.size))
    if header_length > HEADER_LIMIT or body_length > BODY_LIMIT:
        raise TransportError("the announced length is over the limit")
    header, body = _exactly(file, header_length), _exactly(file, body_length)
    try:
        message = json.loads(header)
        arrays, start = [], 0
        for dtype, shape in message["arrays"]:
            array, start = _array(dtype, shape, body, start)
            arrays.append(array)
        if start != len(body):
            raise TransportError(f"{len(body) - start} bytes belong to no array")
        return _with_arrays(message["value"], arrays)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise TransportError(f"not a frame ({type(error).__name__})") from None


def carried(value: Any) -> Any:
    """What arrives when `value` is sent."""
    pipe = io.BytesIO()
    send(pipe, value)
    pipe.seek(0)
    return receive(pipe)


def kind_of(error: BaseException) -> str:
    """The name of the exception's type; of a type that Python does not have, that of what it derives from."""
    return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = file.read(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _without_arrays(value: Any, arrays: list[np.ndarray]) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return [_without_arrays(part, arrays) for part in value]
    if kind is dict and set(value) == {"array"}:
        raise TransportError("a dict that would read as an array")
    if kind is dict and all(type(key) is str for key in value):
        return {key: _without_arrays(part, arrays) for key, part in value.items()}
    if kind is np.ndarray or kind in (np.float32, np.float64):
        array = np.asarray(value)
        if array.dtype.name in DTYPES and array.dtype.isnative:
            arrays.append(array)
            return {"array": len(arrays) - 1}
        raise TransportError(f"an array of {array.dtype}")
    raise TransportError(f"{kind.__module__}.{kind.__qualname__}")


def _array(dtype: Any, shape: Any, body: bytes, start: int) -> tuple[np.ndarray, int]:
    if dtype not in DTYPES or not all(type(n) is int and n >= 0 for n in shape):
        raise TransportError(f"an array of {dtype!r}")
    count = 1
    for n in shape:
        count *= n
    end = start + count * np.dtype(dtype).itemsize
    if end > len(body):
        raise TransportError("an array is longer than its bytes")
    return np.frombuffer(body[start:end], dtype).reshape(shape).copy(), end


def _with_arrays(tree: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(tree, list):
        return [_with_arrays(part, arrays) for part in tree]
    if isinstance(tree, dict):
        if set(tree) == {"array"}:
            return arrays[tree["array"]]
        return {key: _with_arrays(part, arrays) for key, part in tree.items()}
    return tree
