"""Predicted rows of grids against the reference evaluator, number for number."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.thinning import every
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast.direct import POINTS
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.cases import CASES

LARGEST = float(np.finfo(np.float32).max)
# below and above the threshold of muons, and next to edges of bins (sqrt(0.1), 1, sqrt(2) GeV)
MASSES = (0.01, 0.2114, 0.31622, 0.6, 0.99999, 1.4143, 1.95)


def axes_of(rng: np.random.Generator, lengths: tuple[int, int, int] = (3, 7, 19)) -> Any:
    """Axes over all decades, with zeros and both signs, none of a length that fits blocks."""
    found = [10 ** rng.uniform(-9, 0, n) * rng.choice([-1.0, 1.0], n) for n in lengths]
    found[0][0], found[1][0], found[2][0] = 0.0, 0.0, 0.0
    return tuple(np.sort(axis) for axis in found)


def predicted(workspace: Any, axes: Any, first: int, count: int, rows: int) -> NDArray[np.float32]:
    out = np.full((count, rows), np.nan, dtype=np.float32)
    workspace.fill_direct(axes, first, {"predictions": out})
    return out


def exactly(physics: Any, tables: Any, axes: Any, tables_at: Any = None) -> NDArray[np.float32]:
    points = run_of(axes, 0, math.prod(len(axis) for axis in axes))
    found = physics.quantities(tables, points, ("predictions",), tables_at)["predictions"]
    return np.clip(found, -LARGEST, LARGEST).astype(np.float32)


@pytest.mark.parametrize(
    ("case", "theory", "measurements"),
    every(3, [(c, t, x) for c in "CBA" for t in ("complete", "paper") for x in ("latest", "rashed2024-corrected")]),
)
def test_predictions_are_those_of_the_reference(case: str, theory: str, measurements: str) -> None:
    """To the last bit, within the small-width law and beyond it."""
    physics = build_physics(CASES[case], theory=theory, measurements=measurements, constraints=())
    rows, rng, beyond, steps = physics.likelihood, np.random.default_rng(29), 0, 0
    for mass in MASSES:
        axes, tables = axes_of(rng), physics.mass_tables(mass)
        workspace, count = physics.workspace(tables, axes), math.prod(len(axis) for axis in axes)
        assert count % POINTS
        found = predicted(workspace, axes, 0, count, len(rows.sm))
        exact = exactly(physics, tables, axes, workspace.bands.at)
        distance = found.view(np.int32).astype(np.int64) - exact.view(np.int32)
        assert np.abs(distance).max() <= 1
        steps += np.count_nonzero(distance)
        widths = physics.quantities(tables, run_of(axes, 0, count), ("widths",))["widths"].sum(axis=1)
        beyond += np.count_nonzero(widths > _mass.row_tables(tables, len(rows.rates))[:, -1].min())
    assert steps == 0
    assert beyond > (5 if case == "A" else 100)


def test_closed_form_beyond_the_law() -> None:
    """Bands keep 1e-7 of a row against tables in closed form, which owe them nothing."""
    physics = build_physics(CASES["C"], theory="complete", measurements="rashed2024-corrected", constraints=())
    axes, tables = (
        (np.array([0.0, 1e-3]), np.array([-1e-2, 1e-4]), np.geomspace(0.03, 1.0, 9)),
        physics.mass_tables(0.9),
    )
    found = predicted(physics.workspace(tables, axes), axes, 0, 36, len(physics.likelihood.sm))
    np.testing.assert_allclose(found, exactly(physics, tables, axes), rtol=3e-7)


def test_standard_model_and_cuts() -> None:
    """Without couplings every row is the Standard Model's; no point depends on where a run begins."""
    physics = build_physics(CASES["B"], theory="complete", measurements="latest", constraints=())
    axes, tables = axes_of(np.random.default_rng(5)), physics.mass_tables(1.2)
    count, rows = math.prod(len(axis) for axis in axes), len(physics.likelihood.sm)
    whole = predicted(physics.workspace(tables, axes), axes, 0, count, rows)
    pieces = physics.workspace(tables, axes)
    cuts = itertools.pairwise([0, 1, 63, 130, 259, count])
    found = [predicted(pieces, axes, first, last - first, rows) for first, last in cuts]
    assert np.concatenate(found).tobytes() == whole.tobytes()
    none = tuple(np.zeros(1) for _ in range(3))
    alone = predicted(physics.workspace(tables, none), none, 0, 1, rows)
    np.testing.assert_array_equal(alone[0], physics.likelihood.sm.astype(np.float32))
