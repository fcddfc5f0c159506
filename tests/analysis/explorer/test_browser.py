"""The explorer in a real browser: it opens, follows sliders and the cursor, answers a click, and hands over files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import browser
from zdscan import evaluate, explore, load_scan, run
from zdscan.scan.scanfile import parse_scan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "everything is there"),
]
STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

WAIT = 60_000  # ms: the first plane may have to compile its kernels
SCAN = """\
format = 2
case = "C"
[axes]
mass = { min = 0.02, max = 1.0, n = 5, spacing = "log" }
eps = { values = [0.0, 1e-4] }
eps_z = { min = -1e-3, max = 1e-3, n = 5, spacing = "symlog", linear_below = 1e-7 }
g_mu = { min = 1e-6, max = 1e-1, n = 5, spacing = "log" }
[constraints]
use = ["a_mu", "k_mu_inv", "k_pi_x", "babar_4mu", "b_k_x"]
"""


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "small.h5"
    path.with_suffix(".toml").write_text(SCAN)
    run(load_scan(path.with_suffix(".toml")), path, threads=1)
    return path


@pytest.fixture(scope="module")
def page(grid) -> Iterator[Any]:
    """The page of the grid after its first plane."""
    running = explore(grid, browser=False)
    with browser.page(running.url) as opened:
        drawn(opened)
        yield opened
        assert opened.faults == []
        assert opened.foreign == []  # nothing comes from the network
    running.stop()


def drawn(opened: Any) -> None:
    opened.wait_for_function(
        "window.Bokeh?.documents[0]?.get_model_by_name('curves')?.data.xs.length > 0", timeout=WAIT
    )


def model(opened: Any, name: str, attribute: str) -> Any:
    return opened.evaluate(f"Bokeh.documents[0].get_model_by_name('{name}').{attribute}")


def set_model(opened: Any, name: str, attribute: str, value: Any) -> None:
    opened.evaluate(f"Bokeh.documents[0].get_model_by_name('{name}').{attribute} = {json.dumps(value)}")


def says(opened: Any, name: str, words: str) -> str:
    """The text of a part once these words are in it."""
    opened.wait_for_function(
        f"Bokeh.documents[0].get_model_by_name('{name}').text.includes({json.dumps(words)})", timeout=WAIT
    )
    return str(model(opened, name, "text"))


def middle(opened: Any) -> tuple[float, float]:
    box = opened.locator("#plane").bounding_box()
    return box["x"] + 0.55 * box["width"], box["y"] + 0.45 * box["height"]


def test_it_opens_at_the_axes_and_the_best_fit_of_the_grid(page, grid):
    assert "small.h5: Case C" in model(page, "head", "text")
    assert (model(page, "x_axis", "value"), model(page, "y_axis", "value")) == ("mass", "g_mu")
    assert model(page, "plane", "x_range.start") == pytest.approx(-1.69897, abs=1e-4)
    told = says(page, "legend", "of the grid")
    assert "k_pi_x" in told
    overflow = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert overflow[0] <= 1280
    assert overflow[1] <= 800


def test_dragging_a_slider_draws_new_limits(page):
    def limits() -> Any:
        return page.evaluate("Array.from(Bokeh.documents[0].get_model_by_name('curves').data.ys, y => Array.from(y))")

    before = limits()
    handle = page.locator("#left .noUi-handle").nth(1).bounding_box()  # of eps_z, after eps
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    inwards = 1 if float(model(page, "box_eps_z", "value")) < 0.0 else -1  # the best fit may lie at an end
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x + 5 * step * inwards, y)
        page.wait_for_timeout(50)
    page.wait_for_function(
        f"JSON.stringify(Array.from(Bokeh.documents[0].get_model_by_name('curves').data.ys, y => Array.from(y)))"
        f" != {json.dumps(json.dumps(before, separators=(',', ':')))}",
        timeout=WAIT,
    )
    page.mouse.up()
    value = float(model(page, "box_eps_z", "value"))
    assert value != 0.0
    assert all(browser.drag(page, "slider_eps_z", place) > 0.0 for place in (-2.0, -1.0))


def test_the_cursor_shows_values_and_constraints(page):
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.move(x + 1, y + 1)
    told = says(page, "cursor", "Strongest constraints")
    assert "χ²" in told
    assert "σ" in told
    assert re.search(r"<td>(a_mu|k_pi_x|k_mu_inv|b_k_x|babar_4mu)</td>", told)


def test_a_click_shows_the_whole_point(page):
    page.mouse.click(*middle(page))
    told = says(page, "point", "zdscan point --case C")
    for words in ("Widths", "Rows", "Constraints", "Neglected here", "a_mu", "copy the command"):
        assert words in told
    (line,) = re.findall(r"<code>zdscan (.*?)</code>", told)
    values = dict(re.findall(r"(mass|eps|eps_z|g_mu)[= ]([-\d.e]+)", line))
    point = evaluate("C", **{name: float(value) for name, value in values.items()})
    assert f"{float(point.chi2['all']):.2f}" in told
    page.wait_for_function("Bokeh.documents[0].get_model_by_name('cut_x').title.text.includes('ratios')", timeout=WAIT)
    assert page.get_by_text("copy the command").is_visible()


@pytest.mark.parametrize(
    ("button", "suffix", "begins"),
    [("figure", "pdf", b"%PDF"), ("points", "csv", b"mass_GeV,g_mu,chi2"), ("scan", "toml", b"format = 2")],
)
def test_files_are_handed_over(page, button, suffix, begins):
    set_model(page, "tabs", "active", 2)
    with page.expect_download(timeout=WAIT) as waiting:
        page.get_by_text(str(model(page, f"export_{button}", "label"))).click()
    content = Path(waiting.value.path()).read_bytes()
    assert waiting.value.suggested_filename == f"C_mass_g_mu.{suffix}"
    assert content.startswith(begins)
    if button == "scan":
        made = parse_scan(content.decode())
        assert made.axes["mass"].size == 200
        assert made.settings.constraints == ("a_mu", "k_mu_inv", "k_pi_x", "babar_4mu", "b_k_x")


def test_colours_groups_and_axes(page):
    set_model(page, "colours", "active", 2)
    page.wait_for_function("Bokeh.documents[0].get_model_by_name('map').data.image.length == 1", timeout=WAIT)
    set_model(page, "colours", "active", 0)
    set_model(page, "groups", "active", [1])
    page.wait_for_function("!Bokeh.documents[0].get_model_by_name('legend').text.includes('k_pi_x')", timeout=WAIT)
    set_model(page, "groups", "active", [0, 1, 2])
    says(page, "legend", "k_pi_x")
    set_model(page, "x_axis", "value", "eps_z")
    page.wait_for_function(
        "Bokeh.documents[0].get_model_by_name('plane').below[0].axis_label.includes('mass mixing')", timeout=WAIT
    )
    set_model(page, "x_axis", "value", "mass")
    says(page, "legend", "k_pi_x")


def test_bad_input_is_a_sentence(page):
    set_model(page, "box_eps_z", "value", "strong")
    says(page, "status", "eps_z must be a number")
    set_model(page, "box_eps_z", "value", "1e9")
    says(page, "status", "at most 100 in size is allowed")
    set_model(page, "without", "value", "k_pi_y")
    says(page, "status", "There is no constraint &#x27;k_pi_y&#x27;")
    set_model(page, "without", "value", "")
    set_model(page, "setting_invisible_branching", "value", "2")
    says(page, "status", "invisible_branching must be at most")


def test_only_who_knows_the_address_gets_in(grid, page):
    running = explore(grid, browser=False)
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{24}", running.url)
        assert f'src="{running.url}"' in running._repr_html_()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(running.url.rpartition("/")[0], timeout=30)
        opened = page.context.browser.new_context().new_page()
        opened.goto(f"{running.url}?case=no_such", timeout=browser.LOADED)
        opened.get_by_text("There is no case 'no_such'").wait_for(timeout=WAIT)
        opened.context.close()
    finally:
        running.stop()


def test_the_command_stops_with_ctrl_c(grid):
    command = [sys.executable, "-m", "zdscan", "explore", str(grid), "--no-browser"]
    # a process whose SIGINT was ignored from its birth, in the background of a shell, hands that on
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    signal.signal(signal.SIGINT, before)
    assert child.stdout is not None
    assert "http://127.0.0.1:" in child.stdout.readline()
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    out, error = child.communicate(timeout=60)
    assert child.returncode == 0, error
    assert out.strip() == "stopped"
    assert "Traceback" not in error
