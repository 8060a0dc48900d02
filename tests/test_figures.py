"""The figures that one can move and the first page, in a real browser; what they say against our own numbers.

Skipped where there is no browser or no site (docs/howto/live.md).
"""

import re

import numpy as np
import pytest
from test_live import AXE, browser, site, visit  # noqa: F401

from minigan import parzen

PICTURES = {
    "01_the_game": "01_figure1",
    "02_the_chain_rule": "02_diamond",
    "05_trust_nothing": "05_step",
    "08_losses_on_logits": "08_pull",
    "09_momentum_sgd": "09_valley",
    "12_measuring_it": "12_curves",
}
PAGES = [*PICTURES, "03_arrays"]
FIRST = "docs/index.html"


@pytest.fixture
def figure(visit):  # noqa: F811
    """figure(chapter) opens its page and gives the figure and what it says."""

    def opened(chapter, **settings):
        found = visit(f"lessons/{chapter}.html", **settings).locator("figure.moves")
        found.page.set_default_timeout(20_000)
        return found, lambda: found.locator("p.status").text_content().replace("−", "-")

    return opened


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)]


def logistic(a):
    return 1 / (1 + np.exp(-a))


def keys(figure, label, key, times):
    """Press a key on a slider, as somebody without a mouse."""
    figure.get_by_role("slider", name=label).focus()
    for _ in range(times):
        figure.page.keyboard.press(key)


