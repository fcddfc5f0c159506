"""Claims about parity violation, neutrinos, dark photon searches and anomalous magnetic moments."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np

from zdscan.analysis.at_mass import crossing
from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.claims.record import Claim, Verdict, evaluator, near, text
from zdscan.analysis.units import MEV
from zdscan.inputs import against_mass, constants
from zdscan.physics.cases import COUPLINGS, Case, named_case


def f7() -> Claim:
    """Agrees if both ends are within 0.05 of the paper's numbers."""
    response = against_mass.load("caesium")
    low, middle, high = (response.at("K", mass * MEV) for mass in (2.4, 10.0, 100.0))
    return Claim(
        "F7",
        "Response of caesium: f = 0.5 at 2.4 MeV and 1 at 100 MeV",
        "section 4.7",
        "0.5 and 1",
        middle,
        f"{low:.3f} (2.4 MeV), {middle:.3f} (10 MeV), {high:.3f} (100 MeV)",
        "agrees" if abs(low - 0.5) < 0.05 and abs(high - 1.0) < 0.05 else "contradicted",
        "The ends agree; in between the electron's wave function in the nucleus matters.",
    )


def caesium_zero(mass: float, eps: float) -> float:
    """eps_z at which the shift of Q_W(Cs) vanishes, as a multiple of eps."""
    weak = evaluator("A", "apv_cs")
    sm = constants.load()["QW_Cs_SM"]
    # below the zero the term with eps makes the weak charge less negative
    return crossing(lambda t: sm - weak.values(mass, eps, t * eps), 0.1, 10.0)


def f7b() -> Claim:
    """Two statements at 10, 30 and 100 MeV: strongest of sections 4.1-4.7; smaller first bound for larger eps."""
    masses = (10 * MEV, 30 * MEV, 99 * MEV)
    rivals = ("bs_mixing", "bs_mumu", "b_k_nunu", "b_kst_nunu", "k_pi_nunu_plus", "k_mu_inv", "pi_mu_nu_x")
    bounds = [evaluator("A", "apv_cs").bound(mass, "eps_z") for mass in masses]
    others = {name: [evaluator("A", name).bound(mass, "eps_z") for mass in masses] for name in rivals}
    stronger = [name for name, column in others.items() if any(a < b for a, b in zip(column, bounds, strict=True))]
    by_eps = [evaluator("A", "apv_cs").bound(30 * MEV, "eps_z", eps=eps) for eps in (0.0, 1e-4, 1e-3, 1e-2)]
    zero = caesium_zero(30 * MEV, 1e-4)
    holds = (not stronger, all(b < a for a, b in pairwise(by_eps)))
    verdict: Verdict = "agrees" if all(holds) else "partly" if any(holds) else "contradicted"
    return Claim(
        "F7b",
        "APV bounds eps_Z most among the constraints up to it, and more for larger eps",
        "Fig. 7, section 4.7",
        "strongest; falls with eps",
        bounds[0],
        f"eps = 0: eps_Z < {bounds[0]:.3g} (10 MeV), {bounds[1]:.3g} (30), {bounds[2]:.2g} (99); stronger: "
        f"{', '.join(stronger) or 'none'}; no shift at eps_Z = {zero:.2f} eps",
        verdict,
        "On-shell B -> K(*) Z_D and K -> pi Z_D are stronger if Z_D is invisible; a window around the zero stays open.",
    )


@cache
def _vector_only() -> Case:
    """Case B with the vector coupling of the electron alone cancelled, the axial one of mass mixing kept."""
    matrix = named_case("B").matrix.copy()
    matrix[COUPLINGS.index("v_e")] = 0.0
    return Case("C-vector", "Case C with a vector electron coupling alone", matrix)


def f7c() -> Claim:
    """Contradicted if caesium bounds eps_z although the electron's vector coupling is cancelled."""
    vector = published(_vector_only(), "apv_cs").bound(10 * MEV, "eps_z")
    both = evaluator("C", "apv_cs").bound(10 * MEV, "eps_z")
    return Claim(
        "F7c",
        "A vector electron coupling that cancels the mixing lets Case C evade APV",
        "sections 3 and 4.7",
        "no bound",
        vector,
        f"eps_Z < {text(vector, 3)} at 10 MeV with the vector coupling cancelled, {text(both)} with the axial one too",
        "contradicted" if math.isfinite(vector) else "agrees",
        "The shift is proportional to the axial electron coupling and does not see the vector one. "
        "Case C here cancels both.",
    )


