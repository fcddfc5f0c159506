"""Grid files made by hand and surfaces in closed form, for the tests of `zdscan.analysis`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from zdscan.analysis.fits.bestfit import BestFit, fit_surface
from zdscan.analysis.fits.seeds import Seeds
from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import Plan
from zdscan.grid.create import create
from zdscan.grid.layout import GridIO
from zdscan.grid.profiles import read_minima
from zdscan.physics.parameters import DESCRIPTIONS
from zdscan.ranks.mpi import Alone
from zdscan.scan.axes import spaced

NOT_COMPUTED = 1 << 31


class FakeEngine:
    """Just enough of an engine for `zdscan.grid.create.create`."""

    mass_tables_size = 1
    descriptions = DESCRIPTIONS
    ndof = 26
    sm_chi2 = {"all": 89.4, "muon": 80.2}  # noqa: RUF012
    identity = {"fake": "1"}  # noqa: RUF012
    attributes = {"case": "C", "theory": "paper"}  # noqa: RUF012
    fields = (
        Field("chi2", "<f4", float("nan"), "chi2", "1"),
        Field(
            "excluded",
            "<u4",
            0xFFFFFFFF,
            "bits",
            "1",
            attributes={"flag_masks": [1, 2, NOT_COMPUTED], "flag_meanings": "apv_cs w_width not_computed"},
        ),
    )

    def __init__(self, axes: dict[str, NDArray[np.float64]]) -> None:
        self.axes = axes
        self.shape = tuple(axis.size for axis in axes.values())


def write_grid(path: Path, finished: bool = True, stored: bool = False) -> SimpleNamespace:
    """A grid file with a valley along eps_z g_mu = const, with `stored` profiles or without; returns its arrays."""
    axes = {
        "mass": np.geomspace(0.01, 2.0, 7),
        "eps": np.array([0.0, 1e-4, 1e-3]),
        "eps_z": spaced(-1e-1, 1e-1, 31, "symlog", 1e-6),
        "g_mu": np.geomspace(1e-4, 1.0, 20),
    }
    mass, eps, eps_z, g_mu = np.meshgrid(*axes.values(), indexing="ij")
    chi2 = (61.4 + 28 * (1 + eps_z * g_mu / (1e-5 * (1 + mass**2))) ** 2 + eps + mass / 10).astype("<f4")
    excluded = ((np.abs(eps_z) > 2e-3 * mass).astype("<u4")) | ((g_mu > 0.1).astype("<u4") << 1)
    store_grid(path, axes, chi2, excluded, finished, stored)
    return SimpleNamespace(axes=axes, chi2=chi2, excluded=excluded)


def store_grid(path: Path, axes, chi2, excluded, finished: bool = True, stored: bool = False, missing=()) -> None:
    """Write arrays as a grid file; unfinished ones lack the last block, or the blocks `missing`."""
    engine = FakeEngine(axes)
    plan = Plan.default(engine.shape)
    layout = create(path, engine, plan, scan_text="", overrides=(), profiles=stored, history=[], overwrite=True)
    absent = set(missing) if finished else {plan.blocks - 1}
    with GridIO(layout, write=True) as io:
        for number in range(plan.blocks):
            if number in absent:
                continue
            block = plan.block(number)
            part = slice(block.start, block.start + block.count)
            io.write_field("chi2", block, chi2.reshape(-1)[part])
            io.write_field("excluded", block, excluded.reshape(-1)[part])
            io.write_done(number, 1)
        if stored:
            found = read_minima(layout, Alone(), 1)
            every, allowed = found.every, found.allowed
            for suffix, minima in (("", every), ("_allowed", allowed)):
                for name, (values, at) in minima.by_pair().items():
                    io.write_profile(name + suffix, values)
                    io.write_profile(f"{name}{suffix}_at", at)


def complaint(action, *args, **kwargs) -> str:
    with pytest.raises(UserError) as refusal:
        action(*args, **kwargs)
    return "\n".join(refusal.value.messages)


FIT_AXES = {
    "mass": np.geomspace(0.01, 1.0, 5),
    "eps": spaced(-1e-2, 1e-2, 9, "symlog", 1e-4),
    "eps_z": spaced(-1e-1, 1e-1, 13, "symlog", 1e-4),
    "g_mu": np.geomspace(1e-4, 1.0, 13),
}


class Synthetic:
    """A surface from a function of (mass, eps, eps_z, g_mu)."""

    def __init__(self, function):
        self.function = function

    def at_mass(self, mass):
        return lambda a, b, c: self.function(mass, a[:, None, None], b[None, :, None], c[None, None, :])


def seeds_of(surface, axes=FIT_AXES) -> Seeds:
    seeds = Seeds(axes)
    for index, mass in enumerate(axes["mass"]):
        seeds.add(index, surface.at_mass(float(mass))(axes["eps"], axes["eps_z"], axes["g_mu"]))
    return seeds


def fitted(function, axes=FIT_AXES, **options) -> BestFit:
    surface = Synthetic(function)
    return fit_surface(surface, seeds_of(surface, axes), 26, 90.0, **options)


def logs(value, at, sigma):
    """Distance in ln|value| from `at` in units of sigma; far away at the wrong sign and at 0."""
    with np.errstate(divide="ignore"):
        t = np.log(np.abs(value / at))
    return np.where(value * at > 0.0, np.clip(t / sigma, -300.0, 300.0), 300.0)


TRUE = (3e-3, -4e-3, 2e-2)

SIGMA = (0.2, 0.1, 0.15)

RHO = 0.6


def quadratic(mass, eps, eps_z, g_mu):
    """An exact parabola in the logarithms, eps and eps_z correlated; mass 0.1 GeV with an error of 0.3 in ln(mass)."""
    x, y, z = (logs(v, at, s) for v, at, s in zip((eps, eps_z, g_mu), TRUE, SIGMA, strict=True))
    return 50.0 + (x**2 - 2 * RHO * x * y + y**2) / (1 - RHO**2) + z**2 + (np.log(mass / 0.1) / 0.3) ** 2


CASE_A = """\
format = 1
case = "A"
[axes]
mass = { values = [0.010, 0.020, 0.0295, 0.0305, 0.1] }
eps = { min = 0.0, max = 1e-2, n = 21, spacing = "symlog", linear_below = 1e-5 }
eps_z = { min = -1e-1, max = 1e-1, n = 101, spacing = "symlog", linear_below = 1e-5 }
g_mu = { values = [0.0] }
[constraints]
use = ["apv_cs", "a_mu"]
"""

PLATEAU = """\
format = 1
case = "B"
[axes]
mass = { values = [0.0103] }
eps = { values = [0.0] }
eps_z = { min = -3e-4, max = 3e-4, n = 81, spacing = "symlog", linear_below = 1e-7 }
g_mu = { min = 1e-2, max = 1.0, n = 21, spacing = "log" }
[constraints]
use = "paper"
"""
