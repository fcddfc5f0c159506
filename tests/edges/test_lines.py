"""What constraints exclude along one line of points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.edges.lines import on_line
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES


def test_a_slanted_line_ends_where_the_ratio_is_one() -> None:
    """eps and eps_z grow together, from an excluded point on the other side of 0, through what is allowed."""
    physics = build_physics(CASES["A"], constraints=("apv_cs",))
    start, direction = np.array([0.0, -1e-3, 0.0]), np.array([1.0, 2.0, 0.0])
    of, low, high = on_line(physics, 0.05, physics.mass_tables(0.05), start, direction, (1e-6, 1e-1))
    assert of.tolist() == [0] * len(of)
    assert low[0] == 0.0
    assert math.isinf(high[-1])
    for edge in [*high[:-1].tolist(), *low[1:].tolist()]:
        eps, eps_z, _ = start + direction * edge
        found = evaluate("A", 0.05, eps=eps, eps_z=eps_z, constraints=["apv_cs"])
        assert float(found.ratios[0]) == pytest.approx(1.0, abs=1e-6)


def test_what_is_not_excluded_at_zero_begins_at_the_least_size() -> None:
    physics = build_physics(CASES["A"], constraints=("apv_cs",))
    line = np.zeros(3), np.array([0.0, 1.0, 0.0])
    _, low, high = on_line(physics, 0.05, physics.mass_tables(0.05), *line, (1e-2, 1.0))
    assert (low.tolist(), high.tolist()) == ([1e-2], [math.inf])
