"""Lessons that run in the page, in a real browser, on the site that `make docs` built.

Skipped where there is no browser, no site, or a site without a Pyodide of its own (docs/howto/live.md).
"""

import os
from pathlib import Path

import pytest

from docs.browser import NoBrowser, Site
from lessons.form import Lesson, lessons_in

ROOT = Path(__file__).resolve().parent.parent
BUILT = Path(os.environ.get("LIVE_SITE", ROOT / "docs" / "_build" / "html"))
LESSONS = lessons_in(ROOT / "lessons")
PAGES = ["lessons/04_backward.html", "docs/play.html"]
AXE = os.environ.get("LIVE_AXE")  # axe.min.js of the package axe-core

MOST_BYTES = 20_000_000  # at the first press, matplotlib apart
MOST_HEAP = 150_000_000  # after a chapter

RESTS = "() => document.querySelector('.live-all button').textContent === 'Run all'"
STATES = """() => [...document.querySelectorAll('.live-bar:not(.live-all) .live-status')].map((status) =>
    ({state: status.dataset.state, text: status.textContent}))"""


@pytest.fixture(scope="module")
def site():
    if not (BUILT / "_static" / "live" / "lesson.js").is_file():
        pytest.skip("NOT TESTED in a browser: no site in docs/_build/html; `make docs` builds it")
    with Site(BUILT) as site:
        yield site


@pytest.fixture(scope="module")
def browser(site):
    try:
        with site.browser() as browser:
            yield browser
    except NoBrowser as reason:
        pytest.skip(f"NOT TESTED in a browser: {reason}")


@pytest.fixture
def python():
    if not (BUILT / "_static" / "pyodide").is_dir():
        pytest.skip("NOT TESTED: cells in a browser; build the site with PYODIDE_DIR (docs/howto/live.md)")


@pytest.fixture
def visit(site, browser):
    """visit(page) opens it; it is closed when the test is over."""
    tabs = []

    def visit(page, **settings):
        site.sent.clear()
        site.elsewhere.clear()
        tabs.append(site.open(browser, page, **settings))
        return tabs[-1]

    yield visit
    for tab in tabs:
        tab.context.close()


def press(tab, label):
    tab.get_by_role("button", name=label, exact=True).click()


def run(tab, label):
    """Press it, and wait until nothing runs."""
    press(tab, label)
    tab.wait_for_function(RESTS)


# Before a press


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_python_is_loaded_before_a_press(site, visit, page):
    tab = visit(page)
    tab.wait_for_timeout(1000)
    assert [
        path for path in site.sent if "pyodide" in path or path.endswith((".whl", ".zip", "worker.js"))
    ] == []
    assert site.elsewhere == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_cell_of_a_lesson_has_its_buttons(visit, path):
    tab = visit(f"lessons/{path.stem}.html")
    written = [cell.code.body for cell in Lesson(path).cells]
    in_page = tab.evaluate("[...document.querySelectorAll('.live-cell pre')].map((pre) => pre.textContent)")
    assert [code.rstrip() for code in in_page] == [code.rstrip() for code in written]
    assert tab.locator("button[aria-label^='Run cell']").count() == len(written)


def test_without_javascript_the_page_is_complete(visit):
    tab = visit("lessons/04_backward.html", java_script_enabled=False)
    assert tab.locator(".live-cell").count() > 0
    assert tab.locator(".live-bar").count() == 0
    unfolded = ".live-shown:not(details *)"
    assert tab.locator(f"{unfolded}:visible").count() == tab.locator(unfolded).count() > 0


# Running


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_gives_its_outputs(site, visit, python, path):
    tab = visit(f"lessons/{path.stem}.html")
    before = dict(site.sent)
    run(tab, "Run all cells of this page")
    states = {f"cell {i}: {cell['text']}": cell["state"] for i, cell in enumerate(tab.evaluate(STATES), 1)}
    assert [cell for cell, state in states.items() if state != "agrees"] == []
    assert "error" not in states.values()
    assert sum(site.sent[path] for path in site.sent.keys() - before) <= MOST_BYTES
    assert tab.evaluate("window.live.heap") <= MOST_HEAP
    assert site.elsewhere == []


def test_a_cell_runs_those_above_it_first(visit, python):
    tab = visit("lessons/04_backward.html")
    run(tab, "Run cell 3")
    states = [cell["state"] for cell in tab.evaluate(STATES)]
    assert states[:3] == ["agrees"] * 3 and set(states[3:]) == {None}


