"""The closed form for all panels at once against the compiled one, panel by panel."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM
from zdscan.evaluation.engine import build_physics
from zdscan.kernels.physics import bsll
from zdscan.kernels.reference.propagator import exact_tables
from zdscan.physics.cases import CASES


@pytest.mark.parametrize("mass", [0.0137, 0.21, 0.6, 1.4143, 2.0])
@pytest.mark.parametrize("width", [1e-15, 1e-6, 1e-2, 1.0, 1e3])
def test_exact_tables_of_all_rows(mass: float, width: float) -> None:
    rows, kappa = (
        build_physics(CASES["B"], constraints=(), measurements="rashed2024-corrected").likelihood,
        1.0 / mass**2,
    )
    panels = rows.sm_tables.panel_lo, rows.sm_tables.panel_hi
    found = exact_tables(mass, width, kappa, rows.row_start, *panels, rows.functions)
    lin, quad = np.empty(5), np.empty(9)
    for row in range(0, 26, 4):
        one = slice(rows.row_start[row], rows.row_start[row + 1])
        bsll.exact_tables(*(panel[one] for panel in panels), rows.functions[one], mass, width, kappa, lin, quad)
        np.testing.assert_allclose(found[:, row], np.concatenate([lin, quad]), rtol=CLOSED_FORM)
