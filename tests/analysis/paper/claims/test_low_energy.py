"""Claims about parity violation and moments, in closed form and against twins."""

from __future__ import annotations

import math

import pytest

from tests.support.tolerances import CLOSED_FORM, MAGNETIC_MOMENT, NUCLEAR_OVERLAP
from tests.support.verdicts import published
from tests.twins import caesium, moments
from zdscan.analysis.paper.claims import charged, low_energy
from zdscan.analysis.units import MEV
from zdscan.inputs import constants

C = constants.load()


def test_caesium_bound_and_zero_in_closed_form():
    """Delta Q_W = (MZ/M)^2 K {eps_z^2 [Z(1-4s2) - N] + 4 Z (e/gz) eps eps_z}, with K of the Dirac equation."""
    z, n, s2 = C["Z_Cs"], C["N_Cs"], C["sin2_theta_w"]
    weak = n - z * (1.0 - 4.0 * s2)
    room = 3.0 * C.error("QW_Cs_exp")[0] + C["QW_Cs_SM"] - C["QW_Cs_exp"]
    expected = 0.010 / C["MZ"] * math.sqrt(room / weak / caesium.overlap(10.0))
    assert low_energy.f7b().value == pytest.approx(expected, rel=NUCLEAR_OVERLAP)
    assert low_energy.caesium_zero(0.03, 1e-4) == pytest.approx(4.0 * z * C["e"] / C["gz"] / weak, rel=CLOSED_FORM)


def test_cancelling_the_vector_coupling_of_the_electron_does_not_help():
    found = low_energy.f7c()
    assert found.verdict == "contradicted"
    # the shift does not see v_e: the bound is Case A's
    assert found.value == pytest.approx(low_energy.f7b().value, rel=CLOSED_FORM)


def test_anomalous_moments_against_the_twin():
    found = low_energy.g1()
    gz, e, s2 = C["gz"], C["e"], C["sin2_theta_w"]
    v = -e * 1.6e-5 + gz * 2e-3 * (s2 - 0.25)
    expected = float(moments.leveille(10.07 * MEV, C["m_mu"], v, -gz * 2e-3 / 4.0))
    assert found.value == pytest.approx(expected, rel=10 * MAGNETIC_MOMENT)
    b, c = (float(moments.leveille(m, C["m_mu"], g, 0.0)) for m, g in (charged.BEST_B, charged.BEST_C))
    assert found.value_text.endswith(f"{b:.3g} (B), {c:.3g} (C)")
    assert found.verdict == "agrees"


def test_proton_closes_the_window_of_caesium():
    eps_z = 3.5e-3
    eps = eps_z / low_energy.caesium_zero(0.010, eps_z / 1.2)
    excluded = published("A", 0.010, eps, eps_z, constraints=("apv_cs", "apv_p")).excluded
    assert excluded.tolist() == [False, True]
