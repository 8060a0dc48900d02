"""python -m minigan.reproduce curve: log-likelihood against epochs, the recipe changed in one place."""

from argparse import Namespace

from minigan import parzen, recipes, threads
from minigan.backend import choose
from minigan.cli import SEED, Parser, exit_status
from minigan.reproduce import figures, milestones
from minigan.reproduce.report import Report, how_long, parser, say

EXAMPLES = """\
  python -m minigan.reproduce curve --backend cupy
  python -m minigan.reproduce curve --epochs 1,5,10 --seed 2 --out runs/curve-2"""

EPOCHS = "1,5,10,25,50,100,150,200,250"
VARIANTS = {
    "as released": recipes.mnist,
    "alternating update": recipes.mnist.change(update="alternating"),
    "alternating, noise and masks shared": recipes.mnist.change(update="alternating-shared"),
    "simultaneous, fresh noise and masks": recipes.mnist.change(update="simultaneous-fresh"),
    "minimax loss": recipes.mnist.change(loss="minimax"),
    "factor 1 on D's loss": recipes.mnist.change(d_loss_scale=1.0),
}


def main(argv: list[str]) -> int:
    return exit_status(lambda: _curve(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("curve", "The paper's MNIST experiment while it trains, and its variants.", EXAMPLES)
    made.add_argument("--epochs", default=EPOCHS, metavar="N,N", help=f"when to measure (default: {EPOCHS})")
    made.add_argument("--seed", type=SEED, default=1, metavar="N", help="(default: 1)")
    made.set_defaults(averages=())  # which are table1's
    made.add_sigmas()
    made.add_backend()
    return made


def _curve(args: Namespace, argv: list[str]) -> int:
    epochs = milestones.epochs_of(args.epochs)
    backend = choose(args.backend)
    threads.use(args.threads, parzen.PRODUCTS)
    report = Report("curve", args.out, argv, {"backend": backend.name, "seed": args.seed})
    left = {
        name: recipe for name, recipe in VARIANTS.items() if f"{name}, epoch {epochs[-1]}" not in report.found
    }
    each = [milestones.seconds(recipe, epochs, backend) for recipe in left.values()]
    say(args, f"curve: {len(left)} runs, about {how_long(sum(each))}, less what is done of them already")
    curves = {
        name: milestones.measured(report, name, recipe, args.seed, epochs, backend, args)
        for name, recipe in VARIANTS.items()
    }
    figures.save_log_likelihood(report.picture("curve"), curves)
    for name, curve in curves.items():
        for ruler in milestones.RULERS:
            found = ((one["epoch"], milestones.by(ruler, one)) for one in curve)
            means = "  ".join(f"{epoch}: {one['mean']:.0f}" for epoch, one in found if one)
            print(f"{name:36}{ruler:9}{means or 'not measured'}")
    print(report.picture("curve"))
    return 0
