"""The grid's kernels against the float64 reference and against the integrals, and what makes them fast."""

from __future__ import annotations

import itertools
import platform
import re

import numpy as np
import pytest
from numba import types

from tests.support.tolerances import FLOAT32_OUTPUT, GRID_CHI2
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.expansion import Expander, roles_of
from zdscan.evaluation.monomials import SquareLayout, TermLayouts, monomials
from zdscan.evaluation.points import run_of
from zdscan.grid.blocks import LINES_AT_ONCE
from zdscan.kernels.fast import bounds as verdict
from zdscan.kernels.fast import collapse, tile
from zdscan.kernels.fast.evaluate import evaluate_grid, work_space
from zdscan.kernels.fast.gram import expand
from zdscan.kernels.jit import njit
from zdscan.kernels.physics.bsll import FUNCTIONS, exact_tables
from zdscan.kernels.tables import bands
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
    physics = build_physics(CASES.get(case, OWN), theory=theory, theory_errors=theory_errors)
    mass_tables = physics.mass_tables(mass)
    n = int(np.prod([len(axis) for axis in axes]))
    chi2, muon, bits = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.uint32)
    workspace, points = physics.workspace(mass_tables, axes, muon=True), run_of(axes, 0, n)
    physics.fill(workspace, axes, 0, chi2, bits, muon)
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
    differ = bits[:, None] >> np.arange(len(physics.constraints), dtype=np.uint32) & 1 != (reference["ratios"] >= 1.0)
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


@pytest.mark.parametrize(("case", "theory", "theory_errors"), SETTINGS)
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


@pytest.mark.parametrize("n_g", [1, 2, 15, 16, 40])
def test_both_directions_of_lines(n_g):
    """A short g_mu axis makes lines along eps_z, with stride n_g; cuts fall anywhere."""
    rng = np.random.default_rng(n_g)
    axes = {"mass": np.array([0.4]), "eps": np.array([-1e-3, 0.0, 1e-4])}
    axes |= {"eps_z": np.sort(rng.uniform(-0.1, 0.1, 23)), "g_mu": np.sort(rng.uniform(0.0, 1.0, n_g))}
    engine = Engine(build_physics(CASES["B"]), axes, FIELDS)
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


def hand(n):
    """Random float64 with both signs over twelve orders of magnitude."""
    rng = np.random.default_rng(n)
    return 10 ** rng.uniform(-9, 3, n) * rng.choice([-1, 1], n)


def test_cells_of_one_set_of_values_after_the_other():
    """Layouts are kept by the set of zeros: each set of values gets the terms it would get alone."""
    keys = np.array([(row, b, a) for row in range(3) for b in range(4) for a in range(3)])
    terms, rng = TermLayouts(keys), np.random.default_rng(9)
    for _ in range(40):
        values = rng.normal(size=len(keys)) * (rng.uniform(size=len(keys)) < rng.choice([0.0, 0.3, 0.9, 1.0]))
        for made in (terms.terms(values), terms.terms(2.0 * values)):
            found = []
            starts = [0, *made.end.tolist()]
            for row, power, first, last in zip(made.row, made.power, starts, made.end, strict=False):
                entries = zip(made.entry_power[first:last], made.entry_value[first:last], strict=True)
                found += [(row, power, a, v) for a, v in entries]
            scale = 1.0 if made.entry_value.tolist() == values[values != 0.0].tolist() else 2.0
            assert found == [(*key, scale * v) for key, v in zip(keys.tolist(), values, strict=True) if v != 0.0]


def test_cells_against_polynomials_written_out():
    """Planes and lines against numpy's own evaluation of the same terms."""
    rows, lines = 5, 16
    keys = np.array(
        sorted({tuple(row) for row in np.random.default_rng(3).integers(0, (rows, 9, 9), (60, 3)).tolist()})
    )
    values = hand(len(keys))
    terms = TermLayouts(keys).terms(values)
    a, b = 0.7, np.linspace(-1.3, 0.9, lines)
    powers, worth, out = np.empty(collapse.POWERS), np.empty(len(terms.row)), np.zeros((rows + 2, lines))
    b_powers = np.empty(collapse.POWERS * lines)
    collapse.powers_of(a, powers)
    collapse.powers_of_all(b, b_powers)
    collapse.in_plane(terms, powers, worth)
    collapse.on_lines(terms, worth, b_powers, lines, 2, out.reshape(-1))
    assert np.all(out[:2] == 0.0)
    out = out[2:]
    for row in range(rows):
        mine = keys[:, 0] == row
        terms = values[mine, None] * a ** keys[mine, 2, None] * b ** keys[mine, 1, None]
        np.testing.assert_allclose(out[row], terms.sum(axis=0), atol=1e-13 * np.abs(terms).sum(axis=0).max())


