"""chi2 at any points of one mass, one after the other, from the polynomials of an `Expansion`: for minimisers."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Terms, powers_of
from zdscan.kernels.fast.evaluate import Expansion, line_width
from zdscan.kernels.fast.tile import CANCELLED
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local

_PARTS = 3  # A, B, C of chi2; of the length p and q are the first two


@inner
def _sums(terms: Terms, a: np.ndarray, b: np.ndarray, u: np.ndarray, powers: np.uint64, out: np.ndarray) -> None:
    """The polynomials of terms, as many rows each as `powers`, at powers of a, b, u: out float64[_PARTS]."""
    first = 0
    out[:] = 0.0
    for c in range(terms.row.shape[0]):
        total = 0.0
        for e in range(first, terms.end[c]):
            total += terms.entry_value[e] * a[terms.entry_power[e]]
        first = terms.end[c]
        part = terms.row[c] // powers
        out[part] += total * b[terms.power[c]] * u[terms.row[c] - part * powers]


@njit
def evaluate_scattered(p: Expansion, limit: float, points: np.ndarray, chi2: np.ndarray, lost: np.ndarray) -> int:
    """chi2 at points float64[3, n], the parameters in the order of the case: chi2 float64[n], filled.

    limit : width in GeV beyond which the small-width law fails.
    lost : uint8[n], filled: 1 where it does, or where digits have cancelled; how many these are is returned.
    """
    a, b, u = local(POWERS), local(POWERS), local(POWERS)
    sums, sizes = local(_PARTS), local(_PARTS)
    count = 0
    for n in range(points.shape[1]):
        x, y, t = points[p.roles[0], n], points[p.roles[1], n], points[p.roles[2], n]
        z = t + (p.shift[0] * x + p.shift[1] * y)
        w0, w1, w2 = line_width(p.width, x, y)
        width = (w2 * z + w1) * z + w0
        r = 1.0 / width if width > 0.0 else 0.0
        powers_of(x, a)
        powers_of(y, b)
        powers_of(z, u)
        _sums(p.chi2, a, b, u, np.uint64(POWERS), sums)
        powers_of(abs(x), a)
        powers_of(abs(y), b)
        powers_of(abs(z), u)
        _sums(p.lengths, a, b, u, np.uint64(LENGTHS), sizes)
        value, size = (sums[2] * r + sums[1]) * r + sums[0], sizes[1] * r + sizes[0]
        chi2[n] = value
        lost[n] = 0 if value * CANCELLED >= size * size and width <= limit else 1
        count += lost[n]
    return count
