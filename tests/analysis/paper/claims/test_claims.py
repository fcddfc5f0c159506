"""All claims: printed anchors, and verdicts that follow the numbers."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import get_args

import pytest

from zdscan.analysis.paper.claims import CLAIMS, Claim, all_claims, charged, claim, fits, flavour, low_energy
from zdscan.analysis.paper.claims.record import Verdict
from zdscan.analysis.units import MEV
from zdscan.errors import UserError


@pytest.mark.parametrize(
    ("name", "verdict", "expected", "rel"),
    [
        # independent calculations to the digits that were printed
        ("F1b", "agrees", 0.0025, 0.02),
        ("F3b", "partly", 2.1e-8, 0.03),
        ("F4a", "contradicted", 5.5e-4, 0.01),
        ("F4b", "partly", 3.3e-4, 0.02),
        ("F7", "agrees", 0.74, 0.01),
        ("C1", "contradicted", 8.6e-5, 0.02),
        ("T2", "contradicted", 10.16, 1e-12),
        ("G2", "superseded", 38e-11, 1e-12),
    ],
)
def test_printed_anchors(name, verdict, expected, rel):
    found = claim(name)
    assert found.id == name
    assert found.value == pytest.approx(expected, rel=rel)
    assert found.verdict == verdict


def test_verdicts_follow_the_numbers(monkeypatch):
    """A criterion that could not fail would be none: other inputs, other verdicts."""
    monkeypatch.setattr(flavour, "mixing_mass", lambda: 58 * MEV)
    assert flavour.f1().verdict == "agrees"
    monkeypatch.setattr(low_energy, "coherent_bound", lambda deviations: 4.5e-4 * deviations)
    assert low_energy.c1().verdict == "agrees"
    monkeypatch.setattr(charged, "kaon_bound", lambda mass: 0.01 * (mass / 0.1) ** 0.1)
    assert charged.f4b().verdict == "agrees"
    monkeypatch.setattr(fits, "degeneracy", lambda *a: ([20.0, 27.0, 25.0], [-1e-5] * 3))
    assert fits.b2().verdict == "contradicted"
    monkeypatch.setattr(fits, "degeneracy", lambda *a: ([27.0, 20.0, 25.0], [-1e-5] * 3))
    assert fits.b2().verdict == "agrees"
    monkeypatch.setattr(fits, "preference", lambda: [treated(30.0, 20.0), treated(15.0, 12.5)])
    assert fits.b11().verdict == "agrees"
    monkeypatch.setattr(fits, "preference", lambda: [treated(27.3, 21.9), treated(4.2, 8.7)])
    assert fits.b11().verdict == "not determined"
    assert "27.3 (21.9 with relative theory errors): correlated experimental errors" in fits.b11().value_text


def treated(fixed: float, relative: float) -> SimpleNamespace:
    """A fit with improvements of these sizes."""
    fits_of = {"fixed": SimpleNamespace(improvement=-fixed), "relative": SimpleNamespace(improvement=-relative)}
    return SimpleNamespace(words=("correlated", f"number {fixed}"), **fits_of)


def test_unknown_claim_is_said():
    with pytest.raises(UserError, match="no claim 'F99'"):
        claim("F99")


@pytest.mark.slow
def test_all_claims_within_a_minute():
    begin = time.process_time()
    found = all_claims()
    assert time.process_time() - begin < 60.0
    assert [item.id for item in found] == list(CLAIMS)
    for item in found:
        assert isinstance(item, Claim)
        assert item.verdict in get_args(Verdict)
        assert all((item.statement, item.where, item.paper_value, item.value_text, item.reason))
        assert item.value is None or math.isfinite(item.value)
