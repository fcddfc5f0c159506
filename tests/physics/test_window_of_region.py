"""The window of proper times that the two edges of a region imply: yields by integration, another root finder."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.support.thinning import every
from tests.twins import recasts
from zdscan.physics import search
from zdscan.physics.reference_models import reference
from zdscan.physics.window_of_region import share, start_of_window

REGIONS = sorted(name for group in search.groups().values() for name in group.searches if search.load(name).is_region)


def masses(name: str) -> list[float]:
    """Masses of the numbers of a search that zdscan covers."""
    found = np.concatenate([segment.columns["mass"] for segment in search.load(name).numbers.segments])
    return [float(mass) for mass in found if 0.01 <= mass <= 2.0]


@pytest.mark.parametrize("name", every(4, REGIONS))
def test_the_window_has_equal_yields_at_both_edges(name: str) -> None:
    """Equation (3) by another root finder, from integrals over proper time."""
    item = search.load(name)
    length = item.entry.decay_m / item.entry.shield_m
    for mass in masses(name)[:: len(masses(name)) // 6 + 1]:
        lower, upper = (item.numbers.at(column, mass) for column in item.columns)
        unit = reference("dark photon", recasts.model({"v_e": 1.0}), mass).width

        def gain(log_a: float, ends: tuple[float, float] = (lower, upper), unit: float = unit) -> float:
            a, yields = math.exp(log_a), []
            for eps in ends:
                nodes, weights = np.polynomial.legendre.leggauss(80)
                logs = math.log(a) + math.log1p(length) * 0.5 * (nodes + 1.0)  # t from a to (1 + l) a
                t, width = np.exp(logs), eps * eps * unit
                yields.append(eps * eps * np.sum(weights * t * width * np.exp(-(t - a) * width)))
                yields[-1] = math.log(yields[-1]) - a * width
            return yields[1] - yields[0]

        expected = math.exp(
            brentq(gain, math.log(1e-4 / (upper**2 * unit)), math.log(200 / (upper**2 * unit)), xtol=1e-13)
        )
        assert start_of_window(lower, upper, length, unit) == pytest.approx(expected, rel=1e-7)


def test_share_of_a_window() -> None:
    assert share(2.0, 0.5, 0.7) == pytest.approx(math.exp(-1.4) - math.exp(-2.1), rel=1e-14)
    assert share(2.0, 0.5, 1e-12) == pytest.approx(1e-12, rel=1e-9)
