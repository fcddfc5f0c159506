"""Constraints at points of one mass: values of the clauses, ratios and bits. kernels/tables/clauses.py."""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.reference.points import Points
from zdscan.kernels.tables import clauses as _clauses


def branching_ratios(points: Points) -> np.ndarray:
    """To everything invisible, ee, mumu, hadrons and pi+ pi-, the order of channels in clauses: float64[5, n].

    A vector without open channel is invisible.
    """
    electrons, muons, neutrinos, hadrons, invisible = points.channels
    out = np.stack([neutrinos + invisible, electrons, muons, hadrons, points.pions]) * points.inverse_width
    out[_clauses.INVISIBLE_CHANNEL, points.width == 0.0] = 1.0
    return out


def share_in_window(start: float, end: float, width: np.ndarray) -> np.ndarray:
    """The share exp(-start Gamma) - exp(-end Gamma) of vectors that decay in a window (1/GeV), without cancellation."""
    share: np.ndarray = np.exp(-start * width)
    if math.isfinite(end):
        share *= -np.expm1((start - end) * width)
    return share


def clause_values(clauses: np.ndarray, points: Points) -> np.ndarray:
    """What each clause float64[slots, LENGTH] compares with its bounds, 0 where there is none: float64[slots, n]."""
    monomials, fractions = _monomials(clauses, points), branching_ratios(points)
    values, term = np.zeros((len(clauses), len(points.width))), np.empty_like(points.width)
    numbers, coefficients = clauses[:, : _clauses.POLYNOMIAL].tolist(), clauses[:, _clauses.POLYNOMIAL :]
    for c, m in zip(*(place.tolist() for place in np.nonzero(coefficients)), strict=True):
        values[c] += np.multiply(coefficients[c, m], monomials[m], out=term)
    for value, clause in zip(values, numbers, strict=True):
        if clause[_clauses.APPLIES] == 0.0:
            continue
        channels = _clauses.channels_of(int(clause[_clauses.CHANNEL]))
        if channels:
            value *= fractions[channels[0]] if len(channels) == 1 else fractions[list(channels)].sum(axis=0)
        if clause[_clauses.WINDOW_TO] > 0.0:
            value *= share_in_window(clause[_clauses.WINDOW_FROM], clause[_clauses.WINDOW_TO], points.width)
        if clause[_clauses.CONSTANT] != 0.0:
            value += clause[_clauses.CONSTANT]
        if clause[_clauses.ROOT] != 0.0:
            np.sqrt(np.maximum(value, 0.0, out=value), out=value)
        if clause[_clauses.OFFSET] != 0.0:
            value += clause[_clauses.OFFSET]
    return values


def _monomials(clauses: np.ndarray, points: Points) -> dict[int, np.ndarray]:
    """eps^i eps_z^j g_mu^k by their number, those that some clause has."""
    powers = [[np.ones_like(points.width)] for _ in range(3)]
    for known, x in zip(powers, points.parameters, strict=True):
        for _ in range(_clauses.DEGREE):
            known.append(known[-1] * x)
    used = np.flatnonzero(np.any(clauses[:, _clauses.POLYNOMIAL :] != 0.0, axis=0)).tolist()
    exponents = _clauses.EXPONENTS
    return {m: powers[0][i] * powers[1][j] * powers[2][k] for m, (i, j, k) in zip(used, exponents[used], strict=True)}


def constraint_ratios(clauses: np.ndarray, points: Points, values: np.ndarray, constraints: int) -> np.ndarray:
    """The largest ratio of each constraint's clauses: values float64[slots, n]; float64[constraints, n].

    0 where none applies, which is also where the vector is narrower than a prompt decay needs or broader than a peak.
    """
    ratios, term = np.zeros((constraints, values.shape[1])), np.empty(values.shape[1])
    for clause, value in zip(clauses[:, : _clauses.POLYNOMIAL].tolist(), values, strict=True):
        if clause[_clauses.APPLIES] == 0.0:
            continue
        of_constraint, distance = ratios[int(clause[_clauses.CONSTRAINT])], value
        if clause[_clauses.CENTRE] != 0.0:
            distance = value - clause[_clauses.CENTRE]
        for bound in (clause[_clauses.UP], -clause[_clauses.DOWN]):
            if math.isfinite(bound):
                np.multiply(distance, 1.0 / bound, out=term)
                if clause[_clauses.MIN_WIDTH] > 0.0:
                    term[points.width < clause[_clauses.MIN_WIDTH]] = 0.0
                if clause[_clauses.MAX_WIDTH] > 0.0:
                    term[points.width > clause[_clauses.MAX_WIDTH]] = 0.0
                np.maximum(of_constraint, term, out=of_constraint)
    return ratios + 0.0  # no zero with a sign


def exclusion_bits(ratios: np.ndarray) -> np.ndarray:
    """Bit k is set where the ratio of constraint k is 1 or more: uint64[n]."""
    bits = np.zeros(ratios.shape[1], dtype=np.uint64)
    for k, excluded in enumerate(ratios >= 1.0):
        bits |= excluded.astype(np.uint64) << np.uint64(k)
    return bits
