"""Ratios of grids against the reference evaluator, number for number, and windows against the library's exponential."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.thinning import every
from zdscan.evaluation.direct import clause_list
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast.direct import POINTS
from zdscan.kernels.fast.ratios import evaluate_ratios
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.cases import CASES

LARGEST = float(np.finfo(np.float32).max)
# below and above the thresholds of muons, pions and kaons, at resonances, and next to edges of bins
MASSES = (0.01, 0.0997, 0.1001, 0.2112, 0.2114, 0.28, 0.3, 0.7826, 0.98, 1.0195, 1.4142, 1.75, 2.0)


def axes_of(rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Axes over all decades, with zeros and both signs, none of a length that fits blocks."""
    lengths = (3, 7, 19)
    found = [10 ** rng.uniform(-9, 0, n) * rng.choice([-1.0, 1.0], n) for n in lengths]
    found[0][0], found[1][0], found[2][0] = 0.0, 0.0, 0.0
    return tuple(np.sort(axis) for axis in found)


def ratios_of(physics: Any, tables: NDArray[np.float64], mass: float, axes: Any) -> NDArray[np.float32]:
    rows = physics.likelihood
    count = math.prod(len(axis) for axis in axes)
    assert count % POINTS
    out = np.full((count, len(physics.constraints)), np.nan, dtype=np.float32)
    packed = _mass.clause_tables(tables, len(rows.rates), rows.form_count)
    evaluate_ratios(clause_list(packed), tables, physics.matrix_at(mass), *axes, 0, LARGEST, out)
    return out


@pytest.mark.parametrize(
    ("case", "theory", "limits"),
    every(3, [(c, t, x) for c in "ABC" for t in ("paper", "complete") for x in ("latest", "rashed2024")]),
)
def test_ratios_are_those_of_the_reference(case: str, theory: str, limits: str) -> None:
    """To the last bit, but where an exponential rounds otherwise: 1e-15, next to a boundary of float32."""
    physics = build_physics(CASES[case], theory=theory, limits=limits)
    rng, steps = np.random.default_rng(17), 0
    for mass in MASSES:
        axes, tables = axes_of(rng), physics.mass_tables(mass)
        found = ratios_of(physics, tables, mass, axes)
        exact = physics.quantities(tables, run_of(axes, 0, len(found)), ("ratios",))["ratios"]
        exact = np.clip(exact, 0.0, LARGEST).astype(np.float32)
        distance = found.view(np.int32).astype(np.int64) - exact.view(np.int32)
        assert np.abs(distance).max() <= 1
        steps += np.count_nonzero(distance)
    assert steps <= 1


@pytest.mark.parametrize("setting", [{"invisible_width": 1e-6}, {"invisible_branching": 0.5}])
def test_extra_widths(setting: dict[str, float]) -> None:
    physics = build_physics(CASES["B"], theory="complete", **setting)
    for mass in (0.05, 0.6):
        axes, tables = axes_of(np.random.default_rng(3)), physics.mass_tables(mass)
        found = ratios_of(physics, tables, mass, axes)
        exact = physics.quantities(tables, run_of(axes, 0, len(found)), ("ratios",))["ratios"]
        np.testing.assert_array_equal(found, np.clip(exact, 0.0, LARGEST).astype(np.float32))


@pytest.mark.parametrize(("start", "length"), [(0.0, 1e3), (1e4, math.inf), (2e5, 3e2), (1e12, 1e13), (0.0, 1e22)])
def test_windows(start: float, length: float) -> None:
    """The share of decays in a window, for widths of 34 decades, to the rounding of float32."""
    physics = build_physics(CASES["C"], theory="complete", constraints=("a_mu",))
    tables = physics.mass_tables(0.3)
    g = np.geomspace(1e-15, 1e2, 1234)
    clause = np.zeros((1, _clauses.LENGTH))
    clause[0, [_clauses.APPLIES, _clauses.UP, _clauses.DOWN]] = 1.0, 1e-30, math.inf
    clause[0, _clauses.CHANNEL] = -1
    clause[0, [_clauses.WINDOW_FROM, _clauses.WINDOW_TO]] = start, start + length
    clause[0, _clauses.POLYNOMIAL] = 1.0  # of 1, the first of the monomials
    out, none = np.empty((len(g), 1), dtype=np.float32), np.zeros(1)
    evaluate_ratios(clause_list(clause), tables, physics.matrix_at(0.3), none, none, g, 0, LARGEST, out)
    widths = physics.quantities(tables, np.array([0 * g, 0 * g, g]), ("widths",))["widths"].sum(axis=1)
    for width, ratio in zip(widths.tolist(), out[:, 0].tolist(), strict=True):
        late = -math.expm1(-length * width) if math.isfinite(length) else 1.0
        expected = math.exp(-start * width) * late * 1e30
        assert ratio == pytest.approx(expected, rel=6.1e-8, abs=1e-44)
