"""Limits on the kinetic mixing, recast: the published limit for a dark photon, closed forms for other couplings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zdscan
from tests.twins.inputs import CHARGE
from zdscan.errors import UserError
from zdscan.physics.own_curve import own_curve

LIMIT = 7e-4
SAID: dict[str, Any] = {"quantity": "eps", "level": 0.9, "citation": "somebody"}


def curve(folder: Path, **said: Any) -> Any:
    path = folder / "mine.csv"
    path.write_text(f"0.01 {LIMIT}\n2.0 {LIMIT}\n")
    return own_curve(path, **SAID | said)


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("channel", ["ee", "mumu", "hadrons"])
@pytest.mark.parametrize("mass", [0.3, 0.5, 1.3])
def test_of_a_dark_photon_the_limit_is_the_published_one(
    theory: str, channel: str, mass: float, tmp_path: Path
) -> None:
    mine = curve(tmp_path, production="e_e", channel=channel)
    ((low, _),) = zdscan.limits("A", "eps", mass, theory=theory, level="published", constraints=[mine]).intervals(
        "mine", 0
    )
    assert low == pytest.approx(LIMIT, rel=1e-6)


def test_of_other_couplings_production_and_branching_ratio_count(tmp_path: Path) -> None:
    """v_e = a_e = g_nu = g at 50 MeV: P = 2 g^2/e^2, and half of each neutrino beside electrons of two helicities."""
    mine = curve(tmp_path, production="e_brem", channel="invisible")
    case = {"v_e": {"g_mu": 1.0}, "a_e": {"g_mu": 1.0}, "g_nue": {"g_mu": 1.0}, "v_mu": {"g_mu": 1.0}}
    ((low, _),) = zdscan.limits(case, "g_mu", 0.05, level="published", constraints=[mine]).intervals("mine", 0)
    r = (0.51099895e-3 / 0.05) ** 2
    electrons = (1.0 - 4.0 * r) ** 0.5 * ((1.0 + 2.0 * r) + (1.0 - 4.0 * r)) / 12.0
    invisible = (1.0 / 24.0) / (1.0 / 24.0 + electrons)
    assert low == pytest.approx(LIMIT * CHARGE / (2.0 * invisible) ** 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"channel": "ee"}, "production must be given beside the file"),
        ({"channel": "ee", "production": "e_p"}, "there is no production 'e_p'"),
        ({"channel": "ee", "production": "e_e", "decay": "K+->pi+"}, "either a decay or a production must be given"),
        ({"channel": "ee", "production": "e_e", "quantity": "g"}, "quantity"),
    ],
)
def test_what_is_wrong_is_one_sentence(said: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        curve(tmp_path, **said)
    (message,) = caught.value.messages
    assert words in message
