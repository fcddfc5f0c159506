"""The search for the lowest value over the hidden couplings: closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zdscan.analysis.views.descent import LEAST_STEP, Scale, Surface, by_mass, descend
from zdscan.scan.axes import spaced

Array = NDArray[np.float64]
AXIS = np.linspace(-2.0, 2.0, 9)


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(-1.0, 2.0, 7),
        np.geomspace(1e-4, 1.0, 9),
        spaced(-1e-2, 1e-2, 11, "symlog", 1e-6),
        np.array([1.0, 7.0]),
    ],
)
def test_places_on_an_axis(values: Array) -> None:
    scale = Scale.of(values)
    np.testing.assert_array_equal(scale.at(np.arange(values.size, dtype=np.float64)), values)
    between = scale.at(np.arange(values.size - 1) + 0.5)
    assert np.all((between > values[:-1]) & (between < values[1:]))
    np.testing.assert_array_equal(scale.at(np.array([-3.0, 1e3])), values[[0, -1]])


def bowl(mass: Array, couplings: Array) -> Array:
    """A long valley across the axes, lowest at (0.3, -0.4) where it is the mass; 1e3 steeper across than along."""
    x, y = couplings[0] - 0.3, couplings[1] + 0.4
    return np.asarray(mass + (x + y) ** 2 + 1e3 * (x - y) ** 2)


def surface(count: int) -> Surface:
    """The valley for so many cells, each with a mass of its own."""
    scale = Scale.of(AXIS)
    return Surface(bowl, np.arange(1.0, count + 1.0), np.zeros((2, count)), [0, 1], [scale, scale])


def test_the_bottom_of_a_valley_across_the_axes() -> None:
    """From corners; a step of the axes is 0.5, so that the place is good to a hundredth of it along the valley."""
    start = np.array([[0.0, 8.0, 3.0], [0.0, 0.0, 8.0]])
    cells = np.arange(3)
    here = surface(3)
    y, lowest = descend(here, start, here.at(start, cells), cells)
    np.testing.assert_allclose(lowest, here.mass, atol=(0.5 * LEAST_STEP * 2.0) ** 2)
    np.testing.assert_allclose(y[0], (0.3 + 2.0) / 0.5, atol=2.0 * LEAST_STEP)
    np.testing.assert_allclose(y[1], (-0.4 + 2.0) / 0.5, atol=2.0 * LEAST_STEP)
    assert np.all(start == [[0.0, 8.0, 3.0], [0.0, 0.0, 8.0]])  # what was given stays


def test_a_search_that_is_low_enough_ends() -> None:
    here, start, cells = surface(2), np.zeros((2, 2)), np.arange(2)
    before = here.at(start, cells)
    _, lowest = descend(here, start, before, cells, enough=float(before.max()) + 1.0)
    np.testing.assert_array_equal(lowest, before)


def test_nothing_hidden_is_nothing_to_do() -> None:
    lonely = Surface(bowl, np.ones(2), np.zeros((2, 2)), [], [])
    y, lowest = descend(lonely, np.empty((0, 2)), np.array([5.0, 6.0]), np.arange(2))
    assert y.shape == (0, 2)
    np.testing.assert_array_equal(lowest, [5.0, 6.0])


def test_functions_of_a_mass_are_made_once_and_nan_is_infinite() -> None:
    made = []

    def at_mass(mass: float):
        made.append(mass)
        return lambda couplings: np.where(couplings[0] < 0.0, np.nan, mass * couplings[0])

    function = by_mass(at_mass)
    mass, couplings = np.array([2.0, 1.0, 2.0]), np.array([[3.0, 4.0, -1.0]])
    for _ in range(2):
        np.testing.assert_array_equal(function(mass, couplings), [6.0, 4.0, np.inf])
    assert made == [1.0, 2.0]