def test_the_best_opponent_of_a_moved_g(figure):
    game, says = figure("01_the_game")
    keys(game, "μ, the mean", "ArrowLeft", 5)
    keys(game, "σ, its standard deviation", "ArrowRight", 8)
    x = np.linspace(-12, 12, 20_001)
    p, q = (np.exp(-(((x - m) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi)) for m, s in ((0, 1), (1.0, 1.2)))
    V = (p * np.log(p / (p + q)) + q * np.log(q / (p + q))).sum() * (x[1] - x[0])
    assert numbers(says())[0] == pytest.approx(V, abs=6e-4)
    keys(game, "μ, the mean", "ArrowLeft", 10)
    keys(game, "σ, its standard deviation", "ArrowLeft", 4)
    assert says().startswith("V(D*, G) = -1.386;")


@pytest.mark.parametrize(
    ("walk", "steps", "slope"),
    [
        ("the youngest first", 4, 4),
        ("tell all you have", 6, 6),
        ("tell once", 4, 2),
        ("tell every path", 7, 4),
    ],
)
def test_a_walk_goes_as_the_chapters_own(figure, walk, steps, slope):
    walks, says = figure("02_the_chain_rule")
    walks.get_by_label("The walk").select_option(walk)
    step = walks.get_by_role("button", name="Step: hand on along the next edge")
    for i in range(1, steps + 1):
        step.focus()
        walks.page.keyboard.press("Enter")
        assert says().startswith(f"Step {i}: ")
    step.click()
    assert says().startswith(f"Done: dc/da = {slope}. {'Right' if slope == 4 else 'Wrong'}")
    walks.get_by_role("button", name="From the start").click()
    assert says().startswith("Before the first step")


@pytest.mark.parametrize(
    ("shape", "other"), [((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2,)), ((2, 3), (3,)), ((1, 1), (3,))]
)
def test_copies_are_summed_as_numpy_copies(figure, shape, other):
    arrays, says = figure("03_arrays")
    arrays.get_by_label("Shape of x").select_option(str(shape))
    arrays.get_by_label("Shape of the other array").select_option(str(other))
    x = np.arange(1, 1 + np.prod(shape, dtype=int)).reshape(shape)
    copied = np.broadcast_arrays(x, np.zeros(other))[0]
    rows, columns = (1, 1, *copied.shape)[-2:]
    g = (10 ** np.arange(rows)[:, None] * np.arange(1, columns + 1)).reshape(copied.shape)
    sums = [g[copied == entry].sum() for entry in x.ravel()]
    shown = [table.locator("td").all_text_contents() for table in arrays.locator("table").all()]
    assert [[float(cell) for cell in cells] for cells in shown] == [
        x.ravel().tolist(),
        copied.ravel().tolist(),
        g.ravel().tolist(),
        sums,
    ]
    assert ("nothing is summed" in says()) == (copied.shape == x.shape)


def test_shapes_that_do_not_fit_are_refused(figure):
    arrays, says = figure("03_arrays")
    arrays.get_by_label("Shape of x").select_option("(2,)")
    assert says() == "(2,) and (2, 3) do not fit: NumPy refuses."
    assert arrays.locator("table").count() == 0


def test_the_error_of_a_difference_against_h(figure):
    step, says = figure("05_trust_nothing")
    keys(step, "h", "ArrowRight", 8)  # from 1e-6 to 1e-2
    h, one, central = numbers(says())
    slope = logistic(0.7) * (1 - logistic(0.7))
    assert h == 0.01
    assert one == pytest.approx(abs((logistic(0.71) - logistic(0.7)) / 0.01 / slope - 1), rel=0.05)
    assert central == pytest.approx(abs((logistic(0.71) - logistic(0.69)) / 0.02 / slope - 1), rel=0.05)


def test_the_two_losses_and_their_pulls(figure):
    pull, says = figure("08_losses_on_logits")
    keys(pull, "Logit of a sample", "Home", 1)
    D, minimax, weak, other, strong = numbers(says())
    assert (minimax, other) == (0, 20)
    assert D == weak == pytest.approx(logistic(-20.0), rel=0.05)
    assert strong == 1


@pytest.mark.parametrize("presses", [0, 10])
def test_the_ball_rolls_as_the_chapters_own(figure, presses):
    ball, says = figure("09_momentum_sgd")
    keys(ball, "lr, the learning rate", "ArrowRight", presses)
    lr = 0.04 + 0.005 * presses
    p, v = np.array([-10.0, 1.0]), np.zeros(2)
    for _ in range(40):
        v = 0.7 * v - lr * np.array([1, 25]) * p
        p = p + v
    assert numbers(says())[:2] == [pytest.approx(lr), 0.7]
    assert numbers(says())[3] == pytest.approx(np.hypot(*p), rel=0.05)


def test_the_windows_of_parzen(figure):
    windows, says = figure("12_measuring_it")
    keys(windows, "σ, the width", "Home", 1)
    samples = np.array([-2.1, -1.7, -1.5, -1.4, -1.1, -0.8, 0.4, 0.7, 1, 1.2, 1.6, 2.3])[:, None]
    held_out = np.array([-1.9, -1.6, -1.2, -1, -0.6, 0.6, 0.9, 1.1, 1.5, 1.9])[:, None]
    sigma, nats = numbers(says())
    assert sigma == 0.01
    assert nats == pytest.approx(parzen.log_likelihood(held_out, samples, 0.01).mean(), abs=1e-3)


def test_a_guess_stands_when_the_answer_is_open(visit):  # noqa: F811
    tab = visit("lessons/12_measuring_it.html")
    fields = tab.get_by_label("Your guess")
    assert fields.count() == 3
    fields.nth(1).fill("-5000")
    answer = tab.locator("#check-yourself details").nth(1)
    assert answer.get_attribute("open") is None
    fields.nth(1).press("Enter")
    assert answer.get_attribute("open") is not None
    tab.wait_for_function("document.querySelectorAll('.guess input')[1].readOnly")
    assert fields.nth(1).input_value() == "-5000" and fields.nth(0).is_editable()


@pytest.mark.parametrize("chapter", PAGES)
def test_without_javascript_the_picture_stands_alone(visit, chapter):  # noqa: F811
    tab = visit(f"lessons/{chapter}.html", java_script_enabled=False)
    assert tab.locator("figure.moves, .guess").count() == 0
    if chapter in PICTURES:
        assert tab.locator(f"img[src*='{PICTURES[chapter]}']").is_visible()


@pytest.mark.parametrize("chapter", PAGES)
def test_a_figure_has_names_and_fits_a_phone(figure, chapter):
    found, says = figure(chapter, viewport={"width": 390, "height": 800})
    assert found.count() == 1 and found.get_attribute("aria-label") and says()
    for control in found.locator("input, select").all():
        assert found.locator(f"label[for='{control.get_attribute('id')}']").text_content()
    assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


# The first page


def test_the_first_page_plays_the_film_in_place_of_its_picture(visit):  # noqa: F811
    tab = visit(FIRST)
    tab.set_default_timeout(20_000)
    tab.locator("figure.film svg").first.scroll_into_view_if_needed()
    said = "document.querySelector('.film .status').textContent"
    tab.wait_for_function(f"{said}.startsWith('round ') && !{said}.startsWith('round 0')")
    assert not tab.locator("img[src*='01_figure1']").is_visible()
    still = visit(FIRST, java_script_enabled=False)
    assert still.locator("img[src*='01_figure1']").is_visible()


@pytest.mark.parametrize(
    "page", [FIRST, "docs/results.html", "docs/grader-evidence.html", "docs/howto/homework.html"]
)
def test_a_table_scrolls_in_its_own_box(visit, page):  # noqa: F811
    tab = visit(page, viewport={"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = """[...document.querySelectorAll('article table')].filter((table) =>
        table.getBoundingClientRect().right > 390
        && getComputedStyle(table.parentElement).overflowX !== 'auto')"""
    assert tab.evaluate(f"{beyond}.length") == 0


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [FIRST, *(f"lessons/{chapter}.html" for chapter in PAGES)])
def test_axe_finds_no_fault(visit, page, scheme):  # noqa: F811
    if not AXE:
        pytest.skip("NOT TESTED with axe: LIVE_AXE names no axe.min.js (npm pack axe-core)")
    tab = visit(page, color_scheme=scheme)
    tab.add_script_tag(path=AXE)
    found = tab.evaluate("axe.run('figure.film, .guess, #the-course').then(({violations}) => violations)")
    assert [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]] == []
