"""The figures of fits with today's data: both fits are those of the grids, on the same axes."""

from __future__ import annotations

import pytest

from tests.support.thinning import every
from zdscan.analysis.paper.figures import today
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import Detail

COARSE = Detail(curve=5, grid=0.12)


@pytest.mark.parametrize("number", every(2, today.CASES))
def test_both_fits_are_drawn_on_the_same_axes(number: int) -> None:
    plate = today.draw(number, COARSE)
    left, right = plate.figure.axes
    assert (left.get_xlim(), left.get_ylim()) == (right.get_xlim(), right.get_ylim())
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["the paper's data", "today's data"]
    for axes, now in ((left, False), (right, True)):
        best = case_grid(today.CASES[number], COARSE, today=now).lowest()
        stars = [line for line in axes.lines if line.get_marker() == "*"]
        assert [line.get_xdata()[0] for line in stars] == [pytest.approx(1e3 * best["mass"])]
    assert "the 26 rows of the paper" in plate.caption
    assert "the 51 rows of the data set" in plate.caption


def test_numbers_compare_the_two_data_sets() -> None:
    plate = today.draw(9, COARSE)
    assert plate.heads == ("the paper's data", "today's data")
    (sm,) = [n for n in plate.numbers if n.quantity == "χ² of the Standard Model"]
    assert float(sm.paper) < 100.0 < float(sm.here)
