"""The likelihood of the rows against its definition: chi2 = r^T covariance^-1 r with errors added up here again."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.errors import UserError
from zdscan.inputs import measurements, tables
from zdscan.physics import rows
from zdscan.physics.rows import build

SET = "rashed2024-corrected"
TREATMENTS = ("table", "flavio", "flavio-covariance")


def covariance_of(errors: str, theory_errors: str) -> np.ndarray:
    """Experimental variances and the theory covariance, by name."""
    data, sm_tables = measurements.load(SET), tables.load()
    theory = {
        "table": np.diag(data.sm_table_error**2),
        "flavio": np.diag(np.diag(sm_tables.theory_covariance)),
        "flavio-covariance": sm_tables.theory_covariance,
    }
    return np.diag(data.sigma(errors, sm_tables.sm) ** 2) + theory[theory_errors]


@pytest.mark.parametrize("errors", ["symmetrised", "facing", "stat-facing"])
@pytest.mark.parametrize("theory_errors", TREATMENTS)
def test_chi2_against_the_inverse_covariance(errors: str, theory_errors: str) -> None:
    likelihood, covariance = build(SET, errors, theory_errors), covariance_of(errors, theory_errors)
    np.testing.assert_allclose(likelihood.sigma**2, np.diag(covariance), rtol=1e-13)
    muon = likelihood.data.muon
    rng = np.random.default_rng(6)
    for _ in range(5):
        predictions = likelihood.sm + likelihood.sigma * rng.normal(size=26)
        residual = predictions - likelihood.data.values
        found = likelihood.chi2(predictions)
        assert found["all"] == pytest.approx(residual @ np.linalg.solve(covariance, residual), rel=1e-10)
        of_muons = residual[muon] @ np.linalg.solve(covariance[np.ix_(muon, muon)], residual[muon])
        assert found["muon"] == pytest.approx(of_muons, rel=1e-10)
    assert likelihood.chi2(likelihood.data.values) == {"all": 0.0, "muon": 0.0}


@pytest.mark.parametrize("theory_errors", TREATMENTS)
def test_whitening_is_triangular_and_makes_the_covariance_one(theory_errors: str) -> None:
    likelihood, covariance = build(SET, "facing", theory_errors), covariance_of("facing", theory_errors)
    for whitening in (likelihood.whitening, likelihood.whitening_muon):
        np.testing.assert_allclose(whitening @ covariance @ whitening.T, np.eye(len(whitening)), atol=1e-11)
    assert not np.triu(likelihood.whitening, 1).any()
    correlated = bool(np.tril(likelihood.whitening, -1).any())
    assert correlated == (theory_errors == "flavio-covariance")
    assert likelihood.whitening_muon.shape == (int(likelihood.lepton.sum()), 26)
    assert not likelihood.whitening_muon[:, ~likelihood.data.muon].any()


def test_panels_of_a_row_lie_together() -> None:
    likelihood = build(SET, "facing", "table")
    panel_row = likelihood.sm_tables.panel_row
    assert likelihood.row_start[[0, -1]].tolist() == [0, len(panel_row)]
    for row in range(26):
        mine = slice(likelihood.row_start[row], likelihood.row_start[row + 1])
        assert np.all(panel_row[mine] == row)
        assert likelihood.sm_tables.panel_lo[mine][0] == pytest.approx(likelihood.data.q2_min[row])
        assert likelihood.sm_tables.panel_hi[mine][-1] == pytest.approx(likelihood.data.q2_max[row])


def test_unknown_names_and_other_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no treatment of theory errors 'flavo'"):
        build(SET, "facing", "flavo")
    with pytest.raises(UserError, match="no data set"):
        build("nothing", "facing", "table")
    with pytest.raises(UserError, match="no error treatment"):
        build(SET, "forward", "table")

    class Fewer:
        row_id = tables.load().row_id[:-1]

    monkeypatch.setattr(rows.tables, "load", Fewer)
    with pytest.raises(UserError, match="list different rows"):
        build(SET, "facing", "table")
