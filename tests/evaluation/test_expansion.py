"""Which way lines run; the width as a quadratic form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.expansion import roles_of
from zdscan.evaluation.monomials import WIDTHS
from zdscan.grid.blocks import LINES_AT_ONCE
from zdscan.kernels.fast import tile
from zdscan.kernels.tables.mass import AXIAL, HEADER
from zdscan.physics.cases import Case

QUARKS = tuple(itertools.product("va", "uds"))


@pytest.mark.parametrize(
    ("lengths", "roles"),
    [
        ((21, 201, 51), (0, 1, 2)),
        ((1, 1, 500), (0, 1, 2)),
        ((268, 401, 1), (2, 0, 1)),
        ((300, 2, 3), (1, 0, 2)),
        ((5000, 5001, 1), (2, 0, 1)),
    ],
)
def test_lines_run_where_they_cost_least(lengths, roles):
    """Bundles fill their lanes where they can; a g_mu axis of one value is no line; lines run along blocks."""
    assert tile.LANES == LINES_AT_ONCE
    assert roles_of(lengths) == roles


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("mass", [0.2, 0.45, 0.782, 1.1, 1.6])
def test_the_width_of_an_expansion_is_the_sum_of_the_channels(theory, mass):
    """Of vector and axial quarks, isovector, isoscalar and strange: the quadratic form against products."""
    rows = {f"{letter}_{quark}": {"eps": 0.1 * k, "eps_z": 0.3 - 0.1 * k} for k, (letter, quark) in enumerate(QUARKS)}
    # the vertex needs gpp = gR_u - gL_d, and d and s alike
    rows["v_s"], rows["a_s"] = rows["v_d"], rows["a_d"]
    signs = {"v_u": 1.0, "a_u": -1.0, "v_d": -1.0, "a_d": -1.0}
    rows["gpp"] = {
        column: sum(sign * rows[name][column] for name, sign in signs.items()) for column in ("eps", "eps_z")
    }
    case = Case.from_couplings("quarks", rows)
    physics = build_physics(case, theory=theory)
    mass_tables = physics.mass_tables(mass)
    rng = np.random.default_rng(3)
    points = np.array([*rng.normal(size=(2, 20)), np.zeros(20)])
    exact = physics.quantities(mass_tables, points, ("widths",))["widths"].sum(axis=1)
    expander = physics._expander((0, 1, 2))
    form = expander.total_width(mass_tables[:HEADER])
    monomials = np.array([np.prod(points ** np.array(exponents)[:, None], axis=0) for exponents in WIDTHS])
    np.testing.assert_allclose(form @ monomials, exact, rtol=1e-12)
    axial = mass_tables[AXIAL : AXIAL + 3]
    assert axial.any() == (theory == "complete" and mass > 0.36)
