"""The grid's kernels against the float64 reference and against the integrals, and what makes them fast."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.support.thinning import every, only
from tests.support.tolerances import FLOAT32_OUTPUT, GRID_CHI2
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast.evaluate import evaluate_grid, work_space
from zdscan.kernels.tables.mass import HEADER, PER_ROW
from zdscan.physics.cases import CASES, Case

FIELDS = ("chi2", "excluded", "chi2_muon")
CLOSED_FORMS = 500  # points at a mass, at most, that are compared with the integrals in closed form: 0.3 ms each
NEAR_LIMIT = 1e-6  # ratios this near to 1 may be judged either way
OWN = Case.from_couplings(
    "own",
    {
        "v_mu": {"eps": -0.3, "g_mu": 1.0},
        "a_mu": {"eps_z": 0.2},
        "v_u": {"g_mu": 0.1, "eps_z": 0.05},
        "a_u": {"eps_z": 0.1},
    }
    | {
        "v_d": {"g_mu": 0.05, "eps_z": 0.02},
        "v_s": {"g_mu": 0.05, "eps_z": 0.02},
        "gpp": {"g_mu": 0.05, "eps_z": -0.07},
    },
)


def random_axes(rng, case, lengths):
    """Axes with both signs, zeros and couplings from 1e-12 to 1 (0.1 for mixing)."""

    def signed(n, largest):
        values = 10 ** rng.uniform(-7, np.log10(largest), n) * rng.choice([-1, 1], n)
        values[rng.integers(n)] = 0.0
        return np.unique(values)

    g_mu = np.unique(np.concatenate([signed(lengths[2], 1.0), [1e-12]])) if case != "A" else np.array([0.0])
    return signed(lengths[0], 1e-2), signed(lengths[1], 1e-1), g_mu


def compare(case, theory, theory_errors, mass, axes):
    """Evaluate the points both ways; (points, those beyond the small-width law)."""
    physics = build_physics(
        CASES.get(case, OWN), theory=theory, theory_errors=theory_errors, measurements="rashed2024-corrected"
    )
    mass_tables = physics.mass_tables(mass)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2, muon, bits = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.uint64)
    workspace, points = physics.workspace(mass_tables, axes, muon=True), run_of(axes, 0, n)
    workspace.fill(axes, 0, chi2, bits, muon)
    fields = ("chi2", "chi2_muon", "ratios", "widths")
    reference = physics.quantities(mass_tables, points, fields, workspace.bands.at)
    # where some row is beyond its small-width law the grid takes all rows from the integrals; so does the reference
    # with the law forbidden
    exact = mass_tables.copy()
    limits = exact[HEADER : HEADER + PER_ROW * 26].reshape(26, PER_ROW)[:, -1]
    lowest = [np.min(limits[physics.likelihood.lepton == k]) for k in range(2)]
    limits[:] = 0.0
    width = reference["widths"].sum(axis=1)
    broad = width > (lowest[1] if case == "C" else min(lowest))
    some = np.flatnonzero(broad)[:: broad.sum() // CLOSED_FORMS + 1]
    from_integrals = physics.quantities(exact, points[:, some], ("chi2", "chi2_muon"))
    largest = np.finfo(np.float32).max
    for mine, name in ((chi2, "chi2"), (muon, "chi2_muon")):
        np.testing.assert_allclose(mine[~broad], np.minimum(reference[name], largest)[~broad], rtol=GRID_CHI2)
        np.testing.assert_allclose(mine[some], np.minimum(from_integrals[name], largest), rtol=FLOAT32_OUTPUT)
        # all of them against tables that are interpolated in the width
        interpolated = physics.quantities(exact, points[:, broad], (name,), workspace.bands.at)[name]
        np.testing.assert_allclose(mine[broad], np.minimum(interpolated, largest), rtol=FLOAT32_OUTPUT)
    differ = bits[:, None] >> np.arange(len(physics.constraints), dtype=np.uint64) & np.uint64(1) != (
        reference["ratios"] >= 1.0
    )
    assert np.all(np.abs(reference["ratios"][differ] - 1.0) < NEAR_LIMIT)
    return n, int(broad.sum())


def many(case, theory, theory_errors, lengths, masses):
    rng = np.random.default_rng(sum(map(ord, case + theory + theory_errors)))
    points = broad = 0
    for low, high in ((0.01, 0.2), (0.2, 0.35), (0.35, 2.0)):
        for _ in range(masses):
            mass = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            more = compare(case, theory, theory_errors, mass, random_axes(rng, case, lengths))
            points, broad = points + more[0], broad + more[1]
    return points, broad


SETTINGS = [
    ("A", "paper", "table"),
    ("A", "complete", "flavio-covariance"),
    ("B", "paper", "flavio-covariance"),
    ("B", "complete", "table"),
    ("C", "paper", "table"),
    ("C", "complete", "flavio"),
    ("own", "complete", "table"),
]


@pytest.mark.parametrize(("case", "theory", "theory_errors"), every(2, SETTINGS[::-1]))
def test_grid_kernel_against_the_reference(case, theory, theory_errors):
    points, broad = many(case, theory, theory_errors, (5, 14, 24) if case != "A" else (40, 60, 1), 2)
    assert points > 9000
    if case in ("B", "C"):
        assert broad > points / 50


@pytest.mark.slow
@pytest.mark.parametrize(("case", "theory", "theory_errors"), SETTINGS)
def test_grid_kernel_against_the_reference_on_many_points(case, theory, theory_errors):
    points, _ = many(case, theory, theory_errors, (14, 40, 60) if case != "A" else (150, 250, 1), 12)
    assert points > 1_000_000


@pytest.mark.parametrize("n_g", only([1, 15, 16], [2, 40]))
def test_both_directions_of_lines(n_g):
    """A short g_mu axis makes lines along eps_z, with stride n_g; cuts fall anywhere."""
    rng = np.random.default_rng(n_g)
    axes = {"mass": np.array([0.4]), "eps": np.array([-1e-3, 0.0, 1e-4])}
    axes |= {"eps_z": np.sort(rng.uniform(-0.1, 0.1, 23)), "g_mu": np.sort(rng.uniform(0.0, 1.0, n_g))}
    engine = Engine(build_physics(CASES["B"], measurements="rashed2024-corrected"), axes, FIELDS)
    count = 3 * 23 * n_g
    mass_tables = engine.mass_tables(0)

    def run(cuts):
        out = [np.empty(count, dtype=field.dtype) for field in engine.fields]
        for start, stop in itertools.pairwise(cuts):
            engine.evaluate(mass_tables, int(start), int(stop - start), [x[start:stop] for x in out])
        return out

    whole = run([0, count])
    reference = engine.physics.evaluate(mass_tables, (axes["eps"], axes["eps_z"], axes["g_mu"]))
    np.testing.assert_allclose(whole[0], reference["chi2"], rtol=FLOAT32_OUTPUT)
    np.testing.assert_array_equal(whole[1], reference["excluded"])
    for _ in range(5):
        pieces = run(np.unique(np.concatenate([[0, count], rng.integers(0, count, 7)])))
        for mine, other in zip(whole, pieces, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_cancelled_digits_come_from_the_reference():
    """Where squares of couplings cancel below the digits of their sum, the point is marked and computed again."""
    difference = {"eps": 0.1, "eps_z": -0.1}
    minus = {name: -value for name, value in difference.items()}
    own = Case.from_couplings("own", {"v_mu": {"g_mu": 1.0}, "a_u": minus, "gpp": difference})
    physics = build_physics(own, measurements="rashed2024-corrected")
    values = np.array([1.0, 1.0 + 1e-13, 1.0 + 1e-9])
    axes = (values, values, np.linspace(0.1, 1.0, 16))
    mass_tables = physics.mass_tables(0.05)
    n = 9 * 16
    chi2, bits, none = np.empty(n, np.float32), np.empty(n, np.uint64), np.empty(0, np.float32)
    workspace, lost = physics.workspace(mass_tables, axes), np.empty(n, np.uint8)
    expansion, largest = workspace.parts[0][0], float(np.finfo(np.float32).max)
    count = evaluate_grid(expansion, *axes, 0, n, largest, chi2, bits, lost, *work_space(expansion))
    assert count == lost.sum() > 0
    workspace.fill(axes, 0, chi2, bits, none)
    np.testing.assert_allclose(chi2, physics.evaluate(mass_tables, axes)["chi2"], rtol=GRID_CHI2)
