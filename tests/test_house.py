"""The rules of the house: which file may import which, what no file may use, and what the README says.

`python tests/test_house.py` prints the README's table of files; `--write` puts it into the README as well.
"""

import ast
import importlib
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minigan"
README = ROOT / "README.md"
TABLE_BEGINS = "<!-- The table of files: `make readme` writes it. -->\n"
TABLE_ENDS = "<!-- The table of files ends. -->\n"

# A file imports only from files above it. It is also the order in which to read them.
# A star stands for every folder of such a name.
ORDER = [
    "errors",
    "lock",
    "files",
    "shell",
    "threads",
    "device",
    "backend",
    "kernels",
    "random",
    "tensor",
    "ops",
    "gradcheck",
    "nn",
    "game",
    "optim",
    "data.dataset",
    "data.idx",
    "data.fetch",
    "data.digits",
    "data.mnist",
    "data.cifar10",
    "data.mixtures",
    "data.folder",
    "data.packed",
    "data.minibatches",
    "data.__init__",
    "algorithm1",
    "mixed",
    "workers",
    "shares",
    "settings",
    "paper",
    "keras_mlp",
    "recipes",
    "players",
    "classifier",
    "parzen",
    "modes",
    "theory",
    "pictures",
    "__init__",
    "checkpoint",
    "run",
    "training",
    "progress",
    "evaluation",
    "cli",
    "data.__main__",
    "data.make_digits",
    "train",
    "sample",
    "evaluate",
    "reproduce.__init__",
    "reproduce.figures",
    "reproduce.report",
    "reproduce.centres",
    "reproduce.averages",
    "reproduce.milestones",
    "reproduce.theory",
    "reproduce.figure1",
    "reproduce.figure2",
    "reproduce.figure3",
    "reproduce.modes",
    "reproduce.table1",
    "reproduce.ruler",
    "reproduce.curve",
    "reproduce.classifier",
    "reproduce.__main__",
    "benchmark.__init__",
    "benchmark.update",
    "benchmark.floor",
    "benchmark.instruments",
    "benchmark.gpu",
    "benchmark.parts",
    "benchmark.pytorch",
    "benchmark.sweep",
    "benchmark.neighbours",
    "benchmark.together",
    "benchmark.measure",
    "benchmark.report",
    "benchmark.document",
    "benchmark.__main__",
    "successors.__init__",
    "successors.convolution",
    "successors.losses",
    "successors.penalty",
    "successors.spectral_norm",
    "successors.conditional",
    "successors.networks",
    "successors.dcgan",
    "successors.growing",
    "successors.solids",
    "successors.recipes",
    "successors.two_lines",
    "successors.one_dimension",
    "successors.moments",
    "successors.fooling",
    "successors.cycle",
    "successors.stack",
    "successors.sequences",
    "successors.twice",
    "successors.speed",
    "successors.pictures",
    "successors.__main__",
    "reproduce.successors",
    "homework.__init__",
    "homework.tasks.__init__",
    "homework.tasks.spec",
    "homework.tasks.strip",
    "homework.tasks.scaffold",
    "homework.judging.__init__",
    "homework.judging.transport",
    "homework.judging.isolate",
    "homework.judging.overlay",
    "homework.judging.worker",
    "homework.judging.strict_cupy",
    "homework.judging.operations",
    "homework.judging.kit",
    "homework.judging.sandbox",
    "homework.judging.judge",
    "homework.judging.owed",
    "homework.judging.formula",
    "homework.assignments.__init__",
    "homework.assignments.hw*",
    "homework.assignments.capstone*",
    "homework.answers.__init__",
    "homework.answers.known",
    "homework.answers.diagnose",
    "homework.answers.mark",
    "homework.turns*",
    "homework.turn",
    "homework.answers.mutate",
    "homework.answers.proof",
    "homework.marking.__init__",
    "homework.marking.report",
    "homework.marking.submissions",
    "homework.marking.batch",
    "homework.marking.outputs",
    "homework.marking.similar",
    "homework.marking.bundle",
    "homework.evidence.__init__",
    "homework.evidence.attacks",
    "homework.evidence.rehearsal",
    "homework.evidence.page",
    "homework.student.__init__",
    "homework.student.progress",
    "homework.student.watch",
    "homework.student.commands",
    "homework.instructor.__init__",
    "homework.instructor.commands",
    "homework.cli",
    "homework.__main__",
    "__main__",
]


