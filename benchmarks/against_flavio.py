"""The same 26 rows from flavio and from zdscan in one run: how much faster, and how well they agree.

flavio gets constant Wilson coefficients; zdscan at the same points has a vector so heavy that its coefficients are
constant as well (benchmarks/matched.py). On a grid zdscan does more: coefficients that vary within a bin, chi2,
constraints. flavio's bins are low-order Gauss quadratures, so the Standard Model is compared as well. ``--quick``
takes three of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import flavio
import matched
import numpy as np
from common import Report, parser
from numpy.typing import NDArray
from wilson import Wilson

from zdscan.evaluation.physics import Physics

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


def rows_of_flavio(setup: Physics, point: matched.Matched | None, choice: Sequence[int]) -> NDArray[np.float64]:
    """flavio's rows of these numbers in zdscan's units; the Standard Model for None."""
    data = setup.likelihood.data
    made: dict[float, Wilson] = {}
    found = np.empty(len(choice))
    for k, r in enumerate(choice):
        name, scale = NAMES[data.decays[r]], SCALES.get(data.decays[r], 4.8)
        low, high = float(data.q2_min[r]), float(data.q2_max[r])
        if point is None:
            value = flavio.sm_prediction(name, q2min=low, q2max=high)
        else:
            if scale not in made:
                made[scale] = Wilson(coefficients(setup, point, scale), scale=scale, eft="WET", basis="flavio")
            value = flavio.np_prediction(name, made[scale], q2min=low, q2max=high)
        averaged = name.startswith("<dBR")  # flavio divides these by the bin width
        found[k] = value / data.factors[r] * (high - low if averaged and data.integrated[r] else 1.0)
    return found


def coefficients(setup: Physics, point: matched.Matched, scale: float) -> dict[str, float]:
    """flavio's names and values of a matched point's shifts, in the normalisation of the rows with that scale."""
    data = setup.likelihood.data
    shifts = {}
    for r, (decay, lepton) in enumerate(zip(data.decays, data.leptons, strict=True)):
        if SCALES.get(decay, 4.8) == scale:
            shifts[f"C9_bs{2 * lepton}"] = float(point.c9[r])
            shifts[f"C10_bs{2 * lepton}"] = float(point.c10[r])
    return shifts


def main() -> None:
    """Compare and report."""
    arguments = parser(__doc__).parse_args()
    report = Report("against_flavio")
    setup = matched.physics()
    points = matched.match(setup)[: 1 if arguments.quick else None]
    choice = [7, 19, 22] if arguments.quick else list(range(len(setup.likelihood.sm)))
    sm = rows_of_flavio(setup, None, choice)  # also fills flavio's caches
    theirs = [rows_of_flavio(setup, point, choice) for point in points]
    seconds = matched.own_seconds(arguments.quick)
    speed = matched.speed_rows(seconds, lambda: rows_of_flavio(setup, points[0], choice), 1 if arguments.quick else 5)
    report.add(
        f"Speed of {len(choice)} rows: flavio {flavio.__version__} with constant coefficients, zdscan on a grid",
        matched.SPEED_COLUMNS,
        speed,
        "CPU time of one core, both in this run; zdscan: mean over the masses of jobs/case_c.toml. `excluded` is every "
        "constraint.",
    )
    own_sm = setup.likelihood.sm[choice]
    rows: list[Sequence[object]] = []
    for point, other, parameters in zip(points, theirs, matched.POINTS, strict=False):
        own = point.rows[choice]
        shift, difference = np.abs(own / own_sm - 1), np.abs(own / other - 1)
        relative = np.abs(own / own_sm * sm / other - 1)
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
        "Relative differences over the rows. The third and fourth columns contain flavio's quadrature, as in the "
        "last line; the two after them divide each program's row by its own Standard Model value.",
    )
    report.details["rows"] = {
        "ids": [setup.likelihood.data.ids[r] for r in choice],
        "zdscan": [point.rows[choice].tolist() for point in points],
        "flavio": [other.tolist() for other in theirs],
        "zdscan_sm": own_sm.tolist(),
        "flavio_sm": sm.tolist(),
    }
    report.finish(arguments)


if __name__ == "__main__":
    main()
