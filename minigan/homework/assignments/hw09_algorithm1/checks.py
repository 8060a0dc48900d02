"""What is checked: from the gradients the optimisers found, which noise and data they were computed from.

A case is (k, m, t).  The gradients of an affine G and D are written out here in float64; a step is right
where some minibatch and some noise that were drawn give its gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigan.homework.judge import Failed, Trial
from minigan.homework.sandbox import Ended

Case = tuple[int, int, int]
CASES = [(1, 3, 0), (2, 2, 1), (3, 4, 2), (1, 2, 5), (2, 5, 3), (4, 3, 1)]
LEARNING_RATE = 0.5
SPARE = 4  # noise beyond what is needed, for those who draw too much
NO_RECORD = "the record of the game is not in its form"
UPDATE = ("d_loss", "g_loss", "a_real", "a_fake")
EVENTS = 120  # three times what any of these cases needs
FEATURES, DIMENSIONS = 3, 2


@dataclass
class Step:
    """One call of an optimiser: who, with which arguments, and what the gradient was computed from."""

    player: str
    t: Any
    epoch: Any
    gradients: list[np.ndarray]
    noise: tuple[Any, ...] | None = None
    minibatch: int | None = None
    loss: float | None = None


@dataclass
class Played:
    """What the spies wrote down, and the numbers the game was played with."""

    k: int
    t: int
    per_epoch: int
    calls: list[list[Any]]
    minibatches: list[Any]
    noises: list[tuple[Any, ...]]
    steps: list[Step]
    update: list[Any]
    logits: list[np.ndarray]  # of D's last step that is understood: real, fake

    def of(self, player: str) -> list[Step]:
        return [step for step in self.steps if step.player == player]


def rhythm(trial: Trial) -> None:
    def test(case: Case) -> None:
        played = _play(trial, case)
        order = "".join(step.player for step in played.steps)
        trial.expect(order == "D" * case[0] + "G", f"with k = {case[0]} the steps were {order or 'none'}")

    trial.forall(CASES, test, _smaller)


def D_gradient(trial: Trial) -> None:
    def test(case: Case) -> None:
        steps = _play(trial, case).of("D")
        trial.expect(bool(steps), "D never took a step")
        for number, step in enumerate(steps, 1):
            trial.expect(
                step.noise is not None,
                f"step {number} of D: no minibatch and noise that you drew give this gradient",
            )

    trial.forall(CASES, test, _smaller)


def G_gradient(trial: Trial) -> None:
    def test(case: Case) -> None:
        steps = _play(trial, case).of("G")
        trial.expect(bool(steps), "G never took a step")
        for step in steps:
            trial.expect(
                step.noise is not None,
                "G's step: no noise that you drew gives this gradient, with D as it is then",
            )

    trial.forall(CASES, test, _smaller)


def fresh_noise(trial: Trial) -> None:
    def test(case: Case) -> None:
        played = _play(trial, case)
        used = [step.noise for step in played.steps]
        trial.expect(len(set(used)) == len(used), "two steps used the same noise; each draws its own")
        right = ("noise", played.t)
        for noise in used:
            trial.expect(
                noise is not None and noise[:2] == right,
                f'the noise came from another stream than game.streams("noise", {played.t})',
            )

    trial.forall(CASES, test, _smaller)


def fresh_data(trial: Trial) -> None:
    def test(case: Case) -> None:
        played = _play(trial, case)
        used = sorted(step.minibatch for step in played.of("D") if step.minibatch is not None)
        want = [played.t * played.k + i for i in range(played.k)]
        trial.expect(used == want, f"expected D's steps on the minibatches {want}, they were on {used}")

    trial.forall(CASES, test, _smaller)


def clock(trial: Trial) -> None:
    """An epoch may be the one in which the update begins, or the one in which the step is."""

    def test(case: Case) -> None:
        played = _play(trial, case)
        first, began = played.t * played.k, played.t * played.k // played.per_epoch
        steps = [step.t for step in played.of("D")]
        trial.expect(
            bool(steps) and steps == list(range(first, first + len(steps))),
            f"optimiser_D.step: expected the step numbers from {first} on, got {steps}",
        )
        steps = [step.t for step in played.of("G")]
        trial.expect(
            bool(steps) and set(steps) == {played.t},
            f"optimiser_G.step: expected the step number {played.t}, got {steps}",
        )
        for i, step in enumerate(played.of("D")):
            trial.expect(
                step.epoch in (began, (first + i) // played.per_epoch),
                f"optimiser_D.step: expected epoch {began}, got {step.epoch}",
            )
        for step in played.of("G"):
            trial.expect(
                step.epoch in (began, (first + played.k - 1) // played.per_epoch),
                f"optimiser_G.step: expected epoch {began}, got {step.epoch}",
            )

    trial.forall(CASES, test, _smaller)


def dropout(trial: Trial) -> None:
    def test(case: Case) -> None:
        played = _play(trial, case)
        for player in "GD":
            modes = [call[2:] for call in played.calls if call[1] == player]
            trial.expect(bool(modes), f"{player} was never called")
            for mode in modes:
                trial.expect(mode[0] is not None, f"{player} was called without a stream: that is evaluation")
                trial.expect(
                    mode[:2] == ["dropout", played.t],
                    f'{player} was called with another stream than game.streams("dropout", {played.t})',
                )
        masks = [call[4] for call in played.calls]
        trial.expect(
            len(set(masks)) == len(masks),
            "two calls of the nets got the same masks: each draws on from the one dropout stream",
        )

    trial.forall(CASES[:3], test, _smaller)


def report(trial: Trial) -> None:
    def test(case: Case) -> None:
        played = _play(trial, case)
        d_loss, g_loss, a_real, a_fake = played.update
        for name, got, shape in zip(UPDATE, played.update, ((), (), (case[1], 1), (case[1], 1)), strict=True):
            is_one = isinstance(got, np.ndarray) and got.shape == shape
            trial.expect(is_one, f"{name}: expected an array of shape {shape}, got {_came(got)}")
        for name, got, step in (("d_loss", d_loss, played.of("D")), ("g_loss", g_loss, played.of("G"))):
            if step and step[-1].loss is not None:
                trial.same(name, got, np.array(step[-1].loss))
        for name, got, want in zip(("a_real", "a_fake"), (a_real, a_fake), played.logits, strict=False):
            trial.same(name, got, want)

    trial.forall(CASES[:3], test, _smaller)


def _came(value: Any) -> str:
    return f"one of shape {value.shape}" if isinstance(value, np.ndarray) else str(value)[:60]


# The game, and reading what the spies wrote down ------------------------------------------------------


def _play(trial: Trial, case: Case) -> Played:
    k, m, t = case
    rng = trial.rng(*case)
    shapes = [(DIMENSIONS, FEATURES), (FEATURES,), (FEATURES, 1), (1,)]
    A, c, w, b = (rng.standard_normal(shape) for shape in shapes)
    noise, other = rng.standard_normal((2, k * 2 + SPARE, m, DIMENSIONS))
    data = rng.standard_normal((t * k + k + SPARE, m, FEATURES)) + 1
    loss = ("non-saturating", "minimax")[(k + t) % 2]
    scale, per_epoch = (1.0, 0.5, 0.7)[(k + m) % 3], 1 + (k + t) % 3
    answer = trial.ask("alternating", k, t, loss, scale, per_epoch, [A, c], [w, b], noise, other, data)
    events, update, G, D = trial.fields(answer, "events", "update", "G", "D")
    if not isinstance(events, list) or len(events) > EVENTS:
        raise Ended("bad_reply", f"more than {EVENTS} things happened in one update")
    if not isinstance(update, list) or len(update) != 4:
        raise Ended("bad_reply", NO_RECORD)
    played = Played(k, t, per_epoch, [], [], [], [], update, [])
    try:
        for kind, *rest in events:
            _note(played, kind, rest)
        with np.errstate(all="ignore"):
            _understand(played, data, (noise, other), [A, c], [w, b], loss, scale)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
        raise Ended("bad_reply", NO_RECORD) from None
    for name, got, want in (("G", G, [A, c]), ("D", D, [w, b])):
        _moved_only_by_steps(played, name, got, want)
    return played


def _note(played: Played, kind: str, rest: list[Any]) -> None:
    if kind == "step":
        player, t, epoch, gradients = rest
        shapes = [(DIMENSIONS, FEATURES), (FEATURES,)] if player == "G" else [(FEATURES, 1), (1,)]
        if player not in ("G", "D") or [g.shape for g in gradients] != shapes:
            raise ValueError
        if not all(type(n) in (int, float) for n in (t, epoch)):
            raise ValueError
        played.steps.append(Step(player, t, epoch, gradients))
    elif kind == "call":
        player, purpose, step, drawn = rest
        played.calls.append([kind, player, purpose, step, drawn])
    elif kind == "minibatch":
        played.minibatches.append(int(rest[0]))
    else:
        played.noises.append(tuple(rest))


def _understand(
    played: Played,
    data: np.ndarray,
    pools: tuple[np.ndarray, ...],
    G: list[np.ndarray],
    D: list[np.ndarray],
    loss: str,
    scale: float,
) -> None:
    """Walk through the steps with the parameters as they were, and find what each was computed from."""
    A, c, w, b = (a.copy() for a in (*G, *D))
    z_of = {n: pools[0 if n[:2] == ("noise", played.t) else 1][n[2]] for n in played.noises}
    for step in played.steps:
        for noise, z in z_of.items():
            if step.player == "G":
                value, gradients = _G_step(z, A, c, w, b, loss)
                if _equal(gradients, step.gradients):
                    step.noise, step.loss = noise, value
                continue
            for i in set(played.minibatches):
                value, gradients, logits = _D_step(data[i], z, A, c, w, b, scale)
                if _equal(gradients, step.gradients):
                    step.noise, step.minibatch, step.loss, played.logits = noise, i, value, logits
        for p, g in zip((A, c) if step.player == "G" else (w, b), step.gradients, strict=True):
            p -= LEARNING_RATE * g


def _D_step(
    x: np.ndarray, z: np.ndarray, A: np.ndarray, c: np.ndarray, w: np.ndarray, b: np.ndarray, scale: float
) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
    """-scale V, its gradients by w and b, and D's logits."""
    fake = z @ A + c
    a_real, a_fake = x @ w + b, fake @ w + b
    value = scale * (np.logaddexp(0, -a_real).mean() + np.logaddexp(0, a_fake).mean())
    by_real, by_fake = -scale * _sigmoid(-a_real) / len(x), scale * _sigmoid(a_fake) / len(z)
    return value, [x.T @ by_real + fake.T @ by_fake, by_real.sum(0) + by_fake.sum(0)], [a_real, a_fake]


