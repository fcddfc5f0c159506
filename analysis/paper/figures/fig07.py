"""Figure 7: what parity violation says on eps_z against the mass."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures.plate import (
    MASS,
    Detail,
    KeyNumber,
    Plate,
    html,
    legend,
    line,
    logarithmic,
    panels,
    sample,
    tex,
)
from zdscan.analysis.units import MEV

EPS = (1e-4, 1e-3, 1e-2)
TARGETS = (("apv_p", "proton"), ("apv_cs", "caesium"))


def bound(constraint: str, mass: float, eps: float = 0.0) -> float:
    """Smallest positive eps_z that a weak charge (apv_p or apv_cs) excludes at three standard deviations."""
    return published("A", constraint).crossing(mass, "eps_z", 1e-9, 1.0, eps=eps)


def cancelling_eps_z(constraint: str, mass: float, eps: float) -> float:
    """The eps_z > 0 at which the shift of a weak charge vanishes (1.2 eps for caesium); NaN if none below 3 eps."""
    probe = published("A", constraint)
    unshifted = probe.value(mass)

    def shift(eps_z: float) -> float:
        return probe.value(mass, eps=eps, eps_z=eps_z) - unshifted

    if shift(0.1 * eps) * shift(3.0 * eps) > 0.0:
        return math.nan
    return float(brentq(shift, 0.1 * eps, 3.0 * eps, xtol=1e-18, rtol=1e-13))


def allowed_window(constraint: str, mass: float, eps: float) -> tuple[float, float]:
    """The range of eps_z around 1.2 eps in which the shift cancels and the weak charge allows again; mass in GeV.

    NaN where no window lies apart from the small eps_z.
    """
    probe, zero = published("A", constraint), cancelling_eps_z(constraint, mass, eps)

    def distance(eps_z: float) -> float:
        return probe.ratio(mass, eps=eps, eps_z=eps_z) - 1.0

    # The shift is proportional to eps_z (zero - eps_z): below the zero it is largest half-way.
    if not math.isfinite(zero) or distance(0.5 * zero) <= 0.0:
        return math.nan, math.nan
    low, high = (brentq(distance, zero, other, xtol=1e-18, rtol=1e-13) for other in (0.5 * zero, 1e3 * zero))
    return float(low), float(high)


def draw(detail: Detail) -> Plate:
    """The excluded regions of (mass, eps_z) for each target and three eps, window included."""
    figure, plots = panels(2, sharey=True)
    masses = detail.masses(0.010, 2.0)
    eps_z = np.unique(np.concatenate([np.geomspace(1e-7, 0.3, 300), *(e * np.geomspace(0.7, 2, 100) for e in EPS)]))
    for axes, (constraint, name) in zip(plots, TARGETS, strict=True):
        probe = published("A", constraint)
        for k, eps in enumerate(EPS):
            ratio = probe.ratios(masses, eps=eps, eps_z=eps_z).T
            look = line(k)
            axes.contour(masses / MEV, eps_z, ratio, levels=[1.0], colors=look["color"], linewidths=look["linewidth"])
            zero = cancelling_eps_z(constraint, 0.1, eps)
            if np.isfinite(zero):
                axes.axhline(zero, color=look["color"], linewidth=0.9, linestyle=":")
            axes.plot([], [], label=rf"$\varepsilon={tex(eps)}$", **look)
        edge = probe.boundary(masses[::4], "eps_z", 1e-9, 1.0)
        axes.plot(masses[::4] / MEV, edge, color="k", linestyle="--", label=r"$\varepsilon=0$")
        logarithmic(axes, MASS, r"$\varepsilon_Z$" if constraint == "apv_p" else "")
        axes.set_title(f"weak charge, {name}", loc="left")
        axes.set_xlim(10, 2000)
        axes.set_ylim(1e-7, 0.3)
    legend(figure, plots[0], sample(":", "no shift"), ncols=5)
    low, high = allowed_window("apv_cs", 0.010, 1e-3)
    return Plate(
        7,
        "Parity violation on the proton and on caesium",
        figure,
        "Solid: where the shift of the weak charge reaches three standard deviations, for three values of ε > 0 and "
        "ε<sub>Z</sub> > 0; dashed: ε = 0. Points above a curve are excluded. For caesium the shift is proportional to "
        "ε<sub>Z</sub> (1.217 ε − ε<sub>Z</sub>): around the dotted lines it cancels and a narrow strip is "
        "allowed again, which widens with the mass. On the proton the two terms have one sign. Case A (Case B alike, "
        "Case C has no shift), the same in both theory settings; emission plays no part.",
        (
            KeyNumber("caesium, ε = 0: ε<sub>Z</sub> at 10 MeV", "not stated", html(bound("apv_cs", 0.010), 3)),
            KeyNumber("caesium, ε = 0: ε<sub>Z</sub> at 100 MeV", "not stated", html(bound("apv_cs", 0.100), 3)),
            KeyNumber(
                "caesium, 10 MeV: ε<sub>Z</sub> at ε = 10<sup>−4</sup>, 10<sup>−3</sup>, 10<sup>−2</sup>",
                "falls with ε",
                ", ".join(html(bound("apv_cs", 0.010, e)) for e in EPS),
            ),
            KeyNumber("proton, ε = 0: ε<sub>Z</sub> at 10 MeV", "not stated", html(bound("apv_p", 0.010), 3)),
            KeyNumber(
                "caesium, 10 MeV: window of ε<sub>Z</sub>/ε at ε = 10<sup>−3</sup>",
                "not mentioned",
                f"{low / 1e-3:.4f} to {high / 1e-3:.4f}",
            ),
        ),
    )