def files_of(entry: str) -> list[str]:
    """A pattern stands for every folder it fits, as a new assignment does, with all its files."""
    if not entry.endswith("*"):
        return [entry]
    files = sorted(PACKAGE.glob(f"{entry.replace('.', '/')}/*.py"))
    return [".".join(file.relative_to(PACKAGE).with_suffix("").parts) for file in files]


ORDER = [module for entry in ORDER for module in files_of(entry)]

HEAVY = {
    "matplotlib",
    "tqdm",
    "pooch",
    "PIL",
    "cupy",
    "cupyx",
    "threadpoolctl",
    "mpi4py",
}  # only inside the functions that use them
UNSAFE = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}  # reading such a file can run code
PAPER = {  # what one reads in an afternoon: from arithmetic to the box
    "kernels",
    "random",
    "tensor",
    "ops",
    "gradcheck",
    "nn",
    "game",
    "optim",
    "algorithm1",
    "paper",
}
PAPER_CODE_LINES = 1200  # there is room; nothing is squeezed to fit
MEASURING = {"classifier", "parzen", "modes", "theory"}
NOT_CORE = {"pictures", "__init__", *MEASURING, *ORDER[ORDER.index("cli") :]}
KINDS = ("the paper's, in bold", "plumbing", "measuring and commands")
WINGS = {"reproduce", "benchmark", "successors", "homework"}  # folders that the README shows as one row
CUDA = re.compile(r"KERNEL\(|__global__|#define")
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(home|root|work|Users|var/folders)/|\b[A-Z]:[\\]Users")


# The order of the imports, and what nobody may use


def test_every_file_keeps_the_rules():
    found = [f"{file.relative_to(ROOT)}:{rule}" for file in package_files() for rule in broken_rules(file)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tensor", "import minigan.ops"),
        ("tensor", "from minigan import ops"),
        ("tensor", "from minigan import errors, ops"),
        ("tensor", "from minigan.ops import affine"),
        ("tensor", "from . import ops"),
        ("tensor", "from .ops import affine"),
        ("tensor", "def later():\n    from minigan import ops"),
        ("tensor", "from minigan import Tensor"),
        ("tensor", "from minigan import tensor"),
        ("tensor", "from minigan.data import load"),
        ("recipes", "import minigan"),
        ("recipes", "from minigan import __version__"),
        ("data.__init__", "from ..recipes import MNIST"),
        ("data.mnist", "from minigan.data import load"),
        ("data.mnist", "from .mixtures import RING"),
        ("train", "from minigan import sample"),
        ("not_in_the_order", ""),
        ("nn", "import matplotlib.pyplot as plt"),
        ("nn", "try:\n    import cupy\nexcept ImportError:\n    cupy = None"),
        ("nn", "class Film:\n    from PIL import Image"),
        ("nn", "if TYPE_CHECKING:\n    x = 1\nelse:\n    import cupy"),
        ("nn", "import pickle"),
        ("nn", "def later():\n    from pickle import load"),
        ("nn", "eval('1')"),
        ("nn", "exec('x = 1')"),
        ("nn", "np.load(file, allow_pickle=True)"),
        ("nn", "np.load(file, allow_pickle=trusted)"),
    ],
)
def test_a_broken_rule_is_found(module, source):
    assert len(list(broken_rules(module, source))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("nn", "import numpy as np\nfrom minigan import ops, tensor\nfrom .errors import InputError"),
        ("recipes", "from minigan.data import load\nfrom minigan import data"),
        ("data.mnist", "from minigan.data import idx\nfrom .dataset import Dataset"),
        ("checkpoint", "from minigan import __version__"),
        ("train", "import minigan\nfrom minigan import Tensor"),
        ("pictures", "def draw():\n    import matplotlib.pyplot as plt"),
        ("pictures", "if TYPE_CHECKING:\n    from PIL import Image"),
        ("nn", "np.load(file, allow_pickle=False)\nnet.eval()\n'pickle, eval(this)'"),
    ],
)
def test_what_is_allowed_is_not_found(module, source):
    assert list(broken_rules(module, source)) == []


def test_import_minigan_loads_numpy_and_nothing_heavy():
    code = f"import sys, minigan; print(*sorted({HEAVY | {'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["numpy"], "")


@pytest.mark.parametrize("command", ["train", "benchmark.__main__"])
def test_help_does_not_wait_for_what_it_has_no_need_of(command):
    code = f"import sys\nfrom minigan.{command} import main\ntry: main(['--help'])\n"
    code += f"finally: print(*sorted({HEAVY | {'minigan.run', 'minigan.data'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("usage: ") and done.stdout.endswith("\n\n") and done.stderr == ""


