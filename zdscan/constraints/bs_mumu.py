"""B_s -> mu+ mu- against LHCb. docs/constraints-flavour.md; arXiv:2108.09283, SM arXiv:2103.13370."""

from __future__ import annotations

import math
from functools import lru_cache

from zdscan.kernels.physics.leptonic import exchange_c10
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial

DEVIATIONS = 3.0


@lru_cache(maxsize=64)
def _shapes(model: Model) -> tuple[Polynomial, Polynomial, Polynomial]:
    """1, Re z and (|z|^2 + y Re z^2)/(1 + y), of the rate for R = 1 + size z with z = E0 a_mu/lambda_t."""
    vertex, y = model.vertex("bs"), model.constants["y_Bs"]
    z = vertex.e0_polynomial * model.coupling("a_mu") * (1.0 / vertex.lambda_t)
    square = Polynomial.combination((1.0 / (1.0 + y), z.abs2()), (y / (1.0 + y), (z * z).real))
    return Polynomial.constant(1.0), z.real, square


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR_SM (|R|^2 + y Re R^2)/(1 + y), R = 1 + C10/C10_SM, within three standard deviations of the measurement.

    The q_mu q_nu/M^2 part of the propagator is kept in theory "complete" alone. Independent of E2 and the dipole.
    """
    c = model.constants
    strength = 4.0 * c["GF"] / math.sqrt(2.0) * c["alpha_e_48"] / (4.0 * math.pi) * c["C10_SM_48"]
    size = exchange_c10(1.0 + 0.0j, 1.0 + 0.0j, strength + 0.0j, mass, c["m_Bs"], model.theory == "complete").real
    one, interference, square = _shapes(model)
    ratio = Polynomial.combination((1.0, one), (2.0 * size, interference), (size * size, square))
    up, down = c.error("BR_Bs_mumu")
    return [
        Clause(
            polynomial=c["BR_Bs_mumu_SM"] * ratio,
            centre=c["BR_Bs_mumu"],
            up=DEVIATIONS * up,
            down=DEVIATIONS * down,
        )
    ]


CONSTRAINT = Constraint(
    id="bs_mumu",
    title="B_s -> mu+ mu-",
    citations=("LHCb:2021vsc", "LHCb:2021awg", "Altmannshofer:2021qrr"),
    cl="3 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured branching ratio has an error on each side.",
)
