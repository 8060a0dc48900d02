"""What is checked.  Expected values are the formulas in float64; a GPU has to give NumPy's."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Trial
from minigan.homework.judging.sandbox import Ended

NUMPY, GPU = "numpy", "cupy"
DTYPES = ("float32", "float64")
LEAKY = [((4, 3), 0.2), ((5,), 0.0), ((2, 2, 2), 1.5), ((3, 1), 0.01), ((2, 3), -0.5)]
LINEAR = [(30, 40, None, "affine"), (50, 20, 0.25, "relu"), (40, 40, 0.0, "affine"), (25, 60, 3.0, "affine")]
NORM = [((6, 3), 2, 0.9, 1e-5), ((4, 4), 3, 0.5, 0.1), ((2, 5), 1, 0.0, 1e-3), ((7, 1), 2, 0.99, 1e-5)]
LEAKY_NAMES = ["y", "a second y", "the gradient by x", "the second gradient"]
NORM_NAMES = ["gamma", "beta", "running_mean", "running_var"]
LINEAR_NAMES = ["W", "b", "x W + b", "W from an equal stream", "W from another stream"]
SIGMAS = 6


def linear_numpy(trial: Trial) -> None:
    """W need not be the draw that minigan makes, but it is one from the stream: equal for equal streams."""

    def test(case: tuple[tuple[int, int, float | None, str], str]) -> None:
        (inputs, outputs, scale, f), dtype = case
        x = trial.rng(inputs, outputs).standard_normal((3, inputs)).astype(dtype)
        W, b, y, again, other = _linear(trial, x, case[0], NUMPY)
        trial.same("b", b, np.zeros(outputs, dtype))
        limit = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        _of_form(trial, "W", W, (inputs, outputs), dtype)
        trial.expect(bool((abs(W) <= limit * (1 + 1e-6)).all()), f"some of W is beyond {limit:.4g}", "limit")
        mean, width = abs(W.mean()), W.std()
        off = SIGMAS * limit / (3 * W.size) ** 0.5
        spread = f"expected the mean of W to be 0 and its deviation scale / sqrt 3 = {limit / 3**0.5:.4g}"
        trial.expect(
            mean <= off and abs(width - limit / 3**0.5) <= off,
            f"{spread}, got {mean:.4g}, {width:.4g}",
            "uniform",
        )
        _of_form(trial, "W from an equal stream", again, W.shape, dtype)
        trial.expect(np.array_equal(W, again), "two equal streams gave different W")
        repeats = scale != 0 and isinstance(other, np.ndarray) and np.array_equal(W, other)
        trial.expect(not repeats, "two different streams gave the same W")
        want = x @ W
        trial.same("f(x, W, b)", y, np.maximum(want, 0) if f == "relu" else want)

    trial.forall([(case, dtype) for case in LINEAR for dtype in DTYPES], test)


def linear_gpu(trial: Trial) -> None:
    def test(case: tuple[tuple[int, int, float | None, str], str]) -> None:
        x = trial.rng(*case[0][:2]).standard_normal((3, case[0][0])).astype(case[1])
        on_numpy = _linear(trial, x, case[0], NUMPY)
        for name, got, want in zip(LINEAR_NAMES, _linear(trial, x, case[0], GPU), on_numpy, strict=True):
            if not isinstance(want, np.ndarray) or want.dtype.kind != "f":
                raise Ended("bad_reply", "an answer without arrays")
            trial.same(name, got, want)

    trial.forall([(case, dtype) for case in LINEAR for dtype in DTYPES], test)


def _leaky(trial: Trial, library: str) -> None:
    def test(case: tuple[tuple[int, ...], float]) -> None:
        shape, slope = case
        for dtype in DTYPES:
            x, g = _leaky_inputs(trial, shape, dtype)
            answer = trial.ask("leaky_relu", x, slope, g, library)
            factor, later = (np.where(a > 0, 1, slope).astype(dtype) for a in (x, x + 1))
            wants = [x * factor, (x + 1) * later, g * factor, later]
            _all_same(trial, LEAKY_NAMES, _arrays(trial, answer, library, LEAKY_NAMES), wants)

    trial.forall(LEAKY, test)


def _norm(trial: Trial, library: str) -> None:
    def test(case: tuple[tuple[int, int], int, float, float]) -> None:
        for dtype in DTYPES:
            made = trial.ask("batch_norm_made", case[0][1], library, dtype)
            start = [np.full(case[0][1], value, dtype) for value in (1, 0, 0, 1)]
            _all_same(trial, NORM_NAMES, _arrays(trial, made, library, NORM_NAMES), start)
            inputs = _norm_inputs(trial, case, dtype)
            wants = _by_formula(*inputs)
            answer = trial.ask("batch_norm", *inputs, library)
            got = _arrays(trial, answer, library, list(wants))
            _all_same(trial, list(wants), got, [want.astype(dtype) for want in wants.values()])

    trial.forall(NORM, test)


def _by_formula(
    training: list[np.ndarray],
    evaluation: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    g: list[np.ndarray],
    momentum: float,
    eps: float,
) -> dict[str, np.ndarray]:
    """Everything by name, in float64."""
    values, by_x = {"y before any training": evaluation / np.sqrt(1 + eps)}, {}
    mean, var = np.zeros(len(gamma)), np.ones(len(gamma))
    by_gamma, by_beta = np.zeros(len(gamma)), np.zeros(len(gamma))
    for i, (x, weight) in enumerate(zip(training, g, strict=False), 1):
        x, weight = x.astype(float), weight.astype(float)
        deviation = np.sqrt(x.var(axis=0) + eps)
        z = (x - x.mean(axis=0)) / deviation
        values[f"y of training call {i}"] = z * gamma + beta
        inner = weight - weight.mean(axis=0) - z * (weight * z).mean(axis=0)
        by_x[f"the gradient by minibatch {i}"] = gamma / deviation * inner
        by_gamma, by_beta = by_gamma + (weight * z).sum(axis=0), by_beta + weight.sum(axis=0)
        mean = momentum * mean + (1 - momentum) * x.mean(axis=0)
        var = momentum * var + (1 - momentum) * x.var(axis=0)
    z, deviation = (evaluation - mean) / np.sqrt(var + eps), np.sqrt(var + eps)
    values["y of evaluation"] = z * gamma + beta
    values["y of another layer's evaluation"] = evaluation / np.sqrt(1 + 1e-5)
    by_x["the gradient by what was evaluated"] = g[-1] * gamma / deviation
    by_gamma, by_beta = by_gamma + (g[-1] * z).sum(axis=0), by_beta + g[-1].sum(axis=0)
    weights = {"the gradient by gamma": by_gamma, "the gradient by beta": by_beta}
    return values | by_x | weights | {"running_mean": mean, "running_var": var}


def _counted(trial: Trial, what: str, complaint: str) -> None:
    """Of what runs at every step, and of making the layers."""
    x, g = _leaky_inputs(trial, (4, 3), "float32")
    ask = {
        "leaky_relu": (x, 0.2, g),
        "linear": (30, 40, None, trial.rng(1).standard_normal((3, 30)).astype("float32"), "affine"),
        "batch_norm": tuple(_norm_inputs(trial, NORM[0], "float32")),
    }
    for call, arguments in ask.items():
        answer = trial.ask(call, *arguments, GPU, *([trial.seed] if call == "linear" else []))
        _, _, *counts = trial.fields(answer, "libraries", "values", "waits", "bytes")
        count = counts[what == "bytes"]
        trial.expect(type(count) is int and count == 0, f"{call}: {complaint.format(count)}", [call, *counts])


def _linear(trial: Trial, x: np.ndarray, case: tuple[int, int, float | None, str], library: str) -> list:
    inputs, outputs, scale, f = case
    answer = trial.ask("linear", inputs, outputs, scale, x, f, library, trial.seed)
    return _arrays(trial, answer, library, LINEAR_NAMES)


def _arrays(trial: Trial, answer: Any, library: str, names: list[str]) -> list[Any]:
    """The arrays of an answer, all of which have to belong to the library."""
    libraries, values, *_ = trial.fields(answer, "libraries", "values", "waits", "bytes")
    if not all(isinstance(part, list) and len(part) == len(names) for part in (libraries, values)):
        raise Ended("bad_reply", "an answer of another form than was asked for")
    for name, own in zip(names, libraries, strict=True):
        trial.expect(own == library, f"{name} belongs to {own}, expected an array of {library}", [name, own])
    return values


def _all_same(trial: Trial, names: list[str], got: list[Any], wants: list[np.ndarray]) -> None:
    for name, value, want in zip(names, got, wants, strict=True):
        trial.same(name, value, want)


def _of_form(trial: Trial, name: str, got: Any, shape: tuple[int, ...], dtype: str) -> None:
    form = (got.shape, got.dtype.name) if isinstance(got, np.ndarray) else type(got).__name__
    trial.expect(form == (shape, dtype), f"{name}: expected {shape} of {dtype}, got {form}", str(form))


def _leaky_inputs(trial: Trial, shape: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    """One is 0, with the slope of what is below; the others are away from 0 and from -1."""
    rng = trial.rng(*shape)
    x = np.asarray(rng.uniform(0.1, 0.9, shape) * rng.choice([-1, 1, 2], shape))
    x.flat[:1] = 0
    return [x.astype(dtype), rng.standard_normal(shape).astype(dtype)]


def _norm_inputs(trial: Trial, case: tuple[tuple[int, int], int, float, float], dtype: str) -> list[Any]:
    (m, features), count, momentum, eps = case
    rng = trial.rng(m, features, count)
    training = [(rng.standard_normal((m, features)) * (i + 2) + i).astype(dtype) for i in range(count)]
    evaluation = rng.standard_normal((m + 1, features)).astype(dtype)
    gamma, beta = (rng.standard_normal(features).astype(dtype) for _ in range(2))
    g = [rng.standard_normal(x.shape).astype(dtype) for x in (*training, evaluation)]
    return [training, evaluation, gamma, beta, g, momentum, eps]


leaky_numpy = partial(_leaky, library=NUMPY)
leaky_gpu = partial(_leaky, library=GPU)
norm_numpy = partial(_norm, library=NUMPY)
norm_gpu = partial(_norm, library=GPU)
no_wait = partial(_counted, what="waits", complaint="waited {} times for the GPU")
no_copy = partial(_counted, what="bytes", complaint="copied {} bytes between the GPU and NumPy")