def _G_step(
    z: np.ndarray, A: np.ndarray, c: np.ndarray, w: np.ndarray, b: np.ndarray, loss: str
) -> tuple[float, list[np.ndarray]]:
    """G's loss, and its gradients by A and c."""
    a = (z @ A + c) @ w + b
    if loss == "minimax":
        value, by_a = -np.logaddexp(0, a).mean(), -_sigmoid(a) / len(z)
    else:
        value, by_a = np.logaddexp(0, -a).mean(), -_sigmoid(-a) / len(z)
    by_fake = by_a @ w.T
    return value, [z.T @ by_fake, by_fake.sum(0)]


def _moved_only_by_steps(played: Played, name: str, got: Any, start: list[np.ndarray]) -> None:
    steps = [step.gradients for step in played.of(name)]
    want = [p - LEARNING_RATE * sum(g[i] for g in steps) for i, p in enumerate(start)]
    if not isinstance(got, list) or len(got) != 2 or not all(isinstance(p, np.ndarray) for p in got):
        raise Ended("bad_reply", NO_RECORD)
    if not _equal(want, got):
        raise Failed(f"{name}'s parameters were changed by something else than its optimiser")


def _equal(want: list[np.ndarray], got: list[np.ndarray]) -> bool:
    return all(
        p.shape == q.shape and np.allclose(p, q, rtol=1e-9, atol=1e-12)
        for p, q in zip(want, got, strict=True)
    )


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _smaller(case: Case) -> Iterator[Case]:
    for i, least in enumerate((1, 1, 0)):
        if case[i] > least:
            yield (*case[:i], case[i] - 1, *case[i + 1 :])
