"""A few images, compared with pictures looked at by eye (tests/data/baseline).

Compared with ``pytest --mpl`` only; after a wanted change ``pytest --mpl-generate-path=tests/data/baseline`` draws them
anew, to be looked at before they are committed.
"""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.paper import figures
from zdscan.analysis.paper.figures.plate import Detail
from zdscan.analysis.pictures.curves import area_of, contours, draw_curves, of_excess
from zdscan.analysis.pictures.frame import Frame, Side
from zdscan.analysis.pictures.layers import Plane
from zdscan.analysis.views.regions import levels

pytest.importorskip("pytest_mpl")
# Letters differ between versions of FreeType by more than a line out of place would; they are compared loosely.
compared = pytest.mark.mpl_image_compare(
    baseline_dir="../../data/baseline", style="default", remove_text=True, tolerance=6
)


@compared
def test_regions_curves_and_hatching() -> Figure:
    values = {"mass": np.geomspace(0.01, 1.0, 41), "eps_z": np.linspace(-1.0, 1.0, 31)}
    mass, eps_z = np.meshgrid(values["mass"], values["eps_z"], indexing="ij")
    delta = (np.log10(mass) + 1.2) ** 2 / 0.02 + (eps_z - 0.1) ** 2 / 0.02
    figure = Figure(figsize=(3.5, 3.0), dpi=100)
    plane = Plane(figure.add_subplot(), ("mass", "eps_z"), values, "MeV")
    plane.regions(delta, levels(2), (1, 2, 3))
    plane.allowed(delta, levels(2), (1, 2, 3), "allowed")
    scales = Scale("log", 0.01, 1.0), Scale("linear", -1.0, 1.0)
    sides = Side(scales[0], 0.01, 1.0, 1000.0), Side(scales[1], -1.0, 1.0)
    frame = Frame(plane.axes, *sides, (2.7, 2.3))
    x, y = (side.fractions(each) for side, each in zip(sides, values.values(), strict=True))
    excess = {"a_mu": eps_z - 0.3 - np.log10(mass) / 4, "w_width": mass - 0.3}
    curves = of_excess(x, y, excess)
    area = area_of(frame, contours(x, y, np.maximum(*excess.values()))[1], {"facecolor": "0.92", "zorder": 2.5})
    assert area is not None
    plane.excluded_regions(delta, levels(2), area)
    assert [curve.name for curve in draw_curves(frame, curves, 1)] == ["a_mu"]
    plane.mark({"mass": 0.063, "eps_z": 0.1}, "*", "#ffd92f", "best fit")
    return figure


@compared
@pytest.mark.parametrize("number", [1, 7])
def test_figures_of_the_paper(number: int) -> Figure:
    figure = figures.draw(number, Detail(curve=40)).figure
    figure.set_dpi(100)
    return figure
