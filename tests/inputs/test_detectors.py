"""Detectors that an invisible vector must leave: what a file may say, and what is refused."""

from __future__ import annotations

import pytest

from zdscan.errors import UserError
from zdscan.inputs import constants, detectors, files

GOOD = {"path_m": 2.0, "momentum_GeV": 1.0, "source": "a drawing", "grade": "C"}


def test_every_detector_has_masses_that_are_known() -> None:
    known = constants.load().entries
    for name, detector in detectors.load().items():
        if detector.momentum_GeV is not None:
            assert detector.parent is detector.parent_GeV is None, name
            continue
        assert detector.parent is None or detector.parent in known, name
        assert set(detector.recoil or ()) <= set(known), name
        assert 0.0 < detector.energy_share <= 1.0
        heavier = sum(constants.load()[mass] for mass in detector.recoil or ())
        parent = detector.parent_GeV or constants.load()[detector.parent or ""]
        assert parent > heavier, name


@pytest.mark.parametrize(
    "changed",
    [
        {"parent": "m_K0", "recoil": ["m_pi0"]},  # a momentum and a decay
        {"momentum_GeV": None},  # neither
        {"momentum_GeV": None, "parent": "m_K0"},  # half a decay
        {"path_m": -1.0},
        {"grade": "D"},
        {"colour": "red"},
    ],
)
def test_what_does_not_say_how_fast_a_vector_is_is_refused(changed: dict[str, object]) -> None:
    assert files.validate(detectors.Detector, GOOD, detectors.FILE, "mine").path_m == 2.0
    entry = {key: value for key, value in (GOOD | changed).items() if value is not None}
    with pytest.raises(UserError, match=r"detectors\.toml"):
        files.validate(detectors.Detector, entry, detectors.FILE, "mine")
