"""Hand-made constraints of every kind, and chi2 of constraints by the evaluator of grids and by that of points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast.likelihoods import evaluate_likelihoods, likelihood_work_space
from zdscan.physics.clause import Clause, Constraint
from zdscan.physics.polynomial import Polynomial

EPS, EPS_Z, G_MU = (Polynomial.linear(tuple(float(k == j) for k in range(3))) for j in range(3))
# what is not looked at adds 1e-10, or 2e-9 of the whole, for each of some twenty constraints; float64 otherwise
RELATIVE, ABSOLUTE = 1e-7, 1e-8
AXES = (
    np.array([-1e-3, 0.0, 1e-5, 2e-4]),
    np.concatenate([-np.geomspace(1e-2, 1e-6, 9), [0.0], np.geomspace(1e-6, 1e-2, 10)]),
    np.concatenate([[0.0], np.geomspace(1e-5, 0.5, 26)]),
)


def made(name: str, likelihood: str, cl: str, *clauses: Clause, **more: Any) -> Constraint:
    about = (name, "", ("PDG:2022",), cl, "1", "C", False, "all", max(1, len(clauses)))
    return Constraint(*about, lambda *_: clauses, likelihood=likelihood, because="It is made up.", **more)


def both(physics: Physics, mass: float, axes: tuple[NDArray[np.float64], ...]) -> tuple[NDArray[np.float64], ...]:
    """chi2 of the constraints by the fast evaluator and by the reference; points that are lost are left out."""
    tables, (a, b, c) = physics.mass_tables(mass), axes
    workspace = physics.workspace(tables, (a, b, c), constraints=True)
    assert workspace.likelihoods is not None
    count = a.size * b.size * c.size
    out, lost = np.empty(count), np.empty(count, dtype=np.uint8)
    evaluate_likelihoods(
        workspace.likelihoods, a, b, c, 0, count, out, lost, *likelihood_work_space(workspace.likelihoods)
    )
    points = run_of((a, b, c), 0, count)
    exact = physics.quantities(tables, points, ("chi2_constraints",))["chi2_constraints"]
    kept = lost == 0
    if workspace.cancelling is not None:
        kept[workspace.cancelling.places(points)] = False
    assert kept.mean() > 0.9
    return out[kept], exact[kept]


HAND_MADE = {
    "a square that faces both sides": made("x", "normal", "3 sigma", Clause(EPS, centre=1e-3, up=1e-4, down=6e-4)),
    "a rate": made("x", "half-normal", "90%", Clause((EPS_Z - G_MU * 0.3) * (EPS_Z - G_MU * 0.3), up=1e-6)),
    "of either sign, limited above": made("x", "half-normal", "90%", Clause(EPS * EPS_Z, up=1e-6)),
    "of either sign, limited below": made("x", "half-normal", "90%", Clause(EPS * EPS_Z, down=1e-6)),
    "with two bounds": made("x", "half-normal", "95%", Clause(EPS * EPS_Z, up=1e-6, down=3e-7)),
    "counted": made("x", "counting", "95%", Clause(EPS_Z * EPS_Z, up=1e-6)),
    "a root": made(
        "x", "half-normal", "95%", Clause(EPS_Z * EPS_Z * 1e4, root=True, constant=1.0, offset=-1.0, up=0.1)
    ),
    "of odd degree": made("x", "normal", "2 sigma", Clause(G_MU * G_MU * G_MU + EPS, up=1e-3, down=1e-3)),
    "a branching ratio": made("x", "half-normal", "90%", Clause(EPS_Z * EPS_Z, channel="ee", up=1e-8)),
    "a measured one": made(
        "x", "normal", "2 sigma", Clause(EPS_Z * EPS_Z, channel="ee", centre=3e-8, up=2e-8, down=2e-8)
    ),
    "one with a background": made(
        "x", "half-normal", "90%", Clause(EPS_Z * EPS_Z, channel="ee", constant=1e-8, up=5e-8)
    ),
    "a window": made("x", "half-normal", "90%", Clause(EPS_Z * EPS_Z, channel="ee", window=(0.0, 3e13), up=1e-8)),
    "far away": made("x", "counting", "90%", Clause(EPS_Z * EPS_Z, channel="ee", window=(2e13, 3e14), up=1e-12)),
    "that is prompt and narrow": made(
        "x", "half-normal", "90%", Clause(EPS_Z * EPS_Z, channel="ee", up=1e-8, min_width=1e-14, max_width=1e-9)
    ),
    "lost or invisible": made(
        *("x", "normal", "95%"),
        Clause(EPS_Z * EPS_Z, channel="invisible", up=1e-8, measured=(5e-9, 2.0)),
        Clause(EPS_Z * EPS_Z, window=(1e13, math.inf), up=1e-8, measured=(5e-9, 2.0)),
    ),
    "the stronger of two experiments": made(
        *("x", "half-normal", "95%"),
        Clause(EPS_Z * EPS_Z, up=1e-8),
        Clause(EPS * EPS + G_MU * G_MU * 1e-3, up=3e-9, cl="90%"),
        Clause(G_MU * G_MU, up=1e-3, likelihood="none"),
    ),
}
