"""Claims about a Z_D radiated in charged-current decays, K, pi and W -> mu nu Z_D, and in Z decays."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from zdscan.analysis.at_mass import crossing
from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.claims.record import Claim, Verdict, evaluator, near, text
from zdscan.analysis.units import MEV
from zdscan.constraints import select
from zdscan.inputs import constants
from zdscan.physics.cases import COUPLINGS, Case, named_case
from zdscan.physics.parameters import PARAMETERS

BEST_B = (10.3 * MEV, 0.28)  # the paper's best fits: mass in GeV, g_mu
BEST_C = (30.2 * MEV, 0.033)
PRODUCT = 1.0e-5  # size of eps_z g_mu in the fits of Cases B and C


def f4a() -> Claim:
    """Contradicted if K -> mu + invisible excludes eps_z = 0.01, five times the paper's best fit, below 100 MeV."""
    bounds = {
        (emission, mass): evaluator("A", "k_mu_inv", emission=emission).bound(mass * MEV, "eps_z", 1e-6, 1.0)
        for emission in ("lepton", "complete")
        for mass in (10, 100)
    }
    least = bounds["complete", 10]
    excluded = [bound < 0.01 for bound in bounds.values()]
    verdict: Verdict = "contradicted" if excluded[0] and excluded[2] else "partly" if any(excluded) else "agrees"
    return Claim(
        "F4a",
        "K -> mu + invisible stays below its limit in Case A even for large couplings",
        "Fig. 4 left",
        "no bound",
        least,
        f"eps_Z < {least:.2g} at 10 MeV, {bounds['complete', 100]:.2g} at 100 MeV (gauge-complete); "
        f"{bounds['lepton', 10]:.2g} and {bounds['lepton', 100]:.2g} from the muon alone",
        verdict,
        "The longitudinal mode grows as 1/M^2, with the axial coupling of the muon.",
    )


def kaon_bound(mass: float) -> float:
    """90% bound on g_mu of Case B from K -> mu + invisible at a mass (GeV) below 2 m_mu, if Z_D is invisible."""
    return evaluator("B", "k_mu_inv").bound(mass, "g_mu", 1e-6, 10.0)


def f4b() -> Claim:
    """Agrees if the bound is within a factor 1.5 of 0.01 from 10 to 200 MeV, partly if at some mass."""
    masses = (10, 30, 100, 200)
    bounds = [kaon_bound(mass * MEV) for mass in masses]
    equal = crossing(lambda masses: np.array([kaon_bound(mass) - 0.01 for mass in masses]), 0.010, 0.210, 30)
    close = [near(bound, 0.01, 1.5) for bound in bounds]
    verdict: Verdict = "agrees" if all(close) else "partly" if any(close) else "contradicted"
    return Claim(
        "F4b",
        "K -> mu + invisible requires g_mu < 0.01 in Case B",
        "Fig. 4 right, section 4.5",
        "0.01",
        bounds[0],
        ", ".join(f"{text(bound)} ({mass} MeV)" for bound, mass in zip(bounds, masses, strict=True))
        + f" if Z_D is invisible; 0.01 at {equal / MEV:.0f} MeV",
        verdict,
        "The bound scales with the mass; one number holds near the upper end of the range only.",
    )


def f5() -> Claim:
    """Agrees if g_mu is limited below 0.01 at all masses from 145 to 200 MeV for eps = 1e-3, eps_z = 1e-5."""
    decay = evaluator("B", "k_mu_nu_ee")
    bounds = [
        decay.bound(mass, "g_mu", 1e-6, 10.0, eps=1e-3, eps_z=1e-5) for mass in np.linspace(0.1451, 0.2, 12).tolist()
    ]
    shift = 1e-3 * constants.load()["e"]
    verdict: Verdict = "agrees" if max(bounds) < 0.01 else "partly" if min(bounds) < 0.01 else "contradicted"
    return Claim(
        "F5",
        "K -> mu nu e e limits g_mu of Case B for 145 < M < 200 MeV if eps_Z < eps",
        "Fig. 5",
        "limit exists",
        bounds[0],
        f"g_mu < {bounds[0]:.2g} (145 MeV) to {bounds[-1]:.2g} (200 MeV) at eps = 1e-3; without the mixing's part "
        f"{bounds[0] - shift:.2g} to {bounds[-1] - shift:.2g}",
        verdict,
        "For eps_Z << eps the Z_D decays to electrons below the muon threshold; kinetic mixing reduces the coupling "
        "to the muon, v_mu = g_mu - e eps.",
    )