def random_tests(rng, count):
    """Terms of `count` polynomials D(b, u) at a = 1, and the terms' ends."""
    keys = {(verdict.DEGREES * n + k, int(rng.integers(5)), 0) for n in range(count) for k in range(n % 5 + 1)}
    keys |= {(verdict.DEGREES * n + n % 5, j, 0) for n in range(count) for j in range(3)}
    keys = np.array(sorted(keys))
    terms = TermLayouts(keys).terms(hand(len(keys)))
    return terms, np.searchsorted(terms.row, verdict.DEGREES * np.arange(1, count + 1, dtype=np.uint64))


@pytest.mark.parametrize("seed", range(5))
def test_decided_tests_against_the_points(seed):
    """What bounds decide for a tile is so at every point of it, with widths below, around and above the least one."""
    rng = np.random.default_rng(seed)
    tests, lines = 30, tile.LANES
    terms, ends = random_tests(rng, tests)
    worth, degree = np.empty(len(terms.row)), np.arange(tests) % 5
    collapse.in_plane(terms, np.ones(collapse.POWERS), worth)
    prompt = rng.choice([0.0, 0.3, 3.0], tests)
    bit = np.uint64(1) << np.arange(tests, dtype=np.uint64)
    decided = 0
    for _ in range(40):
        b = np.sort(rng.uniform(-1, 1) + 10 ** rng.uniform(-4, 0) * rng.uniform(-1, 1, lines))
        u = np.sort(rng.uniform(-1, 1) + 10 ** rng.uniform(-4, 0) * rng.uniform(-1, 1, 12))
        width = np.array([1.0, 0.2, 0.5]) @ np.array([u**0, u, u * u])
        b_least, b_most = np.empty(collapse.POWERS), np.empty(collapse.POWERS)
        u_least, u_most = np.empty(verdict.DEGREES), np.empty(verdict.DEGREES)
        verdict.power_ranges(b[0], b[-1], b_least, b_most)
        verdict.power_ranges(u[0], u[-1], u_least, u_most)
        low, high = np.zeros(tests * verdict.DEGREES), np.zeros(tests * verdict.DEGREES)
        verdict.row_ranges(terms, worth, b_least, b_most, low, high)
        left, every = np.full(tests, -1), np.arange(tests)
        bits, remaining = verdict.decide(
            *(low, high, degree, bit, prompt, width.min(), width.max()), *(u_least, u_most, every, tests, left)
        )
        b_powers, d = np.empty(collapse.POWERS * lines), np.full(tests * verdict.DEGREES * lines, np.nan)
        collapse.powers_of_all(b, b_powers)
        collapse.some_on_lines(terms, ends, verdict.DEGREES, every, tests, worth, b_powers, lines, d)
        d = d.reshape(tests, verdict.DEGREES, lines)
        for n in set(range(tests)) - set(left[:remaining].tolist()):
            value = np.polynomial.polynomial.polyval(u, d[n]).T
            holds = (value > 0.0) & (width >= prompt[n])[:, None]
            scale = 1e-12 * np.polynomial.polynomial.polyval(np.abs(u), np.abs(d[n])).T
            clear = np.abs(value) > scale
            assert np.all(holds[clear] == bool(bits >> np.uint64(n) & np.uint64(1)))
            decided += 1
    assert decided > 300


@pytest.mark.parametrize("prompt", [0.0, 0.4])
def test_tests_of_a_tile_against_polynomials(prompt):
    """Bits of points against numpy's polynomials."""
    rng = np.random.default_rng(5)
    lines, steps = tile.LANES, 7
    c, t = np.zeros(tile.COEFFICIENTS * lines), np.sort(rng.uniform(-1, 1, steps))
    c[: 4 * lines] = np.concatenate([rng.uniform(-0.1, 0.1, lines), *rng.uniform(0, 0.5, (3, lines))])
    d = rng.normal(size=(3, verdict.DEGREES, lines))
    d[:2, 3:] = 0.0
    flags = np.full(tile.MOST_STEPS * lines, 8, dtype=np.uint64)
    one, two, four = (np.uint64(k) for k in (1, 2, 4))
    tile.apply_quadratics(t, c, d.reshape(-1), 0, verdict.DEGREES, one, two, flags)
    tile.apply_inequality(t, c, d.reshape(-1), 2 * verdict.DEGREES, prompt, four, flags)
    u = t[:, None] + c[:lines]
    holds = [sum(d[n, k] * u**k for k in range(verdict.DEGREES)) > 0.0 for n in range(3)]
    holds[2] &= c[lines : 2 * lines] + c[2 * lines : 3 * lines] * u + c[3 * lines : 4 * lines] * u * u >= prompt
    expected = 8 + holds[0] + 2 * holds[1] + 4 * holds[2]
    np.testing.assert_array_equal(flags.reshape(-1, lines)[:steps], expected)
    assert np.all(flags.reshape(-1, lines)[steps:] == 8)


