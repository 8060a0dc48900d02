"""python -m minigan.reproduce successors: what came after the paper, from several seeds, beside controls."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from minigan import modes, threads
from minigan.backend import Backend
from minigan.cli import COUNT, Parser, exit_status
from minigan.data import Mixture
from minigan.errors import InputError, RunError
from minigan.files import write_atomically
from minigan.players import generate, load_data
from minigan.reproduce.modes import GAMES, SAMPLES, begin
from minigan.reproduce.report import VERSIONS, Report, how_long, parser, say
from minigan.successors import fooling, moments, one_dimension, sequences, twice, two_lines
from minigan.successors.losses import LOSSES

EXAMPLES = """\
  python -m minigan.reproduce successors                  what takes a minute a seed, or less
  python -m minigan.reproduce successors --long           and the rest
  python -m minigan.reproduce successors --rooms two-lines moments --seeds 10"""

LONG = 60.0  # seconds of one seed, above which a room waits for --long
Say = Callable[[str], None]
Numbers = dict[str, float]


@dataclass(frozen=True)
class Row:
    """A line of the table: a number that a room measures, bounds for its mean, and a control beside it."""

    what: str
    number: str
    beside: str = ""  # the control in words, and its number
    control: str = ""
    least: float | None = None
    most: float | None = None
    form: str = ".3g"  # of the numbers

    @property
    def asked(self) -> str:
        bounds = (("at least", self.least), ("at most", self.most))
        return ", ".join(f"{word} {self.text(x)}" for word, x in bounds if x is not None)

    def holds(self, mean: float) -> bool:
        return (self.least is None or mean >= self.least) and (self.most is None or mean <= self.most)

    def text(self, x: float) -> str:
        return f"{x:{self.form}}".replace("%", " %")


@dataclass(frozen=True)
class Room:
    """What is measured from one seed, about how many seconds that takes on one core, and its lines."""

    measure: Callable[[int, Say], Numbers]
    seconds: float
    rows: tuple[Row, ...]


def main(argv: list[str]) -> int:
    return exit_status(lambda: _successors(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    purpose = "What came after the paper, in small: each room from several seeds, beside a control."
    made = parser("successors", purpose, EXAMPLES)
    made.add_argument("--seeds", type=COUNT, default=3, metavar="N", help="seeds 1 to N (default: 3)")
    made.add_argument(
        "--rooms",
        nargs="+",
        metavar="NAME",
        help=f"these alone, of {', '.join(ROOMS)} (default: the short ones)",
    )
    made.add_argument("--long", action="store_true", help="also those of more than a minute a seed")
    return made


def _successors(args: Namespace, argv: list[str]) -> int:
    if unknown := [name for name in args.rooms or () if name not in ROOMS]:
        raise InputError(f"--rooms: there is no {unknown[0]}, only {', '.join(ROOMS)}")
    asked = args.rooms or [name for name, room in ROOMS.items() if args.long or room.seconds <= LONG]
    names = [name for name in ROOMS if name in asked]
    threads.use(args.threads, [])  # no product here is large enough for two
    report = Report("successors", args.out, argv, VERSIONS)
    seeds = range(1, args.seeds + 1)
    left = [(name, seed) for name in names for seed in seeds if _key(name, seed) not in report.found]
    seconds = sum(ROOMS[name].seconds for name, _ in left)
    say(args, f"successors: {len(left)} measurements, about {how_long(seconds)}")
    failed: dict[str, Exception] = {}
    for name, seed in left:
        if name in failed:
            continue
        say(args, f"{name}, seed {seed}")
        try:
            report.keep(_key(name, seed), partial(ROOMS[name].measure, seed, partial(say, args)))
        except (InputError, RunError) as reason:  # as without MNIST: the other rooms need none
            failed[name] = reason
    table = as_text(report.found, seeds)
    path = report.folder / "successors.md"
    write_atomically(path, lambda file: file.write(f"{table}\n".encode()))
    print(f"{table}\n{path}")
    if failed:
        raise RunError("; ".join(f"{name} is not measured: {reason}" for name, reason in failed.items()))
    return 0


def _key(name: str, seed: int) -> str:
    return f"{name}, seed {seed}"


def as_text(found: dict[str, Numbers], seeds: Sequence[int]) -> str:
    """The table, in Markdown: the rooms of which all these seeds are found."""
    lines = [
        f"| | asked | mean of {len(seeds)} | from, to | control | its mean |",
        "|---|---|---:|---:|---|---:|",
    ]
    for name, room in ROOMS.items():
        if all(_key(name, seed) in found for seed in seeds):
            of_seeds = [found[_key(name, seed)] for seed in seeds]
            lines += [_line(row, of_seeds) for row in room.rows]
    return "\n".join(lines)


def _line(row: Row, of_seeds: list[Numbers]) -> str:
    values = [numbers[row.number] for numbers in of_seeds]
    mean = float(np.mean(values))
    asked = row.asked + ("" if row.holds(mean) else ": missed")
    control = row.text(float(np.mean([numbers[row.control] for numbers in of_seeds]))) if row.control else ""
    ends = f"{row.text(min(values))}, {row.text(max(values))}"
    return f"| {row.what} | {asked} | {row.text(mean)} | {ends} | {row.beside} | {control} |"


# What each room measures -----------------------------------------------------------------------------


def lines(seed: int, say: Say, settings: two_lines.Settings | None = None) -> Numbers:
    found = two_lines.measure(seed, settings or two_lines.Settings(), say)
    return {"W1": found["worst_w"], "JSD": found["worst_js"]}


def line(seed: int, say: Say, settings: one_dimension.Settings | None = None) -> Numbers:
    """For each game the exact W1 in the end, and D's estimate as a part of it"""
    found = one_dimension.measure(seed, settings or one_dimension.Settings(), say)
    ends = {name: track["summary"] for name, track in found["games"].items()}
    exact = {name: end["exact"] for name, end in ends.items()}
    return exact | {f"{name}, estimate": end["estimate"] / end["exact"] for name, end in ends.items()}


