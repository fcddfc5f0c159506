"""Fractions of the sides of a picture, and paths of many lines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.pictures.frame import BEYOND, Frame, Side


@pytest.mark.parametrize(
    ("scale", "middle"),
    [
        (Scale("log", 1e-4, 1.0), 1e-2),
        (Scale("linear", -1.0, 3.0), 1.0),
        (Scale("symlog", -1e-2, 1e-2, 1e-6), 0.0),
    ],
)
def test_fractions_and_back(scale: Scale, middle: float) -> None:
    side = Side(scale, scale.low, scale.high, 1000.0)
    np.testing.assert_allclose(side.fractions([scale.low, middle, scale.high]), [0.0, 0.5, 1.0], atol=1e-12)
    shown = np.multiply([scale.low, middle, scale.high], 1e3)
    np.testing.assert_allclose(side.shown([0.0, 0.5, 1.0]), shown, atol=1e-12)


def test_intervals_are_cut_off_beyond_the_part_that_is_shown() -> None:
    side = Side(Scale("log", 1e-6, 1.0), 1e-4, 1e-2)
    within = side.within([(1e-6, 1e-5), (1e-5, 1e-3), (5e-3, math.inf)])
    assert within == [(-BEYOND, pytest.approx(0.5)), (pytest.approx(math.log10(50.0) / 2), 1.0 + BEYOND)]
    assert side.within([]) == []


@pytest.mark.parametrize("closed", [True, False])
def test_a_path_has_every_line(closed: bool) -> None:
    side = Side(Scale("linear", 0.0, 1.0), 0.0, 1.0, 1000.0)
    frame = Frame(Figure().add_subplot(), side, side, (3.0, 3.0))
    found = frame.path([[(0.0, 1.0), (1.0, 1.0), (1.0, 2.0)], [(3.0, 1.0), (4.0, 1.0)]], closed=closed)
    assert len(found.vertices) == (7 if closed else 5)
    assert found.codes.tolist().count(found.MOVETO) == 2
    assert [4000.0, 1000.0] in found.vertices.tolist()
