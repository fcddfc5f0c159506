"""Folding of the points of a mass into cells, against plain indexing."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.analysis.views.folding import Folding

SIZES = {"mass": 2, "eps": 3, "eps_z": 4, "g_mu": 5}


@pytest.mark.parametrize(
    ("kept", "fixed"), [(("g_mu", "eps"), {}), (("eps_z",), {"mass": 1, "g_mu": 2}), (("mass",), {})]
)
def test_cells_hold_the_points_of_their_values(kept: tuple[str, ...], fixed: dict[str, int]) -> None:
    folding = Folding(kept, fixed, SIZES)
    values = np.arange(60).reshape(3, 4, 5)[(slice(None), slice(None), fixed.get("g_mu", slice(None)))]
    cells = folding.fold(values)
    names = [name for name in ("eps", "eps_z", "g_mu") if name not in fixed]
    assert cells.shape == (folding.cells, values.size // folding.cells)
    for number, cell in enumerate(np.ndindex(*(SIZES[name] for name in folding.couplings))):
        at = dict(zip(folding.couplings, cell, strict=True))
        expected = values[tuple(at.get(name, slice(None)) for name in names)]
        np.testing.assert_array_equal(cells[number], np.ravel(expected))
    assert list(folding.masses) == ([1] if "mass" in fixed else [0, 1])
    assert folding.layers == (2 if "mass" in kept else 1)


def test_cells_are_given_back_in_the_order_asked_for() -> None:
    folding = Folding(("g_mu", "mass", "eps"), {}, SIZES)
    cells = np.arange(30).reshape(2, 15)  # masses x (eps, g_mu)
    np.testing.assert_array_equal(folding.unfold(cells), cells.reshape(2, 3, 5).transpose(2, 0, 1))
