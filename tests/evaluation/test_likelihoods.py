"""chi2 of the constraints as polynomials: all of zdscan's against single points, and what is summed up beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.likelihoods import ABSOLUTE, AXES, HAND_MADE, RELATIVE, both, made
from tests.support.thinning import every
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.expansion import roles_of
from zdscan.evaluation.likelihoods import expand_likelihoods
from zdscan.physics.cases import CASES
from zdscan.physics.clause import Constraint


@pytest.mark.parametrize(
    ("theory", "case", "mass"),
    every(
        8, [(t, c, m) for t in ("complete", "paper") for c in "ABC" for m in (0.012, 0.02, 0.05, 0.14, 0.25, 0.7, 1.5)]
    ),
)
def test_all_constraints_of_zdscan(theory: str, case: str, mass: float) -> None:
    found, exact = both(build_physics(CASES[case], theory=theory), mass, AXES)
    np.testing.assert_allclose(found, exact, rtol=RELATIVE, atol=ABSOLUTE)


def test_what_may_be_summed_up_beforehand_is() -> None:
    """Squares and branching ratios are found; else the test above would not try their sums."""
    chosen = [
        HAND_MADE[name] for name in ("a rate", "a square that faces both sides", "a branching ratio", "a measured one")
    ]
    physics = build_physics(CASES["B"], constraints=[_named(item, k) for k, item in enumerate(chosen)])
    tables = physics.mass_tables(0.05)
    expander = physics._expander(roles_of([4, 20, 27]), 0.05)
    found = expand_likelihoods(expander, tables, physics.constraint_chi2(0.05))
    assert len(found.last) == 2
    assert found.grouped.tolist() == [1, 1]
    assert len(found.squares.row) > 0
    assert len(found.group.row) > 0


def _named(item: Constraint, number: int) -> Constraint:
    return made(f"x{number}", item.likelihood, item.cl, *item.clauses(None, 0.0))  # type: ignore[arg-type]
