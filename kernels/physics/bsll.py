r"""b -> s l l rows: binned rates in which the Wilson coefficients carry the propagator of a light vector. docs/rows.md.

    C9 = E v/D,  C10 = -E a/D,  C7 = -M1 v q^2/(2 D),  C_P = kappa 2 m_l E0 a/D
    E = E0 + E2 q^2,  D = q^2 - M^2 + i M Gamma

with E0, E2, M1 divided by lambda_t and N0; kappa = 1/M^2 with the longitudinal part of the propagator, 0 without.
A row is quadratic in the coefficients, with thirteen coefficient functions of q^2 (tables made with flavio), so that

    row = c0 + sum_k lin_k T1-integrals + sum_k quad_k T2-integrals

lin  = v E0, v E2, v M1, a E0, a E2
quad = v^2 (E0^2, E0 E2, E2^2, M1^2, M1 E0, M1 E2), a^2 (E0^2, E0 E2, E2^2)
The integrals follow the small-width law T1 = L0 + L1 Gamma, T2 = R/Gamma + F0 as long as the pole is far from every
edge compared with M Gamma; `width_limit` says up to which Gamma, and the exact tables are used beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.physics.resonance import NODES, panel_expansion_weights, panel_weights
from zdscan.kernels.stack import local

LINEAR, QUADRATIC, FUNCTIONS = 5, 9, 21
# places of the node functions: real linear 0-5, imaginary linear 6-8, quadratic 9-20
_IMAGINARY, _SQUARES = 6, 9
LAW_TOLERANCE = 1e-7
_STEPS = 4096  # of ln(width) from 1e-20 to 10 GeV
_LEAST = math.log(1e-20)
_STEP = (math.log(10.0) - _LEAST) / _STEPS
_FIRST_TRIAL = 3e-4  # M Gamma over the distance of the pole from an edge; its square is the law's error
_TRIALS = 8  # before bisection
_SQUARE_BESIDE = np.array([0, 2, 3, 6, 8])  # the square of each linear term's product of couplings


def node_functions(
    coefficients: np.ndarray,
    nodes: np.ndarray,
    normalisation: np.ndarray,
    pseudoscalar: np.ndarray,
    dipole: np.ndarray,
) -> np.ndarray:
    """Products of coefficient functions and powers of q^2 that multiply the propagators: float64[P, 21, 8].

    Parameters
    ----------
    coefficients : float64[P, 8, 13], in the order of docs/rows.md: c0, c9 re/im/sq, c10 re/sq, cp re/sq, c10 cp,
        c7 re/im/sq, c7 c9.
    nodes : float64[P, 8], q^2 in GeV^2.
    normalisation : float64[P], N0 of the panel's row.
    pseudoscalar : float64[P], 2 m_l times the row's C_P factor, GeV.
    dipole : float64[P], factor on the one-loop M1 in the panel's row.
    """
    c, s = np.moveaxis(coefficients, 2, 0), nodes
    n1, cp = 1.0 / normalisation[:, None], pseudoscalar[:, None]
    n2 = n1 * n1
    half = 0.5 * dipole[:, None]  # of C7
    f = np.empty((len(nodes), FUNCTIONS, NODES))
    f[:, 0] = n1 * c[1]  # v E0
    f[:, 1] = n1 * s * c[1]  # v E2
    f[:, 2] = -half * n1 * s * c[9]  # v M1
    f[:, 3] = -n1 * c[4]  # a E0
    f[:, 4] = n1 * cp * c[6]  # a E0 kappa
    f[:, 5] = -n1 * s * c[4]  # a E2
    f[:, 6] = n1 * c[2]  # Im: v E0
    f[:, 7] = n1 * s * c[2]  # Im: v E2
    f[:, 8] = -half * n1 * s * c[10]  # Im: v M1
    f[:, 9] = n2 * c[3]  # v^2 E0^2
    f[:, 10] = 2.0 * n2 * s * c[3]  # v^2 E0 E2
    f[:, 11] = n2 * s * s * c[3]  # v^2 E2^2
    f[:, 12] = half * half * n2 * s * s * c[11]  # v^2 M1^2
    f[:, 13] = -half * n2 * s * c[12]  # v^2 M1 E0
    f[:, 14] = -half * n2 * s * s * c[12]  # v^2 M1 E2
    f[:, 15] = n2 * c[5]  # a^2 E0^2
    f[:, 16] = n2 * cp * cp * c[7]  # a^2 E0^2 kappa^2
    f[:, 17] = -n2 * cp * c[8]  # a^2 E0^2 kappa
    f[:, 18] = 2.0 * n2 * s * c[5]  # a^2 E0 E2
    f[:, 19] = -n2 * cp * s * c[8]  # a^2 E0 E2 kappa
    f[:, 20] = n2 * s * s * c[5]  # a^2 E2^2
    return f


def linear_products(*forms: Any, times: Callable[[Any, Any], Any]) -> list[Any]:
    """What the five linear tables of a row multiply.

    Parameters
    ----------
    forms : v, a, E0, E2, M1, numbers or whatever `times` multiplies.
    """
    v, a, e0, e2, m1 = forms
    return [times(v, e0), times(v, e2), times(v, m1), times(a, e0), times(a, e2)]


def quadratic_products(
    *forms: Any, times: Callable[[Any, Any], Any], times_squares: Callable[[Any, Any], Any]
) -> list[Any]:
    """What the nine quadratic tables of a row multiply.

    Parameters
    ----------
    forms : as in `linear_products`.
    times, times_squares : multiply two of them, and two products of two.
    """
    v, a, e0, e2, m1 = forms
    v2, a2 = times(v, v), times(a, a)
    pairs = [times(*pair) for pair in ((e0, e0), (e0, e2), (e2, e2), (m1, m1), (m1, e0), (m1, e2))]
    return [times_squares(v2, pair) for pair in pairs] + [times_squares(a2, pair) for pair in pairs[:3]]


@inner
def fold(
    real: np.ndarray, scale: float, imaginary: np.ndarray, of_imaginary: float, kappa: float, lin: np.ndarray
) -> None:
    """Collect integrals of the node functions into the five linear tables.

    scale real : integrals that enter Re T1 (0-5); of_imaginary imaginary : Im T1 of functions 6-8.
    """
    for k in range(3):
        lin[k] = scale * real[k] + of_imaginary * imaginary[_IMAGINARY + k]
    lin[3] = scale * (real[3] + kappa * real[4])
    lin[4] = scale * real[5]


@inner
def fold_squares(integrals: np.ndarray, scale: float, kappa: float, quad: np.ndarray) -> None:
    """Collect scale x integrals of the node functions that enter T2 (9-20) into the nine quadratic tables."""
    for k in range(6):
        quad[k] = scale * integrals[_SQUARES + k]
    quad[6] = scale * (integrals[15] + kappa * (kappa * integrals[16] + integrals[17]))
    quad[7] = scale * (integrals[18] + kappa * integrals[19])
    quad[8] = scale * integrals[20]


@inner
def expand_integrals(
    panel_lo: np.ndarray, panel_hi: np.ndarray, functions: np.ndarray, mass: float, count: int, total: np.ndarray
) -> None:
    """Integrals of node functions float64[p, count, 8] with the four weights of the small-width law: float64[4, count].

    The weights are those of `resonance.panel_expansion_weights`: principal value, value, slope and finite part.
    """
    weights = local(4, NODES)
    for t in range(4):
        for k in range(count):
            total[t, k] = 0.0
    for p in range(panel_lo.shape[0]):
        inside = panel_expansion_weights(panel_lo[p], panel_hi[p], mass, weights)
        for k in range(count):
            for j in range(NODES):
                total[0, k] += weights[0, j] * functions[p, k, j]
                total[3, k] += weights[3, j] * functions[p, k, j]
            if inside:
                for j in range(NODES):
                    total[1, k] += weights[1, j] * functions[p, k, j]
                    total[2, k] += weights[2, j] * functions[p, k, j]


@inner
def row_law(
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    mass: float,
    kappa: float,
    lin0: np.ndarray,
    lin1: np.ndarray,
    residue: np.ndarray,
    finite: np.ndarray,
) -> None:
    """Small-width law of one row: T1 tables lin0 + lin1 Gamma, T2 tables residue/Gamma + finite.

    Parameters
    ----------
    panel_lo, panel_hi : float64[p], the row's panels; functions : float64[p, 21, 8].
    lin0, lin1 : float64[5]; residue, finite : float64[9]; filled, infinite or NaN where the pole is an edge.
    """
    total = local(4, FUNCTIONS)
    expand_integrals(panel_lo, panel_hi, functions, mass, FUNCTIONS, total)
    principal, value, slope, part = total[0], total[1], total[2], total[3]
    fold(principal, 1.0, value, -np.pi, kappa, lin0)
    fold(slope, -np.pi * mass, part, -mass, kappa, lin1)
    fold_squares(value, np.pi / mass, kappa, residue)
    fold_squares(part, 1.0, kappa, finite)


@inner
def exact_tables(
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    mass: float,
    width: float,
    kappa: float,
    lin: np.ndarray,
    quad: np.ndarray,
) -> None:
    """The same tables without approximation, for width > 0: lin float64[5], quad float64[9]."""
    weights = local(2, NODES)
    real, absolute = weights[0], weights[1]
    integrals = local(FUNCTIONS)
    for k in range(FUNCTIONS):
        integrals[k] = 0.0
    for p in range(panel_lo.shape[0]):
        panel_weights(panel_lo[p], panel_hi[p], mass, width, real, absolute)
        for k in range(_IMAGINARY):
            for j in range(NODES):
                integrals[k] += real[j] * functions[p, k, j]
        for k in range(_IMAGINARY, FUNCTIONS):
            for j in range(NODES):
                integrals[k] += absolute[j] * functions[p, k, j]
    fold(integrals, 1.0, integrals, -mass * width, kappa, lin)
    fold_squares(integrals, 1.0, kappa, quad)


@inner
def _law_error(
    c0: float,
    width: float,
    lin: np.ndarray,
    quad: np.ndarray,
    lin0: np.ndarray,
    lin1: np.ndarray,
    residue: np.ndarray,
    finite: np.ndarray,
    dipole: bool,
) -> float:
    """Largest error of the law relative to the row, whatever the couplings.

    Squares are compared with themselves, products with the two squares they join, linear terms with the least value
    that c0 + square can take beside them (arithmetic against geometric mean).
    """
    worst = 0.0
    for k in range(QUADRATIC):
        if not dipole and 3 <= k <= 5:
            continue
        if k == 1:
            scale = np.sqrt(quad[0] * quad[2])
        elif k == 4:
            scale = np.sqrt(quad[0] * quad[3])
        elif k == 5:
            scale = np.sqrt(quad[2] * quad[3])
        elif k == 7:
            scale = np.sqrt(quad[6] * quad[8])
        else:
            scale = quad[k]
        worst = max(worst, abs(residue[k] / width + finite[k] - quad[k]) / scale)
    for k in range(LINEAR):
        if not dipole and k == 2:
            continue
        square = quad[_SQUARE_BESIDE[k]]
        worst = max(worst, abs(lin0[k] + width * lin1[k] - lin[k]) / (2.0 * np.sqrt(c0 * square)))
    return worst


@inner
def width_limit(
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    c0: float,
    mass: float,
    kappa: float,
    dipole: bool,
    lin0: np.ndarray,
    lin1: np.ndarray,
    residue: np.ndarray,
    finite: np.ndarray,
) -> float:
    """Largest width in GeV up to which the small-width law holds to 1e-7 of the row; 0 where the pole is an edge.

    One of 4096 steps in ln(width), between the last that is good against the exact tables and the first that is not.
    The error grows with a power of the width, which starts as 2 and is then taken from the last two trials.
    """
    for k in range(LINEAR):
        if not (np.isfinite(lin0[k]) and np.isfinite(lin1[k])):
            return 0.0
    for k in range(QUADRATIC):
        if not np.isfinite(finite[k]):
            return 0.0
    pole = mass * mass
    nearest = min(abs(panel_lo[0] - pole), abs(panel_hi[panel_hi.shape[0] - 1] - pole))
    lin = local(LINEAR)
    quad = local(QUADRATIC)
    good, bad = -1, _STEPS + 1
    step = int((np.log(_FIRST_TRIAL * nearest / mass) - _LEAST) / _STEP)
    power, before, error_before = 2.0, -1, 0.0
    for trial in range(_STEPS):
        if step <= good:
            step = good + 1
        elif step >= bad:
            step = bad - 1
        width = np.exp(_LEAST + _STEP * step)
        exact_tables(panel_lo, panel_hi, functions, mass, width, kappa, lin, quad)
        error = _law_error(c0, width, lin, quad, lin0, lin1, residue, finite, dipole)
        if error <= LAW_TOLERANCE:
            good = step
        else:
            bad = step
        if bad - good == 1:
            break
        if trial >= _TRIALS or not 0.0 < error < np.inf:
            step = (good + bad) >> 1
            continue
        if before >= 0 and step != before:
            slope = np.log(error / error_before) / (_STEP * (step - before))
            if 1.0 < slope < 6.0:
                power = slope
        before, error_before = step, error
        step += int(np.log(LAW_TOLERANCE / error) / (_STEP * power))
    if good < 0:
        return 0.0
    return np.inf if good == _STEPS else np.exp(_LEAST + _STEP * good)
