"""Planes of a case without a grid."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.support import complaint
from zdscan import evaluate
from zdscan.analysis.pictures.of_case import COARSE, plane_of

RANGES = {"mass": (0.02, 0.1), "eps": (1e-4, 1e-2)}


def test_the_axes_are_those_that_are_wanted() -> None:
    grid = plane_of("A", "mass", "eps", {"eps_z": 1e-5}, RANGES, constraints=["a_mu"])
    np.testing.assert_allclose(grid.axes["mass"], np.geomspace(0.02, 0.1, COARSE))
    np.testing.assert_allclose(grid.axes["eps"], np.geomspace(1e-4, 1e-2, COARSE))
    assert grid.axes["eps_z"].tolist() == [1e-5]
    point = evaluate("A", 0.02, eps=1e-2, eps_z=1e-5)
    assert grid.chi2[0, -1, 0, 0] == pytest.approx(float(point.chi2["all"]), rel=3e-6)


@pytest.mark.parametrize(
    ("case", "x", "y", "held", "ranges", "words"),
    [
        ("dark_photon", "mass", "epz", {}, {}, "did you mean 'eps'?"),
        ("dark_photon", "mass", "eps", {"eps": 1.0}, {}, "cannot be shown and held at 1"),
        ("dark_photon", "mass", "eps", {}, {"mass": (1e-3, 1.0)}, "mass = 0.001 is outside 0.01 to 2"),
        ("A", "eps", "eps_z", {}, {}, "add --slice mass=VALUE"),
        ("A", "eps", "eps_z", {"mass": 3.0}, {}, "mass = 3 is outside"),
        ("dark_foton", "mass", "eps", {}, {}, "did you mean 'dark_photon'?"),
    ],
)
def test_what_no_plane_is_made_of(case, x, y, held, ranges, words) -> None:
    assert words in complaint(plane_of, case, x, y, held, ranges)
