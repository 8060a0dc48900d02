"""python -m minigan.reproduce classifier: the test error of the Maxout article, measured again."""

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from minigan import checkpoint, data, pictures
from minigan.backend import choose, to_host, xp_of
from minigan.classifier import Classifier, Settings
from minigan.cli import Parser, exit_status
from minigan.errors import InputError
from minigan.files import write_json

EXAMPLES = """\
  python -m minigan.reproduce classifier                        MNIST, 100 epochs: some 10 minutes
  python -m minigan.reproduce classifier --data digits --epochs 60"""


def main(argv: list[str] | None = None) -> int:
    """Reproduce what the arguments name; returns the exit status."""
    return exit_status(lambda: _classifier(_parser().parse_args(argv)))


def _parser() -> Parser:
    parser = Parser("reproduce classifier", "Permutation-invariant MNIST, maxout and dropout.", EXAMPLES)
    parser.add_argument("--data", choices=("mnist", "digits"), default="mnist", help="(default: mnist)")
    parser.add_argument("--epochs", type=int, default=100, metavar="N", help="(default: 100)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--out", metavar="FOLDER", help="a stopped reproduction continues there")
    parser.add_backend()
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _classifier(args: Namespace) -> int:
    """Train to the end, and take the test error at the epoch with the smallest validation error."""
    if args.epochs < 1:
        raise InputError(f"--epochs: expected 1 or more, got {args.epochs}")
    folder = Path(args.out or f"runs/classifier-{args.data}-{args.seed}")
    dataset, settings = data.load(args.data), Settings()
    classifier = Classifier(dataset, settings, choose(args.backend), args.seed)
    identity = {"data": args.data, "seed": args.seed, "backend": args.backend, "settings": asdict(settings)}
    curve = _resume(classifier, folder, json.loads(json.dumps(identity)))
    began, first = time.monotonic(), len(curve)
    while len(curve) < args.epochs:
        loss = classifier.train_epoch()
        curve.append(
            {
                "epoch": classifier.epoch,
                "loss": loss,
                "valid_error": classifier.error(dataset.valid, dataset.valid_labels),
                "test_error": classifier.error(dataset.test, dataset.test_labels),
            }
        )
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: to_host(a) for name, a in classifier.arrays().items()}
        checkpoint.save(folder / "checkpoint.npz", arrays, {"identity": identity, "curve": curve})
        if not args.quiet:
            left = (time.monotonic() - began) / (len(curve) - first) * (args.epochs - len(curve))
            print(_line(curve[-1]), f" {left:.0f} s left", flush=True)
    best = min(curve, key=lambda record: record["valid_error"])
    command = (
        f"python -m minigan.reproduce classifier --data {args.data} --epochs {args.epochs} --seed {args.seed}"
    )
    write_json(folder / "classifier.json", {"command": command, **identity, "best": best, "curve": curve})
    pictures.save_errors(folder / "classifier.png", curve)
    print(f"smallest validation error: {_line(best)}")
    print(folder / "classifier.png")
    return 0


def _resume(classifier: Classifier, folder: Path, identity: dict) -> list[dict]:
    """The epochs that are done in the folder, with the classifier as they left it."""
    if not (folder / checkpoint.NAME).exists():
        return []
    saved, meta, note = checkpoint.load_newest(folder)
    if note:
        print(note, file=sys.stderr)
    if meta.get("identity") != identity:
        raise InputError(f"--out: {folder} holds another reproduction; name another folder")
    for name, a in classifier.arrays().items():
        a[...] = xp_of(a).asarray(saved[name])
    classifier.epoch = len(meta["curve"])
    return meta["curve"]


def _line(record: dict) -> str:
    return (
        f"epoch {record['epoch']:3d}  loss {record['loss']:.4f}  "
        f"validation {100 * record['valid_error']:.2f} %  test {100 * record['test_error']:.2f} %"
    )
