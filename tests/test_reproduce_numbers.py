"""The settings of the reproductions number by number, and what they print, word by word."""

from argparse import Namespace
from importlib import import_module
from math import log, pi, sqrt

import numpy as np
import pytest
from pytest import approx

from minigan import data, recipes, theory
from minigan.backend import Backend
from minigan.ops import logistic
from minigan.random import Streams
from minigan.reproduce import curve, figure1, figures, modes, report, ruler, table1
from minigan.reproduce import theory as theory_again

FLOAT64 = Backend("numpy", "float64")
SETTINGS = {  # what is asked for where nobody asks
    "theory": {"seed": 1},
    "figure1": {"seed": 5},
    "modes": {"seeds": 10, "backend": "numpy"},
    "table1": {"seeds": 3, "epochs": None, "runs": None, "player": "G", "averages": (), "backend": "numpy"},
    "ruler": {"run": None, "backend": "numpy"},
    "curve": {"seed": 1, "epochs": "1,5,10,25,50,100,150,200,250", "averages": (), "backend": "numpy"},
    "figure2": {"seed": 0, "run": "r", "backend": "numpy"},
    "figure3": {"seed": 0, "run": "r", "backend": "numpy"},
    "classifier": {"seed": 1, "data": "mnist", "epochs": 150, "backend": "numpy"},
}


@pytest.mark.parametrize("what", SETTINGS)
def test_what_is_asked_for_where_nobody_asks(what):
    made = import_module(f"minigan.reproduce.{what}")._parser()
    found = vars(made.parse_args(["--run", "r"] if what in ("figure2", "figure3") else []))
    rest = {"out": None, "threads": None, "quiet": False}
    if "sigmas" in found:
        rest["sigmas"] = approx([10 ** (i / 9 - 1) for i in range(10)])
    assert found == SETTINGS[what] | rest


def rates(optimiser, *steps):
    return [optimiser.learning_rate(t) for t in steps]


# Figure 1 --------------------------------------------------------------------------------------------


def test_figure_1_is_of_these_players():
    game = figure1.new_game(3)
    assert (game.k, figure1.NEARLY, figure1.ASTRAY, figure1.ALONE, figure1.ON) == (2, 600, 40, 2000, 1200)
    assert (figure1.ASIDE, figure1.STRIDE, figure1.PER_PHASE) == (1.0, 0.05, 10)
    of_G, of_D = ([p.shape for p in net.parameters()] for net in (game.G, game.D))
    assert of_G == of_D == [(1, 32), (32,), (32, 32), (32,), (32, 1), (1,)]
    largest = [[abs(p.data).max() for p in net.parameters()] for net in (game.G, game.D)]
    edges = [[2, 3, sqrt(6 / 64), 0, 0.3, 1.5], [1, 0, sqrt(6 / 64), 0, 0.1, 0]]
    for found, edge in zip(largest, edges, strict=True):
        assert found == approx(edge, rel=0.15) and all(
            a <= b + 1e-12 for a, b in zip(found, edge, strict=True)
        )
    z, x = game.prior(Streams(0, FLOAT64)("noise")), game.data.minibatch(7)
    assert z.shape == x.shape == (1000, 1) and abs(z).max() == approx(sqrt(3), rel=0.01)
    assert (abs(z).max() <= sqrt(3), z.std(), x.std()) == (True, approx(1, abs=0.1), approx(1, abs=0.1))
    np.testing.assert_array_equal(x, Streams(3, FLOAT64)("data", 7).normal((1000, 1)))


def test_the_rates_of_figure_1_fall_over_the_steps():
    game = figure1.new_game(3)
    for now, steps in ((game, 600), (figure1.with_rates(game, 50), 50)):
        assert rates(now.optimiser_G, 0, steps) == approx([2e-3, 2e-3 / 30])
        assert rates(now.optimiser_D, 0, 2 * steps) == approx([5e-3, 2.5e-3])
        assert now.optimiser_G.beta1 == now.optimiser_D.beta1 == 0.5
    x, z = Streams(0, FLOAT64)("data").normal((2, 1000, 1))
    a, b = (logistic(game.D(figure1.Tensor(v), None).data) for v in (x, z))
    loss = game.discriminator_loss(game.D(figure1.Tensor(np.concatenate([x, z])), None))
    assert float(loss.data) == approx(-np.log(a).mean() - np.log(1 - b).mean())