@pytest.mark.parametrize("kind", [tile.FIXED, tile.LONG])
def test_chi2_of_a_tile_against_polynomials(kind):
    """Both loops against numpy's polynomials, and the points they call lost."""
    rng = np.random.default_rng(kind)
    lines, steps = tile.LANES, 5
    rows = np.zeros((tile.COEFFICIENTS, lines))
    rows[0] = rng.uniform(-0.1, 0.1, lines)
    rows[1:4] = rng.uniform(0.1, 1.0, (3, lines)) * np.array([1.0, 0.1, 1.0])[:, None]
    rows[2:4] *= kind != tile.FIXED
    powers = {tile.FIXED: tile.FIXED_POWERS, tile.LONG: (8, 8, 8, 4, 4)}[kind]
    begins = (tile.REGULAR, tile.MIXED, tile.RESONANT, tile.LENGTH_P, tile.LENGTH_Q)
    for begin, power in zip(begins, powers, strict=True):
        rows[begin : begin + power + 1] = rng.uniform(0.1, 2.0, (power + 1, lines))
    rows[tile.LENGTH_P] = 10 ** rng.uniform(2, 6, lines)  # on both sides of what is relied on
    t = np.sort(rng.uniform(-1, 1, steps))
    u = t[:, None] + rows[0]
    sums = [sum(rows[b + k] * (u if b < tile.LENGTH_P else abs(u)) ** k for k in range(9)) for b in begins[:3]]
    bounds = [sum(rows[b + k] * abs(u) ** k for k in range(5)) for b in begins[3:]]
    width = rows[1] + rows[2] * u + rows[3] * u * u
    expected, size = sums[0] + sums[1] / width + sums[2] / width**2, bounds[0] + bounds[1] / width
    lost = ~(expected * tile.CANCELLED >= size**2)
    assert 0 < lost.sum() < lost.size
    c, found = rows.reshape(-1).copy(), np.full(tile.MOST_STEPS * lines, -1.0, dtype=np.float32)
    if kind == tile.FIXED:
        tile.sum_over_widths(c)
    loop = (tile.chi2_fixed, tile.chi2_long)[kind]
    largest = float(np.median(expected))
    assert loop(t, c, largest, found) == lost.sum()
    np.testing.assert_allclose(found.reshape(-1, lines)[:steps], np.minimum(expected, largest), rtol=FLOAT32_OUTPUT)
    assert np.all(found.reshape(-1, lines)[steps:] == -1.0)
    for s, i in itertools.product(range(steps), range(lines)):
        assert tile.is_lost(u[s, i], c, i, kind == tile.FIXED) == lost[s, i]


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


def test_expanded_squares_against_the_squares():
    """chi2 as a polynomial against the sum of squares it was made from, at random couplings."""
    rng = np.random.default_rng(8)
    rows, count = 6, 4
    exponents = monomials(0, 2, 4)
    over_width = np.zeros(len(exponents), dtype=np.int64)
    lepton, residual = np.array([0, 0, 1, 1, 1, 0]), rng.normal(size=rows)
    tables, whitening = rng.normal(size=(2, rows, count)), np.tril(rng.normal(size=(rows, rows)))
    products = rng.normal(size=(2, count, len(exponents)))
    products[:, :, 0] = 0.0
    occurs = np.ones(len(exponents), dtype=bool)
    occurs[[3, 9, 17]] = False
    products[:, :, ~occurs] = 0.0
    expansion = SquareLayout.of(occurs, exponents, over_width)
    terms, norms = np.empty((2, len(expansion.keys))), np.empty((2, occurs.sum()))
    live = np.ascontiguousarray(products[:, :, occurs])
    expand(tables, lepton, residual, whitening, live, expansion.pair, terms, norms)
    for point in rng.uniform(-1.5, 1.5, (20, 3)):
        factors = np.prod(point**exponents, axis=1)
        for n in range(2):
            prediction = residual + np.array([tables[n, r] @ products[lepton[r]] @ factors for r in range(rows)])
            expected = np.sum((whitening @ prediction) ** 2)
            row, b, a = expansion.keys.T
            sizes = terms[n] * point[2] ** row * point[1] ** b * point[0] ** a
            assert sizes.sum() == pytest.approx(expected, abs=1e-13 * np.abs(sizes).sum())
            assert np.sqrt(expected) <= norms[n] @ np.abs(factors[occurs]) * (1 + 1e-12)


