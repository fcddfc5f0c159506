"""Axes of a grid: ascending with exact ends, zero where it is promised, spacings that are what they are called."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from zdscan.scan.axes import AxisSpec, build_axis, spaced

ends = st.floats(1e-12, 1e6)
counts = st.integers(2, 400)


@given(ends, ends, counts, st.sampled_from([-1.0, 1.0]), st.sampled_from(["log", "linear"]))
def test_ranges_are_ascending_with_exact_ends(a: float, b: float, n: int, sign: float, spacing: str) -> None:
    low, high = sorted((sign * a, sign * b))
    assume(high - low > 1e-9 * max(a, b))
    axis, faults = build_axis(AxisSpec(min=low, max=high, n=n, spacing=spacing))
    assert not faults
    assert axis is not None
    assert axis.dtype == np.float64
    assert axis.size == n
    assert axis[0] == low
    assert axis[-1] == high
    assert np.all(np.diff(axis) > 0)
    steps = np.diff(np.log(np.abs(axis)) if spacing == "log" else axis)
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6, atol=1e-12 * np.abs(axis).max())


@given(ends, ends, st.integers(1, 200), st.floats(1e-6, 0.99))
def test_symlog_contains_zero_and_is_linear_then_logarithmic(a: float, b: float, half: int, fraction: float) -> None:
    n, linear_below = 2 * half + 1, fraction * max(a, b)
    axis, faults = build_axis(AxisSpec(min=-a, max=b, n=n, spacing="symlog", linear_below=linear_below))
    assert not faults
    assert axis is not None
    assert axis.size == n
    assert axis[0] == -a
    assert axis[-1] == b
    assert np.all(np.diff(axis) > 0)
    assert np.count_nonzero(axis == 0.0) == 1
    middle = int(np.flatnonzero(axis == 0.0)[0])
    for side in (axis[: middle + 1], axis[middle:]):
        steps = np.diff(np.arcsinh(side / linear_below))
        np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6)


@given(ends, st.integers(1, 200), st.floats(1e-6, 0.99))
def test_symlog_between_opposite_ends_is_a_mirror_image(a: float, half: int, fraction: float) -> None:
    axis = spaced(-a, a, 2 * half + 1, "symlog", fraction * a)
    np.testing.assert_array_equal(axis, -axis[::-1])
    assert axis[half] == 0.0
    assert not np.signbit(axis[half])


@given(ends, st.integers(2, 100), st.floats(1e-6, 0.99), st.booleans())
def test_symlog_from_zero(a: float, n: int, fraction: float, negative: bool) -> None:
    low, high = (-a, 0.0) if negative else (0.0, a)
    axis, faults = build_axis(AxisSpec(min=low, max=high, n=n, spacing="symlog", linear_below=fraction * a))
    assert not faults
    assert axis is not None
    assert (axis.size, axis[0], axis[-1]) == (n, low, high)
    assert np.all(np.diff(axis) > 0)


def test_symlog_reaches_both_regimes() -> None:
    axis = spaced(-0.1, 0.1, 401, "symlog", 1e-6)
    positive = axis[axis > 0]
    small, large = positive[positive < 1e-7], positive[positive > 1e-5]
    np.testing.assert_allclose(np.diff(small), small[0], rtol=0.02)  # equal steps below linear_below
    np.testing.assert_allclose(large[1:] / large[:-1], large[-1] / large[-2], rtol=0.01)  # equal ratios above


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30, unique=True))
def test_values_are_kept_exactly(values: list[float]) -> None:
    assume(len({value + 0.0 for value in values}) == len(values))
    axis, faults = build_axis(AxisSpec(values=sorted(values)))
    assert not faults
    assert axis is not None
    assert axis.tolist() == [value + 0.0 for value in sorted(values)]