def test_a_stride_goes_down_the_gradient():
    game, other = figure1.new_game(3), figure1.new_game(3)
    before = [p.data.copy() for p in game.G.parameters()]
    figure1.stride(game, 4)
    z = figure1.Tensor(other.prior(other.streams("noise", 4)))
    figure1.algorithm1.g_step(other, z, None, 4, epoch=0)
    for p, q, b in zip(game.G.parameters(), other.G.parameters(), before, strict=True):
        np.testing.assert_allclose(p.data - b, -0.05 * q.grad, rtol=1e-9, atol=1e-15)


def test_a_frame_is_drawn_at_these_places():
    game = figure1.new_game(3)
    found = figure1.frame("a", game)
    np.testing.assert_allclose(found["x"], np.linspace(-4, 5, 361), atol=1e-5)
    np.testing.assert_allclose(found["z"], np.linspace(-0.98, 0.98, 17) * sqrt(3), atol=1e-5)
    samples = figure1.generate(game.G, game.streams("sample").uniform((10_000, 1), -sqrt(3), sqrt(3)))
    q = np.exp(figure1.parzen.log_likelihood(np.array(found["x"])[:, None], samples, 0.1))
    np.testing.assert_allclose(found["p_g"], q, atol=6e-6)
    p = np.exp(-(np.array(found["x"]) ** 2) / 2) / sqrt(2 * pi)
    np.testing.assert_allclose(found["p_data"], p, atol=6e-6)
    seen = p + q > 0.02
    assert found["difference"] == approx(abs(np.array(found["D"]) - p / (p + q))[seen].mean(), abs=1e-5)


def test_figure_1_says_how_long_and_what_it_found(tmp_path, monkeypatch, capsys):
    steps, drawn = [], []
    monkeypatch.setattr(figure1, "seconds_each", lambda step: (step(0), 10.0 ** len(steps) / 60)[1])
    monkeypatch.setattr(figure1.algorithm1, "alternating", lambda game, t: steps.append("both"))
    monkeypatch.setattr(figure1, "d_step", lambda game, t: steps.append("D"))
    assert figure1._seconds(1) == approx(1800 * 10 / 60 + 2040 * 100 / 60 + 10)
    assert steps == ["both", "D"]
    monkeypatch.setattr(figure1, "_seconds", lambda seed: 100 * seed)
    one = {"difference": 0.1234, "jsd": 0.05678, "p_g": [0.2, 0.7]}
    frames = [one | {"title": "a", "jsd": 9}, one | {"title": "a"}, one | {"title": "b", "p_g": [1.25]}]
    monkeypatch.setattr(figure1, "play", lambda seed: frames if seed == 4 else None)
    monkeypatch.setattr(figures, "save_game", lambda path, shown, top: drawn.append((path.name, shown, top)))
    monkeypatch.setattr(figure1.pictures, "save_film", lambda path, paths: drawn.append((path.name, paths)))
    assert figure1.main(["--out", str(tmp_path), "--seed", "4"]) == 0
    paths = [tmp_path / "frames" / f"0{i}.png" for i in range(3)]
    assert drawn == [
        ("figure1.png", frames[1:], 1.27),
        *((path.name, [frame], 1.27) for path, frame in zip(paths, frames, strict=True)),
        ("figure1.gif", paths),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "figure1: about 7 min",
        f"{'a':32} |D - D*| 0.123   JSD 0.0568",
        f"{'b':32} |D - D*| 0.123   JSD 0.0568",
        str(tmp_path / "figure1.png"),
        str(tmp_path / "figure1.gif"),
    ]


# Section 4 -------------------------------------------------------------------------------------------


def normal(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * sqrt(2 * pi))


def test_D_learns_from_these_examples_at_these_rates():
    experiment = theory_again.Experiment(3, 70)
    assert [p.shape for p in experiment.D.parameters()[::2]] == [(1, 32), (32, 32), (32, 1)]
    largest = [abs(p.data).max() for p in experiment.D.parameters()[::2]]
    assert largest == approx([1, sqrt(6 / 64), sqrt(6 / 33)], rel=0.1)
    assert rates(experiment.optimiser, 0, 70) == approx([0.02, 0.0002])
    seen = []
    learn, experiment.D = experiment.D, lambda x, rng: (seen.append(x.data), learn(x, rng))[1]
    experiment.D.parameters = learn.parameters
    before = [p.data.copy() for p in learn.parameters()]
    experiment.update(5)
    (x,) = seen
    assert x.shape == (1000, 1) and (theory_again.UPDATES, theory_again.BATCH) == (2000, 500)
    means = 0.4 * -1.5 + 0.6 * 1.0, (-0.5 + 2.0) / 2
    assert [x[:500].mean(), x[500:].mean()] == approx(means, abs=0.2)
    assert all((p.data != b).any() for p, b in zip(learn.parameters(), before, strict=True))


