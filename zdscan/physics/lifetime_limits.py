"""Limits for several lifetimes of a vector, as limits in a few windows of proper times. docs/constraints-flavour.md.

A search gives upper limits l(tau) on a rate. If the decays in a window (a, b) of proper times were all that it sees,
the limit would be L/E(tau) with E = exp(-a/tau) - exp(-b/tau). The least L that is nowhere stronger than the search is
the largest l(tau) E(tau); several windows together, each a clause, come close to l at every lifetime.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Window = tuple[float, float]
_BETWEEN = 8  # lifetimes that are tried between two of a file


def share(window: Window, lifetime: float) -> float:
    """The share of vectors with this lifetime that decay in a window of proper times, all in the same unit."""
    start, end = window
    if lifetime == 0.0:
        return 1.0 if start == 0.0 else 0.0
    return math.exp(-start / lifetime) - math.exp(-end / lifetime)


def within(windows: Sequence[Window], lifetimes: Sequence[float], limits: Sequence[float]) -> list[float]:
    """The limit in each window: the least that is nowhere stronger than the search; infinite where there is none.

    Between two lifetimes the logarithm of a limit is linear in that of the lifetime. A vetoed lifetime has an infinite
    limit; it says nothing about windows that begin later, and all about those that begin at 0.

    Parameters
    ----------
    windows : from and to which proper time, in the unit of the lifetimes.
    lifetimes : ascending; the first may be 0.
    limits : one each.
    """
    known = [(tau, limit) for tau, limit in zip(lifetimes, limits, strict=True) if math.isfinite(limit)]
    fine = known[:1] + [step for pair in pairwise(known) for step in _between(*pair)]
    vetoed = len(known) < len(limits)
    return [
        math.inf
        if not known or (vetoed and window[0] == 0.0)
        else max(limit * share(window, tau) for tau, limit in fine)
        for window in windows
    ]


def _between(first: tuple[float, float], last: tuple[float, float]) -> list[tuple[float, float]]:
    """Lifetimes after the first one up to the last one, with their limits."""
    if first[0] == 0.0:
        return [last]
    steps = np.linspace(0.0, 1.0, _BETWEEN + 1)[1:].tolist()
    return [(first[0] * (last[0] / first[0]) ** t, first[1] * (last[1] / first[1]) ** t) for t in steps]
