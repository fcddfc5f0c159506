"""Values, ratios and bits of constraints against clauses written out one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM
from zdscan.evaluation.engine import build_physics
from zdscan.kernels.reference.clauses import branching_ratios, clause_values, constraint_ratios, exclusion_bits
from zdscan.kernels.reference.points import points_at
from zdscan.kernels.tables import clauses as layout
from zdscan.kernels.tables.mass import HEADER
from zdscan.physics.cases import CASES

CHANNELS = {"invisible": 0, "ee": 1, "mumu": 2, "hadrons": 3, "pipi": 4}


@pytest.mark.parametrize("mass", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_clauses_against_their_definition(case: str, mass: float) -> None:
    physics, rng = (
        build_physics(CASES[case], theory="complete", measurements="rashed2024-corrected"),
        np.random.default_rng(7),
    )
    parameters = 10 ** rng.uniform(-6, -1, (3, 30)) * rng.choice([-1.0, 1.0], (3, 30))
    parameters[:, 0] = 0.0
    parameters[2] *= case != "A"
    tables = physics.mass_tables(mass)[HEADER + 29 * 26 :].reshape(-1, layout.LENGTH)
    points = points_at(physics.mass_tables(mass), physics.matrix, parameters)
    values, fractions = clause_values(tables, points), branching_ratios(points)
    ratios = constraint_ratios(tables, points, values, len(physics.constraints))
    slot, bits = 0, exclusion_bits(ratios)
    for k, (constraint, found) in enumerate(zip(physics.constraints, physics.clauses(mass), strict=True)):
        largest = np.zeros(30)
        for place, clause in enumerate(found):
            numbers = np.array(clause.packed(k)[layout.POLYNOMIAL :])
            for n in range(30):
                value = float(numbers @ np.prod(parameters[:, n] ** layout.EXPONENTS, axis=1))
                scale = float(np.abs(numbers) @ np.prod(np.abs(parameters[:, n]) ** layout.EXPONENTS, axis=1))
                if clause.channels:
                    value *= sum(fractions[CHANNELS[channel], n] for channel in clause.channels)
                start, end = clause.window
                if end > 0.0:
                    late = math.exp(-end * points.width[n]) if math.isfinite(end) else 0.0
                    value *= math.exp(-start * points.width[n]) - late
                value += clause.constant
                value = (math.sqrt(max(value, 0.0)) if clause.root else value) + clause.offset
                assert values[slot + place, n] == pytest.approx(value, rel=CLOSED_FORM, abs=1e-12 * scale)
                if clause.min_width <= points.width[n] <= clause.max_width:
                    largest[n] = max(largest[n], clause.ratio(values[slot + place, n]))
        np.testing.assert_allclose(ratios[k], largest, rtol=CLOSED_FORM)
        np.testing.assert_array_equal(bits >> np.uint64(k) & np.uint64(1), ratios[k] >= 1.0)
        slot += constraint.slots


def test_no_open_channel_is_invisible() -> None:
    physics = build_physics(CASES["C"], measurements="rashed2024-corrected")
    points = points_at(physics.mass_tables(0.05), physics.matrix, np.zeros((3, 2)))
    assert points.width.tolist() == points.inverse_width.tolist() == [0.0, 0.0]
    assert branching_ratios(points).tolist() == [[1.0, 1.0], *[[0.0, 0.0]] * 4]
