"""The grids behind the figures of fits: their axes, and points in words."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.analysis.paper.figures.case_grids import both_signs, case_axes, paper_constraints, point_html
from zdscan.analysis.paper.figures.plate import Detail


@pytest.mark.parametrize(("case", "points"), [("A", 706_860), ("B", 3_683_790), ("C", 3_683_790)])
def test_axes_end_where_they_should(case: str, points: int) -> None:
    axes = case_axes(case, Detail())
    assert np.prod([axis.size for axis in axes.values()]) == points
    assert (axes["mass"][0], axes["mass"][-1]) == (0.010, 2.0)
    assert all(np.all(np.diff(axis) > 0.0) for axis in axes.values())
    np.testing.assert_array_equal(axes["eps_z"], -axes["eps_z"][::-1])
    assert both_signs(1e-7, 1e-1, 5)[5] == 0.0


def test_points_in_words() -> None:
    assert point_html({}) == "no point"
    point = {"mass": 0.0302, "eps": 0.0, "eps_z": -2e-3, "g_mu": 0.033, "chi2": 60.0}
    assert point_html(point) == "M = 30.2 MeV, ε<sub>Z</sub> = −2×10<sup>−3</sup>, g<sub>μ</sub> = 0.033"
    assert "a_mu" not in paper_constraints()
