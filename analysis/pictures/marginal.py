"""The picture of a posterior: regions of highest density over two axes, everything else integrated out."""

from __future__ import annotations

import textwrap

import numpy as np

from zdscan.analysis.pictures.layers import Plane
from zdscan.analysis.pictures.scales import setting
from zdscan.analysis.pictures.sheet import (
    Options,
    Target,
    check_drawable,
    columns_of,
    sheet_for,
    show_range,
    subject_lines,
)
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import Marginal


def draw(grid: Points, posterior: Marginal, target: Target, options: Options | None = None) -> list[str]:
    """Draw and save regions of highest posterior density over two axes.

    Returns
    -------
    The measures that the priors are flat in, as a sentence.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.plane.draw`.
    """
    options = options or Options()
    check_drawable(grid, posterior.axes, target, options)
    with sheet_for(target, options) as sheet:
        plane = Plane(sheet.axes, posterior.axes, posterior.values, options.unit)
        delta = posterior.delta()
        handles = plane.regions(delta, posterior.levels(options.sigmas), options.sigmas, "posterior")
        handles += plane.missing(np.isnan(delta))
        lines = [*subject_lines(grid), *textwrap.wrap("integrated with priors flat in " + priors_text(posterior), 60)]
        if posterior.fixed:
            lines.append("at " + ", ".join(setting(*item, options.unit) for item in posterior.fixed.items()))
        show_range(sheet.axes, posterior.axes, posterior.values, options)
        sheet.finish(lines, handles, target, columns_of(sheet))
    return [f"Integrated with priors flat in {priors_text(posterior)}."]


def priors_text(posterior: Marginal) -> str:
    """The measures in words: ``mass (log), eps (axis)``."""
    names = [name for name in posterior.priors if posterior.values[name].size > 1]
    return ", ".join(f"{name} ({posterior.priors[name]})" for name in names)
