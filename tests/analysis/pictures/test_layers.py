"""Regions over two axes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from zdscan.analysis.pictures.layers import Plane


@pytest.mark.parametrize(
    ("delta", "levels", "drawn"),
    [
        (np.zeros((9, 7)), [0.0, 0.0], 0),  # all alike
        (np.where(np.arange(63).reshape(9, 7) == 30, 0.0, np.inf), [0.0, 0.0], 0),  # one cell has all probability
        (np.arange(63.0).reshape(9, 7), [10.0, 10.0], 1),
        (np.arange(63.0).reshape(9, 7), [10.0, 20.0], 2),
        (np.arange(63.0).reshape(9, 7), [np.nan, 20.0], 1),
    ],
)
def test_levels_that_coincide_are_drawn_once(delta, levels, drawn):
    values = {"mass": np.geomspace(0.01, 1.0, 9), "g_mu": np.linspace(0.0, 1.0, 7)}
    plane = Plane(Figure().add_subplot(), ("mass", "g_mu"), values)
    handles = plane.regions(delta, levels, (1.0, 2.0))
    assert len(handles) == 2
    lines = [item for item in plane.axes.collections if np.size(item.get_facecolor()) == 0]
    assert sum(len(item.get_paths()) for item in lines) == drawn
