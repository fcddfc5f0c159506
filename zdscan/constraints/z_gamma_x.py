"""Z -> gamma Z_D of an anomalous current, against single photons at LEP. docs/constraints-charged.md."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.physics.electroweak import z_to_gamma
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.currents import coefficients
from zdscan.physics.polynomial import Polynomial


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR(Z -> gamma Z_D) BR_inv below the limit on single photons; nothing without a Wess-Zumino term."""
    c = model.constants
    sin2 = c["sin2_theta_w"]
    anomaly, hypercharge = coefficients(model.matrix, model.anomaly)
    linear = (1.0 - sin2) * anomaly + sin2 * hypercharge
    if not np.any(linear):
        return []
    amplitude = Polynomial.linear(linear)
    ratio = z_to_gamma(c["MZ"], mass, c["e"] * c["gz"]) / c["Gamma_Z_exp"]
    return [Clause(polynomial=ratio * amplitude * amplitude, channel="invisible", up=c["BR_Z_gamma_inv"])]


CONSTRAINT = Constraint(
    id="z_gamma_x",
    title="Z -> gamma Z_D with an invisible Z_D",
    citations=("L3:1997exg", "Dror:2017ehi"),
    cl="95%",
    unit="1",
    grade="C",
    in_paper=False,
    group="direct",
    applies="all masses, cases with an anomaly that is not cancelled",
    slots=1,
    clauses=clauses,
    first_format=2,
    likelihood="half-normal",
    because="An upper limit from the spectrum of single photons on top of a background.",
)
