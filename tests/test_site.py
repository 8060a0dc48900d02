"""What the site makes of the repository formulas, the course on one page, diagrams; a look at its pages."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_live import browser, site, visit  # noqa: F401

from lessons import diagrams
from minigan import ops, pictures
from minigan.tensor import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "docs" / "ext"))  # as docs/conf.py does

from docs import look  # noqa: E402
from docs.ext import access, docstrings, formulas, one_page  # noqa: E402

# Formulas


@pytest.mark.parametrize(
    ("plain", "made"),
    [
        ("1 / (1 + e^-x)", r"\frac{1}{1 + e^{-x}}"),
        ("a b / c d", r"\frac{a\,b}{c}\,d"),
        ("g -> g dy/dx", r"g \to g\,\frac{\mathrm{d}y}{\mathrm{d}x}"),
        ("x^(n-1)", "x^{n - 1}"),
        ("(a + b) (c + d) / 2", r"\frac{(a + b)\,(c + d)}{2}"),
        ("V(D, G) = E_x log D(x)", r"V(D,\, G) = \mathbb{E}_{x}\,\log\,D(x)"),
        ("y = P^T(x W^T) + b", r"y = P^{T}(x\,W^{T}) + b"),
        ("y_j = max_i x_ij", r"y_{j} = \max_{i}\,x_{ij}"),
        ("<u, J v>", r"\langle u, J\,v \rangle"),
        ("|x - y|^2 / 2 sigma^2", r"\frac{\lvert x - y \rvert^{2}}{2 \sigma^{2}}"),
        ("v <- mu v - lr g;  p <- p + v", r"v \leftarrow \mu\,v - \mathrm{lr}\,g,\qquad p \leftarrow p + v"),
        ("p(y_t | v, y_t-1)", r"p(y_{t} \mid v,\, y_{t-1})"),
        ("keep * x", r"\mathrm{keep} \cdot x"),
    ],
)
def test_a_formula_in_tex(plain, made):
    assert formulas.tex(plain) == made


@pytest.mark.parametrize(
    "text", ["", "x +", "(x", "x = = y", "a tensor", "d loss / d p", "x, y", "log", "max_i"]
)
def test_what_is_no_formula(text):
    with pytest.raises(formulas.NoFormula):
        formulas.tex(text)


def test_an_argument_is_a_name():
    assert (
        formulas.tex("start / factor^t", {"start", "factor"}) == r"\frac{\mathrm{start}}{\mathrm{factor}^{t}}"
    )
    with pytest.raises(formulas.NoFormula):
        formulas.tex("start / factor^t")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("With D = sigmoid(a): finite at every a.", ["D = sigmoid(a)"]),
        ("Goes on in runs/digits-1, -2, and the log of a run.", []),
        ("python -m minigan.train", []),
        ("q <- q exp(-t) / its sum", []),  # better none than a half
        ("m += mean of -log D over the rows", ["-log D"]),
    ],
)
def test_formulas_inside_a_sentence(text, found):
    pieces = formulas.formulas(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, made in pieces if made] == found


def test_a_docstring_for_docutils():
    doc = """y = x W + b        x (m, inputs), b (outputs,)

    In `ops`, with D = 1/2:

        V = -log 4      (paper, equation 1)

    name   a table, as it was typed"""
    made = "\n".join(docstrings.as_restructured_text(re.sub("\n    ", "\n", doc).splitlines()))
    assert ".. math::\n\n    y = x\\,W + b\n" in made
    assert "``x (m, inputs), b (outputs,)``" in made
    assert "``ops``" in made and r":math:`D = \frac{1}{2}`" in made
    assert "    V = -\\log\\,4\\qquad\\text{(equation 1)}\n" in made
    assert ".. code-block:: none\n\n    name   a table, as it was typed" in made


def test_cases_and_what_is_said_of_them():
    (_, _, formula, *_, said, _) = docstrings.as_restructured_text(
        ["x where x > 0, else slope * x; derivative `slope` at 0"], {"slope"}
    )
    assert r"\begin{cases} x & \text{where } x > 0 \\ \mathrm{slope} \cdot x" in formula
    assert said == "derivative \\ ``slope``\\  at 0"


def test_all_that_is_public_says_what_it_is():
    silent = []
    for module in re.findall(r"automodule:: (\S+)", (ROOT / "docs" / "api.md").read_text("utf-8")):
        path = ROOT / module.replace(".", "/")
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for node in ast.parse(source.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                silent += [] if ast.get_docstring(node) else [f"{module}.{node.name}"]
    assert silent == []


# The course on one page

CHAPTER = """<link rel="stylesheet" href="s.css" />
<article role="main"><h1>04 {name}<a class="headerlink" href="#top"></a></h1>
<p id="top"><a href="#top">a</a> <a href="05_b.html">b</a> <a href="04_a.html#top">c</a>
<a href="../docs/x.html#y">d</a> <a href="https://e.org/#f">e</a></p>
<details class="g"></details></article>"""


def test_the_course_on_one_page(tmp_path):
    for name in "04_a", "05_b", "the_paper":
        (tmp_path / f"{name}.html").write_text(CHAPTER.format(name=name), encoding="utf-8")
    page = one_page.one_page(tmp_path)
    ids = re.findall(r'id="([^"]+)"', page)
    assert ids == ["04_a", "04_a-top", "05_b", "05_b-top", "the_paper", "the_paper-top"]
    assert page.count("<h1>") == 1 and page.count("<h2>") == 3 and page.count("<details open") == 3
    links = re.findall(r'href="([^"]+)"', page.partition('id="05_b"')[2].partition("</article>")[0])
    assert links == ["#05_b-top", "#05_b", "#04_a-top", "../docs/x.html#y", "https://e.org/#f"]
    assert '<li><a href="#05_b">05_b</a></li>' in page


def test_what_the_html_lacks(tmp_path):
    math = '<p><span class="katex"><math><annotation encoding="tex">{}</annotation></math></span></p></th>'
    head = '<th class="head">'
    page = tmp_path / "a.html"
    picture = '<img alt="a dot" src="../_images/dot.png" />'
    back = '<a href="#" class="back-to-top muted-link"><svg></svg>\n<span>Back to top</span>\n        </a>'
    page.write_text(
        head
        + "<p></p></th>"
        + head
        + "<p>w</p></th>"
        + head
        + math.format("x_i")
        + f"\n        {back}\n{picture}",
        "utf-8",
    )
    figure = tmp_path / "_images" / "panels.png"
    figure.parent.mkdir()
    pictures.save_figure(figure, pictures.panels(2, 8, 1)[0])
    other = tmp_path / "b.html"
    other.write_text(image := '<img alt="two" src="_images/panels.png" />', "utf-8")
    for _ in range(2):  # a page that has it keeps it
        access._mend(SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path), None)
    wide = '<a class="picture wide" style="--width: 880px" href="_images/panels.png">'
    assert other.read_text("utf-8") == f"{wide}{image}</a>"
    made = page.read_text("utf-8")
    assert made.endswith(f'<a class="picture" href="../_images/dot.png">{picture}</a>')
    assert f'<nav aria-label="Page top">{back}</nav>\n<a class="picture"' in made
    assert made.startswith(
        '<td class="head"></td><th class="head"><p>w</p></th><th class="head"><span class="unseen">x_i<'
    )


# Diagrams


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_a_diagram_is_what_the_code_draws(name):
    assert (ROOT / "lessons" / "img" / name).read_text("utf-8") == diagrams.DIAGRAMS[name]().svg()


def test_edges_of_a_loss():
    a = Tensor(np.ones(1))
    b = a + a
    c = ops.mul(b, a)
    assert sorted(diagrams.edges(c)) == sorted([(b.age, a.age)] * 2 + [(c.age, b.age), (c.age, a.age)])


# In a browser


def test_commands_are_copied_without_their_prompt(visit):  # noqa: F811
    tab = visit("lessons/00_run_it.html", permissions=["clipboard-read", "clipboard-write"])
    tab.locator(".highlight-console button.copy").first.click(force=True)
    tab.get_by_role("button", name="Copied").wait_for(timeout=20_000)
    assert tab.evaluate("navigator.clipboard.readText()") == "python -m minigan.train"
    assert tab.locator(".highlight-text button.copy").count() == 0


def test_what_is_wider_than_a_phone_scrolls_by_keyboard(visit):  # noqa: F811
    tab = visit("lessons/01_the_game.html", viewport={"width": 390, "height": 800})
    box = tab.locator(".highlight pre[tabindex]").first
    box.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("document.activeElement.scrollLeft > 0", timeout=20_000)
    assert tab.url.endswith("01_the_game.html")
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.wait_for_function(
        "!document.querySelector('.highlight pre[tabindex]:not(details *)')", timeout=20_000
    )


FAULTY = """<!doctype html><html lang="en"><body style="margin: 0"><div class="page">
<p style="width: 300px; overflow: hidden"><span style="white-space: pre">{long}</span></p>
<div style="width: 300px; overflow-x: auto"><b style="white-space: pre">{long}</b></div>
<pre style="width: 300px; overflow-x: auto">{long}</pre>
<img src="none.png" alt=" ">
<table style="width: 3000px"><tr><td>wide</td></tr></table>
</div></body></html>"""


def test_a_page_that_is_not_there(tmp_path, capsys):
    assert look.main([str(tmp_path), "lessons/99_none.html"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} has no lessons/99_none.html")


def test_a_site_that_is_not_there(tmp_path):
    done = subprocess.run(
        [sys.executable, "docs/check.py", tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path} has no pages; `make docs` builds the site\n"


def test_the_look_finds_what_is_wrong(tmp_path):
    pages = {"a.html": "<script>requestAnimationFrame = null</script>"}  # cannot be looked at
    pages["b.html"] = f'{look.LEADS_ON} content="0; url=fine.html">'
    pages["faulty.html"] = FAULTY.format(long="long " * 40)
    pages["fine.html"] = '<!doctype html><div class="page"><p>Fine.</p></div>'
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    # In a process of its own: playwright does not start twice in one.
    told = subprocess.run(
        [sys.executable, "docs/look.py", tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    if told.returncode == 2 and " here: " in told.stderr:
        pytest.skip(f"NOT TESTED in a browser: {told.stderr}")
    first, *found, last = told.stdout.splitlines()
    assert told.returncode == 1 and last == f"4 pages, {len(found) + 1} faults"
    assert first.startswith("a.html: not looked at: ")
    assert all(line.startswith("faulty.html: ") for line in found)
    every = "(390 light, 390 dark, 1280 light, 1280 dark, 1920 light, 1920 dark)"
    wide = "(1280 light, 1280 dark, 1920 light, 1920 dark)"
    expected = {"the page is 3000 px wide": every, "cut off: p": every, "scrolls without a sign: div": every}
    expected |= {"wider than its column: pre": wide, "stands out of the page: table": every}
    expected |= {"no alternative text: ": every, "no picture: ": every}
    for fault, places in expected.items():
        assert [
            line for line in found if line.startswith(f"faulty.html: {fault}") and line.endswith(places)
        ], fault
