"""The formulas of minigan's docstrings in TeX, from the plain text in which they are written.

    tex("1 / (1 + e^-x)")   \\frac{1}{1 + e^{-x}}

A docstring is read in a terminal too, so nothing in it marks a formula. What is one is known by its grammar:
names of one letter, Greek ones, functions, arguments, and signs between them. Prose does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Container

GREEK = {"theta", "mu", "sigma", "gamma", "beta", "pi", "eps"}
KNOWN = {"log": r"\log", "exp": r"\exp", "min": r"\min", "max": r"\max", "tanh": r"\tanh"}
OPERATORS = {"mean", "cov", "sign", "sigmoid", "softplus", "softmax", "affine", "maxout", "onehot", "atanh"}
SUMS = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min", "mean": r"\operatorname*{mean}"}
QUANTITIES = {"lr", "keep", "mask", "scale", "slope", "pieces", "units", "stride", "pad", "size", "places"}
QUANTITIES |= {"label", "modes", "gradient", "penalty", "std", "var", "JSD", "MMD"}
BELOW = {"data", "fake", "real", "label"}  # words that stand as an index
RELATIONS = {"=": "=", "<-": r"\leftarrow", "+=": r"\mathrel{+}=", "-=": r"\mathrel{-}=", "->": r"\to"}
RELATIONS |= {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "~": r"\sim"}

_TOKEN = re.compile(
    r"\s*(?P<number>\d*\.?\d+)|\s*(?P<name>D\*(?=\()|[A-Za-z]+\d?'*(?:_[A-Za-z0-9]+'?(?:-1)?)?)|(?P<below>_\w+)"
    r"|\s*(?P<sign>\.\.\.|\|\||<-|->|<=|>=|[-+]=|[-+*/^()\[\],;|=<>~])"
)
_WORTHY = re.compile(
    r"[=^+/<>~]|\w \* \w|(?<![\w`])[A-Z]\(|log[ (]\S|\(\d [-+] "
    r"|\b(max|min|exp|mean|sqrt|sigmoid|softplus|tanh|affine|maxout)\("
    r"|_(?:\w\w?|data|fake|real)\b"
)
_SIGN_OR_FUNCTION = re.compile(r"[-+*/^=<>|~]|\([^\w(]|(?:exp|log|sqrt)\b|(?:sum|prod|mean|min|max)_")


class NoFormula(Exception):
    """The text does not parse."""


def tex(text: str, names: Container[str] = ()) -> str:
    """The formula in TeX; NoFormula where the text is none.  names: longer ones that it may have."""
    reader = _Reader(text, names)
    found = reader.statement()
    if reader.tokens:
        raise NoFormula(text)
    return found


def formulas(text: str, names: Container[str] = ()) -> list[tuple[str, str | None]]:
    """The text in pieces, each with its TeX where it is a formula that has more to it than a name."""
    words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    pieces: list[tuple[str, str | None]] = []
    at = i = 0
    while i < len(words):
        for j in range(len(words), i, -1):
            start, end = words[i][0], words[j - 1][1]
            run = text[start:end].rstrip(",;:.")
            if not _WORTHY.search(run) or re.match(r"[-+] |-?\d*$|-\w$", run):
                continue
            if _is_part(text, start, start + len(run), names):
                continue
            try:
                formula = tex(run, names)
            except NoFormula:
                continue
            pieces += [(text[at:start], None), (run, formula)]
            at, i = start + len(run), j
            break
        else:
            i += 1
    return [piece for piece in [*pieces, (text[at:], None)] if piece[0]]


def _is_part(text: str, start: int, end: int, names: Container[str]) -> bool:
    """Whether a formula goes on beyond text[start:end] and does not parse there: better none than a half."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if re.search(r"[-+*/^=<>|~(]$|\b[b-zB-Z]$", before) or (
        _SIGN_OR_FUNCTION.match(after) and after != text[end:]
    ):
        return True
    near = re.findall(r"\w+$", before) + (re.findall(r"^ (\w+)", text[end:]))
    return any(word in names or word in QUANTITIES for word in near)


