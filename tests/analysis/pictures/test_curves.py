"""Limit curves over two axes: what they hold, which matter most, and names on them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.analysis.support import complaint
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.pictures.curves import (
    COLOURS,
    MOST_NAMED,
    OTHERS,
    Curve,
    check_strongest,
    coloured,
    contours,
    draw_curves,
    of_excess,
    of_intervals,
)
from zdscan.analysis.pictures.frame import Frame, Side

PLACES = np.linspace(0.0, 1.0, 21)
SIDE = Side(Scale("log", 1e-3, 1.0), 1e-3, 1.0)


def by_hand(upright: bool = True) -> list[Curve]:
    """Above 0.8 everywhere; above 0.5 in the right half, which is more of the edge; and within it."""
    found = {
        "a_mu": [[(0.8, 1.06)]] * 21,
        "apv_cs": [[(0.5, 1.06)] if place > 0.35 else [] for place in PLACES],
        "w_width": [[(0.95, 1.06)]] * 21,
        "z_4l": [[]] * 21,
    }
    return of_intervals(PLACES, found, upright=upright)


def test_what_bounds_the_excluded_comes_first() -> None:
    assert [curve.name for curve in by_hand()] == ["apv_cs", "a_mu", "w_width"]
    assert by_hand()[0].colour == OTHERS
    for upright, side in ((True, 1), (False, 0)):
        (line,) = next(curve for curve in by_hand(upright) if curve.name == "w_width").lines[:1]
        assert {round(point[side], 6) for point in line} <= {0.95, 1.06}
    mask = by_hand()[0].mask
    assert not mask[: len(mask) // 4].any()
    assert mask[-1, -1]
    np.testing.assert_array_equal(by_hand(False)[0].mask, mask.T)


def test_of_cells_the_line_runs_where_the_excess_is_zero() -> None:
    """A straight excess between two cells crosses 0 where it does; beside cells not computed there is no edge."""
    x = y = np.linspace(0.0, 1.0, 5)
    excess = np.broadcast_to(y - 0.6, (5, 5)).copy()
    (curve,) = of_excess(x, y, {"a_mu": excess, "w_width": excess - 1.0})
    (line,) = curve.lines
    np.testing.assert_allclose([point[1] for point in line], 0.6, atol=1e-12)
    excess[3:] = np.nan
    lines, _ = contours(x, y, excess)
    assert max(point[0] for line in lines for point in line) == 0.5


def test_colours_stay_with_a_constraint() -> None:
    """Alone, it has its own; together all differ, up to the number of colours, and then dashes do."""
    drawn = by_hand()
    together = coloured(drawn)
    assert len({curve.colour for curve in together}) == 3
    assert coloured(drawn[:1])[0].colour == together[0].colour
    many = coloured(drawn * 7)
    assert len({(curve.colour, curve.dashes) for curve in many}) == 21
    assert {curve.dashes for curve in many[: len(COLOURS)]} == {"solid"}


def test_names_stand_apart_and_beside_their_curves() -> None:
    axes = Figure(figsize=(3.4, 3.0)).add_subplot(xscale="log", yscale="log", xlim=(1e-3, 1.0), ylim=(1e-3, 1.0))
    named = draw_curves(Frame(axes, SIDE, SIDE, (2.65, 2.3)), by_hand(), 2)
    assert [curve.name for curve in named] == ["apv_cs", "a_mu"]
    assert [text.get_text() for text in axes.texts] == ["apv_cs", "a_mu"]
    heights = [float(SIDE.fractions(text.get_position()[1])) for text in axes.texts]
    assert 0.3 < heights[0] < 0.5  # below its line, where nothing is excluded
    assert abs(heights[1] - 0.8) < 0.1


def test_as_many_names_as_can_be_told_apart() -> None:
    assert check_strongest(MOST_NAMED) == MOST_NAMED
    assert f"0 to {MOST_NAMED} can have a name" in complaint(check_strongest, MOST_NAMED + 1)
    with pytest.raises(Exception, match="-1 limit curves"):
        check_strongest(-1)
