"""Speed of slices and points, and the ratio to flavio in the same run.

Prints medians (best in brackets) of CPU time on one core: milliseconds per slice, nanoseconds per grid point by mass
region and what is stored, points per second, and how many times faster that is than flavio's own 26 rows.
Run with `make bench`; `--no-flavio` leaves the comparison out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from zdscan.engine import build_physics
from zdscan.model import CASES

REPEATS = 5
EPS = np.array([0.0, 1e-4, 1e-3])
EPS_Z = np.concatenate([-np.geomspace(1e-1, 1e-5, 80), [0.0], np.geomspace(1e-5, 1e-1, 80)])
G_MU = np.geomspace(1e-4, 1.0, 128)


def cpu_times(function: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Median and best CPU seconds of a call in this thread."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return statistics.median(times), min(times)


def flavio_seconds_per_point() -> float:
    """CPU seconds of flavio's own prediction of the 26 rows with constant Wilson coefficients."""
    import flavio
    from wilson import Wilson

    from zdscan.inputs import measurements

    names = {
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
    data = measurements.load("rashed2024-corrected")
    point = Wilson({"C9_bsmumu": -0.5, "C10_bsmumu": 0.2}, scale=4.8, eft="WET", basis="flavio")

    def rows() -> None:
        for decay, low, high in zip(data.decays, data.q2_min, data.q2_max, strict=True):
            flavio.np_prediction(names[decay], point, q2min=float(low), q2max=float(high))

    rows()
    return cpu_times(rows, 3)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-flavio", action="store_true", help="skip the comparison")
    arguments = parser.parse_args()

    points = EPS.size * EPS_Z.size * G_MU.size
    results = {}
    for label, selection in (("chi2 alone", ()), ("chi2 and every constraint", "all")):
        physics = build_physics(CASES["C"], constraints=selection)
        physics.evaluate(physics.build_slice(0.1), (EPS[:1], EPS_Z[:1], G_MU[:1]))
        if selection:
            masses = np.geomspace(0.01, 2.0, 20)
            median, best = cpu_times(lambda p=physics, m=masses: [p.build_slice(float(x)) for x in m])
            print(f"slice of one mass: {median / len(masses) * 1e3:.2f} ms (best {best / len(masses) * 1e3:.2f})")
        for region, mass in (("10-210 MeV, narrow", 0.03), ("above 210 MeV, g_mu up to 1", 0.7)):
            slice_ = physics.build_slice(mass)
            median, best = cpu_times(lambda p=physics, s=slice_: p.evaluate(s, (EPS, EPS_Z, G_MU)))
            results[label, region] = median / points
            print(
                f"{label}, {region}: {median / points * 1e9:.1f} ns/point (best {best / points * 1e9:.1f}), "
                f"{points / median / 1e6:.1f} million points/s/core"
            )
    if not arguments.no_flavio:
        seconds = flavio_seconds_per_point()
        print(f"flavio, 26 rows with constant Wilson coefficients: {seconds:.2f} s/point")
        for (label, region), own in results.items():
            print(f"ratio flavio / zdscan, {label}, {region}: {seconds / own:.2e}")


if __name__ == "__main__":
    main()