def f6a() -> Claim:
    """Agrees if g_mu = 0.1 is allowed from 10 to 33 MeV for eps_z/eps of at least 1e-3."""
    pion = evaluator("B", "pi_mu_nu_x")
    masses = np.linspace(0.010, 0.033, 24).tolist()
    share = min(pion.bound(mass, "eps_z", 1e-9, 0.1, eps=1e-4, g_mu=0.1) for mass in masses) / 1e-4
    only_neutrinos = max(evaluator("C", "pi_mu_nu_x").ratio(mass, 1e-4, 1e-9, 0.1) for mass in masses)
    return Claim(
        "F6a",
        "pi -> mu nu X allows g_mu < 0.1 for M < 34 MeV if eps_Z << eps",
        "Fig. 6, section 4.6",
        "eps_Z << eps",
        share,
        f"allowed for eps_Z/eps < {share:.2g} in Case B; in Case C prediction/limit is up to {only_neutrinos:.1f}",
        "agrees" if share >= 1e-3 else "contradicted",
        "Case B only: without electron couplings (Case C) the Z_D is invisible whatever eps is.",
    )


def f6b() -> Claim:
    """Agrees if the mass at which g_mu = 0.1 is allowed again is within 20% of 15 MeV at eps_z = eps."""
    pion = evaluator("B", "pi_mu_nu_x")
    edge = pion.mass_crossing(0.010, 0.0338, eps=1e-4, eps_z=1e-4, g_mu=0.1)
    fast, slow = (
        pion.value(15 * MEV, 1e-4, 1e-4, 0.1, clause=clause) for clause in (0, 1)
    )  # T_mu above, below 1.2 MeV
    close = near(edge, 15 * MEV, 1.2)
    return Claim(
        "F6b",
        "pi -> mu nu X excludes g_mu >= 0.1 for M < 15 MeV if eps_Z >= eps",
        "Fig. 6, section 4.6",
        "15 MeV",
        edge,
        f"excluded below {edge / MEV:.1f} MeV at eps_Z = eps; R BR_inv at 15 MeV = {fast:.2g} (T_mu > 1.2 MeV), "
        f"{fast + slow:.2g} (all T_mu)",
        "agrees" if close else "partly" if math.isfinite(edge) else "contradicted",
        "Against a flat PIENU limit of 1e-5 in both samples, which is a rounded input (grade C).",
    )


def c2() -> Claim:
    """Agrees if both settings of `emission` limit eps_z below 0.1, partly if radiation from the muon alone does."""
    at = 10.07 * MEV
    widths = {e: evaluator("A", "w_width", emission=e).value(at, 1.6e-5, 2e-3, 0.0) for e in ("lepton", "complete")}
    bounds = {
        e: evaluator("A", "w_width", emission=e).bound(10 * MEV, "eps_z", 1e-6, 0.1) for e in ("lepton", "complete")
    }
    limited = [math.isfinite(bound) for bound in bounds.values()]
    verdict: Verdict = "agrees" if all(limited) else "partly" if any(limited) else "contradicted"
    return Claim(
        "C2",
        "The W width limits eps_Z in Case A, less than other constraints",
        "section 4.9",
        "a limit, no number",
        widths["complete"],
        f"Gamma(W -> mu nu Z_D) at the paper's best fit {widths['complete'] * 1e6:.2g} keV with the W W Z_D vertex, "
        f"{widths['lepton'] / MEV:.2g} MeV without; bound on eps_Z at 10 MeV: "
        f"{text(bounds['complete'])} and {text(bounds['lepton'])}",
        verdict,
        "With every leg radiating the growth with 1/M^2 cancels: the bound is an artefact of the muon leg alone.",
    )


def c6() -> Claim:
    """Agrees if below 1% of the grid points of Cases B, C that the two exclude are allowed by the paper's others."""
    names = [c.id for c in select("paper") if c.id not in ("a_mu", "a_e")]
    weak = sum(1 << names.index(name) for name in ("z_4l", "belle2_zprime"))
    excluded, alone = 0, 0
    for case in "BC":
        grid = evaluator(case, *names)
        for mass in np.geomspace(0.010, 1.99, 25).tolist():
            _, bits = grid.fill(mass, [1e-5, 1e-3], np.geomspace(1e-7, 1e-2, 6), np.geomspace(1e-5, 1.0, 41))
            those = bits.dtype.type(weak)
            excluded += int(np.count_nonzero(bits & those))
            alone += int(np.count_nonzero((bits != 0) & ((bits & ~those) == 0)))
    share = alone / max(excluded, 1)
    verdict: Verdict = "agrees" if share < 0.01 else "partly" if share < 0.5 else "contradicted"
    return Claim(
        "C6",
        "Z -> 4l and the Belle II search for Z' do not constrain the model beyond other experiments",
        "section 4.9",
        "no impact",
        share,
        f"{alone} of the {excluded} grid points of Cases B and C that they exclude are excluded by them alone",
        verdict,
        "Searches for Z -> 4l start above 4 GeV, the Z width stands in for them; (g-2) is left out of the comparison.",
        resolution="25 masses and 492 couplings for each case, spaced evenly in the logarithm",
    )


