"""Points at which the vector acts like constant Wilson coefficients, so that flavio and EOS can compute the same rows.

A vector of 300 GeV is far above every bin: C9 = E v/(N D) and C10 = -E a/(N D) (docs/rows.md) hardly depend on q2. With
``fcnc_scale`` = 100 the monopole outweighs the q2-dependent charge radius. What dependence remains is reported. The
mass lies outside zdscan's range for constraints and widths; the formulas of the rows know no such limit.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from common import cpu_timing
from job import JOBS
from numpy.typing import NDArray
from throughput import OUTPUTS, Effort, physics_of, point_seconds

from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import CASES
from zdscan.scan.scanfile import load_scan

MASS, SCALE = 300.0, 100.0
POINTS = ((0.0, -0.1, 0.03), (0.0, 0.1, 0.03), (0.0, -0.1, 0.0))  # eps, eps_z, g_mu; Case B


@dataclass(frozen=True)
class Matched:
    """zdscan's rows at one point and the constant coefficients that stand for it.

    Attributes
    ----------
    rows : float64[26] in the rows' units.
    c9, c10 : float64[26], shifts of the row's lepton in the row's own normalisation, real parts at the bin's middle.
    residual : largest |C(q2)/C - 1| of any row with its q2 in the bin and the imaginary part included.
    """

    rows: NDArray[np.float64]
    c9: NDArray[np.float64]
    c10: NDArray[np.float64]
    residual: float


def physics() -> Physics:
    """The physics of the matched points."""
    return build_physics(CASES["B"], theory="paper", constraints=(), fcnc_scale=SCALE)


def match(setup: Physics) -> list[Matched]:
    """The matched points."""
    data, tables = setup.likelihood.data, setup.likelihood.sm_tables
    vertex = setup.model.vertex("bs")
    mass_tables = setup.mass_tables(MASS)
    found = []
    for parameters in POINTS:
        point = np.array(parameters)
        axes = (point[:1], point[1:2], point[2:])
        result = setup.evaluate(mass_tables, axes, want=("predictions", "widths"))
        couplings = setup.case.couplings(*parameters)
        pole = -(MASS**2) + 1j * MASS * result["widths"].sum()
        e0, e2 = ((coefficient @ point / vertex.lambda_t).real for coefficient in (vertex.e0, vertex.e2))
        low, high = data.q2_min, data.q2_max
        common = [(e0 + e2 * q2) / (tables.normalisation * (q2 + pole)) for q2 in (low, (low + high) / 2, high)]
        middle = common[1].real
        found.append(
            Matched(
                rows=result["predictions"][0],
                c9=middle * np.array([couplings[f"v_{lepton}"] for lepton in data.leptons]),
                c10=-middle * np.array([couplings[f"a_{lepton}"] for lepton in data.leptons]),
                residual=max(float(np.max(np.abs(value / middle - 1))) for value in common),
            )
        )
    return found


def own_seconds(quick: bool) -> list[tuple[str, float]]:
    """CPU seconds per grid point of zdscan by output, the mean over masses of the shipped job of Case C."""
    effort = Effort(masses=2, block=512, repeats=1) if quick else Effort(repeats=3)
    scan = load_scan(JOBS / "case_c.toml")
    axes = {**scan.axes, "mass": scan.axes["mass"][np.linspace(0, scan.shape[0] - 1, effort.masses).astype(int)]}
    found = []
    for label in ("chi2", "chi2, excluded", "chi2, excluded, predictions"):
        engine = Engine(physics_of("C", OUTPUTS[label]), axes, OUTPUTS[label])
        engine.warm_up()
        found.append((label, statistics.fmean(point_seconds(engine, m, effort) for m in range(effort.masses))))
    return found


def speed_rows(
    seconds: Sequence[tuple[str, float]], other: Callable[[], object] | float, repeats: int
) -> list[Sequence[object]]:
    """Rows of a table of speed: output, ns per point of zdscan, seconds of the other program, ratio."""
    theirs = other if isinstance(other, float) else cpu_timing(other, repeats).median
    return [(label, own * 1e9, theirs, theirs / own) for label, own in seconds]


SPEED_COLUMNS = ("zdscan computes", "zdscan, ns/point", "the other, s/point", "ratio")