def f7d() -> Claim:
    """Agrees if both targets bound eps_z at 10 MeV, 100 MeV and 1 GeV for eps = 0 and 1e-3; the ratio tells which."""
    masses = (10 * MEV, 100 * MEV, 1.0)
    bounds = {
        (target, eps): [evaluator("A", target).bound(mass, "eps_z", eps=eps) for mass in masses]
        for target in ("apv_cs", "apv_p")
        for eps in (0.0, 1e-3)
    }
    shares = {
        eps: [p / cs for p, cs in zip(bounds["apv_p", eps], bounds["apv_cs", eps], strict=True)] for eps in (0.0, 1e-3)
    }
    finite = all(math.isfinite(bound) for column in bounds.values() for bound in column)
    return Claim(
        "F7d",
        "The weak charges of proton and caesium both bound eps_Z at 3 sigma",
        "Fig. 7",
        "two curves, no numbers",
        shares[0.0][0],
        "proton over caesium bound at 10 MeV, 100 MeV, 1 GeV: "
        + "; ".join(", ".join(f"{share:.1f}" for share in row) + f" (eps = {eps:g})" for eps, row in shares.items()),
        "agrees" if finite else "partly",
        "Above 1 caesium is the stronger one; the proton has its zero at a negative eps_Z/eps and closes its window.",
    )


def coherent_bound(deviations: float) -> float:
    """eps_z at 10 MeV (eps = 0) at which the COHERENT rate is so many standard deviations from the measured one."""
    c = constants.load()
    rate, (error, _) = evaluator("A", "coherent"), c.error("coherent_CsI")
    return crossing(
        lambda eps_z: abs(rate.values(10 * MEV, 0.0, eps_z) - c["coherent_CsI"]) - deviations * error, 1e-7, 1e-1
    )


def c1() -> Claim:
    """Contradicted if eps_z = 5e-4 at 10 MeV is excluded at 95%; agrees within a factor 1.5 of the 1 sigma bound."""
    one, two = coherent_bound(1.0), coherent_bound(1.96)
    excluded = evaluator("A", "coherent").ratio(10 * MEV, 0.0, 5e-4, 0.0) >= 1.0
    return Claim(
        "C1",
        "COHERENT bounds eps_Z by 5e-4 at 10 MeV",
        "section 4.8",
        "5e-4",
        one,
        f"{one:.2g} (1 sigma), {two:.2g} (95%)",
        "agrees" if near(one, 5e-4, 1.5) else "contradicted" if excluded else "partly",
        "The bound is stronger; counts and efficiency are of grade C.",
    )


def c5() -> Claim:
    """Agrees if Case A's trident bound on eps_z is the weaker one at 10 and 100 MeV."""
    masses = (10 * MEV, 100 * MEV)
    mixing = [evaluator("A", "trident_ccfr").bound(mass, "eps_z") for mass in masses]
    direct = [evaluator("C", "trident_ccfr").bound(mass, "eps_z", g_mu=0.033) for mass in masses]
    weaker = [a > b for a, b in zip(mixing, direct, strict=True)]
    return Claim(
        "C5",
        "The trident bound on eps_Z is weaker in Case A",
        "section 4.8",
        "weaker",
        mixing[0],
        f"Case A: {text(mixing[0])} (10 MeV), {text(mixing[1])} (100 MeV); Case C at g_mu = 0.033: "
        f"{text(direct[0])}, {text(direct[1])}",
        "agrees" if all(weaker) else "partly" if any(weaker) else "contradicted",
        "In Case A the exchange is quadratic in eps_Z, with a direct muon coupling linear.",
    )


