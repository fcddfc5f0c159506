"""Work shared by processes: the same results in the same order, whatever their number."""

from __future__ import annotations

import math

import pytest

from zdscan.analysis.fits.crew import Crew, cores

STARTS_PROCESSES = True


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_results_come_in_the_order_of_the_parts(processes: int) -> None:
    with Crew(processes).at_work(math.sqrt) as results_of:
        assert list(results_of([4.0, 9.0, 16.0])) == [2.0, 3.0, 4.0]
        assert list(results_of([1.0])) == [1.0]
    assert cores() >= 1
