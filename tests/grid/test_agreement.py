"""Numbers that are the same but for rounding: axes to a few units in the last place, fields to steps of float32."""

from __future__ import annotations

import numpy as np

from zdscan.grid.agreement import same_axis, same_numbers, snapped


def test_axes_may_differ_by_rounding_alone() -> None:
    axis = np.concatenate([-np.geomspace(1e-9, 1.0, 40)[::-1], [0.0], np.geomspace(1e-9, 1.0, 40)])
    other = axis.copy()
    other[[3, 50]] = np.nextafter(other[[3, 50]], 2.0)
    assert same_axis(axis, other)
    assert np.array_equal(snapped(other, axis), axis)
    assert not same_axis(axis, axis[:-1])
    other[50] *= 1 + 1e-14
    assert not same_axis(axis, other)
    moved = axis.copy()
    moved[40] = 1e-30  # in the place of 0
    assert not same_axis(axis, moved)


def test_values_of_a_longer_axis_are_kept() -> None:
    one, two = np.array([0.1, 0.2, 0.3]), np.array([np.nextafter(0.2, 1.0), 0.25, 0.3, 0.4])
    assert snapped(two, one).tolist() == [0.2, 0.25, 0.3, 0.4]


def test_numbers_may_differ_by_rounding_alone() -> None:
    chi2 = np.array([89.3, np.nan, np.inf, 1e-12, 3e38], dtype=np.float32)
    other = chi2.copy()
    other[0] = np.nextafter(chi2[0], np.float32(100))
    assert same_numbers(chi2, chi2)
    assert same_numbers(chi2, other)
    for place, value in ((0, 89.301), (1, 5.0), (2, 1e30), (2, -np.inf)):
        wrong = chi2.copy()
        wrong[place] = value
        assert not same_numbers(chi2, wrong)
    assert not same_numbers(chi2, chi2.astype(np.float64))


def test_masks_may_differ_at_few_points() -> None:
    mask = np.zeros(1_000_000, dtype=np.uint32)
    other = mask.copy()
    other[:10] = 4
    assert same_numbers(mask, other)
    other[:11] = 4
    assert not same_numbers(mask, other)
