"""Edges of excluded areas."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from zdscan.analysis.pictures.layers import Plane


def test_an_excluded_area_has_no_edge_at_what_is_missing():
    values = {"mass": np.geomspace(0.01, 1.0, 9), "g_mu": np.linspace(0.0, 1.0, 7)}
    plane = Plane(Figure().add_subplot(), ("mass", "g_mu"), values)
    missing = np.zeros((9, 7), dtype=bool)
    missing[6:] = True
    assert not plane.boundary(~missing, missing, 0, 1)
    assert plane.boundary(~missing, np.zeros_like(missing), 0, 1)  # the same cells, but computed: an edge
    excluded = ~missing & (np.arange(7) > 3)
    assert plane.boundary(excluded, missing, 0, 2)
    (edge,) = plane.axes.collections[-1].get_paths()
    assert edge.vertices[:, 0].max() <= values["mass"][5]
    np.testing.assert_allclose(edge.vertices[:, 1], 3.5 / 6)
