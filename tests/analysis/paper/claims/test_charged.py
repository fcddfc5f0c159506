"""Claims about charged-current decays, against three-body twins."""

from __future__ import annotations

import math

import pytest

from tests.analysis.paper.claims.twin import kaon_twin
from tests.support.tolerances import THREE_BODY
from tests.twins import three_body
from zdscan.analysis.paper.claims import charged
from zdscan.inputs import constants

C = constants.load()


@pytest.mark.slow
def test_kaon_bounds_against_the_twin():
    """g_mu of Case B at the limit, mass by mass, and the ratio of axial to vector bounds."""
    for mass in (0.010, 0.1, 0.2):
        expected = math.sqrt(C["BR_K_mu_invisible_limit"] / kaon_twin(mass, 1.0))
        assert charged.kaon_bound(mass) == pytest.approx(expected, rel=THREE_BODY)
    # the mixing that leaves the vector invisible is small against the bound
    assert charged.f4b().verdict == "partly"
    shares = charged.b9()
    expected = math.sqrt(kaon_twin(0.010, 1.0) / kaon_twin(0.010, 0.0, 1.0))
    assert shares.value == pytest.approx(expected, rel=1e-6)


def test_best_fit_of_case_c_against_kaon_and_w_twins():
    mass, g_mu = charged.BEST_C
    eps_z = -charged.PRODUCT / g_mu
    gz, sw2 = C["gz"], C["sin2_theta_w"]
    v, a = g_mu + gz * eps_z * (sw2 - 0.25), -gz * eps_z / 4.0
    found = charged.b5()
    assert found.value == pytest.approx(kaon_twin(mass, v, a), rel=1e-6)
    assert found.verdict == "contradicted"
    assert "1050 times" in found.value_text
    couplings = dict.fromkeys(three_body.W_COUPLINGS, 0.0) | {"gL": v + a, "gR": v - a}
    width = C["Gamma_W_mu_nu"] * float(three_body.w_ratio(C["MW"], mass, C["m_mu"], couplings))
    assert f"Gamma(W) = {width:.3g} GeV" in found.value_text
