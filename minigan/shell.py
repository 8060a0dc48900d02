"""A command of minigan as a user can paste it into a shell."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def typed(module: str, arguments: Sequence[str]) -> str:
    """The line that runs this module with this Python, ready for a shell, from the folder where we are."""
    python, found = Path(sys.executable), shutil.which("python")
    if found and Path(found).absolute() == python.absolute():
        python = Path("python")
    elif python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    words = [str(python), "-m", f"minigan.{module}", *arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
