"""The page that goes through the paper: all that it names is there."""

import re
from pathlib import Path

import pytest

from lessons.form import quoted

PAGE = Path(__file__).resolve().parent.parent / "lessons" / "the_paper.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"\[`([\w.]+)`\]\((\.\./(?:minigan|tests)/[\w/]+\.py)\)", TEXT)))
LINKS = sorted(set(re.findall(r"\]\(([^)\s]+)\)", TEXT)))


@pytest.mark.parametrize(("symbol", "file"), NAMED)
def test_what_is_named_is_in_its_file(symbol, file):
    assert quoted((PAGE.parent / file).read_text(encoding="utf-8"), symbol)


@pytest.mark.parametrize("link", [link for link in LINKS if not link.startswith("https:")])
def test_a_link_leads_to_a_file_and_to_a_heading_of_it(link):
    file, _, heading = link.partition("#")
    text = (PAGE.parent / file).read_text(encoding="utf-8")
    assert heading in ["", *map(_slug, re.findall(r"^#+ (.+)$", text, re.MULTILINE))]


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


@pytest.mark.parametrize(
    "part",
    [
        *(f"## Section {n}" for n in (3, 4, 5, 6, 7)),
        "### 4.1",
        "### 4.2",
        *(f"Equation {n}" for n in (1, 4)),
        *("equations 2 and 3", "equations 5 and 6", "Proposition 1", "Proposition 2", "Theorem 1"),
        *("Algorithm 1", "Table 1", "Table 2", *(f"Figure {n}" for n in (1, 2, 3))),
    ],
)
def test_each_part_of_the_paper_has_its_place(part):
    assert part in TEXT


def test_each_statement_names_a_test_or_says_what_is_missing():
    statements = re.findall(r"^- (?:.+\n(?:  .+\n)*)", TEXT, re.MULTILINE)
    assert len(statements) > 25
    assert [s for s in statements if "Test:" not in s and "*Not there:*" not in s] == []


def test_every_link_to_code_was_looked_at():
    assert len(re.findall(r"\.py\)", TEXT)) == len(re.findall(r"\[`[\w.]+`\]\([\w./]+\.py\)", TEXT))
