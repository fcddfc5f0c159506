"""B_s -> mu mu and kaon mixing: Standard Model values, flavio's amplitudes, limits on eps_z, scaling."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support import formulas
from tests.support.verdicts import at
from zdscan import constraints
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import constants
from zdscan.kernels.physics import leptonic
from zdscan.physics.cases import CASES

# --- B_s -> mu mu -------------------------------------------------------------------------------------------


def test_leptonic_branching_ratios_of_the_standard_model():
    """flavio 2.7.1: 3.62893e-9 for B_s (with the lifetime difference), 1.01350e-10 for B0."""
    c = constants.load()
    for meson, transition, y, expected in (("Bs", "bs", c["y_Bs"], 3.62893e-9), ("B0", "bd", 0.0, 1.01350e-10)):
        n = 4 * c["GF"] / math.sqrt(2) * c["alpha_e_48"] / (4 * math.pi) * c.complex(f"lambda_{transition}_t")
        rate = formulas.leptonic_branching_ratio(
            complex(c["C10_SM_48"]), n, c[f"m_{meson}"], c[f"tau_{meson}"], c[f"f_{meson}"], c["m_mu"], y
        )
        assert rate == pytest.approx(expected, rel=5e-6)
    assert formulas.leptonic_branching_ratio(1 + 0j, 1 + 0j, 0.2, 1.0, 0.2, 0.106, 0.0) == 0.0


def test_leptonic_branching_ratio_is_flavios():
    """Transverse propagator through C10, longitudinal part through C_P: flavio's amplitudes with its quark masses."""
    pytest.importorskip("flavio")
    import flavio
    from flavio.physics.bdecays import bll
    from flavio.physics.running import running

    par = flavio.default_parameters.get_central_all()
    wc = flavio.WilsonCoefficients()
    m_b, m_s = running.get_mb(par, 4.8, nf_out=5), running.get_ms(par, 4.8, nf_out=5)
    n = 4 * par["GF"] / math.sqrt(2) * running.get_alpha(par, 4.8)["alpha_e"] / (4 * math.pi)
    n *= flavio.physics.ckm.xi("t", "bs")(par)
    meson, muon, e0, axial = par["m_Bs"], par["m_mu"], 1.2e-9 - 4e-10j, 0.7
    standard = flavio.physics.bdecays.wilsoncoefficients.wctot_dict(wc, "bsmumu", 4.8, par)
    for mass in (0.01, 0.3, 2.0):
        transverse = leptonic.exchange_c10(e0, axial, n, mass, meson, False)
        tree = {**standard, "C10_bsmumu": standard["C10_bsmumu"] + transverse}
        arguments = (n, meson, par["tau_Bs"], par["f_Bs"], muon, par["DeltaGamma/Gamma_Bs"] / 2)
        value = formulas.leptonic_branching_ratio(tree["C10_bsmumu"], *arguments)
        assert value == pytest.approx(bll.br_timeint(par, tree, "Bs", "mu", "mu"), rel=1e-9)
        # q_mu q_nu/M^2: the divergence of the quark current is m_b PR - m_s PL, that of the muon's 2 m_mu gamma5
        scalar = 2 * axial * muon * e0 / (n * mass**2 * (meson**2 - mass**2))
        full = {**tree, "CP_bsmumu": scalar, "CPp_bsmumu": -scalar * m_s / m_b}
        whole = standard["C10_bsmumu"] + leptonic.exchange_c10(e0, axial, n, mass, meson, True)
        value = formulas.leptonic_branching_ratio(whole, *arguments)
        assert value == pytest.approx(bll.br_timeint(par, full, "Bs", "mu", "mu"), rel=1e-9)


