"""Sequence to sequence (Sutskever, Vinyals and Le 2014): English numbers to French ones, word by word.

    p(y_1 ... y_T' | x_1 ... x_T) = prod_t p(y_t | v, y_1 ... y_t-1)

One LSTM reads the source; its last state is v.  Another starts from v and says the target word by word, each
time hearing the word before.  The article reads the source in reverse (section 3.3), so that the first words
of both are near each other.  Nothing here is new to the engine: an LSTM is a linear layer and products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigan.backend import Backend, xp_of
from minigan.nn import Linear
from minigan.ops import concatenate, cross_entropy, sigmoid, tanh
from minigan.optim import Adam, exponential_decay
from minigan.random import Stream, Streams
from minigan.successors.conditional import onehot
from minigan.tensor import Array, Tensor, backward

COUNT = 10_000  # the numbers from 0
ORDERS = ("reversed", "as it stands")
PAD, START, END = 0, 0, 1  # of the source; of the target


# The network -----------------------------------------------------------------------------------------


class LSTM:
    """c' = f c + i g,  h' = o tanh(c')        i, f, o sigmoids and g tanh of [x, h] W + b

    x (m, inputs); h, c (m, units).  Hochreiter and Schmidhuber 1997; the forget gate Gers et al. 2000.
    """

    def __init__(self, inputs: int, units: int, rng: Stream, scale: float = 0.08) -> None:
        self.linear, self.units = Linear(inputs + units, 4 * units, rng, scale), units

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """One word: the next h and c."""
        n, a = self.units, self.linear(concatenate([x, h], axis=1), None)
        gates, g = sigmoid(a[:, : 3 * n]), tanh(a[:, 3 * n :])
        i, f, o = (gates[:, k * n : (k + 1) * n] for k in range(3))
        c = f * c + i * g
        return o * tanh(c), c


class Translator:
    """Two LSTMs, and a linear layer from what the second holds to the logits of the next word."""

    def __init__(self, source: int, target: int, units: int, rng: Stream) -> None:
        self.reader, self.speaker = LSTM(source, units, rng), LSTM(target, units, rng)
        self.words = Linear(units, target, rng, 0.08)
        self.source, self.target, self.units = source, target, units

    def parameters(self) -> list[Tensor]:
        """Those of both LSTMs and of the last layer."""
        layers = self.reader.linear, self.speaker.linear, self.words
        return [p for layer in layers for p in layer.parameters()]

    def read(self, x: Array) -> tuple[Tensor, Tensor]:
        """v, the state after the source        x (m, T) words"""
        W = self.words.W.data
        h = c = Tensor(xp_of(W).zeros((len(x), self.units), W.dtype))
        for t in range(x.shape[1]):
            h, c = self.reader.step(self._heard(x[:, t], self.source), h, c)
        return h, c

    def loss(self, x: Array, y: Array) -> Tensor:
        """The mean of -log p(y_t | v, y_1 ... y_t-1), in nats a word        y (m, T' + 1), START in front"""
        (h, c), held = self.read(x), []
        for t in range(y.shape[1] - 1):
            h, c = self.speaker.step(self._heard(y[:, t], self.target), h, c)
            held.append(h)
        return cross_entropy(self.words(concatenate(held), None), y[:, 1:].T.reshape(-1))

    def say(self, x: Array, longest: int) -> Array:
        """The likeliest word each time, having heard what it said        (m, longest)"""
        (h, c), said = self.read(x), [0 * x[:, 0] + START]
        for _ in range(longest):
            h, c = self.speaker.step(self._heard(said[-1], self.target), h, c)
            said.append(self.words(h, None).data.argmax(axis=1))
        return xp_of(x).stack(said[1:], axis=1)

    def _heard(self, words: Array, count: int) -> Tensor:
        return Tensor(onehot(words, count, self.words.W.dtype))


def clip_norm(parameters: Sequence[Tensor], longest: float) -> None:
    """g <- g min(1, longest / |g|), g all gradients as one vector        (section 3.4)"""
    gradients: list[Array] = [p.grad for p in parameters]
    xp = xp_of(*gradients)
    norm = xp.sqrt(sum((g * g).sum() for g in gradients))
    for g in gradients:
        g *= xp.minimum(1, longest / xp.maximum(norm, 1e-12)).astype(g.dtype)


# The two languages -----------------------------------------------------------------------------------

ENGLISH, TENS, FRENCH, DIZAINES = (
    text.split()
    for text in (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen",
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
        "vingt trente quarante cinquante soixante",
    )
)


def english(n: int) -> list[str]:
    """The words of n, 0 to 9999, and no "and" between them."""
    if n < 20:
        return [ENGLISH[n]]
    for size, word in ((1000, "thousand"), (100, "hundred")):
        if n >= size:
            return [*english(n // size), word, *(english(n % size) if n % size else [])]
    return [TENS[n // 10 - 2], *(english(n % 10) if n % 10 else [])]


def french(n: int) -> list[str]:
    """The words of n, 0 to 9999: quatre vingt un, but soixante et onze; deux cents, but deux cent un"""
    if n < 17:
        return [FRENCH[n]]
    if n < 20:
        return ["dix", FRENCH[n - 10]]
    if n < 80:
        ten = min(n // 10, 6)
        rest = n - 10 * ten
        joined = ["et"] if rest in (1, 11) else []
        return [DIZAINES[ten - 2], *joined, *(french(rest) if rest else [])]
    if n < 100:
        return ["quatre", "vingts"] if n == 80 else ["quatre", "vingt", *french(n - 80)]
    if n < 1000:
        times, rest = divmod(n, 100)
        many = [] if times == 1 else [FRENCH[times]]
        return [*many, "cents" if many and not rest else "cent", *(french(rest) if rest else [])]
    times, rest = divmod(n, 1000)
    return [*([] if times == 1 else french(times)), "mille", *(french(rest) if rest else [])]


def sentences() -> tuple[Array, Array, list[str], list[str]]:
    """Source (COUNT, T) and target (COUNT, T' + 1) as numbers of words, and both vocabularies."""
    pairs = [(english(n), french(n)) for n in range(COUNT)]
    source = ["<pad>", *sorted({word for words, _ in pairs for word in words})]
    target = ["<start>", "<end>", *sorted({word for _, words in pairs for word in words})]
    numbers = [{word: i for i, word in enumerate(words)} for words in (source, target)]
    longest = [max(map(len, side)) for side in zip(*pairs, strict=True)]
    x, y = np.full((COUNT, longest[0]), PAD), np.full((COUNT, longest[1] + 2), END)
    y[:, 0] = START
    for n, (words, mots) in enumerate(pairs):
        x[n, longest[0] - len(words) :] = [numbers[0][word] for word in words]
        y[n, 1 : 1 + len(mots)] = [numbers[1][word] for word in mots]
    return x, y, source, target


def backwards(x: Array) -> Array:
    """Each source in reverse, its padding still in front"""
    kept = [row[row != PAD][::-1] for row in x]
    return np.stack([np.concatenate([np.full(x.shape[1] - len(row), PAD), row]) for row in kept])


# The page --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    updates: int = 1500
    batch: int = 100
    units: int = 96
    learning_rate: float = 3e-3
    decay: float = 1.0007
    clip: float = 5.0
    unseen: int = 1000
    every: int = 250


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each order of the source the share of unseen numbers translated exactly, as training goes."""
    x, y, _, target = sentences()
    order = Streams(0, Backend())("split").permutation(COUNT)
    found: dict[str, Any] = {"orders": {}, "examples": []}
    for name in ORDERS:
        read = backwards(x) if name == "reversed" else x
        curve, said = _train(name, read, y, order, seed, settings, say)
        found["orders"][name] = curve
        if name == "reversed":
            for n in order[-settings.unseen :][:5].tolist():
                words = [target[i] for i in said[n] if i != END]
                found["examples"].append([" ".join(english(n)), " ".join(words), " ".join(french(n))])
    return found


def _train(
    name: str, x: Array, y: Array, order: Array, seed: int, settings: Settings, say: Callable[[str], None]
) -> tuple[list[dict[str, float]], dict[int, list[int]]]:
    """Records of update, loss and exact share on the unseen; and what it says of each of these at the end."""
    seen, unseen = order[: -settings.unseen], order[-settings.unseen :]
    streams = Streams(seed, Backend())
    net = Translator(int(x.max()) + 1, int(y.max()) + 1, settings.units, streams("init"))
    rate = exponential_decay(settings.learning_rate, settings.decay, 1e-4)
    optimiser, curve = Adam(net.parameters(), rate), []
    for t in range(settings.updates):
        rows = seen[(streams("batch", t).uniform((settings.batch,)) * len(seen)).astype("int64")]
        loss = net.loss(x[rows], y[rows])
        backward(loss, wrt=net.parameters())
        clip_norm(net.parameters(), settings.clip)
        optimiser.step(t, 0)
        if (t + 1) % settings.every == 0 or t + 1 == settings.updates:
            said = net.say(x[unseen], y.shape[1] - 1)
            exact = float((said == y[unseen, 1:]).all(axis=1).mean())
            curve.append({"update": t + 1, "loss": float(loss.data), "exact": exact})
            say(f"{name}: update {t + 1}, loss {float(loss.data):.4f}, {100 * exact:.1f} % of the unseen")
    return curve, dict(zip(unseen.tolist(), said.tolist(), strict=True))
