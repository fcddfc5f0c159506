r"""Components of angular distributions: forms with products of vector and axial couplings. docs/angular.md.

As the rows of bsll.py, with which they share the first 21 node functions and the first nine quadratic tables; besides,

    Im C10 enters            lin  : imaginary parts of a E0, a E2
    Re C9 C10*, Re C10 C7*   quad : v a (E0^2, E0 E2, E2^2, M1 E0, M1 E2)

A component may have either sign, so that the width up to which the small-width law holds is that of its bin's rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.physics import bsll
from zdscan.kernels.physics.resonance import NODES
from zdscan.kernels.stack import local

QUADRATIC, FUNCTIONS = bsll.QUADRATIC + 5, bsll.FUNCTIONS + 7
# places of the functions that rates do not have: imaginary linear 21-22, quadratic 23-27
_IMAGINARY, _CROSSED = bsll.FUNCTIONS, bsll.FUNCTIONS + 2
_RATES = 13  # monomials of the rates, which come first


def node_functions(
    coefficients: np.ndarray,
    nodes: np.ndarray,
    normalisation: np.ndarray,
    pseudoscalar: np.ndarray,
    dipole: np.ndarray,
) -> np.ndarray:
    """Products of coefficient functions and powers of q^2 that multiply the propagators: float64[P, 28, 8].

    Parameters
    ----------
    coefficients : float64[P, 8, 18], the thirteen of `bsll.node_functions`, then c10 im, c9 c10, c10 c7, and two that a
        single vector does not reach.
    nodes, normalisation, pseudoscalar, dipole : as there.
    """
    s, n1 = nodes, 1.0 / normalisation[:, None]
    c10_im, c9_c10, c10_c7 = (coefficients[:, :, _RATES + k] for k in range(3))
    half = 0.5 * dipole[:, None]
    f = np.empty((len(nodes), FUNCTIONS, NODES))
    rates = np.ascontiguousarray(coefficients[:, :, :_RATES])
    f[:, : bsll.FUNCTIONS] = bsll.node_functions(rates, nodes, normalisation, pseudoscalar, dipole)
    f[:, 21] = -n1 * c10_im  # Im: a E0
    f[:, 22] = -n1 * s * c10_im  # Im: a E2
    f[:, 23] = -n1 * n1 * c9_c10  # v a E0^2
    f[:, 24] = -2.0 * n1 * n1 * s * c9_c10  # v a E0 E2
    f[:, 25] = -n1 * n1 * s * s * c9_c10  # v a E2^2
    f[:, 26] = half * n1 * n1 * s * c10_c7  # v a M1 E0
    f[:, 27] = half * n1 * n1 * s * s * c10_c7  # v a M1 E2
    return f


def quadratic_products(
    *forms: Any, times: Callable[[Any, Any], Any], times_squares: Callable[[Any, Any], Any]
) -> list[Any]:
    """What the fourteen quadratic tables multiply, the nine of rates first; arguments as there."""
    v, a, e0, e2, m1 = forms
    va = times(v, a)
    pairs = [times(*pair) for pair in ((e0, e0), (e0, e2), (e2, e2), (m1, e0), (m1, e2))]
    rates = bsll.quadratic_products(*forms, times=times, times_squares=times_squares)
    return rates + [times_squares(va, pair) for pair in pairs]


@inner
def fold(
    real: np.ndarray, scale: float, imaginary: np.ndarray, of_imaginary: float, kappa: float, lin: np.ndarray
) -> None:
    """Collect integrals of the node functions into the five linear tables; arguments as in `bsll.fold`."""
    bsll.fold(real, scale, imaginary, of_imaginary, kappa, lin)
    lin[3] += of_imaginary * imaginary[_IMAGINARY]
    lin[4] += of_imaginary * imaginary[_IMAGINARY + 1]


@inner
def fold_squares(integrals: np.ndarray, scale: float, kappa: float, quad: np.ndarray) -> None:
    """Collect scale x integrals of the node functions that enter T2 into the fourteen quadratic tables."""
    bsll.fold_squares(integrals, scale, kappa, quad)
    for k in range(QUADRATIC - bsll.QUADRATIC):
        quad[bsll.QUADRATIC + k] = scale * integrals[_CROSSED + k]


@inner
def form_law(
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
    """Small-width law of one component of a bin, as `bsll.row_law`: lin0, lin1 float64[5]; residue, finite float64[14].

    functions : float64[p, 28, 8].
    """
    total = local(4, FUNCTIONS)
    bsll.expand_integrals(panel_lo, panel_hi, functions, mass, FUNCTIONS, total)
    principal, value, slope, part = total[0], total[1], total[2], total[3]
    fold(principal, 1.0, value, -np.pi, kappa, lin0)
    fold(slope, -np.pi * mass, part, -mass, kappa, lin1)
    fold_squares(value, np.pi / mass, kappa, residue)
    fold_squares(part, 1.0, kappa, finite)
