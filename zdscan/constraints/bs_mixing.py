"""B_s mixing: Delta M_s against the Standard Model. docs/constraints.md; arXiv:1909.11087 for the SM value."""

from __future__ import annotations

from functools import lru_cache

from zdscan.kernels.physics.mixing import mixing_amplitude
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.vertex import Vertex


@lru_cache(maxsize=64)
def _squared(vertex: Vertex) -> tuple[Polynomial, Polynomial, Polynomial]:
    """1, Re z and |z|^2, of |1 + size z|^2 with z = E0^2 |lambda_t|^2/lambda_t^2."""
    z = vertex.e0_squared * (abs(vertex.lambda_t) ** 2 / vertex.lambda_t**2)
    return Polynomial.constant(1.0), z.real, z.abs2()


def clauses(model: Model, mass: float) -> list[Clause]:
    """Delta_mix = |1 + 2 M12/(Delta M_SM lambda_t^2/|lambda_t|^2)| - 1 below twice the relative lower error of the SM.

    The vector adds to Delta M_s, so only the upper side is used. E2 is left out: 0.25% eps/eps_z of E0.
    """
    c = model.constants
    vertex = model.vertex("bs")
    unit = mixing_amplitude(
        1.0 + 0.0j,
        mass,
        c["m_Bs"],
        c["f_Bs"],
        c["m_b_42"],
        c["m_s_42"],
        c["bag1_Bs"],
        c["bag2_Bs"],
        c["bag4_Bs"],
    )
    _, lower_error = c.error("DeltaM_Bs_SM")
    size = 2.0 * unit.real / (c["DeltaM_Bs_SM"] * c["hbar"])
    one, interference, square = _squared(vertex)
    modulus = Polynomial.combination((1.0, one), (2.0 * size, interference), (size * size, square))
    return [Clause(polynomial=modulus, root=True, offset=-1.0, up=2.0 * lower_error / c["DeltaM_Bs_SM"])]


CONSTRAINT = Constraint(
    id="bs_mixing",
    title="B_s mixing, Delta M_s/SM - 1",
    citations=("DiLuzio:2019jyq",),
    cl="2 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="half-normal",
    because="The vector only adds to Delta M_s, whose Standard Model value is subtracted; its error is Gaussian.",
)
