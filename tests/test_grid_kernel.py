"""The grid's kernels against the float64 reference and against the integrals, and what makes them fast."""

from __future__ import annotations

import itertools
import platform
import re

import numpy as np
import pytest
from numba import types

from kernels import sweep
from kernels.slice import HEADER, PER_ROW
from tests.tolerances import FLOAT32_OUTPUT, GRID_CHI2
from zdscan.engine import Engine, build_physics
from zdscan.model import CASES, Case

FIELDS = ("chi2", "excluded", "chi2_muon")
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
    physics = build_physics(CASES.get(case, OWN), theory=theory, theory_errors=theory_errors)
    slice_ = physics.build_slice(mass)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2, muon, bits = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.uint32)
    physics.fill(physics.workspace(slice_, axes), axes, 0, chi2, bits, muon)
    reference = physics.evaluate(slice_, axes, want=("chi2_muon", "ratios", "widths"))
    # where some row is beyond its small-width law the grid takes all rows from the integrals; so does the reference
    # with the law forbidden
    exact = slice_.copy()
    limits = exact[HEADER : HEADER + PER_ROW * 26].reshape(26, PER_ROW)[:, -1]
    lowest = [np.min(limits[physics.likelihood.lepton == k]) for k in range(2)]
    limits[:] = 0.0
    width = reference["widths"].sum(axis=1)
    wide = width > (lowest[1] if case == "C" else min(lowest))
    from_integrals = physics.evaluate(exact, axes, want=("chi2_muon",))
    largest = np.finfo(np.float32).max
    for mine, name in ((chi2, "chi2"), (muon, "chi2_muon")):
        np.testing.assert_allclose(mine[~wide], np.minimum(reference[name], largest)[~wide], rtol=GRID_CHI2)
        np.testing.assert_allclose(mine[wide], np.minimum(from_integrals[name], largest)[wide], rtol=FLOAT32_OUTPUT)
    differ = bits[:, None] >> np.arange(len(physics.constraints), dtype=np.uint32) & 1 != (reference["ratios"] >= 1.0)
    assert np.all(np.abs(reference["ratios"][differ] - 1.0) < NEAR_LIMIT)
    return n, int(wide.sum())


def many(case, theory, theory_errors, lengths, masses):
    rng = np.random.default_rng(sum(map(ord, case + theory + theory_errors)))
    points = wide = 0
    for low, high in ((0.01, 0.2), (0.2, 0.35), (0.35, 2.0)):
        for _ in range(masses):
            mass = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            more = compare(case, theory, theory_errors, mass, random_axes(rng, case, lengths))
            points, wide = points + more[0], wide + more[1]
    return points, wide


SETTINGS = [
    ("A", "paper", "table"),
    ("A", "complete", "flavio-covariance"),
    ("B", "paper", "flavio-covariance"),
    ("B", "complete", "table"),
    ("C", "paper", "table"),
    ("C", "complete", "flavio"),
    ("own", "complete", "table"),
]


@pytest.mark.parametrize(("case", "theory", "theory_errors"), SETTINGS)
def test_grid_kernel_against_the_reference(case, theory, theory_errors):
    points, wide = many(case, theory, theory_errors, (5, 14, 24) if case != "A" else (40, 60, 1), 2)
    assert points > 9000
    if case in ("B", "C"):
        assert wide > points / 50


@pytest.mark.slow
@pytest.mark.parametrize(("case", "theory", "theory_errors"), SETTINGS)
def test_grid_kernel_against_the_reference_on_many_points(case, theory, theory_errors):
    points, _ = many(case, theory, theory_errors, (14, 40, 60) if case != "A" else (150, 250, 1), 12)
    assert points > 1_000_000


@pytest.mark.parametrize("n_g", [1, 2, 15, 16, 40])
def test_both_directions_of_lines(n_g):
    """A short g_mu axis makes lines along eps_z, with stride n_g; cuts fall anywhere."""
    rng = np.random.default_rng(n_g)
    axes = {"mass": np.array([0.4]), "eps": np.array([-1e-3, 0.0, 1e-4])}
    axes |= {"eps_z": np.sort(rng.uniform(-0.1, 0.1, 23)), "g_mu": np.sort(rng.uniform(0.0, 1.0, n_g))}
    engine = Engine(build_physics(CASES["B"]), axes, FIELDS)
    count = 3 * 23 * n_g
    slice_ = engine.build_slice(0)

    def run(cuts):
        out = [np.empty(count, dtype=field.dtype) for field in engine.fields]
        for start, stop in itertools.pairwise(cuts):
            engine.evaluate(slice_, int(start), int(stop - start), [x[start:stop] for x in out])
        return out

    whole = run([0, count])
    reference = engine.physics.evaluate(slice_, (axes["eps"], axes["eps_z"], axes["g_mu"]))
    np.testing.assert_allclose(whole[0], reference["chi2"], rtol=FLOAT32_OUTPUT)
    np.testing.assert_array_equal(whole[1], reference["excluded"])
    for _ in range(5):
        pieces = run(np.unique(np.concatenate([[0, count], rng.integers(0, count, 7)])))
        for mine, other in zip(whole, pieces, strict=True):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("name", ["chi2_short", "chi2_long", "test_squares", "test_any"])
def test_loops_over_points_are_vectorised(name):
    """Packed fused multiply-adds in the generated code, on full vector registers."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the pattern is that of x86-64")
    vector, bits = types.float64[::1], types.uint64[::1]
    signatures = {
        "chi2_short": (vector, vector, types.float64, types.float32[::1]),
        "chi2_long": (vector, vector, types.float64, types.float32[::1]),
        "test_squares": (vector, types.float64[:, ::1], bits, bits),
        "test_any": (vector, vector, types.float64[:], types.float64, types.uint64, bits),
    }
    least = {"chi2_short": 20, "chi2_long": 40, "test_squares": 8, "test_any": 4}
    kernel = type(sweep.chi2_short)(getattr(sweep, name).py_func, targetoptions=getattr(sweep, name).targetoptions)
    kernel.compile(signatures[name])
    assembly = kernel.inspect_asm(kernel.signatures[0])
    if "vfmadd" not in assembly:
        pytest.skip("this processor has no fused multiply-add")
    packed = re.findall(r"vfn?m(?:add|sub)\d+pd\s.*%[yz]mm", assembly)
    assert len(packed) >= least[name]
