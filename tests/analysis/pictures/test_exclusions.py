"""Curves and areas of exclusions of a view whose exclusions are known."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from zdscan.analysis.pictures.exclusions import MOST_NAMED_ALL, draw_exclusions, exclusions, remarks_on, strongest_of
from zdscan.analysis.pictures.frame import Frame
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view


def test_curves_of_cells_run_half_way_between_them(valley) -> None:
    """w_width excludes g_mu above 0.1; apv_cs nothing of the slice. The file is of no physics that is known."""
    path, _ = valley
    with open_grid(path) as grid:
        seen = view(grid, ("mass", "g_mu"), {"eps": 0.0, "eps_z": 0.0}, ["all"])
        options = Options()
        x, y = (options.side(name, seen.values[name], which) for name, which in zip(seen.axes, "xy", strict=True))
        axes = Figure().add_subplot(xscale="log", yscale="log")
        frame = Frame(axes, x, y, (2.7, 2.3))
        found = exclusions(grid, seen, frame, 10)
        handles, area, named = draw_exclusions(frame, found, seen, 3, "95%")
    (curve,) = found.curves
    assert (curve.name, [each.name for each in named]) == ("w_width", ["w_width"])
    g_mu = seen.values["g_mu"]
    first = int(np.flatnonzero(g_mu > 0.1)[0])
    half_way = float(np.sqrt(g_mu[first] * g_mu[first - 1]))
    np.testing.assert_allclose([float(y.shown(v)) for line in curve.lines for _, v in line], half_way)
    assert area is not None
    assert handles[0].get_label() == "excluded at 95%"
    assert remarks_on(found, seen, named) == ["Nothing of the picture is excluded alone by apv_cs."]
    assert remarks_on(found, seen, [])[0] == "Thin grey lines: w_width."


@pytest.mark.parametrize(("wanted", "count", "expected"), [(None, 3, 3), (None, 20, 8), (5, 20, 5), (0, 3, 0)])
def test_how_many_have_a_name(valley, wanted: int | None, count: int, expected: int) -> None:
    assert MOST_NAMED_ALL < 20
    path, _ = valley
    with open_grid(path) as grid:
        seen = view(grid, ("mass", "g_mu"), {})
    object.__setattr__(seen, "chosen", {f"c{k}": 1 << k for k in range(count)})
    assert strongest_of(Options(strongest=wanted), seen, 8) == expected