def test_what_is_measured_of_D():
    found, x = theory_again.trained_discriminator(3, updates=1), np.linspace(-5, 5, 501)
    p = 0.4 * normal(x, -1.5, 0.6) + 0.6 * normal(x, 1, 0.6)
    q = 0.5 * normal(x, -0.5, 0.6) + 0.5 * normal(x, 2, 0.6)
    experiment = theory_again.Experiment(3, 1)
    experiment.update(0)
    D = experiment.D(theory_again.Tensor(x[:, None]), None).data[:, 0]
    for name, values in (("x", x), ("p_data", p), ("p_g", q), ("D", 1 / (1 + np.exp(-D)))):
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-300)
    seen = (p + q) / 2 > 1e-3
    off = abs(np.array(found["D"]) - p / (p + q))[seen]
    assert (found["mean_difference"], found["largest_difference"]) == approx((off.mean(), off.max()))
    assert found["support"] == [x[seen][0], x[seen][-1]]


def test_theorem_1_of_these_densities():
    x = np.linspace(-12, 12, 200_001)
    p = 0.4 * normal(x, -1.5, 0.6) + 0.6 * normal(x, 1, 0.6)
    q = 0.5 * normal(x, -0.5, 0.6) + 0.5 * normal(x, 2, 0.6)
    with np.errstate(all="ignore"):
        jsd = np.nansum(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2 * (x[1] - x[0])
    found = theory_again.theorem1()
    assert (found["jsd"], found["criterion"]) == approx((jsd, 2 * jsd - log(4)), abs=1e-8)


def test_proposition_2_step_by_step():
    found = theory_again.proposition2(4, atoms=5, steps=3, rate=0.25)
    p = Streams(4, FLOAT64)("data").uniform(5, 0.02, 1.0)
    p /= p.sum()
    q = np.full(5, 0.01)
    q[p.argmin()] = 0.96
    lagging = theory_again.one_step_of_D(p, q, 6, 1.0, 20.0)
    assert found["lagging"] == approx(lagging) and len(lagging) == 7
    for i in range(4):
        assert (found["optimal"][i], found["criterion"][i]) == approx(
            (theory.jsd(p, q), theory.criterion(p, q))
        )
        q = theory.improve(q, p / (p + q), 0.25)
    assert len(found["optimal"]) == 4 and found["monotone"] is True
    usual = theory_again.proposition2(4)
    assert (len(usual["optimal"]), len(usual["lagging"])) == (61, 121)
    q, p = np.full(10, 0.01), Streams(4, FLOAT64)("data").uniform(10, 0.02, 1.0)
    p /= p.sum()
    q[p.argmin()] = 0.91
    assert usual["optimal"][1] == approx(theory.jsd(p, theory.improve(q, p / (p + q), 0.5)))


def test_one_descent_step_by_step():
    x = np.linspace(-12, 12, 20_001)
    p = 0.3 * normal(x, -2, 0.5) + 0.7 * normal(x, 2, 0.5)

    def C(theta):
        q = normal(x, theta, 0.5)
        with np.errstate(all="ignore"):
            return np.nansum(p * np.log(p / (p + q)) + q * np.log(q / (p + q))) * (x[1] - x[0])

    found = theory_again.one_parameter(steps=1)
    np.testing.assert_allclose(found["theta"], np.linspace(-6, 6, 241))
    assert found["criterion"][::80] == approx([C(theta) for theta in (-6, -2, 2, 6)], abs=1e-8)
    assert [one["from"] for one in found["descents"]] == [-5.5, -0.8, 0.4, 3.5]
    for one in found["descents"]:
        to = one["from"] - 0.1 * (C(one["from"] + 1e-3) - C(one["from"] - 1e-3)) / 2e-3
        assert one["to"] == approx(to, abs=1e-6)
        assert (one["C_from"], one["C_to"]) == approx((C(one["from"]), C(one["to"])), abs=1e-8)
    assert theory_again.one_parameter.__defaults__ == (300, 0.1)
    np.testing.assert_allclose(theory_again.generator_losses()["logit"], np.linspace(-20, 10, 301))


def test_theory_says_how_long_and_what_it_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(theory_again, "seconds_each", lambda step: 0.09 if step(0) is None else 0)
    assert theory_again._seconds(1) == approx(180)
    found = {
        "trained_discriminator": {"mean_difference": 0.01234, "support": []},
        "theorem1": {"difference": 1.26e-9, "jsd": 0.25},
        "proposition2": {"optimal": [0.5, 0.25, 3e-7], "monotone": False},
        "one_parameter": {},
        "generator_losses": {},
    }
    for name, value in found.items():
        monkeypatch.setattr(theory_again, name, lambda *_, value=value: value)
    for name in ("save_optimum", "save_descent"):
        monkeypatch.setattr(figures, name, lambda *_: None)
    assert theory_again.main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        "theory: about 3 min, nearly all of it for training D",
        "Proposition 1: mean |D - D*| = 0.0123 on the support",
        "Theorem 1: |C(G) - (-log 4 + 2 JSD)| = 1.3e-09, JSD 0.2500",
        "Proposition 2: C falls at each of 2 steps: no; JSD at last 3.0e-07",
    ]


