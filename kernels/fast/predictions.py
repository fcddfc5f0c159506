"""Predicted rows at points of a grid: kernels/reference/rows.py in vectors (kernels/fast/direct.py).

Where the width is beyond the limit of a row, its tables come from bands of the width (kernels/tables/bands.py),
interpolated as `BandTables.at` of zdscan/evaluation/broad.py does it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast import direct as _direct
from zdscan.kernels.fast.direct import INVERSE, OF_WIDTHS, POINTS, WIDTH
from zdscan.kernels.jit import exact, exact_inner
from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC
from zdscan.kernels.physics.couplings import V_E
from zdscan.kernels.stack import local
from zdscan.kernels.tables.bands import BANDS, LAGRANGE, NODE, NODES, TABLES, band_of, centre_of
from zdscan.kernels.tables.mass import MONOPOLE

FACTORS = 2 * TABLES  # l_k, Gamma l_k, p_k/Gamma, p_k of a lepton
_SLOPES, _RESIDUES, _QUADRATIC = LINEAR, 2 * LINEAR, 2 * LINEAR + QUADRATIC  # where each kind of factors begins
_PARAMETERS, _COUPLINGS, _WIDTHS, _VERTEX = 3 * POINTS, 18 * POINTS, OF_WIDTHS * POINTS, 3 * POINTS
_ALL_FACTORS, _WEIGHTS, _STARTS = 2 * FACTORS * POINTS, NODES * POINTS, BANDS + 1
W1, W2, W3, W4, W5, W6, W7, W8, W9, W10, W11 = (np.uint64(n * POINTS) for n in range(1, NODES))


class RowList(NamedTuple):
    """The rows of one mass.

    sm, limit : float64[R], Standard Model, and the width up to which the small-width law holds, GeV.
    lepton : int64[R]; couples : uint8[2], whether the vector couples to the lepton.
    end : int64[R], end of the terms of each row; term : int64[T], which factor (of `FACTORS` for each lepton);
        value : float64[T].
    live : int64[L], tables that multiply products that are not zero.
    bands : float64[BANDS, R, TABLES, NODES], tables at the nodes, those of products of two vertices times the width.
    """

    sm: np.ndarray
    limit: np.ndarray
    lepton: np.ndarray
    couples: np.ndarray
    end: np.ndarray
    term: np.ndarray
    value: np.ndarray
    live: np.ndarray
    bands: np.ndarray


@exact_inner
def _product(x: np.ndarray, a: int, y: np.ndarray, b: int, out: np.ndarray, row: int) -> None:
    """Row a of x times row b of y."""
    of, by, to = np.uint64(a * POINTS), np.uint64(b * POINTS), np.uint64(row * POINTS)
    for n in range(POINTS):
        i = np.uint64(n)
        out[to + i] = x[of + i] * y[by + i]


@exact_inner
def _factors_of(
    lepton: int, couplings: np.ndarray, vertex: np.ndarray, widths: np.ndarray, out: np.ndarray, part: np.ndarray
) -> None:
    """The factors of a lepton: out float64[2 * FACTORS * POINTS]; part: to work in, float64[8 * POINTS]."""
    v, a, base = V_E + 2 * lepton, V_E + 2 * lepton + 1, lepton * FACTORS
    _product(couplings, v, vertex, 0, out, base)
    _product(couplings, v, vertex, 1, out, base + 1)
    _product(couplings, v, vertex, 2, out, base + 2)
    _product(couplings, a, vertex, 0, out, base + 3)
    _product(couplings, a, vertex, 1, out, base + 4)
    for k in range(LINEAR):
        _product(widths, WIDTH, out, base + k, out, base + _SLOPES + k)
    _product(vertex, 0, vertex, 0, part, 0)
    _product(vertex, 0, vertex, 1, part, 1)
    _product(vertex, 1, vertex, 1, part, 2)
    _product(vertex, 2, vertex, 2, part, 3)
    _product(vertex, 2, vertex, 0, part, 4)
    _product(vertex, 2, vertex, 1, part, 5)
    _product(couplings, v, couplings, v, part, 6)
    _product(couplings, a, couplings, a, part, 7)
    for k in range(QUADRATIC):
        _product(part, 6 if k < 6 else 7, part, k if k < 6 else k - 6, out, base + _QUADRATIC + k)
        _product(out, base + _QUADRATIC + k, widths, INVERSE, out, base + _RESIDUES + k)


@exact_inner
def _couplings_and_factors(
    p: RowList,
    tables: np.ndarray,
    matrix: np.ndarray,
    x: np.ndarray,
    couplings: np.ndarray,
    vertex: np.ndarray,
    widths: np.ndarray,
    factors: np.ndarray,
    part: np.ndarray,
) -> None:
    """What rows are made of, at points with parameters x."""
    _direct.couplings_of(matrix, x, couplings)
    _direct.widths_of(tables, couplings, widths)
    for k in range(3):
        m = MONOPOLE + 3 * k
        _direct.linear_form(tables[m], tables[m + 1], tables[m + 2], x, vertex, k)
    for lepton in range(2):
        if p.couples[lepton] == 1:
            _factors_of(lepton, couplings, vertex, widths, factors, part)


@exact_inner
def _weights_of(widths: np.ndarray, centre: float, out: np.ndarray, x: np.ndarray) -> None:
    """What each node counts at widths in a band (`bands.node_weights`): out float64[NODES * POINTS]; x: to work in."""
    for n in range(POINTS):
        width = widths[np.uint64(WIDTH * POINTS) + np.uint64(n)]
        x[n] = (width - centre) / (width + centre)
        out[n] = 1.0
    for k in range(1, NODES):
        node, here, before = NODE[k - 1], np.uint64(k * POINTS), np.uint64((k - 1) * POINTS)
        for n in range(POINTS):
            i = np.uint64(n)
            out[here + i] = out[before + i] * (x[i] - node)
    after = np.uint64(POINTS)
    for n in range(POINTS):
        x[after + np.uint64(n)] = 1.0
    for m in range(NODES):
        k = NODES - 1 - m
        node, scale, here = NODE[k], LAGRANGE[k], np.uint64(k * POINTS)
        for n in range(POINTS):
            i = np.uint64(n)
            out[here + i] = scale * out[here + i] * x[after + i]
            x[after + i] *= x[i] - node


@exact_inner
def _beyond(
    p: RowList,
    band: int,
    places: np.ndarray,
    count: int,
    widths: np.ndarray,
    factors: np.ndarray,
    weights: np.ndarray,
    total: np.ndarray,
    at_width: np.ndarray,
    largest: float,
    out: np.ndarray,
) -> None:
    """Rows beyond their limits at the points places[:count] of a run, whose widths are in this band."""
    widest = 0.0
    for n in range(POINTS):
        widest = max(widest, widths[WIDTH * POINTS + n])
    for r in range(p.limit.shape[0]):
        limit, sm, base = p.limit[r], p.sm[r], p.lepton[r] * FACTORS
        if widest <= limit or p.couples[p.lepton[r]] == 0:
            continue
        for n in range(POINTS):
            total[n] = sm
        for m in range(p.live.shape[0]):
            k = p.live[m]
            of = np.uint64((base + (k if k < LINEAR else _QUADRATIC + k - LINEAR)) * POINTS)
            tables = p.bands[band, r, k]
            t0, t1, t2, t3, t4, t5 = tables[0], tables[1], tables[2], tables[3], tables[4], tables[5]
            t6, t7, t8, t9, t10, t11 = tables[6], tables[7], tables[8], tables[9], tables[10], tables[11]
            for n in range(POINTS):
                i = np.uint64(n)
                y = weights[i] * t0 + weights[W1 + i] * t1 + weights[W2 + i] * t2 + weights[W3 + i] * t3
                y = y + weights[W4 + i] * t4 + weights[W5 + i] * t5 + weights[W6 + i] * t6 + weights[W7 + i] * t7
                y = y + weights[W8 + i] * t8 + weights[W9 + i] * t9 + weights[W10 + i] * t10 + weights[W11 + i] * t11
                at_width[i] = y
            if k >= LINEAR:
                for n in range(POINTS):
                    i = np.uint64(n)
                    at_width[i] = at_width[i] / widths[np.uint64(WIDTH * POINTS) + i]
            for n in range(POINTS):
                i = np.uint64(n)
                total[i] += at_width[i] * factors[of + i]
        for n in range(count):
            if widths[WIDTH * POINTS + n] > limit:
                out[places[n], r] = max(-largest, min(total[n], largest))


@exact
def evaluate_predictions(
    p: RowList,
    tables: np.ndarray,
    matrix: np.ndarray,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    largest: float,
    ready: np.ndarray,
    needed: np.ndarray,
    out: np.ndarray,
    lost: np.ndarray,
    rows: np.ndarray,
    places: np.ndarray,
) -> int:
    """Every row at the points from `first` on, in C order of the axes: out float32[n, R]. Returns how many are lost.

    Points beyond the limit of some row are done once more, those of one band together. Nothing is done where a band
    is missing.

    Parameters
    ----------
    tables, matrix, largest : as in `ratios.evaluate_ratios`.
    ready, needed : bool[BANDS], bands that are filled; those that are not and that points are in, which is set.
    lost : uint8[n], filled: 1 where a width is in no band, so that rows beyond the law are not valid.
    rows : float32[R * POINTS]; places : int64[2 n]; to work in.
    """
    x, couplings, widths, vertex = local(_PARAMETERS), local(_COUPLINGS), local(_WIDTHS), local(_VERTEX)
    factors, weights, part = local(_ALL_FACTORS), local(_WEIGHTS), local(_WIDTHS)
    value, at_width, start = local(POINTS), local(POINTS), local(_STARTS, np.int64)
    points, count_rows, all_lost = out.shape[0], out.shape[1], 0
    bands, order = places[:points], places[points:]
    least = np.inf
    for r in range(count_rows):
        if p.couples[p.lepton[r]] == 1:
            least = min(least, p.limit[r])
    start[:] = 0
    for at in range(0, points, POINTS):
        count = min(POINTS, points - at)
        _direct.parameters_of(eps_axis, eps_z_axis, g_axis, first + at, count, x)
        _couplings_and_factors(p, tables, matrix, x, couplings, vertex, widths, factors, part)
        begin = 0
        for r in range(count_rows):
            _direct.sum_of_terms(p.term, p.value, begin, p.end[r], factors, value)
            begin = p.end[r]
            sm, to = p.sm[r], np.uint64(r * POINTS)
            for n in range(POINTS):
                y = sm + value[n]
                y = largest if y > largest else y
                rows[to + np.uint64(n)] = y if y > -largest else -largest
        _direct.store(rows, count_rows, count, at, out)
        for n in range(count):
            width, lost[at + n] = widths[WIDTH * POINTS + n], 0
            band = -1
            if width > least:
                band = band_of(width)
                if band < 0:
                    lost[at + n] = 1
                    all_lost += 1
                else:
                    needed[band] = not ready[band]
                    start[band + 1] += 1
            bands[at + n] = band
    for band in range(BANDS):
        start[band + 1] += start[band]
    for n in range(points):
        if bands[n] >= 0:
            order[start[bands[n]]] = n
            start[bands[n]] += 1
    begin = 0
    for band in range(BANDS):
        end = start[band]
        if ready[band]:
            for at in range(begin, end, POINTS):
                count = min(POINTS, end - at)
                _direct.parameters_at(eps_axis, eps_z_axis, g_axis, order[at:], first, count, x)
                _couplings_and_factors(p, tables, matrix, x, couplings, vertex, widths, factors, part)
                _weights_of(widths, centre_of(band), weights, part)
                _beyond(p, band, order[at:], count, widths, factors, weights, value, at_width, largest, out)
        begin = end
    return all_lost