# The front door


def test_every_command_that_is_named_exists():
    from minigan.__main__ import COMMANDS

    for module, _ in COMMANDS.values():
        assert callable(importlib.import_module(module).main)


def test_no_command_says_what_there_is(capsys):
    from minigan.__main__ import COMMANDS, main

    assert main([]) == 0
    out, err = capsys.readouterr()
    assert all(f"\n  {name} " in out for name in COMMANDS) and err == ""


def test_an_unknown_command_is_one_line(capsys):
    from minigan.__main__ import main

    assert main(["trian", "--seed", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "'trian'" in err and "train" in err


# What the README and the other texts say


def test_the_readme_counts_the_lines_right():
    assert README.read_text("utf-8") == readme_with(table_of_files()), "run `make readme`"


@pytest.mark.parametrize("file", sorted((ROOT / "docs").glob("[!_]*/*.py")), ids=lambda file: file.stem)
def test_what_the_site_imports_is_there(file):
    """The site itself is built by `make docs` alone, which a test run does not wait for."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minigan"):
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_the_papers_files_stay_small():
    lines = {module_name(file): code_lines(file.read_text("utf-8")) for file in core_files()}
    paper = {module: count for module, count in lines.items() if module in PAPER}
    plumbing = sum(count for module, count in lines.items() if kind_of(module) == "plumbing")
    each = "\n".join(f"{count:5} {module}" for module, count in paper.items())
    report = f"{sum(paper.values())} lines of code, and {plumbing} of plumbing:\n{each}"
    assert paper.keys() == PAPER and sum(paper.values()) <= PAPER_CODE_LINES, report


def test_only_code_counts_as_code():
    source = '''"""A module,
    explained."""

    # a remark
    import math  # another


    def area(r):
        """pi r^2"""

        return (
            math.pi * r**2
        )  # three lines


    TEXT = """not
    a docstring"""
    '''
    assert code_lines(re.sub("^    ", "", source, flags=re.MULTILINE)) == 7


def test_no_text_names_a_path_of_some_machine():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if not listing.stdout:
        pytest.skip(f"git does not say which files belong to minigan: {listing.stderr.strip() or 'none'}")
    found = [
        f"{name}:{number}: {line}"
        for name in listing.stdout.rstrip("\0").split("\0")
        for number, line in enumerate(text_of(ROOT / name).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)


def test_paths_of_machines_are_told_from_other_text():
    slash = "/"  # so that this file itself names none
    for path in ("home/ann/x", "root/x", "Users/ann/x", "work/main/x", "var/folders/zz/x"):
        assert MACHINE_PATH.search(f'cache = "{slash}{path}"')
    for text in ("https://example.org/home/ann", "/usr/bin/env", "~/work/x", "frame/work/x", "homework/"):
        assert not MACHINE_PATH.search(text)


# How the tests find out


def package_files() -> list[Path]:
    """The package's Python files in reading order; files that the order does not name come last."""
    rank = {module: place for place, module in enumerate(ORDER)}
    files = sorted(PACKAGE.rglob("*.py"))
    return sorted(files, key=lambda file: rank.get(module_name(file), len(rank)))


def core_files() -> list[Path]:
    """The package without the homework."""
    return [file for file in package_files() if PACKAGE / "homework" not in file.parents]


def kind_of(module: str) -> str:
    return KINDS[0] if module in PAPER else KINDS[2] if module in NOT_CORE else KINDS[1]


def module_name(file: Path) -> str:
    """As in ORDER: minigan/ops.py is `ops`, minigan/data/__init__.py is `data.__init__`."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)


def broken_rules(module: Path | str, source: str | None = None) -> Iterator[str]:
    """One line for every rule that a file (or the source of a module of that name) breaks."""
    if isinstance(module, Path):
        module, source = module_name(module), module.read_text("utf-8")
    if module not in ORDER:
        yield f"1: {module} has no place in the order of the files"
        return
    tree = ast.parse(source)
    at_import = set(outside_functions(tree))
    for node in ast.walk(tree):
        for name in imported_names(node, package=f"minigan.{module}".rpartition(".")[0]):
            ours, library = module_of(name), name.partition(".")[0]
            if ours and ORDER.index(ours) >= ORDER.index(module):
                yield f"{node.lineno}: {module} imports {ours}, which is not above it"
            if library in HEAVY and node in at_import:
                yield f"{node.lineno}: {library} is imported outside a function"
            if library in UNSAFE:
                yield f"{node.lineno}: {library} is imported"
        match node:
            case ast.Call(func=ast.Name(id="eval" | "exec" as function)):
                yield f"{node.lineno}: {function} is called"
            case ast.keyword(arg="allow_pickle", value=value) if getattr(value, "value", None) is not False:
                yield f"{node.lineno}: allow_pickle may be true"


def imported_names(node: ast.AST, package: str) -> list[str]:
    """`from .ops import affine, relu` in minigan gives minigan.ops.affine and minigan.ops.relu."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            origin = resolve_name("." * level + (module or ""), package)
            return [f"{origin}.{alias.name}" for alias in names]
    return []


def module_of(name: str) -> str | None:
    """The file of ours, as in ORDER, that an imported name comes from; None if it is not ours."""
    library, *parts = name.split(".")
    while library == "minigan":
        for candidate in (parts, [*parts, "__init__"]):
            if ".".join(candidate) in ORDER:
                return ".".join(candidate)
        parts.pop()
    return None


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """What runs at import: neither the bodies of functions nor what is for type checkers only."""
    yield node
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            inside = []
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            inside = node.orelse
        case _:
            inside = ast.iter_child_nodes(node)
    for child in inside:
        yield from outside_functions(child)


def code_lines(source: str) -> int:
    """How many lines are neither blank nor comment nor docstring, nor text in CUDA."""
    lines, cuda = set(), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        here = range(token.start[0], token.end[0] + 1)
        if token.type == tokenize.STRING and CUDA.search(token.string):
            cuda.update(here)
        elif token.type != tokenize.COMMENT and token.string.strip():
            lines.update(here)
    lines -= cuda
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Module(body=[docstring, *_])
                | ast.ClassDef(body=[docstring, *_])
                | ast.FunctionDef(body=[docstring, *_])
            ) if ast.get_docstring(node) is not None:
                lines.difference_update(range(docstring.lineno, docstring.end_lineno + 1))
    return len(lines)


def table_of_files() -> str:
    """The files in reading order as a Markdown table, a wing as one row; `all` counts every file.

    A file's docstring begins with what the file is for, and that of __init__ with what its folder is for.
    """
    rows = ["| file | lines | what it is for |", "|---|---:|---|"]
    lines, code = Counter(), Counter()
    for file in package_files():
        source = file.read_text("utf-8")
        docstring = ast.get_docstring(ast.parse(source))
        assert docstring, f"{file.relative_to(ROOT)} does not say in a docstring what it is for"
        name, kind, purpose = (
            file.relative_to(ROOT).as_posix(),
            kind_of(module_name(file)),
            docstring.splitlines()[0],
        )
        length = source.count("\n")
        lines[kind] += length
        code[kind] += code_lines(source)
        if (wing := PACKAGE / file.relative_to(PACKAGE).parts[0]).name in WINGS:
            if file != wing / "__init__.py":
                continue
            files = [file.read_text("utf-8") for file in wing.rglob("*.py")]
            name, length = f"minigan/{wing.name}/", sum(text.count("\n") for text in files)
            purpose = f"{purpose.rstrip('.')}; {len(files)} files"
        link = f"**[{name}]({name})**" if kind == KINDS[0] else f"[{name}]({name})"
        rows.append(f"| {link} | {length:,} | {purpose.rstrip('.')} |")
    for kind in KINDS:
        rows.append(f"| {kind} | {lines[kind]:,} | of these {code[kind]:,} are code |")
    is_code = f"of these {code.total():,} are code: not blank, comment, docstring or CUDA"
    rows.append(f"| all | {lines.total():,} | {is_code} |")
    return "\n".join(rows) + "\n"


def readme_with(table: str) -> str:
    """The README with this table of files between its two marks."""
    before, begins, rest = README.read_text("utf-8").partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    assert begins and ends, f"README.md needs the lines {TABLE_BEGINS!r} and {TABLE_ENDS!r}"
    return f"{before}{begins}\n{table}\n{ends}{after}"


def text_of(file: Path) -> str:
    """The content of a text file, nothing for a picture or another binary file."""
    content = file.read_bytes() if file.is_file() else b""
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(readme_with(table_of_files()), "utf-8", newline="\n")
    print(table_of_files(), end="")
