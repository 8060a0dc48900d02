"""The tables of a command in a document, between two marks: all else stays as it is."""

from pathlib import Path

from minigan.errors import InputError
from minigan.files import writable, write_atomically


def write(path: Path, command: str, text: str) -> None:
    """Put the tables of that command between its two marks in a document, or at the end; all else stays."""
    page, begins, ends = read(path), f"<!-- {command} -->\n", f"<!-- end of {command} -->\n"
    newline = "\r\n" if "\r\n" in page else "\n"
    page = page.replace("\r\n", "\n")
    before, found, rest = page.partition(begins)
    _, closed, after = rest.partition(ends)
    if found and not closed:
        raise InputError(f"--write: {path} has the line {begins.strip()} but not {ends.strip()}; mend that")
    if page and not found:
        before += "\n"
    whole = f"{before}{begins}\n{text}\n\n{ends}{after}".replace("\n", newline)
    write_atomically(path, lambda file: file.write(whole.encode()))


def read(path: Path) -> str:
    """What the document holds so far; InputError where it could not be written."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--write: expected the name of a document in a folder that exists, got {path}")
    writable(path.parent, "--write")
    try:
        return path.read_bytes().decode() if path.exists() else ""
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"--write: cannot read {path} as text: {error}") from None
