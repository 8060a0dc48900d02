"""python -m minigan.reproduce classifier: the test error of the Maxout article, measured again."""

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from minigan import checkpoint, data
from minigan.backend import choose, to_host
from minigan.classifier import SETTINGS, Classifier
from minigan.cli import COUNT, SEED, Parser, exit_status, named
from minigan.errors import InputError
from minigan.files import is_number, writable, write_json
from minigan.players import use_threads
from minigan.reproduce import figures
from minigan.reproduce.report import VERSIONS, say

EXAMPLES = """\
  python -m minigan.reproduce classifier                        MNIST, half an hour on two cores
  python -m minigan.reproduce classifier --data digits --epochs 40"""

RECORD = {"epoch", "loss", "valid_error", "test_error"}


def main(argv: list[str]) -> int:
    return exit_status(lambda: _classifier(_parser().parse_args(argv)))


def _parser() -> Parser:
    parser = Parser("reproduce classifier", "Permutation-invariant MNIST, maxout and dropout.", EXAMPLES)
    parser.add_argument("--data", choices=("mnist", "digits"), default="mnist", help="(default: mnist)")
    parser.add_argument("--epochs", type=COUNT, default=150, metavar="N", help="(default: 150)")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help="(default: 1)")
    parser.add_argument(
        "--out", type=named("folder"), metavar="FOLDER", help="a stopped reproduction continues there"
    )
    parser.add_backend()
    parser.add_threads()
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _classifier(args: Namespace) -> int:
    """Choose the number of epochs on the validation set, then train as long on it too; test error once."""
    dataset = data.load(args.data)
    folder = writable(Path(args.out or f"runs/classifier-{args.data}-{args.seed}"))
    split = _train(args, dataset, args.epochs, folder / "split")
    chosen = min(split, key=lambda record: record["valid_error"])["epoch"]
    say(args, f"smallest validation error at epoch {chosen}: so many epochs on training and validation data")
    whole = _train(args, _with_validation(dataset), chosen, folder / "whole")
    error = whole[-1]["test_error"]
    command = (
        f"python -m minigan.reproduce classifier --data {args.data} --epochs {args.epochs} --seed {args.seed}"
    )
    result = {"command": command, "test_error": error, "epochs": chosen, "split": split, "whole": whole}
    write_json(folder / "classifier.json", result)
    figures.save_errors(folder / "classifier.png", split, whole)
    print(f"test error {100 * error:.2f} % ({chosen} epochs on all {args.data} training data); {folder}")
    return 0


def _train(args: Namespace, dataset: data.Dataset, epochs: int, folder: Path) -> list[dict]:
    """One record for each epoch; an earlier run that was stopped goes on where it was."""
    settings = SETTINGS[args.data]
    backend = choose(args.backend)
    classifier = Classifier(dataset, settings, backend, args.seed)
    use_threads(args.threads, backend, settings.batch, classifier.net)
    identity = {"data": args.data, "seed": args.seed, "backend": args.backend, "settings": asdict(settings)}
    identity |= VERSIONS
    curve = _resume(classifier, folder, json.loads(json.dumps(identity)))[:epochs]
    began, first = time.monotonic(), len(curve)
    while len(curve) < epochs:
        record = {"epoch": len(curve) + 1, "loss": classifier.train_epoch()}
        record["valid_error"] = classifier.error(dataset.valid, dataset.valid_labels)
        record["test_error"] = classifier.error(dataset.test, dataset.test_labels)
        curve.append(record)
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: to_host(a) for name, a in classifier.arrays().items()}
        checkpoint.save(folder / checkpoint.NAME, arrays, {"identity": identity, "curve": curve})
        left = (time.monotonic() - began) / (len(curve) - first) * (epochs - len(curve))
        say(args, f"{_line(record)}  {left:.0f} s left")
    return curve


def _with_validation(dataset: data.Dataset) -> data.Dataset:
    """The data set with its validation examples among the training examples."""
    return replace(
        dataset,
        train=np.concatenate([dataset.train, dataset.valid]),
        train_labels=np.concatenate([dataset.train_labels, dataset.valid_labels]),
    )


def _resume(classifier: Classifier, folder: Path, identity: dict) -> list[dict]:
    """The epochs that are done in the folder, with the classifier as they left it."""
    if not (folder / checkpoint.NAME).exists():
        return []
    saved, meta, note = checkpoint.load_newest(folder)
    if note:
        print(note, file=sys.stderr)
    stored = meta.get("identity")
    if not isinstance(stored, dict) or VERSIONS | stored != identity:  # up to 0.4.0 none had versions
        raise InputError(f"--out: {folder.parent} holds another reproduction; name another folder")
    curve = meta.get("curve")
    if not isinstance(curve, list) or not all(map(_is_record, curve)):
        raise InputError(f"--out: {folder / checkpoint.NAME} does not tell its epochs; name another folder")
    checkpoint.fill(classifier.arrays(), saved)
    classifier.epoch = len(curve)
    return curve


def _is_record(r: Any) -> bool:
    return isinstance(r, dict) and r.keys() == RECORD and all(map(is_number, r.values()))


def _line(record: dict) -> str:
    return (
        f"epoch {record['epoch']:3d}  loss {record['loss']:.4f}  "
        f"validation {100 * record['valid_error']:.2f} %  test {100 * record['test_error']:.2f} %"
    )
