"""What is checked: from the gradients the optimisers found, which noise and data they were computed from.

A case is (k, m, t, updates): so many updates from t on, played on one game.  The gradients of an affine G
and D are written out here in float64; a step is right where some minibatch and some noise that were drawn
give its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Trial
from minigan.homework.judging.sandbox import Ended

Case = tuple[int, int, int, int]
CASES = [(1, 3, 0, 3), (2, 2, 1, 2), (3, 4, 2, 1), (1, 2, 5, 2), (2, 5, 3, 2), (4, 3, 1, 1)]
LEARNING_RATE = 0.5
SPARE = 4  # noise beyond what is needed, for those who draw too much
NO_RECORD = "the record of the game is not in its form"
UPDATE = ("d_loss", "g_loss", "a_real", "a_fake")
EVENTS = 120  # three times what any of these updates needs
FEATURES, DIMENSIONS = 3, 2
PARAMETERS = [(DIMENSIONS, FEATURES), (FEATURES,), (FEATURES, 1), (1,)]


@dataclass
class Step:
    """One call of an optimiser: who, with what, how the players were, and what the gradient is of."""

    player: str
    t: Any
    epoch: Any
    gradients: list[np.ndarray]
    players: list[np.ndarray]
    noise: tuple[Any, ...] | None = None
    minibatch: int | None = None
    loss: float | None = None


@dataclass
class Played:
    """One update: what the spies wrote down, and what it was played with."""

    k: int
    m: int
    t: int
    per_epoch: int
    update: list[Any]
    changed: list[str]
    moved: bool = False  # some parameter, by something else than its optimiser
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    logits: list[np.ndarray] = field(default_factory=list)  # of D's last step that is understood: real, fake

    def of(self, player: str) -> list[Step]:
        return [step for step in self.steps if step.player == player]


def rhythm(trial: Trial) -> None:
    def test(played: Played) -> None:
        order = "".join(step.player for step in played.steps)
        trial.expect(order == "D" * played.k + "G", f"with k = {played.k} the steps were {order or 'none'}")
        trial.expect(
            not played.moved, "a parameter was changed by something else than its player's optimiser"
        )
        trial.expect(not played.changed, f"the game is another one afterwards: {', '.join(played.changed)}")

    _for_every_update(trial, test, understood=False)


def D_gradient(trial: Trial) -> None:
    def test(played: Played) -> None:
        steps = played.of("D")
        trial.expect(bool(steps), "D never took a step")
        for number, step in enumerate(steps, 1):
            says = f"step {number} of D: no minibatch and noise that you drew give this gradient"
            trial.expect(step.noise is not None, says, step.gradients)

    _for_every_update(trial, test)


def G_gradient(trial: Trial) -> None:
    def test(played: Played) -> None:
        steps = played.of("G")
        trial.expect(bool(steps), "G never took a step")
        for step in steps:
            says = "G's step: no noise that you drew gives this gradient, with D as it is then"
            trial.expect(step.noise is not None, says, step.gradients)

    _for_every_update(trial, test)


def fresh_noise(trial: Trial) -> None:
    def test(played: Played) -> None:
        used = [step.noise or () for step in played.steps]
        own = all(noise[:2] == ("noise", played.t) for noise in used)
        where = sorted({f'game.streams("{noise[0]}", {noise[1]})' for noise in used if noise})
        says = f"in update {played.t} the noise came from {', '.join(where)}"
        trial.expect(own, f'{says}; expected game.streams("noise", {played.t})')
        again = [str(i) for i, noise in enumerate(used) if noise in used[:i]]
        says = f"steps {', '.join(again)} (counted from 0) used noise of an earlier step; each draws its own"
        trial.expect(not again, says)

    _for_every_update(trial, test)


def fresh_data(trial: Trial) -> None:
    def test(played: Played) -> None:
        used = [step.minibatch for step in played.of("D") if step.minibatch is not None]
        want = [played.t * played.k + i for i in range(played.k)]
        trial.expect(used == want, f"expected D's steps on the minibatches {want}, they were on {used}")

    _for_every_update(trial, test)


def clock(trial: Trial) -> None:
    """An epoch may be the one in which the update begins, or the one in which the step is."""

    def test(played: Played) -> None:
        k, per_epoch = played.k, played.per_epoch
        first = played.t * k
        for player, start in (("D", first), ("G", played.t)):
            steps = [step.t for step in played.of(player)]
            want = list(range(start, start + len(steps))) if player == "D" else [played.t] * len(steps)
            says = f"optimiser_{player}.step: expected the step numbers from {start} on, got {steps}"
            trial.expect(bool(steps) and steps == want, says)
        for player in "DG":
            epochs = [step.epoch for step in played.of(player)]
            last = [first + i for i in range(len(epochs))] if player == "D" else [first + k - 1] * len(epochs)
            right = all(e in (first // per_epoch, i // per_epoch) for e, i in zip(epochs, last, strict=True))
            trial.expect(right, f"optimiser_{player}.step: expected epoch {first // per_epoch}, got {epochs}")

    _for_every_update(trial, test, understood=False)


def dropout(trial: Trial) -> None:
    def test(played: Played) -> None:
        masks = [call[1:] for call in played.calls]
        modes_of = {player: {call[1:3] for call in played.calls if call[0] == player} for player in "GD"}
        trial.note(
            True, [len(set(masks)) == len(masks), *(sorted(map(str, modes_of[player])) for player in "GD")]
        )
        for player, modes in modes_of.items():
            trial.expect(bool(modes), f"{player} was never called")
            trial.expect(
                (None, None) not in modes, f"{player} was called without a stream: that is evaluation"
            )
            streams = ", ".join(sorted(f'game.streams("{purpose}", {step})' for purpose, step in modes))
            says = f'{player} was called with {streams}; expected game.streams("dropout", {played.t})'
            trial.expect(modes == {("dropout", played.t)}, says)
        says = "two calls of the nets got the same masks: each draws on from the one dropout stream"
        trial.expect(len(set(masks)) == len(masks), says)

    _for_every_update(trial, test, understood=False)


def report(trial: Trial) -> None:
    def test(played: Played) -> None:
        shapes = ((), (), (played.m, 1), (played.m, 1))
        for name, got, shape in zip(UPDATE, played.update, shapes, strict=True):
            is_one = isinstance(got, np.ndarray) and got.shape == shape
            kind = f"one of shape {got.shape}" if isinstance(got, np.ndarray) else _kind(got)
            trial.expect(
                is_one, f"{name}: expected an array of shape {shape}, got {kind}", kind.split(" ")[:2]
            )
        last = [played.of(player)[-1:] for player in "DG"]
        for name, got, steps in zip(UPDATE, played.update, last, strict=False):
            if steps and steps[0].loss is not None:
                trial.same(name, got, np.array(steps[0].loss))
        for name, got, want in zip(UPDATE[2:], played.update[2:], played.logits, strict=False):
            trial.same(name, got, want)

    _for_every_update(trial, test)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing of that name"
    return "a number" if isinstance(value, int | float) else str(value)[:60]


# The game, and reading what the spies wrote down ------------------------------------------------------


def _for_every_update(trial: Trial, test: Callable[[Played], None], understood: bool = True) -> None:
    def test_case(case: Case) -> None:
        for played in _play(trial, case, understood):
            test(played)

    trial.forall(CASES, test_case, _smaller)


def _play(trial: Trial, case: Case, understood: bool) -> list[Played]:
    k, m, t, updates = case
    rng = trial.rng(*case)
    players = [rng.standard_normal(shape) for shape in PARAMETERS]
    noise = rng.standard_normal((updates, k * 4 + SPARE, m, DIMENSIONS))
    other = rng.standard_normal((updates * (k * 4 + SPARE), m, DIMENSIONS))
    data = rng.standard_normal(((t + updates) * k + SPARE, m, FEATURES)) + 1
    loss = ("non-saturating", "minimax")[(k + t) % 2]
    scale, per_epoch = (1.0, 0.5, 0.7)[(k + m) % 3], 1 + (k + t) % 3
    own = [scale, players[:2], players[2:], noise, other, data]
    (record,) = trial.fields(trial.ask("alternating", k, t, updates, per_epoch, loss, *own), "played")
    if not isinstance(record, list) or len(record) != updates:
        raise Ended("bad_reply", NO_RECORD)
    all_played, z_of, used = [], {}, set()
    for now, entry in enumerate(record, t):
        events, update, changed, after = trial.fields(entry, "events", "update", "changed", "after")
        if not isinstance(events, list) or len(events) > EVENTS:
            raise Ended("bad_reply", f"more than {EVENTS} things happened in one update")
        try:
            if (
                len(update) != 4
                or not all(isinstance(name, str) for name in changed)
                or not _are_players(after)
            ):
                raise ValueError
            played = Played(k, m, now, per_epoch, update, changed)
            for kind, *rest in events:
                _note(played, kind, rest, z_of, used, (t, noise, other))
            with np.errstate(all="ignore"):
                for step in played.steps if understood else ():
                    _understand(played, step, z_of, [(i, data[i]) for i in sorted(used)], loss, scale)
                players = _followed(played, players, after)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
            raise Ended("bad_reply", NO_RECORD) from None
        all_played.append(played)
    return all_played


def _note(
    played: Played, kind: str, rest: list[Any], z_of: dict[Any, np.ndarray], used: set[int], drawn: Any
) -> None:
    if kind == "step":
        player, t, epoch, gradients, players = rest
        own = PARAMETERS[:2] if player == "G" else PARAMETERS[2:]
        if player not in ("G", "D") or [g.shape for g in gradients] != own or not _are_players(players):
            raise ValueError
        if not all(type(n) in (int, float) for n in (t, epoch)):
            raise ValueError
        played.steps.append(Step(player, t, epoch, gradients, players))
    elif kind == "call":
        player, purpose, step, number = rest
        hash(call := (player, purpose, step, number))
        played.calls.append(call)
    elif kind == "minibatch":
        used.add(int(rest[0]))
    else:
        purpose, step, number = rest
        first, noise, other = drawn
        pool = noise[step - first] if purpose == "noise" and first <= step < first + len(noise) else other
        z_of[purpose, step, number] = pool[number]


def _understand(
    played: Played,
    step: Step,
    z_of: dict[Any, np.ndarray],
    data: list[tuple[int, np.ndarray]],
    loss: str,
    scale: float,
) -> None:
    """Find the noise and the minibatch that give this step's gradient, with the players as they were."""
    for noise, z in reversed(z_of.items()):
        if step.player == "G":
            value, gradients = _G_step(z, *step.players, loss)
            if _equal(gradients, step.gradients):
                step.noise, step.loss = noise, value
                return
            continue
        for i, x in data:
            value, gradients, logits = _D_step(x, z, *step.players, scale)
            if _equal(gradients, step.gradients):
                step.noise, step.minibatch, step.loss, played.logits = noise, i, value, logits
                return


def _followed(played: Played, players: list[np.ndarray], after: list[np.ndarray]) -> list[np.ndarray]:
    """Whether the steps alone lead from one record of the players to the next; the last record."""
    for now, step in zip(
        [step.players for step in played.steps] + [after], [None, *played.steps], strict=True
    ):
        if step:
            first = 0 if step.player == "G" else 2
            players = [
                p - LEARNING_RATE * step.gradients[i - first] if i in (first, first + 1) else p
                for i, p in enumerate(players)
            ]
        played.moved |= not _equal(players, now)
        players = now
    return players


def _are_players(value: Any) -> bool:
    return isinstance(value, list) and [getattr(p, "shape", None) for p in value] == PARAMETERS


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


def _equal(want: list[np.ndarray], got: list[np.ndarray]) -> bool:
    return all(
        p.shape == q.shape and abs(p - q).max() <= 1e-12 + 1e-9 * abs(q).max()
        for p, q in zip(want, got, strict=True)
    )


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _smaller(case: Case) -> Iterator[Case]:
    for i, least in enumerate((1, 1, 0, 1)):
        if case[i] > least:
            yield (*case[:i], case[i] - 1, *case[i + 1 :])
