"""Points of a grid by the formulas of kernels/reference, many at a time: couplings and widths.

Where a field has many numbers a point, little is gained by expanding them: each is a short sum of products. What is
here and in kernels/fast/ratios.py and kernels/fast/predictions.py makes the same products and sums as the reference
evaluator, in the same order and with the same roundings (kernels/jit.py, `exact`), so that the numbers are the same;
but a loop runs over `POINTS` points whose numbers stay in the processor's first cache, and LLVM makes vectors of it.
Every array of numbers of points has POINTS of them for each quantity. All loops are of this one length: a run that
is shorter repeats its last point, and no point depends on where a run begins.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import exact_inner
from zdscan.kernels.physics.couplings import (
    A_D,
    A_E,
    A_MU,
    A_S,
    A_U,
    G_NUE,
    G_NUMU,
    G_NUTAU,
    V_D,
    V_E,
    V_MU,
    V_S,
    V_U,
)
from zdscan.kernels.physics.widths import CLOSED
from zdscan.kernels.tables.mass import AXIAL, ELECTRON, HADRONS, INVISIBLE, INVISIBLE_SHARE, MUON, NEUTRINO

POINTS = 128
# numbers of a point: what it decays to in the order of clauses (kernels/tables/clauses.py), partial widths in GeV
UNSEEN, TO_ELECTRONS, TO_MUONS, TO_HADRONS, TO_PIONS, WIDTH, INVERSE, OF_WIDTHS = range(8)


@exact_inner
def parameters_of(eps: np.ndarray, eps_z: np.ndarray, g_mu: np.ndarray, first: int, count: int, x: np.ndarray) -> None:
    """The parameters of points first..first+count in C order of the axes: x float64[3 * POINTS]; count <= POINTS."""
    n_z, n_g = eps_z.shape[0], g_mu.shape[0]
    i, rest = first // (n_z * n_g), first % (n_z * n_g)
    j, k = rest // n_g, rest % n_g
    n = 0
    while n < count:
        end = min(n + n_g - k, count)
        for m in range(n, end):
            x[m], x[POINTS + m], x[2 * POINTS + m] = eps[i], eps_z[j], g_mu[k + m - n]
        n, k = end, 0
        j += 1
        if j == n_z:
            j = 0
            i += 1
    for axis in range(3):
        last = x[axis * POINTS + count - 1]
        for m in range(count, POINTS):
            x[axis * POINTS + m] = last


@exact_inner
def parameters_at(
    eps: np.ndarray, eps_z: np.ndarray, g_mu: np.ndarray, places: np.ndarray, first: int, count: int, x: np.ndarray
) -> None:
    """The parameters of points first + places[:count]: x float64[3 * POINTS]; count <= POINTS."""
    n_z, n_g = eps_z.shape[0], g_mu.shape[0]
    for n in range(POINTS):
        place = first + places[min(n, count - 1)]
        line = place // n_g
        x[n], x[POINTS + n], x[2 * POINTS + n] = eps[line // n_z], eps_z[line % n_z], g_mu[place - line * n_g]


@exact_inner
def linear_form(m0: float, m1: float, m2: float, x: np.ndarray, out: np.ndarray, row: int) -> None:
    """m0 eps + m1 eps_z + m2 g_mu: x float64[3 * POINTS]; row `row` of out is filled."""
    to = np.uint64(row * POINTS)
    for n in range(POINTS):
        i = np.uint64(n)
        out[to + i] = m0 * x[i] + m1 * x[np.uint64(POINTS) + i] + m2 * x[np.uint64(2 * POINTS) + i]


@exact_inner
def couplings_of(matrix: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    """The couplings of matrix float64[18, 3] that widths and rows have: out float64[18 * POINTS]."""
    for c in range(G_NUTAU + 1):
        linear_form(matrix[c, 0], matrix[c, 1], matrix[c, 2], x, out, c)


@exact_inner
def _add_square(factor: float, couplings: np.ndarray, c: int, out: np.ndarray, row: int) -> None:
    """Add factor g^2 of a coupling to a row."""
    if factor != 0.0:
        of, to = np.uint64(c * POINTS), np.uint64(row * POINTS)
        for n in range(POINTS):
            i = np.uint64(n)
            out[to + i] += factor * (couplings[of + i] * couplings[of + i])


@exact_inner
def _hadronic(tables: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
    """The hadronic width and the part of it that is pi+ pi-."""
    rr, oo, pp = tables[HADRONS], tables[HADRONS + 1], tables[HADRONS + 2]
    ro, rp, op = tables[HADRONS + 3], tables[HADRONS + 4], tables[HADRONS + 5]
    ud, total, s = tables[AXIAL], tables[AXIAL + 1], tables[AXIAL + 2]
    if rr != 0.0 or oo != 0.0 or pp != 0.0 or ro != 0.0 or rp != 0.0 or op != 0.0:
        for n in range(POINTS):
            i = np.uint64(n)
            up, down = g[np.uint64(V_U * POINTS) + i], g[np.uint64(V_D * POINTS) + i]
            rho, omega, phi = up - down, 3.0 * (up + down), -3.0 * g[np.uint64(V_S * POINTS) + i]
            pions = rr * (rho * rho)
            width = pions + oo * (omega * omega) + pp * (phi * phi)
            width = width + ro * (rho * omega) + rp * (rho * phi) + op * (omega * phi)
            out[np.uint64(TO_PIONS * POINTS) + i] = pions
            out[np.uint64(TO_HADRONS * POINTS) + i] = width
    if ud != 0.0 or total != 0.0 or s != 0.0:
        for n in range(POINTS):
            i = np.uint64(n)
            up, down = g[np.uint64(A_U * POINTS) + i], g[np.uint64(A_D * POINTS) + i]
            strange = g[np.uint64(A_S * POINTS) + i]
            difference, both = up - down, up + down
            width = out[np.uint64(TO_HADRONS * POINTS) + i]
            width = width + ud * (difference * difference) + total * (both * both) + s * (strange * strange)
            out[np.uint64(TO_HADRONS * POINTS) + i] = width


@exact_inner
def widths_of(tables: np.ndarray, couplings: np.ndarray, out: np.ndarray) -> None:
    """Widths in GeV of points with these couplings: out float64[OF_WIDTHS * POINTS]; tables: header of mass tables.

    As `points_at` of kernels/reference/points.py has them.
    """
    for m in range(OF_WIDTHS * POINTS):
        out[m] = 0.0
    _add_square(tables[ELECTRON], couplings, V_E, out, TO_ELECTRONS)
    _add_square(tables[ELECTRON + 1], couplings, A_E, out, TO_ELECTRONS)
    _add_square(tables[MUON], couplings, V_MU, out, TO_MUONS)
    _add_square(tables[MUON + 1], couplings, A_MU, out, TO_MUONS)
    _hadronic(tables, couplings, out)
    per_neutrino, constant, share = tables[NEUTRINO], tables[INVISIBLE], tables[INVISIBLE_SHARE]
    for n in range(POINTS):
        i = np.uint64(n)
        e, mu = couplings[np.uint64(G_NUE * POINTS) + i], couplings[np.uint64(G_NUMU * POINTS) + i]
        tau = couplings[np.uint64(G_NUTAU * POINTS) + i]
        neutrinos = per_neutrino * (e * e + mu * mu + tau * tau)
        electrons, muons = out[np.uint64(TO_ELECTRONS * POINTS) + i], out[np.uint64(TO_MUONS * POINTS) + i]
        hadrons = out[np.uint64(TO_HADRONS * POINTS) + i]
        hadrons = hadrons if hadrons > 0.0 else 0.0
        invisible = constant + share * (electrons + muons + neutrinos + hadrons)
        width = electrons + muons + neutrinos + hadrons + invisible
        width = 0.0 if width < CLOSED else width
        out[np.uint64(UNSEEN * POINTS) + i] = neutrinos + invisible
        out[np.uint64(TO_HADRONS * POINTS) + i] = hadrons
        out[np.uint64(WIDTH * POINTS) + i] = width
        inverse = 1.0 / width
        out[np.uint64(INVERSE * POINTS) + i] = inverse if width > 0.0 else 0.0


@exact_inner
def sum_of_terms(term: np.ndarray, factor: np.ndarray, first: int, last: int, x: np.ndarray, value: np.ndarray) -> None:
    """The sum of factor[e] times row term[e] of x, for e from first to last: value float64[POINTS]; three at a time."""
    e, begun = first, False
    if last - first == 0:
        for n in range(POINTS):
            value[n] = 0.0
    while e < last:
        a = np.uint64(term[e] * POINTS)
        b, c = np.uint64(term[min(e + 1, last - 1)] * POINTS), np.uint64(term[min(e + 2, last - 1)] * POINTS)
        f, g, h = factor[e], factor[min(e + 1, last - 1)], factor[min(e + 2, last - 1)]
        count = min(3, last - e)
        e += count
        if count == 3 and begun:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = value[i] + f * x[a + i] + g * x[b + i] + h * x[c + i]
        elif count == 3:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = f * x[a + i] + g * x[b + i] + h * x[c + i]
        elif count == 2 and begun:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = value[i] + f * x[a + i] + g * x[b + i]
        elif count == 2:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = f * x[a + i] + g * x[b + i]
        elif begun:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = value[i] + f * x[a + i]
        else:
            for n in range(POINTS):
                i = np.uint64(n)
                value[i] = f * x[a + i]
        begun = True


@exact_inner
def store(x: np.ndarray, columns: int, count: int, at: int, out: np.ndarray) -> None:
    """Points at..at+count of out float32[n, columns], from x float32[columns * POINTS]."""
    for n in range(count):
        for k in range(columns):
            out[np.uint64(at + n), np.uint64(k)] = x[np.uint64(k * POINTS + n)]
