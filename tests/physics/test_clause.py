"""Clauses: the kernel against plain arithmetic, prompt decays, ratios and limits on both sides, metadata by default."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.verdicts import model
from zdscan import constraints
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES, COUPLINGS
from zdscan.physics.clause import Clause
from zdscan.physics.polynomial import Polynomial


def test_clause_kernel_against_plain_arithmetic():
    """A clause with every feature at once, through a real scan's kernel, against the same sum in Python."""
    physics = build_physics(CASES["B"], constraints=["a_mu"])
    p = Polynomial({(1, 0, 0): 2.0, (0, 1, 2): -3.0, (1, 1, 2): 5.0, (0, 0, 4): 1.0, (0, 0, 0): 0.25})
    clause = Clause(p, up=0.3, down=0.2, centre=0.1, constant=1.0, offset=-0.9, root=True, channel="mumu")
    mass_tables = physics.mass_tables(0.5)
    mass_tables[-len(clause.packed(0)) :] = clause.packed(0)
    eps, eps_z, g_mu = np.array([0.1, -0.2]), np.array([0.05]), np.linspace(-1.0, 1.0, 7)
    out = physics.evaluate(mass_tables, (eps, eps_z, g_mu), want=("values", "ratios", "widths"))
    points = [(x, y, z) for x in eps for y in eps_z for z in g_mu]
    for n, (x, y, z) in enumerate(points):
        br = out["widths"][n, 1] / out["widths"][n].sum()
        poly = 2 * x - 3 * y * z**2 + 5 * x * y * z**2 + z**4 + 0.25
        value = math.sqrt(max(1.0 + poly * br, 0.0)) - 0.9
        assert out["values"][n, 0] == pytest.approx(value, rel=1e-11, abs=1e-13)
        assert out["ratios"][n, 0] == pytest.approx(max((value - 0.1) / 0.3, (0.1 - value) / 0.2), rel=1e-9, abs=1e-12)


def test_clause_of_least_width():
    physics = build_physics(CASES["B"], constraints=["a_mu"])
    mass_tables = physics.mass_tables(0.5)
    threshold = 1e-6
    clause = Clause(Polynomial.constant(2.0), up=1.0, min_width=threshold)
    mass_tables[-len(clause.packed(0)) :] = clause.packed(0)
    out = physics.evaluate(
        mass_tables, (np.zeros(1), np.zeros(1), np.geomspace(1e-5, 1.0, 40)), want=("ratios", "widths")
    )
    prompt = out["widths"].sum(axis=1) >= threshold
    assert prompt.any()
    assert not prompt.all()
    np.testing.assert_array_equal(out["ratios"][:, 0], np.where(prompt, 2.0, 0.0))


def test_polynomial_that_does_not_fit_is_an_error():
    x = Polynomial.linear([1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="does not fit"):
        Clause(x * x * x * x * x).packed(0)
    with pytest.raises(ValueError, match="does not fit"):
        Clause(1j * x).packed(0)


def test_ratio_and_limit_belong_to_the_side_of_the_value() -> None:
    two_sided = Clause(Polynomial({}), up=2.0, down=0.5, centre=1.0)
    assert [two_sided.ratio(value) for value in (3.0, 1.0, 0.5, 0.0)] == [1.0, 0.0, 1.0, 2.0]
    assert [two_sided.limit(value) for value in (3.0, 1.0, 0.9)] == [3.0, 3.0, 0.5]
    above = Clause(Polynomial({}), up=2.0, centre=1.0)
    assert (above.ratio(5.0), above.ratio(-5.0), above.limit(-5.0)) == (2.0, 0.0, 3.0)
    below = Clause(Polynomial({}), down=2.0, centre=1.0)
    assert (below.ratio(-3.0), below.limit(5.0)) == (2.0, -1.0)


def test_products_of_couplings_are_those_of_the_matrix() -> None:
    matrix = dict(zip(COUPLINGS, CASES["B"].matrix, strict=True))
    chosen, point = model("B"), (0.3, -0.2, 0.7)

    def at(polynomial: Polynomial) -> float:
        x, y, z = point
        return sum((c * x**i * y**j * z**k).real for (i, j, k), c in polynomial.terms.items())

    v, g = (float(matrix[name] @ point) for name in ("v_mu", "g_numu"))
    assert at(chosen.coupling("v_mu")) == pytest.approx(v, rel=1e-14)
    assert at(chosen.product("v_mu", "g_numu", "g_numu")) == pytest.approx(v * g * g, rel=1e-13)
    assert chosen.product("v_mu", "g_numu") is chosen.product("v_mu", "g_numu")
    assert chosen.vertex("bs") is chosen.vertex("bs")


def test_rule_and_file_of_a_constraint_are_those_of_its_module() -> None:
    (item,) = constraints.select(["w_width"])
    assert item.rule == (
        "Gamma(W -> mu nu Z_D), in theory complete also Gamma(W -> e nu Z_D), below two errors of the measured width."
    )
    assert item.file == "zdscan/constraints/w_width.py"