# Modes -----------------------------------------------------------------------------------------------


def test_the_games_and_what_was_published_of_them():
    assert (modes.SAMPLES, modes.DRAWN, modes.AHEAD, modes.HELVETICA_UPDATES) == (2500, 1, 20, 200)
    assert {name: (r.data, updates, r.lr, r.pack, r.batch) for name, (r, updates) in modes.GAMES.items()} == {
        "ring8": ("ring8", 10_000, 0.004, 1, 100),
        "ring8, packed": ("ring8", 10_000, 0.004, 2, 200),
        "grid25": ("grid25", 25_000, 0.004, 1, 100),
        "grid25, packed": ("grid25", 35_000, 0.003, 2, 200),
    }
    assert modes.PUBLISHED == {
        "ring8": (6.3, 0.982),
        "ring8, packed": (7.9, 0.956),
        "grid25": (17.3, 0.948),
        "grid25, packed": (23.8, 0.913),
    }


def test_what_the_games_that_are_left_will_take(monkeypatch):
    asked, played = [], []
    updates = {"a": 1000, "b": 1001}
    monkeypatch.setattr(
        modes, "begin", lambda name, seed, _: (name, lambda *now: played.append(now), updates[name])
    )

    def seconds_each(step, count):
        step(7)
        asked.append(count)
        return 0.5

    monkeypatch.setattr(modes, "seconds_each", seconds_each)
    left = [("a", 1), ("b", 1), ("b", 2)]
    assert modes._seconds(left, FLOAT64) == 0.5 * (1000 + 2 * 1001)
    assert sorted(asked) == [1, 20] and sorted(played) == [("a", 7), ("b", 7)]


def test_the_samples_of_the_first_seed_are_drawn_over_the_data(tmp_path, monkeypatch):
    drawn, made = [], report.Report("modes", str(tmp_path), [], {})
    monkeypatch.setattr(figures, "save_scatters", lambda *given: drawn.append(given))
    names = [*modes.GAMES, modes.HELVETICA]
    made.found = {f"{name}, seed 1": {"samples": [[i, 2.0]]} for i, name in enumerate(names)}
    modes._draw_samples(made)
    ((path, panels),) = drawn
    assert path == tmp_path / "modes-samples.png" and [name for name, *_ in panels] == names
    for i, (name, real, samples) in enumerate(panels):
        np.testing.assert_array_equal(real, data.load(name.partition(",")[0]).test[:1000])
        assert samples.tolist() == [[i, 2.0]]


# Tables ----------------------------------------------------------------------------------------------


def test_the_table_of_the_modes():
    one = {
        "game": "ring8",
        "modes": 7.25,
        "modes_error": 0.5,
        "high_quality": 0.5,
        "high_quality_error": 0.0625,
    }
    other = one | {"game": "other", "modes_error": None, "high_quality_error": None, "published": None}
    assert modes.as_text([one | {"published": (6.3, 0.982)}, other]).splitlines() == [
        "game                      modes       high quality   published (PacGAN)",
        "ring8               7.2 +- 0.50      50.0% +-  6.2%   6.3 modes, 98.2%",
        "other               7.2 +- 0.00      50.0% +-  0.0%   ",
        "(a perfect sampler: 98.89% of high quality)",
    ]


def test_the_table_of_the_ruler():
    one = {"best": 240.04, "grid": 230.96, "lost": 9.084, "sigma": 0.17444, "sigma_of_grid": 0.16681}
    assert ruler.as_text({"a set": one | {"curvature": 780.6}}, 784).splitlines() == [
        f"{'centres':34}   best    grid    lost    sigma  of grid   loss / (ln sigma / sigma*)^2",
        f"{'a set':34}  240.0   231.0    9.08    0.1744   0.1668   781",
        "The grid's sigmas are 0.256 apart in ln sigma: by 784 (ln sigma / sigma*)^2 it loses 0 to "
        "12.8 nats, 4.3 in the mean",
    ]


