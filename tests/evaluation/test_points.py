"""Quantities at points: the order of a grid's points, what is wanted and no more, chi2 for minimisers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import chi2_at_mass, evaluate_points, rows_of, run_of
from zdscan.kernels.tables.mass import HEADER
from zdscan.physics.cases import CASES

PARAMETERS = np.array([[0.0, 1e-3, -1e-4, 1e-2], [0.0, -1e-3, 1e-6, 1e-2], [0.0, 1e-2, 1e-3, 0.5]])
CONSTRAINTS = ["k_pi_x", "a_mu", "bs_mixing"]


@pytest.fixture(scope="module")
def physics() -> Physics:
    """Case B with three constraints and correlated theory errors."""
    return build_physics(
        CASES["B"], theory_errors="flavio-covariance", constraints=CONSTRAINTS, measurements="rashed2024-corrected"
    )


def evaluated(physics: Physics, want: tuple[str, ...], mass: float = 0.05) -> dict[str, np.ndarray]:
    fixed = physics.mass_tables(mass), physics.matrix, physics.likelihood, len(CONSTRAINTS)
    return evaluate_points(*fixed, PARAMETERS, want)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 5, 1), (3, 1, 2)])
def test_points_of_a_grid_in_c_order(shape: tuple[int, int, int]) -> None:
    axes = tuple(10.0 * place + np.arange(float(n)) for place, n in enumerate(shape, 1))
    every = np.array(list(itertools.product(*axes))).T
    for first, last in itertools.combinations_with_replacement(range(every.shape[1] + 1), 2):
        np.testing.assert_array_equal(run_of(axes, first, last - first), every[:, first:last])


def test_rows_as_the_kernels_need_them_cover_all_panels(physics: Physics) -> None:
    rows, data = rows_of(physics.likelihood), physics.likelihood.data
    assert len(rows.panel_lo) == len(rows.panel_hi) == len(rows.functions) == rows.row_start[-1]
    assert ["mu" if lepton else "e" for lepton in rows.lepton] == list(data.leptons)
    assert np.all(rows.panel_lo < rows.panel_hi)


@pytest.mark.parametrize(
    "want",
    [(), ("chi2",), ("excluded",), ("a_mu", "widths"), ("chi2_muon", "ratios"), ("values", "predictions", "chi2")],
)
def test_what_is_wanted_is_given_and_the_same_in_any_company(physics: Physics, want: tuple[str, ...]) -> None:
    every = ("chi2", "chi2_muon", "predictions", "excluded", "ratios", "values", "widths", "a_mu")
    together, found = evaluated(physics, every), evaluated(physics, want)
    assert tuple(found) == want
    for name, values in found.items():
        assert len(values) == 4  # the first axis runs over the points
        np.testing.assert_array_equal(values, together[name])


def test_numbers_follow_from_each_other(physics: Physics) -> None:
    """chi2 from predictions by the inverse covariance, bits from ratios, the first point is the standard model."""
    found = evaluated(physics, ("chi2", "chi2_muon", "predictions", "excluded", "ratios", "widths", "a_mu"))
    rows = physics.likelihood
    np.testing.assert_array_equal(found["predictions"][0], rows.sm)
    assert not found["widths"][0].any()
    assert found["a_mu"][0] == 0.0
    theory = rows.sm_tables.theory_covariance
    covariance = theory + np.diag(rows.sigma**2 - np.diag(theory))
    residuals = found["predictions"] - rows.data.values
    for name, mine in (("chi2", np.ones(26, dtype=bool)), ("chi2_muon", rows.data.muon)):
        weighted = np.linalg.solve(covariance[np.ix_(mine, mine)], residuals[:, mine].T)
        np.testing.assert_allclose(found[name], np.sum(residuals[:, mine].T * weighted, axis=0), rtol=CLOSED_FORM)
    assert found["excluded"].tolist() == [
        sum(1 << place for place, ratio in enumerate(ratios) if ratio >= 1.0) for ratios in found["ratios"]
    ]
    assert found["excluded"].any()


@pytest.mark.parametrize("mass", [0.05, 0.6])
@pytest.mark.parametrize("law", [True, False])
def test_chi2_for_minimisers_is_that_of_arrays(physics: Physics, mass: float, law: bool) -> None:
    """At widths that the law reaches, and at widths beyond."""
    tables = physics.mass_tables(mass)
    if not law:
        tables[HEADER : HEADER + 29 * 26].reshape(26, 29)[:, -1] = 0.0  # good for no width
    chi2 = chi2_at_mass(tables, physics.matrix, physics.likelihood)
    expected = evaluate_points(tables, physics.matrix, physics.likelihood, 0, PARAMETERS, ("chi2",))["chi2"]
    found = [chi2(*point) for point in PARAMETERS.T.tolist()]
    assert all(type(number) is float for number in found)
    np.testing.assert_allclose(found, expected, rtol=100 * EXACT_ALGEBRA)
