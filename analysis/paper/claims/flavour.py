"""Claims about B and K mixing and rare decays with a flavour-changing vertex."""

from __future__ import annotations

import math

import numpy as np

from zdscan.analysis.paper.claims.record import Claim, Verdict, evaluator
from zdscan.analysis.units import MEV
from zdscan.inputs import constants
from zdscan.physics.vertex import vertex

CURVE_MASSES = np.geomspace(0.010, 1.99, 60).tolist()


def mixing_mass(eps_z: float = 1e-3, scale: float = 1.0) -> float:
    """Mass (GeV) below which B_s mixing excludes eps_z at two standard deviations, for an `fcnc_scale`."""
    return evaluator("A", "bs_mixing", fcnc_scale=scale).mass_crossing(0.010, 1.99, eps_z=eps_z)


def f1() -> Claim:
    """Agrees if the mass is within 10% of 60 MeV, partly if an `fcnc_scale` of 0.5 to 4 makes it so."""
    mass = mixing_mass()
    at_60 = evaluator("A", "bs_mixing")
    # the shift goes with the square of E0, up to the small imaginary part of the amplitude
    scale = 1.0 / math.sqrt(at_60.ratio(60 * MEV, 0.0, 1e-3, 0.0))
    verdict: Verdict = "partly" if 0.5 <= scale <= 4.0 else "contradicted"
    return Claim(
        "F1",
        "B_s mixing excludes eps_Z >= 0.001 for M <= 60 MeV (2 sigma)",
        "Fig. 1, section 4.1",
        "60 MeV",
        mass,
        f"excluded below {mass / MEV:.1f} MeV; 60 MeV needs fcnc_scale = {scale:.2f}",
        "agrees" if abs(mass / (60 * MEV) - 1.0) < 0.1 else verdict,
        "The fall with the mass is the same, the normalisation of E0 is not; Delta M_s goes up.",
    )


def f1b() -> Claim:
    """Agrees if E2, the only part with eps, changes the amplitude by less than 1% at eps = eps_z."""
    bs = vertex(evaluator("A").physics.matrix, "bs")
    share = float(abs(bs.e2[0]) * constants.load()["m_Bs"] ** 2 / abs(bs.e0[1]))
    return Claim(
        "F1b",
        "Delta_mix does not depend on eps at leading order",
        "Fig. 1",
        "independent",
        share,
        f"|E2 m_Bs^2/E0| = {share:.2%} at eps = eps_Z",
        "agrees" if share < 0.01 else "contradicted",
        "Kinetic mixing has no monopole E0; what it adds is suppressed by q^2/MW^2.",
    )


def f2() -> Claim:
    """Agrees if eps_z = 0.01 is allowed at every mass in both theory settings, partly if in "paper" alone."""
    bounds = {
        theory: [evaluator("A", "bs_mumu", theory=theory).bound(mass, "eps_z", 1e-6, 1.0) for mass in CURVE_MASSES]
        for theory in ("paper", "complete")
    }
    least, light = min(bounds["paper"]), bounds["paper"][0]
    slope = bounds["complete"][0] / CURVE_MASSES[0]
    allowed = [min(bounds[theory]) >= 0.01 for theory in ("paper", "complete")]
    verdict: Verdict = "agrees" if all(allowed) else "partly" if any(allowed) else "contradicted"
    return Claim(
        "F2",
        "B_s -> mu mu allows eps_Z up to 0.01 at 3 sigma, whatever eps",
        "Fig. 2",
        "0.01 allowed",
        least,
        f"eps_Z < {light:.2g} (10 MeV), {least:.2g} (2 GeV) without the q_mu q_nu/M^2 term; "
        f"with it eps_Z/M < {slope:.2g} per GeV",
        verdict,
        "The axial current of the muon is not conserved, so the longitudinal term is there and grows as 1/M^2.",
    )


def f3() -> Claim:
    """Agrees if on-shell production stays below a tenth of both bounds at every mass; contradicted above a bound."""
    point = (1e-3, 0.1, 0.0)
    ratios = {
        name: [evaluator("A", name).ratio(mass, *point) for mass in CURVE_MASSES] for name in ("b_k_nunu", "b_kst_nunu")
    }
    largest = max(max(column) for column in ratios.values())
    at_1gev = [evaluator("A", name).ratio(1.0, *point) for name in ratios]
    verdict: Verdict = "agrees" if largest < 0.1 else "contradicted" if largest >= 1.0 else "partly"
    return Claim(
        "F3",
        "B -> K(*) nu nu stays more than ten times below its bounds at eps_Z = 0.1, eps = 0.001",
        "Fig. 3, section 4.3",
        "prediction/bound < 0.1",
        largest,
        f"prediction/bound up to {largest:.1e} (10 MeV); at 1 GeV {at_1gev[0]:.1e} (K) and {at_1gev[1]:.1e} (K*)",
        verdict,
        "On-shell B -> K Z_D with an invisible Z_D; its longitudinal rate grows as (eps_Z/M)^2.",
    )


def f3b() -> Claim:
    """Two statements at eps_z = 0.01: K -> pi and Delta M_K do not exclude. Partly if one of them holds."""
    point = (0.0, 0.01, 0.0)
    decay = max(evaluator("A", "k_pi_nunu_plus").ratio(mass, *point) for mass in (10 * MEV, 50 * MEV, 200 * MEV))
    mixing = evaluator("A", "k_mixing").ratio(10 * MEV, 0.0, 1e-3, 0.0)
    bound = evaluator("A", "k_pi_x", invisible_width=1.0).bound(10 * MEV, "eps_z")
    holds = (decay < 1.0, mixing < 0.1)
    verdict: Verdict = "agrees" if all(holds) else "partly" if any(holds) else "contradicted"
    return Claim(
        "F3b",
        "K -> pi nu nu does not constrain even at eps_Z ~ 0.01, nor does Delta M_K (10 MeV, 0.001)",
        "section 4.4",
        "no constraint",
        bound,
        f"K -> pi Z_D: eps_Z < {bound:.2g} at 10 MeV if Z_D is invisible; K -> pi nu nu at eps_Z = 0.01: "
        f"{decay:.1e} times its bound; Delta M_K: {mixing:.1e} of the measured value",
        verdict,
        "The two-body decay K -> pi Z_D is the strongest bound on eps_Z there; Delta M_K is indeed negligible.",
    )
