"""Two settings at the same points: which constraint or row is named, and which differences say nothing."""

from __future__ import annotations

import numpy as np
import pytest

import zdscan
from zdscan.neglected import compare
from zdscan.neglected.effect import Points


def points(case: str, mass: float, *parameters: float, **settings: object) -> Points:
    physics = zdscan.evaluate(case, mass, **settings).physics
    return Points(physics, mass, np.array(parameters)[:, None])


def test_a_width_is_compared_with_the_other_one():
    here = points("A", 0.02, 1e-4, 0.0, 0.0)
    found = compare.width(here, invisible_width=1e-12)
    assert found.amount[0] == pytest.approx(float(zdscan.evaluate("A", 0.02, 1e-4).widths["total"]), rel=1e-12)
    assert found.reference[0] - found.amount[0] == pytest.approx(1e-12, rel=1e-6)
    assert compare.width(here, invisible_width=1e-20) is None


def test_the_constraint_is_named_whose_verdict_changes_not_the_one_with_the_largest_factor():
    """Case C's fit: B_s -> mu mu goes from 0.4 to 5 times its bound; K mixing by a factor of a thousand, far below."""
    found = compare.constraints(
        points("C", 0.0302, 0.0, -3.03e-4, 0.033, theory="paper", limits="rashed2024"), theory="complete"
    )
    assert found.detail[0].startswith("bs_mumu, 0.4 of its bound instead of 5")


def test_equal_settings_differ_in_nothing():
    here = points("B", 0.3, 1e-4, 1e-3, 1e-2, theory="paper")
    assert compare.constraints(here, theory="paper") is None
    assert compare.rows(here, theory="paper") is None


def test_a_row_is_named_with_both_shifts():
    found = compare.rows(points("A", 0.4, 0.0, 1e-4, 0.0, theory="paper"), theory="complete")
    name, here, there = (part.split(" ")[0] for part in found.detail[0].replace("instead of ", ", ").split(", ")[:3])
    assert "mumu" in name
    assert float(here) / float(there) == pytest.approx(found.ratio[0], rel=0.1)


@pytest.mark.filterwarnings("error")
def test_overflowing_numbers_give_no_warning():
    assert compare.constraints(points("B", 0.01, 100.0, 100.0, 100.0, theory="paper"), theory="complete") is not None
