"""What tests of constraints ask for: the entry of one constraint at a point, theory settings, rates on shell."""

from __future__ import annotations

from typing import Any

import zdscan
from zdscan.constraints import available
from zdscan.physics.cases import CASES, Case
from zdscan.physics.clause import Model
from zdscan.physics.two_body import branching_ratio

OF_2024 = {
    "measurements": "rashed2024-corrected",
    "limits": "rashed2024",
    "level": "published",
}  # as in a scan file of format 1


def of(result: zdscan.PointResult, name: str) -> dict[str, Any]:
    """The entry of the constraint `name` in a result."""
    return next(entry for entry in result.to_dict()["constraints"] if entry["id"] == name)


def published(case: str | Case, *point: Any, **options: Any) -> zdscan.PointResult:
    """`zdscan.evaluate` with every constraint, theory, data and limits of the paper, unless `options` say otherwise."""
    return zdscan.evaluate(case, *point, **{"theory": "paper", "constraints": available()} | OF_2024 | options)


def at(
    name: str, mass: float, eps: float = 0.0, eps_z: float = 0.0, g_mu: float = 0.0, case: str = "A", **options: Any
) -> dict[str, Any]:
    """The entry of the constraint `name` at a point, of a run with no other constraint; as the paper by default."""
    return of(published(case, mass, eps, eps_z, g_mu, **{"constraints": [name]} | options), name)


def model(case: str | Case = "A", setting: str = "paper", emission: str = "lepton", fcnc_scale: float = 1.0) -> Model:
    """What constraints see of a case and the theory settings, made without the program's own assembly."""
    matrix = (CASES[case] if isinstance(case, str) else case).matrix
    return Model(matrix, setting, emission, fcnc_scale, "rashed2024")


def coefficients(mode: str, mass: float, fcnc_scale: float = 1.0) -> tuple[float, ...]:
    """ZZ, AZ, AA of BR = ZZ eps_z^2 + AZ eps eps_z + AA eps^2 of a decay H -> H' Z_D in Case A."""
    terms = branching_ratio(mode, model(fcnc_scale=fcnc_scale), mass).terms
    return tuple(terms.get(key, 0j).real for key in ((0, 2, 0), (1, 1, 0), (2, 0, 0)))
