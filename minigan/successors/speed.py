"""How long a convolution takes, forward and backward, beside PyTorch's on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigan import ops, threads
from minigan.backend import Backend
from minigan.errors import InputError
from minigan.random import Streams
from minigan.successors.convolution import Conv, ConvTranspose
from minigan.tensor import Tensor, backward

LAYERS = (  # transposed or not, lengths, channels in, channels out; windows of 4 x 4, stride 2, pad 1
    (False, 28, 1, 64),
    (False, 14, 64, 128),
    (False, 32, 3, 64),
    (False, 16, 64, 128),
    (False, 8, 128, 256),
    (True, 7, 128, 64),
    (True, 14, 64, 1),
    (True, 4, 256, 128),
    (True, 8, 128, 64),
    (True, 16, 64, 3),
)


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    layers: tuple[tuple[bool, int, int, int], ...] = LAYERS
    batch: int = 64
    turns: int = 15


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each layer milliseconds of processor time, ours and theirs, and the median of the ratios.

    Both take turns.  InputError where there is no PyTorch.
    """
    try:
        import torch
    except ModuleNotFoundError:
        raise InputError("convolution: the comparison needs PyTorch: python -m pip install torch") from None
    torch.set_num_threads(1)
    threads.use(1, [])
    found: dict[str, Any] = {"torch": torch.__version__, "layers": []}
    for layer in settings.layers:
        name = f"{'transposed ' * layer[0]}{layer[1]} x {layer[1]} x {layer[2]} to {layer[3]}"
        ours, theirs = contenders(layer, settings.batch, seed)
        times = np.array([[_seconds(play) for play in (ours, theirs)] for _ in range(settings.turns)])[2:]
        ratio, (ms, torch_ms) = float(np.median(times[:, 0] / times[:, 1])), 1000 * np.median(times, axis=0)
        found["layers"].append({"layer": name, "ms": ms, "torch_ms": torch_ms, "ratio": ratio})
        say(f"{name:28}  {ms:6.1f} ms, PyTorch {torch_ms:6.1f} ms: {ratio:.2f} times")
    found["worst"] = max(row["ratio"] for row in found["layers"])
    return found


def contenders(
    layer: tuple[bool, int, int, int], batch: int, seed: int
) -> tuple[Callable[[], list[Any]], Callable[[], list[Any]]]:
    """Two functions that give y and the gradients of mean y^2 by x, W and b, in our order of axes."""
    import torch

    transposed, n, inputs, outputs = layer
    rng = Streams(seed, Backend())("init")
    made = (ConvTranspose if transposed else Conv)(inputs, outputs, rng, scale=0.05)
    x = Tensor(rng.normal((batch, n, n, inputs)))
    kind = torch.nn.ConvTranspose2d if transposed else torch.nn.Conv2d
    other = kind(inputs, outputs, 4, 2, 1)
    wide, narrow = (outputs, inputs) if transposed else (inputs, outputs)
    with torch.no_grad():  # W (4, 4, wide, narrow) is (narrow, wide, 4, 4) there, in both layers
        W = made.W.data.reshape(4, 4, wide, narrow).transpose(3, 2, 0, 1)
        other.weight[...] = torch.from_numpy(np.ascontiguousarray(W))
        other.bias.zero_()
    image = torch.from_numpy(np.ascontiguousarray(x.data.transpose(0, 3, 1, 2))).requires_grad_(True)

    def ours() -> list[Any]:
        y = made(x, None)
        value = y.data
        backward(ops.mean(y * y), wrt=[x, made.W, made.b])
        return [value, x.grad, made.W.grad, made.b.grad]

    def theirs() -> list[Any]:
        other.zero_grad()
        image.grad = None
        y = other(image)
        (y * y).mean().backward()
        W = other.weight.grad.permute(2, 3, 1, 0).reshape(made.W.shape)
        return [y.detach().permute(0, 2, 3, 1), image.grad.permute(0, 2, 3, 1), W, other.bias.grad]

    return ours, theirs


def _seconds(play: Callable[[], object]) -> float:
    play()  # in its turn each finds its own things in the cache
    began = time.process_time()
    play()
    return time.process_time() - began
