"""Figure 9: the fit of Case B."""

from __future__ import annotations

from zdscan.analysis.paper.figures.fit_bc import draw_case
from zdscan.analysis.paper.figures.plate import Detail, Plate

LIMITS = (
    ("k_mu_inv", r"$K\to\mu\nu X$, $X$ invisible, 90%"),
    ("k_mu_nu_ee", r"$K\to\mu\nu X$, $X\to ee$, $3\sigma$"),
    ("w_width", r"$W$ width, 95%"),
)


def draw(detail: Detail) -> Plate:
    """(mass, g_mu) with the limits that the paper says rule Case B out."""
    return draw_case(9, "B", LIMITS, "M = 10.3 MeV, g<sub>μ</sub> = 0.28", detail)