def b4() -> Claim:
    """Agrees if both constraints exclude the paper's best fit of Case B."""
    mass, g_mu = BEST_B
    point = (0.0, -PRODUCT / g_mu, g_mu)
    kaon, w = evaluator("B", "k_mu_inv"), evaluator("B", "w_width")
    excluded = (kaon.ratio(mass, *point) >= 1.0, w.ratio(mass, *point) >= 1.0)
    return Claim(
        "B4",
        "Case B's best fit is ruled out by K -> mu nu X and by the W width",
        "Fig. 9, section 5",
        "excluded by both",
        kaon.value(mass, *point),
        f"BR(K -> mu nu Z_D) BR_inv = {kaon.value(mass, *point):.2g}, Gamma(W -> mu nu Z_D) = "
        f"{w.value(mass, *point):.2g} GeV at 10.3 MeV, g_mu = 0.28",
        "agrees" if all(excluded) else "partly" if any(excluded) else "contradicted",
        "First-order rates; numbers of this size mean that perturbation theory in g_mu^2 m^2/M^2 has failed.",
    )


def b5() -> Claim:
    """Contradicted if any of the three constraints excludes the paper's best fit of Case C."""
    mass, g_mu = BEST_C
    point = (0.0, -PRODUCT / g_mu, g_mu)
    ratios = {name: evaluator("C", name).ratio(mass, *point) for name in ("trident_ccfr", "k_mu_inv", "w_width")}
    kaon, w = (evaluator("C", name).value(mass, *point) for name in ("k_mu_inv", "w_width"))
    return Claim(
        "B5",
        "Case C's best fit is consistent with trident production, K -> mu + invisible and the W width",
        "Fig. 10, section 5",
        "allowed by all three",
        kaon,
        f"BR(K -> mu + inv) = {kaon:.3g} ({ratios['k_mu_inv']:.0f} times its limit), Gamma(W) = {w:.3g} GeV "
        f"({ratios['w_width']:.0f} times), trident {ratios['trident_ccfr']:.2g}",
        "contradicted" if max(ratios.values()) >= 1.0 else "agrees",
        "The same formulas exclude Case B's best fit, as the paper says; the limits scale as g_mu/M.",
    )


@cache
def _axial() -> Case:
    """Case B with an axial direct muon coupling g_mu in place of the vector one."""
    column = PARAMETERS.index("g_mu")
    matrix = named_case("B").matrix.copy()
    matrix[COUPLINGS.index("v_mu"), column], matrix[COUPLINGS.index("a_mu"), column] = 0.0, 1.0
    return Case("B-axial", "Case B with an axial muon coupling", matrix)


def b9() -> Claim:
    """Agrees if K and W decays both limit an axial coupling more, by over 1% at some mass; partly if one does."""
    shares = {}
    for name in ("k_mu_inv", "w_width"):
        vector, axial = evaluator("B", name), published(_axial(), name, emission="lepton")
        shares[name] = [
            axial.bound(mass, "g_mu", 1e-6, 10.0) / vector.bound(mass, "g_mu", 1e-6, 10.0)
            for mass in (10 * MEV, 30 * MEV, 100 * MEV)
        ]
    stricter = [max(row) < 1.01 and min(row) < 0.99 for row in shares.values()]
    return Claim(
        "B9",
        "An axial direct muon coupling is limited more strictly than a vector one by K and W decays",
        "section 5",
        "stricter",
        shares["k_mu_inv"][0],
        "axial over vector bound: "
        + "; ".join(f"{name} " + ", ".join(f"{share:.2f}" for share in row) for name, row in shares.items())
        + " at 10, 30, 100 MeV",
        "agrees" if all(stricter) else "partly" if any(stricter) else "contradicted",
        "A left-handed current radiates from v + a of a massless muon alike; only the muon's mass tells them apart, "
        "which the W does not feel.",
    )
