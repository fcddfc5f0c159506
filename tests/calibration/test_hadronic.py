"""The step that writes the fine table of R: its rules, with a stand-in for hazma; and by hazma itself, where it is."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.twins import hadrons as twin
from zdscan.calibration import hadronic as calibration
from zdscan.inputs import hadronic


def test_nodes_make_a_peak_linear_to_the_tolerance() -> None:
    """A Breit-Wigner of the omega's width on a slope."""

    def response(mass: float) -> np.ndarray:
        peak = 10 * (0.0085 / 2) ** 2 / ((mass - 0.78265) ** 2 + (0.0085 / 2) ** 2)
        return np.array([mass, peak, 0.1 * mass, 0.0, 0.0, 0.0])

    nodes = calibration.nodes(response)
    assert nodes == sorted(set(nodes))
    assert nodes[-1] == calibration.END
    for mass in np.linspace(nodes[0], nodes[-1], 4001):
        line = np.array([np.interp(mass, nodes, [response(node)[k] for node in nodes]) for k in (0, 1)])
        assert np.all(np.abs(line - response(mass)[:2]) < 1.3 * calibration.TOLERANCE * response(mass)[:2] + 1e-4)


def test_squares_are_a_hermitian_form() -> None:
    amplitudes = np.array([[1 + 1j, 0.5], [2 - 1j, 1j], [0.0, 3.0]])
    found = calibration._squares(amplitudes, np.array([1.0, 2.0]))
    assert found[0, 0] == pytest.approx(2 + 0.5)
    assert found[0, 1] == found[1, 0] == pytest.approx(((1 + 1j) * (2 + 1j)).real)
    assert found[2, 2] == pytest.approx(18.0)


@pytest.mark.skipif(importlib.util.find_spec("hazma") is None, reason="hazma is not installed")
def test_the_channels_of_hazma_are_those_of_the_twin() -> None:
    channels = calibration.Channels()
    for mass in (0.5, 0.77, 0.79, 1.1):
        pions = channels.two_pions(mass)
        assert pions[0, 0] == pytest.approx(twin.two_pions(mass, 1.0, 0.0), rel=2e-3)
        assert pions.sum() == pytest.approx(twin.two_pions(mass, 1.0, 1.0), rel=2e-3)
        three = channels.three_mesons("PiPiPi0", mass)
        assert three.sum() == pytest.approx(twin.three_pions(mass, (1.0, 1.0, 1.0)), rel=5e-3)


@pytest.mark.skipif(importlib.util.find_spec("hazma") is None, reason="hazma is not installed")
def test_the_table_is_what_hazma_gives() -> None:
    at = calibration.response()
    for row in hadronic.table(hadronic.FINE)[20::40]:
        np.testing.assert_allclose(row[1:], at(row[0]), rtol=1e-3, atol=1e-6)
