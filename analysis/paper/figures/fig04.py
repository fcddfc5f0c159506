"""Figure 4: BR(K -> mu + invisible) against the mass."""

from __future__ import annotations

from typing import Any

from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures.plate import (
    MASS,
    Detail,
    KeyNumber,
    Plate,
    excluded_span,
    html,
    line,
    logarithmic,
    panels,
    sample,
    tex,
)
from zdscan.analysis.units import MEV

CASE_A = ((1e-3, 1e-3), (1e-3, 1e-2), (1e-2, 1e-2))
G_MU = (1e-3, 3e-3, 1e-2)
MIXING_B = 1e-4
TOP_MASS = 0.2113  # GeV, twice the muon's mass


def g_mu_at_limit(mass: float, mixing: float = 0.0) -> float:
    """g_mu of Case B at NA62's limit for eps = eps_z = `mixing`; without mixing every Z_D is invisible. Mass in GeV."""
    return published("B", "k_mu_inv").crossing(mass, "g_mu", 1e-6, 10.0, eps=mixing, eps_z=mixing)


def eps_z_at_limit(mass: float, emission: str) -> float:
    """eps_z of Case A at the limit for eps = 0; emission "lepton" or "complete". Mass in GeV."""
    return published("A", "k_mu_inv", emission=emission).crossing(mass, "eps_z", 1e-7, 1.0)


def draw(detail: Detail) -> Plate:
    """Case A left, Case B right, with radiation from the muon alone (solid) and from every leg (dashed)."""
    figure, plots = panels(2, sharey=True)
    masses = detail.masses(0.010, TOP_MASS)
    curves: list[list[tuple[str, dict[str, Any]]]] = [
        [(rf"$(\varepsilon,\varepsilon_Z)=({tex(e)},{tex(z)})$", {"eps": e, "eps_z": z}) for e, z in CASE_A],
        [(rf"$g_\mu={tex(g)}$", {"eps": MIXING_B, "eps_z": MIXING_B, "g_mu": g}) for g in G_MU],
    ]
    for axes, case, chosen in zip(plots, "AB", curves, strict=True):
        limit = 0.0
        for emission, style in (("lepton", "-"), ("complete", "--")):
            probe = published(case, "k_mu_inv", emission=emission)
            limit = probe.limits(0.1)[1]
            for k, (label, couplings) in enumerate(chosen):
                shown = label if emission == "lepton" else None
                axes.plot(masses / MEV, probe.values(masses, **couplings), style, label=shown, **line(k))
        axes.axhline(limit, color="k", linestyle="-.", linewidth=1.0)
        excluded_span(axes, limit, 10)
        logarithmic(
            axes, MASS, r"$\mathcal{B}(K^{+}\to\mu^{+}\nu Z_D)\,\mathcal{B}_\mathrm{inv}$" if case == "A" else ""
        )
        axes.set_title(f"Case {case}", loc="left")
        axes.set_xlim(10, TOP_MASS / MEV)
        axes.set_ylim(1e-11, 1e-2)
        axes.legend(loc="lower left")
    styles = sample("-", "the muon radiates"), sample("--", "every leg radiates"), sample("-.", "90% limit")
    figure.legend(handles=styles, loc="outside lower center", ncols=3)
    invisible = "; ".join(f"{html(g_mu_at_limit(m))} at {m / MEV:.0f} MeV" for m in (0.01, 0.03, 0.1, 0.18, 0.2))
    mixed = "; ".join(f"{html(g_mu_at_limit(m, MIXING_B))} at {m / MEV:.0f} MeV" for m in (0.01, 0.03, 0.1, 0.2))
    return Plate(
        4,
        "K<sup>+</sup> → μ<sup>+</sup> + invisible",
        figure,
        "Left: Case A. Right: Case B at ε = ε<sub>Z</sub> = 10<sup>−4</sup>. Solid: emission “lepton” (that of theory "
        "“paper”), the muon alone radiates; dashed: emission “complete”. A direct muon coupling has no charged-current "
        "partner, so its curves hardly change. Hatched: excluded at 90%.",
        (
            KeyNumber("Case A: ε<sub>Z</sub> at the limit, 10 MeV, ε = 0, lepton", "none", _z("lepton")),
            KeyNumber("Case A: ε<sub>Z</sub> at the limit, 10 MeV, ε = 0, complete", "none", _z("complete")),
            KeyNumber("Case B: g<sub>μ</sub> at the limit, invisible Z<sub>D</sub>", "0.01", invisible),
            KeyNumber("Case B: g<sub>μ</sub> at the limit, ε = ε<sub>Z</sub> = 10<sup>−4</sup>", "0.01", mixed),
        ),
    )


def _z(emission: str) -> str:
    return html(eps_z_at_limit(0.010, emission))
