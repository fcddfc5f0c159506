"""Figure 10: the fit of Case C."""

from __future__ import annotations

from zdscan.analysis.paper.figures.fit_bc import draw_case
from zdscan.analysis.paper.figures.plate import Detail, Plate

LIMITS = (
    ("trident_ccfr", "CCFR trident, 95%"),
    ("k_mu_inv", r"$K\to\mu\nu X$, 90%"),
    ("w_width", r"$W$ width, 95%"),
    ("lhcb_dark_photon", "LHCb, 90%"),
)


def draw(detail: Detail) -> Plate:
    """(mass, g_mu) with the limits of the paper's figure."""
    return draw_case(10, "C", LIMITS, "M = 30.2 MeV, g<sub>μ</sub> = 0.033", detail)