class _Reader:
    """Reads a formula from left to right; each method reads one kind of part and gives its TeX."""

    def __init__(self, text: str, names: Container[str]) -> None:
        self.text, self.names = text, names
        self.tokens: list[tuple[str, str, bool]] = []  # kind, text, whether a space stands before it
        at = 0
        while at < len(text.rstrip()):
            token = _TOKEN.match(text, at)
            if not token:
                raise NoFormula(text)
            self.tokens.append((token.lastgroup or "", token[token.lastgroup], token[0][0].isspace()))
            at = token.end()
        self.tokens.reverse()

    def statement(self) -> str:
        parts = [self.relation()]
        while self.take(";"):
            parts.append(self.relation())
        return r",\qquad ".join(parts)

    def relation(self) -> str:
        found = self.sum()
        while self.sign() in RELATIONS:
            found += f" {RELATIONS[self.next()]} {self.sum()}"
        return found

    def sum(self) -> str:
        found = "-" * bool(self.take("-")) + self.product()
        while self.sign() in ("+", "-"):
            found += f" {self.next()} {self.product()}"
        return found

    def product(self) -> str:
        found = self.factor()
        while True:
            if self.take("/"):
                below = self.factor(bare=True)
                if re.fullmatch(r"\d+", below) and self.kind() == "name":
                    below += " " + self.factor()
                found = rf"\frac{{{_bare(found)}}}{{{below}}}"
            elif self.take("*"):
                found += r" \cdot " + self.factor()
            elif self.begins():
                found += r"\," + self.factor()
            else:
                return found

    def begins(self) -> bool:
        """Whether the next sign begins a factor: <x, y>, not x < y; |x|, not x | y."""
        if self.sign() == "<":
            return not self.tokens[-2:-1][0][2]
        if self.sign() == "|":
            return self.spaced() and not self.inside and not self.called
        return self.kind() in ("number", "name") or self.sign() in ("(", "[", "...")

    inside = 0  # how many | are open
    called = 0  # how many calls are, in which | says what is given

    def factor(self, bare: bool = False) -> str:
        found = self.atom()
        while self.sign() == "[" and not self.spaced():
            self.next()
            found += f"[{self.arguments(']')}]"
        if self.kind() == "below":
            found += f"_{{{self.next()[1:]}}}"
        if bare:
            found = _bare(found)
        if self.take("^"):
            found += self.exponent()
        if self.sign() == "/" and not self.spaced():  # a b/c is a (b/c); a b / c is (a b)/c
            self.next()
            found = rf"\frac{{{_bare(found)}}}{{{self.factor(bare=True)}}}"
        return found

    def exponent(self) -> str:
        if self.tokens and self.tokens[-1][1] == "T":
            self.next()
            return "^{T}" + (self.call() if self.sign() == "(" and not self.spaced() else "")
        return "^{" + "-" * bool(self.take("-")) + _bare(self.factor()) + "}"

    def atom(self) -> str:
        if not self.tokens:
            raise NoFormula(self.text)
        kind, token, _ = self.tokens.pop()
        if kind == "number":
            return token
        if kind == "name":
            return self.name(token)
        if token in ("(", "["):
            inside = self.sum()
            if token == "[" and self.sign() == ",":  # rows side by side, [x, h]
                inside += self.next() + r"\, " + self.sum()
            self.need({"(": ")", "[": "]"}[token])
            return f"({inside})" if token == "(" else f"[{inside}]"
        if token == "|":
            self.inside += 1
            inside = self.sum()
            self.inside -= 1
            self.need("|")
            return rf"\lvert {inside} \rvert"
        if token == "<":
            inside = self.sum()
            self.need(",")
            inside += ", " + self.sum()
            self.need(">")
            return rf"\langle {inside} \rangle"
        if token == "...":
            return r"\ldots"
        raise NoFormula(self.text)

    def name(self, token: str) -> str:
        word, _, below = token.partition("_")
        letters = word.rstrip("'")
        primes = word[len(letters) :]
        as_word = len(below) > 2 and below.isalpha() and below not in GREEK
        if as_word and (below not in BELOW or len(letters) > 1):
            raise NoFormula(self.text)
        if letters == "d" and self.kind() == "name" and self.tokens[-1][1] not in KNOWN:
            raise NoFormula(self.text)  # d loss / d p, which is said in words
        if letters == "D*":
            return "D^{*}" + self.call()
        low = rf"_{{{_subscript(below)}}}" if below else ""
        called = self.sign() == "(" and not self.spaced()
        if below and letters in SUMS:
            return SUMS[letters] + low + self.applied(called)
        if letters == "E" and below:
            return rf"\mathbb{{E}}{low}" + self.applied(called)
        if letters == "E" and (self.sign() == "[" or self.kind() == "name"):
            return r"\mathbb{E}\,"
        if letters == "sqrt" and called:
            return rf"\sqrt{{{_bare(self.atom())}}}"
        if letters in KNOWN or letters in OPERATORS:
            made = KNOWN.get(letters, rf"\operatorname{{{letters}}}")
            return made + (self.call() if called else self.applied(called))
        if re.fullmatch(r"d[A-Za-z]", letters) and letters not in self.names:
            made = rf"\mathrm{{d}}{letters[1]}"
        elif re.fullmatch(r"[A-Za-z]", letters):
            made = letters
        elif re.fullmatch(r"[A-Za-z]\d", letters):
            made = f"{letters[0]}_{{{letters[1]}}}"
        elif letters in GREEK:
            made = r"\varepsilon" if letters == "eps" else "\\" + letters
        elif letters in QUANTITIES or letters in self.names:
            made = rf"\mathrm{{{letters}}}"
        else:
            raise NoFormula(self.text)
        return made + primes + low + (self.call() if called else "")

    def applied(self, called: bool) -> str:
        """What an operator without brackets is applied to: the next factor, or a function of it."""
        if called:
            return self.atom()
        power = self.exponent() if self.take("^") else ""
        if not self.tokens or self.sign() in (*RELATIONS, ")", ",", ";", "+"):
            if not power:
                raise NoFormula(self.text)
            return power
        if self.sign() == "-":
            return power + "(" + self.next() + self.product() + ")"
        return power + r"\," + self.factor()

    def call(self) -> str:
        self.need("(")
        return f"({self.arguments(')')})"

    def arguments(self, end: str) -> str:
        self.called += 1
        found = self.relation()
        while self.sign() in (",", ";", "|", "||"):
            sign = self.next()
            found += {"|": r" \mid ", "||": r" \parallel "}.get(sign, sign + r"\, ") + self.relation()
        self.called -= 1
        self.need(end)
        return found

    def kind(self) -> str:
        return self.tokens[-1][0] if self.tokens else ""

    def sign(self) -> str:
        return self.tokens[-1][1] if self.kind() == "sign" else ""

    def spaced(self) -> bool:
        return bool(self.tokens) and self.tokens[-1][2]

    def next(self) -> str:
        return self.tokens.pop()[1]

    def take(self, sign: str) -> str:
        return self.next() if self.sign() == sign else ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise NoFormula(self.text)


def _subscript(below: str) -> str:
    if below in GREEK:
        return "\\" + below
    return rf"\mathrm{{{below}}}" if re.fullmatch(r"[A-Za-z]{3,}", below) else below


def _bare(part: str) -> str:
    """Without brackets around the whole of it, where a fraction or an exponent shows what they would."""
    if not (part.startswith("(") and part.endswith(")")):
        return part
    depth = 0
    for i, sign in enumerate(part):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if not depth and i < len(part) - 1:
            return part
    return part[1:-1]
