"""Constraints at points of one mass: values of the clauses, ratios and bits. kernels/tables/clauses.py."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.reference.points import Points
from zdscan.kernels.tables import clauses as _clauses


def branching_ratios(points: Points) -> np.ndarray:
    """To everything invisible, ee, mumu and hadrons, the order of channels in clauses: float64[4, n].

    A vector without open channel is invisible.
    """
    electrons, muons, neutrinos, hadrons, invisible = points.channels
    out = np.stack([neutrinos + invisible, electrons, muons, hadrons]) * points.inverse_width
    out[_clauses.INVISIBLE_CHANNEL, points.width == 0.0] = 1.0
    return out


def clause_values(clauses: np.ndarray, points: Points) -> np.ndarray:
    """What each clause float64[slots, LENGTH] compares with its bounds, 0 where it does not apply: float64[slots, n]."""
    monomials, fractions = _monomials(clauses, points), branching_ratios(points)
    values = np.zeros((len(clauses), len(points.width)))
    for value, clause in zip(values, clauses, strict=True):
        if clause[_clauses.APPLIES] == 0.0:
            continue
        coefficients = clause[_clauses.POLYNOMIAL :]
        for m in np.flatnonzero(coefficients):
            value += coefficients[m] * monomials[m]
        channel = int(clause[_clauses.CHANNEL])
        if channel >= 0:
            value *= fractions[channel]
        value += clause[_clauses.CONSTANT]
        if clause[_clauses.ROOT] != 0.0:
            np.sqrt(np.maximum(value, 0.0), out=value)
        value += clause[_clauses.OFFSET]
    return values


def _monomials(clauses: np.ndarray, points: Points) -> dict[int, np.ndarray]:
    """eps^i eps_z^j g_mu^k by their number, those that some clause has."""
    powers = [[np.ones_like(points.width)] for _ in range(3)]
    for known, x in zip(powers, points.parameters, strict=True):
        for _ in range(_clauses.DEGREE):
            known.append(known[-1] * x)
    used = np.flatnonzero(np.any(clauses[:, _clauses.POLYNOMIAL :] != 0.0, axis=0))
    exponents = _clauses.EXPONENTS
    return {m: powers[0][i] * powers[1][j] * powers[2][k] for m, (i, j, k) in zip(used, exponents[used], strict=True)}


def constraint_ratios(clauses: np.ndarray, points: Points, values: np.ndarray, constraints: int) -> np.ndarray:
    """The largest ratio of each constraint's clauses: values float64[slots, n]; float64[constraints, n].

    0 where none applies, which is also where the vector is narrower than a prompt decay needs.
    """
    ratios = np.zeros((constraints, values.shape[1]))
    for clause, value in zip(clauses, values, strict=True):
        if clause[_clauses.APPLIES] == 0.0:
            continue
        distance = value - clause[_clauses.CENTRE]
        ratio = np.maximum(distance * (1.0 / clause[_clauses.UP]), -distance * (1.0 / clause[_clauses.DOWN]))
        if clause[_clauses.MIN_WIDTH] > 0.0:
            ratio[points.width < clause[_clauses.MIN_WIDTH]] = 0.0
        of_constraint = ratios[int(clause[_clauses.CONSTRAINT])]
        np.maximum(of_constraint, ratio, out=of_constraint)
    return ratios


def exclusion_bits(ratios: np.ndarray) -> np.ndarray:
    """Bit k is set where the ratio of constraint k is 1 or more: uint64[n]."""
    bits = np.zeros(ratios.shape[1], dtype=np.uint64)
    for k, ratio in enumerate(ratios):
        bits[ratio >= 1.0] |= np.uint64(1 << k)
    return bits
