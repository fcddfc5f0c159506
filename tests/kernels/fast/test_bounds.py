"""What interval bounds decide, against the points."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.fast.test_collapse import hand
from zdscan.evaluation.monomials import TermLayouts
from zdscan.kernels.fast import bounds, collapse, tile, window


def random_inequalities(rng, count):
    """Terms of `count` polynomials D(b, u) at a = 1, and the terms' ends."""
    keys = {(bounds.DEGREES * n + k, int(rng.integers(5)), 0) for n in range(count) for k in range(n % 5 + 1)}
    keys |= {(bounds.DEGREES * n + n % 5, j, 0) for n in range(count) for j in range(3)}
    keys = np.array(sorted(keys))
    terms = TermLayouts(keys).terms(hand(len(keys)))
    return terms, np.searchsorted(terms.row, bounds.DEGREES * np.arange(1, count + 1, dtype=np.uint64))


@pytest.mark.parametrize("seed", range(5))
def test_decided_inequalities_against_the_points(seed):
    """What bounds decide for a tile is so at every point of it, with widths below, around and above the least one."""
    rng = np.random.default_rng(seed)
    tests, lines = 30, tile.LANES
    terms, ends = random_inequalities(rng, tests)
    worth, degree = np.empty(len(terms.row)), np.arange(tests) % 5
    collapse.in_plane(terms, np.ones(collapse.POWERS), worth)
    prompt = rng.choice([0.0, 0.3, 3.0], tests)
    broadest = rng.choice([np.inf, 0.5, 1.5], tests)
    bit = np.uint64(1) << np.arange(tests, dtype=np.uint64)
    no_window = np.zeros(tests * window.NUMBERS)
    decided = 0
    for _ in range(40):
        b = np.sort(rng.uniform(-1, 1) + 10 ** rng.uniform(-4, 0) * rng.uniform(-1, 1, lines))
        u = np.sort(rng.uniform(-1, 1) + 10 ** rng.uniform(-4, 0) * rng.uniform(-1, 1, 12))
        width = np.array([1.0, 0.2, 0.5]) @ np.array([u**0, u, u * u])
        b_least, b_most = np.empty(collapse.POWERS), np.empty(collapse.POWERS)
        u_least, u_most = np.empty(bounds.DEGREES), np.empty(bounds.DEGREES)
        bounds.power_ranges(b[0], b[-1], b_least, b_most)
        bounds.power_ranges(u[0], u[-1], u_least, u_most)
        low, high = np.zeros(tests * bounds.DEGREES), np.zeros(tests * bounds.DEGREES)
        bounds.row_ranges(terms, worth, b_least, b_most, low, high)
        left, every, size = np.full(tests, -1), np.arange(tests), tests * bounds.DEGREES
        some_low, some_high, lowest, highest = (np.full(n, np.nan) for n in (size, size, tests, tests))
        top = bounds.gather(low, high, degree, every, tests, some_low, some_high)
        bits, remaining = bounds.decide(
            *(some_low, some_high, top, lowest, highest, bit, prompt, broadest, no_window),
            *(True, width.min(), width.max(), u_least, u_most, every, tests, left),
        )
        b_powers, d = np.empty(collapse.POWERS * lines), np.full(tests * bounds.DEGREES * lines, np.nan)
        collapse.powers_of_all(b, b_powers)
        collapse.some_on_lines(terms, ends, bounds.DEGREES, every, tests, worth, b_powers, lines, d)
        d = d.reshape(tests, bounds.DEGREES, lines)
        for n in set(range(tests)) - set(left[:remaining].tolist()):
            value = np.polynomial.polynomial.polyval(u, d[n]).T
            holds = (value > 0.0) & ((width >= prompt[n]) & (width <= broadest[n]))[:, None]
            scale = 1e-12 * np.polynomial.polynomial.polyval(np.abs(u), np.abs(d[n])).T
            clear = np.abs(value) > scale
            assert np.all(holds[clear] == bool(bits >> np.uint64(n) & np.uint64(1)))
            decided += 1
    assert decided > 300
