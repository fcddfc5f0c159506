"""Scales of the explorer: places and values, evenly spread values, ticks."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.analysis.explorer.scales import Scale, written
from zdscan.scan.axes import spaced

SCALES = [
    Scale("log", 0.01, 2.0),
    Scale("linear", -1.0, 3.0),
    Scale("symlog", -0.1, 0.1, 1e-6),
    Scale("symlog", 0.0, 1e-3, 1e-5),
]


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: f"{scale.kind} {scale.low:g}")
def test_a_value_is_where_its_place_says(scale):
    values = scale.spread(41)
    assert values[0] == scale.low
    assert values[-1] == scale.high
    assert np.all(np.diff(values) > 0.0)
    np.testing.assert_allclose(scale.values(scale.places(values)), values, rtol=1e-12, atol=1e-20)
    np.testing.assert_allclose(np.diff(scale.places(values)), np.diff(scale.ends)[0] / 40, rtol=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "spacing", "below"),
    [(0.01, 2.0, "log", None), (-0.1, 0.1, "symlog", 1e-6), (-1.0, 3.0, "linear", None)],
)
def test_a_scale_spreads_values_as_a_scan_file_does(low, high, spacing, below):
    axis = spaced(low, high, 31, spacing, below)
    np.testing.assert_allclose(Scale.of(axis).spread(31), axis, rtol=1e-9, atol=1e-20)


def test_a_symmetric_symlog_scale_has_zero():
    assert Scale("symlog", -0.1, 0.1, 1e-6).spread(201)[100] == 0.0


def test_ticks_lie_within_and_say_their_value():
    for scale in SCALES:
        places, labels = scale.ticks()
        assert 2 <= len(places) == len(labels) <= 12
        assert all(scale.ends[0] - 1e-9 <= place <= scale.ends[1] + 1e-9 for place in places)
    assert dict(zip(*Scale("log", 0.01, 2.0).ticks(), strict=True)) == {-2.0: "0.01", -1.0: "0.1", 0.0: "1"}
    zoomed = Scale("log", 0.01, 2.0).within(np.log10(0.1), np.log10(0.4)).ticks()[1]
    assert "0.2" in zoomed
    assert len(Scale("log", 1e-8, 1.0).ticks(5)[0]) <= 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e-4, "10⁻⁴"), (-1e-6, "−10⁻⁶"), (0.01, "0.01"), (2e-5, "2·10⁻⁵"), (100.0, "100"), (1e12, "10¹²")],
)
def test_numbers_on_axes(value, text):
    assert written(value) == text