def test_a_changed_cell_runs_as_changed_and_is_marked_and_reset(visit, python):
    tab = visit("lessons/04_backward.html")
    before = tab.locator(".live-shown").nth(0).text_content()
    press(tab, "Edit cell 1")
    editor = tab.locator("textarea")
    assert not tab.locator(".live-cell").nth(0).is_visible()
    assert editor.evaluate("(editor) => editor === document.activeElement")
    editor.fill("print('changed', 6 * 7)")
    run(tab, "Run cell 1")
    assert tab.locator(".live-out").nth(0).text_content() == "changed 42\n"
    assert "differs" in tab.evaluate(STATES)[0]["text"]
    press(tab, "Reset cell 1 to the lesson's")
    assert tab.locator(".live-shown").nth(0).is_visible()
    assert tab.locator(".live-shown").nth(0).text_content() == before
    run(tab, "Run cell 1")
    assert tab.evaluate(STATES)[0]["state"] == "agrees"
    assert not tab.locator(".live-shown").nth(0).is_visible()  # what ran here stands in its place


def test_what_was_written_is_there_again_after_a_reload_until_it_is_reset(visit):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 2")
    tab.locator("textarea").fill("mine = 1")
    tab.goto(tab.url.replace("04_backward", "03_arrays"))
    assert tab.locator("textarea").count() == 0
    tab.go_back()
    tab.reload()
    assert tab.locator("textarea").input_value() == "mine = 1"
    press(tab, "Reset cell 2 to the lesson's")
    tab.reload()
    assert tab.locator("textarea").count() == 0


