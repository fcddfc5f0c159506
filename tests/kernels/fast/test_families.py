"""chi2 of rates and quotients on grids against the reference evaluator, which divides row by row and whitens all rows.

Fast and reference share the tables of the forms; what is tested is the algebra: families, directions, polynomials.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from tests.support.thinning import only
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.expansion import Expander
from zdscan.evaluation.families import FamilyExpander
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast import families as kernel
from zdscan.physics.cases import CASES

DATA = ("latest", "lfu", "angular")
FIELDS = ("chi2", "chi2_muon", "chi2_br", "chi2_lfu", "chi2_angular")
# GeV: below all bins, inside bins of electrons, beside and on an edge of a bin, just below and above the muon
# threshold, inside bins, broad
MASSES = (0.0103, 0.15, np.sqrt(0.1), 0.205, 0.25, 0.7, np.sqrt(1.1), 1.9)
FLOAT32 = 1.2e-7  # of chi2: it is stored in float32, whose rounding is 6e-8; beside it the fast sums keep 1e-8


@functools.cache
def physics_of(case: str, theory: str, data: tuple[str, ...] = DATA):
    return build_physics(CASES[case], theory=theory, measurements=data, constraints=())


def axes_of(case: str, seed: int, lengths=(2, 5, 5)):
    """Both signs, zeros, and couplings from 1e-6 to the largest of the shipped jobs."""
    rng = np.random.default_rng(seed)

    def signed(n, largest):
        values = 10 ** rng.uniform(-6, np.log10(largest), n) * rng.choice([-1, 1], n)
        values[rng.integers(n)] = 0.0
        return np.unique(values)

    g_mu = np.array([0.0]) if case == "A" else np.unique(10 ** rng.uniform(-5, 0, lengths[2]))
    return signed(lengths[0], 1e-2), signed(lengths[1], 1e-1), g_mu


def filled(physics, mass_tables, axes, first=0, count=None):
    n = int(np.prod([len(axis) for axis in axes])) - first if count is None else count
    workspace = physics.workspace(mass_tables, axes, muon=True, kinds=FIELDS[2:])
    out = {name: np.empty(n, dtype=np.float32) for name in FIELDS}
    kinds = {name: out[name] for name in FIELDS[2:]}
    workspace.fill(axes, first, out["chi2"], np.empty(n, np.uint32), out["chi2_muon"], kinds)
    return out, workspace


@pytest.mark.parametrize(
    ("case", "theory"), only([("B", "complete"), ("C", "paper")], itertools.product("ABC", ("paper", "complete")))
)
def test_chi2_of_all_and_of_each_kind_is_that_of_the_reference(case: str, theory: str) -> None:
    physics = physics_of(case, theory)
    by_law = 0
    for seed, mass in enumerate(MASSES):
        axes, mass_tables = axes_of(case, seed), physics.mass_tables(mass)
        found, workspace = filled(physics, mass_tables, axes)
        points = run_of(axes, 0, len(found["chi2"]))
        reference = physics.quantities(mass_tables, points, FIELDS, workspace.bands.at)
        for name in FIELDS:
            np.testing.assert_allclose(
                found[name], np.minimum(reference[name], 3e38), FLOAT32, err_msg=f"{name} {mass}"
            )
        by_law += len(points[0]) - int(lost_of(workspace.families["chi2"][0], axes).sum())
    assert by_law > (120 if case != "A" else 40)  # or it would be the reference alone that was compared


def lost_of(terms, axes):
    n = int(np.prod([len(axis) for axis in axes]))
    lost = np.empty(n, dtype=np.uint8)
    space = kernel.work_space(terms)
    kernel.evaluate_families(terms, *axes, 0, n, 3e38, np.empty(n, np.float32), lost, *space)
    return lost != 0


@pytest.mark.parametrize("roles", list(itertools.permutations(range(3))))
def test_whichever_coupling_lines_run_along(roles: tuple[int, int, int]) -> None:
    physics = physics_of("B", "complete")
    axes, mass_tables = axes_of("B", 5, (5, 17, 18)), physics.mass_tables(0.3)
    expander = Expander(physics.matrix, physics.penguin, physics.likelihood, roles, True)
    terms = FamilyExpander(expander, physics.likelihood.counted("chi2")).expand(mass_tables)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2, lost = np.empty(n, np.float32), np.empty(n, np.uint8)
    kernel.evaluate_families(terms, *axes, 0, n, 3e38, chi2, lost, *kernel.work_space(terms))
    some = np.flatnonzero(lost == 0)[:: max(1, n // 200)]
    exact = physics.quantities(mass_tables, run_of(axes, 0, n)[:, some], ("chi2",))["chi2"]
    np.testing.assert_allclose(chi2[some], exact, FLOAT32)


@pytest.mark.parametrize(("case", "mass"), [("C", 0.05), ("C", 0.7), ("A", 1.2)])
def test_bytes_do_not_depend_on_where_a_run_of_points_begins_and_ends(case: str, mass: float) -> None:
    physics = physics_of(case, "complete")
    axes, mass_tables = axes_of(case, 3, (3, 21, 21)), physics.mass_tables(mass)
    whole, _ = filled(physics, mass_tables, axes)
    n = len(whole["chi2"])
    for first, count in ((0, 1), (n // 3, 5), (n // 2 + 1, n // 4), (n - 3, 3)):
        part, _ = filled(physics, mass_tables, axes, first, count)
        for name in FIELDS:
            assert part[name].tobytes() == whole[name][first : first + count].tobytes()


def test_ratios_and_rates_have_no_error_in_common() -> None:
    """Theory errors of ratios are no part of the directions: without angular rows chi2 is a sum of two."""
    physics = physics_of("C", "paper", ("latest", "lfu"))
    axes, mass_tables = axes_of("C", 1), physics.mass_tables(0.03)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2, br, lfu = (np.empty(n, dtype=np.float32) for _ in range(3))
    kinds = {"chi2_br": br, "chi2_lfu": lfu}
    workspace = physics.workspace(mass_tables, axes, kinds=tuple(kinds))
    workspace.fill(axes, 0, chi2, np.empty(n, np.uint32), chi2[:0], kinds)
    np.testing.assert_allclose(chi2, br.astype(float) + lfu, 2 * FLOAT32)
    exact = physics.quantities(mass_tables, run_of(axes, 0, n), ("chi2_lfu",))["chi2_lfu"]
    np.testing.assert_allclose(lfu, exact, FLOAT32)


@pytest.mark.parametrize("data", [("lfu",), ("angular",), ("lfu", "angular")])
def test_data_without_branching_fractions(data: tuple[str, ...]) -> None:
    physics = physics_of("C", "complete", data)
    axes, mass_tables = axes_of("C", 2), physics.mass_tables(0.05)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2 = np.empty(n, dtype=np.float32)
    physics.workspace(mass_tables, axes).fill(axes, 0, chi2, np.empty(n, np.uint32), chi2[:0])
    exact = physics.quantities(mass_tables, run_of(axes, 0, n), ("chi2",))["chi2"]
    np.testing.assert_allclose(chi2, exact, FLOAT32)


def test_the_standard_model_is_where_couplings_vanish() -> None:
    zero = np.array([0.0])
    for case in "ABC":
        physics = physics_of(case, "complete")
        found, _ = filled(physics, physics.mass_tables(0.3), (zero, zero, zero))
        for name in FIELDS:
            assert found[name][0] == pytest.approx(
                physics.sm_chi2[name.removeprefix("chi2").strip("_") or "all"], FLOAT32
            )


def test_an_engine_stores_what_points_have() -> None:
    axes = {
        "mass": np.array([0.03]),
        "eps": np.array([0.0]),
        "eps_z": np.array([-1e-4]),
        "g_mu": np.array([1e-2, 0.03]),
    }
    fields = ("chi2", "excluded", *FIELDS[1:], "predictions", "ratios")
    engine = Engine(build_physics(CASES["C"], measurements=DATA), axes, fields)
    outputs = [np.empty((2, f.components) if f.extra else 2, dtype=f.dtype) for f in engine.fields]
    engine.evaluate(engine.mass_tables(0), 0, 2, outputs)
    found = dict(zip(fields, outputs, strict=True))
    one = engine.physics.likelihood.chi2(found["predictions"][1].astype(float))
    for name in FIELDS:
        # predictions were rounded to float32, at worst all in one direction: pulls of 1e1 to 1e2 times 6e-8
        assert found[name][1] == pytest.approx(one[name.removeprefix("chi2").strip("_") or "all"], rel=1e-5)