@pytest.mark.parametrize("band", [160, 167, 169])
def test_exact_tables_of_a_band(band):
    """All nodes at once against the rows' tables one width after the other."""
    physics = build_physics(CASES["B"], theory="complete")
    rows, mass = physics.likelihood, 0.6
    expander = Expander(physics.matrix, physics.penguin, rows, (0, 1, 2), longitudinal=True)
    panels = rows.sm_tables.panel_lo, rows.sm_tables.panel_hi
    found = np.empty((bands.NODES, 26, bands.TABLES))
    every = np.ones(FUNCTIONS, dtype=bool)
    bands.band_tables(mass, 1 / mass**2, rows.row_start, *panels, rows.functions, every, expander.touched, band, found)
    lin, quad = np.empty(5), np.empty(9)
    for node, row in itertools.product(range(bands.NODES), (0, 7, 15, 25)):
        x = bands.NODE[node]
        width = np.ldexp(2.0, 2 * band + bands.LOWEST) * (1 + x) / (1 - x)
        one = slice(rows.row_start[row], rows.row_start[row + 1])
        exact_tables(*(panel[one] for panel in panels), rows.functions[one], mass, width, 1 / mass**2, lin, quad)
        np.testing.assert_allclose(found[node, row], np.concatenate([lin, quad]), rtol=1e-9)


def test_cancelled_digits_come_from_the_reference():
    """Where squares of couplings cancel below the digits of their sum, the point is marked and computed again."""
    difference = {"eps": 0.1, "eps_z": -0.1}
    minus = {name: -value for name, value in difference.items()}
    own = Case.from_couplings("own", {"v_mu": {"g_mu": 1.0}, "a_u": minus, "gpp": difference})
    physics = build_physics(own)
    values = np.array([1.0, 1.0 + 1e-13, 1.0 + 1e-9])
    axes = (values, values, np.linspace(0.1, 1.0, 16))
    mass_tables = physics.mass_tables(0.05)
    n = 9 * 16
    chi2, bits, none = np.empty(n, np.float32), np.empty(n, np.uint32), np.empty(0, np.float32)
    workspace, lost = physics.workspace(mass_tables, axes), np.empty(n, np.uint8)
    expansion, largest = workspace.parts[0][0], np.finfo(np.float32).max
    count = evaluate_grid(expansion, *axes, 0, n, largest, chi2, bits, lost, *work_space(expansion))
    assert count == lost.sum() > 0
    physics.fill(workspace, axes, 0, chi2, bits, none)
    np.testing.assert_allclose(chi2, physics.evaluate(mass_tables, axes)["chi2"], rtol=GRID_CHI2)


def test_widths_beyond_every_band_leave_the_others_of_their_line_alone():
    """A line whose largest width is in no band: its other points still have their tables."""
    physics = build_physics(CASES["C"])
    axes = (np.array([0.0]), np.array([1e-9]), np.geomspace(1e-3, 1e9, 40))
    mass_tables = physics.mass_tables(0.5)
    chi2, bits, none = np.empty(40, np.float32), np.empty(40, np.uint32), np.empty(0, np.float32)
    physics.fill(physics.workspace(mass_tables, axes), axes, 0, chi2, bits, none)
    exact = mass_tables.copy()
    exact[HEADER : HEADER + PER_ROW * 26].reshape(26, PER_ROW)[:, -1] = 0.0
    expected = np.minimum(physics.evaluate(exact, axes)["chi2"], np.finfo(np.float32).max)
    np.testing.assert_allclose(chi2[20:], expected[20:], rtol=FLOAT32_OUTPUT)


@pytest.mark.parametrize("name", ["chi2_fixed", "chi2_long", "apply_quadratics", "apply_inequality"])
def test_loops_over_points_are_vectorised(name, monkeypatch):
    """Packed fused multiply-adds in the generated code, on full vector registers."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the pattern is that of x86-64")
    vector, bits, place = types.float64[::1], types.uint64[::1], types.int64
    signatures = dict.fromkeys(("chi2_fixed", "chi2_long"), (vector, vector, types.float64, types.float32[::1])) | {
        "apply_quadratics": (vector, vector, vector, place, place, types.uint64, types.uint64, bits),
        "apply_inequality": (vector, vector, vector, place, types.float64, types.uint64, bits),
    }
    least = {"chi2_fixed": 6, "chi2_long": 32, "apply_quadratics": 4, "apply_inequality": 7}
    monkeypatch.delenv("NUMBA_CACHE_DIR")  # code from the cache cannot be inspected
    kernel = njit(getattr(tile, name))
    kernel.compile(signatures[name])
    assembly = kernel.inspect_asm(kernel.signatures[0])
    if "vfmadd" not in assembly:
        pytest.skip("this processor has no fused multiply-add")
    packed = re.findall(r"vfn?m(?:add|sub)\d+pd\s.*%[yz]mm", assembly)
    assert len(packed) >= least[name]