def test_table_1_in_words():
    def nats(mean, error):
        return {"mean": mean, "standard_error": error}

    ours = nats(220.25, 1.5) | {"refined": None, "common": None, "standard_error_is_over": "runs"}
    ours |= {"runs": [{"epoch": 3}, {"epoch": 7}], "lines": {"a": {"grid": None, "refined": None}}}
    line = {"epochs": [300, 350, 400], "off": 0.75, "end": 225.5}
    summary = ours | {
        "common": ours | {"runs": [{"epoch": 2}] * 2},
        "refined": nats(230.5, 1.25) | {"runs": [{"epoch": 7}], "standard_error_is_over": "test images"},
        "lines": {"a": {"grid": line, "refined": None}},
    }
    rows = table1.as_text(summary, {"images": nats(241.0, 2.0)}).splitlines()
    assert rows == [
        "MNIST, log-likelihood of the test images in nats (Parzen window)",
        f"{'':34} {'grid':>14} {'sigma refined':>15}",
        f"{'deep belief net':34}   138.0 +- 2.0",
        f"{'stacked contractive auto-encoder':34}   121.0 +- 1.6",
        f"{'deep generative stochastic net':34}   214.0 +- 1.1",
        f"{'adversarial nets':34}   225.0 +- 2.0",
        f"{'minigan':34}   220.2 +- 1.5    230.5 +- 1.2",
        f"{'minigan, epoch 2 of all runs':34}   220.2 +- 1.5",
        f"{'as centres: images':34}   241.0 +- 2.0",
        "grid: 2 run(s), epoch 3, 7; standard error over runs",
        "refined: 1 run(s), epoch 7; standard error over test images",
        "a, grid: from epoch 300 to 400 a line in what is left of the learning rate, off by 0.8; "
        "its end is 225.5 nats",
    ]
    assert len(table1.as_text(ours, {}).splitlines()) == 8


def test_the_curves_in_words(tmp_path, monkeypatch, capsys):
    grid, refined = [{"epoch": 1, "mean": 99.6}, {"epoch": 5, "mean": 200.2}], {"refined": {"mean": 210.0}}
    found, asked = {"a": [grid[0], grid[1] | refined], "another": grid}, []
    monkeypatch.setattr(curve, "VARIANTS", dict.fromkeys(found, recipes.mnist))
    monkeypatch.setattr(curve.milestones, "seconds", lambda recipe, epochs, backend: 60.0 * epochs[-1])
    monkeypatch.setattr(
        curve.milestones, "measured", lambda _, name, *given: asked.append(given) or found[name]
    )
    monkeypatch.setattr(figures, "save_log_likelihood", lambda *given: asked.append(given))
    assert curve.main(["--out", str(tmp_path), "--epochs", "1,5", "--seed", "4"]) == 0
    assert [given[:3] for given in asked[:2]] == [(recipes.mnist, 4, [1, 5])] * 2
    assert asked[2] == (tmp_path / "curve.png", found)
    assert capsys.readouterr().out.splitlines() == [
        "curve: 2 runs, about 10 min, less what is done of them already",
        f"{'a':36}grid     1: 100  5: 200",
        f"{'a':36}refined  5: 210",
        f"{'another':36}grid     1: 100  5: 200",
        f"{'another':36}refined  not measured",
        str(tmp_path / "curve.png"),
    ]


def test_table_1_says_how_long_the_runs_that_are_left_will_take(tmp_path, monkeypatch, capsys):
    made = report.Report("table1", str(tmp_path), [], {})
    made.found = {"seed 2, epoch 9": {}}
    monkeypatch.setattr(table1.milestones, "seconds", lambda recipe, epochs, backend: 100.0 * len(epochs))
    monkeypatch.setattr(table1.milestones, "measured", lambda *given: given[3])
    runs = table1._played(made, [5, 9], FLOAT64, Namespace(seeds=3, quiet=False, sigmas=[0.1]))
    assert [(name, seed) for name, _, seed in runs] == [("seed 1", 1), ("seed 2", 2), ("seed 3", 3)]
    assert capsys.readouterr().out == "table1: 2 runs, about 7 min, less what is done of them already\n"
    made.found |= {f"seed {seed}, epoch 9": {} for seed in (1, 3)}
    monkeypatch.setattr(table1.milestones, "seconds", lambda *_: pytest.fail("nothing is left to be timed"))
    table1._played(made, [5, 9], FLOAT64, Namespace(seeds=3, quiet=False, sigmas=[0.1]))
    assert capsys.readouterr().out == "table1: 0 runs, about 0 s, less what is done of them already\n"
