"""The parameters of a grid: their order, and the ranges that points and cases are held to."""

from __future__ import annotations

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.physics import parameters
from zdscan.physics.cases import Case


def test_axes_and_parameters_in_order() -> None:
    assert parameters.AXES == ("mass", "eps", "eps_z", "g_mu")
    assert parameters.PARAMETERS == ("eps", "eps_z", "g_mu")
    assert dict(parameters.UNITS) == {"mass": "GeV", "eps": "1", "eps_z": "1", "g_mu": "1"}
    assert all(text for _, text in parameters.DESCRIPTIONS.values())


@pytest.mark.parametrize(("place", "name"), list(enumerate(("eps", "eps_z", "g_mu"))))
def test_parameters_are_the_columns_of_a_matrix(place: int, name: str) -> None:
    assert np.argwhere(Case.from_couplings("one", {"v_mu": {name: 1.0}}).matrix)[:, 1].tolist() == [place]


@pytest.mark.parametrize(("end", "outwards"), [(parameters.MASS_RANGE[0], 0.0), (parameters.MASS_RANGE[1], np.inf)])
def test_both_ends_of_the_mass_range_are_in_it(end: float, outwards: float) -> None:
    assert np.isfinite(zdscan.evaluate("B", end, 1e-3, 1e-3, 1e-3).chi2["all"])
    with pytest.raises(UserError, match="GeV"):
        zdscan.evaluate("B", np.nextafter(end, outwards), 1e-3, 1e-3, 1e-3)


def test_the_largest_coupling_holds_for_points_and_cases() -> None:
    largest = parameters.LARGEST_COUPLING
    beyond = np.nextafter(largest, np.inf)
    assert np.isfinite(zdscan.evaluate("B", 0.5, g_mu=-largest).chi2["all"])
    assert Case.from_couplings("one", {"v_mu": {"g_mu": -largest}}).matrix.min() == -largest
    with pytest.raises(UserError, match="at most 100"):
        zdscan.evaluate("B", 0.5, g_mu=-beyond)
    with pytest.raises(UserError, match="at most 100"):
        Case.from_couplings("one", {"v_mu": {"g_mu": beyond}})


def test_the_largest_width_leaves_numbers() -> None:
    largest = parameters.LARGEST_WIDTH
    point = zdscan.evaluate("B", 0.5, 1e-3, 1e-3, 1e-3, invisible_width=largest)
    assert float(point.branching_ratios["invisible"]) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(point.predictions, point.physics.likelihood.sm, rtol=1e-9)  # the vector is swamped
    with pytest.raises(UserError, match="invisible_width must be at most"):
        zdscan.evaluate("B", 0.5, invisible_width=np.nextafter(largest, np.inf))
