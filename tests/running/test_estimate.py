"""What a scan will cost, against what it costs."""

from __future__ import annotations

import resource
import sys
from types import SimpleNamespace

import pytest

from tests.support.fake_engine import SHAPE, FakeEngine, FakeOutput
from tests.support.runs import run
from zdscan.running.estimate import estimate, size_of
from zdscan.scan.scanfile import parse_scan

TINY = """format = 1
case = "C"
[axes]
mass = { min = 0.05, max = 0.5, n = 3, spacing = "log" }
eps = { values = [0.0, 1e-4] }
eps_z = { values = [-1e-3, 0.0] }
g_mu = { values = [1e-4, 1e-3] }
[output]
fields = ["chi2", "excluded"]
"""


@pytest.mark.parametrize("stored", [True, False])
def test_the_size_is_that_of_the_file_but_for_metadata(tmp_path, stored):
    engine = FakeEngine(stored=stored)
    run(tmp_path / "grid.h5", engine, block_points=None)
    scan = SimpleNamespace(shape=SHAPE, points=1200, output=FakeOutput())
    size = size_of(scan, [field for field in engine.fields if field.stored])
    assert (size.points, size.bytes_per_point) == (1200, 4 + 4 + 3 * 4 if stored else 0)
    assert abs(size.file_bytes - (tmp_path / "grid.h5").stat().st_size) < 200_000


def test_an_estimate_measures_what_it_promises():
    scan = parse_scan(TINY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    found = estimate(scan, cores=2)
    assert found.size.points == 24
    assert found.mass_seconds > 0
    assert found.point_seconds >= 0
    assert found.seconds == pytest.approx((3 * found.mass_seconds + 24 * found.point_seconds) / 2)
    assert before <= found.memory_bytes < max(before, 500e6) + 500e6