def gradients(seed: int, say: Say, settings: twice.Settings | None = None) -> Numbers:
    """The largest difference of the two ways, for each dtype"""
    errors = twice.measure(seed, settings or twice.Settings(), say)["errors"]
    return {
        dtype: max(row["error"] for row in errors if row["dtype"] == dtype)
        for dtype in ("float32", "float64")
    }


def matching(seed: int, say: Say, settings: moments.Settings | None = None) -> Numbers:
    found = moments.measure(seed, settings or moments.Settings(), say)
    numbers = {"p of the data": found["p_of_data"], "ceiling": found["ceiling"]}
    for name, one in found["losses"].items():
        numbers |= {f"{name}, {what}": one[what] for what in ("modes", "high_quality", "p")}
    return numbers


def squares(seed: int, say: Say, game: str = "ring8", updates: int | None = None) -> Numbers:
    """Least squares in the game of `reproduce modes`, and that game itself: modes and the share on them"""
    numbers: Numbers = {}
    for loss in ("least squares", "the paper's"):
        played, update, planned = begin(game, seed, Backend())
        if loss == "least squares":
            of_D, of_G = LOSSES["least-squares"]
            played = replace(played, discriminator_loss=of_D, generator_loss=of_G)
        for t in range(planned if updates is None else updates):
            update(played, t)
        recipe, _ = GAMES[game]
        dataset = load_data(recipe)
        assert isinstance(dataset, Mixture)
        samples = generate(played.G, recipe.noise(played.streams("sample"), SAMPLES))
        found = modes.coverage(samples, dataset.modes, dataset.std)
        numbers |= {f"{loss}, modes": found.modes, f"{loss}, share": found.high_quality}
        say(f"{game}, {loss}: {found.modes} modes, {found.high_quality:.1%} of high quality")
    return numbers


