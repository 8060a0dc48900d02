"""python -m minigan.reproduce theory: section 4 of the paper in numbers, and where it stops holding."""

from argparse import Namespace
from math import log, log10
from typing import Any

import numpy as np

from minigan import theory, threads
from minigan.backend import Backend, to_host
from minigan.cli import SEED, Parser, exit_status
from minigan.game import discriminator_loss, minimax, non_saturating
from minigan.nn import Layer, Linear, Sequential
from minigan.ops import affine_tanh, concatenate, logistic
from minigan.optim import Adam, exponential_decay
from minigan.random import Streams
from minigan.reproduce import figures
from minigan.reproduce.report import VERSIONS, Report, how_long, parser, say, seconds_each
from minigan.tensor import Tensor, backward
from minigan.theory import Normals

EXAMPLES = "  python -m minigan.reproduce theory --out runs/theory"

DATA = Normals((-1.5, 1.0), (0.6, 0.6), (0.4, 0.6))  # p_data
MODEL = Normals((-0.5, 2.0), (0.6, 0.6), (0.5, 0.5))  # p_g
LOW, HIGH = -12.0, 12.0  # beyond, both are below 1e-30
SUPPORT = 1e-3  # of (p_data + p_g) / 2: where it is less, a discriminator hardly sees an example
UPDATES, BATCH = 2000, 500


