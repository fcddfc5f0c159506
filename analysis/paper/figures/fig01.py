"""Figure 1: B_s mixing against the mass."""

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
    logarithmic,
    mev,
    panels,
    sample,
    tex,
)
from zdscan.analysis.units import MEV

EPS_Z = (1e-4, 1e-3, 1e-2)
PAPER_SCALE = 2.7  # of E0, with which the paper's statement comes out


def excluded_below(eps_z: float, fcnc_scale: float = 1.0) -> float:
    """Mass (GeV) below which B_s mixing excludes eps_z at two standard deviations; NaN if there is none."""
    return published("A", "bs_mixing", fcnc_scale=fcnc_scale).mass_crossing(0.010, 2.0, eps_z=eps_z)


def draw(detail: Detail) -> Plate:
    """Delta_mix = Delta M_s/SM - 1 for three eps_z and two normalisations of E0."""
    figure, (axes,) = panels()
    masses = detail.masses(0.010, 2.0)
    limit = 0.0
    for scale, style in ((1.0, "-"), (PAPER_SCALE, "--")):
        probe = published("A", "bs_mixing", fcnc_scale=scale)
        limit = probe.limits(0.1)[1]
        for k, eps_z in enumerate(EPS_Z):
            label = rf"$\varepsilon_Z={tex(eps_z)}$" if scale == 1.0 else None
            axes.plot(masses / MEV, probe.values(masses, eps_z=eps_z), style, label=label, **line(k))
    logarithmic(axes, MASS, r"$\Delta_\mathrm{mix} = \Delta M_s/\Delta M_s^\mathrm{SM}-1$")
    axes.set_xlim(10, 2000)
    axes.set_ylim(1e-7, 1e3)
    axes.axhspan(1e-7, limit, color=BAND, alpha=0.3, linewidth=0, label=rf"allowed at $2\sigma$: below {limit:.3f}")
    axes.plot(60, limit, "kv", markersize=5, label="paper: 60 MeV")
    styles = sample("-", r"$E_0\times1$"), sample("--", rf"$E_0\times{PAPER_SCALE:g}$")
    legend(figure, axes, *styles, ncols=2)
    return Plate(
        1,
        "B<sub>s</sub> mixing",
        figure,
        "Change of ΔM<sub>s</sub> for three values of ε<sub>Z</sub>; it does not depend on ε. Solid: the loop function "
        f"E<sub>0</sub> of this program; dashed: E<sub>0</sub> × {PAPER_SCALE:g}. Band: twice the lower error of the "
        "Standard Model's ΔM<sub>s</sub>. The vector adds to ΔM<sub>s</sub>. The change is the same in the theory "
        "settings “paper” and “complete”; emission plays no part.",
        (
            *(
                KeyNumber(f"{_BELOW}, E<sub>0</sub> × {scale:g}", "60 MeV", mev(excluded_below(1e-3, scale)))
                for scale in (1.0, 2.0, PAPER_SCALE)
            ),
            KeyNumber("ε<sub>Z</sub> excluded from, at 60 MeV", html(1e-3), html(_at_sixty())),
        ),
    )


_BELOW = "mass below which ε<sub>Z</sub> = 10<sup>−3</sup> is excluded"


def _at_sixty() -> float:
    return published("A", "bs_mixing").crossing(0.060, "eps_z", 1e-6, 1.0)
