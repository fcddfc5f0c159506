"""Figure 2: BR(B_s -> mu mu) against the mass."""

from __future__ import annotations

from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures.plate import (
    BAND,
    MASS,
    Detail,
    KeyNumber,
    Plate,
    html,
    legend,
    line,
    panels,
    sample,
    tex,
)
from zdscan.analysis.units import MEV
from zdscan.inputs import constants

EPS_Z = (1e-3, 1e-2, 3e-2)


def largest_eps_z(mass: float, theory: str = "paper") -> float:
    """Smallest |eps_z| that B_s -> mu mu excludes at three standard deviations, at a mass in GeV."""
    return published("A", "bs_mumu", theory=theory).crossing(mass, "eps_z", 1e-6, 1.0)


def draw(detail: Detail) -> Plate:
    """The branching fraction for three eps_z, without and with the longitudinal part of the propagator."""
    figure, (axes,) = panels()
    masses = detail.masses(0.010, 2.0)
    for theory, style in (("paper", "-"), ("complete", "--")):
        probe = published("A", "bs_mumu", theory=theory)
        for k, eps_z in enumerate(EPS_Z):
            label = rf"$\varepsilon_Z={tex(eps_z)}$" if theory == "paper" else None
            axes.plot(masses / MEV, probe.values(masses, eps_z=eps_z) * 1e9, style, label=label, **line(k))
    c = constants.load()
    centre, (up, down) = c["BR_Bs_mumu"] * 1e9, c.error("BR_Bs_mumu")
    for n, alpha in ((3, 0.2), (1, 0.45)):
        span = centre - n * down * 1e9, centre + n * up * 1e9
        axes.axhspan(*span, color=BAND, alpha=alpha, linewidth=0, label=rf"LHCb, ${n}\sigma$")
    axes.axhline(c["BR_Bs_mumu_SM"] * 1e9, color="0.3", linewidth=0.8, linestyle=":", label="Standard Model")
    axes.set_xscale("log")
    axes.set_xlim(10, 2000)
    axes.set_ylim(0, 8)
    axes.set_xlabel(MASS)
    axes.set_ylabel(r"$\mathcal{B}(B_s\to\mu^{+}\mu^{-})\ [10^{-9}]$")
    legend(figure, axes, sample("-", "theory “paper”"), sample("--", "theory “complete”"), ncols=2)
    complete = largest_eps_z(0.010, "complete")
    return Plate(
        2,
        "B<sub>s</sub> → μ<sup>+</sup>μ<sup>−</sup>",
        figure,
        "Branching fraction for three values of ε<sub>Z</sub>; it does not depend on ε. Solid: theory “paper”, without "
        "the q<sub>μ</sub>q<sub>ν</sub>/M² part of the propagator; dashed: theory “complete”, with it, which grows as "
        "(ε<sub>Z</sub>/M)² and for ε<sub>Z</sub> = 0.03 leaves the frame. Bands: measurement of LHCb. "
        "E<sub>0</sub> × 1; emission plays no part.",
        (
            KeyNumber(
                "ε<sub>Z</sub> allowed at 3σ, theory “paper”, 100 MeV", "at least 0.01", html(largest_eps_z(0.1))
            ),
            KeyNumber(
                "ε<sub>Z</sub> allowed at 3σ, theory “complete”, 100 MeV",
                "at least 0.01",
                html(largest_eps_z(0.1, "complete")),
            ),
            KeyNumber(
                "ε<sub>Z</sub>/M allowed, theory “complete”, 10 MeV", "not stated", f"{html(complete / 0.010)} GeV⁻¹"
            ),
        ),
    )
