"""Which submissions resemble each other, or minigan's own answer: winnowing, after Schleimer et al. 2003.

A file is a sequence of tokens, with every name, number and text alike, so that renaming hides nothing.  Each
run of GRAM tokens is hashed, and of each WINDOW of hashes the smallest is kept: any run of GRAM + WINDOW - 1
tokens that two files share gives them a hash in common.  What stands in the stub does not count.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import tokenize
from collections.abc import Iterator
from itertools import combinations

from minigan.homework.marking.submissions import BadSubmission, Submission
from minigan.homework.tasks import strip
from minigan.homework.tasks.spec import Assignment

GRAM, WINDOW = 10, 4
ALIKE = {tokenize.NAME: "name", tokenize.NUMBER: "number", tokenize.STRING: "text"}
ALIKE[getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)] = "text"  # from Python 3.12 on
SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
}
OWN = "minigan's own answer"


def similar(
    assignment: Assignment, submissions: list[Submission], least: float
) -> list[tuple[float, str, str]]:
    """Pairs that share at least this part of the shorter one, the most alike first; minigan's own is one.

    Submissions of a few lines are alike by nature: it is a person who looks at a pair and decides.
    """
    sources = {OWN: strip.solution(assignment).encode()}
    for submission in submissions:
        try:
            sources[submission.student] = submission.source(assignment.id)
        except BadSubmission:
            continue
    given = fingerprint(strip.stub(assignment).encode())
    prints = {name: fingerprint(source) - given for name, source in sources.items()}
    pairs = [
        (len(prints[a] & prints[b]) / min(len(prints[a]), len(prints[b])), a, b)
        for a, b in combinations(prints, 2)
        if prints[a] and prints[b]
    ]
    return sorted((pair for pair in pairs if pair[0] >= least), key=lambda pair: (-pair[0], *pair[1:]))


def fingerprint(source: bytes) -> set[bytes]:
    """The hashes that stand for a file; of one that Python cannot read, as far as it can."""
    tokens = list(_tokens(source))
    runs = [" ".join(tokens[i : i + GRAM]) for i in range(max(len(tokens) - GRAM + 1, 1))]
    hashes = [hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).digest() for run in runs]
    return {min(hashes[i : i + WINDOW]) for i in range(max(len(hashes) - WINDOW + 1, 1))}


def _tokens(source: bytes) -> Iterator[str]:
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type not in SKIPPED:
                own = keyword.iskeyword(token.string) or token.type not in ALIKE
                yield token.string if own else ALIKE[token.type]
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return
