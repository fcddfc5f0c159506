"""Tables of rows beyond the small-width law, by bands of the width, and chi2 expanded from them."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.broad import BandTables
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.physics.bsll import exact_tables
from zdscan.kernels.tables import bands as band_layout
from zdscan.kernels.tables.mass import HEADER
from zdscan.physics.cases import CASES
from zdscan.physics.rows import Likelihood

BANDS = 1e-7  # of a prediction: rows from tables interpolated in the width, 3e-8 at worst, against the closed form


def one_by_one(rows: Likelihood, mass: float, kappa: float, widths: np.ndarray) -> np.ndarray:
    """Exact tables of all rows at one width after the other: float64[n, 14, rows]."""
    out = np.empty((len(widths), 14, 26))
    lin, quad = np.empty(5), np.empty(9)
    for n, width in enumerate(widths):
        for row in range(26):
            one = slice(rows.row_start[row], rows.row_start[row + 1])
            panels = rows.sm_tables.panel_lo[one], rows.sm_tables.panel_hi[one], rows.functions[one]
            exact_tables(*panels, mass, width, kappa, lin, quad)
            out[n, :, row] = np.concatenate([lin, quad])
    return out


def band_tables(mass: float) -> tuple[Likelihood, BandTables]:
    """Rows of Case B and their tables at a mass."""
    physics = build_physics(CASES["B"], theory="complete", constraints=(), measurements="rashed2024-corrected")
    axes = (np.array([1e-3]), np.array([1e-3]), np.array([0.1, 0.2]))
    return physics.likelihood, physics.workspace(physics.mass_tables(mass), axes).bands


def test_tables_between_the_nodes_against_integrals_one_by_one() -> None:
    """Widths of three bands in disorder, some at the ends of a band; tables that no coupling needs are zero."""
    mass = 0.7
    rows, tables = band_tables(mass)
    widths = np.random.default_rng(1).permutation(np.concatenate([np.geomspace(2e-3, 1.0, 15), [2.0**-6, 2.0**-5]]))
    found, exact = tables.at(widths), one_by_one(rows, mass, mass**-2, widths)
    scale = np.abs(exact).max(axis=2, keepdims=True)
    there = np.broadcast_to(found.any(axis=0), found.shape)
    assert there.any(axis=(0, 2)).sum() > 10
    error = np.where(there, np.abs(found - exact) / scale, 0.0)
    assert error.max() < BANDS


def test_widths_of_no_band_have_the_closed_form() -> None:
    mass = 0.7
    rows, tables = band_tables(mass)
    beyond = 2.0 ** (band_layout.LOWEST + 2 * band_layout.BANDS)  # GeV, the end of the last band
    found = tables.at(np.array([beyond * 4.0, 0.01]))
    np.testing.assert_allclose(found[:1], one_by_one(rows, mass, mass**-2, np.array([beyond * 4.0])), rtol=1e-9)
    np.testing.assert_array_equal(found[1:], tables.at(np.array([0.01])))


@pytest.mark.parametrize("case", ["A", "B", "C"])
@pytest.mark.parametrize("mass", [0.3, 0.7, 1.99])
def test_interpolated_tables_against_the_closed_form(case: str, mass: float) -> None:
    physics = build_physics(CASES[case], theory="complete", measurements="rashed2024-corrected")
    axes = (np.array([0.0, 1e-3]), np.array([-0.1, 0.0, 1e-4]), np.geomspace(1e-3, 3.0, 40))
    if case == "A":
        axes = (np.geomspace(1e-4, 1.0, 15), np.geomspace(1e-3, 1.0, 16), np.array([0.0]))
    mass_tables = physics.mass_tables(mass)
    mass_tables[HEADER : HEADER + 29 * 26].reshape(26, 29)[:, -1] = 0.0  # the law is good for no width
    points = run_of(axes, 0, 240)
    bands = physics.workspace(mass_tables, axes).bands
    exact, interpolated = (
        physics.quantities(mass_tables, points, ("predictions", "chi2"), at) for at in (None, bands.at)
    )
    for name, values in exact.items():
        np.testing.assert_allclose(interpolated[name], values, rtol=BANDS)
