"""Standard Model chi2 and best fits, against a slow calculation that integrated flavio's amplitudes point by point.

Its values are given to the digits it printed. It had E0 one percent smaller, which a fit makes up for in eps_z.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.support.thinning import every, only
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import CASES


def physics(case: str, theory: str = "paper") -> Physics:
    """The printed table, as the slow calculation had it."""
    return build_physics(CASES[case], theory=theory, measurements="rashed2024", constraints=["a_mu"])


@pytest.mark.parametrize(
    ("measurements", "errors", "everything", "muons", "digits"),
    [
        ("rashed2024", "symmetrised", 89.36, 80.17, 0.02),
        ("rashed2024-corrected", "symmetrised", 89.4, 80.2, 0.1),
        ("rashed2024", "stat-facing", 91.8, 82.2, 0.1),
        ("rashed2024-corrected", "stat-facing", 91.8, 82.2, 0.1),
    ],
)
def test_standard_model_chi2(measurements: str, errors: str, everything: float, muons: float, digits: float) -> None:
    found = build_physics(CASES["A"], measurements=measurements, errors=errors, constraints=["a_mu"]).sm_chi2
    assert found["all"] == pytest.approx(everything, abs=digits)
    assert found["muon"] == pytest.approx(muons, abs=digits)


def improvement(model: Physics, mass: float, signs: tuple[int, int], starts: list[tuple[float, float, float]]) -> float:
    """Lowest chi2 minus the Standard Model's at a mass, over eps <= 1e-2, eps_z and g_mu <= 1 in size.

    signs : of eps_z and g_mu (0: no such coupling); starts : decimal logarithms of eps, eps_z, g_mu.
    """
    mass_tables = model.mass_tables(mass)
    largest = np.array([-2.0, 0.0, 0.0])

    def chi2(logarithms: np.ndarray) -> float:
        eps, eps_z, g_mu = 10.0 ** np.minimum(logarithms, largest) * (1, *signs)
        axes = (np.array([eps]), np.array([eps_z]), np.array([g_mu]))
        return float(model.evaluate(mass_tables, axes)["chi2"][0])

    options = {"maxiter": 2000, "xatol": 1e-4, "fatol": 1e-5}
    found = [minimize(chi2, start, method="Nelder-Mead", options=options).fun for start in starts]
    return min(found) - model.sm_chi2["all"]


@pytest.mark.parametrize(
    ("mass", "expected"),
    only([(0.015, -17.1), (0.0299, -1.7)], [(0.010, -18.4), (0.020, -15.0), (0.0302, -0.3)]),
)
def test_case_a_falls_off_a_cliff_at_the_lower_edge_of_the_electron_bin(mass: float, expected: float) -> None:
    starts = [(-3.0, -2.5, 0.0), (-4.0, -3.0, 0.0), (-3.5, -6.9, 0.0)]
    found = min(improvement(physics("A"), mass, (sign, 0), starts) for sign in (1, -1))
    assert found == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("mass", "expected"), every(2, [(0.010, -56.0), (0.030, -56.0), (0.100, -54.9), (0.200, -49.2)])
)
def test_best_fit_of_case_c(mass: float, expected: float) -> None:
    starts = [(-4.0, -2.0, -3.0), (-6.0, -2.2, -2.7)]
    assert improvement(physics("C"), mass, (-1, 1), starts) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    ("case", "mass", "g_mu", "theory", "expected", "eps_z"),
    [
        ("B", 0.0103, 0.28, "paper", -27.8, -3.68e-5),
        ("C", 0.0302, 0.033, "paper", -27.8, -3.1e-4),
        ("B", 0.0103, 0.28, "complete", -27.0, -3.6e-5),
        ("C", 0.0302, 0.033, "complete", -21.2, -2.4e-4),
    ],
)
def test_quoted_points_of_b_and_c(
    case: str, mass: float, g_mu: float, theory: str, expected: float, eps_z: float
) -> None:
    """Both signs of eps_z are on the axis; only the one opposite to g_mu improves."""
    model = physics(case, theory)
    one_side = np.geomspace(1e-5, 1e-3, 400)
    axes = (np.array([0.0]), np.concatenate([-one_side[::-1], one_side]), np.array([g_mu]))
    chi2 = model.evaluate(model.mass_tables(mass), axes)["chi2"]
    best = int(np.argmin(chi2))
    assert chi2[best] - model.sm_chi2["all"] == pytest.approx(expected, abs=0.06)
    assert axes[1][best] == pytest.approx(eps_z, rel=0.04)


def test_longitudinal_term_rules_out_the_quoted_point_of_a() -> None:
    quoted = (np.array([1.6e-5]), np.array([2e-3]), np.array([0.0]))
    for theory, expected in (("paper", 89.4 - 6.4), ("complete", 2.4e9)):
        model = physics("A", theory)
        chi2 = model.evaluate(model.mass_tables(0.01007), quoted)["chi2"][0]
        assert chi2 == pytest.approx(expected, rel=0.03)
