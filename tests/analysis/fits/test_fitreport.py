"""A fit as text."""

from __future__ import annotations

import json

import pytest

from zdscan.analysis.fits.fitreport import show_fit
from zdscan.analysis.fits.fitting import Fit


def test_report(case_a: Fit, plateau: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    show_fit(case_a)
    text = capsys.readouterr().out
    assert f"{case_a.result.best.chi2:.2f}" in text
    assert "excluded by apv_cs" in text
    assert "Profile of eps_z" in text
    show_fit(plateau)
    assert "only eps_z x g_mu" in capsys.readouterr().out
    for fit_ in (case_a, plateau):
        json.dumps(fit_.to_dict(), allow_nan=False)