def test_bs_mumu_limits_on_eps_z():
    """BR/BR_SM = (1 + s x^2)^2 for a real C10: solved by hand for both sides of the measurement."""
    a, e0_over_n = -0.7407012373 / 4, 1.5468e5  # E0_Z/(N0 lambda_t), GeV^2
    slope = -e0_over_n * a / -4.166497  # of C10/C10_SM in eps_z^2/(m^2 - M^2), transverse
    low = math.sqrt((3.09e-9 - 3 * 0.4438e-9) / 3.67e-9)
    high = math.sqrt((3.09e-9 + 3 * 0.4838e-9) / 3.67e-9)
    assert slope < 0.0
    for mass in (0.01, 0.1, 1.0):
        paper = math.sqrt((low - 1.0) / slope * (5.36692**2 - mass**2))
        complete = math.sqrt((high - 1.0) / -slope) * mass
        assert (paper, complete / mass) == pytest.approx((0.035, 4.0e-3), rel=0.03 if mass < 1.0 else 0.05)
        for setting, edge in (("paper", paper), ("complete", complete)):
            for factor in (0.999, 1.001):
                entry = at("bs_mumu", mass, 3e-3, factor * edge, theory=setting)
                assert entry["excluded"] is (factor > 1.0)


def test_bs_mumu_is_independent_of_eps_and_of_vector_couplings():
    one = at("bs_mumu", 0.05, 0.0, 1e-3, theory="complete")["prediction"]
    assert at("bs_mumu", 0.05, 0.1, 1e-3, theory="complete")["prediction"] == pytest.approx(one, rel=1e-12)
    for case in "BC":
        shifted = at("bs_mumu", 0.05, 0.1, 1e-3, 0.3, case=case, theory="complete")["prediction"]
        assert shifted == pytest.approx(one, rel=1e-12)
    # the shift of C10 is linear in the vertex and in the axial coupling: eps_z^2 and fcnc_scale are the same thing
    scaled = at("bs_mumu", 0.05, 0.0, 1e-3, theory="complete", fcnc_scale=2.0)["prediction"]
    assert scaled == pytest.approx(
        at("bs_mumu", 0.05, 0.0, math.sqrt(2) * 1e-3, theory="complete")["prediction"], rel=1e-9
    )
    axial = at("bs_mumu", 0.05, 0.0, 1e-3, 0.3, case="B", axial_mu=1.0, theory="complete")["prediction"]
    assert abs(axial - one) > 0.1 * one


# --- kaon mixing --------------------------------------------------------------------------------------------


def kaon_clauses(mass, setting):
    (constraint,) = constraints.select(["k_mixing"])
    return constraint.clauses(build_physics(CASES["A"], constraints=["k_mixing"], theory=setting).model, mass)


def test_kaon_mixing_numbers():
    """2 Re M12 = 4.288e-12 eps_z^2 GeV and eps_K = 750.2 eps_z^2 at 10 MeV, from a separate calculation."""
    (paper,) = kaon_clauses(0.01, "paper")
    mass_difference, indirect = kaon_clauses(0.01, "complete")
    assert paper == mass_difference
    assert paper.polynomial.terms[(0, 2, 0)].real * 3.484e-15 == pytest.approx(4.288e-12, rel=2e-4)
    assert indirect.polynomial.terms[(0, 2, 0)].real == pytest.approx(750.2, rel=1e-4)
    assert (paper.up, paper.down, indirect.up, indirect.down) == (1.0, 1.0, 0.54e-3, 0.54e-3)
    for mass, edge in ((0.01, 8.5e-4), (0.03, 2.5e-3), (0.1, 8.6e-3)):
        assert at("k_mixing", mass, 0.1, edge * 1.02, theory="complete")["excluded"]
        assert not at("k_mixing", mass, 0.1, edge * 0.97, theory="complete")["excluded"]
        assert not at("k_mixing", mass, 0.1, edge * 1.02)["excluded"]
    assert at("k_mixing", 0.01, 0.0, 0.0290)["excluded"]
    assert not at("k_mixing", 0.01, 0.0, 0.0280)["excluded"]


def test_kaon_mixing_scaling():
    (one,), (two,) = kaon_clauses(0.01, "paper"), kaon_clauses(0.02, "paper")
    value, other = (clause.polynomial.terms[(0, 2, 0)].real for clause in (one, two))
    assert value / other == pytest.approx(4.0, rel=0.02)
    below, above = (kaon_clauses(m, "paper")[0].polynomial.terms[(0, 2, 0)].real for m in (0.45, 0.55))
    assert np.sign(below) != np.sign(above)
    assert at("k_mixing", 0.55, 0.0, 0.9)["ratio"] > 0.0
