"""What speed.py asks of PyTorch, in NumPy and from the definition: windows of 4 x 4, stride 2, pad 1.

A layer joins a large image (m, wide, 2 h, 2 w) and a small one (m, narrow, h, w) by W (narrow, wide, 4, 4):

    Conv2d            small[o, i, j] = b[o] + sum W[o, c, u, v] large[c, 2 i + u - 1, 2 j + v - 1]
    ConvTranspose2d   large[c, 2 i + u - 1, 2 j + v - 1] = b[c] + sum W[o, c, u, v] small[o, i, j]
"""

import contextlib
from types import ModuleType, SimpleNamespace

import numpy as np


class Plain(np.ndarray):
    """An array with the names that tensors have there.  (y * y).mean().backward() tells the layer 2 y / n."""

    grad = back = None

    def permute(self, *axes):
        return self.transpose(axes)

    def numpy(self):
        return np.asarray(self)

    def detach(self):
        return self

    def requires_grad_(self, wanted):
        assert wanted
        return self

    def zero_(self):
        self[...] = 0

    def __mul__(self, other):
        assert other is self
        made = np.square(np.asarray(self)).view(Plain)
        made.back = lambda: self.back(2 * np.asarray(self) / self.size)
        return made

    def mean(self):
        return SimpleNamespace(backward=self.back)


class Conv2d:
    def __init__(self, inputs, outputs, size, stride, pad):
        assert (size, stride, pad) == (4, 2, 1)
        self.weight = np.full(self._shape(inputs, outputs), np.nan).view(Plain)
        self.bias = np.full(outputs, np.nan).view(Plain)

    def _shape(self, inputs, outputs):
        return outputs, inputs, 4, 4

    def zero_grad(self):
        self.weight.grad = self.bias.grad = None

    def __call__(self, x):
        W = np.asarray(self.weight)
        y = self._forward(np.asarray(x), W) + np.asarray(self.bias)[:, None, None]

        def back(g):
            assert x.grad is None and self.weight.grad is None
            by_x, by_W = self._backward(np.asarray(x), W, g)
            x.grad, self.weight.grad, self.bias.grad = (a.view(Plain) for a in (by_x, by_W, g.sum((0, 2, 3))))

        y = y.view(Plain)
        y.back = back
        return y

    def _forward(self, x, W):
        return _to_small(x, W)

    def _backward(self, x, W, g):
        return _to_large(g, W), _pairs(g, x)


class ConvTranspose2d(Conv2d):
    def _shape(self, inputs, outputs):
        return inputs, outputs, 4, 4

    def _forward(self, x, W):
        return _to_large(x, W)

    def _backward(self, x, W, g):
        return _to_small(g, W), _pairs(x, g)


def _windows(padded):
    """u, v and what stands at that place of every window."""
    h, w = padded.shape[2] - 2, padded.shape[3] - 2
    for u, v in np.ndindex(4, 4):
        yield u, v, padded[:, :, u : u + h : 2, v : v + w : 2]


def _padded(large):
    return np.pad(large, ((0, 0), (0, 0), (1, 1), (1, 1)))


def _to_small(large, W):
    return sum(np.einsum("mcij,oc->moij", part, W[:, :, u, v]) for u, v, part in _windows(_padded(large)))


def _to_large(small, W):
    m, _, h, w = small.shape
    padded = np.zeros((m, W.shape[1], 2 * h + 2, 2 * w + 2))
    for u, v, part in _windows(padded):
        part += np.einsum("moij,oc->mcij", small, W[:, :, u, v])
    return padded[:, :, 1:-1, 1:-1]


def _pairs(small, large):
    """The gradient by W."""
    found = np.zeros((small.shape[1], large.shape[1], 4, 4))
    for u, v, part in _windows(_padded(large)):
        found[:, :, u, v] = np.einsum("moij,mcij->oc", small, part)
    return found


torch = ModuleType("torch")
torch.__version__ = "by hand"
torch.nn = SimpleNamespace(Conv2d=Conv2d, ConvTranspose2d=ConvTranspose2d)
torch.no_grad = contextlib.nullcontext
torch.set_num_threads = lambda count: None
torch.from_numpy = lambda a: a.view(Plain)
