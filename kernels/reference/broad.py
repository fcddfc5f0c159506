"""Row tables beyond the small-width law: the closed form, tabulated against the width while a block is computed.

As functions of ln(Gamma) the tables are analytic in a strip of half-width pi/2 around the real axis, wherever the edges
of the bin lie (their logarithms branch at M Gamma = +-i distance). Twelve Chebyshev nodes on half a decade therefore
interpolate to 1e-9. A segment is filled when the first point needs it; its numbers depend on the mass alone.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC, exact_tables

TABLES = LINEAR + QUADRATIC
PADDED = 16  # tables of one node fill whole vector registers
NODES = 12
LOWEST = -20.0  # decimal logarithm of the least width, GeV
SEGMENTS = 44  # half decades, up to 100 GeV
# Chebyshev nodes of the first kind on (-1, 1) and their barycentric weights
_ANGLE = (2.0 * np.arange(NODES) + 1.0) * np.pi / (2.0 * NODES)
_NODE = np.cos(_ANGLE)
_WEIGHT = np.sin(_ANGLE) * (-1.0) ** np.arange(NODES)


@inner
def segment_of(width: float) -> int:
    """Segment that holds a width in GeV; -1 outside all of them."""
    place = int(np.floor(2.0 * (np.log10(width) - LOWEST)))
    return place if 0 <= place < SEGMENTS else -1


@inner
def node_weights(width: float, segment: int, weights: np.ndarray) -> None:
    """Barycentric interpolation weights of the nodes of a segment: float64[12], summing to one."""
    x = 4.0 * (np.log10(width) - LOWEST) - 2.0 * segment - 1.0
    total = 0.0
    for n in range(NODES):
        distance = x - _NODE[n]
        if distance == 0.0:
            weights[:] = 0.0
            weights[n] = 1.0
            return
        weights[n] = _WEIGHT[n] / distance
        total += weights[n]
    for n in range(NODES):
        weights[n] /= total


@inner
def fill_segment(
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    mass: float,
    kappa: float,
    segment: int,
    out: np.ndarray,
) -> None:
    """Tables of one row at the nodes of a segment: out float64[12, 16], linear tables and Gamma x quadratic tables."""
    lin = np.empty(LINEAR)
    quad = np.empty(QUADRATIC)
    out[:] = 0.0
    for n in range(NODES):
        width = 10.0 ** (LOWEST + 0.5 * segment + 0.25 * (1.0 + _NODE[n]))
        exact_tables(panel_lo, panel_hi, functions, mass, width, kappa, lin, quad)
        for k in range(LINEAR):
            out[n, k] = lin[k]
        for k in range(QUADRATIC):
            out[n, LINEAR + k] = width * quad[k]


@inner
def interpolate(segment_tables: np.ndarray, weights: np.ndarray, width: float, out: np.ndarray) -> None:
    """The fourteen tables at one width: out float64[16]."""
    out[:] = 0.0
    for n in range(NODES):
        w = weights[n]
        for k in range(PADDED):
            out[k] += w * segment_tables[n, k]
    for k in range(LINEAR, TABLES):
        out[k] /= width


@inner
def exact_at(
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    mass: float,
    kappa: float,
    width: float,
    out: np.ndarray,
) -> None:
    """The fourteen tables at a width outside every segment: out float64[16]."""
    exact_tables(panel_lo, panel_hi, functions, mass, width, kappa, out[:LINEAR], out[LINEAR:TABLES])


@inner
def point_monomials(forms: np.ndarray, lepton: int, u: float, out: np.ndarray) -> None:
    """What the fourteen tables multiply at one point: out float64[16]; forms as of `line.row_forms`."""
    v = forms[2 * lepton, 0] + forms[2 * lepton, 1] * u
    a = forms[2 * lepton + 1, 0] + forms[2 * lepton + 1, 1] * u
    e0 = forms[4, 0] + forms[4, 1] * u
    e2 = forms[5, 0] + forms[5, 1] * u
    m1 = forms[6, 0] + forms[6, 1] * u
    out[0], out[1], out[2], out[3], out[4] = v * e0, v * e2, v * m1, a * e0, a * e2
    v2, a2 = v * v, a * a
    out[5], out[6], out[7] = v2 * e0 * e0, v2 * e0 * e2, v2 * e2 * e2
    out[8], out[9], out[10] = v2 * m1 * m1, v2 * m1 * e0, v2 * m1 * e2
    out[11], out[12], out[13] = a2 * e0 * e0, a2 * e0 * e2, a2 * e2 * e2
    out[14], out[15] = 0.0, 0.0
