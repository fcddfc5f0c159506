"""Best fits: known minima of synthetic surfaces, and flat directions by construction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaincc

from tests.analysis.support import FIT_AXES, RHO, SIGMA, TRUE, Synthetic, fitted, logs, quadratic, seeds_of
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.fits.bestfit import BestFit, fit_surface
from zdscan.analysis.fits.seeds import Seeds
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import gauge_couplings, named_case


def test_known_minimum_errors_and_correlation(parabola: BestFit) -> None:
    assert parabola.best.chi2 == pytest.approx(50.0, abs=1e-3)
    assert parabola.best.mass == FIT_AXES["mass"][2]
    np.testing.assert_allclose(parabola.best.couplings, TRUE, rtol=5e-3)
    assert parabola.best.at_bound == {}
    errors = [parabola.curvature.errors[name] for name in ("eps", "eps_z", "g_mu")]
    np.testing.assert_allclose(errors, SIGMA, rtol=1e-3)
    expected = [[1.0, RHO, 0.0], [RHO, 1.0, 0.0], [0.0, 0.0, 1.0]]
    np.testing.assert_allclose(parabola.curvature.correlation, expected, atol=2e-3)
    assert parabola.curvature.undetermined == ()
    assert parabola.flat == ()


def test_intervals_of_a_parabola(parabola: BestFit) -> None:
    for name, at, sigma in zip(("eps", "eps_z", "g_mu"), TRUE, SIGMA, strict=True):
        ends = sorted((at * np.exp(-sigma), at * np.exp(sigma)))
        np.testing.assert_allclose(parabola.profiles[name].interval, ends, rtol=1e-2)
    # The mass is interpolated linearly in chi2 between its values: (distance/0.3)^2 at the next.
    share = 0.3**2 / np.log(FIT_AXES["mass"][3] / FIT_AXES["mass"][2]) ** 2
    width = share * np.log(FIT_AXES["mass"][3] / FIT_AXES["mass"][2])
    np.testing.assert_allclose(np.log(np.array(parabola.profiles["mass"].interval) / 0.1), [-width, width], rtol=1e-2)


def test_p_values(parabola: BestFit) -> None:
    assert parabola.ndof == 26 - 4
    # Upper incomplete gamma function: the chi2 law in closed form.
    assert parabola.p_value == pytest.approx(gammaincc(11.0, 25.0), rel=1e-3)
    assert parabola.sm_p_value == pytest.approx(gammaincc(13.0, 45.0), rel=1e-9)
    assert parabola.improvement == pytest.approx(-40.0, abs=1e-3)
    assert 5.0 < parabola.significance < 6.0


def test_every_choice_of_signs(parabola: BestFit) -> None:
    assert set(parabola.by_sign) == {(a, b, 1) for a in (-1, 1) for b in (-1, 1)}
    for signs, found in parabola.by_sign.items():
        assert all(s * x > 0.0 for s, x in zip(signs, found.couplings, strict=True))
    assert min(parabola.by_sign, key=lambda s: parabola.by_sign[s].chi2) == (1, -1, 1)


def test_a_product_alone_is_determined() -> None:
    result = fitted(lambda m, e, z, g: 50.0 + (30.0 * (1 + z * g / 1e-5)) ** 2 + 0.0 * e + np.log(m / 0.1) ** 2)
    assert result.best.couplings[1] * result.best.couplings[2] == pytest.approx(-1e-5, rel=1e-3)
    assert set(result.curvature.undetermined) >= {"eps_z", "g_mu"}
    assert any(s.constant is not None and s.constant.text == "eps_z x g_mu" for s in result.flat)
    (stretch,) = (s for s in result.flat if s.constant is not None)
    assert stretch.value == pytest.approx(-1e-5, rel=1e-2)
    assert result.profiles["g_mu"].interval[1] is None


def test_a_sum_alone_is_determined() -> None:
    axes = FIT_AXES | {"mass": np.array([0.1]), "eps": np.geomspace(2e-3, 2e-2, 5)}

    def valley(m, e, z, g):
        return 50.0 + ((g - 0.3 * e - 2e-3) / 1e-4) ** 2 + logs(z, 1e-3, 0.1) ** 2

    result = fitted(valley, axes, profiles=False)
    assert result.curvature.undetermined == ("eps", "g_mu")
    combination = next(c for c in result.curvature.determined if c.is_sum)
    assert combination.text == "g_mu - 0.3 eps"
    assert combination.value(result.best.to_dict()) == pytest.approx(2e-3, rel=1e-2)
    assert result.curvature.errors["eps_z"] == pytest.approx(0.1, rel=1e-3)


def test_a_coupling_of_no_effect_is_zero() -> None:
    axes = FIT_AXES | {"mass": np.array([0.1]), "g_mu": np.array([1e-2])}
    result = fitted(lambda m, e, z, g: 50.0 + (z / 1e-2) ** 2 + 0.0 * e + 0.0 * g, axes)
    assert result.best.couplings[:2] == (0.0, 0.0)
    assert result.best.at_bound == {"eps": "lower", "eps_z": "lower"}
    assert result.zero == pytest.approx({"eps": 50.0, "eps_z": 50.0}, abs=1e-3)
    assert result.profiles["eps"].interval == (None, None)
    np.testing.assert_allclose(result.profiles["eps_z"].interval, [-1e-2, 1e-2], rtol=1e-2)
    assert any(s.parameter == "eps" and s.low == -1e-2 and s.high == 1e-2 for s in result.flat)


def test_minima_at_the_ends_of_axes() -> None:
    result = fitted(lambda m, e, z, g: 50.0 + m + (1 - g) + 10 * logs(z, 1e-3, 0.1) ** 2 + 0.0 * e, profiles=False)
    assert result.mass_at_end == "lower"
    assert result.best.at_bound["g_mu"] == "upper"
    assert result.best.couplings[2] == pytest.approx(1.0, rel=1e-12)
    assert "g_mu" not in result.curvature.names


def test_fixed_axes_are_no_parameters() -> None:
    axes = FIT_AXES | {"eps": np.array([0.0]), "g_mu": np.array([2e-2]), "mass": np.array([0.1])}
    result = fitted(lambda m, e, z, g: quadratic(m, 3e-3, z, g) + 0.0 * e, axes)
    assert result.free == ("eps_z",)
    assert result.ndof == 25
    assert set(result.profiles) == {"eps_z"}
    assert result.best.couplings[0] == 0.0
    assert result.best.couplings[2] == 2e-2
    one_point = {name: axis[:1] for name, axis in axes.items()}
    assert fitted(quadratic, one_point).free == ()


def test_missing_points_are_no_starts() -> None:
    surface = Synthetic(quadratic)
    seeds = Seeds(FIT_AXES)
    shape = tuple(len(FIT_AXES[name]) for name in ("eps", "eps_z", "g_mu"))
    for index in range(5):
        seeds.add(index, np.full(shape, np.nan))
    with pytest.raises(UserError, match="no point with a finite chi2"):
        fit_surface(surface, seeds, 26, 90.0)


def test_case_c_sees_the_muon_coupling_as_a_whole() -> None:
    """Without electron couplings eps and g_mu enter as the muon's vector coupling g_mu - e eps."""
    surface = Evaluator(build_physics(named_case("C"), theory="paper", constraints=()))
    axes = {
        "mass": np.array([0.01]),
        "eps": np.geomspace(1e-4, 5e-3, 5),
        "eps_z": -np.geomspace(1e-1, 1e-4, 31),
        "g_mu": np.geomspace(1e-4, 1e-1, 31),
    }
    result = fit_surface(surface, seeds_of(surface, axes), 26, surface.physics.sm_chi2["all"], profiles=False)
    (combination,) = (c for c in result.curvature.determined if c.is_sum)
    assert combination.numbers["eps"] == pytest.approx(-gauge_couplings()[0], rel=0.02)
    assert result.curvature.undetermined == ("eps", "g_mu")
