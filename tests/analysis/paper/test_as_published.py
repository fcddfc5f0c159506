"""The paper is recomputed with its own theory, data and limits, whatever the defaults of a point are."""

from __future__ import annotations

import inspect

import pytest

import zdscan
from zdscan.analysis.paper.as_published import OF_THE_PAPER, TODAY, published


def test_the_settings_are_those_of_the_paper_unless_others_are_named() -> None:
    of_paper = {"theory": "paper", "measurements": "rashed2024-corrected", "limits": "rashed2024", "level": "published"}
    assert of_paper == OF_THE_PAPER
    arguments = inspect.signature(zdscan.evaluate).parameters
    assert all(arguments[name].default != value for name, value in of_paper.items())
    assert {name: TODAY[name] for name in ("measurements", "limits")} == {
        name: arguments[name].default for name in ("measurements", "limits")
    }
    settings = published("A", "k_mu_inv").physics.settings
    assert {name: getattr(settings, name) for name in of_paper} == of_paper
    assert published("A", theory="complete").physics.settings.theory == "complete"
    ours = published("A", "k_mu_inv", emission="lepton").ratio(0.01, eps_z=1e-3)
    theirs = zdscan.evaluate("A", 0.01, 0.0, 1e-3, theory="paper", constraints=["k_mu_inv"]).ratios[0]
    assert ours == pytest.approx(float(theirs), rel=1e-12)
