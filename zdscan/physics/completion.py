"""What gauge invariance adds to the couplings that are given: those of the W, of its Goldstone boson, and of the tau.

A quark that radiates a W keeps the charge, and the Yukawa coupling of the top keeps it with the one Higgs doublet:

    gWW = gL_u - gL_d,    gpp = gR_u - gL_d,    gWp = 2 gpp - gWW
    gL_tau = g_nutau - gWW,    gR_tau = g_nutau - gpp

Derivation, and where this is not unique: docs/model.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zdscan.kernels.physics.couplings import (
    A_D,
    A_S,
    A_TAU,
    A_U,
    G_NUTAU,
    G_PP,
    G_WP,
    G_WW,
    V_D,
    V_S,
    V_TAU,
    V_U,
)
from zdscan.physics.parameters import PARAMETERS

TOLERANCE = 1e-9  # of the largest coupling of a column: what numbers typed with many digits may miss by

Column = NDArray[np.float64]


def w_charge(column: Column) -> float:
    """The coupling of the W that the left-handed quarks ask for: gL_u - gL_d."""
    return float((column[V_U] + column[A_U]) - (column[V_D] + column[A_D]))


def goldstone_charge(column: Column) -> float:
    """The coupling of the charged Goldstone boson that the Yukawa coupling of the top asks for: gR_u - gL_d."""
    return float((column[V_U] - column[A_U]) - (column[V_D] + column[A_D]))


def mixed_coupling(column: Column) -> float:
    """The coupling to W and Goldstone boson, in units of MW, of one Higgs doublet: 2 gpp - gWW."""
    return float(2.0 * column[G_PP] - column[G_WW])


def completed(matrix: NDArray[np.float64], given: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The matrix float64[18, 3] with what follows of the entries that are not `given`; those stand as they are."""
    out = matrix.copy()
    for column, known in zip(out.T, given.T, strict=True):  # views: what is written enters `out`
        if not known[G_WW]:
            column[G_WW] = w_charge(column)
        if not known[G_PP]:
            column[G_PP] = goldstone_charge(column)
        if not known[G_WP]:
            column[G_WP] = mixed_coupling(column)
        if not known[V_TAU] and not known[A_TAU]:
            left, right = column[G_NUTAU] - column[G_WW], column[G_NUTAU] - column[G_PP]
            column[V_TAU], column[A_TAU] = (left + right) / 2.0, (left - right) / 2.0
    return out


def faults(matrix: NDArray[np.float64], *, lenient: bool = False) -> list[str]:
    """Why a completed matrix cannot be used, one sentence each.

    Parameters
    ----------
    lenient : for scan files of format 1, which may contradict themselves in gWW and gWp.
    """
    found = []
    for parameter, column in zip(PARAMETERS, matrix.T, strict=True):
        room = TOLERANCE * float(np.max(np.abs(column)))
        found += _contradictions(parameter, column, room, lenient)
        if max(abs(column[V_D] - column[V_S]), abs(column[A_D] - column[A_S])) > room:
            found.append(
                f"d and s couple differently per {parameter} (v {column[V_D]:g} and {column[V_S]:g}, a {column[A_D]:g} "
                f"and {column[A_S]:g}); they must be equal, or flavour changes at tree level."
            )
    return found


def _contradictions(parameter: str, column: Column, room: float, lenient: bool) -> list[str]:
    """Where gauge couplings are not those that the quarks ask for."""
    asked: Mapping[int, tuple[str, float, str, str]] = {
        G_PP: (
            "gpp",
            goldstone_charge(column),
            "gR_u - gL_d = (v_u - a_u) - (v_d + a_d)",
            "or the b -> s vertex is not finite",
        ),
        G_WW: (
            "gWW",
            w_charge(column),
            "gL_u - gL_d = (v_u + a_u) - (v_d + a_d)",
            "or a quark that radiates a W does not keep the charge",
        ),
        G_WP: ("gWp", mixed_coupling(column), "2 gpp - gWW", "as one Higgs doublet has it"),
    }
    return [
        f"{name} per {parameter} is {column[row]:.10g} but must be {formula} = {needed:.10g}, {reason}; "
        f"leave {name} out and it is that."
        for row, (name, needed, formula, reason) in asked.items()
        if abs(column[row] - needed) > room and not (lenient and row != G_PP)
    ]
