"""Tables of forms at the nodes of a band against the closed form, which NumPy evaluates width by width."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.kernels.reference.quotients import exact_tables
from zdscan.kernels.tables.bands import NODE, NODES, band_of, centre_of
from zdscan.kernels.tables.form_bands import form_band_tables
from zdscan.physics.cases import CASES


@pytest.mark.parametrize(("mass", "kappa", "width"), [(0.7, 1 / 0.49, 0.02), (1.5, 0.0, 1.0), (0.05, 0.0, 1e-4)])
def test_tables_at_the_nodes(mass: float, kappa: float, width: float) -> None:
    quotients = build_physics(CASES["C"], measurements=("lfu", "angular"), constraints=()).likelihood.quotients
    assert quotients is not None
    forms, band = quotients.forms, band_of(width)
    wanted = forms.lepton == 1
    found = np.empty((NODES, len(forms.sm), 19))
    form_band_tables(mass, kappa, forms, wanted, band, found)
    assert not found[:, ~wanted].any()
    for n in (0, 7):
        exact = exact_tables(mass, centre_of(band) * (1 + NODE[n]) / (1 - NODE[n]), kappa, forms).T
        # recurrences and sums in another order: rounding of the largest table of a form
        scale = np.abs(exact[wanted]).max(axis=1, keepdims=True)
        np.testing.assert_allclose(found[n, wanted] / scale, exact[wanted] / scale, rtol=0, atol=1e-11)
