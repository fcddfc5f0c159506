"""Figure 6: R(pi -> mu nu X) against the mass."""

from __future__ import annotations

from matplotlib.lines import Line2D

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
    mev,
    panels,
    sample,
    tex,
)
from zdscan.analysis.units import MEV

G_MU = (0.01, 0.1, 1.0)
EPS, EPS_Z = 1e-4, (1e-5, 1e-4)
LOW, HIGH = 0.010, 0.0338  # GeV; the mass range of the program begins at 10 MeV


def mass_at_limit(g_mu: float, eps_z: float) -> float:
    """Mass (GeV) up to which PIENU excludes g_mu in Case B at eps = 1e-4; NaN if it never or always does."""
    return published("B", "pi_mu_nu_x").mass_crossing(LOW, HIGH, eps=EPS, eps_z=eps_z, g_mu=g_mu)


def draw(detail: Detail) -> Plate:
    """eps_z << eps left, eps_z = eps right; the two samples of PIENU apart."""
    figure, plots = panels(2, sharey=True)
    masses = detail.masses(LOW, HIGH)
    probe = published("B", "pi_mu_nu_x")
    limit = probe.limits(0.02)[1]
    for axes, eps_z in zip(plots, EPS_Z, strict=True):
        for k, g_mu in enumerate(G_MU):
            for clause, style in ((0, "-"), (1, "--")):
                values = probe.values(masses, eps=EPS, eps_z=eps_z, g_mu=g_mu, clause=clause)
                label = rf"$g_\mu={tex(g_mu)}$" if clause == 0 else None
                axes.plot(masses / MEV, values, style, label=label, **line(k))
        axes.axhline(limit, color="k", linestyle="-.", linewidth=1.0)
        excluded_span(axes, limit, 1e6)
        axes.set_yscale("log")
        axes.set_xlim(10, 34)
        axes.set_ylim(1e-12, 1e-1)
        axes.set_xlabel(MASS)
        axes.set_title(rf"Case B, $\varepsilon={tex(EPS)}$, $\varepsilon_Z={tex(eps_z)}$", loc="left")
    plots[0].set_ylabel(r"$R(\pi^{+}\to\mu^{+}\nu Z_D)\,\mathcal{B}_\mathrm{inv}$")
    plots[1].plot(15, limit, "kv", markersize=5)
    styles = sample("-", r"$T_\mu>1.2$ MeV"), sample("--", r"$T_\mu<1.2$ MeV"), sample("-.", "90% limit")
    paper = Line2D([], [], color="k", marker="v", markersize=5, linestyle="none", label=r"paper: $g_\mu=0.1$, 15 MeV")
    legend(figure, plots[0], *styles, paper, ncols=7)
    return Plate(
        6,
        "π<sup>+</sup> → μ<sup>+</sup>νX",
        figure,
        "Ratio to π<sup>+</sup> → μ<sup>+</sup>ν times the invisible branching fraction in Case B at "
        "ε = 10<sup>−4</sup>, for PIENU's two samples. Hatched: excluded at 90% (a rough limit, grade C); triangle: "
        "where the paper has g<sub>μ</sub> = 0.1 meet it. Masses begin at "
        "10 MeV, the lower end of the program's range. Theory “paper”, emission “lepton”.",
        (
            KeyNumber("ε<sub>Z</sub> = 0.1 ε: mass up to which g<sub>μ</sub> = 0.1 is excluded", "none", _range(1e-5)),
            KeyNumber("ε<sub>Z</sub> = ε: mass up to which g<sub>μ</sub> = 0.1 is excluded", "15 MeV", _range(1e-4)),
            KeyNumber(
                "R at g<sub>μ</sub> = 0.1, ε<sub>Z</sub> = ε, 15 MeV over the limit", "1", html(_over_limit(0.015))
            ),
        ),
    )


def _over_limit(mass: float) -> float:
    return published("B", "pi_mu_nu_x").ratio(mass, eps=EPS, eps_z=EPS_Z[1], g_mu=0.1)


def _range(eps_z: float) -> str:
    mass = mass_at_limit(0.1, eps_z)
    return mev(mass)