def test_a_difference_beyond_the_tolerance_is_marked_in_its_line(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("")
    run(tab, "Run cell 1")
    shown = tab.locator(".live-shown pre").nth(0).text_content().splitlines()
    tab.locator("textarea").fill("\n".join(f"print({line!r})" for line in [*shown[:-1], "another line"]))
    run(tab, "Run cell 1")
    assert tab.locator(".live-out mark").all_text_contents() == ["another line\n"]


def test_an_endless_cell_is_stopped_and_the_next_run_begins_anew(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("print('on')\nwhile True: pass")
    press(tab, "Run cell 1")
    tab.wait_for_function("document.querySelector('.live-out').textContent === 'on\\n'")  # told while it runs
    tab.locator("button[aria-label='Stop']").last.click()
    assert tab.evaluate(RESTS.removeprefix("() => "))
    assert tab.evaluate(STATES)[0]["text"] == "stopped"
    press(tab, "Reset cell 1 to the lesson's")
    run(tab, "Run cell 1")
    assert tab.evaluate(STATES)[0]["state"] == "agrees"


def test_a_warning_is_shown_below_what_is_printed(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("import warnings\nprint(1)\nwarnings.warn('small')")
    for _ in range(2):
        run(tab, "Run cell 1")
        warned = tab.locator(".live-out .live-warned").text_content()
        assert warned.startswith("cell 1:3: UserWarning: small\n")
        assert tab.locator(".live-out").nth(0).text_content() == "1\n" + warned


def test_a_flood_of_output_is_cut_and_leaves_the_page_responsive(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("for i in range(100_000): print(i)")
    run(tab, "Run cell 1")
    printed = tab.locator(".live-out").nth(0).text_content()
    assert printed.endswith("[568,890 more characters are not shown]\n") and len(printed) < 21_000
    tab.locator("textarea").fill("while True: print('on')")
    press(tab, "Run cell 1")
    tab.wait_for_function("document.querySelector('.live-out').textContent.length > 9000")
    tab.locator("button[aria-label='Stop']").last.click()
    assert tab.evaluate(STATES)[0]["text"] == "stopped"


def test_where_a_cell_ends_python_the_next_run_begins_anew(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("import os; os._exit(3)")
    run(tab, "Run cell 2")
    first, second = tab.evaluate(STATES)[:2]
    assert first["text"].startswith("Python came to an end here: ") and second["text"] == "not run"
    press(tab, "Reset cell 1 to the lesson's")
    run(tab, "Run cell 2")
    assert [cell["state"] for cell in tab.evaluate(STATES)][:2] == ["agrees"] * 2


def test_a_cell_that_is_changed_or_reset_while_it_runs_is_not_called_the_lessons(visit, python):
    tab = visit("lessons/04_backward.html")
    shown = tab.locator(".live-shown").nth(0).text_content()
    press(tab, "Edit cell 1")
    sleeps = "import time\nprint('on')\ntime.sleep(2)"
    for reset in False, True:
        tab.locator("textarea").fill(sleeps)
        press(tab, "Run cell 1")
        tab.wait_for_function("document.querySelector('.live-out').textContent === 'on\\n'")
        press(tab, "Reset cell 1 to the lesson's") if reset else tab.locator("textarea").fill("1 + 1")
        tab.wait_for_function(RESTS)
        state = tab.evaluate(STATES)[0]
        assert state == {"state": None, "text": "" if reset else "changed while it ran: press Run"}
    assert not tab.locator(".live-out").nth(0).is_visible()
    assert tab.locator(".live-shown").nth(0).text_content() == shown


def test_an_error_names_the_cell_and_the_line_and_ends_the_run(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.locator("textarea").fill("x = 1\nx / 0")
    run(tab, "Run cell 2")
    said = tab.locator(".live-out").nth(0).text_content()
    assert 'File "cell 1", line 2' in said and "x / 0" in said and "ZeroDivisionError" in said
    assert [cell["text"] for cell in tab.evaluate(STATES)][
        1
    ] == "not run: a cell above it ended with an error"


def test_the_keyboard_alone_runs_and_leaves_a_cell(visit, python):
    tab = visit("lessons/04_backward.html")
    tab.locator("button[aria-label='Edit cell 1']").focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_function(RESTS)
    assert tab.evaluate(STATES)[0]["state"] == "agrees"
    tab.locator("textarea").focus()
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Run cell 1"


# Your turn

SUMMED_AXES = """@your_turn("03")
def summed_axes(shape, to):
    added = len(to) - len(shape)
    return {}
"""
RIGHT = "tuple(i for i, n in enumerate(to) if i < added or shape[i - added] < n)"
ONLY_ADDED = "tuple(range(added))"


@pytest.fixture
def turn(visit, python):
    """Chapter 03, and of its cell to be written: the number, the words beside it, what it printed."""
    tab = visit("lessons/03_arrays.html")
    number = 1 + tab.evaluate("window.live.cells.indexOf('python turn')")
    bar = tab.get_by_role("group", name=f"Cell {number}", exact=True)
    return tab, number, bar.locator(".live-status"), tab.locator(".live-out").nth(number - 1)


def write(tab, number, answer):
    press(tab, f"Edit cell {number}")
    tab.locator("textarea").fill(SUMMED_AXES.format(answer))


def test_a_turn_says_what_to_do_and_that_there_are_no_marks(turn):
    tab, number, status, printed = turn
    assert "Edit" in status.text_content() and "without marks" in status.text_content()
    run(tab, f"Run cell {number}")
    assert printed.text_content().startswith("summed_axes: not written yet.")
    assert status.text_content().startswith("not written yet: press Edit")
    press(tab, f"Edit cell {number}")
    tab.keyboard.type("return 1")  # takes the place of the stub's dots
    assert tab.locator("textarea").input_value().endswith('"""\n    return 1')


def test_a_wrong_answer_is_named_by_its_mistake_and_the_chapter_goes_on(turn):
    tab, number, status, printed = turn
    write(tab, number, ONLY_ADDED)
    run(tab, f"Run cell {number + 1}")
    assert "summed_axes: not yet. " in printed.text_content()
    assert "one of length 1 that was stretched was copied as well" in printed.text_content()
    assert status.text_content().startswith("not yet; no marks are lost")
    assert tab.evaluate(STATES)[number]["state"] == "agrees"


def test_a_right_answer_is_the_one_with_which_the_chapter_goes_on(turn):
    tab, number, status, printed = turn
    write(tab, number, ONLY_ADDED)
    run(tab, f"Run cell {number + 1}")
    tab.locator("textarea").fill(SUMMED_AXES.format(f"print('mine') or {RIGHT}"))
    run(tab, f"Run cell {number}")
    assert "summed_axes: right. The chapter goes on with yours." in printed.text_content()
    assert status.text_content().startswith("right; this gives no marks")
    assert tab.locator("mark").count() == 0
    tab.locator("textarea").fill(SUMMED_AXES.format(RIGHT))
    run(tab, f"Run cell {number + 2}")  # what is below the turn runs again, now with the reader's function
    assert [cell["state"] for cell in tab.evaluate(STATES)][: number + 2] == ["agrees"] * (number + 2)


def test_a_turn_that_ends_in_an_error_says_where(turn):
    tab, number, status, printed = turn
    write(tab, number, "tuple(")
    run(tab, f"Run cell {number}")
    said = printed.text_content()
    assert f'File "cell {number}", line 4' in said and "SyntaxError" in said
    press(tab, f"Reset cell {number} to the lesson's")
    assert "without marks" in status.text_content()


def test_where_python_cannot_be_had_the_page_says_so(visit, site):
    tab = visit("lessons/04_backward.html")
    tab.evaluate("window.live.pyodide = 'https://nowhere.invalid/'")
    run(tab, "Run cell 1")
    assert "could not be loaded from nowhere.invalid" in tab.evaluate(STATES)[0]["text"]


def test_pictures_of_the_page_are_replaced(visit, python):
    tab = visit("lessons/04_backward.html")
    press(tab, "Edit cell 1")
    tab.evaluate("document.querySelector('article h1').after(Object.assign(new Image(), {src: 'x/dot.png'}))")
    tab.locator("textarea").fill(
        "from PIL import Image\nImage.new('L', (20, 10)).save('lessons/img/dot.png')\n"
        "Image.new('L', (20, 10)).save('lessons/img/other.png')"
    )
    run(tab, "Run cell 1")
    assert tab.evaluate("document.querySelector('article img').naturalWidth") == 20
    assert "could not" not in tab.evaluate(STATES)[0]["text"]
    assert tab.locator(".live-pictures img").get_attribute("alt") == "The picture other.png that cell 1 drew"


# The games


def test_figure_1_is_played_live_and_its_settings_reach_it(site, visit, python):
    tab = visit("docs/play.html")
    tab.get_by_role("button", name="Play or pause: Figure 1").click()
    tab.wait_for_function("document.querySelector('#live-line .status').textContent.includes('a second')")
    assert all(path.get_attribute("d") for path in tab.locator("#live-line svg[role=group] path").all())
    before = tab.locator("#live-line path.data[d*='L']").get_attribute("d")
    tab.get_by_role("slider", name="Mode 1 of the data").focus()
    tab.keyboard.press("ArrowLeft")
    now = "document.querySelector('#live-line svg[role=group] path.data').getAttribute('d')"
    tab.wait_for_function(f"before => {now} !== before", arg=before)
    tab.get_by_role("button", name="Play or pause: Figure 1").click()
    tab.wait_for_function("window.live.heap")
    assert tab.evaluate("window.live.heap") <= MOST_HEAP
    assert site.elsewhere == []


def test_a_pause_while_python_is_loaded_is_a_pause(visit, python):
    tab = visit("docs/play.html")
    for _ in range(2):
        tab.get_by_role("button", name="Play or pause: Figure 1").click()
    tab.wait_for_function("window.live.heap")  # told when the game has come to rest
    words = tab.locator("#live-line .status").text_content()
    tab.wait_for_timeout(500)
    assert tab.locator("#live-line .status").text_content() == words
    assert tab.get_by_role("button", name="Play or pause: Figure 1").text_content() == "Play"


def test_the_digits_appear_and_the_recipe_breaks_and_is_mended(visit, python):
    tab = visit("docs/play.html")
    words = "document.querySelector('#live-digits .status').textContent"
    tab.get_by_role("button", name="Play or pause: Digits").click()
    tab.wait_for_function(f"/update [0-9]/.test({words})")
    drawn = "document.querySelector('canvas').getContext('2d').getImageData(0, 0, 136, 37).data"
    assert tab.evaluate(f"[...new Set({drawn})].length") > 10
    press(tab, "Break it")
    still = f"({words}).split('; ')[1]"
    tab.wait_for_timeout(1500)
    before, update = tab.evaluate(still), tab.evaluate(words)
    tab.wait_for_function(f"before => {words} !== before", arg=update)
    assert tab.evaluate(still) == before  # D stands still: so do its last judgements
    press(tab, "Mend it")
    tab.wait_for_function(f"before => {still} !== before", arg=before)


# For everybody


def faults(tab):
    found = tab.evaluate("axe.run('article').then(({violations}) => violations)")
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_fault(visit, page, scheme):
    if not AXE:
        pytest.skip("NOT TESTED with axe: LIVE_AXE names no axe.min.js (npm pack axe-core)")
    tab = visit(page, color_scheme=scheme)
    tab.add_script_tag(path=AXE)
    if tab.locator("button[aria-label='Edit cell 1']").count():
        press(tab, "Edit cell 1")
    assert faults(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_what_cells_printed(visit, python, scheme):
    if not AXE:
        pytest.skip("NOT TESTED with axe: LIVE_AXE names no axe.min.js (npm pack axe-core)")
    tab = visit("lessons/04_backward.html", color_scheme=scheme, viewport={"width": 390, "height": 800})
    for number, code in (1, "print('another line' * 9)"), (2, "..."), (3, "1 / 0"):
        press(tab, f"Edit cell {number}")
        tab.get_by_role("textbox", name=f"Code of cell {number};").fill(code)
    run(tab, "Run cell 3")
    assert [cell["state"] for cell in tab.evaluate(STATES)][:3] == ["differs", "differs", "error"]
    tab.add_script_tag(path=AXE)
    assert faults(tab) == []
    tab.get_by_role("textbox", name="Code of cell 1;").fill("while True: pass")
    press(tab, "Run cell 1")
    tab.wait_for_function("document.querySelector('.live-progress').textContent")
    assert faults(tab) == []
    tab.locator("button[aria-label='Stop']").last.click()
    assert faults(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_has_nothing_beyond_its_edge(visit, page):
    tab = visit(page, viewport={"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
