"""chi2 of the constraints by the evaluator of grids against that of single points, clause by clause."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.thinning import every
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.expansion import roles_of
from zdscan.evaluation.likelihoods import expand_likelihoods
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast.likelihoods import evaluate_likelihoods, likelihood_work_space
from zdscan.physics.cases import CASES
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


@pytest.mark.parametrize(
    ("theory", "case", "mass"),
    every(
        8, [(t, c, m) for t in ("complete", "paper") for c in "ABC" for m in (0.012, 0.02, 0.05, 0.14, 0.25, 0.7, 1.5)]
    ),
)
def test_all_constraints_of_zdscan(theory: str, case: str, mass: float) -> None:
    found, exact = both(build_physics(CASES[case], theory=theory), mass, AXES)
    np.testing.assert_allclose(found, exact, rtol=RELATIVE, atol=ABSOLUTE)


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


@pytest.mark.parametrize("what", HAND_MADE)
def test_one_of_each_kind(what: str) -> None:
    for case, mass in (("B", 0.05), ("A", 0.3)):
        found, exact = both(build_physics(CASES[case], constraints=[HAND_MADE[what]]), mass, AXES)
        assert exact.max() > 1.0, "the constraint says nothing on these axes"
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


def test_pieces_of_a_mass_have_the_same_bytes() -> None:
    axes = {"mass": np.array([0.05]), **dict(zip(("eps", "eps_z", "g_mu"), AXES, strict=True))}
    engine = Engine(build_physics(CASES["B"]), axes, ("chi2_total",))
    tables, count = engine.mass_tables(0), AXES[0].size * AXES[1].size * AXES[2].size
    whole = [np.empty(count, dtype=np.float32)]
    engine.evaluate(tables, 0, count, whole)
    pieces = [np.empty(count, dtype=np.float32)]
    for first in range(0, count, 101):
        here = [pieces[0][first : first + 101]]
        engine.evaluate(tables, first, len(here[0]), here)
    np.testing.assert_array_equal(whole[0], pieces[0])


def test_numbers_beyond_float32_are_its_largest() -> None:
    huge = made("x", "half-normal", "90%", Clause(EPS * EPS * EPS * EPS, up=1e-40))
    engine = Engine(
        build_physics(CASES["A"], constraints=[huge]),
        {"mass": np.array([0.05]), "eps": np.array([0.0, 1.0]), "eps_z": np.zeros(1), "g_mu": np.zeros(1)},
        ("chi2_constraints", "chi2_total"),
    )
    outputs = [np.empty(2, dtype=np.float32), np.empty(2, dtype=np.float32)]
    engine.evaluate(engine.mass_tables(0), 0, 2, outputs)
    largest = np.finfo(np.float32).max
    assert outputs[0].tolist() == [0.0, largest]
    assert outputs[1][1] == largest
