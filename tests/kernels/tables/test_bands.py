"""Tables at the nodes of a band, against the closed form at one width after the other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.expansion import Expander
from zdscan.kernels.physics.bsll import FUNCTIONS, exact_tables
from zdscan.kernels.tables import bands
from zdscan.physics.cases import CASES


@pytest.mark.parametrize("band", [160, 167, 169])
def test_exact_tables_of_a_band(band):
    """All nodes at once against the rows' tables one width after the other."""
    physics = build_physics(CASES["B"], theory="complete", measurements="rashed2024-corrected")
    rows, mass = physics.likelihood, 0.6
    expander = Expander(physics.matrix, physics.penguin, rows, (0, 1, 2), longitudinal=True)
    panels = rows.sm_tables.panel_lo, rows.sm_tables.panel_hi
    found = np.empty((bands.NODES, 26, bands.TABLES))
    every = np.ones(FUNCTIONS, dtype=bool)
    bands.band_tables(mass, 1 / mass**2, rows.row_start, *panels, rows.functions, every, expander.touched, band, found)
    lin, quad = np.empty(5), np.empty(9)
    for node, row in itertools.product(range(bands.NODES), (0, 7, 15, 25)):
        x = bands.NODE[node]
        width = np.ldexp(2.0, 2 * band + bands.LOWEST) * (1 + x) / (1 - x)
        one = slice(rows.row_start[row], rows.row_start[row + 1])
        exact_tables(*(panel[one] for panel in panels), rows.functions[one], mass, width, 1 / mass**2, lin, quad)
        np.testing.assert_allclose(found[node, row], np.concatenate([lin, quad]), rtol=1e-9)