def main(argv: list[str]) -> int:
    return exit_status(lambda: _theory(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("theory", "Proposition 1, Theorem 1 and Proposition 2, in numbers and pictures.", EXAMPLES)
    made.add_argument("--seed", type=SEED, default=1, metavar="N", help="(default: 1)")
    return made


def _theory(args: Namespace, argv: list[str]) -> int:
    threads.use(args.threads, [])  # no product here is large enough for two
    settings = {"seed": args.seed, "updates": UPDATES, "batch": BATCH}
    report = Report("theory", args.out, argv, settings | VERSIONS)
    if not report.found:
        say(args, f"theory: about {how_long(_seconds(args.seed))}, nearly all of it for training D")
    D = report.keep("discriminator", lambda: trained_discriminator(args.seed))
    theorem = report.keep("theorem1", theorem1)
    path = report.keep("proposition2", lambda: proposition2(args.seed))
    parameter = report.keep("one_parameter", one_parameter)
    losses = report.keep("generator_losses", generator_losses)
    figures.save_optimum(report.picture("theory-optimum"), D, losses)
    figures.save_descent(report.picture("theory-descent"), path, parameter)
    print(
        f"Proposition 1: mean |D - D*| = {D['mean_difference']:.4f} on the support\n"
        f"Theorem 1: |C(G) - (-log 4 + 2 JSD)| = {theorem['difference']:.1e}, JSD {theorem['jsd']:.4f}\n"
        f"Proposition 2: C falls at each of {len(path['optimal']) - 1} steps: "
        f"{'yes' if path['monotone'] else 'no'}; JSD at last {path['optimal'][-1]:.1e}\n"
        f"{report.picture('theory-optimum')}\n{report.picture('theory-descent')}"
    )
    return 0


# Proposition 1 ---------------------------------------------------------------------------------------


class Experiment:
    """A discriminator against a generator that stands still, both densities known."""

    def __init__(self, seed: int, updates: int) -> None:
        self.streams = Streams(seed, Backend("numpy", "float64"))
        rng = self.streams("init")
        self.D: Layer = Sequential(
            Linear(1, 32, rng, 1.0, affine_tanh), Linear(32, 32, rng, f=affine_tanh), Linear(32, 1, rng)
        )
        decay = exponential_decay(0.02, 100 ** (1 / updates), 0.0)
        self.optimiser = Adam(self.D.parameters(), decay)

    def update(self, t: int) -> None:
        rng = self.streams("data", t)
        real, fake = Tensor(DATA.sample(BATCH, rng)), Tensor(MODEL.sample(BATCH, rng))
        loss = discriminator_loss(self.D(concatenate([real, fake]), None))
        backward(loss, wrt=self.D.parameters())
        self.optimiser.step(t, 0)


def trained_discriminator(seed: int, updates: int = UPDATES) -> dict[str, Any]:
    """D after training, D* beside it, and the mean of |D - D*| over the points of the support."""
    experiment = Experiment(seed, updates)
    for t in range(updates):
        experiment.update(t)
    x = np.linspace(-5, 5, 501)
    p, q = DATA.density(x), MODEL.density(x)
    D = logistic(experiment.D(Tensor(x[:, None]), None).data)[:, 0]
    optimum, support = theory.optimal_discriminator(p, q), (p + q) / 2 > SUPPORT
    difference = np.abs(D - optimum)[support]
    curves = {"x": x, "p_data": p, "p_g": q, "D": D, "optimum": optimum}
    return {
        "mean_difference": float(difference.mean()),
        "largest_difference": float(difference.max()),
        "support": [float(x[support].min()), float(x[support].max())],
    } | {name: values.tolist() for name, values in curves.items()}


def _seconds(seed: int) -> float:
    return UPDATES * seconds_each(Experiment(seed, UPDATES).update)


# Theorem 1 -------------------------------------------------------------------------------------------


def theorem1() -> dict[str, float]:
    """C(G) from its definition, against -log 4 + 2 JSD by another quadrature and another formula for JSD:
    the entropy of the mean of both densities, less the mean of their entropies."""
    x, w = theory.gauss_legendre(LOW, HIGH)
    C = theory.criterion(DATA.density(x), MODEL.density(x), w)
    of_mean = theory.entropy(lambda x: (DATA.density(x) + MODEL.density(x)) / 2, LOW, HIGH)
    of_each = [theory.entropy(density, LOW, HIGH) for density in (DATA.density, MODEL.density)]
    jsd = of_mean - sum(of_each) / 2
    return {"criterion": C, "jsd": jsd, "difference": abs(C - (-log(4) + 2 * jsd))}


# Proposition 2 ---------------------------------------------------------------------------------------


def proposition2(seed: int, atoms: int = 10, steps: int = 60, rate: float = 0.5) -> dict[str, Any]:
    """JSD after each step of p_g: with D at its optimum at every step, as the proposition asks, and with one
    gradient step of D before each step of p_g, as training does it."""
    p = Streams(seed, Backend("numpy", "float64"))("data").uniform(atoms, 0.02, 1.0)
    p, start = p / p.sum(), np.full(atoms, 0.01)
    start[p.argmin()] = 1 - 0.01 * (atoms - 1)  # nearly all where p_data is least
    q, optimal, criterion = start, [], []
    for _ in range(steps + 1):
        optimal.append(max(theory.jsd(p, q), 0.0))
        criterion.append(theory.criterion(p, q))
        q = theory.improve(q, theory.optimal_discriminator(p, q), rate)
    lagging = one_step_of_D(p, start, 2 * steps, rate=1.0, D_rate=20.0)
    monotone = bool((np.diff(criterion) <= 1e-15).all())
    return {"optimal": optimal, "criterion": criterion, "monotone": monotone, "lagging": lagging}


def one_step_of_D(p: np.ndarray, q: np.ndarray, steps: int, rate: float, D_rate: float) -> list[float]:
    """The same where D, with a logit for each atom, goes one step up V instead: a <- a + rate dV/da."""
    a, found = np.zeros_like(p), []
    for _ in range(steps + 1):
        found.append(theory.jsd(p, q))
        D = logistic(a)
        a = a + D_rate * (p * (1 - D) - q * D)
        q = theory.improve(q, logistic(a), rate)
    return found


def one_parameter(steps: int = 300, rate: float = 0.1) -> dict[str, Any]:
    """p_g = N(theta, .5^2) against two modes: C is not convex in theta.  Descents end in either mode, and far
    from both C is flat."""
    x, w = theory.gauss_legendre(LOW, HIGH)
    p = Normals((-2.0, 2.0), (0.5, 0.5), (0.3, 0.7)).density(x)

    def C(theta: float) -> float:
        return theory.criterion(p, Normals((theta,), (0.5,)).density(x), w)

    thetas = np.linspace(-6, 6, 241)
    descents = []
    for theta in (-5.5, -0.8, 0.4, 3.5):
        begin = theta
        for _ in range(steps):
            theta -= rate * (C(theta + 1e-4) - C(theta - 1e-4)) / 2e-4
        descents.append({"from": begin, "to": theta, "C_from": C(begin), "C_to": C(theta)})
    return {"theta": thetas.tolist(), "criterion": [C(theta) for theta in thetas], "descents": descents}


# The two losses of G ---------------------------------------------------------------------------------


def generator_losses() -> dict[str, Any]:
    """d loss / da at logits a, by the engine: -D for log(1 - D), and -(1 - D) for -log D."""
    a = np.linspace(-20, 10, 301)
    found: dict[str, Any] = {"logit": a.tolist()}
    for name, loss in (("minimax", minimax), ("non_saturating", non_saturating)):
        logits = Tensor(a[:, None].copy())
        backward(loss(logits), wrt=[logits])
        found[name] = (to_host(logits.grad)[:, 0] * len(a)).tolist()  # the loss is a mean over the logits
    found["log10_ratio_at_-20"] = log10(found["non_saturating"][0] / found["minimax"][0])
    return found
