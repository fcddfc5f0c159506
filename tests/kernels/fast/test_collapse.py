"""Polynomials collapsed to planes and lines, against numpy."""

from __future__ import annotations

import numpy as np

from zdscan.evaluation.monomials import TermLayouts
from zdscan.kernels.fast import collapse


def hand(n):
    """Random float64 with both signs over twelve orders of magnitude."""
    rng = np.random.default_rng(n)
    return 10 ** rng.uniform(-9, 3, n) * rng.choice([-1, 1], n)


def test_terms_against_polynomials_written_out():
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
