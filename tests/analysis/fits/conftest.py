"""A fit of one parameter, eps_z of Case C at 30.2 MeV and g_mu = 0.033, that several tests look at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from zdscan.analysis.fits.bestfit import fit_surface
from zdscan.analysis.fits.fitting import coarse_seeds
from zdscan.analysis.fits.refits import Refits
from zdscan.analysis.fits.statistic import Statistic
from zdscan.evaluation.engine import Engine
from zdscan.scan.scanfile import Scan, parse_scan

LINE = """\
format = 2
case = "C"
theory = "paper"
[axes]
mass = { values = [0.0302] }
eps_z = { min = -1e-2, max = 1e-2, n = 141, spacing = "symlog", linear_below = 1e-6 }
g_mu = { values = [0.033] }
[data]
measurements = "rashed2024-corrected"
[constraints]
use = ["bs_mumu", "a_mu"]
limits = "rashed2024"
"""


@pytest.fixture(scope="session")
def line_scan() -> Scan:
    return parse_scan(LINE)


def fitted_line(scan: Scan, statistic: str = "rows") -> SimpleNamespace:
    """The scan, its engine, the statistic, the fit, and where refits begin."""
    engine = Engine.from_scan(scan)
    surface = Statistic(engine.physics, statistic)
    seeds = coarse_seeds(surface, engine.axes)
    result = fit_surface(surface, seeds, engine.ndof, surface.sm, profiles=False)
    return SimpleNamespace(
        scan=scan, engine=engine, surface=surface, result=result, refits=Refits(surface, result, seeds)
    )


@pytest.fixture(scope="session")
def line(line_scan: Scan) -> SimpleNamespace:
    return fitted_line(line_scan)
