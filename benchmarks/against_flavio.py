"""The same 26 rows from flavio and from zdscan in one run: how much faster, and how well they agree.

flavio gets constant Wilson coefficients; zdscan at the same points has a vector so heavy that its coefficients are
constant as well (benchmarks/matched.py). On a grid zdscan does more: coefficients that vary within a bin, chi2,
constraints. flavio's bins are low-order Gauss quadratures, so the Standard Model is compared as well.
"""

from __future__ import annotations

import flavio
import matched
import numpy as np
from common import Report, parser
from numpy.typing import NDArray
from wilson import Wilson

from zdscan.slices import Physics

NAMES = {
    "B0->K*0mumu": "<dBR/dq2>(B0->K*mumu)",
    "B+->K*+mumu": "<dBR/dq2>(B+->K*mumu)",
    "B+->K+mumu": "<dBR/dq2>(B+->Kmumu)",
    "B0->K0mumu": "<dBR/dq2>(B0->Kmumu)",
    "Bs->phimumu": "<dBR/dq2>(Bs->phimumu)",
    "B+->K+ee": "<dBR/dq2>(B+->Kee)",
    "B0->K*0ee": "<dBR/dq2>(B0->K*ee)",
    "B->Xsmumu": "<BR>(B->Xsmumu)",
    "B->Xsee": "<BR>(B->Xsee)",
}
SCALES = {"B->Xsmumu": 5.0, "B->Xsee": 5.0}  # GeV, where flavio takes the coefficients; 4.8 for the others


def rows_of_flavio(setup: Physics, point: matched.Matched | None) -> NDArray[np.float64]:
    """flavio's 26 rows in zdscan's units; the Standard Model for None."""
    data = setup.likelihood.data
    found = np.empty(len(data.ids))
    made: dict[float, Wilson] = {}
    for r, decay in enumerate(data.decays):
        bin_ = {"q2min": float(data.q2_min[r]), "q2max": float(data.q2_max[r])}
        scale = SCALES.get(decay, 4.8)
        if point is None:
            value = flavio.sm_prediction(NAMES[decay], **bin_)
        else:
            if scale not in made:
                shifts = {}
                for lepton in ("e", "mu"):
                    row = next(
                        k
                        for k, d in enumerate(data.decays)
                        if SCALES.get(d, 4.8) == scale and lepton == data.leptons[k]
                    )
                    shifts[f"C9_bs{lepton}{lepton}"] = point.c9[row]
                    shifts[f"C10_bs{lepton}{lepton}"] = point.c10[row]
                made[scale] = Wilson(shifts, scale=scale, eft="WET", basis="flavio")
            value = flavio.np_prediction(NAMES[decay], made[scale], **bin_)
        averaged = NAMES[decay].startswith("<dBR")  # flavio divides these by the bin width
        width = bin_["q2max"] - bin_["q2min"]
        found[r] = value / data.factors[r] * (width if averaged and data.integrated[r] else 1.0)
    return found


def main() -> None:
    """Compare and report."""
    arguments = parser(__doc__).parse_args()
    report = Report("against_flavio")
    setup = matched.physics()
    points = matched.match(setup)[: 1 if arguments.quick else None]
    sm = rows_of_flavio(setup, None)  # also fills flavio's caches
    theirs = [rows_of_flavio(setup, point) for point in points]
    seconds = matched.own_seconds(arguments.quick)
    speed = matched.speed_rows(seconds, lambda: rows_of_flavio(setup, points[0]), 1 if arguments.quick else 5)
    report.add(
        f"Speed of 26 rows: flavio {flavio.__version__} with constant Wilson coefficients, zdscan on a grid of Case C",
        matched.SPEED_COLUMNS,
        speed,
        "CPU time of one core, both in this run; zdscan: mean over the masses of jobs/case_c.toml. `excluded` is every "
        "constraint.",
    )
    own_sm = setup.likelihood.sm
    rows = []
    for point, other, parameters in zip(points, theirs, matched.POINTS, strict=False):
        shift = np.abs(point.rows / own_sm - 1)
        difference = np.abs(point.rows / other - 1)
        relative = np.abs(point.rows / own_sm * sm / other - 1)
        rows.append(
            (
                *("{:g}, {:g}, {:g}".format(*parameters), float(shift.max())),
                *(float(np.median(difference)), float(difference.max())),
                *(float(np.median(relative)), float(relative.max()), point.residual),
            )
        )
    difference = np.abs(own_sm / sm - 1)
    rows.append(("Standard Model", 0.0, float(np.median(difference)), float(difference.max()), None, None, None))
    report.add(
        "Agreement of the rows",
        (
            *("eps, eps_z, g_mu", "largest shift from the SM", "difference, median", "largest"),
            *("of row/SM, median", "largest", "coefficients constant to"),
        ),
        rows,
        "Relative differences over the 26 rows. The third and fourth columns contain flavio's quadrature, as in the last "
        "line; the two after them divide each program's row by its own Standard Model value.",
    )
    report.details["rows"] = {
        "ids": setup.likelihood.data.ids,
        "zdscan": [point.rows.tolist() for point in points],
        "flavio": [other.tolist() for other in theirs],
        "zdscan_sm": own_sm.tolist(),
        "flavio_sm": sm.tolist(),
    }
    report.finish(arguments)


if __name__ == "__main__":
    main()
