"""Grids, fits and surfaces that several tests of `zdscan.analysis` look at; nobody changes them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.analysis.support import CASE_A, PLATEAU, fitted, quadratic, store_grid, write_grid
from zdscan.analysis.fits.bestfit import BestFit
from zdscan.analysis.fits.fitting import Fit, fit_scan
from zdscan.scan.axes import spaced
from zdscan.scan.scanfile import parse_scan


@pytest.fixture(scope="module", params=[False, True], ids=["computed", "stored"])
def valley(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimpleNamespace]:
    path = tmp_path_factory.mktemp("grid") / "grid.h5"
    return path, write_grid(path, stored=request.param)


@pytest.fixture(scope="module")
def scattered(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Random chi2 with ties and random exclusions; one mass not computed."""
    random = np.random.default_rng(7)
    axes = {
        "mass": np.geomspace(0.01, 2.0, 4),
        "eps": np.array([0.0, 1e-4, 1e-3]),
        "eps_z": spaced(-1e-2, 1e-2, 7, "symlog", 1e-5),
        "g_mu": np.geomspace(1e-3, 1.0, 5),
    }
    shape = tuple(axis.size for axis in axes.values())
    chi2 = random.integers(60, 90, shape).astype("<f4")
    excluded = random.choice(np.array([0, 1, 2, 3], dtype="<u4"), shape, p=[0.1, 0.4, 0.4, 0.1])
    excluded[2] |= 2  # a whole mass
    path = tmp_path_factory.mktemp("regions") / "grid.h5"
    store_grid(path, axes, chi2, excluded, missing=[3])  # one block per mass
    chi2[3] = np.nan
    return SimpleNamespace(path=path, axes=axes, chi2=chi2, excluded=excluded, shape=shape)


@pytest.fixture(scope="module")
def gaussian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """exp(-chi2/2) = Gaussian in log(mass) x Gaussian in eps_z, wide enough grids, the rest constant."""
    axes = {
        "mass": np.geomspace(0.01, 2.0, 121),
        "eps": np.array([0.0]),
        "eps_z": np.linspace(-1.0, 1.0, 101),
        "g_mu": np.geomspace(1e-3, 1.0, 2),
    }
    mass, _, eps_z, _ = np.meshgrid(*axes.values(), indexing="ij")
    chi2 = (30 + (np.log(mass / 0.14) / 0.3) ** 2 + ((eps_z - 0.1 * np.log(mass / 0.14)) / 0.1) ** 2).astype("<f4")
    path = tmp_path_factory.mktemp("gaussian") / "grid.h5"
    store_grid(path, axes, chi2, (eps_z > 0.75).astype("<u4"))
    return path


@pytest.fixture(scope="module")
def parabola() -> BestFit:
    return fitted(quadratic)


@pytest.fixture(scope="module")
def case_a() -> Fit:
    return fit_scan(parse_scan(CASE_A))


@pytest.fixture(scope="module")
def plateau() -> Fit:
    return fit_scan(parse_scan(PLATEAU))
