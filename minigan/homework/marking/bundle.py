"""An autograder for Gradescope: a zip of minigan itself, the course's secret, and two small scripts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from minigan.files import write_atomically
from minigan.homework.tasks.spec import PACKAGE, Assignment

SUFFIXES = {".py", ".toml", ".md", ".txt"}
EXECUTABLE = 0o755 << 16

SETUP = """#!/usr/bin/env bash
set -euo pipefail
apt-get update
apt-get install -y python3 python3-venv
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then  # Ubuntu 22.04
    apt-get install -y python3.11 python3.11-venv
    python=python3.11
fi
$python -m venv /autograder/environment
/autograder/environment/bin/python -m pip install "numpy>=2"
"""
RUN = """#!/usr/bin/env bash
# Gradescope's container protects the world from the student; the mark is protected by L2 or better inside it.
# Where the container does not allow L2 the grader refuses; --trust-submissions would let it go on without.
cd /autograder/source
python=/autograder/environment/bin/python
metadata=/autograder/submission_metadata.json
student=$($python -c "import json; print(json.load(open('$metadata'))['users'][0]['email'])")
$python -m minigan.homework grade /autograder/submission --hw {id} --secret-file course.key \\
    --results /autograder/results/results.json --student "$student"
"""


def gradescope(assignment: Assignment, secret: bytes, path: Path) -> None:
    """Write the zip that Gradescope takes as an autograder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", SETUP.encode(), EXECUTABLE)
        _add(archive, "run_autograder", RUN.format(id=assignment.id).encode(), EXECUTABLE)
        _add(archive, "course.key", secret, 0o600 << 16)
        for source in sorted(PACKAGE.rglob("*")):
            if source.suffix in SUFFIXES:
                _add(
                    archive,
                    f"minigan/{source.relative_to(PACKAGE).as_posix()}",
                    source.read_bytes(),
                    0o644 << 16,
                )
    write_atomically(path, lambda file: file.write(made.getvalue()))


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    member = zipfile.ZipInfo(name)  # of 1980: the same input gives the same bytes
    member.external_attr, member.compress_type = mode, zipfile.ZIP_DEFLATED
    archive.writestr(member, content)
