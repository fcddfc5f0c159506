"""Frame times of the live explorer: a slider is dragged over a plane of 200 x 200 points with everything shown.

Two numbers a case: what the browser waits from the slider's movement to the painted plane (headless Chromium, if it is
there), and CPU time of Python for the same frame. Where the mass is dragged, its tables are made in each frame.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import Report, parser

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import browser
from zdscan.analysis.explorer.curves import shapes
from zdscan.analysis.explorer.planes import Planes, Request
from zdscan.analysis.explorer.start import Start, of_case

LIMIT = 0.3  # s, median: what a hand on a slider calls smooth
CASES = (("C", "mass", "g_mu", "eps_z"), ("dark_z", "mass", "eps", "eps_z"), ("C", "eps_z", "g_mu", "mass"))


def in_python(start: Start, x: str, y: str, slider: str, frames: int) -> tuple[float, float]:
    """Median CPU seconds of a coarse frame and of a fine one: plane, regions and curves."""
    planes = Planes(start.physics())
    shown = np.ones(len(planes.constraints), dtype=bool)
    places = np.linspace(*start.scales[slider].ends, frames + 3)[1:-1]
    found = []
    for coarse in (True, False):
        times = []
        for place in places:
            held = dict(start.held) | {slider: float(start.scales[slider].values(place))}
            began = time.thread_time()
            plane = planes.compute(Request(x, y, start.scales, held, coarse=coarse))
            shapes(plane, shown, plane.best[2])
            times.append(time.thread_time() - began)
        found.append(statistics.median(times[1:]))  # the first makes the tables
    return found[0], found[1]


def in_browser(start: Start, x: str, y: str, slider: str, frames: int) -> Sequence[float]:
    """Seconds from a movement of the slider to the painted plane, one movement after the other."""
    from zdscan.analysis.explorer.server import Explorer

    running = Explorer(start)
    try:
        with browser.page(running.url) as page:
            ready = "window.Bokeh?.documents[0]?.get_model_by_name('curves')?.data.xs.length > 0"
            page.wait_for_function(ready, timeout=180_000)
            page.wait_for_timeout(1000)
            low, high = start.scales[slider].ends
            places = np.linspace(low + 0.1 * (high - low), high - 0.1 * (high - low), frames + 1)
            times = [browser.drag(page, f"slider_{slider}", float(place)) / 1000.0 for place in places]
    finally:
        running.stop()
    return times[1:]


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__).parse_args()
    frames, report, missing = (3 if arguments.quick else 40), Report("explorer"), browser.missing()
    rows: list[tuple[object, ...]] = []
    for case, x, y, slider in CASES[: 1 if arguments.quick else None]:
        start = replace(of_case(case), x=x, y=y)
        coarse, fine = in_python(start, x, y, slider, frames)
        times = [] if missing or arguments.quick else in_browser(start, x, y, slider, frames)
        painted = (statistics.median(times), max(times)) if times else (None, None)
        rows.append((f"{case}: {x}, {y}", slider, *painted, coarse, fine))
    report.add(
        "A slider dragged over 200 x 200 points, everything shown",
        ("plane", "slider", "to the painted plane, median s", "longest s", "CPU s a frame", "CPU s when still"),
        rows,
        f"At most {LIMIT} s in the median are wanted."
        + (f" The browser's part was not measured: {missing}." if missing else ""),
    )
    report.finish(arguments)


if __name__ == "__main__":
    main()
