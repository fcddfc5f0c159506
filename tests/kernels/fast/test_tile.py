"""The loops over the points of a tile, against numpy, and what makes them fast."""

from __future__ import annotations

import itertools
import platform
import re

import numpy as np
import pytest
from numba import types

from tests.support.tolerances import FLOAT32_OUTPUT
from zdscan.compiled import cache
from zdscan.kernels.fast import bounds, tile
from zdscan.kernels.jit import njit


@pytest.mark.parametrize("prompt", [0.0, 0.4])
def test_inequalities_of_a_tile_against_polynomials(prompt):
    """Bits of points against numpy's polynomials."""
    rng = np.random.default_rng(5)
    lines, steps = tile.LANES, 7
    c, t = np.zeros(tile.COEFFICIENTS * lines), np.sort(rng.uniform(-1, 1, steps))
    c[: 4 * lines] = np.concatenate([rng.uniform(-0.1, 0.1, lines), *rng.uniform(0, 0.5, (3, lines))])
    d = rng.normal(size=(3, bounds.DEGREES, lines))
    d[:2, 3:] = 0.0
    flags = np.full(tile.MOST_STEPS * lines, 8, dtype=np.uint64)
    one, two, four = (np.uint64(k) for k in (1, 2, 4))
    tile.apply_quadratics(t, c, d.reshape(-1), 0, bounds.DEGREES, one, two, flags)
    tile.apply_inequality(t, c, d.reshape(-1), 2 * bounds.DEGREES, prompt, 0.8, four, flags)
    u = t[:, None] + c[:lines]
    holds = [sum(d[n, k] * u**k for k in range(bounds.DEGREES)) > 0.0 for n in range(3)]
    width = c[lines : 2 * lines] + c[2 * lines : 3 * lines] * u + c[3 * lines : 4 * lines] * u * u
    holds[2] &= (width >= prompt) & (width <= 0.8)
    assert np.any(width > 0.8)
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


@pytest.mark.parametrize("name", ["chi2_fixed", "chi2_long", "apply_quadratics", "apply_inequality"])
def test_loops_over_points_are_vectorised(name, monkeypatch):
    """Packed fused multiply-adds in the generated code, on full vector registers."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the pattern is that of x86-64")
    vector, bits, place = types.float64[::1], types.uint64[::1], types.int64
    signatures = dict.fromkeys(("chi2_fixed", "chi2_long"), (vector, vector, types.float64, types.float32[::1])) | {
        "apply_quadratics": (vector, vector, vector, place, place, types.uint64, types.uint64, bits),
        "apply_inequality": (vector, vector, vector, place, types.float64, types.float64, types.uint64, bits),
    }
    least = {"chi2_fixed": 6, "chi2_long": 32, "apply_quadratics": 4, "apply_inequality": 7}
    monkeypatch.setattr(cache, "_folder", None)  # code from the cache cannot be inspected
    kernel = njit(getattr(tile, name))
    kernel.compile(signatures[name])
    assembly = kernel.inspect_asm(kernel.signatures[0])
    if "vfmadd" not in assembly:
        pytest.skip("this processor has no fused multiply-add")
    packed = re.findall(r"vfn?m(?:add|sub)\d+pd\s.*%[yz]mm", assembly)
    assert len(packed) >= least[name]
