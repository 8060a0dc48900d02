"""The same update in PyTorch, to compare with."""

from itertools import count
from math import sqrt
from typing import Any

import numpy as np

from minigan import nn, ops
from minigan.algorithm1 import Game
from minigan.benchmark.update import Play
from minigan.data.dataset import Dataset
from minigan.errors import InputError
from minigan.nn import Layer
from minigan.recipes import Recipe


def torch_step(recipe: Recipe, dataset: Dataset, players: Game, threads: int) -> Play:
    """The same update in PyTorch, eager, as its users write it, without gradients that nobody uses."""
    import torch

    device = "cpu" if players.streams.backend.xp is np else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--compare torch: this PyTorch finds no GPU; see pytorch.org for one that does")
    torch.set_num_threads(threads)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    G, D = (torch_network(net).to(device) for net in (players.G, players.D))
    theta_g, theta_d = list(G.parameters()), list(D.parameters())
    optimiser_G, optimiser_D = (torch_optimiser(recipe, theta) for theta in (theta_g, theta_d))
    x, m = torch.tensor(dataset.train, device=device), recipe.batch
    real, fake = torch.ones(m, 1, device=device), torch.zeros(m, 1, device=device)
    epochs = (torch.randperm(len(x), device=device).split(m) for _ in count())
    rows = (part for epoch in epochs for part in epoch if len(part) == m)

    def noise() -> Any:
        if recipe.prior == "uniform":
            return torch.empty(m, recipe.z, device=device).uniform_(-sqrt(3), sqrt(3))
        return torch.randn(m, recipe.z, device=device)

    def loss_of_D(a_fake: Any) -> Any:
        a_real = D(dataset.prepare(x[next(rows)].float()))
        return recipe.d_loss_scale * (bce(a_real, real) + bce(a_fake, fake))

    def loss_of_G(a_fake: Any) -> Any:
        return bce(a_fake, real) if recipe.loss == "non-saturating" else -bce(a_fake, fake)

    def alternating() -> None:
        for _ in range(recipe.k):
            with torch.no_grad():
                samples = G(noise())
            optimiser_D.zero_grad()
            loss_of_D(D(samples)).backward(inputs=theta_d)
            optimiser_D.step()
        optimiser_G.zero_grad()
        loss_of_G(D(G(noise()))).backward(inputs=theta_g)
        optimiser_G.step()

    def simultaneous() -> None:
        a_fake = D(G(noise()))
        optimiser_D.zero_grad()
        optimiser_G.zero_grad()
        loss_of_D(a_fake).backward(inputs=theta_d, retain_graph=True)
        loss_of_G(a_fake).backward(inputs=theta_g)
        optimiser_D.step()
        optimiser_G.step()

    return {"alternating": alternating, "simultaneous": simultaneous}[recipe.update]


def torch_optimiser(recipe: Recipe, theta: list[Any]) -> Any:
    """The recipe's, for the parameters theta."""
    import torch

    if recipe.optimiser == "adam":
        return torch.optim.Adam(theta, lr=recipe.lr, betas=(recipe.momentum, 0.999))
    return torch.optim.SGD(theta, lr=recipe.lr, momentum=recipe.momentum)


def torch_network(net: Layer) -> Any:
    """The same layers in PyTorch; how they start does not matter here."""
    import torch

    class Maxout(torch.nn.Module):
        def __init__(self, pieces: int) -> None:
            super().__init__()
            self.pieces = pieces

        def forward(self, x: Any) -> Any:
            return x.view(len(x), self.pieces, -1).amax(1)

    activations: dict[nn.Affine, list[Any]] = {
        ops.affine_identity: [],
        ops.affine_relu: [torch.nn.ReLU()],
        ops.affine_sigmoid: [torch.nn.Sigmoid()],
        ops.affine_tanh: [torch.nn.Tanh()],
    }

    def modules(layer: Layer) -> list[Any]:
        match layer:
            case nn.Sequential(layers=layers):
                return [module for layer in layers for module in modules(layer)]
            case nn.Maxout(W=W, pieces=pieces):
                return [torch.nn.Linear(*W.shape), Maxout(pieces)]
            case nn.Linear(W=W, f=f):
                return [torch.nn.Linear(*W.shape), *activations[f]]
            case nn.Dropout(keep=keep):
                return [torch.nn.Dropout(1 - keep)] if keep < 1 else []
            case nn.LeakyReLU(slope=slope):
                return [torch.nn.LeakyReLU(slope)]
            case nn.BatchNorm(gamma=gamma):
                return [torch.nn.BatchNorm1d(*gamma.shape)]
        raise TypeError(f"no layer of PyTorch is known that does what {type(layer).__name__} does")

    return torch.nn.Sequential(*modules(net))
