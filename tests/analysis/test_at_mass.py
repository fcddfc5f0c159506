"""The evaluator in memory against single points; crossings in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA, FLOAT32_OUTPUT
from zdscan.analysis.at_mass import Evaluator, crossing
from zdscan.constraints import available
from zdscan.errors import UserError
from zdscan.physics.cases import named_case


@pytest.mark.parametrize(
    ("excess", "expected"),
    [
        (lambda t: t - 0.02, 0.02),
        (lambda t: (t - 0.1) * (0.3 - t), 0.1),  # the first of two crossings
    ],
)
def test_crossing_is_the_first(excess, expected):
    assert crossing(excess, 1e-3, 1.0) == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize("constant", [-1.0, 1.0])
def test_a_function_that_does_not_cross_has_no_crossing(constant):
    assert math.isnan(crossing(lambda t: np.full(t.shape, constant), 1e-3, 1.0))


def test_bounds_beyond_what_is_searched() -> None:
    """Of a coupling, by one constraint: infinite where it allows all, the lower end where it allows nothing."""
    mixing = Evaluator.of("A", "bs_mixing")
    inside = mixing.bound(0.1, "eps_z", 1e-6, 1.0)
    assert inside == mixing.crossing(0.1, "eps_z", 1e-6, 1.0)
    assert mixing.ratio(0.1, eps_z=inside) == pytest.approx(1.0, rel=CLOSED_FORM)
    assert mixing.bound(0.1, "eps_z", 1e-9, 1e-8) == math.inf
    assert mixing.bound(0.1, "eps_z", 10 * inside, 1.0) == 10 * inside
    edge = mixing.mass_crossing(0.05, 1.0, eps_z=inside)
    assert edge == pytest.approx(0.1, rel=CLOSED_FORM)
    np.testing.assert_array_equal(mixing.boundary(np.array([0.1]), "eps_z", 1e-6, 1.0), [inside])


def test_values_are_those_of_a_point() -> None:
    masses = np.array([0.02, 0.03, 0.5])
    found = Evaluator.of("B", "pi_mu_nu_x")
    point = zdscan.evaluate("B", masses, 1e-4, 1e-4, 0.1, constraints=("pi_mu_nu_x",))
    # two samples of muons, of each what is invisible and what escapes
    clauses = np.array([found.values(masses, eps=1e-4, eps_z=1e-4, g_mu=0.1, clause=clause) for clause in range(4)])
    np.testing.assert_allclose(clauses.max(axis=0), point.values[:, 0], rtol=CLOSED_FORM)
    assert np.isnan(clauses[:, 2]).all()
    assert found.limits(0.02) == (-math.inf, pytest.approx(point.limits[0, 0]))
    assert found.value(0.02, 1e-4, 1e-4, 0.1, clause=1) == clauses[1, 0]
    assert all(math.isnan(end) for end in found.limits(0.5))


def test_no_crossing_is_nan() -> None:
    probe = Evaluator.of("A", "bs_mixing")
    assert math.isnan(probe.crossing(0.1, "eps_z", 1e-9, 1e-8))  # allowed throughout
    assert math.isnan(probe.crossing(0.1, "eps_z", 0.1, 1.0))  # excluded throughout


def test_arrays_add_dimensions_and_numbers_do_not() -> None:
    found = Evaluator.of(named_case("C"), "k_mu_inv", "w_width")
    masses, eps_z, g_mu = np.array([0.02, 0.3]), np.array([-1e-3, 0.0, 1e-4]), np.array([1e-3, 1e-2, 0.1, 0.3])
    point = zdscan.evaluate("C", masses[:, None, None], 1e-4, eps_z[:, None], g_mu, constraints=("k_mu_inv", "w_width"))
    np.testing.assert_allclose(found.chi2(masses, 1e-4, eps_z, g_mu), point.chi2["all"], rtol=EXACT_ALGEBRA)
    np.testing.assert_allclose(found.ratios(masses, 1e-4, eps_z, g_mu), point.ratios.max(axis=-1), rtol=EXACT_ALGEBRA)
    np.testing.assert_allclose(found.predictions(masses, 1e-4, eps_z, g_mu), point.predictions, rtol=EXACT_ALGEBRA)
    assert found.ratios(0.02, 1e-4, 0.0, g_mu).shape == (4,)
    assert found.chi2(0.02, 1e-4, 0.0, 1e-2).shape == ()
    assert found.predictions(0.02, 1e-4).shape == (len(found.physics.likelihood.sm),)
    assert found.ratio(0.3, 1e-4, 1e-4, 0.1) == found.ratios(masses, 1e-4, eps_z, g_mu)[1, 2, 2]


def test_one_block_by_both_evaluators() -> None:
    found = Evaluator.of("B", *available())
    couplings = np.array([0.0, 1e-4]), np.linspace(-1e-2, 1e-2, 21), np.geomspace(1e-4, 1.0, 17)
    chi2, bits = found.fill(0.05, *couplings)
    expected = {name: found.evaluate(name, 0.05, *couplings) for name in ("chi2", "excluded")}
    assert chi2.shape == bits.shape == (2, 21, 17)
    np.testing.assert_allclose(chi2.ravel(), expected["chi2"], rtol=FLOAT32_OUTPUT)
    np.testing.assert_array_equal(bits.ravel(), expected["excluded"])
    np.testing.assert_array_equal(found.at_mass(0.05)(*couplings).ravel(), expected["chi2"])


def test_other_settings_without_constraints() -> None:
    found = Evaluator.of("A", "bs_mixing")
    assert found.mass_tables(0.05) is found.mass_tables(0.05)
    scaled = found.without_constraints(fcnc_scale=2.0)
    assert scaled.physics.constraints == ()
    assert float(scaled.chi2(0.02, 0.0, 1e-3)) != pytest.approx(float(found.chi2(0.02, 0.0, 1e-3)), rel=1e-6)
    assert float(found.without_constraints().chi2(0.02, 0.0, 1e-3)) == pytest.approx(
        float(found.chi2(0.02, 0.0, 1e-3)), rel=EXACT_ALGEBRA
    )


def test_couplings_have_the_names_of_the_case() -> None:
    """In order or by name, with columns that the case does not use as grids have them; the old names of A, B, C."""
    found = Evaluator.of("b_l", "a_mu", "coherent")
    g = np.geomspace(1e-4, 1e-2, 3)
    point = zdscan.evaluate("b_l", 0.05, g, constraints=("a_mu", "coherent"))
    np.testing.assert_allclose(found.chi2(0.05, g=g), point.chi2["all"], rtol=CLOSED_FORM)
    np.testing.assert_array_equal(found.ratios(0.05, g), found.ratios(0.05, g=g))
    np.testing.assert_array_equal(found.chi2(0.05, g, [0.0], [0.0])[:, 0, 0], found.chi2(0.05, g=g))
    chi2, _ = found.fill(0.05, g, [0.0], [0.0])
    np.testing.assert_allclose(chi2[:, 0, 0], point.chi2["all"], rtol=FLOAT32_OUTPUT)
    bound = found.bound(0.05, "g")
    assert found.ratio(0.05, g=bound) == pytest.approx(1.0, rel=CLOSED_FORM)
    for wrong, words in (({"g_mu": 1e-3}, "no parameter 'g_mu'"), ({"mass_": 1.0}, "no parameter 'mass_'")):
        with pytest.raises(UserError, match=words):
            found.chi2(0.05, **wrong)
    with pytest.raises(UserError, match="g is given twice"):
        found.chi2(0.05, g, g=g)
    with pytest.raises(UserError, match="has 2 parameters"):
        found.chi2(0.05, g, 0.0, 1e-3)
    assert Evaluator.of("B", "a_mu").ratio(0.05, g_mu=1e-3) == Evaluator.of("B", "a_mu").ratio(0.05, 0.0, 0.0, 1e-3)