def c3() -> Claim:
    """Agrees if both median bounds are within a factor 1.5 of the stated ones, partly if within 5."""

    def median(low: float, high: float) -> float:
        search = evaluator("A", "lhcb_dark_photon")
        masses = np.linspace(low, high, 21).tolist()
        return float(np.median([search.bound(mass, "eps", 1e-6, 0.1) for mass in masses]))

    low, high = median(0.2145, 0.25), median(1.8, 1.99)
    close = [near(low, 1e-4, factor) and near(high, 5e-4, factor) for factor in (1.5, 5.0)]
    verdict: Verdict = "agrees" if close[0] else "partly" if close[1] else "contradicted"
    return Claim(
        "C3",
        "LHCb's dark photon search bounds eps by 1e-4 at 200 MeV and 5e-4 at 2 GeV",
        "section 4.9",
        "1e-4, 5e-4",
        low,
        f"medians {low:.2g} (214-250 MeV) and {high:.2g} (1.8-2 GeV)",
        verdict,
        "The search starts at 214 MeV; the stated numbers are optimistic.",
    )


def c4() -> Claim:
    """Agrees if g_mu > 1e-3 is excluded at 0.3 GeV whatever eps; not determined if it depends on eps."""
    epsilons = (0.0, 1e-5, 1e-4, 1e-3)
    bounds = [evaluator("C", "lhcb_dark_photon").bound(0.3, "g_mu", 1e-8, 10.0, eps=eps) for eps in epsilons]
    excludes = [bound <= 1.5e-3 for bound in bounds]
    verdict: Verdict = "agrees" if all(excludes) else "not determined" if any(excludes) else "contradicted"
    return Claim(
        "C4",
        "LHCb rules out g_mu > 1e-3 above 210 MeV in Cases B and C",
        "section 4.9, Fig. 10",
        "1e-3",
        None,
        "bound on g_mu of Case C at 300 MeV: "
        + ", ".join(
            f"{'excluded for any g_mu' if bound <= 1e-8 else text(bound)} (eps = {eps:g})"
            for bound, eps in zip(bounds, epsilons, strict=True)
        ),
        verdict,
        "Production needs quark couplings; g_mu enters through the branching ratio alone.",
    )


def g1() -> Claim:
    """Agrees if B and C are within 2% and A lies between the values at the ends of the rounding of eps_z, 0.002."""

    def moment(case: str, mass: float, eps: float, eps_z: float, g_mu: float) -> float:
        return float(evaluator(case).evaluate("a_mu", mass, eps, eps_z, g_mu)[0])

    a, low, high = (moment("A", 10.07 * MEV, 1.6e-5, eps_z, 0.0) for eps_z in (2e-3, 1.5e-3, 2.5e-3))
    b, c = moment("B", 10.3 * MEV, 0.0, 0.0, 0.28), moment("C", 30.2 * MEV, 0.0, 0.0, 0.033)
    holds = (min(low, high) <= -3.45e-7 <= max(low, high), near(b, 7.7e-4, 1.02), near(c, 7.38e-6, 1.02))
    return Claim(
        "G1",
        "a_mu at the best fits of Cases A, B and C",
        "section 6",
        "-3.45e-7, 7.7e-4, 7.38e-6",
        a,
        f"{a:.3g} (A), {b:.3g} (B), {c:.3g} (C)",
        "agrees" if all(holds) else "partly" if any(holds) else "contradicted",
        "Case A depends on eps_Z squared, which the paper gives with one digit.",
    )


def g2() -> Claim:
    """Superseded if the difference of the newest measurement and prediction is not the paper's."""
    c = constants.load()
    new, (error, _) = c["delta_a_mu"], c.error("delta_a_mu")
    old, (old_error, _) = c["delta_a_mu_2021"], c.error("delta_a_mu_2021")
    return Claim(
        "G2",
        "Measurement minus Standard Model: Delta a_mu = 251(59)e-11",
        "section 6",
        f"{old * 1e11:.0f}({old_error * 1e11:.0f})e-11",
        new,
        f"{new * 1e11:.0f}({error * 1e11:.0f})e-11 (final measurement, 2025 prediction)",
        "agrees" if near(new, old, 1.05) else "superseded",
        "The 2025 prediction takes the hadronic part from the lattice; no discrepancy is left.",
    )
