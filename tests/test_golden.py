"""A small game, the same to nine digits as when it was recorded; and one step of it as PyTorch computes it.

No change of the code may change these numbers unseen.  Where one is meant to:

    python -m tests.test_golden --write
"""

import json
import sys
from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from minigan import algorithm1, data, players, recipes
from minigan.backend import Backend, to_host

GOLDEN = Path(__file__).with_name("golden.json")
UPDATES = 20
SMALL = recipes.mnist.change(  # the paper's experiment on the small digits, with small networks
    data="digits", batch=10, z=4, hidden=(9, 8), units=(6, 5), pieces=3, g_scale=0.5, d_scale=0.5
)
GAMES = {
    "alternating": replace(SMALL, update="alternating", k=2, loss="minimax", d_loss_scale=1.0),
    "simultaneous": SMALL,
}


def play(name, backend):
    """The losses of each update, and at the end the norm of each parameter and of its velocity."""
    recipe = GAMES[name]
    game = players.set_up(recipe, data.load("digits"), backend, seed=2014)
    numbers = [update for _, update in algorithm1.train(game, algorithm1.UPDATES[recipe.update], 0, UPDATES)]
    nets = {"G": (game.G, game.optimiser_G), "D": (game.D, game.optimiser_D)}
    return {
        "d_loss": [float(update.d_loss) for update in numbers],
        "g_loss": [float(update.g_loss) for update in numbers],
        "norms": {
            f"{player}.{parameter}": [norm(p.data), norm(v)]
            for player, (net, optimiser) in nets.items()
            for (parameter, p), v in zip(net.named_parameters().items(), optimiser.velocity, strict=True)
        },
    }


def norm(a):
    return sqrt(np.square(to_host(a)).sum())


@pytest.mark.parametrize("name", GAMES)
def test_the_recorded_game(backend, name):
    golden, now = json.loads(GOLDEN.read_text("utf-8"))[name], play(name, backend)
    assert now["d_loss"] == pytest.approx(golden["d_loss"], rel=1e-9)
    assert now["g_loss"] == pytest.approx(golden["g_loss"], rel=1e-9)
    assert now["norms"].keys() == golden["norms"].keys()
    for parameter, norms in golden["norms"].items():
        assert now["norms"][parameter] == pytest.approx(norms, rel=1e-9), parameter


# The same updates in PyTorch -------------------------------------------------------------------------


@pytest.mark.parametrize("name", GAMES)
def test_pytorch_makes_the_same_updates(name):
    torch = pytest.importorskip(
        "torch", reason="NOT COMPARED with PyTorch: it is not installed (pip install torch)"
    )
    recipe = replace(GAMES[name], lr_decay=1.0, momentum_epochs=0)  # as torch.optim.SGD has it: both constant
    game, peer = (
        players.set_up(recipe, data.load("digits"), Backend("numpy", "float64"), seed=1) for _ in range(2)
    )
    theta = {
        player: [torch.tensor(p.data, requires_grad=True) for p in net.parameters()]
        for player, net in (("G", peer.G), ("D", peer.D))
    }
    sgd = {
        player: torch.optim.SGD(parameters, lr=recipe.lr, momentum=recipe.momentum_end)
        for player, parameters in theta.items()
    }
    for t, ours in algorithm1.train(game, algorithm1.UPDATES[recipe.update], 0, 3):
        d_loss, g_loss = update_in_pytorch(torch, recipe, peer, theta, sgd, t)
        assert (float(ours.d_loss), float(ours.g_loss)) == pytest.approx((d_loss, g_loss), rel=1e-9)
        for player, net in (("G", game.G), ("D", game.D)):
            for (parameter, p), q in zip(net.named_parameters().items(), theta[player], strict=True):
                assert p.data == pytest.approx(q.detach().numpy(), rel=1e-9, abs=1e-12), (
                    f"{player}.{parameter}"
                )


def update_in_pytorch(torch, recipe, peer, theta, sgd, t):
    """Update t of the recipe in PyTorch's own words; data, noise and masks come from minigan."""
    noise, masks = peer.streams("noise", t), peer.streams("dropout", t)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits

    def drop(x, keep):
        return x * torch.tensor(masks.uniform(tuple(x.shape)) < keep) / keep

    def G():
        z = torch.tensor(recipe.noise(noise, recipe.batch))
        *hidden, (W, b) = zip(theta["G"][0::2], theta["G"][1::2], strict=True)
        for V, c in hidden:
            z = torch.relu(torch.addmm(c, z, V))
        return torch.sigmoid(torch.addmm(b, z, W))

    def D(x):
        *hidden, (W, b) = zip(theta["D"][0::2], theta["D"][1::2], strict=True)
        keep = recipe.networks.keep_input
        for V, c in hidden:
            pieces = torch.addmm(c, drop(x, keep), V).unflatten(1, (recipe.networks.pieces, -1))
            x, keep = pieces.max(dim=1).values, recipe.networks.keep_hidden
        return torch.addmm(b, drop(x, keep), W)

    def g_loss_of(a):
        if recipe.loss == "minimax":
            return -entropy(a, torch.zeros_like(a))
        return entropy(a, torch.ones_like(a))

    def descend(player, loss, **options):
        sgd[player].zero_grad()
        loss.backward(inputs=theta[player], **options)
        return sgd[player].step

    for i in range(t * recipe.k, (t + 1) * recipe.k):
        real, fake = D(torch.tensor(peer.data.minibatch(i))), D(G())
        d_loss = entropy(real, torch.ones_like(real)) + entropy(fake, torch.zeros_like(fake))
        if recipe.update == "simultaneous":
            g_loss = g_loss_of(fake)
            g_step = descend("G", g_loss, retain_graph=True)
        descend("D", recipe.d_loss_scale * d_loss)()
    if recipe.update == "alternating":
        g_loss = g_loss_of(D(G()))
        g_step = descend("G", g_loss)
    g_step()
    return recipe.d_loss_scale * d_loss.item(), g_loss.item()


if __name__ == "__main__":
    games = {name: play(name, Backend("numpy", "float64")) for name in GAMES}
    if sys.argv[1:] == ["--write"]:
        GOLDEN.write_text(json.dumps(games, indent=1) + "\n", "utf-8", newline="\n")
    print(json.dumps(games, indent=1))
