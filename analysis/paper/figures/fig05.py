"""Figure 5: BR(K -> mu nu e e) through the vector against the mass."""

from __future__ import annotations

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
    panels,
    tex,
)
from zdscan.analysis.units import MEV

G_MU = (3e-4, 1e-3, 3e-3)
EPS, EPS_Z = 1e-4, 1e-6
LOW, HIGH = 0.1451, 0.200  # GeV; the measurement begins at an e e mass of 145 MeV


def g_mu_at_limit(mass: float) -> float:
    """g_mu of Case B at three standard deviations of the measured rate, eps = 1e-4, eps_z = 1e-6; mass in GeV."""
    return published("B", "k_mu_nu_ee").crossing(mass, "g_mu", 1e-6, 10.0, eps=EPS, eps_z=EPS_Z)


def draw(detail: Detail) -> Plate:
    """Three g_mu against three standard deviations of the measured rate."""
    figure, (axes,) = panels()
    masses = detail.masses(LOW, HIGH)
    probe = published("B", "k_mu_nu_ee")
    limit = probe.limits(0.17)[1]
    for k, g_mu in enumerate(G_MU):
        values = probe.values(masses, eps=EPS, eps_z=EPS_Z, g_mu=g_mu)
        axes.plot(masses / MEV, values, label=rf"$g_\mu={tex(g_mu)}$", **line(k))
    axes.axhline(limit, color="k", linestyle="--", linewidth=1.0, label=r"$3\sigma$ of the measured rate")
    excluded_span(axes, limit, 1)
    axes.set_yscale("log")
    axes.set_xlim(145, 200)
    axes.set_ylim(1e-11, 1e-5)
    axes.set_xlabel(MASS)
    axes.set_ylabel(r"$\mathcal{B}(K^{+}\to\mu^{+}\nu Z_D)\,\mathcal{B}_{ee}$")
    legend(figure, axes, ncols=2)
    return Plate(
        5,
        "K<sup>+</sup> → μ<sup>+</sup>νe<sup>+</sup>e<sup>−</sup>",
        figure,
        "Rate through the Z<sub>D</sub> for three values of g<sub>μ</sub> in Case B, ε = 10<sup>−4</sup>, "
        "ε<sub>Z</sub> = 10<sup>−6</sup> (ε<sub>Z</sub> ≪ ε: it decays to e<sup>+</sup>e<sup>−</sup>; the muon couples "
        "with g<sub>μ</sub> − eε, so a larger ε would cancel a small g<sub>μ</sub>). Hatched: above three standard "
        f"deviations of the measured rate, {html(limit)}. Theory “paper”, emission “lepton”.",
        (
            KeyNumber("g<sub>μ</sub> at the limit, 145.1 MeV", "read off the figure", html(g_mu_at_limit(LOW))),
            KeyNumber("g<sub>μ</sub> at the limit, 200 MeV", "read off the figure", html(g_mu_at_limit(HIGH))),
        ),
    )
