"""Figure 3: BR(B -> K(*) nu nu) against the mass."""

from __future__ import annotations

import numpy as np

from zdscan.analysis.at_mass import Array
from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures.plate import (
    MASS,
    Detail,
    KeyNumber,
    Plate,
    excluded_span,
    html,
    legend,
    line,
    logarithmic,
    panels,
    tex,
)
from zdscan.analysis.units import MEV

EPS, EPS_Z = 1e-3, (1e-3, 1e-2, 1e-1)
MODES = (
    ("b_k_nunu", r"$\mathcal{B}(B^{+}\to K^{+}\nu\bar\nu)$", "B<sup>+</sup> → K<sup>+</sup>νν"),
    ("b_kst_nunu", r"$\mathcal{B}(B^0\to K^{*0}\nu\bar\nu)$", "B<sup>0</sup> → K<sup>*0</sup>νν"),
)


def over_bound(constraint: str, masses: Array, eps_z: float) -> Array:
    """Prediction over the 90% bound at eps = 1e-3 for masses in GeV."""
    return published("A", constraint).ratios(masses, eps=EPS, eps_z=eps_z)


def draw(detail: Detail) -> Plate:
    """Standard Model plus on-shell Z_D -> nu nu for three eps_z, with bounds, and the two-body limit for B -> K."""
    figure, plots = panels(2)
    masses = detail.resonant(0.010, 2.0)
    numbers = []
    for axes, (constraint, label, name) in zip(plots, MODES, strict=True):
        probe = published("A", constraint)
        for k, eps_z in enumerate(EPS_Z):
            values = probe.values(masses, eps=EPS, eps_z=eps_z)
            axes.plot(masses / MEV, values, label=rf"$\varepsilon_Z={tex(eps_z)}$", **line(k))
        bound = probe.limits(0.1)[1]
        axes.axhline(bound, color="k", linestyle="--", linewidth=1.0, label="90% bound")
        paper = rf"paper, $\varepsilon_Z={tex(EPS_Z[-1])}$: below"
        axes.plot(14, bound / 10, "kv", markersize=5, label=paper)
        excluded_span(axes, bound, 1e6)
        logarithmic(axes, MASS, label)
        axes.set_xlim(10, 2000)
        axes.set_ylim(1e-7, 1e6)
        least = over_bound(constraint, masses, 0.1)
        at = int(np.argmin(least))
        numbers.append(
            KeyNumber(
                f"{name}: prediction over the bound at ε<sub>Z</sub> = 0.1, smallest up to 2 GeV",
                "below 0.1",
                f"{html(float(least[at]))} (at {masses[at] / MEV:.0f} MeV)",
            )
        )
    two_body = published("A", "b_k_x")
    limit = np.array([two_body.limits(float(m))[1] for m in masses])
    plots[0].plot(masses / MEV, limit, color="k", linestyle=":", label=r"90% bound on $B^{+}\to K^{+}Z_D$")
    legend(figure, plots[0], ncols=3)
    numbers.append(
        KeyNumber(
            "B<sup>+</sup> → K<sup>+</sup>νν: ε<sub>Z</sub> at the bound, 10 MeV, ε = 10<sup>−3</sup>",
            "above 0.1",
            html(published("A", "b_k_nunu").crossing(0.010, "eps_z", 1e-8, 1.0, eps=EPS)),
        )
    )
    return Plate(
        3,
        "B → K<sup>(*)</sup>νν",
        figure,
        "Standard Model plus on-shell Z<sub>D</sub> times its invisible branching fraction, at ε = 10<sup>−3</sup>. "
        "The full polarisation sum is used in both theory settings, so the longitudinal mode, growing as "
        "(ε<sub>Z</sub>/M)², dominates; numbers above 1 only say that the amplitude is far beyond the "
        "bound. Hatched: excluded at 90%; triangle: a tenth of the bound, below which the paper has every curve; "
        "dotted: limit on the two-body decay. Case A, theory “paper”, E<sub>0</sub> × 1; emission plays no part.",
        tuple(numbers),
    )