def fooled(seed: int, say: Say, settings: fooling.Settings) -> Numbers:
    found = fooling.measure(seed, settings, say)["nets"]
    return {f"{name}, {what}": one[what] for name, one in found.items() for what in ("clean", "error")}


def translated(seed: int, say: Say, settings: sequences.Settings) -> Numbers:
    found = sequences.measure(seed, settings, say)["orders"]
    return {name: curve[-1]["exact"] for name, curve in found.items()}


# The table: a room that is entered here is measured, kept and shown --------------------------------------


def _fooling(data: str, epochs: int, most: float | None, seconds: float) -> Room:
    plain, trained = (
        Row(f"{data}, {name}: error at eps .25", f"{name}, error", "clean", f"{name}, clean", form=".1%")
        for name in fooling.NETS
    )
    measure = partial(fooled, settings=fooling.Settings(data=data, epochs=epochs))
    return Room(measure, seconds, (plain, replace(trained, most=most)))


def _sequences(updates: int, least: float | None, seconds: float) -> Room:
    read, stands = sequences.ORDERS
    what = f"unseen numbers exact, source {read}, {updates:,} updates"
    measure = partial(translated, settings=sequences.Settings(updates=updates))
    return Room(measure, seconds, (Row(what, read, stands, stands, least, form=".1%"),))


def _squares(game: str, modes: float | None, seconds: float) -> Room:
    ours, theirs = "least squares", "the paper's"
    rows = (
        Row(f"{game}, {ours}: modes", f"{ours}, modes", f"{theirs} losses", f"{theirs}, modes", modes),
        Row(
            f"{game}, {ours}: of high quality",
            f"{ours}, share",
            f"{theirs} losses",
            f"{theirs}, share",
            form=".1%",
        ),
    )
    return Room(partial(squares, game=game), seconds, rows)


W1, ESTIMATE = "three modes on a line: exact W1", "three modes on a line: D's estimate of W1, as a part of it"
ONE, TWO, CLIPPED, GAN = one_dimension.GAMES
ROOMS: dict[str, Room] = {
    "two-lines": Room(
        lines,
        10,
        (
            Row(
                "two lines: largest abs(W1 by D - abs(theta))",
                "W1",
                "abs(JSD by D - log 2)",
                "JSD",
                most=0.06,
            ),
        ),
    ),
    "one-dimension": Room(
        line,
        15,
        (
            Row(f"{W1}, {ONE}", ONE, "the paper's losses", GAN, most=0.4),
            Row(f"{W1}, {TWO}", TWO, ONE, ONE),
            Row(f"{ESTIMATE}, {ONE}", f"{ONE}, estimate", CLIPPED, f"{CLIPPED}, estimate", 0.8, 1.2),
        ),
    ),
    "twice": Room(
        gradients,
        1,
        (
            Row(
                "the penalty's gradient by masks and by a second backward",
                "float32",
                "float64",
                "float64",
                most=1e-6,
                form=".1e",
            ),
        ),
    ),
    "moments": Room(
        matching,
        25,
        (
            Row("ring8, MMD: modes", "MMD, modes", "two moments", "two moments, modes", least=8),
            Row(
                "ring8, MMD: of high quality",
                "MMD, high_quality",
                "two moments",
                "two moments, high_quality",
                form=".1%",
            ),
            Row(
                "ring8, MMD: p of a test against the data",
                "MMD, p",
                "two samples of the data",
                "p of the data",
            ),
        ),
    ),
    "ring8": _squares("ring8", 8, 40),
    "grid25": _squares("grid25", None, 120),
    "grid25-packed": _squares("grid25, packed", None, 300),
    "fooling-digits": _fooling("digits", 60, None, 10),
    "fooling": _fooling("mnist", 8, 0.2, 200),
    "sequences": _sequences(500, None, 25),
    "sequences-long": _sequences(1500, 0.98, 70),
}
