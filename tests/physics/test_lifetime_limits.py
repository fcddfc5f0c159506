"""Limits of LHCb at several lifetimes as windows of proper times: against the tables and direct evaluation, holes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.inputs.test_limit_sets import LHCB, published
from tests.support.verdicts import model, of
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.inputs import against_mass
from zdscan.inputs.files import FOLDER
from zdscan.physics import limit_curve
from zdscan.physics.lifetime_limits import within
from zdscan.physics.two_body import branching_ratio

HBAR = 6.582119569e-13  # GeV ps
LIFETIMES = {"b_k_x_mumu": (0.1, 1.0, 10.0, 100.0, 1000.0), "b_kst_x_mumu": (1e-4, 0.1, 1.0, 10.0, 100.0, 1000.0)}
# how far from the table the windows are at worst and on average, at its lifetimes and half-way between
WORST, MEAN = {"b_k_x_mumu": 0.30, "b_kst_x_mumu": 0.55}, {"b_k_x_mumu": 0.87, "b_kst_x_mumu": 0.92}


def implied(name: str, mass: float, lifetime: float) -> float:
    """The limit on the rate that the clauses set on a vector of this lifetime (ps); infinite if none."""
    (item,) = constraints.select([name])
    found = math.inf
    for clause in item.clauses(model("A"), mass):
        start, end = (HBAR * edge for edge in clause.window)
        seen = math.exp(-start / lifetime) - math.exp(-end / lifetime)
        found = min(found, clause.up / seen if seen > 0.0 else math.inf)
    return found


def middle(name: str, rows: list[tuple[float, list[float]]], place: int) -> float:
    """A mass inside the bin of a row of the table."""
    mass = rows[place][0]
    return mass if name == "b_kst_x_mumu" else 0.5 * (mass + rows[place + 1][0])


@pytest.mark.parametrize("name", LHCB)
def test_windows_are_nowhere_stronger_than_the_table_and_close_to_it(name: str) -> None:
    rows, close = published(LHCB[name]), []
    for place in range(3, len(rows) - 1, 23):
        mass, known = middle(name, rows, place), dict(zip(LIFETIMES[name], rows[place][1], strict=True))
        if not all(known.values()):
            continue
        logs = np.log(list(known)), np.log(list(known.values()))
        for lifetime in (*known, 0.4, 3.0, 30.0, 300.0):
            expected = float(np.exp(np.interp(math.log(lifetime), *logs)))
            close.append(expected / implied(name, mass, lifetime))
    assert len(close) > 100
    assert max(close) < 1.003  # between the lifetimes, the windows are made at eight steps
    assert min(close) > WORST[name]
    assert float(np.mean(close)) > MEAN[name]


@pytest.mark.parametrize("name", LHCB)
def test_the_limit_on_long_lives_grows_with_the_lifetime(name: str) -> None:
    """Decays inside the detector are a share of 1/lifetime."""
    for mass in (0.3, 0.6, 1.2, 1.9):
        assert implied(name, mass, 1e5) / implied(name, mass, 1e4) == pytest.approx(10.0, rel=0.02)
        assert implied(name, mass, 1e-3) == pytest.approx(implied(name, mass, 1e-4), rel=1e-3)


def test_vetoed_prompt_decays_leave_displaced_ones() -> None:
    for name, mass in (("b_k_x_mumu", 1.001), ("b_kst_x_mumu", 0.78), ("b_kst_x_mumu", 1.02)):
        assert implied(name, mass, 0.03) > 1e6 * implied(name, mass, 1.0)
        assert 4e-10 < implied(name, mass, 1.0) < 5e-9


def test_the_point_at_1001_mev_is_gone() -> None:
    """It was the limit at 1 ps, 6.75e-10, where prompt decays are vetoed; beside the veto the limits are larger."""
    (old,) = constraints.select(["b_k_x_mumu"], limits="rashed2024")
    (clause,) = old.clauses(model("A"), 1.001)
    assert clause.up == pytest.approx(6.75e-10, rel=1e-12)
    assert implied("b_k_x_mumu", 1.001, 1e-3) > 1.0  # of a rate: none
    assert implied("b_k_x_mumu", 0.965, 1e-3) > 1e-9
    assert implied("b_k_x_mumu", 1.08, 1e-3) > 0.9e-9


def test_the_hole_above_the_muon_threshold_is_closed() -> None:
    for mass in (0.214, 0.215, 0.2175, 0.2195):
        now = of(zdscan.evaluate("A", mass, 1e-4, 1e-6, constraints=["b_kst_x_mumu"]), "b_kst_x_mumu")
        before = of(
            zdscan.evaluate("A", mass, 1e-4, 1e-6, constraints=["b_kst_x_mumu"], limits="rashed2024"), "b_kst_x_mumu"
        )
        assert (now["applies"], before["applies"]) == (True, False)
        assert 4e-9 < now["limit"] < 3e-8
    for name, mass in (("b_kst_x_mumu", 0.2135), ("b_k_x_mumu", 0.249), ("b_k_x_mumu", 0.45)):
        assert implied(name, mass, 1.0) == math.inf


@pytest.mark.parametrize("name", LHCB)
def test_a_point_has_the_strongest_of_the_windows(name: str) -> None:
    """Production times decay over the implied limit, at lifetimes from 1e-3 to 1e3 ps."""
    mode, mass = {"b_k_x_mumu": "B+->K+", "b_kst_x_mumu": "B0->K*0"}[name], 0.3
    lifetimes = []
    for eps in (1e-2, 1e-4, 3e-6):
        result = zdscan.evaluate("A", mass, eps, 1e-7, constraints=[name])
        lifetimes.append(HBAR / float(result.widths["total"]))
        terms = branching_ratio(mode, result.physics.model, mass).terms
        rate = sum(c.real * eps**i * 1e-7**j for (i, j, _), c in terms.items())
        rate *= float(result.widths["mumu"] / result.widths["total"])
        assert of(result, name)["ratio"] == pytest.approx(rate / implied(name, mass, lifetimes[-1]), rel=1e-9)
    assert lifetimes[0] < 0.1
    assert lifetimes[-1] > 10.0


def test_windows_of_a_search_that_sees_one_window_alone_are_that_window() -> None:
    lifetimes = [0.1 * 1.25**k for k in range(32)]
    limits = [2e-9 / (math.exp(-1.0 / tau) - math.exp(-5.0 / tau)) for tau in lifetimes]
    (found,) = within([(1.0, 5.0)], lifetimes, limits)
    assert 2e-9 <= found < 3e-9  # between the lifetimes the table is interpolated
    assert within([(0.0, 5.0), (1.0, 5.0)], [0.1, 1.0], [math.inf, 1e-9]) == [
        math.inf,
        pytest.approx(1e-9 * (math.exp(-1.0) - math.exp(-5.0))),
    ]
    assert within([(0.0, 5.0)], [0.0, 1.0], [3e-9, 1e-9]) == [3e-9]
    assert within([(1.0, 5.0)], [0.1, 1.0], [math.inf, math.inf]) == [math.inf]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("lifetimes_ps = [0.1, ", "lifetimes_ps = [2.0, ", "the lifetimes of lifetimes_ps do not ascend"),
        ("windows_ps = [[0.0, 3.0]", "windows_ps = [[4.0, 3.0]", "a window of windows_ps ends before it begins"),
        ("lifetimes_ps = [0.1, 1.0, 10.0, 100.0, 1000.0]\n", "", "lifetimes_ps and windows_ps go together"),
        ("100.0, 1000.0]\n", "100.0, 1000.0, 1e4]\n", "the column limit_6 is missing"),
        ('channel = "mumu"\n', 'channel = "mumu"\nprompt = "prompt_lifetime_B"\n', "with none of prompt, escape"),
    ],
)
def test_a_file_with_lifetimes_that_do_not_fit_is_refused(old: str, new: str, told: str) -> None:
    text = (FOLDER / "table_lhcb_b_k_x_mumu.toml").read_text()
    assert old in text
    numbers = against_mass.parse(text.replace(old, new, 1), "mine.toml")
    with pytest.raises(UserError) as caught:
        limit_curve.made_of("mine", numbers, "mine.toml", "mine.toml")
    assert told in str(caught.value)
