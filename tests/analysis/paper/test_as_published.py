"""The paper is recomputed with its own theory, whatever the default of a point is."""

from __future__ import annotations

import inspect

import pytest

import zdscan
from zdscan.analysis.paper.as_published import THEORY, published


def test_the_theory_is_that_of_the_paper_unless_another_is_named() -> None:
    assert inspect.signature(zdscan.evaluate).parameters["theory"].default != THEORY == "paper"
    assert published("A", "k_mu_inv").physics.settings.theory == "paper"
    assert published("A", theory="complete").physics.settings.theory == "complete"
    ours = published("A", "k_mu_inv", emission="lepton").ratio(0.01, eps_z=1e-3)
    theirs = zdscan.evaluate("A", 0.01, 0.0, 1e-3, theory="paper", constraints=["k_mu_inv"]).ratios[0]
    assert ours == pytest.approx(float(theirs), rel=1e-12)
